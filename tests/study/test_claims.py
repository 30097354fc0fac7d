"""Verdicts follow from the numbers by the stated rules: each is moved across its boundary."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from renamed_tables import LABELS, write_renamed
from synthetic_tables import electrons, events

from sdglass.errors import InputError
from sdglass.registry import load_plugin
from sdglass_study.claims import CLAIMS, COLUMNS, VERDICTS, Measured, Tables, force_field, judged
from sdglass_study.claims.psi import psi_paragraph
from sdglass_study.jobs import claims as claims_job
from sdglass_study.psi_choices import main_ensembles

PAPER = Path(__file__).resolve().parents[2] / "results" / "paper"
RUNS = {"fig4-slow": 0.05, "fig4-fast": 1.0}
SETS = {"training": (100, 0.9), "validation": (100, 1.0), "test": (100, 1.0), "test-500": (500, 1.4)}
SETS |= {"test-1000": (1000, 2.4)}
STAGES = ("random", "relaxed", "late", "all")


def error_rows():
    """Torque errors: larger in larger boxes, smaller late in quenches, where the torque is too."""
    models = {"pair": 7e-4, "linear": 6.9e-4, "paper": 6.5e-4, "paper-chirality": 6.4e-4, "small": 6.6e-4}
    models |= {"paper-configurations": 6e-4, "paper-chirality-configurations": 5.9e-4}
    rows = []
    for (model, rmse), (label, (sites, factor)), stage in itertools.product(models.items(), SETS.items(), STAGES):
        value, rms = (0.4 * factor * rmse, 0.004) if stage == "late" else (factor * rmse, 0.0138)
        for member in ("-",) if model in ("pair", "linear") else ("single", "committee"):
            row = {"model": model, "member": member, "set": label, "stage": stage, "n_sites": sites, "rmse": value}
            row |= {"low": 0.9 * value, "high": 1.1 * value, "rms": rms, "relative": value / rms}
            rows.append(row | {"realizations": 4, "configurations": 80})
    return pd.DataFrame(rows)


def paired_rows():
    """Ratios of errors on the same realizations."""
    pairs = [("paper", "pair"), ("linear", "pair"), ("paper", "linear"), ("paper-chirality", "paper")]
    pairs += [("small", "paper"), ("paper-long", "paper")]
    pairs += [(name, "small") for name in ("small-chirality", "small-relu", "data-2x50", "data-4x250")]
    rows = [
        (*pair, label, stage, "committee", 0.96, 0.9, 1.02, 4)
        for pair in pairs
        for label in ("test", "test-500", "test-1000")
        for stage in STAGES
    ]
    return pd.DataFrame(rows, columns="numerator denominator set stage member ratio low high realizations".split())


def model_rows():
    large, small = ("1024-128", 1.9e6, "celu", False), ("128-64", 38e3, "celu", True)
    rows = [
        ("pair", "", 50, "", np.nan, False, "", 0, 10, 2500),
        ("linear", "", 150, "", np.nan, False, "", 0, 10, 2500),
        *(
            (name, *kind, "chirality" in name, protocol, 5, realizations, configurations)
            for name, kind, protocol, realizations, configurations in (
                ("paper", large, "realizations", 8, 2000),
                ("paper-chirality", large, "realizations", 8, 2000),
                ("paper-long", large, "realizations", 8, 2000),
                ("small", small, "realizations", 8, 2000),
                ("small-chirality", small, "realizations", 8, 2000),
                ("paper-configurations", small, "configurations", 10, 2000),
                ("paper-chirality-configurations", small, "configurations", 10, 2000),
                ("small-relu", (*small[:2], "relu", True), "realizations", 8, 2000),
                ("small-unstarted", (*small[:3], False), "realizations", 4, 1500),
                ("data-2x50", small, "realizations", 2, 100),
                ("data-4x250", small, "realizations", 4, 1000),
            )
        ),
    ]
    names = (
        "model layers parameters activation linear_term chirality protocol networks realizations configurations"
    )
    return pd.DataFrame(rows, columns=names.split())


def freezing_rows():
    times, fall = np.array([0.0, 1.0, 10.0, 100.0, 300.0, 1000.0]), np.array([1.0, 0.95, 0.8, 0.5, 0.35, 0.3])
    energy = -0.012 * (1 - fall) / 0.7
    energy[4] = 0.97 * energy[-1]  # in the middle of the run little is left to gain
    values = {"n_sites": 100, "time": times, "torque_rms": 0.0138 * fall, "torque_rms_error": 1e-4}
    values |= {"energy_per_site": energy, "energy_error": 1e-4, "ratio": [np.nan, np.nan, 1.26, 1.26, 1.26, 1.26]}
    values |= {"step_overlap": [np.nan, 0.99, 0.9, 0.8, 0.9, 0.95], "step_overlap_error": 0.01}
    values |= {"magnetization": 0.005, "magnetization_error": 0.004}
    return pd.concat(
        [
            pd.DataFrame({"ensemble": run, "model": "exact", "damping": damping} | values)
            for run, damping in RUNS.items()
        ],
        ignore_index=True,
    )


def length_rows():
    """xi(t) of a network, and of an exact control with a quarter of the trajectories, which is constant."""
    times, xi = np.array([1.0, 10.0, 100.0, 300.0, 1000.0]), np.array([1.3, 1.0, 0.8, 0.84, 0.87])
    values = {"damping": 1.0, "time": times, "estimator": "naive", "realizations": 4}
    main = {"ensemble": "fig5-small-fast", "model": "small", "xi": xi, "low": xi - 0.01, "high": xi + 0.01}
    control = {"ensemble": "fig5-exact-fast", "model": "exact", "xi": 1.0, "low": 0.9, "high": 1.1, "replicas": 2}
    return pd.concat(
        [pd.DataFrame(values | main | {"replicas": 8}), pd.DataFrame(values | control)], ignore_index=True
    )


def specification_rows():
    rows = [("none", "log", 1.0, 9.0, 0.4), ("none", "log", 1.0, 7.0, -0.3), ("none", "weighted", 1.0, 8.0, 0.4)]
    rows += [
        ("none", "weighted", 1.0, 6.0, -0.3),
        ("r_low", "log", 0.1, 2.0, 0.1),
        ("free", "nonlinear", 1.0, 3.0, 0.0),
    ]
    frame = pd.DataFrame(rows, columns="offset fit time_unit exponent delta_aic".split()).assign(law="barrier")
    power = {"offset": ["none"], "fit": "log", "exponent": 40.0, "delta_aic": 0.0, "law": "power_law"}
    frame = pd.concat([frame, pd.DataFrame(power)], ignore_index=True)
    keys = {"run": "fig5-small-fast", "model": "small", "damping": 1.0, "estimator": "naive", "bin_width": 0.1}
    keys |= {
        "r_low": 0.5,
        "r_max": 4.2,
        "start": 30.0,
        "stop": 1000.0,
        "n_points": 12,
        "grows": 1,
        "identified": 1,
    }
    return frame.assign(**keys, exponent_low=0.8 * frame.exponent, exponent_high=1.3 * frame.exponent)


def make_tables():
    """All tables that the claims read, as a study that mostly agrees with the paper's physics would write them."""
    r = np.round(np.arange(0.55, 2.5, 0.1), 2)
    coupling = 0.03 * np.exp(-2 * (r - 0.5))
    keys = {"ensemble": "fig5-small-fast", "model": "small", "damping": 1.0, "reference": "exact"}
    keys |= {"reference_ensemble": "fig5-exact-fast", "realizations": 4, "replicas": 2}
    at = {"time": [10.0, 100.0], "difference": [0.1, 0.004], "low": [0.05, -0.01], "high": [0.15, 0.02]}
    units = {"run": "fig5-small-fast", "estimator": "naive", "start": [30.0, 100.0]}
    rkky = {"rkky": 0.94, "rkky-positive": 0.9, "rkky-fitted-kf": 0.13, "pair": 0.05, "second-order-scaled": 0.97}
    rkky = [
        (j, model, error, 0.01, -1.0)
        for j in (0.01, 6.0)
        for model, error in (rkky | {"second-order": 0.02 if j < 1 else 1e3}).items()
    ]
    ends = [
        (name, fold, 30, 28, 5e-4, 0.01)
        for name in ("paper", "paper-chirality", "tiny", "paper-long")
        for fold in (0, 1)
    ]
    tables = Tables([], labels=LABELS)
    tables._frames = {
        "electrons": electrons(),
        "torque_errors": error_rows(),
        "fig4_events": events(),
        "freezing": freezing_rows(),
        "disconnected": pd.DataFrame(
            {"ensemble": "fig4-fast", "model": "exact", "time": 300.0, "distance": r, "standard_error": 0.01}
            | {"disconnected": 0.002 * np.cos(7 * r), "correlation": -0.7 * np.exp(-r)}
        ),
        "couplings": pd.concat(
            pd.DataFrame({"model": model, "distance": r, "coupling": coupling, "pairs": 100})
            .assign(low=0.9 * coupling, high=1.1 * coupling)
            for model in ("small", "second-order")
        ).reset_index(drop=True),
        "rkky": pd.DataFrame(rkky, columns="coupling model relative_torque_error standard_error amplitude".split()),
        "paired": paired_rows(),
        "models": model_rows(),
        "training": pd.DataFrame(ends, columns="model fold epochs best_epoch validation_torque_rmse last_third".split()),
        "two_site": pd.DataFrame({"coupling": [6.0, 50.0, 50.0], "ratio_to_t2_over_J": [0.4987, 0.5, 0.49999]}),
        "fig5_length": length_rows(),
        "psi_specifications": specification_rows(),
        "psi_units": pd.DataFrame(units | {"identified": [1, 0], "log10_unit": [-20.0, -3.0]}),
        "fig5_paired": pd.DataFrame(keys | {"quantity": "xi_naive", "value": 0.9, "reference_value": 0.896} | at),
        "fig5_difference": pd.concat(
            pd.DataFrame(keys | {"time": time, "distance": r, "difference": difference, "error": 0.005})
            for time, difference in ((10.0, 0.2), (100.0, 0.01))
        ).reset_index(drop=True),
    }  # fmt: skip
    return tables


