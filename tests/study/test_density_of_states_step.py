import json

import numpy as np
import pandas as pd
import pytest

from sdglass.electrons.spectra import density_peak, level_windows, spacing_around
from sdglass.errors import InputError
from sdglass_study.jobs import density_of_states as step

OPTIONS = {
    "--coupling": 6.0,
    "--filling": 0.5,
    "--electron-temperature": 1e-3,
    "--hopping": json.dumps({"law": "yukawa", "amplitude": 1.0, "decay_length": 1.0}),
    "--n-sites": 24,
    "--box-length": 3.1,
    "--r-min": 0.5,
    "--dense-sites": 60,
    "--realizations": 20,
    "--coupled-realizations": 3,
    "--bin-width": 0.1,
    "--seed": 3,
}


def run_step(folder, **changes):
    options = OPTIONS | {"--" + key.replace("_", "-"): value for key, value in changes.items()}
    options |= {"--out-dos": folder / "dos.csv", "--out-summary": folder / "electrons.csv"}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("sys.argv", ["step", *[str(x) for pair in options.items() for x in pair]])
        step.main()
    return pd.read_csv(folder / "dos.csv"), pd.read_csv(folder / "electrons.csv")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return run_step(tmp_path_factory.mktemp("dos"))


SYSTEMS = ["J=0, N=24", "J=0, N=60", "J=0, N=60, same density", "J=6, N=24"]


def test_curves(tables):
    curves, _ = tables
    assert list(curves) == [
        *("system", "n_sites", "box_length", "coupling"),
        *("energy", "density_of_states", "standard_error", "realizations"),
    ]
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


def test_summary(tables):
    _, summary = tables
    assert list(summary) == [
        *("quantity", "system", "n_sites", "box_length", "coupling", "value", "standard_error", "samples")
    ]
    assert not summary.isna().any().any()
    value = summary.pivot(index="quantity", columns="system", values="value")
    common = ["dos_at_fermi_level", "dos_maximum", "peak_position", "peak_distance_to_fermi_level", "fermi_level"]
    common += ["gap", "gap_in_level_spacings", "gap_times_dos", "level_spacing"]
    assert value.loc[common, SYSTEMS].notna().all().all()
    windows = [
        f"{kind}_ratio_{w}" for kind in ("participation", "spacing") for w in ("middle", "lowest", "highest")
    ]
    assert value.loc[windows, SYSTEMS[:3]].notna().all().all()
    exponents = [f"participation_exponent_{w}" for w in ("middle", "lowest", "highest")]
    assert value.loc[exponents, "J=0, same density"].notna().all()


def test_the_same_density_is_the_same_density(tables):
    _, summary = tables
    rows = summary[summary["system"].isin([SYSTEMS[0], SYSTEMS[2]])]
    density = rows["n_sites"] / rows["box_length"] ** 3
    np.testing.assert_allclose(density, 24 / 3.1**3, rtol=1e-8)


def test_gapless_without_and_gapped_with_the_coupling(tables):
    _, summary = tables
    value = summary.pivot(index="quantity", columns="system", values="value")
    for system in SYSTEMS[:3]:
        # A spacing between neighbouring levels has a relative scatter below one: 4 sigma of 20 realizations.
        assert value.loc["gap_in_level_spacings", system] < 1 + 4 / np.sqrt(20)
        assert value.loc["dos_at_fermi_level", system] > 0
    # J = 6 splits the band into two around -J and +J: the gap is comparable to 2 J less the band width.
    assert 4.0 < value.loc["gap", SYSTEMS[3]] < 12.0
    assert value.loc["dos_at_fermi_level", SYSTEMS[3]] == 0.0
    assert value.loc["gap_in_level_spacings", SYSTEMS[3]] > 5


def test_states_at_the_lower_edge_are_the_localised_ones(tables):
    # Close pairs of sites bind an electron at -t(r_min): few sites share those states.
    _, summary = tables
    value = summary.pivot(index="quantity", columns="system", values="value")[SYSTEMS[2]]
    assert value["participation_ratio_lowest"] < 0.6 * value["participation_ratio_middle"]


def test_the_exponent_of_states_that_spread_with_the_system(tables):
    _, summary = tables
    pivot = summary.pivot(index="quantity", columns="system", values="value")
    for window in ("middle", "lowest", "highest"):
        small, large = (pivot.loc[f"participation_ratio_{window}", SYSTEMS[i]] for i in (0, 2))
        expected = np.log(60 * large / (24 * small)) / np.log(60 / 24)
        measured = pivot.loc[f"participation_exponent_{window}", "J=0, same density"]
        assert measured == pytest.approx(expected, rel=1e-6)


def test_nothing_depends_on_how_many_realizations_follow(tmp_path):
    few, _ = run_step(tmp_path, realizations=2, coupled_realizations=2)
    args = step.argument_parser().parse_args(
        [str(x) for pair in (OPTIONS | {"--out-dos": "x", "--out-summary": "y"}).items() for x in pair]
    )
    system = step.systems(args)[0]
    spectra = step.solve_realizations(system, step.electrons(args), 0.5, 3)
    spectra.levels = spectra.levels[:2]
    _, rho = step.histograms(spectra, 0.1)
    curve = few[few["system"] == system.label]
    np.testing.assert_allclose(curve["density_of_states"], rho.mean(axis=0), atol=1e-9)


def test_odd_electron_numbers_are_metals(tmp_path):
    # 25 electrons in spin-degenerate levels: the level at the Fermi energy is half full, the gap zero.
    _, summary = run_step(tmp_path, filling=25 / 48, realizations=2, coupled_realizations=2, coupling=0)
    assert "J=6, N=24" not in set(summary["system"])
    gap = summary[(summary["quantity"] == "gap") & (summary["system"] == SYSTEMS[0])]
    assert gap["value"].item() == 0.0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"realizations": 1}, "realizations = 1; expected at least 2"),
        ({"dense_sites": 24}, "dense_sites = 24"),
        ({"bin_width": 0.0}, "bin_width = 0.0"),
    ],
)
def test_bad_input(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        run_step(tmp_path, **changes)


def test_density_peak_is_exact_for_a_parabola():
    x = np.linspace(-1, 1, 21)
    position, height = density_peak(x, 2.0 - 3.0 * (x - 0.137) ** 2)
    assert (position, height) == pytest.approx((0.137, 2.0))
    assert density_peak(x, np.ones(21))[1] == 1.0  # no maximum: no division by zero


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
