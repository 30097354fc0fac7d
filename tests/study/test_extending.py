"""What is added to a study is one file and a block of its configuration: each such file is added here and run."""

import pytest
from workflow_runs import SMOKE, planned, snakemake

pytestmark = pytest.mark.slow

STRUCTURE = '''
"""Sites along a line, jittered: a structure of one's own."""
from dataclasses import dataclass
import numpy as np
from sdglass.structures import STRUCTURES
from sdglass.structures.structure import Structure


@STRUCTURES.register("chain")
@dataclass(frozen=True)
class Chain:
    n_sites: int
    jitter: float = 0.1

    def make(self, rng):
        x = np.arange(self.n_sites) + self.jitter * rng.random(self.n_sites)
        return Structure(np.stack([x, 2 + 0 * x, 2 + 0 * x], axis=1), [self.n_sites, 6.0, 6.0])
'''

OBSERVABLE = '''
"""Mean square of the z components: an observable of one's own."""
from sdglass.observables import OBSERVABLES


@OBSERVABLES.register("easy_axis")
def easy_axis(structure, trajectory, bins):
    return {"easy_axis": (trajectory.spins[..., 2] ** 2).mean(axis=2)}
'''

FIGURE = '''
"""An observable of one's own against time, and the table that it is drawn from."""
from dataclasses import dataclass
import h5py
import numpy as np
import pandas as pd
from sdglass_study.analysis import analysis, of
from sdglass_study.figures import figure


@dataclass(frozen=True)
class EasyAxis:
    quenches: tuple[str, ...] = of("quenches")


def inputs(study, settings):
    return {"observables": study.observable_files(*settings.quenches)}


@analysis("easy_axis", tables=("easy_axis",), settings=EasyAxis, inputs=inputs)
def easy_axis(settings, inputs):
    rows = []
    for path in inputs["observables"]:
        with h5py.File(path) as file:
            for time, value in zip(file["times"][...], file["easy_axis"][...].mean(axis=1)):
                rows.append({"time": time, "easy_axis": value})
    return {"easy_axis": pd.DataFrame(rows)}


@figure(tables={"easy_axis": "time easy_axis"}, title="Easy axis", caption="Mean square of S_z.")
def draw(tables, look):
    from matplotlib.figure import Figure
    drawing = Figure()
    drawing.subplots().plot(tables["easy_axis"].time, tables["easy_axis"].easy_axis, ".")
    return drawing
'''

CLAIM = '''
"""A claim of one's own."""
from sdglass_study.claims import Measured, claim


@claim(id="easy", statement="There is no easy axis", where="nowhere", rule="reproduced if within 0.2", target="fig4")
def easy(tables):
    return Measured("1/3", "none", "reproduced")
'''


def extended(study, tmp_path, overlay, **files):
    """Write a user's own files and an overlay that names them; return the options that use it."""
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    plugins = [str(tmp_path / f"{name}.py") for name in files]
    path = tmp_path / "mine.yaml"
    path.write_text(f"plugins: {plugins}\n{overlay}")
    return ["--configfile", SMOKE, str(path)]


def test_a_structure(study, tmp_path):
    overlay = """
study: smoke-chain
structures: {mine: {kind: chain, n_sites: 12, realizations: 1, first: 90000}}
labels: {mine: {structures: mine, random: 2}}
"""
    options = extended(study, tmp_path, overlay, chain=STRUCTURE)
    result = snakemake(study, "results/smoke-chain/labels/mine/000.h5", *options)
    assert result.returncode == 0, result.stdout[-2000:]
    from sdglass.dataset import LabelledConfigurations

    assert LabelledConfigurations.load(study / "results/smoke-chain/labels/mine/000.h5").structure.n_sites == 12


def test_an_observable_and_a_figure_need_no_new_quench(study, tmp_path):
    overlay = """
observables: [correlation, energy, torque_rms, overlap, magnetization, easy_axis]
analysis: {easy_axis: {quenches: [fig4-fast]}}
"""
    options = extended(study, tmp_path, overlay, easy=OBSERVABLE, drawn=FIGURE)
    jobs = planned(study, "drawn", *options)
    assert jobs == {"measure": 6, "tables_easy_axis": 1, "figure": 1, "drawn": 1}
    result = snakemake(study, "results/smoke/figures/drawn.png", "--forcerun", "none", *options)
    del result


def test_a_claim(study, tmp_path):
    options = extended(study, tmp_path, "", claimed=CLAIM)
    assert planned(study, "claims", *options)["claims"] == 1


MODEL = '''
"""E = sum_i (S_i . n)^2 with a fitted strength: a force field of one's own."""
'''
