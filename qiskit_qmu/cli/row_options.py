"""Where the rows of a saved model are now, alike for all commands on saved models."""

import argparse
from typing import TYPE_CHECKING

from qiskit_qmu.cli.options import add_data_dir

if TYPE_CHECKING:
    from qiskit_qmu.data import RowSource


def add_row_source(parser: argparse.ArgumentParser) -> None:
    """Add where the rows are, if not where the model remembers them."""
    group = parser.add_argument_group("rows (where the model remembers them, unless given)")
    group.add_argument(
        "--dataset", metavar="NAME|FILE", help="the rows that it was trained on, in any order"
    )
    add_data_dir(group)


def row_source_of(options: argparse.Namespace) -> "RowSource":
    """Return where the rows are now, as far as options say it."""
    from qiskit_qmu.data import RowSource  # (help must not load it)

    return RowSource(dataset=options.dataset, data_dir=options.data_dir)
