"""Layers: where in a model the forgotten rows can be told from never-seen ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import ClassifierAttack
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
    ROWS_AT_ONCE,
    as_tensors,
    clone_module,
    in_mode,
    parameter_counts,
    reinitialize,
)
from qiskit_qmu.models.dry_run import no_circuits, zeros
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
            rows while its circuits keep their initial weights. None to leave that out.
        seed: Seed of the attack, and of redrawn weights.

    Returns:
        Findings of the AUC: ``"layer_front"``, the inputs of the first circuit, where trainable
        layers stand before it; ``"layer_quantum"``, or ``"layer_quantum_1"`` and so on of several
        connectors in the order of evaluation; ``"layer_logits"``; ``"layer_reset"``, the logits
        with redrawn weights of the circuits; ``"layer_frozen"`` with a trainer. Last
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
    if trainer is not None:
        frozen = _frozen(model, split, trainer, seed)
        found["frozen"] = _attacked(frozen, split, seed)["logits"]
    theirs = [
        {**_attacked(oracle, split, seed), **_with_reset(oracle, split, seed)} for oracle in oracles
    ]
    findings = [
        _finding(name, auc, [oracle[name] for oracle in theirs if name in oracle], split)
        for name, auc in found.items()
    ]
    return (*findings, _shares(model, has_front="front" in found))


def _attacked(model: torch.nn.Module, split: ForgetSplit, seed: int) -> dict[str, Interval]:
    """Return the attack's AUC on each layer."""
    generator = stream(seed, "layers", "rows")
    some = split.retain.take(generator.permutation(len(split.retain))[:_MOST_ROWS])
    parts = (split.forget, split.test_forget, some)
    outputs = [_layer_outputs(model, part) for part in parts]
    return {
        name: _auc([part[name] for part in outputs], parts, split.kind, seed) for name in outputs[0]
    }


def _with_reset(model: torch.nn.Module, split: ForgetSplit, seed: int) -> dict[str, Interval]:
    """Return the AUC on the logits of a copy whose circuits' weights were redrawn."""
    copy, generator = clone_module(model), stream(seed, "layers", "angles")
    with torch.no_grad():
        for connector in connectors_of(copy):
            angles = initial_angles(connector.weight.numel(), generator)
            connector.weight.copy_(torch.as_tensor(angles).reshape(connector.weight.shape))
    return {"reset": _attacked(copy, split, seed)["logits"]}


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


@final
@dataclass(frozen=True, eq=False)
class _Call:
    """Inputs and outputs of one call of a connector."""

    connector: TorchConnector
    inputs: torch.Tensor
    outputs: torch.Tensor


def _layer_outputs(model: torch.nn.Module, part: Rows) -> dict[str, Array]:
    """Return the outputs (n, columns) of each layer on rows."""
    rows, _ = as_tensors(model, part.x, part.y)
    parts = [_passed(model, chunk) for chunk in rows.split(ROWS_AT_ONCE)]
    if any(table is None for table in parts):  # calls that are not one for all rows
        parts = [_passed(model, row) for row in rows.split(1)]
    tables = [table for table in parts if table is not None]
    joined = {name: np.concatenate([table[name] for table in tables]) for name in tables[0]}
    if not _has_front(model, rows):
        joined.pop("front", None)
    return joined


def _passed(model: torch.nn.Module, rows: torch.Tensor) -> dict[str, Array] | None:
    """Return the outputs of each layer; None if a call does not have the given rows in order."""
    calls: list[_Call] = []

    def keep(connector: TorchConnector, arguments: tuple[Any, ...], outputs: torch.Tensor) -> None:
        calls.append(_Call(connector, arguments[0], outputs))

    connectors = connectors_of(model)
    handles = [connector.register_forward_hook(keep) for connector in connectors]
    try:
        with in_mode(model, training=False), torch.no_grad():
            logits = model(rows)
    finally:
        for handle in handles:
            handle.remove()
    reached = list(dict.fromkeys(call.connector for call in calls))
    if len(rows) > 1 and (
        len(reached) < len(calls) or any(len(call.inputs) != len(rows) for call in calls)
    ):
        return None
    names = ["quantum"] if len(reached) == 1 else [f"quantum_{i + 1}" for i in range(len(reached))]
    tables = {"front": _table(calls[0].inputs, rows)} if calls else {}
    for name, connector in zip(names, reached, strict=True):
        own = [_table(call.outputs, rows) for call in calls if call.connector is connector]
        tables[name] = np.hstack(own)
    return {**tables, "logits": _table(logits, rows)}


def _table(tensor: torch.Tensor, rows: torch.Tensor) -> Array:
    return np.asarray(tensor.detach().double().cpu().numpy().reshape(len(rows), -1))


def _has_front(model: torch.nn.Module, rows: torch.Tensor) -> bool:
    """Return whether trainable parameters stand before the first circuit that is reached."""
    trainable: list[bool] = []

    def look(_connector: TorchConnector, arguments: tuple[Any, ...]) -> None:
        trainable.append(bool(arguments[0].requires_grad))

    handles = [each.register_forward_pre_hook(look) for each in connectors_of(model)]
    try:
        with no_circuits(model, zeros) as dry, torch.enable_grad():
            dry(rows[:1])
    finally:
        for handle in handles:
            handle.remove()
    return trainable[0] if trainable else False


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
