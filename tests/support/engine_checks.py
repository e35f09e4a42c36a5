"""Checks of the simulator's public classes against Qiskit and the product rule.

Values come from Qiskit's Statevector and the matrices of its Pauli operators; gradients from the
product rule over Qiskit's gate matrices, which has no step size and so no error but rounding
(exact_slopes.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from exact_slopes import states_and_slopes
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)
from qiskit_qmu.simulator.compiled.choice import ENGINES

TOLERANCE = 1e-10


@dataclass(frozen=True)
class Case:
    """A circuit, rows of its parameters' values, the columns that all rows share, observables."""

    circuit: QuantumCircuit
    rows: np.ndarray
    shared: np.ndarray
    observables: list[SparsePauliOp]

    def __repr__(self) -> str:
        return f"{self.circuit.draw()}\n{self.rows=}\n{self.shared=}\n{self.observables=}"


def assert_agree(found: np.ndarray, expected: np.ndarray) -> None:
    """Compare to 1e-10, in units of the largest expected number where that is above one."""
    scale = max(1.0, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE * scale)


class Reference:
    """What Qiskit and the product rule say about a case.

    Attributes:
        values: Expectation values (B, O).
        probabilities: Of the basis states, (B, 2^n).
        value_slopes: Derivatives (B, O, P).
        probability_slopes: Derivatives (B, P, 2^n).
    """

    def __init__(self, case: Case) -> None:
        matrices = [observable.to_matrix(sparse=True) for observable in case.observables]
        exact = [Statevector(case.circuit.assign_parameters(row)).data for row in case.rows]
        self.values = np.array(
            [[np.vdot(state, matrix @ state).real for matrix in matrices] for state in exact]
        )
        self.probabilities = np.abs(exact) ** 2
        states, slopes = states_and_slopes(case.circuit, list(case.circuit.parameters), case.rows)
        # Twice the real part of <dψ|O|ψ>.
        self.value_slopes = 2 * np.array(
            [
                [(own.conj() @ (matrix @ state)).real for matrix in matrices]
                for state, own in zip(states, slopes, strict=True)
            ]
        ).reshape(len(case.rows), len(matrices), case.circuit.num_parameters)
        self.probability_slopes = 2 * (slopes.conj() * states[:, None]).real


def check(
    case: Case,
    measured: QuantumCircuit,
    one_register: QuantumCircuit,
    engines: Sequence[str] = ENGINES,
) -> None:
    """Check everything; the circuits are the case's with measurements."""
    reference = Reference(case)
    estimator, sampler = TorchEstimator(), TorchSampler()
    check_values(case, reference, estimator)
    check_probabilities(case, reference, sampler, measured)
    if case.circuit.num_parameters:
        check_value_slopes(case, reference, estimator)
        check_probability_slopes(case, reference, sampler, one_register)
        for engine in engines:
            check_connectors(case, reference, engine)


def check_all_measured(case: Case) -> None:
    """Check everything with all qubits measured into one register."""
    circuit = case.circuit.copy()
    circuit.measure_all()
    check(case, circuit, circuit, engines=["torch"])


def check_values(case: Case, reference: Reference, estimator: TorchEstimator) -> None:
    pub = (case.circuit, case.observables, case.rows[:, None])
    assert_agree(estimator.run([pub]).result()[0].data.evs, reference.values)


def check_value_slopes(case: Case, reference: Reference, estimator: TorchEstimator) -> None:
    """One request for each observable and row, as EstimatorQNN makes them."""
    requests = [(observable, row) for observable in case.observables for row in case.rows]
    observables, rows = zip(*requests, strict=True)
    gradient = TorchEstimatorGradient(estimator)
    slopes = gradient.run([case.circuit] * len(rows), observables, rows).result().gradients
    expected = reference.value_slopes.transpose(1, 0, 2)
    assert_agree(np.reshape(slopes, expected.shape), expected)


