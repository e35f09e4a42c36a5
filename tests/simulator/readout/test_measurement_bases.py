"""Measurement bases: groups by hand, and terms that their basis really measures."""

import numpy as np
import pytest
import torch
from qiskit.quantum_info import Operator, Pauli, SparsePauliOp, random_statevector
from random_circuits import random_observable

from qiskit_qmu.simulator.readout.measurement_bases import (
    measured_terms,
    measurement_bases,
    rotate_to_basis,
)


@pytest.mark.parametrize(
    ("labels", "bases"),
    [
        (["ZI", "IZ", "ZZ"], ["ZZ"]),
        (["XX", "YY", "ZZ"], ["XX", "YY", "ZZ"]),
        (["XI", "IZ", "XZ", "ZI"], ["XZ", "ZI"]),
        (["ZI", "XI", "IY"], ["ZY", "XI"]),
        (["II"], ["II"]),
        (["ZZ", "ZZ"], ["ZZ"]),
        ([], []),
    ],
)
def test_measurement_bases(labels, bases):
    """Groups by hand: in order, each label joins the first basis that it fits."""
    assert measurement_bases(labels) == bases


def test_terms_of_several_observables():
    """By hand: ZI and IZ are read from ZZ, XI from XI; masks count qubits from the right."""
    observables = [
        SparsePauliOp(["II", "ZI", "XI"], [1.0, 2.0, 3.0]),
        SparsePauliOp(["IZ", "II", "ZI"], [4.0, 5.0, 6.0]),
    ]
    constants, terms = measured_terms(observables)
    assert constants.tolist() == [1.0, 5.0]
    assert terms == {"ZZ": [(0, 0b10, 2.0), (1, 0b10, 6.0), (1, 0b01, 4.0)], "XI": [(0, 0b10, 3.0)]}


@pytest.mark.parametrize("case", range(10))
def test_every_term_is_measured_once_in_a_basis_that_measures_it(case, generator):
    observables = [random_observable(generator, 4) for _ in range(10)]
    constants, terms = measured_terms(observables)
    sums = [SparsePauliOp("IIII", constant) for constant in constants]
    for basis, members in terms.items():
        for row, mask, coefficient in members:
            label = "".join(p if mask >> (3 - i) & 1 else "I" for i, p in enumerate(basis))
            sums[row] += SparsePauliOp(label, coefficient)
    for observable, rebuilt in zip(observables, sums, strict=True):
        assert observable.equiv(rebuilt)


@pytest.mark.parametrize("basis", ["ZZZ", "XYZ", "YIX", "IIY"])
def test_rotated_states_are_measured_in_the_basis(basis, generator):
    """The probability of outcome s is |<s in this basis|ψ>|², through projectors of the Paulis."""
    state = random_statevector(8, seed=generator).data
    rotated = rotate_to_basis(torch.tensor(state)[:, None], basis)[:, 0].numpy()
    for outcome in range(8):
        projector = np.eye(1)
        for i, letter in enumerate(basis):
            sign = 1 - 2 * (outcome >> (2 - i) & 1)
            pauli = Operator(Pauli("Z" if letter == "I" else letter)).data
            projector = np.kron(projector, (np.eye(2) + sign * pauli) / 2)
        expected = (state.conj() @ projector @ state).real
        assert np.abs(rotated[outcome]) ** 2 == pytest.approx(expected, abs=1e-12)
