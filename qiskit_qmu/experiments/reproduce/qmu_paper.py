"""What the protocols of the QMU paper share: models, training and methods in its two forms.

Su et al., From Membership-Privacy Leakage to Quantum Machine Unlearning,
https://arxiv.org/abs/2509.06086. "text" is what the paper says, "code" what its authors' code does.
"""

from collections.abc import Mapping
from typing import Any

from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce import own_models
from qiskit_qmu.experiments.reproduce.protocol import Choice, Tasks

FORMS = ("text", "code")
MODELS = ("basic", "hybrid")
METHODS = ("gd", "ga", "ga-r", "ssd", "ssd-r", "rga", "rga-r")
LABELS = (4, 5, 8)
"""Classes of which the paper forgets one, drawn at random; here one after another by seed."""

_DEVICE, _SHOTS = "fake_torino", 1000

DEVICE_WORDS = (
    f"device: models are trained and unlearned exactly and observed on {_DEVICE} with {_SHOTS:,} "
    "shots, a simulation with the noise of an IBM device (--backend ibm_… for a real one); theirs "
    "is the superconducting processor Tianyan-504"
)
"""How the noisy device of a protocol differs from the paper's."""

_CIRCUIT: Mapping[str, Any] = {"model.rotations": ["rz", "ry", "rz"], "model.entangling_gate": "cx"}

_TRAINING: Mapping[str, Mapping[str, Any]] = {
    "basic": {
        "trainer.optimizer": "sgd",
        "trainer.learning_rate": 0.05,
        "trainer.batch_size": 32,
        "trainer.epochs": 60,
    },
    "hybrid": {
        "trainer.optimizer": "sgd",
        "trainer.learning_rate": 0.01,
        "trainer.batch_size": 8,
        "trainer.epochs": 25,
    },
}
# The text's 0.1 is taken as that of plain gradient descent, whose steps are those of 0.01 with
# momentum 0.9: 0.1 with momentum does not train our hybrid model. It trains that of their code.
_RATE_OF_CODE = 0.1

_RATES = {
    # Learning rates and batch sizes of GD and GA, then of RGA, as the text beside Table 2 has them.
    "basic": {"gd": (0.01, 8), "ga": (0.003, 16), "rga": (0.05, 16)},
    "hybrid": {"gd": (0.01, 16), "ga": (0.001, 16), "rga": (0.01, 16)},
}
_FINE_TUNING_EPOCHS = {"basic": 6, "hybrid": 25}
"""As much work as the costs of its Table 2 say: a tenth of the basic model's retraining, and all
of the hybrid one's."""


def paper_tasks(
    choice: Choice,
    methods: tuple[str, ...] = METHODS,
    *,
    settings: Mapping[str, Any] | None = None,
    suffix: str = "",
    **observed: Any,
) -> Tasks:
    """Return the experiments of both models, each seed with its class to forget.

    Args:
        choice: How the protocol is run.
        methods: The methods.
        settings: Hyperparameters that replace the paper's.
        suffix: What follows the model's name in the name of the task.
        observed: Fields of `Experiment`: where models are observed.
    """
    if choice.quick:
        # 256 principal components need as many rows, less those of a class.
        rows = 300 if choice.form == "code" else 60
        sizes: dict[str, Any] = {"train_size": rows, "test_size": 30}
    else:
        sizes = {"train_size": 1000, "test_size": 500}
    tasks = []
    for model in MODELS:
        for seed in range(choice.seeds):
            own = {**_settings(model, choice), **(settings or {})}
            experiment = Experiment(
                dataset="mnist",
                model=_model(model, choice.form),
                forget=ForgetRequest(label=LABELS[seed % len(LABELS)]),
                validation_fraction=0.0,
                methods=methods,
                seed=seed,
                settings=own,
                **sizes,
                **observed,
            )
            tasks.append((f"{model}{suffix}", experiment))
    return tasks


def on_device(choice: Choice) -> dict[str, Any]:
    """Return the fields of `Experiment` for models that are observed on a noisy device."""
    return choice.observed_on("aer", 20) if choice.quick else choice.observed_on(_DEVICE, _SHOTS)


