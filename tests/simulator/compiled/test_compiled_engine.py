"""The compiled engine under torch's transforms; engine_checks.py compares both with Qiskit."""

import sys

import llvmlite
import pytest
import torch
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import TorchEstimator, TorchSimulatorConnector
from qiskit_qmu.simulator.compiled import choice, loading

X, W = ParameterVector("x", 3), ParameterVector("w", 8)


def network() -> EstimatorQNN:
    """Every kind of operation, and observables with and without flips."""
    circuit = QuantumCircuit(3)
    circuit.h(0)
    circuit.ry(X[0], 0)
    circuit.rx(W[0] + X[1], 1)
    circuit.cx(0, 1)
    circuit.ry(W[1], 1)
    circuit.t(1)
    circuit.rz(W[2], 1)
    circuit.rzz(W[3], 0, 2)
    circuit.rzz(X[2], 1, 2)
    circuit.ccx(0, 1, 2)
    circuit.cs(0, 2)
    circuit.rx(X[0], 2)
    circuit.ry(W[4], 2)
    circuit.ch(0, 1)
    circuit.x(1)
    circuit.swap(0, 2)
    for qubit in range(3):
        circuit.ry(W[5 + qubit], qubit)
    return EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp(["ZII", "XYI"], [1.0, 0.5]), SparsePauliOp("IZZ")],
        estimator=TorchEstimator(),
        input_params=list(X),
        weight_params=list(W),
        input_gradients=True,
        default_precision=0.0,
    )


@pytest.fixture(scope="module")
def both():
    """Functions of inputs and weights: the torch engine's and the compiled engine's."""
    layers = [TorchSimulatorConnector(network(), engine=engine) for engine in ("torch", None)]
    assert "compiled engine" in str(layers[1].program)
    return [of_weights(layer.double()) for layer in layers]


def of_weights(layer):
    return lambda x, w: torch.func.functional_call(layer, {"weight": w}, (x,))


def random(*shape: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def loss(function, x, w):
    return function(x, w).pow(3).sum()


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize(
    "transform",
    [
        # The gradients of many models, on common rows and on rows of their own.
        lambda f, x, w: torch.func.vmap(torch.func.grad(f[0], 1), (None, 0))(x, w),
        lambda f, x, w: torch.func.vmap(torch.func.grad(f[0], (0, 1)))(x.expand(4, -1, -1) + 1, w),
        # Of each row, and of each output of each row.
        lambda f, x, w: torch.func.vmap(torch.func.grad(f[0], (0, 1)), (0, None))(x[:, None], w[0]),
        lambda f, x, w: torch.func.vmap(torch.func.jacrev(f[1], 1), (0, None))(x[:, None], w[0]),
        lambda f, x, w: torch.func.jacrev(f[1], (0, 1))(x, w[0]),
        # Of each row of each model, both ways round.
        lambda f, x, w: torch.func.vmap(
            torch.func.vmap(torch.func.grad(f[0], 1), (0, None)), (None, 0)
        )(x[:, None], w),
        lambda f, x, w: torch.func.vmap(
            torch.func.vmap(torch.func.grad(f[0], 1), (None, 0)), (0, None)
        )(x[:, None], w),
        # Second derivatives, also of each row.
        lambda f, x, w: torch.func.jacrev(torch.func.grad(f[0], 1), (0, 1))(x, w[0]),
        lambda f, x, w: torch.func.vmap(
            torch.func.jacrev(torch.func.grad(f[0], 1), 1), (0, None)
        )(x[:, None], w[0]),
    ],
)  # fmt: skip
def test_transforms_agree_with_the_torch_engine(both, transform, batch):
    x, w = random(batch, 3), random(4, 8)
    expected, found = (transform((lambda x, w, f=f: loss(f, x, w), f), x, w) for f in both)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def test_gradients_of_stacked_models_reach_common_rows(both):
    results = []
    for function in both:
        x, w = random(5, 3).requires_grad_(), random(4, 8).requires_grad_()
        outputs = torch.func.vmap(function, (None, 0))(x, w)
        results.append(torch.autograd.grad(outputs.pow(2).sum(), (x, w)))
    torch.testing.assert_close(results[1], results[0], rtol=0, atol=1e-10)


def test_a_row_does_not_depend_on_its_batch_nor_on_threads(both, monkeypatch):
    x, w = random(13, 3), random(8)
    whole = both[1](x, w)
    assert torch.equal(whole[7:9], both[1](x[7:9], w))
    monkeypatch.setattr("qiskit_qmu.simulator.compiled.blocks._SMALLEST_SHARE", 1)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        assert torch.equal(whole, both[1](x, w))
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("batch", [1, 5])
def test_plain_angles_take_the_short_way(batch):
    """The same bits as by angles that torch computes, and their second derivatives."""
    circuit = QuantumCircuit(2)
    for gate, angle in (("ry", X[0]), ("rx", W[0]), ("ry", X[1]), ("rz", W[1]), ("ry", W[2])):
        getattr(circuit, gate)(angle, 0)
        circuit.cx(0, 1)
    qnn = EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp("ZI"), SparsePauliOp("XY")],
        estimator=TorchEstimator(),
        input_params=list(X)[:2],
        weight_params=list(W)[:3],
        input_gradients=True,
        default_precision=0.0,
    )
    layer = TorchSimulatorConnector(qnn).double()
    x, w = random(batch, 2).requires_grad_(), random(3).requires_grad_()
    layer(x)
    (prepared,) = layer._exact._prepared.values()
    assert prepared.step.is_direct(x, w)
    results = []
    for function in (prepared.step, prepared.step.by_angles):
        outputs = function(x, w)
        gradients = torch.autograd.grad(outputs.pow(3).sum(), (x, w), create_graph=True)
        plain = torch.autograd.grad(function(x, w).pow(3).sum(), (x, w))
        total = gradients[0].sum() + gradients[1].pow(2).sum()
        results.append((outputs, *plain, *gradients, *torch.autograd.grad(total, (x, w))))
    assert all(map(torch.equal, *results))


