"""Layers: where in a model the forgotten rows can be told from never-seen ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import ClassifierAttack
from qiskit_qmu.auditing.traces.layer_outputs import layer_outputs
from qiskit_qmu.auditing.traces.null_of_oracles import (
    null_of_oracles,
    of_how_many,
    p_value_above,
    stands_out,
)
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.metrics import Interval, stratified_auroc
from qiskit_qmu.models import (
    clone_module,
    parameter_counts,
    reinitialize,
)
from qiskit_qmu.models.initialization import initial_angles
from qiskit_qmu.observation import Observations
from qiskit_qmu.training import Trainer

Array = NDArray[np.float64]

_MOST_ROWS = 1000
"""Most retained rows that the attack's head is fitted to."""

_ATTACKS = {
    "instances": ClassifierAttack(features=("membership_score", "expectations")),
    "class": ClassifierAttack(features="expectations"),
}
"""One attack for all layers. Its membership score is that of a head fitted to the layer; there is
none for a class that no retained row has."""


def layers(
    model: torch.nn.Module,
    split: ForgetSplit,
    oracles: Sequence[torch.nn.Module] = (),
    *,
    trainer: Trainer | None = None,
    seed: int = 0,
) -> tuple[Finding, ...]:
    """Attack every layer of a hybrid model in the same way, beside its shares of parameters.

    The attack tells forgotten rows from never-seen rows of their classes by a layer's outputs, with
    `ClassifierAttack` on rows that are not scored. For single rows it is also given the log-odds
    of the true label by a linear head that is fitted to the layer's outputs on the retained rows. A
    leak that is in the classical front alone is in the front's outputs, and as much in the logits
    of the same model after its circuit's weights were redrawn.

    Circuits run on the forgotten, the retained (at most 1,000) and the never-seen rows, twice.

    Args:
        model: Any module with TorchConnectors that returns logits.
        split: The task.
        oracles: Retrained models, whose values are the null.
        trainer: The trainer of the original; with it a model of the same form is trained on all
            rows while its circuits keep their initial weights, if it has other weights to train.
            None to leave that out.
        seed: Seed of the attack, and of redrawn weights.

    Returns:
        Findings of the AUC: ``"layer_front"``, the inputs of the first circuit, where trainable
        layers stand before it; ``"layer_quantum"``, or ``"layer_quantum_1"`` and so on of several
        connectors in the order of evaluation; ``"layer_logits"``; ``"layer_reset"``, the logits
        with redrawn weights of the circuits; ``"layer_frozen"`` of that further model. Last
        ``"layer_parameters"``, the circuits' share of all parameters.

    Raises:
        InputError: If the model has no TorchConnector, does not predict classes, or there are no
            never-seen rows of the forgotten rows' classes.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing.traces import layers
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.2, seed=0)
        >>> model = qmu.HybridQNN((4,), 3, num_qubits=2, num_layers=1)
        >>> findings = layers(model, split)
        >>> [finding.key for finding in findings]
        ['layer_front', 'layer_quantum', 'layer_logits', 'layer_reset', 'layer_parameters']
        >>> print(findings[-1].reading)
        2 of 237 parameters (0.84 %) are weights of circuits.
    """
    if not connectors_of(model):
        raise InputError("the module has no TorchConnector, so there is no quantum layer to attack")
    if not len(split.test_forget) or split.forget.y.dtype.kind == "f":
        raise InputError("an attack of layers needs classes, and never-seen rows to compare with")
    found = {**_attacked(model, split, seed), **_with_reset(model, split, seed)}
    if trainer is not None and parameter_counts(model)["classical"]:
        frozen = _frozen(model, split, trainer, seed)
        found["frozen"] = _attacked(frozen, split, seed, "logits")["logits"]
    theirs = [
        {**_attacked(oracle, split, seed), **_with_reset(oracle, split, seed)} for oracle in oracles
    ]
    findings = [
        _finding(name, auc, [oracle[name] for oracle in theirs if name in oracle], split)
        for name, auc in found.items()
    ]
    return (*findings, _shares(model, has_front="front" in found))


def _attacked(
    model: torch.nn.Module, split: ForgetSplit, seed: int, only: str | None = None
) -> dict[str, Interval]:
    """Return the attack's AUC on each layer, or on one only."""
    generator = stream(seed, "layers", "rows")
    some = split.retain.take(generator.permutation(len(split.retain))[:_MOST_ROWS])
    parts = (split.forget, split.test_forget, some)
    outputs = [layer_outputs(model, part) for part in parts]
    return {
        name: _auc([part[name] for part in outputs], parts, split.kind, seed)
        for name in (outputs[0] if only is None else [only])
    }


def _with_reset(model: torch.nn.Module, split: ForgetSplit, seed: int) -> dict[str, Interval]:
    """Return the AUC on the logits of a copy whose circuits' weights were redrawn."""
    copy, generator = clone_module(model), stream(seed, "layers", "angles")
    with torch.no_grad():
        for connector in connectors_of(copy):
            angles = initial_angles(connector.weight.numel(), generator)
            connector.weight.copy_(torch.as_tensor(angles).reshape(connector.weight.shape))
    return {"reset": _attacked(copy, split, seed, "logits")["logits"]}


