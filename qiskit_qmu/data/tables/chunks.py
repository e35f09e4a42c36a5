"""A table in chunks of rows, whatever it is kept in: never all of a file at once in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu._files import FileError, reading
from qiskit_qmu.data.tables.csv_format import (
    AS_FOUND,
    CsvFormat,
    TableForm,
    check_lengths,
    find_format,
)

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 8192

MISSING = ("", "NA", "N/A", "n/a", "NaN", "nan", "<NA>", "NULL", "null", "#N/A")
"""Texts of a CSV file that stand for a value that is missing."""

PARQUET_ENDINGS = (".parquet", ".pq")


class Table(Protocol):
    """A table that can be read as often as needed, in chunks."""

    what: str
    """What messages call it."""

    names: tuple[str, ...]
    """Headings of its columns."""

    unnamed: tuple[str, ...]
    """Those of them that have been made up."""

    decimal: str
    """The decimal mark of numbers that are texts."""

    def chunks(
        self, columns: Sequence[str], *, texts: Sequence[str] = ()
    ) -> Iterator["pd.DataFrame"]:
        """Return some columns of successive rows; those in ``texts`` as they are written."""
        ...


def open_table(source: Any, form: TableForm = AS_FOUND) -> Table:
    """Open a file or a DataFrame as a table.

    Args:
        source: Path of a CSV or Parquet file, or a DataFrame.
        form: What is said of how a CSV file is written.

    Raises:
        InputError: If it cannot be read, or is of another kind.
    """
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return _Frame(source)
    if not isinstance(source, str | Path) and not hasattr(source, "__fspath__"):
        raise InputTypeError(
            f"a table must be a path or a pandas DataFrame, got {type(source).__name__}"
        )
    path = Path(source)
    if path.suffix.lower() in PARQUET_ENDINGS:
        return _Parquet(path)
    return _Csv(path, find_format(path, form))


class _Frame:
    what = "the DataFrame"
    decimal = "."
    unnamed: tuple[str, ...] = ()

    def __init__(self, frame: "pd.DataFrame") -> None:
        others = [name for name in frame.columns if not isinstance(name, str)]
        if others:
            raise InputError(f"columns of a DataFrame must be named by texts, got {others[0]!r}")
        self.names = tuple(frame.columns)
        doubles = [name for name in self.names if self.names.count(name) > 1]
        if doubles:
            raise InputError(
                f"the columns of a DataFrame must have different names, got {doubles[0]!r} twice"
            )
        self._frame = frame

    def chunks(
        self, columns: Sequence[str], *, texts: Sequence[str] = ()
    ) -> Iterator["pd.DataFrame"]:
        for start in range(0, len(self._frame), ROWS_AT_ONCE):
            yield self._frame.iloc[start : start + ROWS_AT_ONCE][list(columns)]


class _Csv:
    def __init__(self, path: Path, form: CsvFormat) -> None:
        self.what, self.names, self.decimal = str(path), form.names, form.decimal
        self.unnamed = tuple(name for n, name in enumerate(form.names, 1) if name == f"column {n}")
        self._path, self._form = path, form
        with _read(path, "a CSV table"):
            check_lengths(path, form)

    def chunks(
        self, columns: Sequence[str], *, texts: Sequence[str] = ()
    ) -> Iterator["pd.DataFrame"]:
        import pandas as pd

        form = self._form
        # By itself pandas 2 reads some numbers a last digit off.
        exact = {"float_precision": "round_trip"} if int(pd.__version__.split(".")[0]) < 3 else {}
        with (
            _read(self._path, "a CSV table"),
            pd.read_csv(
                self._path,
                sep=form.separator,
                decimal=form.decimal,
                encoding=form.encoding,
                header=0,
                skiprows=form.first_line,
                names=list(form.names),
                index_col=False,
                usecols=list(columns),
                dtype=dict.fromkeys(texts, str),
                keep_default_na=False,
                na_values=list(MISSING),
                skipinitialspace=True,
                low_memory=False,
                chunksize=ROWS_AT_ONCE,
                **exact,
            ) as pieces,
        ):
            for piece in pieces:
                yield piece[list(columns)]


class _Parquet:
    decimal = "."
    unnamed: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow.parquet as parquet
        except ImportError as error:
            raise InputError(
                f"to read {path}, install pyarrow: pip install 'qiskit_qmu[parquet]'"
            ) from error
        self.what, self._path = str(path), path
        if path.exists() and not path.is_file():
            raise InputError(f"{path} is not a regular file")
        with _read(path, "a Parquet table"):
            self._file = parquet.ParquetFile(path)
            names = list(self._file.schema_arrow.names)
        self.names = tuple(name for name in names if not name.startswith("__index_level_"))

    def chunks(
        self, columns: Sequence[str], *, texts: Sequence[str] = ()
    ) -> Iterator["pd.DataFrame"]:
        with _read(self._path, "a Parquet table"):
            for batch in self._file.iter_batches(ROWS_AT_ONCE, columns=list(columns)):
                yield batch.to_pandas()[list(columns)]


@contextmanager
def _read(path: Path, what: str) -> Iterator[None]:
    """Turn errors of parsers into one line; those of what is done with a chunk are left alone."""
    try:
        with reading(path, what):
            yield
    except FileError:
        raise
    except InputError as error:
        if isinstance(error.__cause__, InputError):
            raise error.__cause__ from None
        if isinstance(error.__cause__, OSError):
            raise FileError(str(error)) from error
        raise
