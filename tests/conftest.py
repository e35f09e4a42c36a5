"""Randomness of the tests, one stream for each, whatever runs before; and their cores."""

import gc
import hashlib
import os
import random
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

# Each of the processes that share the tests has one core.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Processes that tests spawn find their modules; last, so that what is installed is what is tested.
sys.path.append(str(Path(__file__).parents[1]))

# What is imported and collected stays: no use in looking through millions of objects for garbage.
gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage from here on, in what tests make."""
    gc.freeze()
    gc.enable()


def _seeded_by(node: pytest.Item) -> np.random.Generator:
    return np.random.default_rng(list(hashlib.sha256(node.nodeid.encode()).digest()))


@pytest.fixture
def generator(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator that is seeded by the test's own id, parameters included."""
    return _seeded_by(request.node)


@pytest.fixture(scope="module")
def without_figures() -> Iterator[None]:
    """Leave out figures, which take nearly all of a page's time: tests/report draws them."""
    with pytest.MonkeyPatch.context() as patch:
        for page in ("page", "audit_page", "tables.page"):
            patch.setattr(f"qiskit_qmu.report.{page}._figures", lambda *_arguments: [])
        patch.setattr("qiskit_qmu.report.tables.page._tradeoff", lambda *_arguments: None)
        for drawn in ("report.shot_page", "experiments.shots.output"):
            patch.setattr(f"qiskit_qmu.{drawn}.shot_figure", lambda *_arguments: "<svg></svg>")
        yield


@pytest.fixture(autouse=True)
def _entropy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seed what is opened without a seed, and global generators, by the test's own id too."""
    source = _seeded_by(request.node).spawn(1)[0]
    random.seed(int(source.integers(2**32)))
    np.random.seed(int(source.integers(2**32)))  # noqa: NPY002
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(int(source.integers(2**32)))
    monkeypatch.setattr(secrets, "randbits", lambda bits: int(source.integers(2**bits)))
