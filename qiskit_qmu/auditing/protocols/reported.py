"""ReportedNumber: what a published protocol reports for a model, beside its controls."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.auditing.paper_protocol import PaperProtocol
from qiskit_qmu.evaluation import SplitObservations, interval_row
from qiskit_qmu.metrics import Interval
from qiskit_qmu.observation import Observations, concatenate

ORIGINAL, ORACLE = "do nothing (original model)", "retrained model"
"""Names of the two controls that are the same number of another model."""


@final
@dataclass(frozen=True, kw_only=True)
class Control:
    """What a reported number has to be read against.

    Attributes:
        name: What it is, in a few words.
        value: Its value, with limits where it has some.
    """

    name: str
    value: Interval


@final
@dataclass(frozen=True, kw_only=True)
class ReportedNumber:
    """A number as a paper or its code would report it for a model.

    Attributes:
        key: Name in files, such as ``"ssd_mia"``.
        source: The paper.
        link: Where the protocol is described.
        name: What the paper calls the number, and how it is computed.
        better: What the paper takes as good: "lower" or "higher", or a value.
        value: The number.
        controls: What it has to be read against.
        reading: What it shows and what it does not, in one sentence.
    """

    key: str
    source: str
    link: str
    name: str
    better: str
    value: Interval
    controls: tuple[Control, ...]
    reading: str

    def to_dict(self) -> dict[str, Any]:
        """Return the number as JSON values; unknown numbers are None."""
        return {
            "key": self.key,
            "source": self.source,
            "link": self.link,
            "name": self.name,
            "better": self.better,
            **interval_row({"value": self.value}),
            "controls": [
                {"name": each.name, **interval_row({"value": each.value})} for each in self.controls
            ],
            "reading": self.reading,
        }


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ProtocolInputs:
    """The outputs that protocols read.

    Attributes:
        audited: Those of the audited model.
        original: Those of the model before unlearning; None without one.
        oracles: Those of retrained models.
        paper: The QMU paper's attack, fitted to the original; None where it cannot be.
        generator: Random generator of everything that a protocol draws.
    """

    audited: SplitObservations
    original: SplitObservations | None
    oracles: tuple[SplitObservations, ...]
    paper: PaperProtocol | None
    generator: np.random.Generator

    @property
    def others(self) -> dict[str, SplitObservations]:
        """The other models by the names of their controls, as far as there are any."""
        count = len(self.oracles)
        names = [ORACLE] if count == 1 else [f"{ORACLE} {n}" for n in range(1, count + 1)]
        before = {} if self.original is None else {ORIGINAL: self.original}
        return {**dict(zip(names, self.oracles, strict=True)), **before}


def never_seen(observed: SplitObservations) -> Observations | None:
    """Return the outputs on all never-seen rows, each once; None without any."""
    counterparts, rest = observed.test_forget, observed.test_retain
    if counterparts is None or rest is None:
        return rest if counterparts is None else counterparts
    if np.isin(rest.strata, observed.forget.strata).any():
        return rest  # (of single rows the rest is all of them)
    return concatenate(counterparts, rest)


def entropies(observed: Observations) -> NDArray[np.float64]:
    """Return the entropy of each row's class probabilities in nats, shape (n,)."""
    shares = observed.probabilities
    logs = np.log(shares, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(-(shares * logs).sum(axis=1))
