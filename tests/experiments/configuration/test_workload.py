"""Work that is known before it runs: what it was said to be is what is counted afterwards."""

import numpy as np
import pytest
import torch

from qiskit_qmu import ForgetSplit, Trainer
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import observe_split
from qiskit_qmu.backends import ParameterShift, Workload, metered, open_backend
from qiskit_qmu.data import dataset_from_arrays
from qiskit_qmu.experiments import (
    audit_workload,
    observation_workload,
    training_workload,
    unlearning_workload,
)
from qiskit_qmu.models import BasicQNN
from qiskit_qmu.unlearning import (
    DEFAULT_METHODS,
    METHODS,
    GradientAscent,
    Retrain,
    SelectiveDampening,
    make_strategy,
)

SHORT = {"max_epochs": 3, "learning_rate": 0.05, "batch_size": 4}
SETTINGS = {
    "gd": {"epochs": 1},
    "ga": SHORT,
    "ga-r": SHORT,
    "ssd": {"dampening": 0.5},
    "ssd-r": {"alpha": 1.0, "dampening": 0.5},
    "rga": {**SHORT, "alpha": 1.0},
    "rga-r": {**SHORT, "alpha": 1.0},
    "repair": {"epochs": 1},
    "ewc": SHORT,
    "neggrad": {"epochs": 2, "learning_rate": 0.05},
    "scrub": {"epochs": 2, "forget_epochs": 1},
    "scrub-r": {"epochs": 2, "forget_epochs": 1},
}
SETTINGS |= {
    name: {"epochs": 1}
    for name, method in METHODS.items()
    if name not in SETTINGS and "epochs" in method.hyperparameters
}
TRAINER = Trainer(epochs=3, batch_size=5, learning_rate=0.1, patience=1)
# What a strategy costs is tested here, also where it changes nothing.
pytestmark = pytest.mark.filterwarnings("ignore::qiskit_qmu.unlearning.UnchangedWarning")
FIXED = ("noop", "gd", "ssd", "ssd-r", "scrub", "eu-k")
"""Methods whose number of steps depends on nothing that is measured."""


@pytest.fixture(scope="module")
def split() -> ForgetSplit:
    generator = np.random.default_rng(5)
    x = generator.normal(size=(14, 2)).astype(np.float32)
    y = np.arange(14) % 2
    ds = dataset_from_arrays(x, y, x[:9] + 1, y[:9])
    return ForgetSplit.by_fraction(ds, 0.3, validation_fraction=0.2, seed=0)


def fitted(split, backend, **named) -> BasicQNN:
    model = BasicQNN(2, 2, 2, 1, seed=1, backend=backend, **named)
    model.fit_inputs(split.train.x)
    return model


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("sisa", "oracle-2")])
def test_on_the_exact_simulator_a_rehearsal_is_what_happens(split, method):
    stepping = {
        name: {**values, "loss_threshold": 0.95} if "max_epochs" in values else values
        for name, values in SETTINGS.items()
    }
    strategy = make_strategy(method, stepping, TRAINER)
    model = fitted(split, open_backend("exact"))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    generator = np.random.default_rng(7)
    work = unlearning_workload(strategy, model, split, generator=generator)
    worst_case = unlearning_workload(strategy, model, split, generator=generator, worst_case=True)
    # The rehearsals used nothing up.
    usage = strategy(model, split, generator=generator).usage
    assert work.usage == usage
    assert usage.circuits <= worst_case.usage.circuits
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


AER = [{"max_executions_per_job": 200}, {"gradient": "spsa"}]
FAKE = {"gradient": "spsa", "max_executions_per_job": 50}


@pytest.mark.parametrize(
    ("method", "name", "options"),
    [
        *((method, "aer", options) for options in AER for method in ("noop", *DEFAULT_METHODS)),
        # Of those that share one descent, one that alternates and one that resets; it can stop.
        *((method, "aer", AER[0]) for method in ("neggrad", "scrub", "eu-k", "ewc")),
        # The device only adds its noise: one method of each kind.
        *((method, "fake_manila", FAKE) for method in ("gd", "ssd", "rga-r")),
    ],
)
def test_a_device_is_sent_what_was_estimated(split, method, name, options):
    """Exactly, or at most the worst case where noise decides when to stop."""
    strategy = make_strategy(method, SETTINGS, TRAINER)
    with open_backend(name, shots=20, seed=2, **options) as backend:
        model = fitted(split, backend)
        estimate, most = (
            backend.estimate(
                unlearning_workload(strategy, model, split, generator=3, worst_case=worst)
            )
            for worst in (False, True)
        )
        assert backend.sampler.jobs_sent == 0
        strategy(model, split, generator=3)
        counted = backend.executed.circuits, backend.executed.executions, backend.sampler.jobs_sent
        expected = estimate.circuits, estimate.executions, estimate.jobs
    if method in FIXED:
        assert counted == expected
    bound = most.circuits, most.executions, most.jobs
    assert all(number <= largest for number, largest in zip(counted, bound, strict=True))


