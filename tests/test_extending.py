"""The pages on how to extend the package, followed literally in a copy of it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reader import PAGES, ROOT

TESTS = {
    "strategy": ("tests/test_docstrings.py", "tests/unlearning/test_strategies.py"),
    "attack": ("tests/test_docstrings.py", "tests/attacks/test_attack.py"),
    "column": (
        "tests/test_docstrings.py",
        "tests/report/test_column_list.py",
        "tests/report/test_page.py",
    ),
    "dataset": ("tests/data/test_datasets.py",),
}
"""Tests that must pass afterwards, by page; those of the new member and of its family."""

NEW = {
    "strategy": "shrink or shrunken",
    "attack": "Margin or margin",
    "column": "confidence or column",
    "dataset": "wine",
}
"""Which of them are about the new member."""


def follow(page: str, root: Path) -> None:
    """Write the files of a page, and insert its rows after the lines that they follow."""
    found = re.findall(
        r"<!-- file: (\S+) -->\n```(\w+)\n(.*?)^```$",
        PAGES[f"docs/extend/{page}.md"],
        flags=re.MULTILINE | re.DOTALL,
    )
    assert found
    for path, language, text in found:
        if language == "python":
            (root / path).write_text(text)
        else:
            (root / path).write_text(patched((root / path).read_text(), text))


def patched(source: str, rows: str) -> str:
    """Return a file with the lines marked by "+" after the lines without a mark."""
    for hunk in re.findall(r"(?:^(?: .*)?\n)+(?:^\+.*\n)+", rows, flags=re.MULTILINE):
        lines = hunk.splitlines()
        context = "\n".join(line[1:] for line in lines if not line.startswith("+")) + "\n"
        added = "\n".join(line[1:] for line in lines if line.startswith("+")) + "\n"
        assert ("\n" + source).count("\n" + context) == 1, context
        source = ("\n" + source).replace("\n" + context, "\n" + context + added)[1:]
    return source


@pytest.mark.slow
@pytest.mark.parametrize("page", TESTS)
def test_a_page_followed_literally_passes_the_tests_of_the_family(page, tmp_path):
    for folder in ("qiskit_qmu", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    follow(page, tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-k", NEW[page], *TESTS[page]]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
