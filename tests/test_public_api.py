"""The public names: all there, immutable where they are values, and cheap to import."""

import dataclasses
import inspect
import pkgutil
import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import pytest
from tiny_models import basic, few_iris, hybrid, iris_split, sequential

import qiskit_qmu as qmu
from qiskit_qmu.models import QuantumClassifier

# The contract that other programs call.
CONTRACT = (
    "load_dataset",
    "dataset_from_arrays",
    "ForgetSplit.by_class",
    "ForgetSplit.by_fraction",
    "ForgetSplit.by_indices",
    "open_backend",
    "BasicQNN",
    "HybridQNN",
    "Trainer",
    "audit",
    "AuditReport.to_dict",
    "AuditReport.to_json",
    "AuditReport.to_html",
    "unlearning.NoOp",
    "unlearning.Retrain",
    "unlearning.FineTune",
    "unlearning.GradientAscent",
    "unlearning.SelectiveDampening",
    "unlearning.RelativeGradientAscent",
    "unlearning.Chain",
    "simulator.TorchEstimator",
    "simulator.TorchSampler",
    "simulator.TorchEstimatorGradient",
    "simulator.TorchSamplerGradient",
    "simulator.TorchSimulatorConnector",
    "Observations",
    "InputError",
)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(qmu.__path__, "qiskit_qmu.")
    if not module.name.endswith(".cli.main")
)
PACKAGES = [name for name in MODULES if hasattr(import_module(name), "__all__")]


@pytest.mark.parametrize("name", CONTRACT)
def test_the_contract_is_kept(name):
    value = qmu
    for part in name.split("."):
        value = getattr(value, part)
    assert callable(value)


@pytest.mark.parametrize("package", ["qiskit_qmu", *PACKAGES])
def test_every_public_name_resolves_once(package):
    module = import_module(package)
    names = list(module.__all__)
    assert len(names) == len(set(names))
    for name in names:
        assert getattr(module, name) is not None, name
    assert set(names) <= set(dir(module))


def _frozen_classes():
    for package in PACKAGES:
        module = import_module(package)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) and dataclasses.is_dataclass(value):
                yield pytest.param(value, id=f"{package}.{name}")


@pytest.mark.parametrize("kind", list(_frozen_classes()))
def test_dataclasses_are_frozen(kind):
    assert kind.__dataclass_params__.frozen
    instance = object.__new__(kind)
    for name in (*(field.name for field in dataclasses.fields(kind)), "anything_else"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(instance, name, None)


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="has no attribute 'magic'"):
        qmu.magic  # noqa: B018
    assert not hasattr(qmu, "magic")


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import qiskit_qmu", ("torch", "qiskit", "sklearn", "scipy", "matplotlib")),
        (
            "from qiskit_qmu import *; open_backend('exact')",
            ("qiskit_aer", "qiskit_ibm_runtime", "matplotlib", "jinja2", "pooch"),
        ),
        (
            "import qiskit_qmu.metrics, qiskit_qmu.attacks, qiskit_qmu.observation, "
            "qiskit_qmu.report",
            ("torch", "qiskit", "qiskit_machine_learning"),
        ),
        ("import qiskit_qmu.simulator", ("sympy",)),
        (
            "import qiskit_qmu as qmu; data = qmu.load_dataset('iris', train_size=30); "
            "split = qmu.ForgetSplit.by_class(data, label=1); "
            "model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1); "
            "_ = qmu.Trainer(epochs=1).fit(model, data.x_train, data.y_train, generator=0); "
            "_ = qmu.unlearning.SelectiveDampening()(model, split)",
            ("torch._dynamo", "sympy"),
        ),
    ],
)
def test_imports_load_no_more_than_they_need(statement, unwanted):
    script = f"{statement}\nimport sys\nprint(sorted({set(unwanted)} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n", done.stdout


def test_the_main_job_in_the_words_of_the_readme(tmp_path):
    split = iris_split()
    model = qmu.BasicQNN(num_features=3, num_classes=3, num_qubits=3, num_layers=1)
    trainer = qmu.Trainer(epochs=1)
    trainer.fit(model, split.train.x, split.train.y, generator=0)
    oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
    result = qmu.unlearning.SelectiveDampening()(model, split)
    assert isinstance(result.usage, qmu.Usage)
    report = qmu.audit(result.model, split, oracle=oracle, original=model)
    report.to_json(tmp_path / "audit.json")
    assert report.verdict in str(report)
    assert isinstance(model.observe(few_iris().x_test, few_iris().y_test), qmu.Observations)
    assert isinstance(qmu.observe(oracle, split.forget.x, split.forget.y), qmu.Observations)
    model.save(tmp_path / "model")
    assert isinstance(qmu.load_model(tmp_path / "model"), QuantumClassifier)


@pytest.mark.parametrize("build", [basic, hybrid, sequential])
def test_models_have_a_readable_name(build):
    assert type(build()).__name__ in repr(build())


def test_the_version_is_that_of_the_package():
    assert qmu.__version__ == version("qiskit-qmu")
