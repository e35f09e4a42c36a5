"""Options of IBM's devices: what is refused, and how they reach IBM's library."""

import pytest
from qiskit_ibm_runtime.options_models import EstimatorOptions, SamplerOptions

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.runtime.primitives import PrimitiveRunner

SAMPLER = SamplerOptions()
PRIVATE = SamplerOptions(environment={"private": True})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "queue"}, "mode must be one of job, batch, session; got 'queue'"),
        ({"max_time": 60}, "max_time applies to mode batch or session, got mode job"),
        ({"max_time": 0, "mode": "batch"}, "max_time must be an integer of at least 1, got 0"),
        (
            {"max_time": "long", "mode": "batch"},
            "max_time must be in seconds or like '2h 30m 10s', got",
        ),
        ({"dynamical_decoupling": "YY"}, "dynamical_decoupling must be one of False, True, XX, Xp"),
        ({"twirling": "much"}, "twirling must be one of False, True; got 'much'"),
        ({"resilience_level": 3}, "resilience_level must be one of None, 0, 1, 2; got 3"),
        ({"max_execution_time": 0}, "max_execution_time must be an integer of at least 1, got 0"),
        ({"min_num_qubits": 0}, "min_num_qubits must be an integer of at least 1, got 0"),
        ({"tags": "mine"}, "tags must be a list of strings, got 'mine'"),
        ({"tags": [1]}, "tags must be a list of strings, got .1."),
        (
            {"runtime_options": SAMPLER, "twirling": True},
            "twirling=True has no effect if runtime_options is an options object",
        ),
    ],
)
def test_values_are_checked(options, message):
    with pytest.raises(InputError, match=message):
        DeviceOptions("ibm_manila", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"runtime_options": {"shots": 3}},
            "runtime_options are invalid for IBM's SamplerOptions",
        ),
        ({"runtime_options": 3}, "must be a dict or IBM's SamplerOptions.*got int"),
        (
            {"runtime_options": EstimatorOptions()},
            "EstimatorOptions with a resilience_level.*got E",
        ),
        (
            {"runtime_options": SAMPLER, "resilience_level": 1},
            "IBM's EstimatorOptions.*got Sampler",
        ),
        ({"runtime_options": PRIVATE}, "runtime_options make jobs private"),
    ],
)
def test_the_library_checks_its_own(options, message):
    with pytest.raises(InputError, match=message):
        PrimitiveRunner(DeviceOptions("ibm_manila", **options))


def dumped(**options) -> dict:
    return PrimitiveRunner(DeviceOptions("ibm_manila", **options)).settings()["options"]


def test_plain_options_in_the_words_of_the_library():
    options = dumped(dynamical_decoupling="XY4", twirling=True, max_execution_time=7)
    assert options["dynamical_decoupling"]["enable"] is True
    assert options["dynamical_decoupling"]["sequence_type"] == "XY4"
    assert options["twirling"]["enable_gates"] is options["twirling"]["enable_measure"] is True
    assert options["max_execution_time"] == 7
    assert dumped(dynamical_decoupling=True)["dynamical_decoupling"]["sequence_type"] == "XX"
    # What is not asked for is left to the library: level 1 twirls measurements by itself.
    assert dumped(resilience_level=1)["twirling"]["enable_measure"] is None


def test_entries_of_a_dict_win():
    given = {"twirling": {"enable_gates": False}, "execution": {"init_qubits": False}}
    options = dumped(twirling=True, runtime_options=given)
    assert options["twirling"]["enable_gates"] is False
    assert options["twirling"]["enable_measure"] is True
    assert options["execution"]["init_qubits"] is False


def test_an_object_of_the_librarys_is_used_as_it_is_and_not_changed():
    given = EstimatorOptions(resilience={"zne_mitigation": True})
    given.twirling.num_randomizations = 16
    options = dumped(resilience_level=2, runtime_options=given)
    assert options["resilience_level"] == 2
    assert options["resilience"]["zne_mitigation"] is True
    assert options["twirling"]["num_randomizations"] == 16
    assert given.resilience_level == 1


@pytest.mark.parametrize("name", ["aer", "fake_manila"])
def test_other_backends_refuse_them(name):
    with pytest.raises(
        InputError, match=f"twirling applies only to IBM devices; got True for {name}"
    ):
        open_backend(name, shots=10, twirling=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "statevector"}, "method applies only to aer and fake .* for ibm_manila"),
        ({"noise_model": 1}, "noise_model applies only to aer; got 1 for ibm_manila"),
        ({"shots": None}, "ibm_manila needs shots: a device cannot return exact values"),
        ({"speed": 3}, "option must be one of name, .*, mode, .*; got 'speed'"),
        ({"max_executions_per_job": 100}, "max_executions_per_job must be an integer of at least"),
        (
            {"readout_mitigation": True, "resilience_level": 1},
            "readout_mitigation cannot be combined",
        ),
        ({"service": 3}, "service must be a QiskitRuntimeService, got int"),
    ],
)
def test_devices_refuse_those_of_simulators(open_ibm, options, message):
    with pytest.raises(InputError, match=message):
        open_ibm(**options)
