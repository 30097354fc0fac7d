"""Verdicts follow from the numbers by the stated rules: each is moved across its boundary."""

import itertools

import numpy as np
import pandas as pd
import pytest

from sdglass.errors import InputError
from sdglass.observables.domain_growth import main_ensembles
from sdglass_study.claims import dynamics, electrons, force_field, psi
from sdglass_study.claims.table import VERDICTS, Claim, Tables

RUNS = (("slow", 0.05), ("fast", 1.0))


def electron_rows():
    """The summary of the spectra, as the step writes it."""
    rows = []

    def add(system, n, box, coupling, **quantities):
        for quantity, (value, error) in quantities.items():
            rows.append((quantity, system, n, box, coupling, value, error, 60))

    for n, rho, top in ((100, 2.0, 2.4), (500, 1.9, 3.0)):
        add(
            f"J=0, N={n}", n, 5.0, 0.0,
            dos_at_fermi_level=(rho, 0.02), dos_maximum=(top, 0.02), peak_position=(-0.1, 0.01),
            gap=(0.005, 1e-4), gap_in_level_spacings=(1.0, 0.02), participation_ratio_middle=(0.27, 0.01),
            spacing_ratio_middle=(0.53, 0.003),
        )  # fmt: skip
    add(
        "J=0, N=500, same density", 500, 8.55, 0.0,
        participation_ratio_middle=(0.24, 0.01), spacing_ratio_middle=(0.53, 0.003),
        participation_exponent_middle=(0.93, 0.01),
    )  # fmt: skip
    add("J=6, N=100", 100, 5.0, 6.0, gap=(7.5, 0.05))
    columns = "quantity system n_sites box_length coupling value standard_error samples".split()
    return pd.DataFrame(rows, columns=columns)


def error_rows():
    """Torque errors, as the step writes them."""
    rows = []
    models = {"pair": 7e-4, "linear": 6.9e-4, "bond": 6.5e-4, "chirality": 6.4e-4}
    models |= {"bond-configurations": 6e-4, "chirality-configurations": 5.9e-4, "small": 6.6e-4}
    for model, rmse in models.items():
        kinds = ["-"] if model in ("pair", "linear") else ["single", "committee"]
        for kind, label, stage in itertools.product(
            kinds, ("training", "validation", "unseen", "large", "n1000"), ("random", "relaxed", "frozen", "all")
        ):
            value = (
                rmse
                * {"training": 0.9, "large": 1.4, "n1000": 2.4}.get(label, 1.0)
                * (0.4 if stage == "frozen" else 1.0)
            )
            rms = 0.004 if stage == "frozen" else 0.0138
            sites = {"large": 500, "n1000": 1000}.get(label, 100)
            rows.append(
                (
                    model,
                    kind,
                    label,
                    stage,
                    sites,
                    value,
                    0.9 * value,
                    1.1 * value,
                    rms,
                    value / rms,
                    1e-4,
                    1e-4,
                    4,
                    80,
                )
            )
    columns = (
        "model member set stage n_sites rmse low high rms relative energy_rmse_per_site energy_rmse_within "
        "realizations configurations"
    ).split()
    return pd.DataFrame(rows, columns=columns)


def paired_rows():
    """Ratios of errors on the same realizations, as the step writes them."""
    pairs = [("bond", "pair"), ("linear", "pair"), ("bond", "linear"), ("chirality", "bond"), ("small", "bond")]
    pairs += [("bond-long", "bond")]
    pairs += [(name, "small") for name in ("small-chirality", "small-relu", "data-2x50", "data-4x250")]
    rows = [
        (top, bottom, label, stage, "committee", 0.96, 0.9, 1.02, 4)
        for top, bottom in pairs
        for label in ("unseen", "large", "n1000")
        for stage in ("random", "relaxed", "frozen", "all")
    ]
    return pd.DataFrame(rows, columns="numerator denominator set stage member ratio low high realizations".split())


