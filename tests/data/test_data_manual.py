"""Tests of the package's page: its examples run and its names resolve."""

import doctest

import qiskit_qmu.data


def test_examples_of_the_manual_page_run():
    outcome = doctest.testmod(qiskit_qmu.data)
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_all_names_resolve():
    assert all(hasattr(qiskit_qmu.data, name) for name in qiskit_qmu.data.__all__)
