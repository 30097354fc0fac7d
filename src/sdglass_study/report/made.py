"""How each number was made: the record of the study, the rules behind a table, the command that makes it again."""

import json
import re
from pathlib import Path

from sdglass.errors import InputError
from sdglass_study.figures.registry import NAMED_TARGETS
from sdglass_study.report.cells import cell

_FIELDS = ("rule", "output", "command", "seed")


def record(path):
    """Return the provenance as {"facts": [(name, value)], "rules": [...], "lists": [(name, [(key, value)])]}.

    Scalars become facts, mappings lists; an entry ``rules``, a list of mappings with rule, output, command and
    seed, becomes a table.
    """
    result = {"facts": [], "rules": [], "lists": []}
    if path is None:
        return result
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file; expected the JSON provenance of the study")
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: not JSON ({error}); make it again") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object")
    for key, value in content.items():
        if key == "rules" and isinstance(value, list):
            result["rules"] = [{f: cell(row.get(f, "")) for f in _FIELDS} for row in value]
        elif isinstance(value, dict):
            result["lists"].append((key, [(k, cell(v)) for k, v in value.items()]))
        else:
            result["facts"].append((key, cell(value)))
    return result


def rule_of(path, rules):
    """Return the name of the rule of `record` that writes `path` (below results/<study>); "" if none is known.

    A rule that names the file comes before one whose pattern fits it.
    """
    for exact in (True, False):
        for rule in rules:
            for output in rule["output"].split(", "):
                pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(output))
                if output == path if exact else re.fullmatch(pattern, path):
                    return rule["rule"]
    return ""


def command(target, study, options=""):
    """Return the command that makes a target of the workflow.

    Parameters
    ----------
    target : str
        Name of a figure, or a path from the top folder.
    study : str
        Name of the results' folder.
    options : str
        Further options of snakemake, such as the overlays of the configuration.
    """
    if target not in NAMED_TARGETS and "/" not in target:
        target = f"results/{study}/figures/{target}.png"
    return " ".join(word for word in ("snakemake", target, "--cores N", options) if word)
