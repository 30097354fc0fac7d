"""The first page keeps its promises: the verdicts are those of the archived study, the cost is what it took."""

import csv
import re

import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(name):
    with open(ROOT / "results" / "paper" / name, newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def test_verdicts_are_those_of_the_archived_claims():
    verdicts = {row["id"]: row["verdict"] for row in table("claims.csv")}
    said = re.findall(r"^\| `([\w-]+)` \|.*\| ([^|]+) \|$", README, re.M)
    assert len(said) == 8
    assert {claim: verdicts.get(claim) for claim, _ in said} == dict(said)
    assert f"All {len(verdicts)} claims" in README


def test_the_cost_is_that_of_the_archived_study():
    hours = sum(float(row["seconds"]) for row in table("runtimes.csv")) / 3600
    assert float(re.search(r"([\d.]+) h of processor time", README)[1]) == pytest.approx(hours, abs=0.05)
