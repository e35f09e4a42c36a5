"""read_table against pandas and scikit-learn, and what it refuses."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedShuffleSplit
from sklearn.preprocessing import LabelEncoder, OneHotEncoder

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.data import RowsWarning, TableColumn
from qiskit_qmu.data.tables.features import read_features


def frame(rows=40):
    """Return a table with a column of each kind, whose last rows alone have a region."""
    rng = np.random.default_rng(0)
    number = np.arange(rows)
    age = rng.normal(size=rows).round(3)
    age[3] = np.nan
    region = np.array(["north", "south", "Köln; a"], dtype=object)[number % 3]
    region[5] = None
    return pd.DataFrame(
        {
            "customer": [f"{i:04d}" for i in number],
            "age": age,
            "visits": number * 1000,
            "region": region,
            "joined": pd.Timestamp("1969-12-31") + pd.to_timedelta(number, "D"),
            "active": number % 2 == 0,
            "constant": 7,
            "empty": np.nan,
            "note": [f"note {i} of many" for i in number],
            "diagnosis": np.where(number % 4 == 0, "malignant", "benign"),
        }
    )


FEATURES = ("age", "visits", "region=Köln; a", "region=north", "region=south", "joined", "active")


def expected(table):
    """Return the features of all rows by pandas and scikit-learn."""
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    hot = encoder.fit_transform(table[["region"]].fillna("none"))
    hot = hot[:, encoder.categories_[0] != "none"]
    days = (table["joined"] - pd.Timestamp(0)) / pd.Timedelta(days=1)
    columns = [table["age"], table["visits"], *hot.T, days, table["active"].astype(float)]
    return np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)


def write_csv(path, table, **options):
    table.to_csv(path, index=False, **options)
    return path


WAYS = {
    "commas": lambda folder, t: write_csv(folder / "t.csv", t),
    "semicolons": lambda folder, t: write_csv(
        folder / "t.csv", t, sep=";", decimal=",", encoding="utf-8-sig"
    ),
    "tabs": lambda folder, t: write_csv(folder / "t.tsv", t, sep="\t", encoding="utf-16"),
    "windows": lambda folder, t: write_csv(
        folder / "t.csv", t, sep=";", encoding="cp1252", quoting=1, date_format="%d.%m.%Y"
    ),
    "frame": lambda _, t: t,
    "categorical": lambda _, t: t.astype({"region": "category", "age": "Float32"}),
}


@pytest.mark.parametrize("way", [*WAYS, "parquet"])
def test_a_table_is_read_as_pandas_and_scikit_learn_read_it(tmp_path, way):
    table = frame()
    if way == "parquet":
        pytest.importorskip("pyarrow")
        source = tmp_path / "t.parquet"
        table.to_parquet(source)
    else:
        source = WAYS[way](tmp_path, table)
    features = [name for name in table if name not in ("customer", "note", "diagnosis", "empty")]
    ds = qmu.read_table(source, label="diagnosis", id="customer", features=features[:-1])
    x = expected(table)
    np.testing.assert_array_equal(ds.x_train, x[ds.train_indices])
    np.testing.assert_array_equal(ds.x_test, x[ds.test_indices])
    assert ds.feature_names == FEATURES
    assert ds.class_names == ("benign", "malignant")
    labels = LabelEncoder().fit_transform(table["diagnosis"])
    np.testing.assert_array_equal(ds.y_train, labels[ds.train_indices])
    assert ds.ids_test.tolist() == table["customer"][ds.test_indices].tolist()
    # The classes keep their shares, as in scikit-learn's stratified split.
    split = StratifiedShuffleSplit(1, test_size=0.3, random_state=0)
    _, drawn = next(split.split(x, labels))
    np.testing.assert_array_equal(np.bincount(ds.y_test), np.bincount(labels[drawn]))
    trained = table.iloc[ds.train_indices]
    for name in ("customer", "region", "note", "diagnosis"):
        assert ds.column(name).tolist() == trained[name].fillna("").tolist()
    days = trained["joined"].to_numpy().astype("datetime64[D]").astype(int)
    np.testing.assert_array_equal(ds.column("joined"), days)
    np.testing.assert_array_equal(ds.column("active"), trained["active"])
    recent = qmu.ForgetSplit.by_condition(ds, "joined >= '1970-01-02' and active")
    wanted = (trained["joined"] >= "1970-01-02") & trained["active"]
    np.testing.assert_array_equal(recent.forget.indices, np.flatnonzero(wanted))
    np.testing.assert_array_equal(ds.column("constant"), trained["constant"])
    np.testing.assert_array_equal(ds.column("age"), trained["age"].astype(np.float32))
    assert np.shares_memory(ds.column("age"), ds.x_train)


def test_what_is_left_out_is_said(tmp_path):
    table = frame(240)
    ds = qmu.read_table(write_csv(tmp_path / "t.csv", table), label="diagnosis", id="customer")
    assert ds.feature_names == FEATURES
    assert [remark.partition(":")[0] for remark in ds.remarks] == [
        "constant is left out",
        "empty is left out",
        "note is left out",
    ]


def test_test_rows_of_their_own(tmp_path):
    table = frame()
    tested = table.iloc[:8].assign(customer=[f"t{i}" for i in range(8)], region="east")
    path = write_csv(tmp_path / "test.csv", tested[tested.columns[::-1]], sep=";")
    ds = qmu.read_table(
        table, label="diagnosis", id="customer", test=path, features=["region", "age"]
    )
    assert len(ds.train) == 40
    assert ds.feature_names == ("age", "region=Köln; a", "region=north", "region=south")
    np.testing.assert_array_equal(ds.x_test[:, 1:], 0)
    assert "'east' in test rows only" in ds.remarks[-1]
    assert ds.ids_test[0] == "t0"


@pytest.mark.parametrize(
    ("labels", "task", "names"),
    [
        ([10, 9, 10, 9], None, ("9", "10")),
        ([-1.0, 1.0, 1.0, -1.0], None, ("-1", "1")),
        (["01", "1", "01", "1"], None, ("01", "1")),
        ([True, False, True, False], None, ("False", "True")),
        ([1.5, 2.0, 1.5, 2.5], None, None),
        ([1, 2, 1, 2], "regression", None),
        ([1.5, 2.5, 1.5, 2.5], "classification", ("1.5", "2.5")),
        (list(range(4)) * 10, None, ("0", "1", "2", "3")),
        (list(range(40)), None, None),
    ],
)
def test_labels_are_classes_or_values(labels, task, names):
    table = pd.DataFrame({"x": np.arange(len(labels)) / 2, "y": labels})
    ds = qmu.read_table(table, label="y", test=0.5, task=task)
    assert ds.class_names == names
    if names is None:
        assert ds.num_classes is None
        np.testing.assert_array_equal(ds.y_train, table["y"].to_numpy(float)[ds.train_indices])
    else:
        found = [names[label] for label in ds.y_train]
        assert found == [str(label).removesuffix(".0") for label in table["y"][ds.train_indices]]


def test_sizes_and_seed():
    table = frame(100)
    ds = qmu.read_table(table, label="diagnosis", train_size=20, test_size=8, seed=3)
    assert (len(ds.train), len(ds.test)) == (20, 8)
    np.testing.assert_array_equal(np.bincount(ds.y_train), [15, 5])
    again = qmu.read_table(table, label="diagnosis", train_size=20, test_size=8, seed=3)
    assert again.train.digest() == ds.train.digest()
    other = qmu.read_table(table, label="diagnosis", train_size=20, test_size=8, seed=4)
    assert other.train.digest() != ds.train.digest()


BASE = "id,a,b,y\n1,2,x,u\n2,3,z,v\n3,4,x,u\n4,5,z,v\n"
FAULTS = {
    "unknown label": (
        BASE,
        {"label": "why"},
        r"t.csv: column must be one of id, a, b, y; got 'why'",
    ),
    "no label": (BASE, {"label": None}, "no column of labels was named"),
    "missing label": (BASE + "5,6,x,\n", {}, "needs a label in 'y', which is empty for '5'"),
    "missing label without ids": (BASE + "5,6,x,NA\n", {"id": None}, "which is empty for row 5"),
    "double id": (BASE + "1,6,x,u\n", {}, "'id' must name each row differently, got '1' more"),
    "missing id": (BASE + ",6,x,u\n", {}, "'id' names every row, but is empty in row 5"),
    "cut off": (BASE + "5,6\n", {"label": "b", "id": None}, "line 6: 4 fields are needed"),
    "too long": (BASE + "5,6,x,u,9\n", {}, "line 6: 4 fields are needed, as in .*; got 5"),
    "infinite": (BASE + "5,inf,x,u\n", {}, "column 'a': numbers must be finite"),
    "too large": (BASE + "5,1e300,x,u\n", {}, r"fit into float32, got 1e\+300"),
    "one class": ("id,a,y\n1,2,u\n2,3,u\n", {}, "'y' must hold at least two classes, got only 'u'"),
    "ids as labels": (
        "id,a,y\n" + "".join(f"{i},{i},P{i}\n" for i in range(60)),
        {},
        "'y' must hold classes, and each of 60 rows has another one: it looks like a column of ids",
    ),
    "no rows": ("id,a,y\n", {}, "has headings and no rows below them"),
    "nothing": ("", {}, "is empty; it must hold a table with headings"),
    "one column": ("id\n1\n", {}, "separated by commas, semicolons, tabs or bars, got 'id'"),
    "double heading": ("a,a,y\n1,2,u\n", {}, "must have different headings, got 'a' twice"),
    "no features": (BASE, {"features": []}, "has no column to learn from"),
    "label as feature": (BASE, {"features": ["a", "y"]}, "the column of labels or ids, got 'y'"),
    "ambiguous dates": (
        "id,a,y\n1,01/02/2024,u\n2,03/04/2024,v\n",
        {},
        "column 'a' may have the day or the month first",
    ),
    "a word among numbers": (
        "id,a,y\n" + "".join(f"{i},{i},{'uv'[i % 2]}\n" for i in range(30)) + "30,unknown,u\n",
        {},
        "column 'a' must hold numbers or texts, got numbers and 'unknown'",
    ),
    "both marks": (
        "id;a;b;y\n1;1,5;1.5;u\n2;2,5;2.5;v\n",
        {},
        "decimal commas and with points, such as",
    ),
    "share": (BASE, {"test": 1.5}, "test must lie between 0 and 1, both excluded, got 1.5"),
    "kind": (BASE, {"task": "ranking"}, "task must be one of classification, regression"),
    "test file": (BASE, {"test": "none.csv"}, "cannot read none.csv: No such file"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_unusable_tables_are_refused_in_one_line(tmp_path, fault):
    content, options, message = FAULTS[fault]
    path = tmp_path / "t.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=message) as refusal:
        qmu.read_table(path, **{"label": "y", "id": "id", "test": 0.5} | options)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"PK\x03\x04\0\0sheet", "save the sheet as CSV"), (b"\x89HDF\0", "got another kind")],
)
def test_other_kinds_of_files_are_refused(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        qmu.read_table(path, label="y")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"age": [[1.0]] * 40}, "column 'age' must hold numbers, dates or texts, got a list"),
        ({"age": pd.to_timedelta(np.arange(40), "D")}, "column 'age' must hold numbers, dates"),
    ],
)
def test_values_that_no_table_can_hold(change, message):
    table = frame().assign(**change)
    with pytest.raises(InputError, match=message):
        qmu.read_table(table, label="diagnosis", features=["age", "visits"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": 3}, "a table must be a path or a pandas DataFrame, got int"),
        ({"label": 3}, "label must be the name of a column, got 3"),
        ({"features": "age"}, "features must be a list of names"),
        ({"test": [1]}, "a table must be a path or a pandas DataFrame, got list"),
    ],
)
def test_wrong_types(arguments, message):
    with pytest.raises(InputTypeError, match=message):
        qmu.read_table(**{"source": frame(), "label": "diagnosis"} | arguments)


def test_training_and_test_files_share_no_id():
    with pytest.raises(InputError, match="too, got '0000', '0001', '0002' and 37 more"):
        qmu.read_table(frame(), label="diagnosis", id="customer", test=frame())


def test_a_class_that_only_test_rows_have():
    tested = frame().replace({"diagnosis": {"benign": "Benign"}})
    with pytest.raises(InputError, match=r"\('benign', 'malignant'\), got 'Benign' in rows 2, 3"):
        qmu.read_table(frame(), label="diagnosis", test=tested)


@pytest.mark.slow
def test_a_large_table_is_not_held_twice_in_memory(tmp_path):
    rng = np.random.default_rng(0)
    rows, columns = 100_000, 50
    numbers = rng.normal(size=(rows, columns)).round(4)
    numbers[rng.random(numbers.shape) < 0.02] = np.nan
    table = pd.DataFrame(numbers, columns=[f"v{i}" for i in range(columns)])
    for name in ("c0", "c1", "c2", "c3"):
        table[name] = rng.choice(["north", "south", "Köln; a"], rows)
    table["joined"] = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, rows), "D")
    table["constant"] = 1
    table["customer"] = [f"{i:07d}" for i in rng.permutation(rows)]
    table["churn"] = np.where(rng.random(rows) < 0.2, "yes", "no")
    path = write_csv(tmp_path / "t.csv", table, sep=";", decimal=",", encoding="utf-8-sig")
    tracemalloc.start()
    try:
        ds = qmu.read_table(path, label="churn", id="customer")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2 * (ds.x_train.nbytes + ds.x_test.nbytes)
    read = numbers[ds.test_indices].astype(np.float32)
    np.testing.assert_array_equal(ds.x_test[:, :columns], read)
    assert ds.ids_train.tolist() == table["customer"][ds.train_indices].tolist()


def test_a_text_that_no_training_row_had_is_named():
    region = TableColumn(name="region", kind="category", features=(0, 2), categories=("EU", "US"))
    with pytest.warns(RowsWarning, match="column region holds 'ASIA', which no training row had"):
        x, _ = read_features(pd.DataFrame({"region": ["US", "ASIA"]}), [region])
    assert x.tolist() == [[0, 1], [0, 0]]
