"""The switch: what it opens, and what it refuses before anything runs."""

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import BACKEND_NAMES, Backend, ExactBackend, open_backend


@pytest.mark.parametrize("name", BACKEND_NAMES)
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
        ({"name": "cloud"}, "backend must be one of exact.*; got 'cloud'"),
        ({"name": ""}, "backend must be one of exact.*; got ''"),
        ({"shots": 0}, "shots must be an integer of at least 1, got 0"),
        ({"shots": -5}, "shots must be an integer of at least 1, got -5"),
        ({"shots": 2.5}, "shots must be an integer of at least 1, got 2.5"),
        ({"shots": float("nan")}, "shots must be an integer of at least 1, got nan"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"seed": 0.5}, "seed must be an integer of at least 0, got 0.5"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        open_backend(**options)
