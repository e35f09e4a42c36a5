"""TorchSampler: registers and shapes against StatevectorSampler, counts against probabilities."""

import numpy as np
import pytest
import torch
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister, transpile
from qiskit.circuit import Parameter
from qiskit.exceptions import QiskitError
from qiskit.primitives import BitArray, StatevectorSampler
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import Statevector
from random_circuits import random_circuit
from sampled_registers import assert_distributed, register_probabilities

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator import TorchSampler

A = Parameter("a")


def rotated(num_qubits: int = 1) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.ry(A, 0)
    circuit.measure_all()
    return circuit


def several_registers(generator: np.random.Generator) -> QuantumCircuit:
    """Measure some of four qubits into shuffled bits of two of three registers."""
    circuit = QuantumCircuit(
        QuantumRegister(4, "q"),
        ClassicalRegister(2, "first"),
        ClassicalRegister(3, "second"),
        ClassicalRegister(1, "unused"),
    )
    circuit.compose(random_circuit(generator, 4, 12), range(4), inplace=True)
    circuit.barrier()
    qubits = generator.permutation(4)[:3].tolist()
    circuit.measure(qubits, generator.permutation(5)[:3].tolist())
    return circuit


@pytest.mark.parametrize("case", range(10))
def test_registers_in_exact_mode_and_with_shots(case, generator):
    circuit = several_registers(generator)
    exact = TorchSampler().run([circuit]).result()[0].data
    counted = TorchSampler(seed=case).run([circuit], shots=5000).result()[0].data
    assert list(exact) == list(counted) == ["first", "second", "unused"]
    for name, size in (("first", 2), ("second", 3), ("unused", 1)):
        expected = register_probabilities(circuit, name)
        assert exact[name].num_bits == counted[name].num_bits == size
        np.testing.assert_allclose(exact[name].probabilities, expected, rtol=0, atol=1e-12)
        assert_distributed(counted[name].get_int_counts(), expected)


@pytest.mark.parametrize("num_qubits", [1, 8, 9, 12])
def test_bits_are_packed_as_qiskit_packs_them(num_qubits, generator):
    circuit = QuantumCircuit(num_qubits)
    ones = np.flatnonzero(generator.integers(0, 2, num_qubits)).tolist()
    if ones:
        circuit.x(ones)
    circuit.measure_all()
    ours, stock = (
        sampler.run([circuit], shots=3).result()[0].data.meas
        for sampler in (TorchSampler(), StatevectorSampler())
    )
    assert isinstance(ours, BitArray)
    np.testing.assert_array_equal(ours.array, stock.array)
    assert ours.array.dtype == stock.array.dtype
    assert ours.get_counts() == stock.get_counts()


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0,), (2, 0)])
@pytest.mark.parametrize("shots", [None, 20])
def test_results_have_the_shape_of_the_bindings(shape, shots, generator):
    values = generator.uniform(-3, 3, (*shape, 1))
    sampler = TorchSampler(shots=shots, seed=1)
    pub = sampler.run([(rotated(2), values)]).result()[0]
    assert pub.data.shape == pub.data.meas.shape == shape
    assert pub.data.meas.num_bits == 2
    if shots is None:
        expected = np.stack([np.cos(values[..., 0] / 2) ** 2, np.sin(values[..., 0] / 2) ** 2], -1)
        found = pub.data.meas.probabilities
        assert found.shape == (*shape, 4)
        np.testing.assert_allclose(found[..., :2], expected, rtol=0, atol=1e-14)
    else:
        assert pub.data.meas.array.shape == (*shape, 20, 1)


