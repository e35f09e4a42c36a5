"""What a reader of the documentation has at hand, and how its code is run."""

import contextlib
import io
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BUILT = {"_build", "collected", "jupyter_execute"}

PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if not _BUILT & set(path.relative_to(ROOT).parts)
}
"""README and documentation by path."""

RUN = {"sh", "python", ""}
"""Languages of blocks that are run; "" is a terminal, with commands behind a prompt."""

OWN_MODEL = """
import torch
from qiskit_qmu.models import BasicQNN


def build(input_shape, num_classes):
    layer = BasicQNN(num_classes=2, num_qubits=2, num_layers=2).quantum
    return torch.nn.Sequential(
        torch.nn.Linear(input_shape[0], 2), layer, torch.nn.Linear(2, num_classes)
    )
"""


def blocks(page: str) -> list[tuple[str, str]]:
    """Return language and text of every block of a page that is to be run.

    A comment ``<!-- not run: REASON -->`` or ``<!-- file: PATH -->`` before a block exempts it.
    """
    found = re.findall(
        r"(<!-- (?:not run|file): [^>]+ -->\n)?^```([^`\n]*)\n(.*?)^```$",
        PAGES[page],
        flags=re.MULTILINE | re.DOTALL,
    )
    return [(language, text) for exempt, language, text in found if not exempt and language in RUN]


def run_code(texts: list[str], folder: Path) -> dict:
    """Run code in a folder, one text after the other; return its names, and what it printed."""
    names: dict = {}
    with contextlib.chdir(folder), contextlib.redirect_stdout(io.StringIO()) as out:
        for text in texts:
            exec(compile(text, "page", "exec"), names)
    return {**names, "printed": out.getvalue()}


def write_what_readers_have(folder: Path) -> list[str]:
    """Write two tables of 120 rows with ids, a list of a few, and a module with a factory."""
    from sklearn.datasets import load_breast_cancer, load_diabetes

    cancer = load_breast_cancer(as_frame=True)
    table = cancer.data.iloc[:120, :8].assign(
        customer=[f"C{number:04d}" for number in range(120)],
        diagnosis=cancer.target_names[cancer.target[:120]],
    )
    table.to_csv(folder / "rows.csv", index=False)
    diabetes = load_diabetes(as_frame=True)
    patients = diabetes.data.iloc[:120, :4].assign(
        patient=table.customer, progression=(diabetes.target[:120] - 185.5) / 160.5
    )
    patients.to_csv(folder / "patients.csv", index=False)
    withdrawn = [f"C{number:04d}" for number in range(0, 120, 6)]
    (folder / "withdrawn.txt").write_text("\n".join(withdrawn) + "\n")
    (folder / "mine.py").write_text(OWN_MODEL)
    _write_outputs_and_weights(folder)
    return withdrawn


def _write_outputs_and_weights(folder: Path) -> None:
    """Write outputs of a model on 200 rows, and three state dicts of the factory's module."""
    import numpy as np
    import torch

    rng = np.random.default_rng(0)
    label, member = rng.integers(0, 2, 200), np.repeat([1, 0], 100)
    values = np.tanh((2 * label - 1) * (member + rng.normal(size=200)))
    rows = np.column_stack([label, member, values])
    header = "label,member,expectation_0"
    np.savetxt(folder / "outputs.csv", rows, "%g", ",", header=header, comments="")
    names: dict = {}
    exec(OWN_MODEL, names)
    with torch.random.fork_rng():
        for seed, name in enumerate(("new", "old", "retrained")):
            torch.manual_seed(seed)
            torch.save(names["build"]((8,), 2).state_dict(), folder / f"{name}.pt")