def set_values(tables, table, column, value, **where):
    """Overwrite a column in the rows that match."""
    frame = tables[table]
    mask = np.ones(len(frame), bool)
    for name, wanted in where.items():
        mask &= (frame[name] == wanted).to_numpy()
    assert mask.any()
    frame.loc[mask, column] = value


def verdict(claim, tables):
    return CLAIMS[claim].measure(tables).verdict


def test_every_claim_has_a_number_its_uncertainty_and_a_verdict():
    rows = judged(make_tables())
    assert [row["id"] for row in rows] == [
        claim.id for claim in sorted(CLAIMS.values(), key=lambda claim: claim.order)
    ]
    assert len(rows) == 33
    for row in rows:
        assert all(row[name] for name in COLUMNS if name != "note")
        assert any(digit.isdigit() for digit in row["value"] + row["uncertainty"])
    assert {row["verdict"] for row in rows} == set(VERDICTS) - {"depends on the activation"}
    assert [row["id"] for row in judged(make_tables(), only=["psi", "metallic"])] == ["metallic", "psi"]


def test_a_claim_is_one_function(tmp_path):
    """Written by a user, it is judged in a study that makes its table, and only there."""
    (tmp_path / "age.py").write_text(
        "from sdglass_study.claims import Measured, claim, grade\n"
        "@claim(id='age', statement='It is old', where='here', rule='above 9', target='ages.csv', tables='ages')\n"
        "def age(tables):\n"
        "    return Measured(f\"{tables['ages'].age[0]} years\", '1 year', grade(tables['ages'].age[0] > 9))\n"
    )
    (tmp_path / "ages.csv").write_text("age\n3\n")
    try:
        load_plugin(tmp_path / "age.py")
        (row,) = judged(Tables([tmp_path / "ages.csv"]))
        assert (row["value"], row["verdict"]) == ("3 years", "not reproduced")
        assert "age" not in [row["id"] for row in judged(make_tables())]
        claims_job.run({"tables": [tmp_path / "ages.csv"]}, {"claims": tmp_path / "claims.csv"}, {"study": "mine"})
        assert pd.read_csv(tmp_path / "claims.csv").target[0] == "results/mine/tables/ages.csv"
    finally:
        del CLAIMS._found["age"]


