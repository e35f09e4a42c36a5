"""Rotations with angles of their own: the same circuit, and derivatives by the chain rule."""

import numpy as np
import pytest
from qiskit import transpile
from qiskit.circuit import Gate, Parameter, QuantumCircuit
from qiskit.circuit.library import RYGate, zz_feature_map
from qiskit.quantum_info import Operator
from qiskit_machine_learning.circuit.library import raw_feature_vector

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.simulator.compile.unrolling import rotation_angles

A, B = Parameter("a"), Parameter("b")


def everything() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.rx(A, 0)
    circuit.u(A * B, 0.3, B - A, 1)
    circuit.cp(2 * A, 0, 1)
    circuit.crz(B, 1, 2)
    circuit.cry(A + 1, 2, 0)
    circuit.rzz(A.sin(), 0, 2)
    circuit.rxx(B, 1, 2)
    circuit.append(RYGate(A).control(2, ctrl_state=1, annotated=False), [0, 1, 2])
    circuit.compose(zz_feature_map(2).assign_parameters([A, B]), [1, 2], inplace=True)
    return circuit


def test_bound_angles_make_the_same_unitary():
    circuit = everything()
    rotations = RotationCircuit.of(circuit)
    rows = np.array([[0.3, -0.7], [1.1, 0.4]])
    for row, angles in zip(rows, rotations.values(rows), strict=True):
        own = rotations.circuit.assign_parameters(dict(zip(rotations.angles, angles, strict=True)))
        assert Operator(own).equiv(Operator(circuit.assign_parameters(row)))


def test_every_angle_is_a_parameter_of_one_rotation():
    rotations = RotationCircuit.of(everything())
    assert rotations.circuit.num_parameters == len(rotations.angles)
    used = [p for g in rotations.circuit.data for p in g.params if isinstance(p, Parameter)]
    assert sorted(used, key=str) == sorted(rotations.angles, key=str)


def test_slopes_are_those_of_the_expressions():
    rotations = RotationCircuit.of(everything())
    row, step = np.array([[0.3, -0.7]]), 1e-6
    slopes = rotations.slopes(row)
    for column in range(2):
        move = step * np.eye(2)[column]
        difference = (rotations.values(row + move) - rotations.values(row - move)) / (2 * step)
        np.testing.assert_allclose(slopes[:, :, column], difference, atol=1e-8)
    np.testing.assert_array_equal(rotations.depends, slopes[0] != 0)


def test_as_many_rotations_as_the_meter_counts():
    circuit = everything()
    del circuit.data[8]  # Qiskit's definition of this gate shares no rotations with ours
    assert len(RotationCircuit.of(circuit).angles) >= len(list(rotation_angles(circuit)))


def test_circuits_without_parameters():
    circuit = QuantumCircuit(1)
    circuit.h(0)
    rotations = RotationCircuit.of(circuit)
    assert rotations.values(np.zeros((3, 0))).shape == (3, 0)
    assert rotations.slopes(np.zeros((3, 0))).shape == (3, 0, 0)


def test_parameters_inside_of_control_flow_are_refused():
    circuit = QuantumCircuit(1, 1)
    with circuit.if_test((0, 1)):
        circuit.rx(A, 0)
    with pytest.raises(InputError, match="'if_else' is neither a rotation nor made of rotations"):
        RotationCircuit.of(circuit)


@pytest.mark.parametrize("name", ["id", "delay", "barrier", "measure", "x", "unitary", "mine"])
def test_a_gate_of_ones_own_is_what_it_does_and_not_what_it_is_called(name):
    """Transpilers and simulators of devices go by names."""
    block = QuantumCircuit(1, name=name)
    block.ry(0.7, 0)

    class MatrixGate(Gate):
        def __array__(self, dtype=None, copy=None):
            return RYGate(0.7).to_matrix()

    for gate in (block.to_gate(), MatrixGate(name, 1, [])):
        circuit = QuantumCircuit(1)
        circuit.append(gate, [0])
        placed = transpile(RotationCircuit.of(circuit).circuit, basis_gates=["rz", "sx"])
        assert Operator(placed).equiv(RYGate(0.7))


def test_amplitudes_that_are_parameters_are_refused():
    with pytest.raises(
        InputError, match="RawFeatureVector with unbound parameters cannot be transpiled"
    ):
        RotationCircuit.of(raw_feature_vector(4))
