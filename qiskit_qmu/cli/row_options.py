"""Options that say which rows a command works on: a bundled dataset, or a file of one's own."""

from argparse import ArgumentTypeError as OptionError
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qiskit_qmu.cli import option_types

ROW_KEYS = (
    "dataset",
    "label_column",
    "id_column",
    "feature_columns",
    "task",
    "separator",
    "decimal",
    "text_encoding",
    "test",
)
"""Their names in an Experiment, and in a config file."""


def add_row_options(parser: Any) -> None:
    """Add the options; ``parser`` is a parser or a group of its options."""
    parser.add_argument(
        "--dataset",
        type=dataset,
        metavar="NAME|FILE",
        help="a bundled dataset, see `qmu list datasets` (digits); or a CSV, Parquet or NPZ file, "
        "or a folder with a subfolder of images for each class",
    )
    parser.add_argument(
        "--label-column", metavar="NAME", help="column of the classes, where --dataset is a table"
    )
    parser.add_argument("--id-column", metavar="NAME", help="column that names each row")
    parser.add_argument(
        "--features",
        dest="feature_columns",
        type=names,
        metavar="A,B,…",
        help="columns to learn from (all others)",
    )
    parser.add_argument(
        "--task",
        choices=("classification", "regression"),
        metavar="KIND",
        help="classification or regression, where the numbers in --label-column do not say it",
    )
    parser.add_argument(
        "--separator",
        type=separator,
        metavar="CHAR",
        help="separator of the fields of a CSV file; tab for a tab (detected)",
    )
    parser.add_argument(
        "--decimal",
        choices=(".", ","),
        metavar="MARK",
        help="decimal mark of its numbers (detected)",
    )
    parser.add_argument(
        "--text-encoding", metavar="NAME", help="its encoding, such as utf-8 or cp1252 (detected)"
    )
    parser.add_argument(
        "--test",
        type=test_rows,
        metavar="SHARE|FILE",
        help="share of the rows that no model trains on, or a file with such rows (0.3)",
    )


def check_columns(fields: Mapping[str, Any]) -> None:
    """Refuse columns that a table does not have, before anything slow is loaded.

    Args:
        fields: Values by the names of `ROW_KEYS`; what is no file with columns is not looked at.

    Raises:
        InputError: If a column is missing, or the file cannot be read.
    """
    source = fields.get("dataset")
    label, own = fields.get("label_column"), fields.get("feature_columns") or ()
    named = [name for name in (label, fields.get("id_column"), *own) if isinstance(name, str)]
    if not named or not isinstance(source, str) or not Path(source).is_file():
        return
    if Path(source).suffix.lower() == ".npz":
        return
    from qiskit_qmu.data.tables.chunks import open_table  # (help must not load it)
    from qiskit_qmu.data.tables.csv_format import TableForm
    from qiskit_qmu.data.tables.reader import check_column

    form = {name: fields.get(name) for name in ("separator", "decimal")}
    table = open_table(source, TableForm(**form, encoding=fields.get("text_encoding")))
    for name in named:
        check_column(name, table)


def dataset(text: str) -> str:
    """Return the name of a bundled dataset, or the path of a file or folder that is there.

    Raises:
        OptionError: If it is neither.
    """
    if Path(text).exists():
        return text
    if Path(text).suffix or len(Path(text).parts) > 1:
        raise OptionError(f"no file {text}")
    return option_types.dataset(text)


def separator(text: str) -> str:
    """Return a single character; "tab" for a tab, which a shell makes hard to type.

    Raises:
        OptionError: If it is longer.
    """
    found = "\t" if text in ("tab", "\\t") else text
    if len(found) != 1:
        raise OptionError(f"a separator is a single character, got {text!r}")
    return found


def names(text: str) -> list[str]:
    """Return names that are separated by commas.

    Raises:
        OptionError: If there are none.
    """
    found = [name.strip() for name in text.split(",") if name.strip()]
    if not found:
        raise OptionError("must name at least one column")
    return found


def test_rows(text: str) -> float | str:
    """Return a share, or the path of a file that is there.

    Raises:
        OptionError: If it is neither.
    """
    try:
        option_types.real(text)
    except ValueError:
        if Path(text).exists():
            return text
        raise OptionError(f"neither a file nor a number between 0 and 1: {text}") from None
    return option_types.share(text)
