"""Derivatives by every angle in one sweep, against autograd and against shifted angles."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector

from qiskit_qmu.circuits import AmplitudeEncoding
from qiskit_qmu.simulator.compiled.final_states import compiled_states
from qiskit_qmu.simulator.engine.adjoint import evolve
from qiskit_qmu.simulator.engine.simulation import Simulation, simulate
from qiskit_qmu.simulator.shots.parameter_shift import shifted_states

X, W, A = ParameterVector("x", 3), ParameterVector("w", 6), ParameterVector("a", 3)


def every_kind_of_step() -> QuantumCircuit:
    """Product and prepared states, layers, per-sample gates, phases of both kinds, a dense gate."""
    circuit = QuantumCircuit(4)
    circuit.append(AmplitudeEncoding(list(A)), [2, 0])
    circuit.ry(X[0], 1)
    circuit.rz(W[0], 1)
    circuit.cx(1, 2)
    circuit.rx(W[1], 0)
    circuit.u(W[2], W[3], X[1], 2)
    circuit.rzz(W[4], 0, 3)
    circuit.cx(2, 3)
    circuit.cp(X[2], 1, 2)
    circuit.ch(0, 1)
    circuit.ry(W[5] * X[0], 3)
    circuit.h(0)
    return circuit


@pytest.fixture(params=[None, compiled_states], ids=["tangents", "kernels"])
def simulation(request) -> Simulation:
    return simulate(every_kind_of_step(), [*X, *A], list(W), make_states=request.param)


@pytest.fixture
def values(generator) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(torch.tensor(generator.uniform(-2, 2, shape)) for shape in ((5, 6), (6,)))


def all_angles(simulation: Simulation) -> list[int]:
    program = simulation.program
    return list(range(program.num_shared_angles + program.num_batched_angles))


def test_derivatives_are_those_of_autograd(simulation, values):
    wanted = all_angles(simulation)
    states, derivatives = simulation.derivatives(*values, wanted)
    torch.testing.assert_close(states, simulation(*values))
    torch.testing.assert_close(simulation.states(*values), simulation(*values))
    shared, batched = simulation._angles(*values)
    for row in range(5):

        def state(shared: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
            final = evolve(simulation.plan, shared, own.unsqueeze(1), 0)[:, 0]
            return torch.view_as_real(final)

        by_shared, by_own = torch.func.jacrev(state, (0, 1))(shared, batched[:, row])
        expected = torch.view_as_complex(
            torch.cat([by_shared, by_own], -1).movedim(2, 1).contiguous()
        )
        torch.testing.assert_close(derivatives[:, :, row], expected.T, rtol=0, atol=1e-12)


def test_only_wanted_angles_in_the_wanted_order(simulation, values):
    wanted = all_angles(simulation)
    _, every = simulation.derivatives(*values, wanted)
    chosen = [wanted[-1], 3, 0]
    _, some = simulation.derivatives(*values, chosen)
    torch.testing.assert_close(some, every[chosen])
    _, none = simulation.derivatives(*values, [])
    assert none.shape == (0, 16, 5)


def test_shifted_states_are_those_at_shifted_angles(simulation, values):
    """Up to a global phase: every angle is that of a rotation about a Pauli string."""
    wanted = all_angles(simulation)
    shared, batched = simulation._angles(*values)
    pairs = shifted_states(*simulation.derivatives(*values, wanted))
    for place in wanted:
        for sign, found in zip((1, -1), pairs, strict=True):
            angles = [shared.clone(), batched.clone()]
            per_sample = place >= len(shared)
            angles[per_sample][place - len(shared) * per_sample] += sign * np.pi / 2
            expected = evolve(simulation.plan, angles[0], angles[1], 0)
            overlap = (expected.conj() * found[place]).sum(0).abs()
            torch.testing.assert_close(overlap, torch.ones(5).double(), rtol=0, atol=1e-12)


def test_slopes_of_angles(simulation, values):
    slopes = simulation.angle_slopes(*values)
    assert slopes.shape == (5, len(all_angles(simulation)), 12)
    step = 1e-6
    for column in range(12):
        ahead, behind = (
            torch.cat(
                [
                    part if part.dim() == 2 else part.unsqueeze(1).expand(-1, 5)
                    for part in simulation._angles(*moved(values, column, sign * step))
                ]
            )
            for sign in (1, -1)
        )
        torch.testing.assert_close(slopes[:, :, column], ((ahead - behind) / (2 * step)).T)


def moved(values, column: int, step: float) -> tuple[torch.Tensor, torch.Tensor]:
    batched, shared = (value.clone() for value in values)
    if column < 6:
        batched[:, column] += step
    else:
        shared[column - 6] += step
    return batched, shared
