"""How a CSV file is written: its encoding, its separator, its decimal mark and its headings."""

import codecs
import csv
import io
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, one_line

_SEPARATORS = (",", ";", "\t", "|")
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PIECE = 2**16
_SAMPLES = 16
_COMMA = re.compile(r"[-+]?\d*,\d+")
_POINT = re.compile(r"[-+]?\d*\.\d+")


@final
@dataclass(frozen=True, kw_only=True)
class TableForm:
    """What is said of how a CSV file is written; what is None is found out.

    Args:
        separator: What stands between fields.
        decimal: The mark in numbers, "." or ",".
        encoding: Its encoding, as Python calls it.
    """

    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None


AS_FOUND = TableForm()
"""Everything is found out."""


@final
@dataclass(frozen=True, kw_only=True)
class CsvFormat:
    """How a CSV file is written.

    Args:
        encoding: Its encoding, as Python calls it.
        separator: What stands between fields.
        decimal: The mark in numbers, "." or ",".
        names: Headings of its columns.
        first_line: Number of lines before the headings.
    """

    encoding: str
    separator: str
    decimal: str
    names: tuple[str, ...]
    first_line: int


def find_format(path: Path, form: TableForm = AS_FOUND) -> CsvFormat:
    """Find out how a CSV file is written; what is given is taken as it is.

    Args:
        path: The file.
        form: What is said of it. Where that is nothing, the separator is a comma, semicolon, tab or
            bar, whichever divides the lines best; the decimal mark a point, or a comma where
            numbers in the file have commas only; the encoding UTF-8 or, with a byte-order mark,
            UTF-16, and Windows-1252 where the file is neither.

    Raises:
        InputError: If the file is empty, no text, or no table.
    """
    separator, decimal, encoding = form.separator, form.decimal, form.encoding
    try:
        encoding = encoding or _encoding(path)
        lines, first = _sample(path, encoding)
    except (LookupError, UnicodeError) as error:
        raise InputError(f"{path} is not text in {encoding}: {one_line(error)}") from error
    except OSError as error:
        raise FileError(f"cannot read {path}: {one_line(error)}") from error
    if first and separator is None:
        separator = first[-1]
    if separator is None:
        separator = _separator(lines, path)
    rows = list(csv.reader(lines, delimiter=separator))
    names = _names(rows[0] if rows else [], path)
    if decimal is None:
        decimal = "." if separator == "," else _decimal(rows[1:], path)
    return CsvFormat(
        encoding=encoding,
        separator=separator,
        decimal=decimal,
        names=names,
        first_line=1 if first else 0,
    )


def check_lengths(path: Path, form: CsvFormat) -> None:
    """Raise InputError if a row has other than one field for each heading, as one that was cut off.

    pandas fills a short row with missing values, and drops what is too much.
    """
    expected = len(form.names)
    with path.open(encoding=form.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=form.separator, skipinitialspace=True)
        for number, row in enumerate(reader, start=1):
            if len(row) != expected and row and number > form.first_line:
                raise InputError(
                    f"{path}, line {reader.line_num}: {expected} fields are needed, as in the "
                    f"heading; got {len(row)}"
                )


def _encoding(path: Path) -> str:
    """Return the encoding of a file, by its byte-order mark or by trying."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InputError(f"{path} is not a regular file")
    with path.open("rb") as file:
        piece = file.read(_PIECE)
        for mark, encoding in _BYTE_ORDER_MARKS.items():
            if piece.startswith(mark):
                return encoding
        if b"\0" in piece:
            hint = "; save the sheet as CSV" if piece.startswith(b"PK") else ""
            raise InputError(f"{path} must be a CSV, Parquet or NPZ file, got another kind{hint}")
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece:
                decoder.decode(piece)
                piece = file.read(_PIECE)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def _sample(path: Path, encoding: str) -> tuple[list[str], str]:
    """Return the first lines and some from all over the file, and a first line "sep=;"."""
    lines: list[str] = []
    size = path.stat().st_size
    with path.open("rb") as file:
        for number in range(_SAMPLES):
            start = number * size // _SAMPLES
            if encoding == "utf-16" and start:
                break  # (without the mark at its start a piece cannot be read)
            file.seek(start)
            piece = file.read(_PIECE)
            whole = start + len(piece) >= size
            text = io.TextIOWrapper(
                io.BytesIO(piece), encoding=encoding, errors="ignore", newline=""
            ).read()
            found = text.splitlines(keepends=True)
            lines += found[1 if start else 0 : len(found) if whole else -1]
            if whole:
                break
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise InputError(f"{path} is empty; it must hold a table with headings")
    hint = lines[0].strip()
    if re.fullmatch(r'"?sep=."?', hint):
        return lines[1:], hint.strip('"')
    return lines, ""


def _separator(lines: list[str], path: Path) -> str:
    """Return the separator that divides most lines into as many fields as the first."""
    best, most = "", (0.0, 0)
    for candidate in _SEPARATORS:
        widths = [len(row) for row in csv.reader(lines[:200], delimiter=candidate)]
        if widths[0] < 2:
            continue
        score = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
        if score > most:
            best, most = candidate, score
    if not best:
        raise InputError(
            f"{path} must have columns separated by commas, semicolons, tabs or bars, got "
            f"{lines[0].strip()[:60]!r} as its first line"
        )
    return best


def _decimal(rows: list[list[str]], path: Path) -> str:
    fields = {field.strip() for row in rows for field in row}
    comma = next((field for field in fields if _COMMA.fullmatch(field)), None)
    point = next((field for field in fields if _POINT.fullmatch(field)), None)
    if comma and point:
        raise InputError(
            f"{path} has numbers with decimal commas and with points, such as {comma!r} and "
            f"{point!r}; say which by decimal=',' or decimal='.'"
        )
    return "," if comma else "."


def _names(row: list[str], path: Path) -> tuple[str, ...]:
    names = [name.strip() for name in row]
    doubles = sorted({name for name in names if name and names.count(name) > 1})
    if doubles:
        raise InputError(
            f"the columns of {path} must have different headings, got {doubles[0]!r} twice"
        )
    return tuple(name or f"column {number}" for number, name in enumerate(names, start=1))
