"""From the plain data of YAML to frozen dataclasses, with one line for every problem.

A class says by its annotations what a key may hold; what its own ``__post_init__`` refuses (`InputError`) is
reported under the key as well. All problems of a configuration are found at once.
"""

import dataclasses
import difflib
import math
import re
import types
import typing

from sdglass.errors import InputError

# What YAML 1.1 takes for text although it means a number: 1e-3 has no point.
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


class Problems:
    """The problems of a configuration, gathered until `refuse` raises them together."""

    def __init__(self):
        self.lines = []

    def add(self, key, text):
        """Note a problem of a key."""
        self.lines.append(f"config: {key}{text}" if text[:1] in " ;:=" else f"config: {key}: {text}")

    def refuse(self):
        """Raise `InputError` if there are any."""
        if self.lines:
            raise InputError("\n".join(dict.fromkeys(self.lines)))


def build(kind, data, key, problems, parts=None, also=()):
    """Return an instance of the dataclass `kind` made of a mapping, or None if something is wrong with it.

    Parameters
    ----------
    kind : type
        A dataclass.
    data : dict
        Plain data.
    key : str
        Where it stands in the configuration; "" at the top.
    problems : Problems
        What is wrong is noted there.
    parts : dict, optional
        ``{field name: function(value, key, problems)}`` for fields that are made in their own way.
    also : iterable of str, optional
        Names that an unknown one may have been meant to be, besides the fields.
    """
    parts = parts or {}
    if not isinstance(data, dict):
        problems.add(key or "the file", f" = {_short(data)}; expected the keys {', '.join(_names(kind))}")
        return None
    before, values = len(problems.lines), {}
    hints = typing.get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
    for name in data:
        if name not in fields:
            problems.add(_join(key, name), f" is unknown; {_nearest(name, [*fields, *also])}")
    for name, field in fields.items():
        where = _join(key, name)
        if name in data:
            make = parts.get(name)
            values[name] = (
                make(data[name], where, problems) if make else value(hints[name], data[name], where, problems)
            )
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            problems.add(where, f" is missing; expected {expected(hints[name])}")
    if len(problems.lines) > before:
        return None
    try:
        return kind(**values)
    except (InputError, TypeError) as error:
        problems.add(key or "the file", str(error))
        return None


def value(kind, data, key, problems):
    """Return `data` as the annotation `kind` wants it; what does not fit is noted and returned as it is."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if data is None and type(None) in arguments:
            return None
        return value(next(one for one in arguments if one is not type(None)), data, key, problems)
    if dataclasses.is_dataclass(kind):
        return build(kind, data, key, problems)
    if origin is dict or kind is dict:
        if not isinstance(data, dict):
            problems.add(key, f" = {_short(data)}; expected a name and its settings for each")
            return data
        inner = arguments[1] if arguments else object
        return {name: value(inner, entry, _join(key, name), problems) for name, entry in data.items()}
    if origin is tuple or kind is tuple:
        if not isinstance(data, (list, tuple)):
            data = [data]
        inner = arguments[0] if arguments else object
        return tuple(value(inner, entry, f"{key}[{place}]", problems) for place, entry in enumerate(data))
    if kind is float:
        return _float(data, key, problems)
    if kind is int:
        if isinstance(data, str) and data.lstrip("-").isdigit():
            return int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            hint = (
                f"a count has no decimal point: write {data:g}"
                if isinstance(data, float)
                else "expected an integer"
            )
            problems.add(key, f" = {_short(data)}; {hint}")
        elif abs(data) >= 2**63:
            problems.add(key, f" = {_short(data)}; expected an integer below 2^63")
        return data
    if kind in (bool, str) and not isinstance(data, kind):
        problems.add(key, f" = {_short(data)}; expected {expected(kind)}")
    return data


def expected(kind):
    """Return in words what an annotation accepts."""
    words = {int: "an integer", float: "a number", bool: "true or false", str: "text"}
    if kind in words:
        return words[kind]
    if dataclasses.is_dataclass(kind):
        return f"the keys {', '.join(_names(kind))}"
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return expected(next(one for one in arguments if one is not type(None)))
    if origin is tuple:
        return f"a list, each {expected(arguments[0])}"
    return "a list" if kind is tuple else "a name and its settings for each" if origin is dict else "a value"


def _float(data, key, problems):
    if isinstance(data, str) and _NUMBER.fullmatch(data):
        data = float(data)
    if isinstance(data, bool) or not isinstance(data, (int, float)):
        problems.add(key, f" = {_short(data)}; expected a number")
        return data
    data = float(data)
    if not math.isfinite(data) or (data != 0 and not 1e-100 <= abs(data) <= 1e100):
        problems.add(key, f" = {data}; expected a finite number between 1e-100 and 1e+100 in size")
    return data


def _names(kind):
    return [field.name for field in dataclasses.fields(kind) if field.init]


def _nearest(name, known):
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"expected one of {', '.join(known)}"


def _join(key, name):
    return f"{key}.{name}" if key else str(name)


def _short(data):
    text = repr(data)
    return text if len(text) <= 60 else f"{text[:57]}..."


def plain(thing):
    """Return a dataclass as plain data that JSON keeps and `rebuilt` understands."""
    if dataclasses.is_dataclass(thing):
        return {field.name: plain(getattr(thing, field.name)) for field in dataclasses.fields(thing) if field.init}
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    return [plain(part) for part in thing] if isinstance(thing, (list, tuple)) else thing


def rebuilt(kind, data):
    """Return the instance of the dataclass `kind` that `plain` described."""
    problems = Problems()
    thing = build(kind, data, "", problems)
    problems.refuse()
    return thing
