"""The exceptions that bad input raises: their messages name what was wrong and what was expected."""


class InputError(ValueError):
    """Input that the library refuses: a key, file or index, its value, and what was expected.

    The command line prints the message alone, without a traceback, and exits with status 2.
    """


class CheckpointError(InputError):
    """A checkpoint that a run cannot go on from: damaged, or left by other arguments, data or code.

    Attributes
    ----------
    reason : str
        What is wrong with it, for callers that discard it instead of asking the user to.
    """

    def __init__(self, path, reason, remedy="delete it to start afresh"):
        super().__init__(f"{path}: {reason}; {remedy}")
        self.reason = reason


class OutputError(OSError):
    """A file that cannot be written: the message names it, the reason and what to do.

    What stood in its place before is still there, complete.
    """