def model_rows():
    """What the models are, as the step writes it."""
    large, small = ("1024-128", 1.9e6, "celu", False), ("128-64", 38e3, "celu", True)
    rows = [
        ("pair", "", 50, "", np.nan, False, "", 0, 10, 2500),
        ("linear", "", 150, "", np.nan, False, "", 0, 10, 2500),
    ]
    for name, chiral, protocol, kind, realizations, configurations in (
        ("bond", False, "realizations", large, 8, 2000),
        ("chirality", True, "realizations", large, 8, 2000),
        ("bond-long", False, "realizations", large, 8, 2000),
        ("small", False, "realizations", small, 8, 2000),
        ("small-chirality", True, "realizations", small, 8, 2000),
        ("bond-configurations", False, "configurations", small, 10, 2000),
        ("chirality-configurations", True, "configurations", small, 10, 2000),
        ("small-relu", False, "realizations", (*small[:2], "relu", True), 8, 2000),
        ("small-unstarted", False, "realizations", (*small[:3], False), 4, 1500),
        ("data-2x50", False, "realizations", small, 2, 100),
        ("data-4x250", False, "realizations", small, 4, 1000),
    ):
        rows.append((name, *kind, chiral, protocol, 5, realizations, configurations))
    columns = (
        "model layers parameters activation linear_term chirality protocol networks realizations configurations"
    )
    return pd.DataFrame(rows, columns=columns.split())


def training_rows():
    """The ends of the learning curves."""
    rows = [
        (name, fold, 30, 28, 5e-4, 0.01) for name in ("bond", "chirality", "tiny", "bond-long") for fold in (0, 1)
    ]
    return pd.DataFrame(rows, columns="variant fold epochs best_epoch validation_torque_rmse last_third".split())


def event_rows():
    """What is read off C(r, t)."""
    rows = []
    for run, damping in RUNS:
        slow = run == "slow"
        values = {
            "contact_time": 300.0 if slow else 20.0, "zero_crossing_late": 1.2, "zero_crossing_contact": 1.6, "peak_position_late": 1.5,
            "band_contact_late": -0.39, "band_peak_late": 0.04, "band_far_late": -0.01,
            "peak_time": 900.0 if slow else 60.0,
        }  # fmt: skip
        for quantity, value in values.items():
            spread = 0.1 * abs(value)
            rows.append((run, damping, "exact", quantity, value, value - spread, value + spread))
        for engine in ("network", "pair"):
            for quantity, value in (
                ("difference_rms", 0.005),
                ("difference_max", 0.02),
                ("difference_late_rms", 0.01),
                ("difference_late_noise", 0.008),
                ("difference_within_two_sigma", 0.9),
            ):
                rows.append((run, damping, engine, quantity, value, np.nan, np.nan))
    return pd.DataFrame(rows, columns="run damping engine quantity value low high".split())


