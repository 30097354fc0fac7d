"""The locator force field: lists of a structure, the fit to exact torques, its file, and its use."""

import numpy as np
import pytest
from small_study import MODEL, sites
from small_study import labelled as random_labelled

from sdglass.dataset import LabelledConfigurations
from sdglass.electrons.sd_model import SDModel, hopping_matrix
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.linear import LinearModel
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.forcefields.exact import ExactForceField
from sdglass.forcefields.locator import fit as locator_model
from sdglass.forcefields.locator import hopping_functions
from sdglass.forcefields.locator.coefficients import PAIR_FEATURES, LocatorSettings, locator_coefficients
from sdglass.forcefields.locator.error_bars import error_features, fit_error_model
from sdglass.forcefields.locator.fit import LocatorModel, fit_locator_model, torque_design
from sdglass.forcefields.locator.kernels.loops import loop_field
from sdglass.forcefields.locator.series import ImaginaryFrequencies, series_terms, spinless_energy
from sdglass.forcefields.model_file import read_tensors, write_tensors
from sdglass.forcefields.registry import load_force_field, load_model
from sdglass.forcefields.testing.check import check_engine
from sdglass.spins import normalize, random_spins, torque
from sdglass.structures.neighbours import spatial_order
from sdglass.structures.structure import Structure

SETTINGS = LocatorSettings()
SHORT = LocatorSettings(pair_cutoff=1.4, loop_cutoff=1.1, taper=0.2)
WHOLE = LocatorSettings(pair_cutoff=20.0, loop_cutoff=20.0)  # cutoffs beyond every box here
N_RANDOM = 4  # configurations with random spins come first, descended ones follow
COEFFICIENTS = np.array([0.92, 0.007, 0.002, -0.0007]), np.array([1e-4, 1.3e-4])


def rms(array):
    return np.sqrt(np.mean(np.square(array)))


def model_of(settings=SETTINGS, sd_model=MODEL):
    return LocatorModel(sd_model, settings, *COEFFICIENTS, -1e-5, (4e-6, 1.4e-3, 0.03, 2e-4), {"name": "test"})


def configurations(n_sites, seed):
    """Return exactly labelled configurations: random ones, and others on their way to a frozen state."""
    structure = sites(n_sites, seed)
    force_field = ExactForceField(structure, MODEL)
    spins = random_spins(n_sites, np.random.default_rng(100 + seed), 2 * N_RANDOM)
    low = spins[N_RANDOM:]
    for _ in range(12):
        low = normalize(low - 10 * torque(low, torque(low, force_field.evaluate(low).field)))
    spins[N_RANDOM:] = low
    labels = force_field.evaluate(spins)
    time = np.repeat([np.nan, 120.0], N_RANDOM)
    return LabelledConfigurations(structure, MODEL, spins, labels.energy, labels.field, time, {"seed": seed})


@pytest.fixture(scope="module")
def training():
    return [configurations(n_sites, seed) for seed, n_sites in enumerate((60, 70, 80, 90))]


@pytest.fixture(scope="module")
def lists(training):
    return [locator_coefficients(one.structure, MODEL, SETTINGS) for one in training]


@pytest.fixture(scope="module")
def fitted(training, lists):
    return fit_locator_model(training, SETTINGS, coefficients=lists)


@pytest.fixture(scope="module")
def held_out():
    return configurations(100, 9)


@pytest.fixture(scope="module")
def held_out_lists(held_out):
    return locator_coefficients(held_out.structure, MODEL, SETTINGS)


def torque_errors(model, data, coefficients=None):
    """Return torque errors [t0] of random and of descended configurations."""
    force_field = model.on(data.structure, **({} if coefficients is None else {"coefficients": coefficients}))
    field = force_field.evaluate(data.spins).field
    error = torque(data.spins, field) - data.torque
    return rms(error[:N_RANDOM]), rms(error[N_RANDOM:])


# --- lists of a structure


def dense(rows):
    """Return NeighbourValues as (F, N, N), zero where there is no neighbour."""
    n = len(rows.start) - 1
    matrix = np.zeros((rows.values.shape[1], n, n))
    matrix[:, np.repeat(np.arange(n), np.diff(rows.start)), rows.neighbour] = rows.values.T
    return matrix


