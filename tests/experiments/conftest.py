"""Experiments write their pages without figures here."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _quick_pages(without_figures) -> None:
    """Leave out the figures, which tests/report draws for an experiment's results too."""