def make_tables():
    """All tables that the claims read, as a study that mostly agrees with physics.md would write them."""
    tables = Tables("tables")
    times = np.array([0.0, 1.0, 10.0, 100.0, 300.0, 1000.0])
    fall = np.array([1.0, 0.95, 0.8, 0.5, 0.35, 0.3])
    freezing = [
        pd.DataFrame(
            {
                "ensemble": f"small-{run}", "engine": "exact", "damping": damping, "n_sites": 100, "time": times,
                "torque_rms": 0.0138 * fall, "torque_rms_error": 1e-4, "energy_per_site": -0.012 * (1 - fall) / 0.7,
                "energy_error": 1e-4, "step_overlap": [np.nan, 0.99, 0.9, 0.8, 0.9, 0.95], "step_overlap_error": 0.01, "ratio": [np.nan, np.nan, 1.26, 1.26, 1.26, 1.26],
                "magnetization": 0.005, "magnetization_error": 0.004,
            }
        )
        for run, damping in RUNS
    ]  # fmt: skip
    # The middle of the run has nearly the final energy: what is left to gain is small.
    for frame in freezing:
        frame.loc[frame["time"] == 300.0, "energy_per_site"] = 0.97 * frame["energy_per_site"].iloc[-1]
    r = np.round(np.arange(0.55, 2.5, 0.1), 2)
    disconnected = pd.DataFrame(
        {
            "ensemble": "small-fast", "engine": "exact", "time": 300.0, "distance": r,
            "disconnected": 0.002 * np.cos(7 * r), "standard_error": 0.01, "correlation": -0.7 * np.exp(-r),
        }
    )  # fmt: skip
    couplings = [
        pd.DataFrame({"model": m, "distance": r, "coupling": c, "low": 0.9 * c, "high": 1.1 * c, "pairs": 100})
        for m in ("network", "second-order")
        for c in [0.03 * np.exp(-2 * (r - 0.5))]
    ]
    rkky = [
        (j, model, error, 0.01)
        for j in (0.01, 6.0)
        for model, error in {
            "rkky": 0.94, "rkky-positive": 0.9, "rkky-fitted-kf": 0.13, "pair": 0.05, "second-order": 0.02 if j < 1 else 1e3,
            "second-order-scaled": 0.97,
        }.items()
    ]  # fmt: skip
    length = pd.DataFrame(
        {
            "ensemble": "large-network-fast", "engine": "network", "damping": 1.0, "time": times[1:],
            "estimator": "naive", "xi": [1.3, 1.0, 0.8, 0.84, 0.87],
        }
    )  # fmt: skip
    length["low"], length["high"] = length["xi"] - 0.01, length["xi"] + 0.01
    length["realizations"], length["replicas"] = 4, 8
    control = length.assign(ensemble="large-exact-fast", engine="exact", replicas=2, xi=1.0, low=0.9, high=1.1)
    length = pd.concat([length, control], ignore_index=True)
    rows = [("none", "log", 1.0, e, d) for e, d in ((9.0, 0.4), (7.0, -0.3))]
    rows += [("none", "weighted", 1.0, e, d) for e, d in ((8.0, 0.4), (6.0, -0.3))]
    rows += [("r_low", "log", 0.1, 2.0, 0.1), ("free", "nonlinear", 1.0, 3.0, 0.0)]
    multiverse = pd.DataFrame(rows, columns="offset fit time_unit exponent delta_aic".split()).assign(
        law="barrier"
    )
    power = pd.DataFrame(
        {"offset": ["none"], "fit": "log", "exponent": 40.0, "delta_aic": 0.0, "law": "power_law"}
    )
    multiverse = pd.concat([multiverse, power], ignore_index=True).assign(
        run="network-fast", engine="network", damping=1.0, estimator="naive", bin_width=0.1, r_low=0.5, r_max=4.2,
        start=30.0, stop=1000.0, n_points=12, grows=1, identified=1,
    )  # fmt: skip
    multiverse["exponent_low"], multiverse["exponent_high"] = 0.8 * multiverse.exponent, 1.3 * multiverse.exponent
    units = {"run": "network-fast", "estimator": "naive", "start": [30.0, 100.0]}
    units = pd.DataFrame(units | {"identified": [1, 0], "log10_unit": [-20.0, -3.0]})
    keys = {"ensemble": "large-network-fast", "engine": "network", "damping": 1.0, "reference": "exact"}
    keys |= {"reference_ensemble": "large-exact-fast", "realizations": 4, "replicas": 2}
    at = {"time": [10.0, 100.0], "difference": [0.1, 0.004], "low": [0.05, -0.01], "high": [0.15, 0.02]}
    paired = pd.DataFrame(keys | {"quantity": "xi_naive", "value": 0.9, "reference_value": 0.896} | at)
    near = [
        pd.DataFrame(keys | {"time": time, "distance": r, "difference": difference, "error": 0.005})
        for time, difference in ((10.0, 0.2), (100.0, 0.01))
    ]
    tables._frames = {
        "electrons": electron_rows(),
        "torque_errors": error_rows(),
        "fig4_events": event_rows(),
        "freezing": pd.concat(freezing, ignore_index=True),
        "disconnected": disconnected,
        "couplings": pd.concat(couplings, ignore_index=True),
        "rkky": pd.DataFrame(rkky, columns="coupling model relative_torque_error standard_error".split()).assign(
            amplitude=-1.0
        ),
        "paired": paired_rows(),
        "models": model_rows(),
        "training": training_rows(),
        "two_site": pd.DataFrame({"coupling": [6.0, 50.0, 50.0], "ratio_to_t2_over_J": [0.4987, 0.5, 0.49999]}),
        "fig5_length": length,
        "psi_multiverse": multiverse,
        "psi_units": units,
        "large_paired": paired,
        "large_difference": pd.concat(near, ignore_index=True),
    }
    return tables


