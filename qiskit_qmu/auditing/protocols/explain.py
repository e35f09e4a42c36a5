"""explain_protocols: what published protocols would report for a model, and what that is worth."""

import textwrap
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing.paper_protocol import paper_protocol
from qiskit_qmu.auditing.protocols import dew_p, hqml, qmu_paper, salun, ssd
from qiskit_qmu.auditing.protocols.reported import ORACLE, ORIGINAL, ProtocolInputs, ReportedNumber
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.metrics import Interval

PROTOCOLS: tuple[Callable[[ProtocolInputs], tuple[ReportedNumber, ...]], ...] = (
    qmu_paper.reported,
    hqml.reported,
    ssd.reported,
    salun.reported,
    dew_p.reported,
)
"""The protocols, each in a file of its own."""

UNFAIR_NEEDS = ("oracle", "test rows")
"""What a strategy may not use if an audit by the same oracle or test rows is to mean anything."""

_WIDTH = 100


@final
@dataclass(frozen=True, kw_only=True)
class ProtocolReport:
    """What published protocols would report for a model, each number beside its controls.

    Attributes:
        numbers: The numbers that could be computed.
        flags: What makes numbers of this model unfit for any protocol, one line each.
    """

    numbers: tuple[ReportedNumber, ...]
    flags: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {
            "numbers": [number.to_dict() for number in self.numbers],
            "flags": list(self.flags),
        }

    def in_lines(self) -> dict[str, list[str]]:
        """Return one entry for each number, with a line for each control, for a page."""
        lines = {
            f"{number.source}: {number.name}": [
                f"{name}: {_shown(value)}" for name, value in _values(number)
            ]
            + [number.reading]
            for number in self.numbers
        }
        return {**lines, **({"flags": list(self.flags)} if self.flags else {})}

    def in_short(self) -> str:
        """Return one line for each number: this model, doing nothing, and retrained models.

        Example:
            >>> from qiskit_qmu.auditing.protocols.explain import ProtocolReport
            >>> ProtocolReport(numbers=()).in_short()
            ''
        """
        flags = [f"flag: {flag}" for flag in self.flags]
        return "\n".join([*map(_in_a_line, self.numbers), *flags])

    def __str__(self) -> str:
        flags = [f"flag: {flag}" for flag in self.flags]
        return "\n\n".join([*map(_in_words, self.numbers), *flags])


def explain_protocols(
    audited: SplitObservations,
    split: ForgetSplit,
    *,
    original: SplitObservations | None = None,
    oracles: Sequence[SplitObservations] = (),
    strategy_needs: Collection[str] = (),
    seed: int = 0,
) -> ProtocolReport:
    """Compute what five published protocols would report for a model, each beside its controls.

    They are those of QMU (https://arxiv.org/abs/2509.06086), HQML
    (https://github.com/CrivoiCarla/hybrid-quantum-machine-unlearning), SSD
    (https://arxiv.org/abs/2308.07707), SalUn (https://arxiv.org/abs/2310.12508) and DEW-P
    (https://arxiv.org/abs/2608.17069). Controls are computed the same way on never-seen rows of the
    same classes, on the retrained model and on the original; attacks are asked about rows that they
    were not trained on.

    Args:
        audited: Outputs of the audited model on the parts of the split.
        split: The task.
        original: Outputs of the model before unlearning.
        oracles: Outputs of models retrained without the forgotten rows.
        strategy_needs: What the strategy used, as in `qiskit_qmu.unlearning.Method`.
        seed: Seed of attacks and draws.

    Returns:
        The numbers of those protocols whose rows are there.

    Raises:
        InputError: If the model does not predict classes.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> observed = qmu.auditing.observe_split(torch.nn.Linear(4, 3), split)
        >>> explained = qmu.auditing.explain_protocols(observed, split)
        >>> [number.key for number in explained.numbers]
        ['qmu_mia_success', 'hqml_mia_auc', 'ssd_mia', 'salun_mia_efficacy', 'dewp_forgetting']
    """
    if audited.forget.logits is None:
        raise InputError("published protocols are those of classifiers; this model predicts values")
    fitted_to = audited if original is None else original
    inputs = ProtocolInputs(
        audited=audited,
        original=original,
        oracles=tuple(oracles),
        paper=paper_protocol(fitted_to, split, stream(seed, "paper attack")),
        generator=stream(seed, "protocols"),
    )
    numbers = [number for reported in PROTOCOLS for number in reported(inputs)]
    return ProtocolReport(
        numbers=tuple(numbers), flags=tuple(_flags(audited, oracles, strategy_needs))
    )


def _flags(
    audited: SplitObservations, oracles: Sequence[SplitObservations], needs: Collection[str]
) -> list[str]:
    flags = [
        f"the strategy used the {need}: an audit by the same {need} says nothing about it"
        for need in UNFAIR_NEEDS
        if need in needs
    ]
    if any(_same_answers(audited, oracle) for oracle in oracles):
        flags.append(
            "the model's outputs equal an oracle's on every row: it is that oracle, or was fitted "
            "to it"
        )
    return flags


def _same_answers(first: SplitObservations, second: SplitObservations) -> bool:
    return all(
        mine is not None and theirs is not None and np.array_equal(mine.losses, theirs.losses)
        for mine, theirs in ((first.forget, second.forget), (first.retain, second.retain))
        if (mine, theirs) != (None, None)
    )


def _in_words(number: ReportedNumber) -> str:
    rows = _values(number)
    width = max(len(name) for name, _ in rows)
    lines = [f"    {name:<{width}}  {_shown(value)}" for name, value in rows]
    heading = f"{number.source}: {number.name} (good: {number.better})"
    return "\n".join([textwrap.fill(heading, _WIDTH, subsequent_indent="  "), *lines,
                      textwrap.fill(number.reading, _WIDTH, initial_indent="  ",
                                    subsequent_indent="  ")])  # fmt: skip


def _in_a_line(number: ReportedNumber) -> str:
    """Return a number beside the same number of other models, without limits."""
    controls = {each.name: each.value.value for each in number.controls}
    oracles = [value for name, value in controls.items() if name.startswith(ORACLE)]
    beside = [f"this model {number.value.value:.3f}"]
    if ORIGINAL in controls:
        beside.append(f"doing nothing {controls[ORIGINAL]:.3f}")
    if oracles:
        beside.append(f"retrained {np.mean(oracles):.3f}")
    heading = f"{number.source}: {number.name.partition(':')[0].partition(',')[0]}"
    return textwrap.shorten(heading, _WIDTH - 50, placeholder="…") + f": {', '.join(beside)}"


def _values(number: ReportedNumber) -> list[tuple[str, Interval]]:
    return [("this model", number.value), *((each.name, each.value) for each in number.controls)]


def _shown(value: Interval) -> str:
    return str(value) if value.has_limits else f"{value.value:.3f}"
