"""A Fermi function of few learned poles: what it is, that its field is a gradient, and what it is worth."""

import numpy as np
import pytest
from scipy.optimize import brentq

import sdglass
from sdglass import fitting, labelling
from sdglass.electrons.hopping import Shells
from sdglass.electrons.sd_model import Electrons, SDModel, sd_hamiltonian
from sdglass.errors import InputError
from sdglass.forcefields import learned_poles
from sdglass.forcefields.learned_poles import PoleModel, PoleSettings
from sdglass.spins import random_spins, torque
from sdglass.structures.lattices import lattice

TRIANGULAR = SDModel(3.0, 0.25, hopping=Shells())


@pytest.fixture(scope="module")
def data():
    structures = [lattice("triangular", cells=(n, n)) for n in (6, 8)]
    return labelling.label_all(structures, TRIANGULAR, 9, seed=2)


@pytest.fixture(scope="module")
def model(data):
    return PoleModel.fit(data, PoleSettings(poles=5))[0]


def occupations_of(model, levels):
    """f of the docstring, and the mu at which it counts all electrons, without the module's own code."""

    def f(mu):
        return model.constant + (model.weights / (model.poles - levels[:, None] + mu)).real.sum(axis=1)

    return f


def test_the_field_is_that_of_the_fitted_occupations_of_all_levels(model):
    structure = lattice("triangular", cells=(7, 7))
    electrons = Electrons.of(structure, TRIANGULAR)
    spins = random_spins(49, np.random.default_rng(0))
    levels, vectors = np.linalg.eigh(
        sd_hamiltonian(electrons.hopping, spins, electrons.couplings, electrons.sites)
    )
    occupations = occupations_of(model, levels)
    exact = sdglass.ExactForceField(structure, TRIANGULAR)
    mu = sdglass.solve(electrons, spins).chemical_potential
    mu = brentq(lambda mu: occupations(mu).sum() - electrons.n_electrons, mu - 1.0, mu + 1.0)
    density = (vectors * occupations(mu)) @ vectors.conj().T
    across, up, down = np.diagonal(density[49:, :49]), density[:49, :49], density[49:, 49:]
    wanted = 3.0 * np.stack([2 * across.real, 2 * across.imag, np.diagonal(up - down).real], axis=1)
    found = model.on(structure).evaluate(spins)
    size = np.abs(wanted).max()
    np.testing.assert_allclose(found.field[0], wanted, atol=2e-4 * size)
    single = model.on(structure, dtype="float32").evaluate(spins)
    np.testing.assert_allclose(single.field, found.field, atol=1e-4 * size)
    assert found.energy[0] == pytest.approx(exact.evaluate(spins).energy[0], rel=1e-3)


def test_the_field_is_the_gradient_of_the_energy(model):
    structure = lattice("triangular", cells=(7, 7))
    force_field = model.on(structure)
    force_field.solver._enough *= 1e-4  # mu to more digits than a quench needs
    spins = random_spins(49, np.random.default_rng(1))
    field = force_field.evaluate(spins).field[0]
    rng = np.random.default_rng(1)
    for _ in range(3):
        direction = rng.standard_normal(spins.shape)
        high, low = force_field.solver.solve(
            np.array([spins + 1e-4 * direction, spins - 1e-4 * direction])
        ).free_energy
        assert (high - low) / 2e-4 == pytest.approx(-np.sum(field * direction), rel=1e-5, abs=1e-6)


def test_few_poles_leave_a_few_per_cent_on_a_larger_lattice(data, model):
    structure = lattice("triangular", cells=(10, 10))
    labels = [labelling.label(structure, TRIANGULAR, 6, seed=7)]
    four = PoleModel.fit(data, PoleSettings(poles=4))[0]
    errors = fitting.torque_errors({"five": model, "four": four}, labels)
    found = {name: errors[name]["kept out, N = 100"]["random"]["relative"] for name in errors}
    assert found["five"] < found["four"] < 0.3
    assert found["five"] < 0.1


