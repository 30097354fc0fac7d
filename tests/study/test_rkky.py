"""Perturbation theory in the study: the coupling of two sites, RKKY against exact torques."""

import json

import numpy as np
import pandas as pd
import pytest

from sdglass.electrons.perturbation import strong_coupling
from sdglass.electrons.sd_model import SDModel
from sdglass.errors import InputError
from sdglass_study.jobs import rkky as rkky_step
from sdglass_study.jobs import two_site

ELECTRONS = [
    *("--coupling", "6", "--filling", "0.5", "--electron-temperature", "0.001"),
    *("--hopping", json.dumps({"law": "yukawa", "amplitude": 1.0, "decay_length": 1.0})),
]


def run_step(step, monkeypatch, arguments):
    monkeypatch.setattr("sys.argv", ["step", *map(str, arguments)])
    step.main()


def test_two_sites_couple_by_half_of_what_the_paper_prints():
    matrix = two_site.pair(0.5, SDModel().hopping)
    t = np.exp(-0.5)
    for coupling in (0.5, 6.0, 50.0):
        value = two_site.pair_coupling(matrix, SDModel(coupling, 0.5, 1e-3))
        # Below J = t the parallel state has both electrons in the bonding level.
        assert value == pytest.approx(np.hypot(coupling, t) - max(coupling, t), abs=1e-9)
    # The last one is at J = 50, where the next order is t^2 / (4 J^2) = 4e-5.
    assert value == pytest.approx(strong_coupling(matrix, 50.0)[0, 1], rel=1e-3)


def test_two_site_step(tmp_path, monkeypatch):
    out = tmp_path / "two_site.csv"
    run_step(two_site, monkeypatch, [*ELECTRONS, "--couplings", 0.5, 50, "--distances", 0.5, 1.5, "--out", out])
    table = pd.read_csv(out)
    assert list(table) == [
        *("coupling", "distance", "hopping", "pair_coupling", "t2_over_2J", "t2_over_J", "ratio_to_t2_over_J")
    ]
    assert table["coupling"].unique().tolist() == [0.5, 6.0, 50.0]  # the study's own J is always there
    assert len(table) == 6
    assert not table.isna().any().any()
    np.testing.assert_allclose(table["hopping"], np.exp(-table["distance"]), rtol=1e-9)
    np.testing.assert_allclose(table["t2_over_J"], table["hopping"] ** 2 / table["coupling"], rtol=1e-8)
    np.testing.assert_allclose(table["t2_over_2J"], table["t2_over_J"] / 2, rtol=1e-8)
    np.testing.assert_allclose(table["ratio_to_t2_over_J"], table["pair_coupling"] / table["t2_over_J"], rtol=1e-8)
    strong = table[table["coupling"] >= 6.0]
    # t^2 / (4 J^2) below one half: 2.6e-3 at most.
    np.testing.assert_allclose(strong["ratio_to_t2_over_J"], 0.5, rtol=3e-3)


def test_two_site_step_refuses_a_pair_without_hopping(tmp_path, monkeypatch):
    law = json.dumps({"law": "shells", "distances": [1.0], "amplitudes": [-1.0]})
    arguments = [*ELECTRONS[:-1], law, "--distances", 1.0, 1.5, "--out", tmp_path / "two_site.csv"]
    with pytest.raises(InputError, match=r"distance = 1\.5"):
        run_step(two_site, monkeypatch, arguments)


@pytest.fixture(scope="module")
def rkky_table(tmp_path_factory):
    out = tmp_path_factory.mktemp("rkky") / "rkky.csv"
    sizes = ["--n-sites", 24, "--box-length", 3.1, "--r-min", 0.5, "--seed", 5]
    with pytest.MonkeyPatch.context() as monkeypatch:
        arguments = [*ELECTRONS, *sizes, "--couplings", 1e-4, "--configurations", 3, "--out", out]
        run_step(rkky_step, monkeypatch, arguments)
    return pd.read_csv(out)


