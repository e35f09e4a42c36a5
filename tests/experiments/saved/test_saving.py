"""Models saved from Python: their rows and recipe are kept, or the commands are told the rows."""

import numpy as np
import pytest
from tiny_models import basic, few_iris, iris_split

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetRequest, ForgetSplit, RowSource, load_dataset
from qiskit_qmu.experiments import (
    RowsWarning,
    audit_saved,
    describe_model,
    predict_saved,
    save_model,
    saved_workloads,
    unlearn_saved,
)
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.models import load_provenance
from qiskit_qmu.objectives import CrossEntropy
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import Retrain

TRAINER = Trainer(epochs=2, batch_size=18)
IRIS = RowSource(dataset="iris")


@pytest.fixture(scope="module")
def split():
    return iris_split()


@pytest.fixture(scope="module")
def model(split):
    own = basic(num_layers=1)
    TRAINER.fit(own, split.train.x, split.train.y, generator=0)
    return own


def test_rows_and_recipe_are_kept(model, split, tmp_path):
    save_model(model, tmp_path / "m", dataset=few_iris(), split=split, trainer=TRAINER)
    shown = describe_model(tmp_path / "m")
    assert shown["rows"]["trained"] == len(split.train)
    assert shown["rows"]["validation"] == len(split.validation)
    assert shown["source"] == {"dataset": "iris"}
    assert shown["training"]["batch_size"] == 18
    result = unlearn_saved(tmp_path / "m", ForgetRequest(label=1), "oracle", tmp_path / "o")
    assert result.usage.gradient_evaluations == 2 * len(split.retain)
    work = saved_workloads(tmp_path / "m", methods=["noop"])
    assert (
        work.forgotten
        == f"class versicolor ({len(split.forget)} of {len(split.train)} training rows)"
    )


def test_a_model_unlearned_in_python_is_audited_with_its_oracle(model, split, tmp_path):
    oracle = Retrain(trainer=TRAINER)(model, split, generator=1).model
    kept = {"dataset": few_iris(), "split": split}
    save_model(model, tmp_path / "m", **kept)
    save_model(model, tmp_path / "u", **kept, strategy="noop")
    save_model(oracle, tmp_path / "o", **kept, strategy="oracle")
    report = audit_saved(tmp_path / "u", original=tmp_path / "m", oracle=tmp_path / "o")
    assert report.verdict == "unchanged"


def test_without_rows_the_commands_need_them_and_count_all_as_trained(model, split, tmp_path):
    model.save(tmp_path / "bare")
    request = ForgetRequest(label=1)
    with pytest.raises(InputError, match="does not say where its rows are: name them with --datas"):
        unlearn_saved(tmp_path / "bare", request, "noop", tmp_path / "u")
    with pytest.warns(RowsWarning, match="all 105 training rows of iris count as such"):
        unlearn_saved(tmp_path / "bare", request, "noop", tmp_path / "u", source=IRIS)
    (tmp_path / "new.csv").write_text("a,b,c,d,name\n5,3,1,0.2,x\n6,3,5,2,y\n")
    file = RowSource(dataset=str(tmp_path / "new.csv"), id_column="name")
    with pytest.warns(RowsWarning, match="4 columns of the file are taken in their order"):
        predicted = predict_saved(tmp_path / "bare", source=file)
    rows = np.array([[5, 3, 1, 0.2], [6, 3, 5, 2]], dtype=np.float32)
    np.testing.assert_allclose(predicted.probabilities, model.predict_proba(rows), rtol=1e-6)
    assert predicted.rows == ("x", "y")
    # What it has forgotten says it now.
    assert len(load_provenance(tmp_path / "u")["train_indices"]) == 105
    report = audit_saved(tmp_path / "u", original=tmp_path / "bare")
    assert report.forgotten == "class versicolor (35 of 105 training rows)"


def test_what_cannot_be_kept_is_refused(model, split, tmp_path):
    with pytest.raises(InputError, match="split and trainer cannot be saved without the dataset"):
        save_model(model, tmp_path / "m", split=split, trainer=TRAINER)
    other = ForgetSplit.by_class(load_dataset("iris", train_size=40, test_size=20, seed=1), 1)
    own = Trainer(objective=CrossEntropy())
    with pytest.raises(InputError, match="rows are not those of the dataset"):
        save_model(model, tmp_path / "m", dataset=few_iris(), split=other)
    with pytest.raises(InputError, match="a custom objective cannot be saved"):
        save_model(model, tmp_path / "m", dataset=few_iris(), trainer=own)
    with pytest.raises(InputError, match="strategy needs the split"):
        save_model(model, tmp_path / "m", dataset=few_iris(), strategy="ga")
    assert not (tmp_path / "m").exists()


def test_a_model_reads_its_table_as_it_was_read(tmp_path):
    rows = [f"{n};c{n}^{n},5^{n % 7},25^{n % 22}" for n in range(66)]
    path = tmp_path / "rows.csv"
    path.write_bytes("\n".join(["näme^width^height^kind", *rows]).encode("cp1252"))
    read = {"task": "classification", "separator": "^", "decimal": ",", "encoding": "cp1252"}
    ds = qmu.read_table(path, label="kind", id="näme", **read)
    assert ds.num_classes == 22
    model = qmu.BasicQNN(num_classes=22, num_qubits=2, num_layers=1)
    qmu.save_model(model, tmp_path / "model", dataset=ds)
    saved = SavedModel.read(tmp_path / "model")
    assert np.array_equal(saved.dataset.x_train, ds.x_train)
    assert saved.dataset.ids_train.tolist() == ds.ids_train.tolist()
    recipe = load_provenance(tmp_path / "model")["experiment"]
    assert (recipe["task"], recipe["separator"], recipe["decimal"]) == ("classification", "^", ",")
    assert recipe["text_encoding"] == "cp1252"
    predicted = predict_saved(tmp_path / "model", source=RowSource(dataset=str(path)))
    assert len(predicted.rows) == 66
    with pytest.raises(InputError, match="task must be left out"):
        qmu.read_table(tmp_path, task="regression")
