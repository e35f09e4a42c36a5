"""A page over many records in a real browser: accessible, and no wider than its window."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from qiskit_qmu.report import RunRecords, result_tables

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

TOLD = """
<script>{axe}</script>
<script>
document.querySelectorAll("details").forEach((each) => { each.open = true; });
const told = document.createElement("pre");
told.id = "told";
told.hidden = true;
axe.run().then((found) => {
  told.textContent = JSON.stringify({
    faults: found.violations.map((each) => [each.impact, each.id, each.nodes[0].html]),
    rules: found.passes.length,
    over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    shown: getComputedStyle(document.querySelector("td.word")).display,
  });
  document.body.append(told);
});
</script></body>
"""


@pytest.fixture(scope="module")
def page(build):
    runs = []
    for kind, forget in (("instances", "2 % of the rows"), ("class", "class 4")):
        rows, scores = build(kind, 2, ("original", "oracle", "gd", "ssd", "rga-r"))
        history = [{"forget_loss": 0.5}, {"forget_loss": 0.7}]
        records = [
            SimpleNamespace(row=row, scores=entry, history=history)
            for row, entry in zip(rows, scores, strict=True)
        ]
        for model in ("basic", "hybrid"):
            for alpha in (25.0, 1.0, 5.0):
                place = {"model": model, "forget": forget, "shots": None, "rga.alpha": alpha}
                runs.append(RunRecords(place=place, kind=kind, records=records))
    return result_tables(runs).to_html()


def test_groups_are_in_the_order_of_their_settings(page):
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    firsts = re.findall(r'<tr class="reference first">.*?</small><small class="place">(.*?)<', body)
    assert firsts == [
        f"{model}, {forget}, rga.alpha {alpha}"
        for model in ("basic", "hybrid")
        for forget in ("2 % of the rows", "class 4")
        for alpha in ("1.0", "5.0", "25.0")
    ]


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no browser")
@pytest.mark.parametrize(
    ("width", "dark", "shown"), [(1400, False, "table-cell"), (390, True, "none")]
)
def test_axe_finds_nothing_and_the_page_fits_its_window(page, tmp_path, width, dark, shown):
    axe = pytest.importorskip("axe_core_python")
    script = (Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    allowed = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    (tmp_path / "page.html").write_text(
        allowed.replace("</body>", TOLD.replace("{axe}", script)), encoding="utf-8"
    )
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},900"]
    options += ["--blink-settings=preferredColorScheme=0"] if dark else []
    address = (tmp_path / "page.html").as_uri()
    done = subprocess.run(
        [BROWSER, *options, "--virtual-time-budget=100000", "--dump-dom", address],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    told = json.loads(html.unescape(re.search(r'<pre id="told"[^>]*>(.*?)</pre>', done.stdout)[1]))
    assert told["faults"] == []
    assert told["rules"] > 10
    assert told["over"] == 0
    assert told["shown"] == shown
