"""One small file of every kind that a study writes, and what reads it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from small_study import BONDS, MODEL, REFERENCE, exact_data, random_network, sites

from sdglass.dataset import LabelledConfigurations
from sdglass.dynamics.checkpoint import Checkpoint
from sdglass.dynamics.trajectory import Trajectory
from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps, save_feature_maps
from sdglass.forcefields.behler_parrinello.network_model import NetworkModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import build_feature_maps
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import LocatorModel
from sdglass.forcefields.registry import load_model
from sdglass.io import write_csv, write_text
from sdglass.observables.measure import Observables, measure
from sdglass.spins import random_spins
from sdglass.structures.structure import Structure
from sdglass_study.figures import _style as style
from sdglass_study.model_errors import ModelErrors, SetErrors

IDENTITY = {"damping": 0.05, "code": "abc"}
ARRAYS = ("current", "energy")


def trajectory(structure):
    spins = random_spins(structure.n_sites, np.random.default_rng(4), 6).reshape(3, 2, structure.n_sites, 3)
    energy = np.random.default_rng(5).standard_normal((3, 2))
    times, attributes = np.array([0.0, 1.0, 4.0]), {"structure": structure.digest()}
    return Trajectory(times, spins, energy, energy**2, attributes, structure.positions, np.diag(structure.box))


def errors():
    """Errors of a committee of two networks on one set of four configurations."""
    rng = np.random.default_rng(0)
    one = SetErrors(
        12, 2, 40.0, np.repeat([0, 1], 2), np.tile([0, 1], 2), np.array([np.nan, 40.0, np.nan, 40.0]),
        *(rng.random(shape).astype(np.float32) for shape in (4, (2, 4), (2, 4), 4, 4, 4)),
    )  # fmt: skip
    info = {"folds": [0, 1], "layers": [6], "parameters": 10}
    return ModelErrors("paper", info, {"test": one}, {}, {"recipe": "abc"})


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes
    ----------
    name : str
        Of a file of this kind.
    write : callable
        path -> None; equal bytes every time.
    rewrite : callable or None
        (path, other) -> None: read the file and write what was read to another one. None for what is drawn or
        printed, and read without a checksum.
    """

    name: str
    write: object
    rewrite: object = None


def kinds():
    """Return {kind: Kind}."""
    structure, data = sites(12), exact_data(1, 3, 12)[0]
    maps = build_feature_maps(structure, BONDS)
    network = NetworkModel(
        MODEL, BONDS, [REFERENCE], [random_network(BONDS, layers=(4,)).float()], info={"fold": 0}
    )
    locator = LocatorModel(
        MODEL,
        LocatorSettings(pair_cutoff=1.4, loop_cutoff=1.1, taper=0.2),
        np.ones(4),
        np.ones(2),
        info={"name": "a"},
    )
    state = {"step": 3, "streams": [np.random.default_rng(0).bit_generator.state]}
    arrays = {name: np.random.default_rng(1).standard_normal((2, 5)) for name in ARRAYS}

    def figure():
        drawn = style.new_figure(1.0)
        drawn.subplots().plot([0, 1], [0, 1])
        return drawn

    return {
        "structure": Kind("S.npz", structure.save, lambda path, other: Structure.load(path).save(other)),
        "dataset": Kind("D.h5", data.save, lambda path, other: LabelledConfigurations.load(path).save(other)),
        "features": Kind(
            "F.h5",
            lambda path: save_feature_maps(path, maps, structure, {}),
            lambda path, other: save_feature_maps(other, load_feature_maps(path, structure), structure, {}),
        ),
        "trajectory": Kind(
            "T.h5", trajectory(structure).save, lambda path, other: Trajectory.load(path).save(other)
        ),
        "observables": Kind(
            "O.h5",
            measure(structure, trajectory(structure), 0.5 + 0.2 * np.arange(4)).save,
            lambda path, other: Observables.load(path).save(other),
        ),
        "errors": Kind("E.h5", errors().save, lambda path, other: ModelErrors.load(path).save(other)),
        "weights": Kind("M.safetensors", network.save, lambda path, other: load_model(path).save(other)),
        "locator model": Kind("L.safetensors", locator.save, lambda path, other: load_model(path).save(other)),
        "checkpoint": Kind(
            "T.h5.checkpoint",
            lambda path: Checkpoint(path, IDENTITY).write(state, arrays),
            lambda path, other: Checkpoint(other, IDENTITY).write(*Checkpoint(path, IDENTITY).read(ARRAYS)),
        ),
        "table": Kind("table.csv", lambda path: write_csv(path, pd.DataFrame({"a": np.arange(200) / 3}))),
        "page": Kind("report.html", lambda path: write_text(path, "<p>page</p>" * 50)),
        "figure": Kind("figure.png", lambda path: style.save(figure(), png=path)),
        "vector figure": Kind("figure.pdf", lambda path: style.save(figure(), pdf=path)),
    }


def listing(folder):
    """Return {name: bytes} of the files in a folder."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}