def set_values(tables, table, column, value, **where):
    """Overwrite a column in the rows that match."""
    frame = tables[table]
    mask = np.ones(len(frame), bool)
    for name, wanted in where.items():
        mask &= (frame[name] == wanted).to_numpy()
    assert mask.any()
    frame.loc[mask, column] = value


def all_claims(tables):
    return (
        electrons.electron_claims(tables)
        + force_field.force_field_claims(tables)
        + dynamics.dynamics_claims(tables)
    )


def test_every_claim_is_complete():
    claims = all_claims(make_tables())
    assert len({claim.id for claim in claims}) == len(claims) >= 24
    assert {claim.verdict for claim in claims} == set(VERDICTS) - {"depends on the activation"}


def test_a_claim_without_a_number_is_refused():
    with pytest.raises(InputError, match="needs a number"):
        Claim("x", "c", "p", "nan t0", "u", "partly", "r", "t", "n")
    with pytest.raises(InputError, match="uncertainty"):
        Claim("x", "c", "p", "1", "", "partly", "r", "t", "n")


def test_a_missing_table_or_row_is_named(tmp_path):
    tables = Tables(tmp_path)
    with pytest.raises(InputError, match=r"rkky\.csv: no such table"):
        tables["rkky"]
    with pytest.raises(InputError, match="no row with run = other"):
        make_tables().row("fig4_events", run="other")


def test_what_does_not_happen_is_said():
    tables = make_tables()
    for column in ("value", "low", "high"):
        for quantity in (
            "zero_crossing_late",
            "zero_crossing_contact",
            "contact_time",
            "peak_time",
            "peak_position_late",
        ):
            set_values(tables, "fig4_events", column, np.nan, quantity=quantity)
    for claim, words in (
        (dynamics.zero_crossing, "no sign change"),
        (dynamics.contact, "not reached"),
        (dynamics.peak, "not significant"),
    ):
        assert claim(tables).verdict == "not reproduced"
        assert words in claim(tables).ours
    set_values(tables, "torque_errors", ["low", "high"], [np.nan, np.nan], set="large")
    assert "single realization" in force_field.transfer(tables).uncertainty
    set_values(tables, "psi_multiverse", ["grows", "identified"], 0)
    assert psi.barrier_exponent(tables).verdict == "not reproduced"
    assert "does not grow" in psi.barrier_exponent(tables).ours
    assert psi.one_exponent(tables).verdict == "not reproduced"
    assert psi.growth_law(tables).verdict == "depends on the analysis"
    assert "do not fix any exponent" in psi.psi_paragraph(tables)
    set_values(tables, "large_paired", "reference", "bond")
    assert dynamics.learned_correlations_large(tables) == []


def large(tables):
    """The claim on N = 500, which is there if an exact run is."""
    return dynamics.learned_correlations_large(tables)[0]


