"""The comparison of studies: the numbers of each study's tables, found again in one table."""

import pandas as pd
import pytest
from conftest import LABELS

from sdglass.errors import InputError
from sdglass_study.jobs.compare_studies import run


def outputs(folder):
    names = {"table": "studies.csv", "correlation": "studies_correlation.csv", "png": "studies.png"}
    return {key: str(folder / name) for key, name in names.items()}


def settings(*folders):
    studies = [{"value": 0.1 * k, "study": f"s{k}", "tables": str(folder)} for k, folder in enumerate(folders)]
    return {"parameter": "filling", "studies": studies, "labels": LABELS}


def test_numbers_of_each_study_are_in_one_table_and_a_figure(paper_tables, tmp_path):
    run({}, outputs(tmp_path), settings(paper_tables, paper_tables))
    table, curves = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("studies", "studies_correlation"))
    assert set(table.value) == set(curves.value) == {0.0, 0.1}
    assert (tmp_path / "studies.png").is_file()
    found = table[table.study == "s1"].set_index(["quantity", "run", "model"])
    assert found.index.is_unique

    def source(name, **where):
        frame = pd.read_csv(paper_tables / f"{name}.csv")
        return frame[(frame[list(where)] == pd.Series(where)).all(axis=1)]

    (gap,) = source("electrons", quantity="gap", coupling=6.0).itertuples()
    ends = (gap.value, gap.value - 1.96 * gap.standard_error, gap.value + 1.96 * gap.standard_error)
    row = found.loc["gap", "coupled", "exact"]
    assert (row.result, row.low, row.high) == pytest.approx(ends, abs=1e-4)
    assert found.loc["dos_at_fermi_level", "coupled", "exact"].low == 0.0  # a density
    (error,) = source("torque_errors", model="paper", member="single", set="test", stage="random").itertuples()
    row = found.loc["torque_error", "random", "paper"]  # on structures that it was not fitted to
    ends = (error.relative, error.low / error.rms, error.high / error.rms)
    assert (row.result, row.low, row.high) == pytest.approx(ends)
    (contact,) = source("fig4_events", quantity="contact_late", run="fig4-slow", model="exact").itertuples()
    assert found.loc["correlation_at_contact", "fig4-slow", "exact"].result == pytest.approx(contact.value)
    length = source("fig5_length", ensemble="fig5-pair-slow", estimator="naive").sort_values("time").iloc[-1]
    row = found.loc["correlation_length_naive", "fig5-pair-slow", "pair"]
    assert (row.result, row.low, row.high) == pytest.approx((length.xi, length.low, length.high))
    last = curves[(curves.study == "s1") & (curves.run == "fig4-slow") & (curves.model == "exact")]
    whole = source("fig4_correlation", run="fig4-slow", model="exact")
    latest = whole[whole.time == whole.time.max()]
    assert last.correlation.tolist() == pytest.approx(latest.correlation.tolist(), rel=1e-6)


def test_what_studies_do_not_have_is_left_out(paper_tables, tmp_path):
    some = tmp_path / "tables"
    some.mkdir()
    with pytest.raises(InputError, match="none of electrons, torque_errors"):
        run({}, outputs(tmp_path), settings(some, some))
    (some / "electrons.csv").write_bytes((paper_tables / "electrons.csv").read_bytes())
    run({}, outputs(tmp_path), settings(some, some))
    assert set(pd.read_csv(tmp_path / "studies.csv").quantity) == {"gap", "dos_at_fermi_level"}
    assert pd.read_csv(tmp_path / "studies_correlation.csv").empty
    with pytest.raises(InputError, match="expected at least two finished studies"):
        run({}, outputs(tmp_path), settings(some))
