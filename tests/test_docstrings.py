"""The examples in docstrings, run."""

import doctest
import pkgutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import qiskit_qmu


def _with_examples():
    for module in pkgutil.walk_packages(qiskit_qmu.__path__, "qiskit_qmu."):
        if ">>> " in Path(find_spec(module.name).origin).read_text(encoding="utf-8"):
            yield module.name


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("name", list(_with_examples()))
def test_examples_give_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testmod(import_module(name), optionflags=options)
    assert found.attempted
    assert not found.failed
