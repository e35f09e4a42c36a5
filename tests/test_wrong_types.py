"""Wrong types raise a TypeError that names the argument, before anything is computed."""

import pytest
import torch
from tiny_models import iris_split

import qiskit_qmu as qmu
from qiskit_qmu.unlearning import Chain, GradientAscent, Retrain

SPLIT = iris_split()
MODEL = torch.nn.Linear(4, 3)
DATA = qmu.load_dataset("iris")
WRONG = {
    "model": lambda: qmu.audit("model", SPLIT),
    "split": lambda: qmu.audit(MODEL, DATA),
    "attack": lambda: qmu.audit(MODEL, SPLIT, attacks=["mia_auc"]),
    "split of a strategy": lambda: GradientAscent()(MODEL, DATA, generator=0),
    "strategy": lambda: Chain(("ga",)),
    "trainer": lambda: Retrain(trainer=3),
    "generator": lambda: qmu.Trainer().fit(MODEL, DATA.x_train, DATA.y_train, generator="a"),
    "backend": lambda: qmu.BasicQNN(num_classes=3, num_qubits=2, backend="exact"),
    "name": lambda: qmu.load_dataset(3),
    "indices": lambda: qmu.ForgetSplit.by_indices(DATA, [0.5]),
    "ids": lambda: qmu.ForgetSplit.by_ids(DATA, 3),
    "label": lambda: qmu.ForgetSplit.by_class(DATA, label=0.5),
    "labels": lambda: qmu.observe(MODEL, DATA.x_test, ["setosa"] * len(DATA.y_test)),
    "backend of an experiment": lambda: qmu.Experiment(backend=3),
}


@pytest.mark.parametrize("argument", WRONG)
def test_a_wrong_type_is_a_type_error_that_names_the_argument(argument):
    with pytest.raises(TypeError, match=f"{argument.partition(' ')[0]} must be|a model must be"):
        WRONG[argument]()
