"""A parser whose errors are like every other bad input, and the types and options that commands share."""

import argparse
import json
import math
import re

from sdglass.errors import InputError

# Of sites or replicas: their numbers fit into no memory, but their sizes in bytes into 64 bits.
MOST = 10**9


class Parser(argparse.ArgumentParser):
    """Formats examples as they are, takes no abbreviations, and reports errors like every other bad input."""

    def __init__(self, **options):
        super().__init__(formatter_class=_formatter, allow_abbrev=False, **options)
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1e-3 is a number too, as from Python 3.14 on

    def error(self, message):
        """Raise what `main` prints, instead of printing usage and leaving."""
        raise InputError(f"{message} (see '{self.prog} --help')")


def _formatter(prog):
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=30, width=106)


def option(group, name, kind, metavar, text, default=None, **more):
    """Add one option that takes a value of some kind; its help ends with the default, where there is one."""
    told = text if default is None else f"{text} (default: %(default)s)"
    group.add_argument(name, type=kind, metavar=metavar, help=told, default=default, **more)


def number(kind=float, above=None, least=None, most=None):
    """Return a parser of one finite number, optionally > `above` or >= `least`, and <= `most`."""
    limit = f" > {above}" if above is not None else f" >= {least}" if least is not None else ""
    limit += f" and <= {most}" if most is not None else ""

    def parse(text):
        try:
            value = kind(text)
            good = math.isfinite(value)
        except (ValueError, OverflowError):
            good = False
        good = good and (above is None or value > above) and (least is None or value >= least)
        if not (good and (most is None or value <= most)):
            expected = "an integer" if kind is int else "a finite number"
            raise argparse.ArgumentTypeError(f"{text}; expected {expected}{limit}")
        return value

    return parse


def count(least=1):
    """Return a parser of a number of things that take memory."""
    return number(int, least=least, most=MOST)


def snapshot(text):
    """Return the number of a snapshot, or ``"last"``."""
    return text if text == "last" else number(int, least=0)(text)


def json_object(text):
    """Return the dict that `text` is in JSON."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(f'{text}; expected a JSON object such as {{"law": "yukawa"}}')
    return value


def by_species(text):
    """Return a finite number, or a dict of them from ``Mn=6,Fe=2``."""
    try:
        if "=" not in text:
            value = float(text)
            good = math.isfinite(value)
        else:
            pairs = [part.split("=") for part in text.split(",")]
            value = {name.strip(): float(amount) for name, amount in pairs}
            good = len(value) == len(pairs) and all(value) and all(map(math.isfinite, value.values()))
    except ValueError:
        good = False
    if not good:
        raise argparse.ArgumentTypeError(f"{text}; expected a finite number, or one by species such as Mn=6,Fe=2")
    return value


def add_seed(group, what):
    """Add the two numbers that key random numbers; None where they are not given, which means 0."""
    natural = number(int, least=0)
    option(group, "--seed", natural, "N", f"keys {what} (default: 0)")
    option(group, "--realization", natural, "N", f"number of the structure, keys {what} too (default: 0)")
