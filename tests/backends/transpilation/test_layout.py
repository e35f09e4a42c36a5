"""Which qubits of a device are taken: connected, good, and no more than needed."""

import pytest
from qiskit.circuit import Measure, QuantumCircuit
from qiskit.circuit.library import CXGate, CZGate
from qiskit.transpiler import InstructionProperties, Target
from qiskit_ibm_runtime.fake_provider import FakeTorino

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import DeviceOptions
from qiskit_qmu.backends.devices.local_sampler import CompactCircuit
from qiskit_qmu.backends.transpilation.layout import best_qubits, subset_of
from qiskit_qmu.backends.transpilation.transpilers import make_transpiler
from qiskit_qmu.circuits import qnn_circuit


def line(errors, readout) -> Target:
    """Return qubits in a line with CZ in one direction."""
    target = Target(num_qubits=len(readout))
    target.add_instruction(
        CZGate(), {(i, i + 1): InstructionProperties(error=e) for i, e in enumerate(errors)}
    )
    target.add_instruction(
        Measure(), {(i,): InstructionProperties(error=e) for i, e in enumerate(readout)}
    )
    return target


def test_the_best_connected_qubits():
    target = line([0.1, 0.01, 0.01, 0.3], [0.01] * 5)
    assert best_qubits(target, 2) == [1, 2]
    assert best_qubits(target, 3) == [1, 2, 3]
    assert best_qubits(target, 4) == [0, 1, 2, 3]
    assert best_qubits(line([0.01] * 3, [0.2, 0.2, 0.01, 0.01]), 2) == [2, 3]


def test_what_does_not_work_is_left_out():
    assert best_qubits(line([0.01, 1.0, 0.2], [0.01] * 4), 2) == [0, 1]
    assert best_qubits(line([0.01, 0.1, 0.2], [0.01, 1.0, 0.01, 0.01]), 2) == [2, 3]
    with pytest.raises(
        InputError,
        match=r"does not fit the device: it has no 3 connected working",
    ):
        best_qubits(line([0.01, 1.0, 0.2], [0.01] * 4), 3)


def test_a_subset_keeps_what_its_qubits_can_do():
    target = line([0.1, 0.2, 0.3], [0.01, 0.02, 0.03, 0.04])
    target.add_instruction(CXGate(), {(3, 0): InstructionProperties(error=0.5)})
    subset = subset_of(target, (1, 2))
    assert list(subset["cz"]) == [(0, 1)]
    assert subset["cz"][(0, 1)].error == 0.2
    assert subset["measure"][(1,)].error == 0.03
    assert "cx" not in subset


@pytest.mark.parametrize(("level", "num_qubits"), [(1, 10), (3, 4)])
def test_circuits_stay_on_as_many_qubits_as_they_have(level, num_qubits):
    device = FakeTorino()
    circuit = qnn_circuit(num_qubits, num_qubits, 2).circuit.copy()
    circuit.measure_all()
    options = DeviceOptions(device, optimization_level=level, seed_transpiler=3)
    transpiler = make_transpiler(device, options, small_subset=True)
    isa = transpiler(circuit)
    assert isa.num_qubits == 133
    assert list(CompactCircuit.of(isa).qubits) == transpiler.qubits(num_qubits)
    for instruction in isa.data:
        if instruction.name != "barrier":
            qubits = tuple(isa.find_bit(qubit).index for qubit in instruction.qubits)
            assert device.target.instruction_supported(instruction.name, qubits)
    assert transpiler(circuit) == isa


def test_circuits_that_measure_halfway_are_run_by_aer():
    """X, measure, reset by a second X: the first register holds 1, the second 0."""
    from qiskit_qmu.backends import open_backend

    circuit = QuantumCircuit(1, 2)
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    backend = open_backend("aer", shots=30)
    counts = backend.sampler.run([circuit]).result()[0].data.c.get_int_counts()
    assert counts == {1: 30}
    with pytest.raises(InputError, match="this circuit needs shots"):
        open_backend("aer").sampler.run([circuit]).result()