def test_rkky_step_writes_a_row_per_coupling_and_model(rkky_table):
    assert list(rkky_table) == [
        *("coupling", "model", "relative_torque_error", "standard_error"),
        *("k_fermi", "torque_rms", "configurations", "amplitude"),
    ]
    models = {"rkky", "rkky-fitted-kf", "rkky-positive", "pair", "second-order", "second-order-scaled"}
    for coupling in (1e-4, 6.0):
        assert set(rkky_table.loc[rkky_table["coupling"] == coupling, "model"]) == models | {"strong-coupling"}
    assert len(rkky_table) == 14
    assert np.isfinite(rkky_table.drop(columns="model")).all().all()
    assert (rkky_table["configurations"] == 12).all()


def test_rkky_step_finds_each_theory_in_its_own_limit(rkky_table):
    error = rkky_table.pivot(index="model", columns="coupling", values="relative_torque_error")
    # J = 1e-4 is a tenth of T: corrections of order (J/T)^2 = 1e-2. At J = 6 there is no limit in which
    # second order holds, while t^2/(2J) is right up to terms of order (band / J).
    assert error.loc["second-order", 1e-4] < 0.03
    assert error.loc["second-order", 6.0] > 1.0
    assert error.loc["strong-coupling", 6.0] < 0.6
    assert error.loc["strong-coupling", 1e-4] > 1.0
    # Least squares: more freedom fits better, and no fit is worse than no coupling at all.
    for coupling in error:
        column = error[coupling]
        assert column["rkky-fitted-kf"] <= column["rkky"] + 1e-9
        assert column["rkky-fitted-kf"] <= column["rkky-positive"] + 1e-9
        assert column["second-order-scaled"] <= column["second-order"]
        assert column["rkky"] <= 1.0
        assert column["pair"] < column["rkky-fitted-kf"] + 0.02  # piecewise linear: not quite any function
    assert (rkky_table.loc[rkky_table["model"] == "rkky-positive", "amplitude"] >= 0).all()


@pytest.fixture(scope="module")
def sample():
    options = ["--n-sites", 24, "--box-length", 3.1, "--r-min", 0.5, "--seed", 5, "--couplings", 1]
    arguments = [*ELECTRONS, *options, "--configurations", 2, "--out", "unused"]
    return rkky_step.Sample(rkky_step.argument_parser().parse_args([str(x) for x in arguments]), SDModel())


def test_rkky_shape_is_that_of_eq_2(sample):
    # x = 2 k_F R with k_F of 24 free electrons in 3.1^3; distances read back from t = exp(-R).
    k_fermi = (3 * np.pi**2 * 24 / 3.1**3) ** (1 / 3)
    apart = ~np.eye(24, dtype=bool)
    x = -2 * k_fermi * np.log(sample.hopping[1][apart])
    coupling = np.zeros((24, 24))
    coupling[apart] = (x * np.cos(x) - np.sin(x)) / x**4
    spins = sample.spins[1][0]
    np.testing.assert_allclose(sample.rkky_free[1, 0], np.cross(spins, -coupling @ spins), atol=1e-12)


def test_rkky_fit_recovers_the_parameters_it_was_given(sample):
    index = 60
    truth = 0.3 * sample.rkky[index]
    fits = {name: (k, a) for name, _, k, a in rkky_step.predictions(sample, SDModel(), truth)}
    for name in ("rkky-fitted-kf", "rkky-positive"):
        assert fits[name] == pytest.approx((rkky_step.K_FERMI_GRID[index] * sample.k_free, 0.3))


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [("--realizations", 1, "at least 2 structures"), ("--couplings", -1.0, "expected J > 0")],
)
def test_rkky_step_refuses_bad_input(tmp_path, monkeypatch, option, value, message):
    options = {"--couplings": 1.0, "--configurations": 1, "--realizations": 2, "--seed": 1}
    options |= {"--n-sites": 8, "--box-length": 2.2, "--r-min": 0.5, "--out": tmp_path / "x.csv", option: value}
    with pytest.raises(InputError, match=message):
        run_step(rkky_step, monkeypatch, [*ELECTRONS, *[x for pair in options.items() for x in pair]])
