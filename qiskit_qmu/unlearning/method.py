"""Method: what is known about a strategy by its name."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, final

from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning.strategy import UnlearningStrategy

Need = Literal[
    "forgotten rows", "retained rows", "validation rows", "gradients", "classes", "trainer"
]
"""What a strategy may use: the rows of a split, gradients by the parameters, labels that are
classes, and the trainer of the original model. What it does not list it never looks at."""

Settings = dict[str, Any]
"""Hyperparameters by name."""

_OF_THE_ORIGINAL = ("trainer", "objective")
"""What a strategy takes from how the original model was trained."""


@final
@dataclass(frozen=True, kw_only=True)
class PresetContext:
    """What presets depend on.

    Attributes:
        dataset: Name of the dataset.
        model: Family of the model: "basic" or "hybrid".
        kind: What is forgotten: "class" or "instances".
        learning_rate: Learning rate of the original model's training.
        repaired: Whether a repair on the retained rows follows.

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
    repaired: bool = False


def no_preset(_context: PresetContext) -> Settings:
    """Return no settings: the strategy's defaults suit every dataset and model."""
    return {}


@final
@dataclass(frozen=True, kw_only=True)
class Method:
    """A strategy with what the command line, experiments and reports need to know of it.

    Attributes:
        strategy: Its class, a dataclass of hyperparameters.
        summary: What it does, in one line.
        needs: What it may use; one that needs the trainer takes it as the argument ``trainer``.
        preset: Hyperparameters that differ from its defaults, by dataset and model.
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
    needs: frozenset[Need] = frozenset()
    preset: Callable[[PresetContext], Settings] = no_preset
    repaired: bool = False

    @property
    def hyperparameters(self) -> tuple[str, ...]:
        """Names of what can be set; the trainer and its objective are not among them."""
        return tuple(
            field.name for field in fields(self.strategy) if field.name not in _OF_THE_ORIGINAL
        )

    def build(self, settings: Settings, trainer: Trainer) -> UnlearningStrategy:
        """Return the strategy itself, without a repair.

        Args:
            settings: Hyperparameters that differ from its defaults.
            trainer: The trainer of the original model, whose objective the strategy takes.

        Raises:
            InputError: If a value is out of range.
            TypeError: If a hyperparameter is unknown.
        """
        for name in settings:
            if name not in self.hyperparameters:
                known_names = ", ".join(self.hyperparameters) or "no settings"
                raise TypeError(f"{name!r} (it has {known_names})")
        given: dict[str, Any] = {"trainer": trainer, "objective": trainer.objective}
        known = {field.name for field in fields(self.strategy)}
        own = {name: value for name, value in given.items() if name in known}
        strategy: UnlearningStrategy = self.strategy(**own, **settings)
        return strategy
