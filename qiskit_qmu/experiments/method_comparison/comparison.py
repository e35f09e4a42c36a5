"""Comparison: what `compare` returns, the records of a run with the models that they are of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, final

import torch

from qiskit_qmu._files import write_json
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.evaluation import Recommendation, aggregate, recommend
from qiskit_qmu.experiments.method_comparison.output import write_records_page
from qiskit_qmu.experiments.records.evidence import RunEvidence
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.report import overview_figure, render_results, text_table
from qiskit_qmu.report.evidence import forgotten_evidence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@final
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """Strategies beside the original and the oracle, on one task.

    Attributes:
        records: Original, oracle and methods of the first seed, then those of the next; as
            `qmu run` writes them.
        models: The models of the first seed by method, "original" and "oracle" among them; without
            methods that gave none.
        kind: "class" or "instances".
        config: Model, data, training and strategies with all hyperparameters, as JSON values.
        does: What each method does, in one line, by its name.
        finished: When it was done, in UTC.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=30, batch_size=105, learning_rate=0.2)
        >>> compared = qmu.compare(
        ...     model, split, trainer=trainer, train=True, methods=["ssd"], progress=False
        ... )
        >>> list(compared.to_frame()["method"])
        ['original', 'oracle', 'ssd']
        >>> compared.to_html("compared.html")
        >>> compared.models["ssd"].save("unlearned")
    """

    records: tuple[Record, ...]
    models: Mapping[str, torch.nn.Module]
    kind: Literal["class", "instances"]
    config: Mapping[str, Any]
    does: Mapping[str, str]
    finished: str

    @property
    def evidence(self) -> RunEvidence:
        """What the numbers rest on, by heading and name."""
        splits = {record.row["seed"]: record.split for record in self.records}
        run = {"called as": "qiskit_qmu.compare(…)", "finished": self.finished}
        return {
            "Run": {**run, "seeds": list(splits)},
            "What was forgotten": forgotten_evidence(self.records[0].split),
        }

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One row of numbers for each seed and method."""
        return [record.row for record in self.records]

    @property
    def recommendation(self) -> Recommendation:
        """Which method to take among those that forgot; its ``method`` is empty without one."""
        return recommend(aggregate(self.rows))

    def to_dict(self) -> dict[str, Any]:
        """Return configuration, versions and rows as JSON values, as in results.json of a run."""
        return {
            "schema": 1,
            "config": dict(self.config),
            "environment": environment(),
            "evidence": self.evidence,
            "rows": self.rows,
        }

    def to_json(self, path: str | Path) -> None:
        """Write `to_dict` to a file.

        Raises:
            InputError: If it cannot be written.
        """
        write_json(path, self.to_dict())

    def to_html(self, path: str | Path) -> None:
        """Write one self-contained page, the same as that of `qmu run`.

        Raises:
            InputError: If it cannot be written.
        """
        write_records_page(
            Path(path),
            dict(self.config),
            self.kind,
            self.records,
            self.evidence,
            title=f"Unlearning from a {self.config['model']['class']}",
            does=self.does,
        )

    def to_frame(self) -> "pd.DataFrame":
        """Return the rows as a table, with the ends of each interval beside its value."""
        import pandas as pd  # (slow to import)

        return pd.DataFrame(self.rows)

    def plot(self) -> "Figure":
        """Draw forgotten and never-seen rows, the attack's AUC and the oracle's values.

        Returns:
            A figure, to show or to save by ``savefig(path)``.
        """
        return overview_figure(aggregate(self.rows))

    def __repr__(self) -> str:
        return text_table(self.rows, kind=self.kind)

    def _repr_html_(self) -> str:
        return render_results(self.rows, kind=self.kind)
