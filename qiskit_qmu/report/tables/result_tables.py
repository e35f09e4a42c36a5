"""ResultTables: the tables of many runs, in every form that they are written in."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from qiskit_qmu._files import make_folder, write_together
from qiskit_qmu.report.tables.groups import Grouping, group_runs
from qiskit_qmu.report.tables.latex import latex
from qiskit_qmu.report.tables.markdown import markdown
from qiskit_qmu.report.tables.page import page
from qiskit_qmu.report.tables.rows import csv_text, tidy_rows
from qiskit_qmu.report.tables.run_records import RunRecords
from qiskit_qmu.report.tables.text import text

if TYPE_CHECKING:
    import pandas as pd


@final
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class ResultTables:
    """Methods beside original and oracle, averaged over seeds, for each group of runs.

    Attributes:
        grouping: What the runs have in common, where they differ, and their groups.
        title: Title of page and tables.
        environment: Versions and machine, for the page.

    Example:
        >>> from types import SimpleNamespace
        >>> from qiskit_qmu.report import RunRecords, result_tables
        >>> def run(alpha, accuracy):
        ...     rows = [
        ...         {"method": "oracle", "seed": 0, "acc_retain_test": 0.9},
        ...         {"method": "ga", "seed": 0, "acc_retain_test": accuracy},
        ...     ]
        ...     records = [SimpleNamespace(row=row, scores=None, history=()) for row in rows]
        ...     return RunRecords(place={"alpha": alpha}, kind="class", records=records)
        >>> tables = result_tables([run(1, 0.85), run(5, 0.7)])
        >>> for row in tables.to_rows():
        ...     gap = row["acc_retain_test_gap"]
        ...     print(row["alpha"], row["method"], gap and round(gap, 2))
        1 oracle None
        1 ga -0.05
        5 oracle None
        5 ga -0.2
    """

    grouping: Grouping
    title: str
    environment: Mapping[str, Any] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return a table for a terminal, of at most 118 characters, one part for each group."""
        return text(self.grouping)

    def to_markdown(self) -> str:
        """Return one table in Markdown."""
        return markdown(self.grouping, self.title)

    def to_latex(self) -> str:
        r"""Return one table in LaTeX; it needs ``\usepackage{booktabs}``."""
        return latex(self.grouping, self.title)

    def to_html(self) -> str:
        """Return one page that needs nothing but itself, with figures."""
        return page(self.grouping, self.title, self.environment)

    def write(self, folder: str | os.PathLike[str]) -> Path:
        """Write ``tables.html``, ``tables.md``, ``tables.tex`` and ``tables.csv``, all or none.

        Args:
            folder: Where to; made where it is missing. Files of these names are overwritten.

        Returns:
            The page.

        Raises:
            InputError: If they cannot be written.
        """
        target = Path(folder)
        make_folder(target)
        forms = {
            "tables.html": self.to_html(),
            "tables.md": self.to_markdown(),
            "tables.tex": self.to_latex(),
            "tables.csv": self.to_csv(),
        }
        write_together(target, forms)
        return target / "tables.html"

    def to_csv(self) -> str:
        """Return `to_rows` as comma-separated values with a line of names."""
        return csv_text(self.grouping)

    def to_rows(self) -> list[dict[str, Any]]:
        """Return one row for each group and method, with every number that is known.

        The settings that vary come first. A number stands under its key, the limits of its 95 %
        interval under ``key_low`` and ``key_high``, its difference from the oracle under
        ``key_gap`` with limits likewise, a cost relative to retraining under ``key_ratio``,
        and under ``seeds_forgotten`` the number of seeds of that verdict.
        """
        return tidy_rows(self.grouping)

    def to_frame(self) -> "pd.DataFrame":
        """Return `to_rows` as a table."""
        import pandas as pd  # (slow to import)

        return pd.DataFrame(self.to_rows())

    def __repr__(self) -> str:
        return self.to_text()


def result_tables(
    runs: Iterable[RunRecords],
    *,
    title: str = "Quantum machine unlearning",
    environment: Mapping[str, Any] | None = None,
) -> ResultTables:
    """Return the tables of many runs, grouped by the settings that vary between them.

    Args:
        runs: The records of each experiment. Runs with equal settings are put together: their
            seeds, over which methods are averaged, and their methods.
        title: Title of page and tables.
        environment: Versions and machine, for the page.

    Raises:
        InputError: If there is no record, or two records of the same settings, method and seed are
            of different models.
    """
    return ResultTables(grouping=group_runs(runs), title=title, environment=environment or {})