def assert_lists_are_symmetric(made, structure, settings):
    distances = structure.distances()
    for rows, cutoff, own in ((made.pairs, settings.pair_cutoff, False), (made.hops, settings.loop_cutoff, True)):
        matrix = dense(rows)
        np.testing.assert_array_equal(matrix, matrix.transpose(0, 2, 1))  # to the bit: energies have one gradient
        inside = distances < cutoff
        np.fill_diagonal(inside, own)
        assert len(rows.neighbour) == inside.sum()
        assert np.all(matrix[:, ~inside] == 0)
        assert np.all(matrix[0, inside] != 0)


def test_couplings_of_a_structure_in_blocks_are_symmetric(monkeypatch):
    structure = sites(420)
    whole = locator_coefficients(structure, MODEL, SHORT)
    assert_lists_are_symmetric(whole, structure, SHORT)
    monkeypatch.setattr(hopping_functions, "_WHOLE", 100)
    done = []
    made = locator_coefficients(structure, MODEL, SHORT, done.append)
    assert len(done) == 8
    assert sum(done) == 420
    assert_lists_are_symmetric(made, structure, SHORT)
    # Single precision: 1e-6 of hops of up to 0.5 t0, less for their squares.
    np.testing.assert_allclose(made.pairs.values, whole.pairs.values, rtol=0, atol=5e-6)
    np.testing.assert_allclose(made.hops.values, whole.hops.values, rtol=0, atol=5e-6)
    np.testing.assert_allclose(made.onsite_energy, whole.onsite_energy, rtol=1e-4)
    assert made.spinless_energy == pytest.approx(whole.spinless_energy, abs=420 * 2e-6)


@pytest.mark.parametrize("coupling", [6.0, -6.0])
def test_series_feature_is_the_second_order(coupling):
    """Without a cutoff, and nothing fitted."""
    structure, sd_model = sites(30), SDModel(coupling)
    spins = random_spins(30, np.random.default_rng(1), 2)
    made = locator_coefficients(structure, sd_model, WHOLE)
    evaluation = LocatorModel(sd_model, WHOLE, np.eye(4)[0], np.zeros(2)).on(structure).evaluate(spins)
    for number, one in enumerate(spins):
        energy, field = series_terms(structure, one, sd_model, 2)
        assert evaluation.energy[number] == pytest.approx(energy.sum(), abs=1e-7)
        # A site's return to itself is a field along its spin: in the series, not in the lists, and no torque.
        np.testing.assert_allclose(torque(one, evaluation.field[number]), torque(one, field[1]), atol=1e-9)
    hopping = hopping_matrix(structure, sd_model.hopping)
    assert made.spinless_energy == pytest.approx(spinless_energy(np.linalg.eigvalsh(hopping), coupling), abs=1e-6)


def test_other_features_are_squares_of_screened_hops():
    structure = sites(30)
    made = locator_coefficients(structure, MODEL, WHOLE)
    eigenvalues, vectors = np.linalg.eigh(hopping_matrix(structure, MODEL.hopping))
    hops = [(vectors * (eigenvalues / (1 + s * eigenvalues**2 / 36))) @ vectors.T for s in WHOLE.screening]
    np.testing.assert_allclose(dense(made.hops), hops, atol=1e-8)
    mixed = (vectors * (eigenvalues**2 / (1 + WHOLE.screening[-1] * eigenvalues**2 / 36) / 6)) @ vectors.T
    expected = np.array([hops[-1] ** 2, hops[-1] * mixed, mixed**2])
    np.testing.assert_allclose(made.onsite_energy[1:], 0.5 * np.trace(expected, axis1=1, axis2=2), atol=1e-7)
    expected[:, np.arange(30), np.arange(30)] = 0
    np.testing.assert_allclose(dense(made.pairs)[1:], expected, atol=1e-8)
    assert PAIR_FEATURES == ("series", "real", "mixed", "imaginary")