def _model(model: str, form: str | None) -> str:
    if model == "hybrid" and form == "code":
        return f"{own_models.__name__}:qmu_hybrid"
    return model


def _settings(model: str, choice: Choice) -> dict[str, Any]:
    settings = {**_TRAINING[model], **_method_settings(model)}
    if choice.form == "text":
        settings |= {"model.num_qubits": 10, "model.num_layers": 5}
    elif model == "basic":
        settings |= {"model.num_qubits": 8, "model.num_layers": 5, **_CIRCUIT}
        settings["model.encoding"] = "amplitude"
    else:
        settings["trainer.learning_rate"] = _RATE_OF_CODE
    if choice.quick:
        settings |= {"trainer.epochs": 1, "gd.epochs": 1, "repair.rounds": 1, "repair.epochs": 1}
        settings |= {f"{name}.max_epochs": 2 for name in ("ga", "ga-r", "rga", "rga-r")}
        if _model(model, choice.form) == model:
            settings |= {"model.num_layers": 1}
            settings |= {"model.num_qubits": 3} if choice.form == "text" else {}
    return settings


def _method_settings(model: str) -> dict[str, Any]:
    settings: dict[str, Any] = {"gd.epochs": _FINE_TUNING_EPOCHS[model]}
    for name, (rate, size) in _RATES[model].items():
        for method in (name,) if name == "gd" else (name, f"{name}-r"):
            settings |= {
                f"{method}.optimizer": "sgd",
                f"{method}.learning_rate": rate,
                f"{method}.batch_size": size,
            }
    rate, size = _RATES[model]["gd"]
    settings |= {"repair.optimizer": "sgd", "repair.learning_rate": rate, "repair.batch_size": size}
    # Its repair takes the retained rows alone, so that a class returns unless it is pushed further.
    settings |= {"repair.forget_weight": 0.0, "repair.epochs": 5}
    settings |= {f"{method}.confidence_threshold": 1e-3 for method in ("ga-r", "rga-r")}
    if model == "hybrid":
        for method in ("ssd", "ssd-r"):
            settings |= {f"{method}.alpha": 10.0, f"{method}.dampening": 0.01}
    return settings


DIFFERS: Mapping[str, tuple[str, ...]] = {
    "": (
        "data: 1,000 training and 500 test images of MNIST, drawn for each seed with equal shares "
        "of the classes; the class to forget is 4, 5, 8 in turn by seed (the paper draws it)",
        "accuracies: the paper defines them on training rows, its code measures never-seen rows; "
        "ours are both",
        "MIA: here no row is rated by a network that was trained on it (in their code four in five "
        "are); the share says nothing of membership without the control beside it",
        "training: epochs are not given in the paper; here 60 (basic) and 25 (hybrid, as in the "
        "code), with momentum 0.9, cross-entropy (their code sums ten binary ones) and no "
        "validation rows; the oracle is trained by the same recipe (theirs is not)",
        "ascent: our stopping rule, since theirs gives no threshold; GD and the repair take the "
        "learning rate and batch size of their GD; SSD of the basic model takes our defaults, "
        "since none are given; RGA's rate of 0.1 of the hybrid model is 0.01 with momentum 0.9",
    ),
    "text": (
        "form text: ten qubits × five layers, ten principal components as RY angles (basic) or a "
        "3×3 convolutional network (hybrid); encoding and gates are not named in the paper, here "
        "layers of RY·RZ and a ring of CZ",
        "training of the hybrid model: the rate of 0.1 is taken as that of plain gradient descent, "
        "which is 0.01 with momentum 0.9; with momentum it does not train our model",
    ),
    "code": (
        "form code: eight qubits, 256 principal components or CNN features (one 5×5 convolution) "
        "as amplitudes, U3 on each qubit as RZ·RY·RZ and a ring of CX; five layers in "
        "every model (their original, oracle and unlearning scripts disagree), and the rows to "
        "forget are rows that were trained on (theirs are drawn anew)",
    ),
}
