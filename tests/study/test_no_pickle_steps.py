"""No file that a step of the study reads is ever run: not a hostile one of any kind, not a hostile checkpoint."""

import pytest
from hostile_files import FORMS, hostile, trap
from small_jobs import told
from stored_files import kinds

from sdglass.errors import InputError
from sdglass_study.jobs.__main__ import main

KINDS = {name: kind for name, kind in kinds().items() if kind.rewrite}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", KINDS)
def test_every_reader_refuses_it(tmp_path, name, form):
    sprung, path = trap(tmp_path), hostile(tmp_path, form)
    with pytest.raises(InputError, match=path.name):
        KINDS[name].rewrite(path, tmp_path / "out")
    assert not sprung.exists()
    assert not (tmp_path / "out").exists()


def test_a_hostile_checkpoint_is_discarded_unread(tmp_path, capsys):
    """The job begins afresh, and says so."""
    sprung = trap(tmp_path)
    KINDS["structure"].write(tmp_path / "S.npz")
    hostile(tmp_path, "h5").rename(tmp_path / "T.h5.checkpoint")
    assert main("quench", *told("quench", {"structure": str(tmp_path / "S.npz")}, tmp_path)) == 0
    assert "T.h5.checkpoint: discarded, starting afresh" in capsys.readouterr().err
    assert (tmp_path / "T.h5").exists()
    assert not sprung.exists()