def test_the_registry_costs_nothing_to_read():
    """Nor does it stand on figures or the report."""
    heavy = "{'matplotlib', 'pandas', 'torch', 'numba', 'sdglass_study.figures', 'sdglass_study.report'}"
    heavy += " & sys.modules.keys() or None"
    code = f"import sys; from sdglass_study.claims import CLAIMS; list(CLAIMS); sys.exit({heavy})"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_paper_s_study_is_judged_as_it_was(tmp_path):
    """The verdicts in results/paper/claims.csv, from its tables under the names of today."""
    if not (PAPER / "claims.csv").is_file():
        pytest.skip("results/paper is not there")
    write_renamed(PAPER / "tables", tmp_path)
    rows = judged(Tables(tmp_path.glob("*.csv"), 0.95, LABELS))
    kept = pd.read_csv(PAPER / "claims.csv").replace({"id": {"transfer-n1000": "transfer-1000"}})
    assert {row["id"]: row["verdict"] for row in rows} == dict(zip(kept.id, kept.verdict, strict=True))


def test_a_claim_without_a_number_is_refused():
    with pytest.raises(InputError, match="value 'nan t0': could not be measured"):
        Measured("nan t0", "u", "partly")
    with pytest.raises(InputError, match="uncertainty ''"):
        Measured("1", "", "partly")
    with pytest.raises(ValueError, match="verdict 'maybe'; expected one of reproduced"):
        Measured("1", "1", "maybe")


