"""The surroundings of a user's program: what a notebook's shell or a style of one's own says changes no figure."""

import os
import subprocess
import sys

import pytest

DRAW = """
import sys
from sdglass_study.figures import FIGURES, _style
with _style.journal():
    page, axes = _style.panels(2.0)
    axes[0].plot([1, 2])
    _style.time_axis(axes[0])
    _style.save(page, "A.png", "A.pdf")
import sdglass_study.figures._film, sdglass_study.figures._scene
"""


def drawn(folder, **environment):
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", DRAW], cwd=folder, capture_output=True, text=True, env={**os.environ, **environment}
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [(folder / name).read_bytes() for name in ("A.png", "A.pdf")]


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "qtagg", "nonsense", "agg", ""])
def test_figures_do_not_heed_the_backend_of_the_shell(tmp_path, backend):
    assert drawn(tmp_path / "here", MPLBACKEND=backend) == drawn(tmp_path / "plain", MPLBACKEND="agg")


def test_figures_do_not_heed_a_style_of_ones_own(tmp_path):
    style = tmp_path / "matplotlibrc"
    style.write_text("font.size: 20\nlines.linewidth: 7\nbackend: qtagg\naxes.grid: True\ntext.usetex: True\n")
    assert drawn(tmp_path / "here", MATPLOTLIBRC=str(style)) == drawn(tmp_path / "plain")
