"""Verdicts follow from the numbers by the stated rules: each is moved across its boundary."""

import numpy as np
import pandas as pd
import pytest
from conftest import LABELS, ROOT

from sdglass.errors import InputError
from sdglass_study.claims import CLAIMS, COLUMNS, VERDICTS, Measured, Tables, judged
from sdglass_study.claims.psi import psi_paragraph
from sdglass_study.jobs import claims as claims_job
from sdglass_study.psi_choices import main_ensembles

PAPERS = [name for name, one in CLAIMS.items() if one.of_paper]


@pytest.fixture
def tables(paper_tables):
    """The tables at the paper's scale, to be changed."""
    return Tables(paper_tables.glob("*.csv"), 0.95, LABELS)


def change(tables, table, values, **where):
    """Overwrite columns in the rows that match."""
    frame = tables[table]
    mask = np.logical_and.reduce([frame[name] == wanted for name, wanted in where.items()] or [frame.index >= 0])
    assert mask.any()
    frame.loc[mask, list(values)] = list(values.values())


def verdict(claim, tables):
    return CLAIMS[claim].measure(tables).verdict


def test_the_paper_s_study_is_judged_as_it_was(tables):
    """The verdicts in results/paper/claims.csv; every claim has a number, its uncertainty and a rule."""
    rows = judged(tables)
    kept = pd.read_csv(ROOT / "results" / "paper" / "claims.csv").replace(
        {"id": {"transfer-n1000": "transfer-1000"}}
    )
    assert {row["id"]: row["verdict"] for row in rows} == dict(zip(kept.id, kept.verdict, strict=True))
    assert [row["id"] for row in rows] == sorted(PAPERS, key=lambda name: CLAIMS[name].order)
    for row in rows:
        assert all(row[name] for name in COLUMNS if name != "note")
        assert any(digit.isdigit() for digit in row["value"] + row["uncertainty"])
    assert {row["verdict"] for row in rows} <= set(VERDICTS)
    assert [row["id"] for row in judged(tables, only=["psi", "metallic"])] == ["metallic", "psi"]