# function, verdict of the plain tables, then changes to a table and the verdict they must lead to.
CASES = [
    (electrons.dos_peak, "reproduced", ("electrons", "value", 0.4, {"quantity": "dos_at_fermi_level"}), "not reproduced"),
    (electrons.dos_gapless, "reproduced", ("electrons", "value", 0.0, {"quantity": "dos_at_fermi_level"}), "not reproduced"),
    (electrons.gap_at_strong_coupling, "not reproduced", ("electrons", "value", 0.01, {"coupling": 6.0}), "reproduced"),
    (
        electrons.extended_states,
        "reproduced",
        ("electrons", "value", 0.1, {"quantity": "participation_exponent_middle"}),
        "partly",
    ),
    (electrons.effective_exchange, "partly", ("two_site", "ratio_to_t2_over_J", 1.0, {}), "reproduced"),
    (electrons.effective_exchange, "partly", ("two_site", "ratio_to_t2_over_J", -0.5, {}), "not reproduced"),
    (
        electrons.antiferromagnetic_at_short_distance,
        "reproduced",
        ("couplings", "coupling", -0.01, {"model": "network"}),
        "not reproduced",
    ),
    (electrons.rkky_at_strong_coupling, "reproduced", ("rkky", "relative_torque_error", 0.1, {"model": "rkky"}), "partly"),
    (electrons.rkky_at_weak_coupling, "not reproduced", ("rkky", "relative_torque_error", 0.1, {"model": "rkky"}), "reproduced"),
    (electrons.learned_couplings, "partly", ("couplings", "high", -1e-3, {"distance": 2.45}), "reproduced"),
    (force_field.error_size, "reproduced", ("torque_errors", "rmse", 2e-3, {"model": "bond"}), "partly"),
    (force_field.generalization, "reproduced", ("torque_errors", "rmse", 2e-3, {"set": "unseen"}), "not reproduced"),
    (force_field.chirality, "reproduced", ("paired", "ratio", 0.5, {"numerator": "chirality"}), "not reproduced"),
    (force_field.chirality, "reproduced", ("paired", "high", 0.99, {"numerator": "small-chirality"}), "partly"),
    (force_field.chirality, "reproduced", ("paired", "ratio", 1.3, {"numerator": "chirality"}), "partly"),
    (force_field.beyond_pair_model, "not reproduced", ("paired", "high", 0.99, {"denominator": "pair"}), "partly"),
    (
        force_field.beyond_pair_model,
        "not reproduced",
        ("paired", ["ratio", "high"], [0.5, 0.6], {"denominator": "pair"}),
        "reproduced",
    ),
    (force_field.transfer, "partly", ("torque_errors", "rmse", 6.5e-4, {"set": "large"}), "reproduced"),
    (force_field.generalization, "reproduced", ("torque_errors", "rmse", 1e-4, {"model": "small"}), "reproduced"),
    (force_field.chirality, "reproduced", ("paired", "ratio", 0.8, {"numerator": "small-chirality"}), "not reproduced"),
    (force_field.transfer, "partly", ("torque_errors", "rmse", 2e-3, {"set": "large"}), "not reproduced"),
    (force_field.network_size, "not reproduced", ("paired", "low", 1.01, {"numerator": "small"}), "partly"),
    (
        force_field.network_size,
        "not reproduced",
        ("paired", ["ratio", "low"], [1.2, 1.1], {"numerator": "small"}),
        "reproduced",
    ),
    (force_field.activation, "reproduced", ("paired", "ratio", 0.7, {"numerator": "small-relu", "stage": "frozen"}), "depends on the activation"),
    (force_field.training_data, "reproduced", ("paired", "ratio", 1.2, {"numerator": "data-4x250"}), "partly"),
    (force_field.training_data, "reproduced", ("paired", "ratio", 1.9, {"numerator": "data-2x50"}), "reproduced"),
    (force_field.converged, "reproduced", ("training", "last_third", 0.05, {"variant": "chirality"}), "partly"),
    (force_field.converged, "reproduced", ("training", "last_third", 0.5, {"variant": "tiny"}), "reproduced"),
    (force_field.late_stage, "partly", ("torque_errors", "relative", 0.5, {"stage": "frozen"}), "not reproduced"),
    (dynamics.learned_correlations, "reproduced", ("fig4_events", "value", 0.03, {"quantity": "difference_late_rms"}), "partly"),
    (dynamics.magnetization, "reproduced", ("freezing", "magnetization", 0.3, {}), "not reproduced"),
    (dynamics.subtraction, "reproduced", ("disconnected", "disconnected", 0.3, {}), "not reproduced"),
    (dynamics.freezing, "reproduced", ("freezing", "step_overlap", 0.2, {"ensemble": "small-slow"}), "partly"),
    (dynamics.contact, "depends on the damping", ("fig4_events", "value", 29.0, {"quantity": "contact_time"}), "reproduced"),
    (dynamics.contact, "depends on the damping", ("fig4_events", "value", 37.0, {"quantity": "contact_time"}), "not reproduced"),
    (dynamics.zero_crossing, "partly", ("fig4_events", "value", 1.41, {"quantity": "zero_crossing_contact"}), "reproduced"),
    (dynamics.peak, "depends on the damping", ("fig4_events", "value", 140.0, {"quantity": "peak_time"}), "reproduced"),
    (dynamics.peak, "depends on the damping", ("fig4_events", "value", 900.0, {"quantity": "peak_time"}), "not reproduced"),
    (dynamics.oscillation, "reproduced", ("fig4_events", "low", -0.1, {"quantity": "band_peak_late"}), "partly"),
    (dynamics.growth, "partly", ("fig5_length", "xi", 0.9, {"time": 100.0}), "not reproduced"),
    (psi.barrier_exponent, "not reproduced", ("psi_multiverse", "exponent_low", 0.9, {"offset": "r_low"}), "depends on the analysis"),
    (psi.barrier_exponent, "not reproduced", ("psi_multiverse", "exponent_low", 0.9, {}), "reproduced"),
    (psi.one_exponent, "depends on the analysis", ("psi_multiverse", "exponent", 8.0, {}), "reproduced"),
    (psi.growth_law, "depends on the analysis", ("psi_multiverse", "delta_aic", -5.0, {}), "reproduced"),
    (psi.growth_law, "depends on the analysis", ("psi_multiverse", "delta_aic", 5.0, {}), "not reproduced"),
    (large, "reproduced", ("large_paired", ["difference", "low"], [0.02, 0.01], {"time": 100.0}), "partly"),
    (large, "reproduced", ("large_difference", "difference", 0.06, {"time": 100.0}), "not reproduced"),
]  # fmt: skip