def test_no_rows(both):
    assert both[1](random(0, 3), random(8)).shape == (0, 2)


def test_small_budgets_run_in_chunks(both):
    qnn = network()
    qnn.estimator.cache.memory_budget = 3000
    layer = TorchSimulatorConnector(qnn, engine="compiled").double()
    x = random(40, 3)
    torch.testing.assert_close(layer(x), both[0](x, layer.weight), rtol=0, atol=1e-12)


@pytest.fixture
def fresh_kernels():
    """Load the kernels anew in the test, and behind it."""
    loading.load_kernels.cache_clear()
    yield
    loading.load_kernels.cache_clear()


@pytest.mark.usefixtures("fresh_kernels")
def test_torch_serves_where_there_is_no_compiler(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    layer = TorchSimulatorConnector(network())
    assert str(layer.program).endswith("torch engine: LLVM cannot compile the kernels here")
    assert layer(torch.zeros(2, 3)).shape == (2, 2)


@pytest.mark.usefixtures("fresh_kernels")
def test_torch_serves_where_the_compiler_is_old(monkeypatch):
    monkeypatch.setattr(llvmlite, "__version__", "0.44.0")
    assert loading.load_kernels("float64") is None


def test_many_qubits():
    qnn = qnn_circuit(14, 14, 1)
    observables = [SparsePauliOp.from_sparse_list([("ZX", [0, 13], 1.0)], 14)]
    options = {"input_params": qnn.inputs, "weight_params": qnn.weights, "input_gradients": True}
    found = []
    for engine in ("compiled", "torch"):
        estimator = TorchEstimator()
        qnn_network = EstimatorQNN(
            circuit=qnn.circuit, observables=observables, estimator=estimator, **options
        )
        layer = TorchSimulatorConnector(qnn_network, engine=engine).double()
        assert f"{engine} engine" in str(layer.program)
        inputs, weights = random(9, 14).requires_grad_(), random(len(qnn.weights))
        outputs = of_weights(layer)(inputs, weights.requires_grad_())
        found.append((outputs, *torch.autograd.grad(outputs.sum(), (inputs, weights))))
    torch.testing.assert_close(*found, atol=1e-12, rtol=1e-10)


def test_large_circuits_and_the_variable(monkeypatch):
    monkeypatch.setattr(choice, "largest_qubits", lambda _work: 2)
    layer = TorchSimulatorConnector(network(), engine="compiled")
    assert str(layer.program).endswith("torch engine: faster above 2 qubits")
    monkeypatch.setenv("QISKIT_QMU_ENGINE", "torch")
    assert str(TorchSimulatorConnector(network()).program).endswith("torch engine: as asked for")
    monkeypatch.setenv("QISKIT_QMU_ENGINE", "fortran")
    with pytest.raises(InputError, match="fortran"):
        TorchSimulatorConnector(network())
    assert str(TorchSimulatorConnector(network(), engine="torch").program).endswith("as asked for")
