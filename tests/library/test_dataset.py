"""Datasets and cached descriptors on disk: what is read is what was written, or an error that names the file."""

import h5py
import numpy as np
import pytest
from small_study import BONDS, CHIRAL, MODEL, exact_data, sites

from sdglass.dataset import LabelledConfigurations, require_same_model
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass.forcefields.behler_parrinello.descriptor_file import load_feature_maps, save_feature_maps
from sdglass.forcefields.behler_parrinello.symmetry_functions import SymmetryFunctions, build_feature_maps
from sdglass.spins import random_spins

ARRAYS = ("spins", "energy", "field", "time")


@pytest.fixture(scope="module")
def data():
    labelled = exact_data(realizations=1, configurations=4)[0]
    labelled.time[2:] = [3.0, 10.0]  # two relaxed configurations
    return labelled


@pytest.fixture
def path(tmp_path, data):
    path = tmp_path / "data.h5"
    data.save(path)
    return path


def edit(path, name, change):
    """Replace the dataset `name` by `change(dataset)`."""
    with h5py.File(path, "r+") as handle:
        array = change(handle[name][...])
        del handle[name]
        handle[name] = array


def test_round_trip(path, data):
    loaded = LabelledConfigurations.load(path)
    assert loaded.structure.digest() == data.structure.digest()
    assert (loaded.model, loaded.provenance) == (MODEL, {"seed": 100})
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(data, name))
    assert len(loaded) == 4
    assert loaded.random.tolist() == [True, True, False, False]
    np.testing.assert_allclose(loaded.torque, np.cross(data.spins, data.field), atol=1e-14)
    # The torque is a hundred times smaller than the field, whose largest part is along the spin.
    assert np.abs(loaded.torque).max() < 0.1 * np.abs(loaded.field).max()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("field", lambda a: np.where(a == a[1, 2, 0], np.nan, a), "field of configuration 1 is not finite"),
        ("field", lambda a: a[:, :-1], r"field has shape \(4, 19, 3\); expected \(4, 20, 3\)"),
        ("spins", lambda a: a[0], r"spins has shape \(20, 3\); expected \(configurations, N, 3\)"),
        ("spins", lambda a: 1.1 * a, r"spins\[0, 0\] = .* has length 1.1; expected unit vectors"),
        ("positions", lambda a: np.concatenate([a[:1], a[:-1]]), "sites 0 and 1 are at the same position"),
        ("box", lambda a: -a, "box = .*; expected three positive lengths"),
    ],
)
def test_wrong_numbers_are_named(path, name, change, message):
    edit(path, name, change)
    with pytest.raises(InputError, match=rf"data\.h5: {message}"):
        LabelledConfigurations.load(path)


def test_missing_parts_are_named(path, tmp_path):
    with pytest.raises(InputError, match=r"nothing\.h5: no such file"):
        LabelledConfigurations.load(tmp_path / "nothing.h5")
    with h5py.File(path, "r+") as handle:
        handle.attrs["model"] = '{"coupling": 6.0, "colour": 1, "hopping": {"law": "yukawa"}}'
    with pytest.raises(InputError, match=r"data\.h5: attribute 'model' unreadable .*colour"):
        LabelledConfigurations.load(path)
    with h5py.File(path, "r+") as handle:
        del handle.attrs["model"], handle["field"]
    with pytest.raises(InputError, match=r"data\.h5: dataset 'field' is missing; it holds box, component"):
        LabelledConfigurations.load(path)


def test_datasets_of_different_electrons_are_not_mixed(data):
    other = LabelledConfigurations(data.structure, SDModel(coupling=5.0), *(getattr(data, n) for n in ARRAYS), {})
    require_same_model(data, [data, data])
    with pytest.raises(InputError, match=r"different models cannot be mixed: coupling: 6.0 against 5.0"):
        require_same_model(data, [data, other])


# Cached descriptors


@pytest.fixture
def cache(tmp_path):
    path = tmp_path / "features.h5"
    save_feature_maps(path, build_feature_maps(sites(), CHIRAL), sites(), {"seed": 0})
    return path


def test_cached_descriptor_is_the_descriptor(cache):
    spins = random_spins(20, np.random.default_rng(0), 2)
    for functions in (CHIRAL, None):
        loaded = load_feature_maps(cache, sites(), functions)
        assert loaded.functions == CHIRAL
        np.testing.assert_array_equal(loaded.features(spins), build_feature_maps(sites(), CHIRAL).features(spins))


def test_cached_chirality_is_left_aside_when_not_wanted(cache, tmp_path):
    spins = random_spins(20, np.random.default_rng(0), 2)
    loaded = load_feature_maps(cache, sites(), BONDS)
    assert loaded.functions == BONDS
    assert loaded.triples.shape == (0, 3)
    np.testing.assert_array_equal(loaded.features(spins), build_feature_maps(sites(), BONDS).features(spins))
    # The other way round there is nothing to read.
    path = tmp_path / "bonds.h5"
    save_feature_maps(path, loaded, sites(), {})
    np.testing.assert_array_equal(load_feature_maps(path, sites()).features(spins), loaded.features(spins))
    with pytest.raises(InputError, match=r"bonds\.h5: holds another descriptor \(chirality: False cached, True"):
        load_feature_maps(path, sites(), CHIRAL)


def test_descriptor_of_another_structure_is_refused(cache):
    with pytest.raises(InputError, match=r"features\.h5: made for another structure"):
        load_feature_maps(cache, sites(seed=1), CHIRAL)


@pytest.mark.parametrize(
    ("name", "value", "cached"), [("width", 0.3, "0.2"), ("cutoff", 1.7, "1.6"), ("tolerance", 0.0, "1e-07")]
)
def test_another_descriptor_is_refused(cache, name, value, cached):
    wanted = SymmetryFunctions(**{**CHIRAL.to_dict(), name: value})
    with pytest.raises(InputError, match=rf"another descriptor \({name}: {cached} cached, {value} wanted\)"):
        load_feature_maps(cache, sites(), wanted)
