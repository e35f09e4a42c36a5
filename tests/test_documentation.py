"""The pages of docs/: their links lead somewhere, their commands are known, and their code runs."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from network_block import refuse_network
from reader import PAGES, ROOT, blocks, run_code, write_what_readers_have

from qiskit_qmu.cli.main import command_parsers

ABSOLUTE_PATH = re.compile(r"(?<![\w.<+/:-])/[a-z]+/[\w.]")
DOCS = [page for page in PAGES if page.startswith("docs")]
LINKED = {
    **PAGES,
    **{
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in ("benchmarks", "tutorials")
        for path in sorted((ROOT / folder).glob("*.md"))
    },
    **{
        str(path.relative_to(ROOT)): "\n\n".join(
            "".join(cell["source"])
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
            if cell["cell_type"] == "markdown"
        )
        for path in sorted((ROOT / "tutorials").glob("*.ipynb"))
    },
}


def _anchors(text: str) -> set[str]:
    """Return the anchors that GitHub and MyST give to headings."""
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", LINKED)
def test_links_inside_the_repository_resolve(page):
    text = re.sub(r"^```.*?^```$", "", LINKED[page], flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (ROOT / page).parent / path if path else ROOT / page
        assert found.exists(), target
        if anchor:
            name = str(found.resolve().relative_to(ROOT.resolve()))
            assert anchor in _anchors(LINKED[name]), target


def test_no_line_is_hidden_as_a_comment():
    """MyST leaves out what stands behind a per cent sign at the start of a line."""
    hidden = re.compile(r"^%.*", flags=re.MULTILINE)
    code = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
    assert [line for text in LINKED.values() for line in hidden.findall(code.sub("", text))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "tutorials").glob("*.ipynb")), ids=lambda p: p.stem)
def test_tutorials_are_stored_with_their_outputs(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = json.dumps([cell["outputs"] for cell in code])
    assert '"output_type": "error"' not in outputs
    assert '"name": "stderr"' not in outputs
    for place in ("/tmp/", "/home/", "site-packages"):
        assert place not in outputs
    for data in (each for cell in code for each in cell["outputs"]):
        shown = [data.get("text", ""), *data.get("data", {}).get("text/plain", "")]
        assert not ABSOLUTE_PATH.search("".join("".join(text) for text in shown))


def test_commands_of_studies_are_ones_that_the_command_line_takes(tmp_path, monkeypatch):
    """They take hours, and are not run; all others are, in `test_readme.py`."""
    monkeypatch.chdir(tmp_path)
    parsers = command_parsers()
    for page in DOCS:
        if page.startswith("docs/studies/"):
            text = "".join(text for language, text in blocks(page) if language == "sh")
            for line in text.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True)
                if words[:2] == ["qmu", "report"]:
                    Path(words[2]).mkdir(exist_ok=True)  # (a command before it writes it)
                if words[:1] == ["qmu"]:
                    name = " ".join(words[1:3]) if " ".join(words[1:3]) in parsers else words[1]
                    parsers[name].parse_args(words[1 + len(name.split()) :])


def _shots(names: dict, folder: Path) -> None:
    assert round(names["pair"].auc.value, 2) == 0.87
    assert round(names["pair"].epsilon(1e-5).value, 1) == 7.6
    assert (round(names["bound"].auc, 2), round(names["bound"].epsilon(1e-5), 1)) == (0.68, 2.8)
    iris = names["iris"]
    again = names["served"].observe(iris.x_test, iris.y_test)
    assert (again.counts == names["answers"].counts).all()


def _start(names: dict, folder: Path) -> None:
    assert "verdict: " in names["printed"]
    assert "<html" in (folder / "audit.html").read_text()


def _your_data(names: dict, folder: Path) -> None:
    import qiskit_qmu as qmu
    from qiskit_qmu.experiments import describe_model

    withdrawn = set((folder / "withdrawn.txt").read_text().split())
    customers, split = names["customers"], names["split"]
    forgotten = customers.ids_train[split.forget.indices]
    assert set(forgotten) == withdrawn - set(customers.ids_test)
    rows = {row["method"]: row for row in names["compared"].rows}
    assert list(rows) == ["original", "oracle", "ssd-r", "rga-r"]
    assert rows["original"]["acc_retain_test"] > 0.8
    assert forgotten[0] in (folder / "report.html").read_text()
    assert describe_model(folder / "unlearned")["forgotten"][0]["strategy"] == "ssd-r"
    loaded = qmu.load_model(folder / "unlearned")
    same = names["compared"].models["ssd-r"].predict(customers.x_test)
    assert (same == loaded.predict(customers.x_test)).all()


def _deletion_requests(names: dict, folder: Path) -> None:
    withdrawn = set((folder / "withdrawn.txt").read_text().split())
    split, held_out = names["split"], names["held_out"]
    known = withdrawn & set(names["customers"].ids_train)
    assert set(split.forget.ids) == known - set(held_out.ids) != known
    assert (split.validation.indices == held_out.indices).all()
    assert names["report"].verdict


def _your_model(names: dict, folder: Path) -> None:
    import qiskit_qmu as qmu

    task, forgot = names["task"], names["forgot"]
    assert forgot.recommendation.method == ""  # too few rows to show "within 0.05"
    before = qmu.observe(names["own"], task.test_forget.x, task.test_forget.y).accuracy
    assert before > 0.9
    after = [
        qmu.observe(forgot.models[name], task.test_forget.x, task.test_forget.y).accuracy
        for name in names["mine"]
    ]
    assert max(after) < 0.1
    oracle = re.search(r"^oracle +(-?[\d.]+)±\S+ +(\d[\d.]+)±", names["printed"], re.MULTILINE)
    assert oracle is not None
    assert float(oracle[2]) > 0.3  # R² on retained rows: the regression has learned
    assert names["classifier"].score(names["x_test"], names["y_test"]) > 0.8


def _choose(names: dict, folder: Path) -> None:
    assert "reached the target" in names["printed"]


def _read_an_audit(names: dict, folder: Path) -> None:
    found = {finding.key: finding.value for finding in names["test"].findings}
    assert found["strategy_auc_before"].low > 0.55
    assert found["strategy_auc"].value < found["strategy_auc_before"].low


def _hardware(names: dict, folder: Path) -> None:
    counts, rows = names["observed"].counts, len(names["iris"].y_test)
    assert (counts.reshape(rows, -1).sum(axis=1) % 256 == 0).all()


def _scale_out(names: dict, folder: Path) -> None:
    frame = names["result"].to_frame()
    assert list(frame["method"]).count("ga") == 4


def _training_for_deletion(names: dict, folder: Path) -> None:
    entries = names["certified"].ledger_.entries
    assert [entry.action for entry in entries] == ["trained", "removed"]


def _kernels(names: dict, folder: Path) -> None:
    assert "circuits=0" in names["printed"]
    assert "\n[ 8 " in names["printed"]  # the deleted row is told first


def _simulator(names: dict, folder: Path) -> None:
    import torch

    layer = names["layer"]
    layer(torch.zeros(3, 4)).sum().backward()
    assert torch.isfinite(layer.weight.grad).all()


def _exact(names: dict, folder: Path) -> None:
    assert names["printed"].strip() == "8"


def _strategy(names: dict, folder: Path) -> None:
    assert names["result"].usage.gradient_evaluations > 0


def _attack(names: dict, folder: Path) -> None:
    assert "'mia_auc_MarginAttack'" in names["printed"]


def _backend(names: dict, folder: Path) -> None:
    assert names["counting"].circuits == 5


CHECKS: dict[str, tuple[Callable[[dict, Path], None], bool]] = {
    "docs/start.md": (_start, False),
    "docs/guides/your_data.md": (_your_data, False),
    "docs/guides/deletion_requests.md": (_deletion_requests, True),
    "docs/guides/your_model.md": (_your_model, False),
    "docs/guides/choose_a_strategy.md": (_choose, False),
    "docs/guides/read_an_audit.md": (_read_an_audit, False),
    "docs/guides/shots.md": (_shots, True),
    "docs/guides/hardware.md": (_hardware, True),
    "docs/guides/scale_out.md": (_scale_out, False),
    "docs/guides/training_for_deletion.md": (_training_for_deletion, True),
    "docs/guides/kernels.md": (_kernels, True),
    "docs/guides/simulator.md": (_simulator, True),
    "docs/explanations/exact_is_not_private.md": (_exact, True),
    "docs/extend/strategy.md": (_strategy, True),
    "docs/extend/attack.md": (_attack, True),
    "docs/extend/backend.md": (_backend, True),
}
"""What the code of a page must give, and whether it is quick enough for every run."""


def test_every_page_with_code_has_a_check():
    with_code = {page for page in DOCS if any(kind == "python" for kind, _ in blocks(page))}
    studies = {page for page in with_code if page.startswith("docs/studies/")}
    assert with_code - studies == CHECKS.keys()


def _marks(page: str) -> list[pytest.MarkDecorator]:
    quick = CHECKS[page][1]
    return [pytest.mark.slow, *([pytest.mark.ci] if quick else [])]


@pytest.mark.parametrize("page", [pytest.param(page, marks=_marks(page)) for page in CHECKS])
def test_the_code_of_a_page(page, tmp_path, monkeypatch):
    import torch

    refuse_network(monkeypatch)
    write_what_readers_have(tmp_path)
    texts = [text for kind, text in blocks(page) if kind == "python"]
    with torch.random.fork_rng():
        torch.manual_seed(1)  # the weights of layers in the examples
        names = run_code(texts, tmp_path)
    monkeypatch.chdir(tmp_path)
    CHECKS[page][0](names, tmp_path)