def test_a_missing_table_row_or_column_is_named(tmp_path):
    with pytest.raises(InputError, match=r"rkky\.csv: no such table"):
        Tables([tmp_path / "rkky.csv"])["rkky"]
    with pytest.raises(InputError, match="no row with run = other"):
        make_tables().row("fig4_events", run="other")
    with pytest.raises(InputError, match=r"fig4_events\.csv: column 'engine' is missing; it holds run,"):
        make_tables().row("fig4_events", engine="exact")
    tables = make_tables()
    tables._frames["electrons"] = tables["electrons"].head(2)
    with pytest.raises(InputError, match=r"claim dos-peak: electrons\.csv: no row with quantity"):
        judged(tables)


def test_what_does_not_happen_is_said():
    tables = make_tables()
    for column, quantity in itertools.product(
        ("value", "low", "high"),
        ("zero_crossing_late", "zero_crossing_contact", "contact_time", "peak_time", "peak_position_late"),
    ):
        set_values(tables, "fig4_events", column, np.nan, quantity=quantity)
    for claim, words in (
        ("zero-crossing", "no sign change"),
        ("contact", "not reached"),
        ("peak", "not significant"),
    ):
        assert verdict(claim, tables) == "not reproduced"
        assert words in CLAIMS[claim].measure(tables).value
    set_values(tables, "torque_errors", ["low", "high"], [np.nan, np.nan], set="test-500")
    assert "single realization" in CLAIMS["transfer"].measure(tables).uncertainty
    set_values(tables, "psi_specifications", ["grows", "identified"], 0)
    assert verdict("psi", tables) == verdict("psi-choices", tables) == "not reproduced"
    assert "does not grow" in CLAIMS["psi"].measure(tables).value
    assert verdict("droplet", tables) == "depends on the analysis"
    assert "do not fix any exponent" in psi_paragraph(tables)
    set_values(tables, "fig5_paired", "reference", "small")
    assert CLAIMS["ml-equals-ed-large"].measure(tables) is None


