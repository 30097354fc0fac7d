"""The configuration that jobs take over from the snakemake that plans a study."""

import base64
import re

import pytest
from workflow_runs import ROOT, SMOKE

from sdglass.errors import InputError
from sdglass_study.config import load_config
from sdglass_study.handover import decode_study, encode_study

NAME = "SDGLASS_STUDY"


@pytest.mark.parametrize("overlays", [(), (SMOKE,)], ids=["paper", "smoke"])
def test_a_configuration_arrives_as_it_was_sent(overlays):
    config = load_config(ROOT / "config.yaml", *(ROOT / path for path in overlays))
    text = encode_study({"config": config, "given": {"filling": 0.1 + 0.2}})
    assert decode_study(text, NAME) == {"config": config, "given": {"filling": 0.1 + 0.2}}
    assert list(decode_study(text, NAME)["config"]["network"]["variants"]) == list(config["network"]["variants"])
    assert re.fullmatch(r"[\w=-]+", text)  # no quotes in a shell
    assert len(text) < 2**15  # Linux allows 2^17 bytes for a variable


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"SDGLASS_STUDY is not set: .* submit with --export=ALL"),
        ("", r"SDGLASS_STUDY=: not what snakemake set"),
        ("a b", r"SDGLASS_STUDY=a b: not what snakemake set"),
        (base64.b64encode(b"{}").decode(), r"SDGLASS_STUDY=e30=: not what snakemake set"),
        (encode_study({"config": {}})[:-8], r"SDGLASS_STUDY=\S+: not what snakemake set"),
        (encode_study([1]), r"SDGLASS_STUDY: expected a mapping, found \[1\]"),
    ],
)
def test_what_is_no_configuration_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        decode_study(text, NAME)
