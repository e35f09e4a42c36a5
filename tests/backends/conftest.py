"""Backends are local: no test of this folder may reach the network."""

import pytest
from network_block import refuse_network


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse the network in every test."""
    refuse_network(monkeypatch)
