"""Protocols: their experiments are possible, their models are the papers', their data unedited."""

import math

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.experiments import PROTOCOLS
from qiskit_qmu.experiments.reproduce import own_models
from qiskit_qmu.experiments.reproduce.clients import write_clients
from qiskit_qmu.experiments.reproduce.hqml_measures import hqml_numbers
from qiskit_qmu.experiments.reproduce.protocol import Choice
from qiskit_qmu.experiments.reproduce.published import read_published
from qiskit_qmu.observation import Observations
from qiskit_qmu.unlearning import METHODS

_LONG = ("unlearning-methods", "qmu-figure4", "hqml-depth")
"""Protocols with so many experiments that naming them takes seconds."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name in _LONG else ())
        for name in PROTOCOLS
        if name != "poisoning"  # (it needs images)
    ],
)
def test_all_experiments_are_possible_and_have_their_seeds(name, tmp_path):
    protocol = PROTOCOLS[name]
    for form in protocol.forms or (None,):
        cells = protocol.cells(Choice(seeds=2, form=form, folder=tmp_path))
        tasks = [cell.axes["task"] for cell in cells]
        assert all(tasks.count(task) == 2 for task in tasks)
        assert protocol.differences(form)


@pytest.mark.parametrize("name", [name for name, own in PROTOCOLS.items() if own.published])
def test_published_values_stand_beside_rows_and_columns_of_ours(name, tmp_path):
    protocol = PROTOCOLS[name]
    published = read_published(protocol.published)
    assert published.source
    assert published.place
    shown = {own.published for own in protocol.quantities if own.published}
    known = {key for values in published.values.values() for key in values}
    assert shown <= known
    methods = {method.removeprefix("MLP: ") for _, method in published.values}
    assert methods <= {*METHODS, "original"}
    if name != "poisoning":
        choice = Choice(seeds=1, form=protocol.check_form(None), folder=tmp_path)
        assert {task for task, _ in published.values} == {t for t, _ in protocol.tasks(choice)}


def test_a_number_is_that_of_the_publication():
    # arXiv:2509.06086v2, Table 2; results_summary.csv of HQML.
    assert read_published("qmu-table2").find("hybrid", "rga-r", "retain") == 96.5
    assert read_published("hqml-mnist").find("class", "lca", "uqi") == 0.9550
    assert read_published("hqml-fashion").find("class", "scrub", "epochs") == 53
    assert read_published("").find("a", "b", "c") is None


def test_an_unknown_form_is_refused():
    with pytest.raises(InputError, match="form must be one of text, code; got 'pdf'"):
        PROTOCOLS["qmu-table2"].check_form("pdf")
    with pytest.raises(InputError, match="phases has no forms, got form='text'"):
        PROTOCOLS["phases"].check_form("text")


@pytest.mark.parametrize(
    ("model", "published", "unmeasured"),
    [
        (lambda: own_models.qmu_hybrid((1, 28, 28), 10), 251_476, 8),
        (lambda: own_models.hqml_tabular((4,), 3), 1_995, 4),
        (lambda: own_models.hqml_images((1, 28, 28), 10), 18_018, 8),
        (lambda: own_models.hqml_images((1, 28, 28), 10, num_qubits=10), 21_232, 10),
    ],
)
def test_models_have_the_papers_parameters_but_for_those_that_nothing_measures(
    model, published, unmeasured
):
    """The last rotation about Z of each qubit changes no outcome, and is left out."""
    found = sum(parameter.numel() for parameter in model().parameters())
    assert found == published - unmeasured


def test_an_ansatz_without_entanglement_gives_each_qubit_alone():
    circuit = own_models.hqml_circuit(3, 2, "none").circuit
    assert all(len(gate.qubits) == 1 for gate in circuit)


def observed(forget, retain, unseen):
    """Return outputs with given logits of class 0 against 1, all labelled 0."""
    parts = {"forget": forget, "retain": retain, "test_forget": unseen, "test_retain": unseen}
    return SplitObservations(
        **{
            name: Observations(logits=[[z, 0.0] for z in own], labels=[0] * len(own))
            for name, own in parts.items()
        }
    )


def test_the_numbers_of_hqml_are_those_of_their_formulas():
    models = {
        "original": observed([2.0, 2.0], [2.0, 1.0], [1.0, -1.0]),
        "oracle": observed([-1.0, 1.0], [2.0, 2.0], [1.0, -1.0]),
        "ga": observed([-2.0, -2.0], [2.0, -1.0], [-1.0, -1.0]),
    }
    found = hqml_numbers(models, None, np.random.default_rng(0))
    numbers = found["ga"]
    assert numbers["acc_forget"] == 0.0
    assert numbers["acc_test"] == 0.0
    assert numbers["uqi"] == pytest.approx(1.0 - 0.5 * (0.5 + 0.5))  # drops of 1, ½ and ½
    assert numbers["agree_forget"] == 0.5

    def divergence(own, other):
        p, q = (1 / (1 + math.exp(-z)) for z in (own, other))
        return p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))

    assert numbers["kl_retain"] == pytest.approx(divergence(-1.0, 2.0) / 2)
    assert found["oracle"]["js_forget"] == 0.0
    # σ(2) and σ(2) of the forgotten rows against σ(2) and σ(1): one tie and one win each.
    assert numbers["mia_auc_hqml"] == pytest.approx(0.75)


def test_clients_differ_by_their_offsets_alone(tmp_path):
    train, test = write_clients(tmp_path, seed=0)
    again, _ = write_clients(tmp_path / "again", seed=0)
    assert train.read_text() == again.read_text()
    rows = [line.split(",") for line in train.read_text().splitlines()[1:]]
    assert [sum(row[5] == f"client {c}" for row in rows) for c in range(5)] == [135] * 5
    assert len(test.read_text().splitlines()) == 1 + 5 * 45
    x = np.array([row[:4] for row in rows], dtype=float)
    score = x @ [1.4, -1.1, 0.9, 0.6] + 0.4 * x[:, 0] * x[:, 1]
    labels = np.array([row[4] == "yes" for row in rows])
    assert ((score > 0) == labels)[abs(score) > 1].all()
