"""The switch: what it opens, and what it refuses before anything runs."""

import inspect
import json
from dataclasses import fields

import numpy as np
import pytest
from qiskit.circuit import QuantumCircuit
from qiskit.providers.fake_provider import GenericBackendV2

from qiskit_qmu import backends
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, DeviceOptions, ExactBackend, open_backend


@pytest.mark.parametrize("name", ["exact", "aer", "fake_manila"])
def test_every_name_opens_a_backend(name):
    with open_backend(name, shots=10, seed=3) as backend:
        assert isinstance(backend, Backend)
        assert (backend.name, backend.shots) == (name, 10)


def test_the_default_is_exact():
    backend = open_backend()
    assert isinstance(backend, ExactBackend)
    assert backend.shots is None
    backend.close()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "cloud"}, "backend must be one of exact.*; got 'cloud'$"),
        ({"name": "exakt"}, "got 'exakt'; did you mean exact?"),
        ({"name": "faketorino"}, "got 'faketorino'; did you mean fake_torino?"),
        ({"name": ""}, "backend must be one of exact.*; got ''"),
        ({"shots": 0}, "shots must be an integer of at least 1, got 0"),
        ({"shots": -5}, "shots must be an integer of at least 1, got -5"),
        ({"shots": 2.5}, "shots must be an integer of at least 1, got 2.5"),
        ({"shots": float("nan")}, "shots must be an integer of at least 1, got nan"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": 0.5}, "seed must be an integer of at least 0, got 0.5"),
        ({"name": 3}, "name must be a string or a BackendV2, got 3"),
        ({"name": "fake_torin"}, "no fake backend 'fake_torin'; did you mean fake_torino?"),
        ({"name": "fake_"}, "no fake backend 'fake_'; .*`qmu list devices` lists"),
        (
            {"name": "exact", "method": "statevector"},
            "method applies only to aer and fake b.*; got 's.*' for exact",
        ),
        (
            {"name": "aer", "shot": 3},
            "option must be one of name, .*; got 'shot'; did you mean shots?",
        ),
        ({"name": "aer", "method": "magic"}, "method must be one of automatic.*; got 'magic'"),
        ({"name": "aer", "method": "stabilizer"}, "method 'stabilizer' needs shots"),
        ({"name": "aer", "noise_model": "loud"}, "noise_model must be an Aer NoiseModel, got 'lo"),
        (
            {"name": "aer", "initial_layout": [1, 0]},
            "initial_layout applies only to fake .* for aer",
        ),
        ({"name": "aer", "optimization_level": 4}, "optimization_level must be one of 0, 1, 2, 3"),
        ({"name": "aer", "seed_transpiler": -1}, "seed_transpiler must be an integer of at least"),
        ({"name": "aer", "gradient": "guess"}, "gradient must be one of parameter-shift, spsa; g"),
        ({"name": "aer", "spsa_epsilon": 0.0}, "epsilon must be positive, got 0.0"),
        ({"name": "aer", "spsa_directions": 0}, "directions must be an integer of at least 1"),
        (
            {"name": "aer", "readout_mitigation": "yes"},
            "readout_mitigation must be one of False, T",
        ),
        ({"name": "aer", "pass_manager": 3}, "pass_manager has no run method: 3"),
        (
            {"name": "aer", "shots": 9, "max_executions_per_job": 8},
            "max_executions_per_job must be an integer of at least 9, got 8",
        ),
        ({"name": "fake_manila", "noise_model": 1}, "noise_model applies only to aer; got 1 for f"),
        ({"name": "fake_manila", "method": "stabilizer"}, "method must be one of .*; got 'stab"),
        ({"name": "fake_manila", "initial_layout": [-1]}, "initial_layout.0. must be an integer"),
        ({"name": GenericBackendV2(2)}, "generic_backend_2q needs shots: a device cannot"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        open_backend(**options)


@pytest.mark.parametrize(
    "options",
    [{"name": 3}, {"name": "aer", "noise_model": 1}, {"name": "ibm_torino", "tags": "mine"}],
)
def test_wrong_types_are_type_errors_too(options):
    with pytest.raises(TypeError):
        open_backend(**options)


def test_keywords_and_help_are_the_fields_of_the_options():
    names = [own.name for own in fields(DeviceOptions)]
    assert list(inspect.signature(open_backend).parameters) == names
    assert all(f"\n    {name}: " in open_backend.__doc__ for name in names)
    assert {"shots", "seed", "mode", "ledger"} < set(names)


def test_every_public_name_is_there():
    assert all(getattr(backends, name) is not None for name in backends.__all__)


def test_options_that_decide_results_are_json_values():
    decisive = DeviceOptions("ibm_torino", initial_layout=np.arange(2), twirling=True).decisive()
    assert json.loads(json.dumps(decisive)) == decisive
    assert decisive["initial_layout"] == [0, 1]
    assert decisive["twirling"] is True
    assert not {"service", "ledger", "instance", "tags"} & set(decisive)


def test_a_budget_needs_jobs_that_are_written_down(tmp_path):
    with pytest.raises(InputError, match="max_qpu_seconds needs an IBM device or a ledger"):
        open_backend("fake_manila", shots=10, max_qpu_seconds=5.0)
    with pytest.raises(InputError, match="max_qpu_seconds must be positive"):
        open_backend("fake_manila", shots=10, max_qpu_seconds=0.0, ledger=tmp_path / "run")
    open_backend("fake_manila", shots=10, max_qpu_seconds=5.0, ledger=tmp_path / "run").close()


def noise_of(name: str, **options) -> np.ndarray:
    """Return 400 estimates of zero, from 50 shots each."""
    circuit = QuantumCircuit(1)
    circuit.h(0)
    backend = open_backend(name, shots=50, **options)
    pub = (circuit, "Z", np.zeros((400, 0)))
    return backend.estimator.run([pub]).result()[0].data.evs


@pytest.mark.parametrize("name", ["exact", "aer", "fake_manila"])
def test_backends_are_independent_unless_they_have_one_seed(name):
    """Correlations of 400 numbers: beyond 0.25 by chance with a probability of 6e-7."""
    one, other = noise_of(name), noise_of(name)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.25
    np.testing.assert_array_equal(noise_of(name, seed=3), noise_of(name, seed=3))
    told = open_backend(name, shots=50)
    seed = told.settings()["seed"]
    assert told.settings()["seed"] != open_backend(name, shots=50).settings()["seed"]
    np.testing.assert_array_equal(noise_of(name, seed=seed), noise_of(name, seed=seed))


def test_devices_of_one_seed_are_independent():
    one, other = (noise_of(name, seed=3) for name in ("aer", "fake_manila"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.25
