"""Reads the ids of rows to forget: one a line, or the column of ids of a CSV file."""

import csv
from pathlib import Path

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_bytes, reading

_WHAT = "ids of rows"
_LARGEST = 2**28
_DELIMITERS = ",;\t"


def read_ids(path: str | Path, id_column: str | None = None) -> tuple[str, ...]:
    r"""Return ids as they stand in a file: as texts, with zeros in front.

    Blank lines, spaces around an id and a byte-order mark are left out. Where the first line holds
    several columns, it is the heading of a CSV file with commas, semicolons or tabs.

    Args:
        path: The file, in UTF-8.
        id_column: Heading of the ids; a first line that is the heading alone is left out too.

    Raises:
        InputError: If the file cannot be read, holds no id, or has several columns of which none
            is that of the ids.

    Example:
        >>> from pathlib import Path
        >>> from qiskit_qmu.cli.id_file import read_ids
        >>> written = Path("withdrawn.csv").write_text("name;customer\nAnna;0042\nBob;0107\n")
        >>> read_ids("withdrawn.csv", "customer")
        ('0042', '0107')
    """
    content = read_bytes(path, _WHAT, largest=_LARGEST, any_kind=True)
    with reading(path, _WHAT):
        lines = [line for line in content.decode("utf-8-sig").splitlines() if line.strip()]
        if not lines:
            raise InputError("a file without ids")
        delimiter = max(_DELIMITERS, key=lines[0].count)
        table = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    heading = table[0]
    if len(heading) == 1:
        ids = [row[0] for row in table if len(row) == 1]
        if len(ids) < len(table):
            raise InputError(f"{path} must hold one id a line, got {lines[_first_longer(table)]!r}")
        return tuple(ids[1:] if ids[0] == id_column else ids)
    if id_column not in heading:
        wanted = "the ids" if id_column is None else repr(id_column)
        raise InputError(
            f"{path} must hold one id a line, or a column {wanted}; got the columns "
            f"{', '.join(heading)}"
        )
    place = heading.index(id_column)
    return tuple(row[place] for row in table[1:] if len(row) > place and row[place])


def _first_longer(table: list[list[str]]) -> int:
    return next(place for place, row in enumerate(table) if len(row) != 1)