PAIRED = {"ratio": 1.0, "low": 0.95, "high": 1.05}
# claim: {verdict: a change to the tables that must lead to it}. A change is (table, values, which rows).
CASES = {
    "dos-peak": {"not reproduced": ("electrons", {"value": 0.4}, {"quantity": "dos_at_fermi_level"})},
    "dos-gapless": {"not reproduced": ("electrons", {"value": 0.0}, {"quantity": "dos_at_fermi_level"})},
    "metallic": {"reproduced": ("electrons", {"value": 0.01}, {"coupling": 6.0})},
    "extended-states": {"partly": ("electrons", {"value": 0.1}, {"quantity": "participation_exponent_middle"})},
    "superexchange": {
        "reproduced": ("two_site", {"ratio_to_t2_over_J": 1.0}, {}),
        "not reproduced": ("two_site", {"ratio_to_t2_over_J": -0.5}, {}),
    },
    "antiferromagnetic": {"not reproduced": ("couplings", {"coupling": -0.01}, {"model": "small"})},
    "rkky-strong": {"partly": ("rkky", {"relative_torque_error": 0.1}, {"model": "rkky"})},
    "rkky-weak": {"reproduced": ("rkky", {"relative_torque_error": 0.1}, {"model": "rkky"})},
    "learned-couplings": {"reproduced": ("couplings", {"high": -0.001}, {"distance": 2.45})},
    "sigma": {"partly": ("torque_errors", {"rmse": 0.002}, {"model": "paper"})},
    "generalization": {
        "reproduced": ("torque_errors", {"rmse": 0.001}, {}),
        "not reproduced": ("torque_errors", {"rmse": 0.002}, {"set": "test"}),
    },
    "chirality": {
        "partly": ("torque_errors", {"rmse": 0.001}, {}),
        "not reproduced": ("paired", {"ratio": 0.5}, {"numerator": "paper-chirality"}),
    },
    "beyond-pair": {
        "reproduced": ("paired", {"ratio": 0.5, "high": 0.6}, {"denominator": "pair"}),
        "not reproduced": ("paired", PAIRED, {"denominator": "pair"}),
    },
    "transfer": {
        "reproduced": ("torque_errors", {"rmse": 0.00065}, {"set": "test-500"}),
        "not reproduced": ("torque_errors", {"rmse": 0.002}, {"set": "test-500"}),
    },
    "transfer-1000": {"not reproduced": ("torque_errors", {"rmse": 0.002}, {"set": "test-1000"})},
    "network-size": {
        "partly": ("paired", {"low": 1.01}, {"numerator": "small"}),
        "reproduced": ("paired", {"ratio": 1.2, "low": 1.1}, {"numerator": "small"}),
    },
    "activation": {
        "depends on the activation": ("paired", {"ratio": 0.7}, {"numerator": "small-relu", "stage": "late"})
    },
    "training-data": {
        "reproduced": ("paired", PAIRED, {"denominator": "small"}),
        "not reproduced": ("paired", {"ratio": 1.9}, {"denominator": "small"}),
    },
    "converged": {
        "reproduced": ("training", {"last_third": 0.01}, {}),
        "not reproduced": ("training", {"last_third": 0.5}, {"model": "paper"}),
    },
    "late-stage": {"not reproduced": ("torque_errors", {"relative": 0.5}, {"stage": "late"})},
    "ml-equals-ed": {"partly": ("fig4_events", {"value": 0.03}, {"quantity": "difference_late_rms"})},
    "magnetization": {"not reproduced": ("freezing", {"magnetization": 0.3}, {"ensemble": "fig4-slow"})},
    "subtraction": {"not reproduced": ("disconnected", {"disconnected": 0.3}, {"ensemble": "fig4-slow"})},
    "freezing": {"reproduced": ("freezing", {"step_overlap": 1.0}, {})},
    "contact": {
        "reproduced": ("fig4_events", {"value": 29.0}, {"quantity": "contact_time"}),
        "not reproduced": ("fig4_events", {"value": 37.0}, {"quantity": "contact_time"}),
    },
    "zero-crossing": {"reproduced": ("fig4_events", {"value": 1.41}, {"quantity": "zero_crossing_contact"})},
    "peak": {
        "reproduced": ("fig4_events", {"value": 140.0}, {"quantity": "peak_time"}),
        "not reproduced": ("fig4_events", {"value": 900.0}, {"quantity": "peak_time"}),
    },
    "oscillation": {"partly": ("fig4_events", {"low": -0.1}, {"quantity": "band_peak_late"})},
    "growth": {"not reproduced": ("fig5_length", {"xi": 0.9}, {})},
    "psi": {
        "reproduced": ("psi_specifications", {"exponent_low": 0.9}, {}),
        "not reproduced": ("psi_specifications", {"exponent_low": 1.1}, {}),
    },
    "psi-choices": {"reproduced": ("psi_specifications", {"exponent": 8.0}, {})},
    "droplet": {
        "reproduced": ("psi_specifications", {"delta_aic": -5.0}, {}),
        "not reproduced": ("psi_specifications", {"delta_aic": 5.0}, {}),
    },
    "ml-equals-ed-large": {
        "partly": ("fig5_difference", {"difference": 0.04}, {}),
        "not reproduced": ("fig5_difference", {"difference": 0.06}, {}),
    },
}


@pytest.mark.parametrize("claim", CASES)
def test_the_verdict_follows_the_number(claim, paper_tables):
    for expected, (table, values, where) in CASES[claim].items():
        tables = Tables(paper_tables.glob("*.csv"), 0.95, LABELS)
        change(tables, table, values, **where)
        assert verdict(claim, tables) == expected


def test_every_claim_is_moved():
    assert set(CASES) == set(PAPERS)


def test_a_claim_without_a_number_is_refused():
    with pytest.raises(InputError, match="value 'nan t0': could not be measured"):
        Measured("nan t0", "u", "partly")
    with pytest.raises(InputError, match="uncertainty ''"):
        Measured("1", "", "partly")
    with pytest.raises(ValueError, match="verdict 'maybe'; expected one of reproduced"):
        Measured("1", "1", "maybe")


def test_a_missing_table_row_or_column_is_named(tables, tmp_path):
    with pytest.raises(InputError, match=r"rkky\.csv: no such table"):
        Tables([tmp_path / "rkky.csv"])["rkky"]
    with pytest.raises(InputError, match="no row with run = other"):
        tables.row("fig4_events", run="other")
    with pytest.raises(InputError, match=r"fig4_events\.csv: column 'engine' is missing; it holds run,"):
        tables.row("fig4_events", engine="exact")
    tables._frames["electrons"] = tables["electrons"].query("quantity != 'peak_position'")
    with pytest.raises(InputError, match=r"claim dos-peak: electrons\.csv: no row with quantity"):
        judged(tables)


