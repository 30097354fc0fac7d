"""No data file that the command line is given is ever run: hostile files are refused."""

import numpy as np
import pytest
from hostile_files import FORMS, hostile, trap
from small_study import sites

from sdglass.cli import main


@pytest.fixture
def sprung(tmp_path):
    return trap(tmp_path)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("option", ["engine", "structure", "spins"])
def test_the_command_line_runs_no_file(tmp_path, capsys, sprung, option, form):
    sites(10).save(tmp_path / "S.npz")
    np.save(tmp_path / "SPINS.npy", np.tile([0.0, 0.0, 1.0], (10, 1)))
    options = {"engine": "exact", "structure": tmp_path / "S.npz", "spins": tmp_path / "SPINS.npy"}
    path = options[option] = hostile(tmp_path, form)
    options = {**options, "out": tmp_path / "OUT.npz"}
    assert (
        main(["evaluate", *(word for name, value in options.items() for word in (f"--{name}", str(value)))]) == 2
    )
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert path.name in err
    assert not sprung.exists()
    assert not (tmp_path / "OUT.npz").exists()
