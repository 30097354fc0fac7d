"""What a model was trained on, and the warning that a structure is unlike it."""

import dataclasses
import warnings

import numpy as np
import pytest
from small_study import triangular_lattice

from sdglass import load_force_field, random_sequential_addition
from sdglass.cli.program import main
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.locator.coefficients import LocatorSettings
from sdglass.forcefields.locator.fit import LocatorModel
from sdglass.forcefields.training_domain import (
    TrainingDomainWarning,
    departures,
    describe_structures,
    training_structures,
)
from sdglass.structures.lattices import square_lattice
from sdglass.structures.structure import Structure


def sites(n=20, density=0.8, r_min=0.5, seed=1):
    return random_sequential_addition(n, (n / density) ** (1 / 3), r_min, np.random.default_rng(seed))


TRAINED = {"structures": describe_structures([sites(200, seed=1), sites(300, seed=2)])}


def test_description_is_of_all_structures():
    first, second = sites(20, 0.8), sites(30, 0.5)
    found = describe_structures([first, second])
    assert found["realizations"] == 2
    assert found["n_sites"] == [20, 30]
    np.testing.assert_allclose(found["density"], [0.5, 0.8])
    assert found["digests"] == [first.digest(), second.digest()]
    distances = [one.distances()[np.triu_indices(one.n_sites, 1)].min() for one in (first, second)]
    assert found["least_distance"] == pytest.approx(min(distances))
    with pytest.raises(InputError, match="no training structures"):
        describe_structures([])


def test_structures_like_those_of_the_training_are_no_departure():
    assert departures(TRAINED, sites(seed=3)) == []
    assert departures(TRAINED, sites(40, 0.83, seed=4)) == []  # within the tolerance
    assert departures({}, sites(seed=3)) == []  # nothing is known


@pytest.mark.parametrize(
    ("structure", "words"),
    [
        (sites(density=1.0), ["density 1 ell^-3 (trained at 0.8)"]),
        (sites(density=0.4), ["density 0.4 ell^-3"]),
        (Structure(np.vstack([sites().positions, sites().positions[0] + 0.2]), sites().box), ["as close as"]),
        (sites(20, 1.3, 0.1), ["density", "as close as"]),
    ],
)
def test_departures_are_named(structure, words):
    found = departures(TRAINED, structure)
    assert len(found) == len(words)
    for phrase, word in zip(found, words, strict=True):
        assert word in phrase


def layers(lattice, count):
    """Return a film of several planes one above the other, with vacuum."""
    shifts = np.arange(count)[:, None, None] * [0.0, 0, 1]
    return Structure((lattice.positions + shifts).reshape(-1, 3), [*lattice.box[:2], 30.0])


SQUARE = {"structures": describe_structures([square_lattice(30)])}
FILM = {"structures": describe_structures([layers(square_lattice(6), 3)])}


@pytest.mark.parametrize(
    ("info", "structure", "words"),
    [
        (SQUARE, square_lattice(48), []),
        (SQUARE, square_lattice(6, 4), []),
        (SQUARE, Structure(square_lattice(20).positions, [20.0, 20, 123.0]), []),
        (
            SQUARE,
            triangular_lattice(30, 30),
            ["density 1.15 ell^-2 (trained at 1)", "6 neighbours (trained with 4)"],
        ),
        (SQUARE, square_lattice(30, spacing=1.1), ["density 0.826 ell^-2"]),
        (SQUARE, square_lattice(30, spacing=0.9), ["density 1.23 ell^-2", "as close as 0.9 ell"]),
        (SQUARE, sites(100), ["a solid (trained on a plane)", "coordination", "as close as"]),
        (SQUARE, layers(square_lattice(6), 3), ["density 3 ell^-2 (trained at 1)", "5.33 neighbours"]),
        (
            SQUARE,
            Structure(square_lattice(30, 1).positions, 30.0),
            ["a chain (trained on a plane)", "2 neighbours"],
        ),
        (FILM, Structure(layers(square_lattice(8), 3).positions, [8.0, 8, 11]), []),
        (FILM, square_lattice(6), ["density 1 ell^-2 (trained at 3)", "4 neighbours"]),
        (TRAINED, square_lattice(10), ["a plane (trained on a solid)", "4 neighbours", "nearest sites 1 ell"]),
        ({"structures": {"density": [0.8, 0.8], "least_distance": 0.5}}, square_lattice(10), ["a plane"]),
    ],
)
def test_lattices_are_compared_by_what_is_around_a_site(info, structure, words):
    found = departures(info, structure)
    assert len(found) == len(words), found
    for phrase, word in zip(found, words, strict=True):
        assert word in phrase


def test_a_committee_knows_what_any_of_its_members_was_trained_on():
    members = {"members": [{"structures": describe_structures([sites(density=d)])} for d in (0.5, 1.0)]}
    assert len(training_structures(members)) == 2
    assert departures(members, sites(density=0.8, seed=5)) == []
    assert departures(members, sites(density=0.4, seed=5)) == ["density 0.4 ell^-3 (trained at 0.5 to 1)"]


@pytest.fixture
def files(tmp_path):
    """A model with a domain, and two structures, one of them unlike it."""
    model = LocatorModel(SDModel(), LocatorSettings(3.0, 2.0), np.array([1.0, 0, 0, 0]), np.full(2, 1e-4))
    errors = {"test": {"random": {"rmse": 1e-4, "relative": 0.01}}}
    dataclasses.replace(model, info=TRAINED, errors=errors).save(tmp_path / "model.safetensors")
    sites(seed=6).save(tmp_path / "alike.npz")
    sites(density=0.3, seed=6).save(tmp_path / "dilute.npz")
    np.save(tmp_path / "spins.npy", np.tile([0.0, 0, 1], (20, 1)))
    return tmp_path


def test_loading_warns_once_with_the_file_and_the_numbers(files):
    with pytest.warns(TrainingDomainWarning, match=r"model\.safetensors: .*density 0\.3 .*trained at 0\.8"):
        load_force_field(files / "model.safetensors", Structure.load(files / "dilute.npz"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_force_field(files / "model.safetensors", Structure.load(files / "alike.npz"))


@pytest.mark.parametrize(("structure", "count"), [("alike", 0), ("dilute", 1)])
def test_the_command_line_warns_in_one_line_and_goes_on(files, capsys, structure, count):
    arguments = ["--engine", files / "model.safetensors", "--structure", files / f"{structure}.npz"]
    arguments += ["--spins", files / "spins.npy", "--out", files / "out.npz"]
    assert main(["evaluate", *map(str, arguments)]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len([line for line in lines if line.startswith("warning:")]) == count
    assert (files / "out.npz").exists()
