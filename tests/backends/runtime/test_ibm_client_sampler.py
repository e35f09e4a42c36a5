"""IBM's client-side sampler in local mode, as the primitive under a device's bundle."""

import numpy as np
import pytest
from qiskit_ibm_runtime import Batch, Session
from qiskit_ibm_runtime.executor_sampler import Sampler
from qiskit_ibm_runtime.fake_provider import FakeManilaV2
from qnns import BUILDERS, QNN, ROWS, WEIGHTS

from qiskit_qmu.backends import DeviceBackend, DeviceOptions, open_backend
from qiskit_qmu.backends.transpilation.transpilers import DeviceTranspiler

SHOTS = 1000
MODES = {"job": lambda device: device, "session": Session, "batch": Batch}


def opened(mode: str, level: int, **options) -> DeviceBackend:
    """Return it with the placement that ``fake_manila`` has."""
    device = FakeManilaV2()
    sampler = Sampler(
        mode=MODES[mode](device) if mode == "job" else MODES[mode](backend=device),
        options={"simulator": {"seed_simulator": 3}},
    )
    transpiler = DeviceTranspiler(device.target, optimization_level=level, seed=0)
    return DeviceBackend(
        "local", sampler, transpiler, DeviceOptions("fake_manila", shots=SHOTS, **options)
    )


@pytest.mark.parametrize(
    ("mode", "level", "kind", "mitigated"),
    [
        ("job", 0, "sampler", False),
        ("session", 3, "estimator", True),
        ("batch", 1, "estimator", False),
    ],
)
def test_it_answers_as_the_noise_simulated_here(mode, level, kind, mitigated):
    """At most 8 numbers a case, each beyond five standard errors with p < 6e-7."""
    own = BUILDERS[kind](opened(mode, level, readout_mitigation=mitigated))
    here = open_backend("fake_manila", optimization_level=level, readout_mitigation=mitigated)
    expected = BUILDERS[kind](here)
    spread = 1.25 / np.sqrt(SHOTS)  # contrasts of three qubits, and the calibration's own error
    error = own.forward(ROWS[:1], WEIGHTS) - expected.forward(ROWS[:1], WEIGHTS)
    assert 0 < np.abs(error).max() < 5 * spread


def test_its_gradients_are_those_of_the_noise_simulated_here():
    """3 x 21 numbers, each beyond five standard errors with p < 6e-7."""
    own = BUILDERS["estimator"](opened("job", 1))
    expected = BUILDERS["estimator"](open_backend("fake_manila", optimization_level=1))
    spread = 1.25 / np.sqrt(SHOTS)
    slopes = zip(
        own.backward(ROWS[:1], WEIGHTS), expected.backward(ROWS[:1], WEIGHTS), (3, 1), strict=True
    )
    for measured, exact, rotations in slopes:
        assert 0 < np.abs(measured - exact).max() < 5 * np.sqrt(rotations / 2) * spread


def test_gates_that_it_refuses_are_translated():
    """RY and RX of the model become rotations about Z, the only parametric gate of the device."""
    backend = opened("job", 3)
    isa = backend.sampler.isa_circuit(QNN.circuit.measure_all(inplace=False))
    assert {i.name for i in isa.data if i.params} == {"rz"}
    assert {"rx", "ry"} < set(QNN.circuit.count_ops())
    assert set(isa.count_ops()) <= {"barrier", *FakeManilaV2().target.operation_names}
