"""The comparison of studies: the numbers of each study's tables, found again in one table."""

import numpy as np
import pandas as pd
import pytest
from renamed_tables import LABELS
from synthetic_tables import write_all

from sdglass.errors import InputError
from sdglass_study.jobs.compare_studies import compared, last_correlation, run


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    write_all(folder)
    return folder


@pytest.fixture(scope="module")
def found(tables):
    return pd.DataFrame(compared(tables, 0.95))


def test_electrons(found):
    found = found[found.quantity.isin(["gap", "dos_at_fermi_level"])].set_index(["quantity", "run"])
    assert sorted(found.index) == [
        ("dos_at_fermi_level", "coupled"),
        ("dos_at_fermi_level", "free"),
        ("gap", "coupled"),
    ]
    gap = found.loc[("gap", "coupled")]
    assert (gap.result, gap.low, gap.high) == pytest.approx((7.5, 7.5 - 1.96 * 0.25, 7.5 + 1.96 * 0.25), abs=1e-3)
    assert found.loc[("dos_at_fermi_level", "free")].result == 2.0
    assert found.loc[("dos_at_fermi_level", "coupled")].low == 0.0  # a density


def test_torque_errors_are_those_of_unseen_structures(found, tables):
    found = found[found.quantity == "torque_error"]
    assert set(zip(found.model, found.run, strict=True)) == {
        (model, stage) for model in ("pair", "paper") for stage in ("random", "late")
    }
    source = pd.read_csv(tables / "torque_errors.csv").set_index(["model", "member", "set", "stage"])
    expected = source.loc[("paper", "single", "test", "random")]
    row = found[(found.model == "paper") & (found.run == "random")].iloc[0]
    ends = (expected.relative, expected.low / expected.rms, expected.high / expected.rms)
    assert (row.result, row.low, row.high) == pytest.approx(ends)


def test_correlations_and_lengths_at_the_end(found, tables):
    rows = found[found.quantity == "correlation_at_contact"]
    assert rows[["run", "model", "result"]].to_numpy().tolist() == [
        ["fig4-slow", "exact", -0.5],
        ["fig4-fast", "exact", -0.5],
    ]
    source = pd.read_csv(tables / "fig4_correlation.csv")
    for (run_name, model), curve in last_correlation(tables).groupby(["run", "model"]):
        whole = source[(source.run == run_name) & (source.model == model)]
        assert set(curve.time) == {whole.time.max()}
        assert len(curve) == whole.distance.nunique()
    source = pd.read_csv(tables / "fig5_length.csv")
    rows = found[found.quantity.str.startswith("correlation_length")]
    assert len(rows) == len(source.groupby(["ensemble", "estimator"]))
    for row in rows.itertuples():
        curve = source[(source.ensemble == row.run) & ("correlation_length_" + source.estimator == row.quantity)]
        last = curve.sort_values("time").iloc[-1]
        np.testing.assert_array_equal([row.result, row.low, row.high], [last.xi, last.low, last.high])


def outputs(folder):
    names = {"table": "studies.csv", "correlation": "studies_correlation.csv", "png": "studies.png"}
    return {key: str(folder / name) for key, name in names.items()}


def settings(*folders):
    studies = [{"value": 0.1 * k, "study": f"s{k}", "tables": str(folder)} for k, folder in enumerate(folders)]
    return {"parameter": "filling", "studies": studies, "labels": LABELS}


def test_the_job_writes_tables_and_a_figure(tables, tmp_path):
    run({}, outputs(tmp_path), settings(tables, tables))
    table = pd.read_csv(tmp_path / "studies.csv")
    assert set(table.value) == set(pd.read_csv(tmp_path / "studies_correlation.csv").value) == {0.0, 0.1}
    assert set(table.parameter) == {"filling"}
    assert (tmp_path / "studies.png").is_file()


def test_what_studies_do_not_have_is_left_out(tables, tmp_path):
    some = tmp_path / "tables"
    some.mkdir()
    with pytest.raises(InputError, match="none of electrons, torque_errors"):
        run({}, outputs(tmp_path), settings(some, some))
    (some / "electrons.csv").write_bytes((tables / "electrons.csv").read_bytes())
    run({}, outputs(tmp_path), settings(some, some))
    assert set(pd.read_csv(tmp_path / "studies.csv").quantity) == {"gap", "dos_at_fermi_level"}
    assert pd.read_csv(tmp_path / "studies_correlation.csv").empty
    with pytest.raises(InputError, match="expected at least two finished studies"):
        run({}, outputs(tmp_path), settings(some))
