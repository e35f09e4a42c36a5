"""Weight distance: how far a model's weights lie from the original's and from the oracles'."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.traces.null_of_oracles import null_of_oracles
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.metrics import UNKNOWN, Interval


def weight_distance(
    model: torch.nn.Module,
    oracles: Sequence[torch.nn.Module],
    *,
    original: torch.nn.Module | None = None,
) -> tuple[Finding, ...]:
    """Compare weights: distances in units of the mean distance between two oracles.

    Retrained models lie far from each other, as each starts and ends elsewhere; the unit removes
    that. A model close to the original was changed little, which is no proof that it still knows
    the rows, and the least that a reader wants to know beside tests of what it answers.

    Args:
        model: The audited model.
        oracles: At least two retrained models of the same structure.
        original: The model before unlearning, of the same structure.

    Returns:
        The findings ``"weight_distance_oracles"``, the mean distance to the oracles, whose null is
        that of an oracle to the others; and with an original ``"weight_distance_original"``, whose
        null is an oracle's distance to the original.

    Raises:
        InputError: If there are fewer than two oracles, they are equal, or structures differ.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing.traces import weight_distance
        >>> form = {"num_classes": 3, "num_qubits": 2, "num_layers": 1}
        >>> model, *oracles = (qmu.BasicQNN(**form, seed=seed) for seed in range(4))
        >>> oracle_distance, original_distance = weight_distance(model, oracles, original=model)
        >>> original_distance.value.value
        0.0
    """
    if len(oracles) < 2:
        raise InputError(
            f"weight distances are in units of that between oracles, got {len(oracles)} oracles; "
            "give at least two (--oracles 4, in Python oracles=4)"
        )
    pairs = {
        (i, j): distance(oracles[i], oracles[j]) for i, j in combinations(range(len(oracles)), 2)
    }
    unit = float(np.mean(list(pairs.values())))
    if unit == 0:
        raise InputError("all oracles have the same weights, so there is no unit of distance")
    to_others = [
        Interval(float(np.mean([d for pair, d in pairs.items() if k in pair])) / unit)
        for k in range(len(oracles))
    ]
    value = float(np.mean([distance(model, oracle) for oracle in oracles])) / unit
    # Of two oracles, each is at the same distance from the other: nothing is known of its spread.
    null = null_of_oracles(to_others, minimum=0.0) if len(oracles) > 2 else Interval(1.0)
    findings = [
        _finding(
            "weight_distance_oracles",
            "distance of the weights to the oracles",
            value,
            null,
            f"The weights lie {value:.2f} times as far from retrained models as these from each "
            "other",
            len(oracles),
        )
    ]
    if original is not None:
        value = distance(model, original) / unit
        theirs = [Interval(distance(oracle, original) / unit) for oracle in oracles]
        null = null_of_oracles(theirs, minimum=0.0)
        findings.append(
            _finding(
                "weight_distance_original",
                "distance of the weights to the original",
                value,
                null,
                f"The weights lie {value:.2f} units from the original's, those of retrained models "
                f"{null.value:.2f}",
                len(oracles),
            )
        )
    return tuple(findings)


def distance(first: torch.nn.Module, second: torch.nn.Module) -> float:
    """Return the Euclidean distance between the weights of two modules of the same structure.

    Weights of TorchConnectors are compared as angles with a period of 2π, that of rotation gates
    without controls whose angle is the weight itself.

    Args:
        first: A module.
        second: A module with the same names.

    Raises:
        InputError: If names or shapes of the parameters differ.

    Example:
        >>> import math
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing.traces import distance
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> other = model.clone()
        >>> other.quantum.weight.data += 2 * math.pi
        >>> round(distance(model, other), 5)
        0.0
    """
    old, new = (dict(module.named_parameters()) for module in (first, second))
    if {n: p.shape for n, p in old.items()} != {n: p.shape for n, p in new.items()}:
        raise InputError("weights can only be compared between models of the same structure")
    angles = {id(p) for connector in connectors_of(first) for p in connector.parameters()}
    total = 0.0
    for name, parameter in old.items():
        change = (new[name].detach().to(parameter.device) - parameter.detach()).double()
        if id(parameter) in angles:
            change = torch.remainder(change + math.pi, 2 * math.pi) - math.pi
        total += float(change.square().sum())
    return math.sqrt(total)


def _finding(key: str, name: str, value: float, null: Interval, text: str, oracles: int) -> Finding:
    inside = "" if not null.has_limits else _where(value, null)
    return Finding(
        key=key,
        group="model",
        name=name,
        value=Interval(value),
        null=null if null.known else UNKNOWN,
        num_models=1 + oracles,
        reading=f"{text}{inside}.",
    )


def _where(value: float, null: Interval) -> str:
    if value in null:
        return ", where one more retrained model could lie"
    side = "nearer" if value < null.low else "farther"
    return f", {side} than one more retrained model would"
