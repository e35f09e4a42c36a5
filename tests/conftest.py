"""Randomness of the tests: one stream for each test, the same in every run and order."""

import hashlib

import numpy as np
import pytest


@pytest.fixture
def generator(request: pytest.FixtureRequest) -> np.random.Generator:
    """Return a generator that is seeded by the test's own id, parameters included."""
    digest = hashlib.sha256(request.node.nodeid.encode()).digest()
    return np.random.default_rng(list(digest))