def test_loops_of_bare_hops_are_the_fourth_order_at_high_frequency():
    """Where a = 0, T0 is T itself: compiled loops against the chain of 2 x 2 matrices."""
    structure = sites(30)
    spins = random_spins(30, np.random.default_rng(1), 2)
    high = ImaginaryFrequencies(np.array([1.0]), np.array([0.0]), np.array([-0.2]))
    rows = locator_coefficients(structure, MODEL, LocatorSettings(2.0, 20.0, screening=(0.0,))).hops
    weight = np.array([0.2**4 / 4])
    found = loop_field(rows.start, rows.neighbour, rows.values, weight, spins)
    for replica, its_energy, its_field in zip(spins, *found, strict=True):
        energy, field = series_terms(structure, replica, MODEL, 4, high)
        assert its_energy == pytest.approx(energy[2], rel=1e-7)
        np.testing.assert_allclose(its_field, field[2], atol=1e-7 * np.abs(field[2]).max())


@pytest.mark.parametrize("cutoff", ["pair_cutoff", "loop_cutoff"])
def test_energy_is_continuous_where_two_sites_lose_each_other(cutoff):
    settings = LocatorSettings(**{"pair_cutoff": 1.2, "loop_cutoff": 1.2, cutoff: 1.0})
    terms = np.eye(6)[0] if cutoff == "pair_cutoff" else np.eye(6)[4]
    model = LocatorModel(MODEL, settings, terms[:4], terms[4:])
    distances = 1.0 + np.array([-0.25 - 1e-6, -0.25 + 1e-6, -0.1, -1e-6, 1e-6])
    energies = []
    for distance in distances:
        pair = Structure(np.array([[1.0, 1.0, 1.0], [1.0 + distance, 1.0, 1.0]]), 30.0)
        up, tilted = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])
        parallel, right = model.on(pair).evaluate(np.array([[up, up], [up, tilted]])).energy
        energies.append(abs(parallel - right))
    assert energies[0] == pytest.approx(energies[1], rel=1e-4)
    assert energies[1] > energies[2] > 0
    assert energies[3] < 1e-8 * energies[0]
    assert energies[4] == 0