def test_the_worst_case_is_no_longer_than_it_must_be(split):
    """One that never stops takes all of it."""
    model = fitted(split, open_backend("exact"))
    endless = GradientAscent(max_epochs=2, batch_size=4, learning_rate=1e-5, loss_threshold=100.0)
    usage = endless(model, split, generator=0).usage
    bound = unlearning_workload(endless, model, split, generator=0, worst_case=True).usage
    assert usage == bound


def test_training(split):
    model = fitted(split, open_backend("exact"))
    rows = {
        "x": split.train.x,
        "y": split.train.y,
        "generator": 4,
        "validation": split.validation,
    }
    work, worst_case = (
        training_workload(TRAINER, model, **rows, worst_case=end) for end in (False, True)
    )
    with metered(model) as meter:
        epochs = len(TRAINER.fit(model, **rows).losses)
    assert work.usage == meter.usage
    assert work.usage.gradient_evaluations * TRAINER.epochs == (
        worst_case.usage.gradient_evaluations * epochs
    )


def test_training_on_a_device(split):
    backend = open_backend("aer", shots=20, gradient="spsa")
    model = fitted(split, backend, readout="probabilities")
    trainer = Trainer(epochs=1, batch_size=5)
    rows = {"x": split.train.x, "y": split.train.y, "generator": 4}
    estimate = backend.estimate(training_workload(trainer, model, **rows))
    by_shifts = training_workload(trainer, model, **rows, rule=ParameterShift())
    trainer.fit(model, **rows)
    assert (estimate.circuits, estimate.jobs) == (
        backend.executed.circuits,
        backend.sampler.jobs_sent,
    )
    assert by_shifts.usage.circuits > estimate.circuits


@pytest.mark.parametrize("limit", [None, 100])
def test_observing_and_auditing(split, limit, generator):
    backend = open_backend("aer", shots=20, max_executions_per_job=limit)
    model = fitted(split, backend)

    def sent() -> tuple[int, int]:
        return backend.executed.circuits, backend.sampler.jobs_sent

    rows = 600
    x, y = generator.normal(size=(rows, 2)), np.zeros(rows, dtype=int)
    estimate = backend.estimate(observation_workload(model, x))
    model.observe(x, y)
    assert (estimate.circuits, estimate.jobs) == sent()
    before = sent()
    estimate = backend.estimate(audit_workload([model, model.clone()], split))
    for _ in range(2):
        observe_split(model, split)
    after = sent()
    assert (estimate.circuits, estimate.jobs) == (after[0] - before[0], after[1] - before[1])


def test_a_module_of_ones_own(split):
    """Rehearsed on the simulator, whatever it runs on: nothing is sent."""
    backend = open_backend("aer", shots=20)
    quantum = fitted(split, backend).quantum
    module = torch.nn.Sequential(torch.nn.Linear(2, 2), quantum, torch.nn.Linear(2, 2))
    strategy = SelectiveDampening(alpha=1.0, dampening=0.5)
    estimate = backend.estimate(unlearning_workload(strategy, module, split, generator=0))
    assert backend.sampler.jobs_sent == 0
    usage = strategy(module, split, generator=0).usage
    assert estimate.circuits == usage.circuits == backend.executed.circuits
    assert estimate.jobs == backend.sampler.jobs_sent == sum(times for _, times in usage.requests)


def test_work_adds_up(split):
    model = fitted(split, open_backend("exact"))
    both = observation_workload(model, split.forget.x, 5) + observation_workload(
        model.clone(), split.forget.x, 600
    )
    assert both.usage.requests == ((5, 1), (88, 1), (512, 1))
    assert len(both.networks) == 2


def test_bad_input(split):
    linear = torch.nn.Linear(2, 2)
    with pytest.raises(InputError, match="connectors must not be empty"):
        observation_workload(linear, split.forget.x)
    with pytest.raises(InputError, match="connectors must not be empty"):
        unlearning_workload(Retrain(), linear, split)
    with pytest.raises(InputError, match="rows must be an integer of at least 1, got 0"):
        observation_workload(fitted(split, open_backend("exact")), split.forget.x, 0)
    with pytest.raises(InputError, match="models must not be empty"):
        audit_workload([], split)
    assert isinstance(
        observation_workload(fitted(split, open_backend("exact")), split.forget.x, 3), Workload
    )