def test_protocols_are_compared_between_networks_of_one_size():
    """paper-configurations is small where small exists; elsewhere it is like paper."""
    tables, split = make_tables(), "paper-configurations"
    assert force_field._peer(tables, split) == "small"
    assert force_field._peer(tables, "paper-chirality-configurations") == "small-chirality"
    value = CLAIMS["generalization"].measure(tables).value
    assert "known structures: 1.10 (networks of 38 thousand parameters)" in value
    set_values(tables, "models", "parameters", 1.9e6, model=split)
    assert force_field._peer(tables, split) == "paper"
    assert "up to 30 epochs has 0.960 times the error" in CLAIMS["converged"].measure(tables).value
    set_values(tables, "models", "parameters", 5, model=split)
    with pytest.raises(InputError, match="no network like paper-configurations"):
        CLAIMS["generalization"].measure(tables)


def test_a_study_is_judged_by_the_models_that_it_has():
    tables = make_tables()
    few = ["pair", "linear", "paper", "paper-chirality", "paper-configurations", "paper-chirality-configurations"]
    frame = tables["models"]
    tables._frames["models"] = frame[frame["model"].isin(few)].assign(parameters=38e3)
    frame = tables["torque_errors"]
    tables._frames["torque_errors"] = frame[frame["model"].isin(few) & (frame["set"] != "test-1000")]
    ids = {row["id"] for row in judged(tables)}
    assert CLAIMS.keys() - ids == {"transfer-1000", "network-size", "activation", "training-data"}
    assert verdict("transfer", make_tables()) == "partly"
    assert "error at N = 1000 / N = 100: 2.40" in CLAIMS["transfer-1000"].measure(make_tables()).value


def test_a_network_without_committee_stands_for_itself():
    tables = make_tables()
    frame = tables["torque_errors"]
    tables._frames["torque_errors"] = frame[(frame["model"] != "paper") | (frame["member"] != "committee")]
    set_values(tables, "torque_errors", "rmse", 9.9e-4, model="paper", set="test-500", stage="random")
    assert "9.90e-04" in CLAIMS["transfer"].measure(tables).value