def test_a_claim_for_every_larger_size():
    large, largest = force_field.transfers(make_tables())
    assert (large.id, large.verdict) == ("transfer", "partly")
    assert (largest.id, largest.verdict) == ("transfer-n1000", "not reproduced")
    assert "error at N = 1000 / N = 100: 2.40" in largest.ours


def test_protocols_are_compared_between_networks_of_one_size():
    """bond-configurations is small where small exists; elsewhere it is like bond."""
    tables = make_tables()
    assert force_field._peer(tables, "bond-configurations") == "small"
    assert force_field._peer(tables, "chirality-configurations") == "small-chirality"
    assert "known structures: 1.10 (networks of 38 thousand parameters)" in force_field.generalization(tables).ours
    set_values(tables, "models", "parameters", 1.9e6, model="bond-configurations")
    assert force_field._peer(tables, "bond-configurations") == "bond"
    assert "up to 30 epochs has 0.960 times the error" in force_field.converged(tables).ours
    set_values(tables, "models", "parameters", 5, model="bond-configurations")
    with pytest.raises(InputError, match="no network like bond-configurations"):
        force_field.generalization(tables)


def test_a_study_of_four_networks_is_judged_by_what_it_has():
    tables = make_tables()
    classic = ["pair", "linear", "bond", "chirality", "bond-configurations", "chirality-configurations"]
    frame = tables["models"]
    tables._frames["models"] = frame[frame["model"].isin(classic)].assign(parameters=38e3)
    frame = tables["torque_errors"]
    tables._frames["torque_errors"] = frame[frame["model"].isin(classic) & (frame["set"] != "n1000")]
    ids = [claim.id for claim in force_field.force_field_claims(tables)]
    assert ids == ["sigma", "generalization", "chirality", "beyond-pair", "transfer", "late-stage", "converged"]


