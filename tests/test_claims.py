"""Verdicts follow from the numbers by the stated rules: each is moved across its boundary."""

import itertools

import numpy as np
import pandas as pd
import pytest

from sdglass.claims import dynamics, electrons, force_field
from sdglass.claims.table import VERDICTS, Claim, Tables
from sdglass.errors import InputError

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
    models |= {"bond-configurations": 6e-4, "chirality-configurations": 5.9e-4}
    for model, rmse in models.items():
        kinds = ["-"] if model in ("pair", "linear") else ["single", "committee"]
        for kind, label, stage in itertools.product(
            kinds, ("training", "validation", "unseen", "large"), ("random", "relaxed", "frozen", "all")
        ):
            value = rmse * {"training": 0.9, "large": 1.4}.get(label, 1.0) * (0.4 if stage == "frozen" else 1.0)
            rms = 0.004 if stage == "frozen" else 0.0138
            sites = 500 if label == "large" else 100
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
    rows = [
        (top, bottom, label, stage, "committee", 0.96, 0.9, 1.02, 4)
        for top, bottom in (("bond", "pair"), ("linear", "pair"), ("bond", "linear"), ("chirality", "bond"))
        for label in ("unseen", "large")
        for stage in ("random", "relaxed", "frozen", "all")
    ]
    return pd.DataFrame(rows, columns="numerator denominator set stage member ratio low high realizations".split())


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
    power = ("large-network-fast", "network", 1.0, "naive", 30, 1000.0, "power_law", np.nan, 40.0, 30.0, 60.0, 0.0)
    fits = pd.DataFrame(
        [
            power,
            *[
                (
                    "large-network-fast",
                    "network",
                    1.0,
                    "naive",
                    start,
                    1000.0,
                    "barrier",
                    unit,
                    e,
                    0.8 * e,
                    1.3 * e,
                    d,
                )
                for start, unit, e, d in ((30, 1.0, 9.0, 0.4), (50, 1.0, 7.0, -0.3), (30, 0.1, 5.0, 0.2))
            ],
        ],
        columns=(
            "ensemble engine damping estimator start stop model time_unit exponent exponent_low exponent_high delta_aic"
        ).split(),
    )
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
        "two_site": pd.DataFrame({"coupling": [6.0, 50.0, 50.0], "ratio_to_t2_over_J": [0.4987, 0.5, 0.49999]}),
        "fig5_length": length,
        "fig5_fits": fits,
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
    assert {claim.verdict for claim in claims} == set(VERDICTS)


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
    set_values(tables, "fig5_fits", "exponent_high", np.inf)
    assert dynamics.barrier_exponent(tables).verdict == "not reproduced"
    assert "does not grow" in dynamics.barrier_exponent(tables).ours
    assert dynamics.growth_law(tables).verdict == "depends on"


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
    (force_field.chirality, "reproduced", ("paired", "ratio", 1.3, {"numerator": "chirality"}), "partly"),
    (force_field.beyond_pair_model, "not reproduced", ("paired", "high", 0.99, {"denominator": "pair"}), "partly"),
    (
        force_field.beyond_pair_model,
        "not reproduced",
        ("paired", ["ratio", "high"], [0.5, 0.6], {"denominator": "pair"}),
        "reproduced",
    ),
    (force_field.transfer, "partly", ("torque_errors", "rmse", 6.5e-4, {"set": "large"}), "reproduced"),
    (force_field.late_stage, "partly", ("torque_errors", "relative", 0.5, {"stage": "frozen"}), "not reproduced"),
    (dynamics.learned_correlations, "reproduced", ("fig4_events", "value", 0.03, {"quantity": "difference_late_rms"}), "partly"),
    (dynamics.magnetization, "reproduced", ("freezing", "magnetization", 0.3, {}), "not reproduced"),
    (dynamics.subtraction, "reproduced", ("disconnected", "disconnected", 0.3, {}), "not reproduced"),
    (dynamics.freezing, "reproduced", ("freezing", "step_overlap", 0.2, {"ensemble": "small-slow"}), "partly"),
    (dynamics.contact, "depends on", ("fig4_events", "value", 29.0, {"quantity": "contact_time"}), "reproduced"),
    (dynamics.contact, "depends on", ("fig4_events", "value", 37.0, {"quantity": "contact_time"}), "not reproduced"),
    (dynamics.zero_crossing, "partly", ("fig4_events", "value", 1.41, {"quantity": "zero_crossing_contact"}), "reproduced"),
    (dynamics.peak, "depends on", ("fig4_events", "value", 140.0, {"quantity": "peak_time"}), "reproduced"),
    (dynamics.peak, "depends on", ("fig4_events", "value", 900.0, {"quantity": "peak_time"}), "not reproduced"),
    (dynamics.oscillation, "reproduced", ("fig4_events", "low", -0.1, {"quantity": "band_peak_late"}), "partly"),
    (dynamics.growth, "partly", ("fig5_length", "xi", 0.9, {"time": 100.0}), "not reproduced"),
    (dynamics.barrier_exponent, "not reproduced", ("fig5_fits", "exponent_low", 0.9, {"time_unit": 0.1}), "depends on"),
    (dynamics.barrier_exponent, "not reproduced", ("fig5_fits", "exponent_low", 0.9, {}), "reproduced"),
    (dynamics.growth_law, "depends on", ("fig5_fits", "delta_aic", -5.0, {}), "reproduced"),
    (dynamics.growth_law, "depends on", ("fig5_fits", "delta_aic", 5.0, {}), "not reproduced"),
]  # fmt: skip


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
