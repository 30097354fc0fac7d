"""What a user adds is one file, which nothing in the library knows: a law, a kind of structure, a force field."""

import sys
from pathlib import Path

import numpy as np
import pytest
from small_study import sites

from sdglass import SDModel, load_force_field, load_model, load_plugin, random_spins
from sdglass.cli import main
from sdglass.electrons.hopping import HOPPING_LAWS, hopping_from_dict
from sdglass.errors import InputError
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.registry import FITTED_MODELS
from sdglass.forcefields.testing.check import check_engine
from sdglass.structures import STRUCTURES

LAW = '''
from dataclasses import dataclass

import numpy as np

from sdglass.electrons.hopping import HOPPING_LAWS


@HOPPING_LAWS.register("gaussian")
@dataclass(frozen=True)
class Gaussian:
    """t(R) = amplitude exp(-R^2 / width^2)."""

    amplitude: float = 1.0
    width: float = 1.0
    range = np.inf

    def __call__(self, distance):
        return self.amplitude * np.exp(-((np.asarray(distance) / self.width) ** 2))
'''


FORCE_FIELD = '''
from dataclasses import dataclass, field

import numpy as np

from sdglass.electrons.sd_model import SDModel
from sdglass.forcefields.base import refuse_options
from sdglass.forcefields.model_file import StoredModel
from sdglass.forcefields.pair import heisenberg
from sdglass.forcefields.registry import FITTED_MODELS


@FITTED_MODELS.register("nearest-neighbours")
@dataclass(frozen=True)
class NearestNeighbours(StoredModel):
    """One exchange constant within a cutoff, the mean of -S.H over twice the bonds."""

    @dataclass(frozen=True)
    class Settings:
        cutoff: float = 1.2
        folds = (0,)
        descriptor = None

    electrons: SDModel
    exchange: np.ndarray
    cutoff: float
    info: dict = field(default_factory=dict)
    errors: dict = field(default_factory=dict)

    kind = "nearest-neighbours"
    descriptor = None
    n_parameters = 1

    @classmethod
    def fit(cls, data, settings, **_):
        unit = [heisenberg(part.structure, 1.0, settings.cutoff).evaluate(part.spins) for part in data]
        slope = np.concatenate([part.torque.ravel() for part in data])
        shape = np.concatenate([np.cross(part.spins, one.field).ravel() for part, one in zip(data, unit)])
        return cls(data[0].model, np.array([shape @ slope / (shape @ shape)]), settings.cutoff), []

    def on(self, structure, **options):
        refuse_options("nearest neighbours", **options)
        return heisenberg(structure, self.exchange[0], self.cutoff)

    def describe(self):
        return [("kind", "nearest neighbours"), ("exchange", f"{self.exchange[0]:.2g} t0")]

    def header(self):
        return {"cutoff": self.cutoff}

    def tensors(self):
        return {"exchange": self.exchange}

    @classmethod
    def build(cls, tensors, header, electrons, info, errors):
        return cls(electrons, tensors["exchange"], header["cutoff"], info, errors)
'''


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """Return a function that writes a plugin; what it registers is forgotten after the test."""
    monkeypatch.chdir(tmp_path)
    for registry in (HOPPING_LAWS, STRUCTURES, FITTED_MODELS):
        list(registry)  # found before, so that only the plugin's are forgotten
        monkeypatch.setattr(registry, "_found", dict(registry._found))

    def write(text):
        Path("mine.py").write_text(text)
        return Path("mine.py")

    yield write
    sys.modules.pop("sdglass_plugin_mine", None)


def write_case(structure):
    structure.save("S.npz")
    np.save("SPINS.npy", random_spins(structure.n_sites, np.random.default_rng(1), 3))


def test_a_hopping_law(plugin, capsys):
    path = plugin(LAW)
    write_case(sites(12))
    evaluate = "evaluate --engine exact --structure S.npz --spins SPINS.npy --out OUT.npz".split()
    law = ["--hopping", '{"law": "gaussian", "width": 0.8}']
    assert main([*evaluate, *law]) == 2
    assert "hopping law 'gaussian' is unknown" in capsys.readouterr().err
    # Processes of their own do not know the plugin.
    assert main([*evaluate, *law, "--plugin", str(path), "--workers", "2"]) == 0
    electrons = SDModel(hopping=load_plugin(path).Gaussian(width=0.8))
    assert SDModel.from_dict(electrons.to_dict()) == electrons
    expected = ExactForceField(sites(12), electrons).evaluate(np.load("SPINS.npy"))
    with np.load("OUT.npz") as found:
        np.testing.assert_allclose(found["field"], expected.field, rtol=0, atol=1e-12)
    with pytest.raises(InputError, match=r"hopping law 'gaussian': .*'colour'"):
        hopping_from_dict({"law": "gaussian", "colour": 1})


def test_a_force_field_in_a_file(plugin, capsys):
    path = plugin(FORCE_FIELD)
    kind = load_plugin(path).NearestNeighbours
    from small_study import exact_data

    data = exact_data(2, 4)
    model, history = kind.fit(data, kind.Settings(cutoff=1.1))
    kind.join([model]).save("M.safetensors")
    assert history == []
    assert isinstance(load_model("M.safetensors"), kind)
    structure = sites(60)
    write_case(structure)
    force_field = load_force_field("M.safetensors", structure, SDModel())
    expected = model.on(structure).evaluate(np.load("SPINS.npy"))
    np.testing.assert_array_equal(force_field.evaluate(np.load("SPINS.npy")).field, expected.field)
    check_engine(lambda sites: load_force_field("M.safetensors", sites), structure)
    evaluate = "evaluate --engine M.safetensors --structure S.npz --spins SPINS.npy --out OUT.npz".split()
    assert main([*evaluate, "--plugin", str(path)]) == 0
    with np.load("OUT.npz") as found:
        np.testing.assert_array_equal(found["field"], expected.field)
    assert main([*evaluate, "--dtype", "float32"]) == 2
    assert "dtype = float32 means nothing to nearest neighbours" in capsys.readouterr().err
    assert main(["info", "M.safetensors", "--plugin", str(path)]) == 0
    assert "nearest neighbours" in capsys.readouterr().out