def test_fillings_other_than_one_half_are_refused():
    sd_model = SDModel(filling=0.45)
    message = r"filling = 0\.45; the locator force field .* expected 0\.5"
    with pytest.raises(InputError, match=message):
        locator_coefficients(sites(10), sd_model, SETTINGS)
    with pytest.raises(InputError, match=message):
        fit_locator_model(
            [random_labelled(sites(10), ExactForceField(sites(10), MODEL), 1, model=sd_model)], SETTINGS
        )
    with pytest.raises(InputError, match="coupling = 0"):
        locator_coefficients(sites(10), SDModel(0.0), SETTINGS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pair_cutoff": 0.0}, r"pair_cutoff = 0\.0; expected a positive length"),
        ({"taper": np.nan}, "taper = nan; expected a positive length"),
        ({"screening": ()}, r"screening = \[\]; expected at least one number >= 0"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        LocatorSettings(**options)


# --- the fit


def test_fit_meets_the_exact_torques_of_a_held_out_structure(fitted, training, held_out, held_out_lists):
    random, descended = torque_errors(fitted, held_out, held_out_lists)
    assert random < 4e-5  # of torques of 0.013 t0
    assert descended < 0.01 * rms(held_out.torque[N_RANDOM:])
    assert rms(held_out.torque[N_RANDOM:]) < 0.3 * rms(held_out.torque[:N_RANDOM])  # the descent came far
    functions = SymmetryFunctions()
    maps = [build_feature_maps(one.structure, functions) for one in training]
    pair_random, pair_descended = torque_errors(
        LinearModel.fit(training, LinearModel.Settings(ridge=1e-6), descriptors=maps)[0], held_out
    )
    assert pair_random > 8 * random
    assert pair_descended > 8 * descended
    # Energies are absolute: -6.07 t0 per site, of which one number per site was fitted, 1e-5 t0.
    energy = fitted.on(held_out.structure, coefficients=held_out_lists).evaluate(held_out.spins).energy
    assert np.abs(energy - held_out.energy).max() < 1e-3
    assert abs(fitted.energy_per_site) < 1e-4
    assert fitted.n_parameters == 7


def test_planted_coefficients_come_back():
    truth = model_of(SHORT)
    data = [random_labelled(s, truth.on(s), 3, s.n_sites) for s in (sites(40, 1), sites(50, 2))]
    model = fit_locator_model(data, SHORT)
    np.testing.assert_allclose(model.pair_coefficients, truth.pair_coefficients, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(model.loop_weights, truth.loop_weights, rtol=1e-5)
    assert model.energy_per_site == pytest.approx(-1e-5, abs=1e-9)
    assert max(model.error_model) < 1e-6


def test_fit_is_the_minimum_of_the_weighted_error(training, lists, fitted):
    designs = [torque_design(its, one.spins) for one, its in zip(training, lists, strict=True)]
    best = np.concatenate([fitted.pair_coefficients, fitted.loop_weights])

    def loss(coefficients, exponent):
        total = 0.0
        for design, one in zip(designs, training, strict=True):
            weight = np.sqrt(np.square(one.torque).mean(axis=(1, 2))) ** -exponent
            total += np.sum(np.square((design @ coefficients - one.torque) * weight[:, None, None]))
        return total

    for number, step in enumerate(np.eye(6) * best * 1e-3):
        assert loss(best + step, 0.67) > loss(best, 0.67), number
        assert loss(best - step, 0.67) > loss(best, 0.67), number
    absolute, relative = (
        fit_locator_model(training, SETTINGS, exponent, coefficients=lists) for exponent in (0.0, 1.0)
    )
    for exponent, model in ((0.0, absolute), (1.0, relative)):
        assert loss(np.concatenate([model.pair_coefficients, model.loop_weights]), exponent) < loss(best, exponent)
    # Relative errors count frozen states, whose torques are small.
    random, descended = np.transpose(
        [
            np.mean([torque_errors(model, one, its) for one, its in zip(training, lists, strict=True)], axis=0)
            for model in (absolute, relative)
        ]
    )
    assert random[0] < random[1]
    assert descended[0] > descended[1]


@pytest.mark.parametrize(
    ("terms", "factor"),
    [([1, 0, 0, 0, 0, 0], 5), ([1, 1, 1, 1, 0, 0], 5), ([1, 0, 0, 0, 1, 1], 1.3)],
    ids=["series alone", "pairs alone", "no corrections"],
)
def test_every_term_is_needed(training, lists, fitted, held_out, held_out_lists, terms, factor):
    part = fit_locator_model(training, SETTINGS, terms=terms, coefficients=lists)
    coefficients = np.concatenate([part.pair_coefficients, part.loop_weights])
    assert np.all(coefficients[np.array(terms) == 0] == 0)
    assert np.all(coefficients[np.array(terms) == 1] != 0)
    assert part.pair_coefficients[0] == pytest.approx(1, abs=0.2)  # the series says 1
    whole = torque_errors(fitted, held_out, held_out_lists)
    errors = torque_errors(part, held_out, held_out_lists)
    assert errors[0] > factor * whole[0]
    assert errors[1] > factor * whole[1]


def test_the_fit_of_a_model_is_that_of_its_settings(training, fitted):
    settings = LocatorModel.Settings(weight_exponent=0.67)
    assert (settings.folds, settings.descriptor, settings.shape) == ((0,), None, SETTINGS)
    model, history = LocatorModel.fit(training[:1], settings)
    direct = fit_locator_model(training[:1], SETTINGS)
    np.testing.assert_array_equal(model.pair_coefficients, direct.pair_coefficients)
    assert model.settings == SETTINGS
    assert (history, model.info["configurations"]) == ([], 2 * N_RANDOM)
    assert model.info["settings"]["weight_exponent"] == 0.67
    assert LocatorModel.join([model]) is model
    with pytest.raises(InputError, match="2 locator models to join; expected one"):
        LocatorModel.join([model, fitted])
    for bad in ({"weight_exponent": np.nan}, {"pair_cutoff": "far"}, {"screening": 3}):
        with pytest.raises(InputError):
            LocatorModel.Settings(**bad)


def test_no_data_is_an_error():
    with pytest.raises(InputError, match="no training data given; expected at least one realization"):
        fit_locator_model([], SETTINGS)


# --- the force field


@pytest.mark.parametrize(
    ("settings", "cutoff", "dtype"),
    [(SHORT, 2.2, "float64"), (LocatorSettings(2.3, 0.9, screening=(0.1, 0.2)), 2.3, "float32")],
    ids=["loops reach farther", "pairs reach farther"],
)
def test_it_keeps_the_contract(settings, cutoff, dtype):
    model = LocatorModel(MODEL, settings, COEFFICIENTS[0], 100 * COEFFICIENTS[1])
    results = check_engine(lambda structure: model.on(structure, dtype=dtype), sites(60, 3), dtype=dtype)
    assert not any(result.skipped for result in results)
    assert model.on(sites(60, 3)).cutoff == pytest.approx(cutoff)


def test_order_of_the_sites_in_memory_changes_nothing(monkeypatch):
    structure, spins = sites(60), random_spins(60, np.random.default_rng(0), 17)
    model = model_of(SHORT)
    expected = model.on(structure)
    monkeypatch.setattr(locator_model, "_ORDERED", 0)
    ordered = model.on(structure)
    order = spatial_order(structure)
    assert not np.array_equal(order, np.arange(60))
    np.testing.assert_array_equal(np.sort(order), np.arange(60))
    for some in (spins, spins[:1]):
        found, same = ordered.evaluate(some), expected.evaluate(some)
        np.testing.assert_allclose(found.energy, same.energy, rtol=1e-12)
        np.testing.assert_allclose(found.field, same.field, rtol=0, atol=1e-13)
    np.testing.assert_allclose(ordered.torque_uncertainty(spins), expected.torque_uncertainty(spins), rtol=1e-9)


def test_many_replicas_are_evaluated_in_pieces():
    structure = sites(12)
    force_field = model_of(SHORT).on(structure)
    spins = random_spins(12, np.random.default_rng(0), 260)
    together = force_field.evaluate(spins)
    uncertainty = force_field.torque_uncertainty(spins)
    for number in (0, 17, 255, 256, 259):
        alone = force_field.evaluate(spins[number])
        np.testing.assert_allclose(together.field[number], alone.field[0], atol=1e-14)
        assert together.energy[number] == pytest.approx(alone.energy[0], abs=1e-12)
        expected = force_field.torque_uncertainty(spins[number])[0]
        np.testing.assert_allclose(uncertainty[number], expected, rtol=1e-10)


# --- its uncertainty


def test_uncertainty_covers_the_errors_of_a_held_out_structure(fitted, held_out, held_out_lists):
    force_field = fitted.on(held_out.structure, coefficients=held_out_lists)
    sigma = force_field.torque_uncertainty(held_out.spins)
    assert sigma.shape == held_out.spins.shape[:2]
    assert sigma.min() > 0
    field = force_field.evaluate(held_out.spins).field
    error = np.linalg.norm(torque(held_out.spins, field) - held_out.torque, axis=2)
    # Two components across the spin, each of deviation sigma: 68 % of the errors below 1.51 sigma, 95 % below
    # 2.45, and a mean square of 2. The spread between structures is allowed for: half as much, or half again.
    for kind in (slice(N_RANDOM), slice(N_RANDOM, None)):
        ratio = (error / sigma)[kind]
        assert 0.55 < np.mean(ratio < 1.51) < 0.99
        assert 0.85 < np.mean(ratio < 2.45)
        assert 0.25 < np.mean(ratio**2) / 2 < 1.5
    # It tells large errors from small ones.
    order = np.argsort(sigma.ravel())
    small, large = np.array_split(error.ravel()[order], 2)
    assert rms(large) > 2 * rms(small)


def test_uncertainty_is_made_of_floor_and_slopes():
    structure, spins = sites(20), random_spins(20, np.random.default_rng(0), 2)

    def sigma(error_model):
        model = LocatorModel(MODEL, SHORT, *COEFFICIENTS, error_model=error_model)
        return model.on(structure).torque_uncertainty(spins)

    np.testing.assert_allclose(sigma((3e-6, 0, 0, 0)), 3e-6)
    field = model_of(SHORT).on(structure).evaluate(spins).field
    whole = np.linalg.norm(torque(spins, field), axis=2)
    np.testing.assert_allclose(sigma((0, 0.1, 0, 0)), 0.1 * whole)
    loops = LocatorModel(MODEL, SHORT, np.zeros(4), COEFFICIENTS[1]).on(structure).evaluate(spins).field
    np.testing.assert_allclose(sigma((0, 0, 0.1, 0)), 0.1 * np.linalg.norm(torque(spins, loops), axis=2))
    for replica, one in enumerate(sigma((0, 0, 0, 0.1))):
        np.testing.assert_allclose(one, 0.1 * rms(whole[replica]))
    parts = [sigma(tuple(0.1 * row)) for row in np.eye(4)]
    np.testing.assert_allclose(sigma((0.1, 0.1, 0.1, 0.1)) ** 2, sum(part**2 for part in parts))
    assert np.all(sigma((0.0, 0.0, 0.0, 0.0)) == 0)


def test_error_bar_of_planted_errors_is_found():
    """Gaussian errors that grow with the torque: their slope comes back, nothing else, and 95 % are inside."""
    rng = np.random.default_rng(3)
    sizes = np.repeat([1.0, 0.1], 8)[:, None, None]  # rms torque of random and of frozen configurations
    torques = sizes * rng.standard_normal((16, 500, 3))
    error = np.zeros_like(torques)
    error[..., :2] = 0.02 * np.linalg.norm(torques, axis=2, keepdims=True) * rng.standard_normal((16, 500, 2))
    floor, slope, _, rms_slope = fit_error_model([torques], [np.zeros_like(torques)], [error])
    assert slope == pytest.approx(0.02, rel=0.05)
    assert max(floor / 0.1, rms_slope) < 0.004
    sigma = slope * np.linalg.norm(torques, axis=2)
    for half in (slice(8), slice(8, None)):
        assert np.mean(np.linalg.norm(error[half], axis=2) < 2.45 * sigma[half]) == pytest.approx(0.95, abs=0.015)


def test_error_bar_is_wide_enough_for_the_worse_half():
    """Errors with long tails, larger in the half that is frozen."""
    rng = np.random.default_rng(4)
    torques = np.repeat([1.0, 0.1], 8)[:, None, None] * rng.standard_normal((16, 500, 3))
    error = np.zeros_like(torques)
    error[..., 0] = 1e-3 * rng.standard_t(2.5, (16, 500))
    error[:8] *= 0.1
    numbers = np.square(fit_error_model([torques], [torques], [error]))
    sigma = np.sqrt(np.tensordot(numbers, np.square(error_features(torques, torques)), 1))
    inside = np.linalg.norm(error, axis=2) < 2.45 * sigma
    assert min(inside[:8].mean(), inside[8:].mean()) == pytest.approx(0.95, abs=0.01)


def test_no_error_no_error_bar():
    zeros = np.zeros((2, 5, 3))
    assert fit_error_model([zeros + 1], [zeros], [zeros]) == (0.0, 0.0, 0.0, 0.0)


# --- its file


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    model_of(SHORT).save(path)
    return path


def test_round_trip_is_exact(path, tmp_path):
    model, loaded = model_of(SHORT), load_model(path)
    assert isinstance(loaded, LocatorModel)
    for name in ("electrons", "settings", "energy_per_site", "error_model", "info", "kind"):
        assert getattr(loaded, name) == getattr(model, name), name
    np.testing.assert_array_equal(loaded.pair_coefficients, model.pair_coefficients)
    np.testing.assert_array_equal(loaded.loop_weights, model.loop_weights)
    loaded.save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    spins = random_spins(20, np.random.default_rng(0), 2)
    for dtype in ("float64", "float32"):
        expected = model.on(sites(20), dtype=dtype).evaluate(spins)
        found = load_force_field(path, sites(20), MODEL, dtype=dtype).evaluate(spins)
        np.testing.assert_array_equal(found.energy, expected.energy)
        np.testing.assert_array_equal(found.field, expected.field)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda tensors, header: header.update(kind="network"), "a model of kind 'network'; expected 'locator'"),
        (lambda tensors, header: header.update(format=7), "format 7; this version reads format 2"),
        (lambda tensors, header: tensors.pop("loop_weights"), "model file is inconsistent .*loop_weights"),
        (lambda tensors, header: header["settings"].update(taper=-1), "model file is inconsistent .*taper = -1"),
        (
            lambda tensors, header: header["settings"].update(screening=[0.1]),
            "model file is inconsistent .*expected",
        ),
        (lambda tensors, header: header.update(error_model=[0.1]), "model file is inconsistent .*expected"),
    ],
)
def test_inconsistent_files_are_named(path, edit, message):
    tensors, header = read_tensors(path)
    edit(tensors, header)
    write_tensors(path, tensors, header)
    with pytest.raises(InputError, match=rf"model\.safetensors: {message}"):
        LocatorModel.load(path)


# --- the command line
