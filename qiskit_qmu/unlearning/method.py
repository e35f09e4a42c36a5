"""Method: a named strategy with its summary, needs and presets."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, final

from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning.strategy import UnlearningStrategy

Need = Literal[
    "forgotten rows",
    "retained rows",
    "validation rows",
    "gradients",
    "classes",
    "trainer",
    "oracle",
    "test rows",
    "shards",
]
"""What a strategy may use: rows of the split, gradients by the parameters, class labels, the
trainer of the original model, and a model that was trained in shards. It uses nothing that it does
not list. An audit flags one that uses the oracle or the test rows, by which it is judged."""

Group = Literal[
    "reference",
    "ascent",
    "dampening",
    "relabelling",
    "distillation",
    "fine-tuning",
    "last layers",
    "second order",
    "quantum",
    "own",
]
"""What a strategy does, in a word, by which lists are grouped; "own" for one of the user's."""

Settings = dict[str, Any]
"""Hyperparameters by name."""

_OF_THE_ORIGINAL = ("trainer", "objective")
"""Maps the context to hyperparameters."""


@final
@dataclass(frozen=True, kw_only=True)
class PresetContext:
    """The context that presets depend on.

    Attributes:
        dataset: Name of the dataset.
        model: Family of the model: "basic" or "hybrid".
        kind: What is forgotten: "class" or "instances".
        learning_rate: Learning rate of the original model's training.
        epochs: Epochs of that training.
        batch_size: Rows per step of that training.

    Example:
        >>> from qiskit_qmu.unlearning import METHODS, PresetContext
        >>> context = PresetContext(
        ...     dataset="iris", model="hybrid", kind="class", learning_rate=0.01
        ... )
        >>> METHODS["rga"].preset(context)
        {'learning_rate': 0.002}
    """

    dataset: str
    model: str
    kind: Literal["class", "instances"]
    learning_rate: float
    epochs: int = 30
    batch_size: int = 32

    @staticmethod
    def of_training(
        trainer: Trainer, *, model: str, kind: Literal["class", "instances"], dataset: str = ""
    ) -> "PresetContext":
        """Return the context of a model that a trainer trains.

        Args:
            trainer: The trainer.
            model: Family of the model: "basic" or "hybrid".
            kind: What is forgotten: "class" or "instances".
            dataset: Name of the dataset, if it has one.

        Example:
            >>> import qiskit_qmu as qmu
            >>> from qiskit_qmu.unlearning import PresetContext
            >>> slow = qmu.Trainer(learning_rate=0.001)
            >>> PresetContext.of_training(slow, model="basic", kind="class").learning_rate
            0.001
        """
        return PresetContext(
            dataset=dataset,
            model=model,
            kind=kind,
            learning_rate=trainer.learning_rate,
            epochs=trainer.epochs,
            batch_size=trainer.batch_size,
        )


def no_preset(_context: PresetContext) -> Settings:
    """Return no settings: the strategy's defaults suit every dataset and model."""
    return {}


def descent_preset(context: PresetContext) -> Settings:
    """Return the settings of a descent on forgotten and retained rows, or on retained ones alone.

    A class takes the step size of the original training; single rows leave a weaker trace. A small
    dataset takes more epochs for as many steps. Chosen on iris (2) and 300 digits (7).
    """
    rate = context.learning_rate
    if context.kind != "class":
        return {"learning_rate": rate / 3, "batch_size": 16, "epochs": 3}
    epochs = 10 if context.dataset in _SMALL_DATASETS else 3
    return {"learning_rate": rate, "batch_size": 16, "epochs": epochs}


_SMALL_DATASETS = ("iris", "wine")


@final
@dataclass(frozen=True, kw_only=True)
class Method:
    """A strategy with the metadata that the command line, experiments and reports need.

    Attributes:
        strategy: Its class, a dataclass of hyperparameters.
        summary: What it does, in one line.
        group: What it does, in a word.
        needs: What it may use; "trainer" is passed as the argument ``trainer``.
        preset: Hyperparameters that differ from its defaults, by dataset and model.
        fixed: Hyperparameters that make it this method, and which no setting replaces.
        repaired: Whether a repair on the retained rows follows: the "-r" forms.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning import GradientAscent, Method
        >>> method = Method(strategy=GradientAscent, summary="gradient ascent")
        >>> method.build({"max_epochs": 5}, qmu.Trainer()).max_epochs
        5
    """

    strategy: type[Any]
    summary: str
    group: Group = "own"
    needs: frozenset[Need] = frozenset()
    preset: Callable[[PresetContext], Settings] = no_preset
    repaired: bool = False
    fixed: Settings = field(default_factory=dict, hash=False)

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """Names of the hyperparameters, without the trainer and its objective."""
        return tuple(
            name
            for name in (own.name for own in fields(self.strategy))
            if name not in _OF_THE_ORIGINAL and name not in self.fixed
        )

    def build(self, settings: Settings, trainer: Trainer) -> UnlearningStrategy:
        """Return the strategy, without a repair.

        Args:
            settings: Hyperparameters that differ from its defaults.
            trainer: The trainer of the original model, whose objective the strategy uses.

        Raises:
            InputError: If a value is out of range.
            TypeError: If a hyperparameter is unknown.
        """
        for name in settings:
            if name not in self.hyperparameters:
                known_names = ", ".join(self.hyperparameters) or "no settings"
                raise TypeError(f"{name!r} (it has {known_names})")
        given: dict[str, Any] = {"trainer": trainer, "objective": trainer.objective}
        known = {own.name for own in fields(self.strategy)}
        own = {name: value for name, value in given.items() if name in known}
        strategy: UnlearningStrategy = self.strategy(**own, **self.fixed, **settings)
        return strategy
