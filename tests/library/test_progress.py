"""The live line of long steps: one line that is rewritten in a terminal, few lines in a log."""

import io
import re

import pytest

from sdglass.progress import progress_bar, tracked


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves by hand; tqdm reads it as its own."""
    now = [1000.0]
    monkeypatch.setattr("tqdm.std.time", lambda: now[0])
    return now


def test_a_log_has_lines_with_rate_and_time_left(clock):
    log = io.StringIO()
    with progress_bar(100, "quench", "step", file=log) as bar:
        for _ in range(100):
            clock[0] += 1.0
            bar.update()
    text = log.getvalue()
    assert "\r" not in text
    lines = text.splitlines()
    assert lines[-1].startswith("quench: 100% 100/100 [01:40<00:00")
    assert re.fullmatch(r"quench: 50% 50/100 \[00:50<00:50,\s+1\.00step/s\]", lines[10])
    assert len(lines) == 21  # one every five seconds
    assert len(lines) == len(set(lines))


def test_a_run_that_goes_on_shows_what_was_done_before(clock):
    log = io.StringIO()
    with progress_bar(100, "quench", "step", initial=90, file=log) as bar:
        clock[0] += 6.0
        bar.update(3)
    assert "quench: 93% 93/100 [00:06<00:14" in log.getvalue()


def test_a_terminal_has_one_line(clock):
    terminal = Terminal()
    with progress_bar(10, "quench", "step", file=terminal) as bar:
        for _ in range(10):
            clock[0] += 1.0
            bar.update()
    assert terminal.getvalue().count("\n") == 1
    assert terminal.getvalue().count("\r") >= 10


def test_items_are_passed_on(capsys):
    assert list(tracked(["a", "b"], "letters", "letter")) == ["a", "b"]
    assert "letters: 100% 2/2" in capsys.readouterr().err