def test_occupations_do_not_rise_with_the_energy(model):
    x = np.concatenate([-np.geomspace(1e-3, model.reach, 400)[::-1], np.geomspace(1e-3, model.reach, 400)])
    f = occupations_of(model, x)(0.0)
    assert np.diff(f).max() < 2e-3
    assert f[0] == pytest.approx(1.0, abs=0.1)
    assert f[-1] == pytest.approx(0.0, abs=0.1)


def test_derivatives_of_occupations_by_the_parameters():
    rng = np.random.default_rng(3)
    parameters, x = rng.standard_normal(13), np.linspace(-3, 3, 11)
    _, slope, jacobian = learned_poles._occupation(parameters, x, derivatives=True)
    step = 1e-6
    for number in range(13):
        up, down = parameters.copy(), parameters.copy()
        up[number] += step
        down[number] -= step
        difference = learned_poles._occupation(up, x)[0] - learned_poles._occupation(down, x)[0]
        np.testing.assert_allclose(jacobian[:, number], difference / (2 * step), rtol=1e-5, atol=1e-6)
    difference = (
        learned_poles._occupation(parameters, x + step)[0] - learned_poles._occupation(parameters, x - step)[0]
    )
    np.testing.assert_allclose(slope, difference / (2 * step), rtol=1e-5, atol=1e-6)


def test_the_quadratic_form_is_the_torque_error(data, model):
    """And its step is the derivative of it, mu and all."""
    labels = data[0]
    electrons = Electrons.of(labels.structure, TRIANGULAR)
    form = learned_poles._QuadraticForm.of(electrons, labels.spins[0], labels.torque[0], 1.0)
    # Exact occupations have no error.
    exact = sdglass.solve(electrons, labels.spins[0]).occupation
    np.testing.assert_allclose(form.matrix @ exact, form.vector, atol=1e-7)
    height = model.poles.imag
    parts = model.poles.real, np.log(height), model.weights.real / height, model.weights.imag / height
    parameters = np.append(np.concatenate(parts), model.constant)
    assert np.isfinite(form.error(parameters))
    gradient, _ = form.step(parameters)
    for number in range(len(parameters)):
        up, down = parameters.copy(), parameters.copy()
        up[number] += 1e-5
        down[number] -= 1e-5
        difference = (form.error(up) - form.error(down)) / 2e-5
        assert 2 * gradient[number] == pytest.approx(difference, rel=1e-3, abs=1e-3 * np.abs(gradient).max())


def test_labels_that_do_not_fit_into_memory_are_left_out_evenly(data, monkeypatch):
    everything = learned_poles._chosen(data)
    assert [len(places) for places in everything] == [9, 9]
    monkeypatch.setattr(learned_poles, "MEMORY", 8 * 32 * 50**2)
    some = learned_poles._chosen(data)
    for labels, places in zip(data, some, strict=True):
        assert 3 <= len(places) < 9
        assert set(labels.states[places]) == {"random", "quenched", "late"}


def test_a_model_of_poles_goes_through_its_file(model, tmp_path):
    model.save(tmp_path / "M.safetensors")
    again = sdglass.load_model(tmp_path / "M.safetensors")
    for name in ("poles", "weights", "constant", "offset", "reach"):
        np.testing.assert_array_equal(getattr(again, name), getattr(model, name))
    assert "Green's functions at learned poles" in dict(again.describe()).values()


def test_a_fixed_chemical_potential_and_an_alloy():
    structure = lattice("square", cells=(6, 6)).dilute(0.5, seed=1)
    electrons = SDModel(2.0, hopping=Shells(), temperature=0.05, chemical_potential=-1.0)
    labels = labelling.label(structure, electrons, 4, ("random",))
    model, _ = PoleModel.fit([labels], PoleSettings(poles=5))
    found = torque(labels.spins, model.on(structure).evaluate(labels.spins).field)
    assert np.sqrt(np.mean((found - labels.torque) ** 2) / np.mean(labels.torque**2)) < 0.02


def test_settings_that_make_no_sense():
    with pytest.raises(InputError, match="poles = 1; expected a number from 2 to 20"):
        PoleSettings(poles=1)
    assert not PoleModel.suits(SDModel(2.0, 0.25, temperature=0.0))
