"""The one exception that bad input raises: its message names what was wrong and what was expected."""


class InputError(ValueError):
    """Input that the library refuses: a key, file or index, its value, and what was expected.

    The command line prints the message alone, without a traceback, and exits with status 2.
    """