# claim, its verdict with the plain tables, then changes to a table and the verdict they must lead to.
CASES = [
    ("dos-peak", "reproduced", ("electrons", "value", 0.4, {"quantity": "dos_at_fermi_level"}), "not reproduced"),
    ("dos-gapless", "reproduced", ("electrons", "value", 0.0, {"quantity": "dos_at_fermi_level"}), "not reproduced"),
    ("metallic", "not reproduced", ("electrons", "value", 0.01, {"coupling": 6.0}), "reproduced"),
    ("extended-states", "reproduced", ("electrons", "value", 0.1, {"quantity": "participation_exponent_middle"}), "partly"),
    ("superexchange", "partly", ("two_site", "ratio_to_t2_over_J", 1.0, {}), "reproduced"),
    ("superexchange", "partly", ("two_site", "ratio_to_t2_over_J", -0.5, {}), "not reproduced"),
    ("antiferromagnetic", "reproduced", ("couplings", "coupling", -0.01, {"model": "small"}), "not reproduced"),
    ("rkky-strong", "reproduced", ("rkky", "relative_torque_error", 0.1, {"model": "rkky"}), "partly"),
    ("rkky-weak", "not reproduced", ("rkky", "relative_torque_error", 0.1, {"model": "rkky"}), "reproduced"),
    ("learned-couplings", "partly", ("couplings", "high", -0.001, {"distance": 2.45}), "reproduced"),
    ("sigma", "reproduced", ("torque_errors", "rmse", 0.002, {"model": "paper"}), "partly"),
    ("generalization", "reproduced", ("torque_errors", "rmse", 0.002, {"set": "test"}), "not reproduced"),
    ("chirality", "reproduced", ("paired", "ratio", 0.5, {"numerator": "paper-chirality"}), "not reproduced"),
    ("chirality", "reproduced", ("paired", "high", 0.99, {"numerator": "small-chirality"}), "partly"),
    ("chirality", "reproduced", ("paired", "ratio", 1.3, {"numerator": "paper-chirality"}), "partly"),
    ("beyond-pair", "not reproduced", ("paired", "high", 0.99, {"denominator": "pair"}), "partly"),
    ("beyond-pair", "not reproduced", ("paired", ["ratio", "high"], [0.5, 0.6], {"denominator": "pair"}), "reproduced"),
    ("transfer", "partly", ("torque_errors", "rmse", 0.00065, {"set": "test-500"}), "reproduced"),
    ("generalization", "reproduced", ("torque_errors", "rmse", 0.0001, {"model": "small"}), "reproduced"),
    ("chirality", "reproduced", ("paired", "ratio", 0.8, {"numerator": "small-chirality"}), "not reproduced"),
    ("transfer", "partly", ("torque_errors", "rmse", 0.002, {"set": "test-500"}), "not reproduced"),
    ("network-size", "not reproduced", ("paired", "low", 1.01, {"numerator": "small"}), "partly"),
    ("network-size", "not reproduced", ("paired", ["ratio", "low"], [1.2, 1.1], {"numerator": "small"}), "reproduced"),
    ("activation", "reproduced", ("paired", "ratio", 0.7, {"numerator": "small-relu", "stage": "late"}), "depends on the activation"),
    ("training-data", "reproduced", ("paired", "ratio", 1.2, {"numerator": "data-4x250"}), "partly"),
    ("training-data", "reproduced", ("paired", "ratio", 1.9, {"numerator": "data-2x50"}), "reproduced"),
    ("converged", "reproduced", ("training", "last_third", 0.05, {"model": "paper-chirality"}), "partly"),
    ("converged", "reproduced", ("training", "last_third", 0.5, {"model": "tiny"}), "reproduced"),
    ("late-stage", "partly", ("torque_errors", "relative", 0.5, {"stage": "late"}), "not reproduced"),
    ("ml-equals-ed", "reproduced", ("fig4_events", "value", 0.03, {"quantity": "difference_late_rms"}), "partly"),
    ("magnetization", "reproduced", ("freezing", "magnetization", 0.3, {}), "not reproduced"),
    ("subtraction", "reproduced", ("disconnected", "disconnected", 0.3, {}), "not reproduced"),
    ("freezing", "reproduced", ("freezing", "step_overlap", 0.2, {"ensemble": "fig4-slow"}), "partly"),
    ("contact", "depends on the damping", ("fig4_events", "value", 29.0, {"quantity": "contact_time"}), "reproduced"),
    ("contact", "depends on the damping", ("fig4_events", "value", 37.0, {"quantity": "contact_time"}), "not reproduced"),
    ("zero-crossing", "partly", ("fig4_events", "value", 1.41, {"quantity": "zero_crossing_contact"}), "reproduced"),
    ("peak", "depends on the damping", ("fig4_events", "value", 140.0, {"quantity": "peak_time"}), "reproduced"),
    ("peak", "depends on the damping", ("fig4_events", "value", 900.0, {"quantity": "peak_time"}), "not reproduced"),
    ("oscillation", "reproduced", ("fig4_events", "low", -0.1, {"quantity": "band_peak_late"}), "partly"),
    ("growth", "partly", ("fig5_length", "xi", 0.9, {"time": 100.0}), "not reproduced"),
    ("psi", "not reproduced", ("psi_specifications", "exponent_low", 0.9, {"offset": "r_low"}), "depends on the analysis"),
    ("psi", "not reproduced", ("psi_specifications", "exponent_low", 0.9, {}), "reproduced"),
    ("psi-choices", "depends on the analysis", ("psi_specifications", "exponent", 8.0, {}), "reproduced"),
    ("droplet", "depends on the analysis", ("psi_specifications", "delta_aic", -5.0, {}), "reproduced"),
    ("droplet", "depends on the analysis", ("psi_specifications", "delta_aic", 5.0, {}), "not reproduced"),
    ("ml-equals-ed-large", "reproduced", ("fig5_paired", ["difference", "low"], [0.02, 0.01], {"time": 100.0}), "partly"),
    ("ml-equals-ed-large", "reproduced", ("fig5_difference", "difference", 0.06, {"time": 100.0}), "not reproduced"),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "plain", "change", "changed"), CASES)
