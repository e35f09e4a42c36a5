"""unlearn_in_sequence: requests one after another on one model, and its drift from the oracle."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import Dataset, ForgetRequest, ForgetSplit, Rows
from qiskit_qmu.data.rows import joined_rows
from qiskit_qmu.experiments.configuration.steps import unlearn
from qiskit_qmu.metrics import jensen_shannon
from qiskit_qmu.models import observe
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.training import Trainer
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import Retrain, UnlearningStrategy

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, kw_only=True)
class SequenceRow:
    """One model after one request, beside the oracle of that request.

    Attributes:
        request: Number of the request, from 1.
        method: "original", which does nothing; "unlearned", the model that has answered all
            requests so far; or "oracle, another seed", which shows how far retrained models are
            apart.
        forgotten: Number of rows that are withdrawn so far.
        forget: Accuracy on these, minus the oracle's.
        retain: Accuracy on the rows that are left, minus the oracle's.
        test: Accuracy on the test rows without those of withdrawn classes, minus the oracle's.
        js_forget: Mean Jensen–Shannon divergence from the oracle's outputs on the withdrawn rows,
            in nats.
        js_retain: The same on the rows that are left.
        cost: Gradient evaluations of all requests so far, relative to retraining for each of them.
    """

    request: int
    method: str
    forgotten: int
    forget: float
    retain: float
    test: float
    js_forget: float
    js_retain: float
    cost: float


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class UnlearningSequence:
    """What `unlearn_in_sequence` found.

    Attributes:
        rows: Three for each request: "original", "unlearned" and "oracle, another seed".
        model: The model that has answered all requests.
    """

    rows: tuple[SequenceRow, ...]
    model: torch.nn.Module = field(repr=False)

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows as a table."""
        import pandas as pd  # (slow to import)

        return pd.DataFrame([asdict(row) for row in self.rows])


def unlearn_in_sequence(
    model: Module,
    ds: Dataset,
    requests: Sequence[ForgetRequest],
    *,
    strategy: UnlearningStrategy,
    trainer: Trainer,
    validation: ArrayLike = (),
    seed: int = 0,
) -> UnlearningSequence:
    """Answer requests one after another on one model, each beside a model retrained for it.

    Each request is answered by the model that answered those before it, so that what a strategy
    leaves behind, or destroys, adds up. The oracle of a request is retrained on the rows that are
    left then.

    Args:
        model: A model that predicts classes, trained on all training rows but the validation rows.
            It is not changed.
        ds: The dataset.
        requests: What is withdrawn, in this order. A fraction is one of the rows that are left.
        strategy: How rows are forgotten.
        trainer: The recipe with which the model was trained.
        validation: Positions of training rows on which it was not, for strategies that choose by
            them.
        seed: Seed of fractions, strategy and oracles.

    Returns:
        The gaps to the oracle after each request, and the last model.

    Raises:
        InputError: If a request is not possible, such as one for rows that are withdrawn already.
        NonFiniteError: If the strategy or the oracle leaves the range of numbers.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import ForgetRequest
        >>> from qiskit_qmu.experiments import unlearn_in_sequence
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2, learning_rate=0.05)
        >>> history = trainer.fit(model, iris.x_train, iris.y_train, generator=0)
        >>> requests = [ForgetRequest(indices=(3, 14)), ForgetRequest(indices=(15, 92))]
        >>> strategy = qmu.unlearning.FineTune(epochs=1)
        >>> found = unlearn_in_sequence(model, iris, requests, strategy=strategy, trainer=trainer)
        >>> [(row.request, row.forgotten, row.cost) for row in found.rows[1::3]]
        [(1, 2, 0.5), (2, 4, 0.5)]
    """
    _check.not_empty(requests=requests)
    _check.at_least(0, seed=seed)
    held_out = ds.train.at(np.asarray(validation, dtype=np.int64))
    left = ds.train.without(held_out)
    gone, classes = ds.train.take([]), set[int]()
    current, spent, retraining = model, 0, 0
    rows: list[SequenceRow] = []
    with one_thread():
        for number, request in enumerate(requests, start=1):
            split = ForgetSplit.of_trained_rows(ds, request, left, held_out, seed=seed + number)
            left, gone = split.retain, joined_rows(gone, split.forget)
            classes |= set() if split.label is None else {split.label}
            result = unlearn(strategy, f"request {number}", current, split, seed)
            oracle, second = (_oracle(model, split, trainer, seed, f"{number}{n}") for n in "ab")
            current = result.model
            spent += result.usage.gradient_evaluations
            retraining += trainer.epochs * len(left)
            test = ds.test.take(np.flatnonzero(~np.isin(ds.y_test, list(classes))))
            for method, own, cost in (
                ("original", model, 0.0),
                ("unlearned", current, spent / retraining),
                ("oracle, another seed", second, 1.0),
            ):
                gaps = _gaps(own, oracle, (gone, split.retain, test))
                rows.append(
                    SequenceRow(
                        request=number, method=method, forgotten=len(gone), cost=cost, **gaps
                    )
                )
    return UnlearningSequence(rows=tuple(rows), model=current)


def _oracle(
    model: Module, split: ForgetSplit, trainer: Trainer, seed: int, name: str
) -> torch.nn.Module:
    return Retrain(trainer=trainer)(model, split, generator=stream(seed, "oracle", name)).model


def _gaps(
    model: torch.nn.Module, oracle: torch.nn.Module, parts: tuple[Rows, Rows, Rows]
) -> dict[str, float]:
    """Return the accuracies minus the oracle's, and the divergences from it."""
    pairs = [[observe(each, rows.x, rows.y) for each in (model, oracle)] for rows in parts]
    found = {
        name: own.accuracy - its.accuracy
        for name, (own, its) in zip(("forget", "retain", "test"), pairs, strict=True)
    }
    divergences = {
        f"js_{name}": jensen_shannon(own.probabilities, its.probabilities)
        for name, (own, its) in zip(("forget", "retain"), pairs[:2], strict=True)
    }
    return found | divergences