def test_what_does_not_happen_is_said(tables):
    events = ("zero_crossing_late", "zero_crossing_contact", "contact_time", "peak_time", "peak_position_late")
    for quantity in events:
        change(tables, "fig4_events", dict.fromkeys(("value", "low", "high"), np.nan), quantity=quantity)
    said = {"zero-crossing": "no sign change", "contact": "not reached", "peak": "not significant"}
    for claim, words in said.items():
        assert verdict(claim, tables) == "not reproduced"
        assert words in CLAIMS[claim].measure(tables).value
    change(tables, "psi_specifications", {"grows": 0, "identified": 0})
    assert verdict("psi", tables) == verdict("psi-choices", tables) == "not reproduced"
    assert "does not grow" in CLAIMS["psi"].measure(tables).value
    assert "do not fix any exponent" in psi_paragraph(tables)
    change(tables, "fig5_paired", {"reference": "small"})
    assert CLAIMS["ml-equals-ed-large"].measure(tables) is None


def test_a_study_is_judged_by_the_models_that_it_has(tables):
    few = ["pair", "linear", "paper", "paper-chirality", "paper-configurations", "paper-chirality-configurations"]
    frame = tables["models"]
    tables._frames["models"] = frame[frame["model"].isin(few)].assign(parameters=38e3)
    frame = tables["torque_errors"]
    tables._frames["torque_errors"] = frame[frame["model"].isin(few) & (frame["set"] != "test-1000")]
    ids = {row["id"] for row in judged(tables)}
    assert set(PAPERS) - ids == {"transfer-1000", "network-size", "activation", "training-data"}


def test_protocols_are_compared_between_networks_of_one_size(tables):
    """paper-configurations is small where small exists; networks of no such size are no comparison."""
    size = tables.row("models", model="paper-configurations").parameters / 1e3
    assert f"(networks of {size:.1f} thousand parameters)" in CLAIMS["generalization"].measure(tables).value
    change(tables, "models", {"parameters": 5}, model="paper-configurations")
    with pytest.raises(InputError, match="no network like paper-configurations"):
        CLAIMS["generalization"].measure(tables)


def test_a_network_without_committee_stands_for_itself(tables):
    frame = tables["torque_errors"]
    tables._frames["torque_errors"] = frame[(frame["model"] != "paper") | (frame["member"] != "committee")]
    change(tables, "torque_errors", {"rmse": 9.9e-4}, model="paper", set="test-500", stage="random")
    assert "9.90e-04" in CLAIMS["transfer"].measure(tables).value


def test_the_words_on_psi_follow_the_numbers(tables):
    every = len(tables.rows("psi_specifications", law="barrier"))
    change(tables, "psi_specifications", {"exponent_low": 1.1, "exponent_high": 2.0, "grows": 1, "identified": 1})
    assert psi_paragraph(tables).startswith("These data do not support 1.02")
    assert f"psi was fitted in {every:,} ways".replace(",", "") in psi_paragraph(tables).replace(",", "")
    change(tables, "psi_specifications", {"exponent_low": 0.9}, offset="free")
    assert psi_paragraph(tables).startswith("1.02 can be obtained, but by choosing")
    change(tables, "psi_specifications", {"exponent": 1.0, "exponent_low": 0.9})
    assert psi_paragraph(tables).startswith("1.02 is compatible with most analyses of these data.")
    # One lucky combination in a hundred is not a result.
    change(tables, "psi_specifications", {"identified": 0, "grows": 0})
    tables["psi_specifications"].loc[
        tables["psi_specifications"].law.eq("barrier").idxmax(), ["grows", "identified"]
    ] = 1
    assert "fix no exponent. That 1 of 1 intervals hold 1.02 says little" in psi_paragraph(tables)
    assert verdict("psi", tables) == verdict("psi-choices", tables) == "depends on the analysis"


def test_controls_speak_neither_for_the_small_box_nor_for_the_growth(tables):
    for name, column in (("freezing", "magnetization"), ("disconnected", "disconnected")):
        control = tables[name].assign(ensemble="fig5-exact-fast", **{column: 5.0})
        tables._frames[name] = pd.concat([tables[name], control], ignore_index=True)
    assert verdict("magnetization", tables) == verdict("subtraction", tables) == "reproduced"
    assert "exact" not in CLAIMS["growth"].measure(tables).value
    assert "exact" not in set(main_ensembles(tables["fig5_length"]).model)


def test_the_job_writes_the_claims_with_their_targets(paper_tables, tmp_path):
    inputs = {"tables": [paper_tables / "two_site.csv"]}
    claims_job.run(inputs, {"claims": tmp_path / "claims.csv"}, {"study": "mine"})
    assert pd.read_csv(tmp_path / "claims.csv").target.tolist() == ["results/mine/tables/two_site.csv"]
