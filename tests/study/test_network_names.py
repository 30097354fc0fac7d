"""What the networks of a study are called: by their size, by their task, and by what sets them apart."""

from pathlib import Path

import pytest

from sdglass_study.figures import engines, style
from sdglass_study.figures.networks import named, network_names
from sdglass_study.overrides import study_config
from sdglass_study.report.networks import driver_words, networks_used

ROOT = Path(__file__).resolve().parents[2]
OVERLAYS = {"paper": [], "quick": ["workflow/scales/quick.yaml"]}


def config_of(scale):
    files = [str(ROOT / name) for name in ("config.yaml", *OVERLAYS[scale])]
    return study_config(files, {}, ROOT / "workflow" / "schemas" / "config.schema.yaml")


@pytest.fixture(scope="module")
def paper():
    return config_of("paper")


@pytest.fixture(scope="module")
def quick():
    return config_of("quick")


def test_the_papers_network_and_the_one_that_drives_the_quenches(paper):
    with named(network_names(paper)):
        assert style.label("bond") == engines.words("bond") == "paper's network"
        assert style.label("network") == engines.words("network") == style.label("small") == "small network"
        assert style.look("network") == style.look("small") != style.look("bond")


def test_a_study_with_one_network_calls_it_network(quick):
    with named(network_names(quick)):
        assert {style.label(name) for name in ("bond", "network")} == {"network"}
        assert style.label("chirality-configurations") == "network + chirality, split by configuration"


def test_variants_are_called_by_what_sets_them_apart(paper):
    with named(network_names(paper)):
        assert style.label("bond-long") == "paper's network, 30 epochs"
        assert style.label("small-relu") == "small network, ReLU"
        assert style.label("small-unstarted") == "small network, from random weights"
        assert style.label("data-2x250") == "small network, 2 × 250 configurations"
        assert style.label("data-8x50") == "small network, 50 configurations each"
        assert style.label("tiny") == "tiny network"  # of yet another size: as always


def test_names_hold_within_their_block_only(paper):
    usual = style.label("bond"), engines.words("small")
    with named(network_names(paper)):
        assert (style.label("bond"), engines.words("small")) != usual
    assert (style.label("bond"), engines.words("small")) == usual
    with named(network_names({})):
        assert (style.label("bond"), engines.words("small")) == usual


def test_the_report_says_which_network_drives_the_quenches(paper, quick, tmp_path):
    with named(network_names(paper)):
        assert [one["variant"] for one in networks_used(paper, tmp_path)] == ["bond", "small"]
        text = driver_words(paper, tmp_path)
    assert "“small network”" in text
    assert "The paper's network" in text
    with named(network_names(quick)):
        assert [one["variant"] for one in networks_used(quick, tmp_path)] == ["bond"]
        assert "paper's" not in driver_words(quick, tmp_path)
    assert driver_words({}, tmp_path) == ""
