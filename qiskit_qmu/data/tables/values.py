"""Turns the values of a column's chunk into numbers, days since 1970, or texts."""

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError

if TYPE_CHECKING:
    import pandas as pd

ISO = "ISO8601"
DATE_FORMATS = (ISO, "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d")

_TRUTHS = {"true": 1.0, "false": 0.0}
_NANOSECONDS_OF_A_DAY = 86_400 * 10**9


def to_texts(values: "pd.Series[Any]") -> NDArray[Any]:
    """Return values as texts without spaces at their ends, and None where one is missing."""
    texts = np.empty(len(values), dtype=object)
    present = values.notna().to_numpy()
    # (a whole number that pandas holds as a float, because another is missing, is 7 and not 7.0)
    texts[present] = [
        str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
        for value in values[present].astype(object)
    ]
    texts[texts == ""] = None
    return texts


def to_numbers(values: "pd.Series[Any]", decimal: str = ".") -> NDArray[np.float64]:
    """Return values as numbers, NaN where one is missing.

    Raises:
        InputError: If one is no number.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values.dtype):
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan))
    if pd.api.types.infer_dtype(values, skipna=True) == "string" and decimal != ".":
        values = values.str.replace(decimal, ".", regex=False)
    numbers = pd.to_numeric(values, errors="coerce")
    odd = values[numbers.isna() & values.notna()]
    if len(odd):
        raise InputError(f"a number is needed, got {odd.iloc[0]!r}")
    return np.asarray(numbers.to_numpy(np.float64, na_value=np.nan))


def to_truths(values: "pd.Series[Any]") -> NDArray[np.float64]:
    """Return booleans as 0 and 1, NaN where one is missing.

    Raises:
        InputError: If one is neither.
    """
    import pandas as pd

    places, different = pd.factorize(values)
    texts = to_texts(pd.Series(different))
    truths = [np.nan if text is None else _TRUTHS.get(text.lower(), np.inf) for text in texts]
    if np.inf in truths:
        raise InputError(f"true or false is needed, got {texts[truths.index(np.inf)]!r}")
    found: NDArray[np.float64] = np.array([*truths, np.nan])[places]
    return found


def to_days(values: "pd.Series[Any]", formats: tuple[str, ...]) -> NDArray[np.float64]:
    """Return dates as days since 1970-01-01, NaN where one is missing.

    Args:
        values: Dates, or texts.
        formats: How texts are written; the first is taken.

    Raises:
        InputError: If one is no date.
    """
    import pandas as pd

    if values.isna().all():
        return np.full(len(values), np.nan)
    if pd.api.types.infer_dtype(values, skipna=True) == "string":
        dates = dates_of(values.str.strip(), formats[0] if formats else ISO)
        odd = values[dates.isna() & values.notna()]
        if len(odd):
            raise InputError(f"a date is needed, got {odd.iloc[0]!r}")
    else:
        dates = pd.to_datetime(values, utc=True)
    days = dates.dt.as_unit("ns").astype("int64").to_numpy() / _NANOSECONDS_OF_A_DAY
    return np.where(dates.isna().to_numpy(), np.nan, days)


def dates_of(texts: "pd.Series[Any]", written: str) -> "pd.Series[Any]":
    """Return the dates that texts are, and nothing where one is none."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pd.to_datetime(texts, format=written, errors="coerce", utc=True)
