"""Where the rows of a saved model are now, alike for all commands on saved models."""

import argparse
from typing import TYPE_CHECKING

from qiskit_qmu.cli.options import add_data_dir
from qiskit_qmu.cli.row_options import ROW_KEYS, add_row_options, check_columns

if TYPE_CHECKING:
    from qiskit_qmu.data import RowSource


def add_row_source(parser: argparse.ArgumentParser) -> None:
    """Add where the rows are, if not where the model remembers them."""
    group = parser.add_argument_group(
        "rows of the model (as it remembers them; the same rows in any order, from another file)"
    )
    add_row_options(group)
    add_data_dir(group)


def row_source_of(options: argparse.Namespace) -> "RowSource":
    """Return where the rows are now, as far as options say it."""
    from qiskit_qmu.data import RowSource  # (help must not load it)

    given = {name: getattr(options, name) for name in (*ROW_KEYS, "data_dir")}
    check_columns(given)
    return RowSource.from_dict(given)
