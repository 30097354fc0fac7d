"""Results that are kept with the study and used again: which ones still are what the configuration asks for.

Version control keeps neither modification times nor intermediate files, which is what a workflow manager
goes by. Results that took hours are therefore listed in ``manifest.json`` with a checksum and the recipe
(`sdglass_study.study.Recipes`) they were made by. One whose checksum and recipe are right counts as up to date, whatever
the age of the code and with its intermediate inputs missing; one whose recipe is another belongs to another study.

What is cheap to make from them (most tables, figures, the report) is made again when the code has changed; where
nothing has, it is given the modification times that say so.
"""

import hashlib
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import h5py
from safetensors import safe_open

from sdglass.errors import InputError
from sdglass.io import atomic_path
from sdglass.provenance import file_digest

MANIFEST = "manifest.json"


@dataclass
class Manifest:
    """The kept files of one study.

    Attributes
    ----------
    folder : pathlib.Path
        ``results/<study>``.
    files : dict
        {path below the folder: {"sha256", "recipe", "code"}}; ``code`` names the commit that made it, where known.
    finished : dict
        ``context``: digest (`context_digest`) of the code and the kept files that the rest was made with, and
        ``stages``: lists of paths, each made from those before it. Empty for an unfinished study.
    """

    folder: Path
    files: dict = field(default_factory=dict)
    finished: dict = field(default_factory=dict)

    @classmethod
    def load(cls, folder):
        """Read the manifest of a folder; an empty one if there is none.

        Raises
        ------
        InputError
            If it is there and cannot be read.
        """
        path = Path(folder) / MANIFEST
        if not path.is_file():
            return cls(Path(folder))
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            files, finished = content["files"], content.get("finished", {})
            if not all({"sha256", "recipe"} <= set(entry) for entry in files.values()):
                raise ValueError("an entry without sha256 or recipe")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path}: not a readable manifest ({error}); restore or delete it") from None
        return cls(Path(folder), files, finished)

    def save(self):
        """Write ``manifest.json``."""
        with atomic_path(self.folder / MANIFEST) as temporary:
            content = {"files": dict(sorted(self.files.items())), "finished": self.finished}
            text = json.dumps(content, indent=1)
            temporary.write_text(text + "\n", encoding="utf-8")

    def judged(self, expected):
        """Return {path: what is wrong} of the kept files that are there and asked for, "" where nothing is.

        Each file is read once, for its checksum.

        Parameters
        ----------
        expected : dict
            {path below the folder: recipe}.
        """
        verdicts = {}
        for path, entry in self.files.items():
            if not (self.folder / path).is_file() or path not in expected:
                continue
            if entry["recipe"] != expected[path]:
                verdicts[path] = "made with other parameters"
            elif file_digest(self.folder / path) != entry["sha256"]:
                verdicts[path] = "changed since it was recorded"
            else:
                verdicts[path] = ""
        return verdicts

    def valid(self, expected):
        """Return the kept files, as a set of paths, that are intact and made by the `expected` recipes."""
        return {path for path, why in self.judged(expected).items() if not why}

    def problems(self, expected):
        """Return {path: what is wrong} for the kept files that exist but are not valid."""
        return {path: why for path, why in self.judged(expected).items() if why}

    def refresh(self, context):
        """Give a finished study, if it is still that of `context`, modification times in the order of its making.

        Nothing happens if the code, the configuration or a kept file's entry has changed, or a file is missing.

        Returns
        -------
        bool
            Whether the study is as it was recorded.

        Raises
        ------
        OSError
            If times cannot be set: the files are on a read-only disk, or somebody else's.
        """
        stages = self.finished.get("stages", [])
        made = [self.folder / path for stage in stages for path in stage]
        if self.finished.get("context") != context or not all(path.is_file() for path in made):
            return False
        now = time.time()
        steps = [[path for path in self.files if (self.folder / path).is_file()], *stages]
        for number, stage in enumerate(steps):
            for path in stage:
                moment = now - 1e-3 * (len(steps) - number)  # later than a checkout made just now
                os.utime(self.folder / path, (moment, moment))
        return True

    def record(self, path, recipe, code=None):
        """Enter a file of the folder as it is now, made by `code`; one that has not changed keeps its entry."""
        entry = {"sha256": file_digest(self.folder / path), "recipe": recipe}
        known = self.files.get(path, {})
        if "code" in known and known == entry | {"code": known["code"]}:
            return
        if code:
            entry["code"] = code
        self.files[path] = entry


def recorded_recipe(path):
    """Return (recipe, code) that a file of this library carries within, ("", "") if it carries none.

    Parameters
    ----------
    path : path
        A model (``.safetensors``), or observables or errors (``.h5``).

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            with safe_open(path, "np") as handle:
                info = json.loads(handle.metadata()["sdglass"])["info"]
        else:
            with h5py.File(path, "r") as handle:
                info = json.loads(handle.attrs["attributes"])
    except Exception as error:  # whatever the two formats say about a damaged file
        raise InputError(f"{path}: cannot read what it was made from ({error}); make it again") from None
    made = info.get("provenance") or {}
    return info.get("recipe", ""), made.get("code", "")


def context_digest(files, sources, recipe):
    """Return a digest of what the cheap results of a study are made from.

    Parameters
    ----------
    files : dict
        Kept files, as in `Manifest.files`.
    sources : sequence of path
        Code and workflow.
    recipe : str
        Recipe of the study's tables.
    """
    digest = hashlib.sha256(recipe.encode())
    for path, entry in sorted(files.items()):
        digest.update(f"{path} {entry['sha256']}".encode())
    for path in sorted(sources, key=lambda path: Path(path).as_posix()):
        digest.update(f"{Path(path).name} {file_digest(path)}".encode())
    return digest.hexdigest()
