"""Tables of the electrons alone: density of states, two spins, perturbation theory against exact torques."""

import numpy as np
import pytest
from small_study import MODEL, sites

from sdglass.electrons.perturbation import strong_coupling
from sdglass.electrons.sd_model import SDModel
from sdglass.electrons.spectra import level_windows, spacing_around
from sdglass.errors import InputError
from sdglass_study.analysis import rkky, run_analysis, two_site

BOX = {"n_sites": 24, "box_length": 3.1, "r_min": 0.5}

# ---- density of states ----------------------------------------------------------------------------------------

DOS = {"structures": "train", "realizations": 20, "coupled_realizations": 3, "bin_width": 0.1, "dense_sites": 60}
SYSTEMS = ["J=0, N=24", "J=0, N=60", "J=0, N=60, same density", "J=6, N=24"]


def spectra(model=MODEL, **changes):
    common = {"electrons": model.to_dict(), "seed": 3}
    tables = run_analysis("density_of_states", DOS | changes, {}, common, BOX)
    return tables["fig2_density_of_states"], tables["electrons"]


@pytest.fixture(scope="module")
def tables():
    return spectra()


@pytest.fixture(scope="module")
def value(tables):
    return tables[1].pivot(index="quantity", columns="system", values="value")


def test_curves(tables):
    curves, _ = tables
    assert curves["system"].unique().tolist() == SYSTEMS
    assert not curves.isna().any().any()
    for _, curve in curves.groupby("system"):
        # Every level is in some bin, and one bin is centred on the Fermi level.
        assert curve["density_of_states"].sum() * 0.1 == pytest.approx(1.0, abs=1e-8)
        assert curve["energy"].abs().min() < 1e-12
        # Half filling: half of the levels are below the Fermi level, but for those in the bin around it.
        below = curve.loc[curve["energy"] < -0.05, "density_of_states"].sum() * 0.1
        at = curve.loc[curve["energy"].abs() < 0.05, "density_of_states"].sum() * 0.1
        assert below - 1e-9 <= 0.5 <= below + at + 1e-9


def test_summary(tables, value):
    assert not tables[1].isna().any().any()
    common = ["dos_at_fermi_level", "dos_maximum", "peak_position", "peak_distance_to_fermi_level", "fermi_level"]
    common += ["gap", "gap_in_level_spacings", "gap_times_dos", "level_spacing"]
    assert value.loc[common, SYSTEMS].notna().all().all()
    rows = tables[1][tables[1]["system"].isin([SYSTEMS[0], SYSTEMS[2]])]
    np.testing.assert_allclose(rows["n_sites"] / rows["box_length"] ** 3, 24 / 3.1**3, rtol=1e-8)  # same density
    for window in ("middle", "lowest", "highest"):
        assert value.loc[f"spacing_ratio_{window}", SYSTEMS[:3]].notna().all()
        small, large = (value.loc[f"participation_ratio_{window}", SYSTEMS[i]] for i in (0, 2))
        exponent = np.log(60 * large / (24 * small)) / np.log(60 / 24)
        assert value.loc[f"participation_exponent_{window}", "J=0, same density"] == pytest.approx(exponent)


def test_gapless_without_and_gapped_with_the_coupling(value):
    for system in SYSTEMS[:3]:
        # A spacing between neighbouring levels has a relative scatter below one: 4 sigma of 20 realizations.
        assert value.loc["gap_in_level_spacings", system] < 1 + 4 / np.sqrt(20)
        assert value.loc["dos_at_fermi_level", system] > 0
    # J = 6 splits the band into two around -J and +J: the gap is comparable to 2 J less the band width.
    assert 4.0 < value.loc["gap", SYSTEMS[3]] < 12.0
    assert value.loc["dos_at_fermi_level", SYSTEMS[3]] == 0.0
    assert value.loc["gap_in_level_spacings", SYSTEMS[3]] > 5


def test_states_at_the_lower_edge_are_the_localised_ones(value):
    # Close pairs of sites bind an electron at -t(r_min): few sites share those states.
    ratio = value[SYSTEMS[2]]
    assert ratio["participation_ratio_lowest"] < 0.6 * ratio["participation_ratio_middle"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"realizations": 1}, "realizations = 1; expected at least 2"),
        ({"dense_sites": 24}, "dense_sites = 24"),
        ({"bin_width": 0.0}, "bin_width = 0.0"),
        ({"bin_with": 3}, "analysis.density_of_states.bin_with is unknown; did you mean bin_width"),
    ],
)
def test_settings_of_spectra_that_make_no_sense(changes, message):
    with pytest.raises(InputError, match=message):
        spectra(**changes)


def test_level_windows():
    windows = level_windows(100)
    assert [(w.start, w.stop) for w in windows.values()] == [(40, 60), (0, 5), (95, 100)]
    assert all(w.stop - w.start == 3 for w in level_windows(4).values())
    with pytest.raises(InputError, match="2 levels"):
        level_windows(2)


def test_spacing_around_leaves_the_gap_out():
    levels = np.concatenate([np.arange(10) * 0.1, 50 + np.arange(10) * 0.3])
    # Three levels on either side have the spacings 0.1 and 0.3.
    assert spacing_around(levels, 10, 0.15) == pytest.approx(0.2)
    with pytest.raises(InputError, match="1 of 20 levels filled"):
        spacing_around(levels, 1)