def _frozen(
    model: torch.nn.Module, split: ForgetSplit, trainer: Trainer, seed: int
) -> torch.nn.Module:
    """Train a model of the same form on all rows without changing the weights of its circuits."""
    copy = clone_module(model)
    reinitialize(copy, stream(seed, "layers", "frozen"))
    for connector in connectors_of(copy):
        connector.requires_grad_(requires_grad=False)
    train = split.train
    trainer.fit(
        copy,
        train.x,
        train.y,
        generator=stream(seed, "layers", "frozen", "batches"),
        validation=split.validation,
    )
    return copy


def _auc(tables: Sequence[Array], parts: Sequence[Rows], kind: str, seed: int) -> Interval:
    """Return the AUC of the attack on one layer.

    Args:
        tables: The layer's outputs on forgotten, never-seen and retained rows.
        parts: These rows.
        kind: What was forgotten.
        seed: Seed of the attack.
    """
    head = _head(tables[2], parts[2].y) if kind == "instances" else None
    members, others = (
        _observations(table, part.y, head)
        for table, part in zip(tables[:2], parts[:2], strict=True)
    )
    attack = _ATTACKS[kind]
    scores = attack.scores(members, others, generator=stream(seed, "layers", "attack"))
    return stratified_auroc(scores[0], parts[0].y, scores[1], parts[1].y)


@final
@dataclass(frozen=True, eq=False)
class _Head:
    """Log-odds of classes by a linear head."""

    centre: Array
    scale: Array
    weights: Array
    biases: Array
    classes: NDArray[np.int64]

    def losses(self, table: Array, labels: NDArray[np.int64]) -> Array:
        """Return −log-odds of the true label of each row; 0 for a class that was never seen."""
        logits = (table - self.centre) / self.scale @ self.weights.T + self.biases
        wanted = labels[:, None] == self.classes
        known = wanted.any(axis=1)
        own = np.where(wanted, logits, -np.inf)[known].max(axis=1)
        others = np.logaddexp.reduce(np.where(wanted, -np.inf, logits)[known], axis=1)
        losses = np.zeros(len(labels))
        losses[known] = others - own
        return losses


def _head(table: Array, labels: NDArray[np.int64]) -> _Head | None:
    # Imported late: importing scikit-learn takes most of a second.
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        return None
    centre, spread = table.mean(axis=0), table.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    fit = LogisticRegression(max_iter=1000).fit((table - centre) / scale, labels)
    weights, biases = fit.coef_, fit.intercept_
    if len(fit.classes_) == 2:
        weights, biases = (np.concatenate([-half, half]) / 2 for half in (weights, biases))
    return _Head(centre, scale, weights, biases, fit.classes_)


def _observations(table: Array, labels: NDArray[np.int64], head: _Head | None) -> Observations:
    """Return a layer's outputs as an attack takes them; logits only name the classes."""
    losses = np.zeros(len(labels)) if head is None else head.losses(table, labels)
    classes = max(2, int(labels.max()) + 1)
    return Observations(
        logits=np.zeros((len(labels), classes)),
        labels=labels,
        row_losses=losses,
        expectations=table,
    )


def _finding(name: str, auc: Interval, oracles: Sequence[Interval], split: ForgetSplit) -> Finding:
    null = null_of_oracles(oracles, minimum=0.0, maximum=1.0)
    p_value = p_value_above(auc.value, oracles)
    beyond = stands_out(auc, null, p_value)
    text = f"{_where(name)} tell the rows from never-seen ones with AUC {auc.value:.3f}"
    if beyond is not None:
        than = f"those of retrained models ({null.value:.3f})"
        text += f", {'better' if beyond else 'no better'} than {than}"
    return Finding(
        key=f"layer_{name}",
        group="layers",
        name=_where(name),
        value=auc,
        null=null,
        p_value=p_value,
        num_rows=len(split.forget) + len(split.test_forget),
        reading=f"{text}. {of_how_many(len(oracles))}".strip(),
    )


def _where(name: str) -> str:
    kind, _, number = name.partition("_")
    return _PLACES[kind] + (f" of circuit {number}" if number else "")


_PLACES = {
    "front": "Outputs of the classical front",
    "quantum": "Outputs of the quantum layer",
    "logits": "Logits",
    "reset": "Logits with redrawn weights of the circuits",
    "frozen": "Logits of a model trained with fixed weights of the circuits",
}


def _shares(model: torch.nn.Module, *, has_front: bool) -> Finding:
    counts = parameter_counts(model)
    total = counts["quantum"] + counts["classical"]
    share = counts["quantum"] / total if total else 0.0
    text = f"{counts['quantum']:,} of {total:,} parameters ({_percent(share)}) are weights of "
    reading = f"{text}circuits."
    if not has_front:
        reading += " No trainable layer stands before them: the module has no classical front."
    return Finding(
        key="layer_parameters",
        group="layers",
        name="Share of the circuits' weights among all parameters",
        value=Interval(share),
        reading=reading,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
