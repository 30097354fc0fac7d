"""What is added to a study is one file and a block of its configuration: each such file is added here and run."""

import numpy as np
import pandas as pd
import pytest
from workflow_runs import SMOKE, copy_study, planned, snakemake

from sdglass.dataset import LabelledConfigurations
from sdglass.forcefields.registry import load_force_field
from sdglass.registry import load_plugin

pytestmark = pytest.mark.slow

STRUCTURE = """
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
"""

OBSERVABLE = """
from sdglass.observables import OBSERVABLES


@OBSERVABLES.register("easy_axis")
def easy_axis(structure, trajectory, bins):
    return {"easy_axis": (trajectory.spins[..., 2] ** 2).mean(axis=2)}
"""

FIGURE = """
from dataclasses import dataclass
from sdglass.observables.measure import Observables
from sdglass_study.analysis import analysis, data_frame, of
from sdglass_study.figures import figure


@dataclass(frozen=True)
class EasyAxis:
    quenches: tuple[str, ...] = of("quenches")


def observables(study, settings):
    return {"observables": study.observable_files(*settings.quenches)}


@analysis("easy_axis", EasyAxis, inputs=observables)
def easy_axis(settings, inputs):
    rows = []
    for path in inputs["observables"]:
        measured = Observables.load(path)
        rows += [{"time": t, "value": v} for t, v in zip(measured.times, measured.easy_axis.mean(axis=1))]
    return {"easy_axis": data_frame(rows)}


@figure(tables={"easy_axis": "time value"}, title="Easy axis", caption="Mean square of S_z.")
def draw(tables, look):
    from matplotlib.figure import Figure

    drawing = Figure()
    drawing.subplots().plot(tables["easy_axis"].time, tables["easy_axis"].value, ".")
    return drawing
"""

CLAIM = """
from sdglass_study.claims import Measured, claim


@claim(id="easy", statement="No axis", where="nowhere", rule="if near 1/3", target="drawn", tables="easy_axis")
def easy(tables):
    mean = tables["easy_axis"].value.mean()
    return Measured(f"{mean:.3f}", "none", "reproduced" if abs(mean - 1 / 3) < 0.2 else "not reproduced")
"""

MODEL = """
from dataclasses import dataclass, field
import numpy as np
from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.pair import heisenberg
from sdglass.forcefields.registry import FITTED_MODELS


@dataclass(frozen=True)
class ContactSettings:
    cutoff: float

    folds = (0,)
    descriptor = None


@FITTED_MODELS.register("contact")
@dataclass(frozen=True, eq=False)
class Contact(StoredModel):
    electrons: SDModel
    exchange: float
    cutoff: float
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "contact"
    Settings = ContactSettings
    descriptor = None
    n_parameters = 1

    @classmethod
    def fit(cls, data, settings, **how):
        top = bottom = 0.0
        for labels in data:
            unit = heisenberg(labels.structure, 1.0, settings.cutoff).evaluate(labels.spins).field
            unit = np.cross(labels.spins, unit)
            top, bottom = top + (unit * labels.torque).sum(), bottom + (unit**2).sum()
        return cls(data[0].model, top / bottom, settings.cutoff), []

    def on(self, structure, *, dtype="float64", device="cpu", members=None, descriptor=None, threads=None):
        return heisenberg(structure, self.exchange, self.cutoff)

    def describe(self):
        return [("kind", "one exchange within a cutoff")]

    def header(self):
        return {"exchange": self.exchange, "cutoff": self.cutoff}

    def tensors(self):
        return {}

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        return cls(electrons, header["exchange"], header["cutoff"], info, errors)
"""


def extended(folder, overlay, **files):
    """Write a user's own files and an overlay that names them; return the options that use it."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    plugins = [str(folder / f"{name}.py") for name in files]
    (folder / "mine.yaml").write_text(f"plugins: {plugins}\n{overlay}")
    return ["--configfile", SMOKE, str(folder / "mine.yaml")]


def made(folder, target, options):
    result = snakemake(folder, target, *options)
    assert result.returncode == 0, result.stdout[-3000:]
    return folder / target


def test_a_structure(tmp_path):
    copy_study(tmp_path)
    overlay = """
structures: {mine: {kind: chain, n_sites: 12, realizations: 1, first: 90000}}
labels: {mine: {structures: mine, random: 2}}
"""
    options = extended(tmp_path, overlay, chain=STRUCTURE)
    labels = LabelledConfigurations.load(made(tmp_path, "results/smoke/labels/mine/000.h5", options))
    assert labels.structure.n_sites == 12


def test_a_force_field(tmp_path):
    copy_study(tmp_path)
    overlay = """
models: {contact: {kind: contact, labels: train, cutoff: 1.2}}
quenches: {fig4-fast: {models: [exact, contact]}}
analysis: {torque_errors: {models: [pair, contact], baselines: [pair], drawn: [pair]}}
"""
    options = extended(tmp_path, overlay, contact=MODEL)
    table = pd.read_csv(made(tmp_path, "results/smoke/tables/torque_errors.csv", options))
    assert np.isfinite(table[table.model == "contact"].rmse).all()
    assert {"contact", "pair"} == set(table.model)
    made(tmp_path, "results/smoke/observables/fig4-fast/contact/000.h5", options)
    load_plugin(tmp_path / "contact.py")
    labels = LabelledConfigurations.load(tmp_path / "results/smoke/labels/train/000.h5")
    load_force_field(tmp_path / "results/smoke/fits/contact/fold-0.safetensors", labels.structure, labels.model)


def test_an_observable_a_figure_with_its_table_and_a_claim_need_no_new_quench(study, tmp_path):
    overlay = """
observables: [correlation, energy, torque_rms, overlap, magnetization, easy_axis]
analysis: {easy_axis: {quenches: [fig4-fast]}}
"""
    options = extended(tmp_path, overlay, easy=OBSERVABLE, drawn=FIGURE, claimed=CLAIM)
    assert planned(study, "drawn", *options) == {"measure": 6, "tables_easy_axis": 1, "figure": 1, "drawn": 1}
    assert not {"quench", "label", "fit"} & set(planned(study, "claims", *options))


def test_a_parameter_of_the_electrons(tmp_path):
    """One line in `SDModel`, and a key of the configuration."""
    copy_study(tmp_path)
    module = tmp_path / "src/sdglass/electrons/sd_model.py"
    text = module.read_text()
    assert text.count("    temperature: float = 1.0e-3\n") == 1
    module.write_text(
        text.replace(
            "    temperature: float = 1.0e-3\n", "    temperature: float = 1.0e-3\n    mine: float = 0.0\n"
        )
    )
    options = extended(tmp_path, "electrons: {mine: 0.5}\n")
    made(tmp_path, "results/smoke/labels/train/000.h5", options)
    assert b'"mine": 0.5' in (tmp_path / "results/smoke/labels/train/000.h5").read_bytes()