def test_a_network_without_committee_stands_for_itself():
    tables = make_tables()
    frame = tables["torque_errors"]
    tables._frames["torque_errors"] = frame[(frame["model"] != "bond") | (frame["member"] != "committee")]
    set_values(tables, "torque_errors", "rmse", 9.9e-4, model="bond", set="large", stage="random")
    assert "9.90e-04" in force_field.transfer(tables).ours


@pytest.mark.parametrize(("claim", "plain", "change", "changed"), CASES)
def test_the_verdict_follows_the_number(claim, plain, change, changed):
    tables = make_tables()
    assert claim(tables).verdict == plain
    table, column, value, where = change
    set_values(tables, table, column, value, **where)
    if claim is dynamics.growth:  # nothing grows any more after the minimum
        set_values(tables, "fig5_length", "xi", 0.9, time=300.0)
        set_values(tables, "fig5_length", "xi", 0.9, time=1000.0)
    assert claim(tables).verdict == changed


def test_the_verdict_on_psi_in_words_follows_the_numbers():
    tables = make_tables()
    words = psi.psi_paragraph(tables)
    assert words.startswith("psi was fitted in 6 ways")
    assert "In 6 of the fits (100%)" in words
    assert "these data do not support 1.02: xi grows more slowly" in words
    assert "a unit of 10^-20 (in" in words  # of the window with growth, not of the other
    set_values(tables, "psi_multiverse", "exponent_low", 0.9, offset="free")
    words = psi.psi_paragraph(tables)
    assert "1 (17%) have a 95 % interval that holds 1.02" in words
    assert "1.02 can be obtained, but by choosing" in words
    assert "offset of xi fitted (100% of its exponents)" in words
    set_values(tables, "psi_multiverse", ["exponent", "exponent_low", "exponent_high"], [1.0, 0.9, 1.1])
    assert "1.02 is compatible with most analyses of these data." in psi.psi_paragraph(tables)
    assert psi.barrier_exponent(tables).verdict == "reproduced"
    # One lucky combination in eleven is not a result.
    frame = tables["psi_multiverse"]
    flat = frame[frame.law == "barrier"].assign(identified=0, grows=0)
    frame = pd.concat([frame[frame.offset == "free"], flat, flat], ignore_index=True)
    tables._frames["psi_multiverse"] = frame
    assert "fix no exponent. That 1 of 1 intervals hold 1.02 says little" in psi.psi_paragraph(tables)
    assert psi.barrier_exponent(tables).verdict == "depends on the analysis"
    assert psi.one_exponent(tables).verdict == "depends on the analysis"


def test_exact_controls_of_the_large_box_do_not_speak_for_the_small_one():
    tables = make_tables()
    for name, column in (("freezing", "magnetization"), ("disconnected", "disconnected")):
        control = tables[name].assign(ensemble="large-exact-fast", **{column: 5.0})
        tables._frames[name] = pd.concat([tables[name], control], ignore_index=True)
    assert dynamics.magnetization(tables).verdict == dynamics.subtraction(tables).verdict == "reproduced"


def test_controls_do_not_speak_for_the_growth():
    """The exact run with a quarter of the trajectories has a constant length, which would change the verdict."""
    tables = make_tables()
    assert "exact" not in dynamics.growth(tables).ours
    assert set(main_ensembles(tables["fig5_length"]).engine) == {"network"}