def test_the_verdict_follows_the_number(claim, plain, change, changed):
    tables = make_tables()
    assert verdict(claim, tables) == plain
    table, column, value, where = change
    set_values(tables, table, column, value, **where)
    if claim == "growth":  # nothing grows any more after the minimum
        set_values(tables, "fig5_length", "xi", 0.9, time=300.0)
        set_values(tables, "fig5_length", "xi", 0.9, time=1000.0)
    assert verdict(claim, tables) == changed


def test_the_verdict_on_psi_in_words_follows_the_numbers():
    tables = make_tables()
    words = psi_paragraph(tables)
    assert words.startswith("These data do not support 1.02: xi grows more slowly")
    assert "psi was fitted in 6 ways" in words
    assert "In 6 of the fits (100%)" in words
    assert "a unit of 10^-20 (in" in words  # of the window with growth, not of the other
    set_values(tables, "psi_specifications", "exponent_low", 0.9, offset="free")
    words = psi_paragraph(tables)
    assert words.startswith("1.02 can be obtained, but by choosing")
    assert "1 (17%) have a 95 % interval that holds 1.02" in words
    assert "offset of xi fitted (100% of its exponents)" in CLAIMS["psi-choices"].measure(tables).note
    set_values(tables, "psi_specifications", ["exponent", "exponent_low", "exponent_high"], [1.0, 0.9, 1.1])
    assert psi_paragraph(tables).startswith("1.02 is compatible with most analyses of these data.")
    assert verdict("psi", tables) == "reproduced"
    # One lucky combination in eleven is not a result.
    frame = tables["psi_specifications"]
    flat = frame[frame.law == "barrier"].assign(identified=0, grows=0)
    frame = pd.concat([frame[frame.offset == "free"], flat, flat], ignore_index=True)
    tables._frames["psi_specifications"] = frame
    assert "fix no exponent. That 1 of 1 intervals hold 1.02 says little" in psi_paragraph(tables)
    assert verdict("psi", tables) == verdict("psi-choices", tables) == "depends on the analysis"


def test_exact_controls_of_the_large_box_do_not_speak_for_the_small_one():
    tables = make_tables()
    for name, column in (("freezing", "magnetization"), ("disconnected", "disconnected")):
        control = tables[name].assign(ensemble="fig5-exact-fast", **{column: 5.0})
        tables._frames[name] = pd.concat([tables[name], control], ignore_index=True)
    assert verdict("magnetization", tables) == verdict("subtraction", tables) == "reproduced"


def test_controls_do_not_speak_for_the_growth():
    """The exact run with a quarter of the trajectories has a constant length, which would change the verdict."""
    tables = make_tables()
    assert "exact" not in CLAIMS["growth"].measure(tables).value
    assert set(main_ensembles(tables["fig5_length"]).model) == {"small"}