def written(circuit: QuantumCircuit, register: ClassicalRegister) -> np.ndarray:
    """Return the number that each basis state writes into a register."""
    states = np.arange(2**circuit.num_qubits)
    numbers = np.zeros_like(states)
    for instruction in circuit.data:
        if instruction.operation.name == "measure" and instruction.clbits[0] in register:
            qubit = circuit.find_bit(instruction.qubits[0]).index
            numbers += (states >> qubit & 1) << list(register).index(instruction.clbits[0])
    return numbers


def merged(weights: np.ndarray, circuit: QuantumCircuit, register: ClassicalRegister) -> np.ndarray:
    """Return sums (…, 2^bits) of weights (…, 2^n) over the basis states of equal number."""
    return weights @ np.eye(2 ** len(register))[written(circuit, register)]


def check_probabilities(
    case: Case, reference: Reference, sampler: TorchSampler, circuit: QuantumCircuit
) -> None:
    data = sampler.run([(circuit, case.rows)]).result()[0].data
    assert list(data) == [register.name for register in circuit.cregs]
    for register in circuit.cregs:
        expected = merged(reference.probabilities, circuit, register)
        assert_agree(data[register.name].probabilities, expected)


def check_probability_slopes(
    case: Case, reference: Reference, sampler: TorchSampler, circuit: QuantumCircuit
) -> None:
    (register,) = circuit.cregs
    gradient = TorchSamplerGradient(sampler)
    slopes = gradient.run([circuit] * len(case.rows), case.rows).result().gradients
    outcomes = range(2 ** len(register))
    found = [[[own.get(k, 0.0) for k in outcomes] for own in row] for row in slopes]
    assert_agree(np.array(found), merged(reference.probability_slopes, circuit, register))


def check_connectors(case: Case, reference: Reference, engine: str) -> None:
    """Inputs and weights get the gradient of a random combination of the outputs.

    Weights are some of the parameters that all rows share; the others are inputs, one at least.
    """
    generator = np.random.default_rng(case.circuit.size())
    weights = case.shared & (generator.random(len(case.shared)) < 0.8)
    weights[0] &= not weights.all()
    for network, values, slopes in (
        (_estimating(case, weights), reference.values, reference.value_slopes),
        (
            _sampling(case, weights),
            reference.probabilities,
            reference.probability_slopes.transpose(0, 2, 1),
        ),
    ):
        connector = TorchSimulatorConnector(network, engine=engine).double()
        assert connector.program is not None
        with torch.no_grad():
            connector.weight.copy_(torch.as_tensor(case.rows[0, weights]))
        inputs = torch.tensor(case.rows[:, ~weights], requires_grad=True)
        outputs = connector(inputs)
        assert_agree(outputs.detach().numpy(), values)
        factors = generator.normal(size=values.shape)
        if outputs.requires_grad:
            (outputs * torch.as_tensor(factors)).sum().backward()
        expected = np.einsum("bo,bop->bp", factors, slopes)
        assert_agree(_gradient(inputs), expected[:, ~weights])
        assert_agree(_gradient(connector.weight), expected[:, weights].sum(0))


def _split(case: Case, weights: np.ndarray) -> dict[str, object]:
    parameters = np.array(case.circuit.parameters, dtype=object)
    return {
        "circuit": case.circuit,
        "input_params": parameters[~weights].tolist(),
        "weight_params": parameters[weights].tolist(),
        "input_gradients": True,
    }


def _estimating(case: Case, weights: np.ndarray) -> EstimatorQNN:
    return EstimatorQNN(
        **_split(case, weights),
        observables=case.observables,
        estimator=TorchEstimator(),
        default_precision=0.0,
    )


def _sampling(case: Case, weights: np.ndarray) -> SamplerQNN:
    return SamplerQNN(**_split(case, weights), sampler=TorchSampler())


def _gradient(leaf: torch.Tensor) -> np.ndarray:
    """Return the gradient of a leaf; torch gives none to what no output depends on."""
    return np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
