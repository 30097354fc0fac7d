"""The report in a real browser, without a network: every picture is there, nothing sticks out on any screen."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from test_report import write_study

from sdglass_study.figures import FIGURES
from sdglass_study.jobs import report
from sdglass_study.report.page import render

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

# Also where the browser would like to go by itself.
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars "
    "--host-resolver-rules=MAP_*_~NOTFOUND"
).split()
WIDTHS = (390, 768, 1200)
# Frames of these widths, since the window of a browser has a least width of its own. Each reports what it holds.
PROBE = """
const done = {};
for (const frame of document.querySelectorAll("iframe")) frame.addEventListener("load", () => {
  const page = frame.contentDocument, width = page.documentElement.clientWidth;
  const right = e => e.getBoundingClientRect().right;
  const seen = [...page.body.querySelectorAll("*")].filter(e => !e.closest(".scroll, details:not([open])"));
  const images = [...page.images];
  const sources = [...page.querySelectorAll("[src], [srcset], [poster], link[href], object[data], use")];
  done[frame.width] = {
    width: width,
    images: images.length,
    broken: images.filter(i => !i.complete || i.naturalWidth === 0).map(i => i.alt),
    small: images.filter(i => i.getBoundingClientRect().width < 0.8 * Math.min(width, 900)).map(i => i.alt),
    scrolled: page.documentElement.scrollWidth,
    sticking_out: seen.filter(e => right(e) > width + 1).map(e => `${e.tagName} ${e.textContent.slice(0, 60)}`),
    elsewhere: sources.map(e => e.src || e.href || e.outerHTML).filter(name => !name.startsWith("data:")),
  };
  document.getElementById("found").textContent = JSON.stringify(done);
});
"""


def browse(folder, address, *options):
    """Run the browser with an empty profile in `folder`; return what it prints."""
    profile = f"--user-data-dir={folder / 'profile'}"
    command = [CHROMIUM, *(option.replace("_", " ") for option in OPTIONS), profile, *options, address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def page(tmp_path_factory, paper_tables):
    """The page of a made-up study, with a long command."""
    study = tmp_path_factory.mktemp("study")
    # What is in the pictures does not matter here.
    inputs, settings = write_study(study, np.linspace(0, 1, 1400 * 700).reshape(700, 1400), paper_tables)
    path = study / "report.html"
    path.write_text(render(report.TEMPLATE, **inputs, **settings | {"options": "x " * 60}), encoding="utf-8")
    return path


def probe(text, folder, widths):
    """Return {width: what the browser finds} of a page's text, shown in frames of these widths."""
    frames = "".join(f'<iframe width="{width}" height="900"></iframe>' for width in widths)
    start = (
        "for (const f of document.querySelectorAll('iframe')) f.srcdoc = document.getElementById('page').value;"
    )
    (folder / "probe.html").write_text(
        f'<!DOCTYPE html><meta charset="utf-8"><textarea id="page" hidden>{html.escape(text)}</textarea>{frames}'
        f'<pre id="found"></pre><script>{PROBE}{start}</script>',
        encoding="utf-8",
    )
    address = (folder / "probe.html").as_uri()
    dom = browse(folder, address, "--dump-dom", "--window-size=2600,1000", "--virtual-time-budget=60000")
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    return {int(width): one for width, one in json.loads(html.unescape(found[1])).items()}


@pytest.fixture(scope="module")
def seen(page, tmp_path_factory):
    """What the browser finds on the page at every width."""
    return probe(page.read_text(encoding="utf-8"), tmp_path_factory.mktemp("browser"), WIDTHS)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_whole_at_every_width(seen, width):
    one = seen[width]
    assert one["width"] == width
    assert one["images"] == len(FIGURES)
    assert one["broken"] == []
    assert one["small"] == []
    assert one["scrolled"] <= width
    assert one["sticking_out"] == []
    assert one["elsewhere"] == []


def test_a_broken_picture_would_be_found(page, tmp_path):
    """The probe itself: one image without data, one box that is too wide, one file from elsewhere."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'src="data:image/png;base64,[^"]+"', 'src="data:image/png;base64,AAAA"', text, count=1)
    wrong = '<section style="width: 700px">wide</section><img src="file:///none.png" alt="from elsewhere">'
    one = probe(text.replace("<h2", f"{wrong}<h2", 1), tmp_path, [390])[390]
    assert len(one["broken"]) == 2
    assert one["scrolled"] > 390
    assert any(name == "SECTION wide" for name in one["sticking_out"])
    assert one["elsewhere"] == ["file:///none.png"]