@pytest.mark.parametrize("case", range(10))
def test_random_circuits(case, generator):
    circuit = random_circuit(generator, int(generator.integers(1, 6)), 12)
    circuit.measure_all()
    expected = register_probabilities(circuit, "meas")
    exact, single, counted = (
        TorchSampler(dtype=dtype, shots=shots, seed=case).run([circuit]).result()[0].data.meas
        for dtype, shots in (
            (torch.complex128, None),
            (torch.complex64, None),
            (torch.complex64, 20_000),
        )
    )
    np.testing.assert_allclose(exact.probabilities, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(single.probabilities, expected, rtol=0, atol=1e-5)
    assert_distributed(counted.get_int_counts(), expected)


def test_a_transpiled_circuit_counts_as_the_logical_one():
    circuit = QuantumCircuit(2)
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    circuit.x(1)
    circuit.measure_all()
    backend = GenericBackendV2(5, coupling_map=[[i, i + 1] for i in range(4)], seed=1)
    isa = transpile(
        circuit, backend, initial_layout=[4, 2], optimization_level=1, seed_transpiler=1
    )
    logical, physical = (
        TorchSampler().run([c]).result()[0].data.meas.probabilities for c in (circuit, isa)
    )
    np.testing.assert_allclose(physical, logical, rtol=0, atol=1e-12)


def test_measuring_again_repeats_the_outcome():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.measure(0, 1)
    counts = TorchSampler().run([circuit]).result()[0].data.c.get_counts()
    assert counts == pytest.approx({"00": 0.5, "11": 0.5})


def test_the_last_measurement_into_a_bit_stays():
    circuit = QuantumCircuit(2, 1)
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.measure(1, 0)
    assert TorchSampler().run([circuit]).result()[0].data.c.get_counts() == {"0": 1.0}


def nested_measurement() -> QuantumCircuit:
    inner = QuantumCircuit(1, 1, name="inner")
    inner.measure(0, 0)
    circuit = QuantumCircuit(1, 1)
    circuit.append(inner.to_instruction(), [0], [0])
    return circuit


def measured_in_the_middle() -> QuantumCircuit:
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.h(0)
    return circuit


@pytest.mark.parametrize(
    ("circuit", "message"),
    [
        (nested_measurement(), "instruction 'inner' has classical bits"),
        (
            measured_in_the_middle(),
            "mid-circuit measurements cannot be simulated: .* 'h'",
        ),
    ],
    ids=["nested", "middle"],
)
@pytest.mark.parametrize("error", [InputError, QiskitError])
def test_what_cannot_be_sampled_is_refused_before_anything_runs(circuit, message, error):
    with pytest.raises(error, match=message):
        TorchSampler().run([rotated().assign_parameters([1.0]), circuit])


@pytest.mark.parametrize("shots", [None, 10])
def test_bits_that_are_never_written_are_zero(shots):
    """As Qiskit has it, with a warning only where there is no classical register at all."""
    circuit = QuantumCircuit(2, 3)
    circuit.h([0, 1])
    data = TorchSampler(shots=shots).run([circuit]).result()[0].data
    assert data.c.get_counts() == pytest.approx({"000": shots or 1.0})
    with pytest.warns(UserWarning, match="without classical registers has an empty result"):
        result = TorchSampler(shots=shots).run([QuantumCircuit(2)]).result()
    assert len(result[0].data) == 0


def test_a_register_cannot_be_called_as_what_a_result_has():
    for name in ("shape", "items"):
        circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(1, name))
        with pytest.raises(InputError, match=f"register '{name}' clashes with an attribute"):
            TorchSampler().run([circuit])


@pytest.mark.parametrize("shots", [0, -1, 1.5, True])
def test_shots_of_runs_and_pubs_are_checked(shots):
    for pub, options in (((rotated(), [1.0], shots), {}), ((rotated(), [1.0]), {"shots": shots})):
        with pytest.raises((ValueError, TypeError), match="shots must be"):
            TorchSampler().run([pub], **options)


@pytest.mark.parametrize("shots", [None, 20_000])
def test_a_large_device_of_which_little_is_used(shots):
    """27 qubits, 3 of them used, all of them measured: those that are idle give 0."""
    circuit = QuantumCircuit(3)
    circuit.ry(1.0, 0)
    circuit.cx(0, 1)
    circuit.ry(0.7, 2)
    expected = Statevector(circuit).probabilities()
    isa = transpile(circuit, GenericBackendV2(27, seed=1), initial_layout=[22, 7, 13])
    places = isa.layout.final_index_layout()
    isa.measure_all()
    meas = TorchSampler(shots=shots, seed=1).run([isa]).result()[0].data.meas
    assert meas.num_bits == 27
    others = sorted(set(range(27)) - set(places))
    assert set(meas.slice_bits(others).get_int_counts()) == {0}
    used = meas.slice_bits(places)
    if shots is None:
        np.testing.assert_allclose(used.probabilities, expected, rtol=0, atol=1e-10)
    else:
        assert_distributed(used.get_int_counts(), expected)


def test_a_qubit_that_was_measured_must_not_be_used_again():
    circuit = QuantumCircuit(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    circuit.x(0)
    with pytest.raises(InputError, match=r"mid-circuit measurements cannot be .* 'x'"):
        TorchSampler().run([circuit])


def test_the_default_number_of_shots_is_a_property_like_that_of_qiskits_sampler():
    assert TorchSampler().default_shots is None
    assert TorchSampler(shots=7).default_shots == 7
