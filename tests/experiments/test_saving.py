"""Models saved from Python: their rows and recipe are kept, or the commands are told the rows."""

import numpy as np
import pytest
from tiny_models import basic, few_iris, iris_split

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
    assert work.forgotten == f"class 1 ({len(split.forget)} of {len(split.train)} training rows)"


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
    np.testing.assert_allclose(predicted.probabilities, model.predict_proba(rows))
    assert predicted.rows == ("x", "y")
    # What it has forgotten says it now.
    assert len(load_provenance(tmp_path / "u")["train_indices"]) == 105
    report = audit_saved(tmp_path / "u", original=tmp_path / "bare")
    assert report.forgotten == "class 1 (35 of 105 training rows)"


def test_what_cannot_be_kept_is_refused(model, split, tmp_path):
    with pytest.raises(InputError, match="split and trainer cannot be kept without the dataset"):
        save_model(model, tmp_path / "m", split=split, trainer=TRAINER)
    other = ForgetSplit.by_class(load_dataset("iris", train_size=40, test_size=20, seed=1), 1)
    own = Trainer(objective=CrossEntropy())
    with pytest.raises(InputError, match="split must be of the dataset that is given"):
        save_model(model, tmp_path / "m", dataset=few_iris(), split=other)
    with pytest.raises(InputError, match="an objective of your own cannot be kept"):
        save_model(model, tmp_path / "m", dataset=few_iris(), trainer=own)
    with pytest.raises(InputError, match="strategy says how the rows of a split were forgotten"):
        save_model(model, tmp_path / "m", dataset=few_iris(), strategy="ga")
    assert not (tmp_path / "m").exists()
