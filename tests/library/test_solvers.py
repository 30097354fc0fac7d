"""The solvers of the electrons against each other over random magnets, and which of them `exact` takes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import sdglass
from sdglass.electrons.batched_diagonalization import solve_batch
from sdglass.electrons.hopping import Shells, Yukawa
from sdglass.electrons.sd_model import Electrons, SDModel, sparse_hopping_matrix
from sdglass.forcefields.registry import ELECTRON_FORCE_FIELDS
from sdglass.spins import random_spins
from sdglass.structures.amorphous import amorphous
from sdglass.structures.lattices import lattice

CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU is available"))
LATTICES = {"square": (4, 5), "triangular": (4, 4), "honeycomb": (3, 3), "kagome": (3, 3), "cubic": (3, 3, 3)}


@st.composite
def magnets(draw):
    """Return a structure and electrons: lattices and alloys, real and complex hopping, a filling or mu."""
    name = draw(st.sampled_from([*LATTICES]))
    structure = lattice(name, cells=LATTICES[name])
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    species = np.where(rng.random(structure.n_sites) < 0.5, "A", "B")
    species[:2] = "A", "B"
    magnetic = None
    if draw(st.booleans()):
        magnetic = rng.random(structure.n_sites) < 0.6
        magnetic[:2] = True
    structure = sdglass.Structure(structure.positions, structure.cell, magnetic, species, structure.pbc)
    hopping = Shells()
    if draw(st.booleans()):
        phase = np.triu(rng.uniform(-1, 1, (structure.n_sites,) * 2), 1)
        hopping = sparse_hopping_matrix(structure, hopping).multiply(np.exp(1j * (phase - phase.T))).tocsr()
    number = draw(st.sampled_from([{"filling": 0.5}, {"filling": 0.3}, {"chemical_potential": -0.8}]))
    model = SDModel(
        coupling={"A": draw(st.floats(-4, 4)), "B": 2.0},
        temperature=draw(st.sampled_from([1e-3, 0.05, 0.4])),
        hopping=hopping,
        onsite={"B": draw(st.floats(-1, 1))},
        **number,
    )
    return structure, model, random_spins(structure.n_spins, rng)[None]


@settings(max_examples=25, deadline=None)
@given(magnets())
def test_the_solvers_agree(magnet):
    structure, model, spins = magnet
    exact = sdglass.load_force_field("diagonalization", structure, model).evaluate(spins)
    poles = sdglass.load_force_field("greens-function", structure, model).evaluate(spins)
    energies, fields = solve_batch(Electrons.of(structure, model), spins, "cpu")
    np.testing.assert_allclose(energies, exact.energy, atol=1e-10)
    np.testing.assert_allclose(fields, exact.field, atol=1e-9)
    np.testing.assert_allclose(poles.energy, exact.energy, atol=1e-6)
    np.testing.assert_allclose(poles.field, exact.field, atol=2e-6)
    if model.temperature > 0.1:  # where polynomials converge quickly
        for method in ("clusters", "dense"):
            options = {"order": 400, "kernel": "dirichlet", "method": method}
            found = sdglass.load_force_field("kpm", structure, model, **options).evaluate(spins)
            np.testing.assert_allclose(found.energy, exact.energy, atol=1e-6)
            np.testing.assert_allclose(found.field, exact.field, atol=1e-6)


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_replicas_are_diagonalized_together(device, monkeypatch):
    structure, model = amorphous(30, density=0.8, seed=3), SDModel(2.0, 0.3)
    spins = random_spins(30, np.random.default_rng(1), 5)
    expected = sdglass.ExactForceField(structure, model).evaluate(spins)
    monkeypatch.setattr(
        "sdglass.electrons.batched_diagonalization._MEMORY", dict.fromkeys(("cpu", "cuda"), 2 * 16 * 60**2)
    )
    energies, fields = solve_batch(Electrons.of(structure, model), spins, device)
    np.testing.assert_allclose(energies, expected.energy, atol=1e-10)
    np.testing.assert_allclose(fields, expected.field, atol=1e-10)
    assert solve_batch(Electrons.of(structure, model), spins[:0], device)[1].shape == (0, 30, 3)


def test_exact_takes_the_cheaper_solver():
    def taken(structure, **options):
        model = SDModel(**{"coupling": 3.0, "filling": 0.3, "hopping": Shells()} | options)
        return ELECTRON_FORCE_FIELDS.name_of(sdglass.load_force_field("exact", structure, model))

    large = lattice("square", cells=(24, 24))
    assert taken(large) == "greens-function"
    assert taken(lattice("square", cells=(12, 12))) == "diagonalization"
    assert taken(large, temperature=0.0) == "diagonalization"
    assert taken(lattice("cubic", cells=(9, 9, 9))) == "diagonalization"
    assert taken(large, hopping=sparse_hopping_matrix(large, Shells())) == "greens-function"
    assert taken(amorphous(600, density=0.8, seed=1), hopping=Yukawa()) == "diagonalization"


@pytest.mark.parametrize("engine", ["diagonalization", "greens-function", "kpm"])
def test_a_long_evaluation_says_how_far_it_is(engine):
    structure, model = lattice("square", cells=(6, 6)), SDModel(3.0, 0.3, hopping=Shells(), temperature=0.01)
    force_field = sdglass.load_force_field(engine, structure, model)
    told = []
    force_field.progress = told.append
    force_field.evaluate(random_spins(36, np.random.default_rng(1), 3))
    count, _unit = force_field.parts
    assert sum(told) >= 3 * count
    assert sum(told) <= 6 * count
