"""hqml-iris, hqml-mnist and hqml-fashion: eleven methods with the circuits of the HQML benchmark.

https://github.com/CrivoiCarla/hybrid-quantum-machine-unlearning. "standard" runs the methods as
their authors describe them, with this package's strengths; "published" as the benchmark's code has
them, each for as many epochs as its early stopping kept.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, final

from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.reproduce import own_models
from qiskit_qmu.experiments.reproduce.hqml_measures import HQML_QUANTITIES, hqml_numbers
from qiskit_qmu.experiments.reproduce.protocol import Choice, Protocol, Tasks
from qiskit_qmu.experiments.reproduce.published import Published, read_published
from qiskit_qmu.unlearning.ascent import NEVER

METHODS = (
    "ga",
    "ewc",
    "neggrad",
    "cf-k",
    "eu-k",
    "scrub",
    "scrub-r",
    "noisy-ft",
    "q-mul",
    "lca",
    "adv-uniform",
)
_NULL = "oracle-2"  # what a distance from the oracle is between retrained models
_FORMS = ("standard", "published")
_VARIANTS = ("ewc", "cf-k", "eu-k", "scrub", "scrub-r", "q-mul")


@final
@dataclass(frozen=True, kw_only=True)
class _Data:
    """One of the benchmark's datasets.

    Attributes:
        name: Its name in the benchmark.
        dataset: Its name here.
        factory: The model.
        sizes: Training and test rows.
        trainer: The recipe of original and oracle, which gives the methods their step size.
        model: Settings of the model.
    """

    name: str
    dataset: str
    factory: str
    sizes: tuple[int, int]
    trainer: dict[str, Any]
    model: dict[str, Any]


_IMAGES = {"epochs": 60, "batch_size": 64, "learning_rate": 0.001, "patience": 8}
_IRIS = _Data(
    name="iris",
    dataset="iris",
    factory="hqml_tabular",
    sizes=(120, 30),
    trainer={"epochs": 100, "batch_size": 32, "learning_rate": 0.01, "patience": 15},
    model={},
)
_MNIST = _Data(
    name="mnist",
    dataset="mnist",
    factory="hqml_images",
    sizes=(1600, 400),
    trainer=_IMAGES,
    model={"num_qubits": 8},
)
_FASHION = _Data(
    name="fashion",
    dataset="fashion-mnist",
    factory="hqml_images",
    sizes=(3200, 800),
    trainer=_IMAGES,
    model={"num_qubits": 10},
)


def _tasks(data: _Data, choice: Choice) -> Tasks:
    published = read_published(f"hqml-{data.name}")
    requests = {"subset": ForgetRequest(fraction=0.02), "class": ForgetRequest(label=0)}
    tasks = []
    train, test = data.sizes
    settings = {f"trainer.{key}": own for key, own in data.trainer.items()}
    settings |= {f"model.{key}": own for key, own in data.model.items()}
    if choice.quick:
        train, test = min(train, 100), min(test, 30)
        settings |= {"trainer.epochs": 1, "trainer.patience": None, "model.num_layers": 1}
    for task, request in requests.items():
        own = {**settings}
        if choice.form == "published":
            own |= published_settings(data.trainer, published, task)
        experiment = Experiment(
            dataset=data.dataset,
            model=f"{own_models.__name__}:{data.factory}",
            scale="none",
            forget=request,
            train_size=train,
            test_size=test,
            methods=("ga", "lca") if choice.quick else (_NULL, *METHODS),
            seeds=choice.seeds,
            settings=own,
            **choice.observed_on(),
        )
        tasks.append((task, experiment))
    return tasks


def published_settings(trainer: dict[str, Any], published: Published, task: str) -> dict[str, Any]:
    """Return the hyperparameters of the benchmark's code, by dotted key.

    Args:
        trainer: The recipe of the original, which all methods share.
        published: What was published, with the epoch that early stopping kept.
        task: "subset" or "class".
    """
    settings: dict[str, Any] = {}
    for method in METHODS:
        epochs = int(published.find(task, method, "epochs") or 1)
        is_ascent = method in ("ga", "ewc")
        settings |= {
            f"{method}.optimizer": "adam",
            f"{method}.learning_rate": trainer["learning_rate"],
            f"{method}.batch_size": trainer["batch_size"],
            f"{method}.{'max_epochs' if is_ascent else 'epochs'}": epochs,
        }
        if is_ascent:
            settings |= {f"{method}.loss_threshold": NEVER, f"{method}.confidence_threshold": 0.0}
        if method in _VARIANTS:
            settings[f"{method}.variant"] = "hqml"
    return settings | {
        "ewc.penalty": 10.0,
        "neggrad.retain_weight": 0.5,
        "neggrad.stop_when_forgotten": False,
        "noisy-ft.clip": 1.0,
        "noisy-ft.noise": 0.05,
        "q-mul.balance": 1.0,
        "lca.complement_weight": 1.0,
        "adv-uniform.distance": 0.1,
        "adv-uniform.uniform_weight": 1.0,
    }


def _differs(data: _Data) -> dict[str, tuple[str, ...]]:
    fashion = (
        "data: 3,200 training and 800 test images (theirs 6,400 and 1,600), so that the first "
        "4,000 test images of Fashion-MNIST suffice",
    )
    iris = (
        "features are scaled on the training rows, mean ± two deviations to ±π (theirs: smallest "
        "and largest value of all 150 rows)",
        "the original is trained on all training rows (theirs on the retained rows of the subset, "
        "so that it never saw the rows to forget)",
    )
    own = {"iris": iris, "fashion": fashion}.get(data.name, ())
    return {
        "": (
            "seeds: theirs is one; early stopping by a tenth of the training rows (theirs: by the "
            "test rows that are then reported, of which the forgotten class is a part)",
            "KL and JS on retained rows: theirs compare rows in two different orders, so those two "
            "columns cannot be compared",
            "rotations and CZ of the last layer that no measurement detects are left out; the "
            "outputs are the same",
            *own,
        ),
        "standard": (
            "form standard: methods as their authors describe them, with this package's step sizes "
            "and stopping rules (--form published: as the benchmark's code has them)",
        ),
        "published": (
            "form published: the methods of the benchmark's code with its step sizes, each for the "
            "epochs that its early stopping on test rows kept, which here is no rule but a number",
        ),
    }


def _protocol(data: _Data, what: str, minutes: int) -> Protocol:
    return Protocol(
        name=f"hqml-{data.name}",
        summary=f"the HQML benchmark on {what}: eleven methods on 2 % of the rows and a class",
        tasks=partial(_tasks, data),
        quantities=HQML_QUANTITIES,
        measure=hqml_numbers,
        duration=f"about {minutes} core-minutes",
        datasets=() if data.dataset == "iris" else (data.dataset,),
        forms=_FORMS,
        on_devices=True,
        published=f"hqml-{data.name}",
        differs=_differs(data),
    )


IRIS = _protocol(_IRIS, "Iris", 5)
MNIST = _protocol(_MNIST, "MNIST", 25)
FASHION = _protocol(_FASHION, "Fashion-MNIST", 35)
