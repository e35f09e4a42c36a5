"""The ledger of a certified model: what was removed, and what of ε that has spent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, final

from qiskit_qmu.certified.gaussian_mechanism import gaussian_epsilon

if TYPE_CHECKING:
    import pandas as pd

Action = Literal["trained", "removed", "retrained"]


@final
@dataclass(frozen=True, kw_only=True)
class LedgerEntry:
    """One training or removal.

    Attributes:
        action: "trained", "removed" by a Newton step, or "retrained" since the budget was spent.
        removed: Rows removed by it.
        remaining: Rows that are left.
        residual: Bound of the gradient's norm since the last training, over all classes.
        epsilon: ε at the ledger's δ for that residual; 0 after training up to its own residual.
    """

    action: Action
    removed: int
    remaining: int
    residual: float
    epsilon: float


@final
@dataclass(frozen=True, kw_only=True)
class Ledger:
    """The budget of (ε, δ) of a model, and what was spent.

    Attributes:
        epsilon: ε that is never exceeded.
        delta: δ.
        noise: Standard deviation of the perturbation.
        budget: Largest residual that noise of this size hides within ε and δ.
        entries: All trainings and removals, in order.

    Example:
        >>> from qiskit_qmu.certified import Ledger, LedgerEntry
        >>> entry = LedgerEntry(action="trained", removed=0, remaining=9, residual=0.0, epsilon=0.0)
        >>> ledger = Ledger(epsilon=1.0, delta=1e-5, noise=1.0, budget=0.26, entries=(entry,))
        >>> print(ledger)
        (0, 1e-05) of (1, 1e-05) spent; residual at most 0 of 0.26; 0 rows removed, 0 retrainings
    """

    epsilon: float
    delta: float
    noise: float
    budget: float
    entries: tuple[LedgerEntry, ...]

    @property
    def spent(self) -> float:
        """ε of the model as it is."""
        return self.entries[-1].epsilon

    def after(self, action: Action, *, removed: int, remaining: int, residual: float) -> "Ledger":
        """Return the ledger with one more training or removal, and the ε that has spent.

        Args:
            action: What was done.
            removed: Rows removed by it.
            remaining: Rows that are left.
            residual: Bound of the gradient's norm since the last training.
        """
        entry = LedgerEntry(
            action=action,
            removed=removed,
            remaining=remaining,
            residual=residual,
            epsilon=gaussian_epsilon(residual / self.noise, self.delta),
        )
        return replace(self, entries=(*self.entries, entry))

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> "Ledger":
        """Return the ledger that `to_dict` wrote."""
        return Ledger(**{**values, "entries": tuple(LedgerEntry(**e) for e in values["entries"])})

    def to_dict(self) -> dict[str, Any]:
        """Return budget and entries as JSON values."""
        return asdict(self)

    def to_frame(self) -> "pd.DataFrame":
        """Return the entries as a table."""
        import pandas as pd

        return pd.DataFrame([asdict(entry) for entry in self.entries])

    def __str__(self) -> str:
        removed = sum(entry.removed for entry in self.entries)
        retrained = sum(entry.action == "retrained" for entry in self.entries)
        return (
            f"({self.spent:.3g}, {self.delta:g}) of ({self.epsilon:g}, {self.delta:g}) spent; "
            f"residual at most {self.entries[-1].residual:.3g} of {self.budget:.3g}; "
            f"{removed} rows removed, {retrained} retrainings"
        )