# ---- two spins ------------------------------------------------------------------------------------------------


def test_two_sites_couple_by_half_of_what_the_paper_prints():
    matrix = two_site.pair(0.5, MODEL.hopping)
    t = np.exp(-0.5)
    for coupling in (0.5, 6.0, 50.0):
        found = two_site.pair_coupling(matrix, SDModel(coupling, 0.5, 1e-3))
        # Below J = t the parallel state has both electrons in the bonding level.
        assert found == pytest.approx(np.hypot(coupling, t) - max(coupling, t), abs=1e-9)
    # The last one is at J = 50, where the next order is t^2 / (4 J^2) = 4e-5.
    assert found == pytest.approx(strong_coupling(matrix, 50.0)[0, 1], rel=1e-3)


def test_two_site_table():
    settings, common = {"couplings": [0.5, 50], "distances": [0.5, 1.5]}, {"electrons": MODEL.to_dict()}
    table = run_analysis("two_site", settings, {}, common)["two_site"]
    assert table["coupling"].unique().tolist() == [0.5, 6.0, 50.0]  # the study's own J is always there
    np.testing.assert_allclose(table["hopping"], np.exp(-table["distance"]), rtol=1e-9)
    np.testing.assert_allclose(table["t2_over_J"], table["hopping"] ** 2 / table["coupling"])
    strong = table[table["coupling"] >= 6.0]
    # t^2 / (4 J^2) below one half: 2.6e-3 at most.
    np.testing.assert_allclose(strong["ratio_to_t2_over_J"], 0.5, rtol=3e-3)
    common["electrons"]["hopping"] = {"law": "shells", "distances": [1.0], "amplitudes": [-1.0]}
    with pytest.raises(InputError, match=r"distance = 1\.5"):
        run_analysis("two_site", {"distances": [1.0, 1.5]}, {}, common)


# ---- perturbation theory --------------------------------------------------------------------------------------

MODELS = {
    "rkky",
    "rkky-fitted-kf",
    "rkky-positive",
    "pair",
    "second-order",
    "second-order-scaled",
    "strong-coupling",
}


def test_each_theory_is_found_in_its_own_limit():
    settings = {"structures": "train", "couplings": [1e-4], "configurations": 3}
    table = run_analysis("rkky", settings, {}, {"electrons": MODEL.to_dict(), "seed": 5}, BOX)["rkky"]
    error = table.pivot(index="model", columns="coupling", values="relative_torque_error")
    assert set(error.index) == MODELS
    assert (table["configurations"] == 12).all()
    # J = 1e-4 is a tenth of T: corrections of order (J/T)^2 = 1e-2. At J = 6 there is no limit in which
    # second order holds, while t^2/(2J) is right up to terms of order (band / J).
    assert error.loc["second-order", 1e-4] < 0.03
    assert error.loc["second-order", 6.0] > 1.0
    assert error.loc["strong-coupling", 6.0] < 0.6
    assert error.loc["strong-coupling", 1e-4] > 1.0
    # Least squares: more freedom fits better, and no fit is worse than no coupling at all.
    for coupling in error:
        column = error[coupling]
        assert column["rkky-fitted-kf"] <= min(column["rkky"], column["rkky-positive"]) + 1e-9
        assert column["second-order-scaled"] <= column["second-order"]
        assert column["rkky"] <= 1.0
        assert column["pair"] < column["rkky-fitted-kf"] + 0.02  # piecewise linear: not quite any function
    assert (table.loc[table["model"] == "rkky-positive", "amplitude"] >= 0).all()


@pytest.fixture(scope="module")
def sample():
    return rkky.Sample([sites(24, seed) for seed in range(4)], MODEL, 2, seed=5)


def test_rkky_shape_is_that_of_eq_2(sample):
    # x = 2 k_F R with k_F of 24 free electrons at a density of 0.8; distances read back from t = exp(-R).
    apart = ~np.eye(24, dtype=bool)
    x = -2 * (3 * np.pi**2 * 0.8) ** (1 / 3) * np.log(sample.hopping[1][apart])
    coupling = np.zeros((24, 24))
    coupling[apart] = (x * np.cos(x) - np.sin(x)) / x**4
    spins = sample.spins[1][0]
    np.testing.assert_allclose(sample.rkky_free[1, 0], np.cross(spins, -coupling @ spins), atol=1e-12)


def test_rkky_fit_recovers_the_parameters_it_was_given(sample):
    index = 60
    truth = 0.3 * sample.rkky[index]
    fits = {name: (k, a) for name, _, k, a in rkky.predictions(sample, MODEL, truth)}
    for name in ("rkky-fitted-kf", "rkky-positive"):
        assert fits[name] == pytest.approx((rkky.K_FERMI_GRID[index] * sample.k_free, 0.3))


@pytest.mark.parametrize("changes", [{"couplings": [1.0, -1.0]}, {"configurations": 0}])
def test_settings_of_perturbation_theory_that_make_no_sense(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        rkky.Rkky(**({"structures": "train", "couplings": (1.0,), "configurations": 1} | changes))
