"""Conditions on columns against pandas' query, and against SQLite where values are missing."""

import sqlite3

import numpy as np
import pandas as pd
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.data.column_values import ColumnValues
from qiskit_qmu.data.condition import read_condition

ROWS = 300


def table() -> pd.DataFrame:
    generator = np.random.default_rng(0)
    days = generator.integers(0, 1000, ROWS).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "region": generator.choice(["EU", "US", "A'S"], ROWS),
            "age": generator.integers(18, 60, ROWS),
            "limit": generator.integers(18, 60, ROWS),
            "mean radius": generator.normal(size=ROWS).round(1).astype(np.float32),
            "class": generator.choice(["0042", "42"], ROWS),
            "joined": np.datetime64("2020-01-01") + days,
            "member": generator.random(ROWS) < 0.5,
        }
    )


TABLE = table()


def met(text: str) -> np.ndarray:
    return read_condition(text)(lambda name: ColumnValues.of(name, TABLE[name].to_numpy()))


@pytest.mark.parametrize(
    "text",
    [
        "region == 'EU' and age >= 40",
        "region in ['EU', \"A'S\"] and not age < 40 or member",
        "not (region == 'EU' or age > 50) and not member",
        "`mean radius` > -0.5 and `mean radius` <= 1.5",
        "20 < age <= 40 and 30 != age",
        "joined >= '2021-01-01' and joined < '2022-06-15'",
        "age not in [20, 21, 22] and `class` == '0042'",
        "age > limit or region > 'F'",
    ],
)
def test_rows_are_those_that_pandas_finds(text):
    expected = TABLE.index.isin(TABLE.query(text).index)
    assert 0 < expected.sum() < ROWS
    np.testing.assert_array_equal(met(text), expected)


def test_numbers_in_single_precision_equal_what_is_written():
    written = float(TABLE["mean radius"].iloc[0].astype(str))
    expected = TABLE["mean radius"] == np.float32(written)
    np.testing.assert_array_equal(met(f"`mean radius` == {written}"), expected)
    np.testing.assert_array_equal(met(f"`mean radius` in [{written}]"), expected)


@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("region != 'EU'", None),
        ("not region == 'EU'", None),
        ("region not in ['EU', 'US']", None),
        ("region == 'EU' or age > 30", None),
        ("not (region == 'EU' and age > 30)", None),
        ("region is missing and age is not missing", "region is null and age is not null"),
        ("not (region is missing or age < 30)", "not (region is null or age < 30)"),
    ],
)
def test_a_missing_value_decides_as_in_sql(text, sql):
    regions = np.array(["EU", "US", "AS", None] * 3, dtype=object)
    ages = np.repeat([20.0, 40.0, np.nan], 4)
    columns = {"region": ColumnValues.of("region", regions), "age": ColumnValues.of("age", ages)}
    with sqlite3.connect(":memory:") as database:
        database.execute("create table t (row, region, age)")
        rows = [
            (i, r, None if a != a else a)
            for i, (r, a) in enumerate(zip(regions, ages, strict=True))
        ]
        database.executemany("insert into t values (?, ?, ?)", rows)
        words = (sql or text).replace("==", "=").replace("[", "(").replace("]", ")")
        found = [row for (row,) in database.execute(f"select row from t where {words}")]
    assert np.flatnonzero(read_condition(text)(columns.__getitem__)).tolist() == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("region = 'EU'", "must be a condition such as .*: compare with =="),
        ("region == 'EU' & age > 3", "is not possible; .*: write and"),
        ("", "must be a condition"),
        ("mean radius > 3 and age > 3", "put a name with spaces in backticks, as in `mean radius`"),
        ("region == 'EU", "must be a condition"),
        ("age + 1 > 3", "`age \\+ 1` is not possible"),
        ("__import__('os').system('x') == 0", "is not possible"),
        ("region.upper() == 'EU'", "is not possible"),
        ("region == f'{age}'", "is not possible"),
        ("[row for row in age]", "is not possible"),
        ("(" * 150 + "member" + ")" * 150 + " == (lambda: 1)()", "is not possible"),
        ("not " * 60 + "member", "nested at most 50 deep"),
        ("not " * 30_000 + "member", "at most 100000 characters"),
        ("1 == 1", "one side of a comparison must be a column"),
        ("age is 3", "compares a column with missing"),
        ("age in 3", "compares a column with a list"),
        ("age == None", "use `is missing` to select"),
        ("age == 'x'", "age holds numbers: .* got 'x'"),
        ("region == 5", "region holds text: .* got 5"),
        ("region == age", "region holds text: .* got column age, which holds numbers"),
        ("joined > 'soon'", "joined holds dates: .* got 'soon'"),
        ("age", "age holds numbers, which is not a condition"),
    ],
)
def test_what_is_no_condition_is_refused(text, message):
    with pytest.raises(InputError, match=message):
        met(text)
