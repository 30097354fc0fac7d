"""What YAML accepts in silence and nobody means: refused, with the line."""

import re
from pathlib import Path

import yaml

from sdglass.errors import InputError

# YAML 1.1 reads these as true or false, in base 8 and in base 60; YAML 1.2, JSON and most people do not.
_SWITCH = re.compile(r"(?i:yes|no|on|off|y|n)")
_OTHER_BASE = re.compile(
    r"[-+]?0[0-9_]+|[-+]?0o[0-7_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?0b[01_]+"
)
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(\.[0-9_]*)?")
_TOPS = {
    dict: (yaml.MappingNode, "mapping", "keys and their values"),
    list: (yaml.SequenceNode, "list", "entries that begin with '- '"),
}


def load_yaml(path, top=dict):
    """Return what a file in YAML holds, a dict or, if `top` is that, a list.

    Raises
    ------
    InputError
        If the file is not UTF-8 or no YAML, holds something else at its top, has a key twice (the message gives
        both lines), or a value that YAML 1.1 takes for something else than it looks like.
    OSError
        If it cannot be read.
    """
    data = Path(path).read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise InputError(f"{path}, line {line}: not UTF-8; save it in that encoding") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        kind, name, expected = _TOPS[top]
        if not isinstance(node, kind):
            held = "nothing" if node is None else f"no {name}"
            raise InputError(f"{path}: holds {held} at the top; expected {expected}")
        _check(node, path)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or error
        raise InputError(f"{path}{where}: no YAML ({' '.join(str(what).split())})") from None
    except (RecursionError, ValueError) as error:  # an alias inside of what it names, a date that is none
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: no YAML ({error})") from None


def _check(node, path):
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            _check(entry, path)
    elif isinstance(node, yaml.MappingNode):
        lines = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
                shown = key.value if isinstance(key, yaml.ScalarNode) else "a list or a table"
                raise InputError(f"{path}, line {line}: key {shown} is not text; expected a name, or quote it")
            if key.value in lines:
                both = f"{lines[key.value]} and {line}"
                raise InputError(f"{path}: key {key.value!r} stands twice, in lines {both}; expected it once")
            lines[key.value] = line
            _check(value, path)
    elif node.style is None and (reason := _mistaken(node.value)):
        raise InputError(f"{path}, line {node.start_mark.line + 1}: {node.value} {reason}")


def _mistaken(text):
    """Return how YAML 1.1 may mistake an unquoted value; None if it does not."""
    if _SWITCH.fullmatch(text):
        return "may mean true, false or a word; expected true or false, or the word in quotes"
    if _OTHER_BASE.fullmatch(text) and text.strip("+-0_"):
        return "may be read in another base than ten; expected a decimal number, or text in quotes"
    if _UNDERSCORES.fullmatch(text):
        return "holds underscores, which some readers take for text; expected digits alone"
    return None
