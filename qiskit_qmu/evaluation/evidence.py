"""Evidence: the arrays that all numbers of a model are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.observation import Observations

Part = Literal["forget", "retain", "test_forget", "test_retain"]
"""The parts of a split."""

Scores = tuple[NDArray[np.float64], NDArray[np.float64]]
"""An attack's scores of the forgotten rows and of their unseen counterparts."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SplitObservations:
    """A model's outputs on the parts of a split.

    Attributes:
        forget: Outputs on the forgotten training rows.
        retain: Outputs on the retained training rows; None if not observed.
        test_forget: Outputs on the unseen counterparts of the forgotten rows; None if there are
            none.
        test_retain: Outputs on the other unseen rows; None if there are none.

    Example:
        >>> from qiskit_qmu.evaluation import SplitObservations
        >>> from qiskit_qmu.observation import Observations
        >>> trained = Observations(logits=[[2.0, 0.0], [0.0, 1.0], [0.0, 3.0]], labels=[0, 1, 1])
        >>> observed = SplitObservations(forget=trained.take([0]), retain=trained.take([1, 2]))
        >>> observed.retain
        Observations(2 rows, 2 classes, exact, accuracy 1.000)
    """

    forget: Observations
    retain: Observations | None = None
    test_forget: Observations | None = None
    test_retain: Observations | None = None


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class CalledMembers:
    """Rows that the QMU paper's attack classifies as members.

    Attributes:
        forget: Mask of the forgotten rows, shape (n,).
        control: Mask of their unseen counterparts, shape (m,); None if there are none.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.evaluation import CalledMembers, Evidence, SplitObservations, measure
        >>> from qiskit_qmu.observation import Observations
        >>> seen = SplitObservations(forget=Observations(logits=[[1, 0]] * 4, labels=[0] * 4))
        >>> called = CalledMembers(forget=np.array([True, True, True, False]), control=None)
        >>> measure(Evidence(observed=seen, called=called))["mia_paper_rate"].value
        0.75
    """

    forget: NDArray[np.bool_]
    control: NDArray[np.bool_] | None


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """The data that the numbers of one model are computed from.

    Attributes:
        observed: Its outputs.
        oracles: The oracles' outputs on the same rows; their mean is the reference.
        exact: Its own exact outputs, without shot noise.
        scores: Scores of attacks, by the key of their AUC's column.
        called: Rows that the paper's attack classifies as members.

    Example:
        >>> from qiskit_qmu.evaluation import Evidence, SplitObservations
        >>> from qiskit_qmu.observation import Observations
        >>> values = Observations(row_losses=[0.25], outputs=[1.5], targets=[1.0])
        >>> Evidence(observed=SplitObservations(forget=values)).has_classes
        False
    """

    observed: SplitObservations
    oracles: tuple[SplitObservations, ...] = ()
    exact: SplitObservations | None = None
    scores: Mapping[str, Scores] = field(default_factory=dict)
    called: CalledMembers | None = None

    @property
    def has_classes(self) -> bool:
        """Whether the model predicts classes."""
        return self.observed.forget.labels is not None
