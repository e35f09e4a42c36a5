"""qmu estimate: the table, its numbers beside what is counted afterwards, and refusals."""

import json

import pytest
from network_block import refuse_network

from qiskit_qmu.models import load_model, load_provenance
from qiskit_qmu.unlearning import DEFAULT_METHODS


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse the network in every test."""
    refuse_network(monkeypatch)


def rows_of(path) -> dict[tuple[str, int], dict]:
    return {(row["work"], row["shots"]): row for row in json.loads(path.read_text())["rows"]}


def test_the_table(qmu, saved, folder):
    # (all methods of the QMU paper, each with few steps)
    short = [
        f"--set={name}.max_epochs=2"
        for name in DEFAULT_METHODS
        if name.partition("-")[0][-2:] == "ga"
    ]
    words = ("--set", "repair.rounds=1", "--set", "repair.epochs=1", "--set", "gd.epochs=1", *short)
    outcome = qmu("estimate", saved / "original", "--shots", "16,64", "--out", "cost.json", *words)
    assert outcome.status == 0, outcome.err
    works = ["train", "noop", *DEFAULT_METHODS, "observe", "attack"]
    rows = rows_of(folder / "cost.json")
    assert list(rows) == [(work, shots) for shots in (16, 64) for work in works]
    head, *blocks = outcome.out.strip().split("\n\n")
    assert "forgets class versicolor (12 of 36 training rows), observes 66, gradients by" in head
    assert "parameter-shift" in head
    assert [block.splitlines()[0] for block in blocks] == ["16 shots", "64 shots"]
    assert [line.split()[0] for line in blocks[0].splitlines()[3:]] == works
    assert "scheduled" not in outcome.out
    observe = rows["observe", 64]
    assert (observe["circuits"], observe["executions"], observe["jobs"]) == (66, 66 * 64, 1)
    assert observe["qpu_seconds"] == pytest.approx(2 + 0.00035 * 66 * 64)
    assert rows["attack", 64]["jobs"] == 3


@pytest.mark.parametrize("method", ["gd", "ssd"])
def test_the_numbers_are_those_that_are_counted(qmu, saved, folder, method):
    device = ("--backend", "fake_manila", "--gradient", "spsa", "--forget-class", 1)
    settings = ("--set", "ssd.alpha=1", "--set", "ssd.dampening=0.5", "--seed", 3)
    model = saved / "original"
    outcome = qmu("estimate", model, "--methods", method, "--shots", 20, "--out", "cost.json",
                  *device, *settings)  # fmt: skip
    assert outcome.status == 0, outcome.err
    assert "scheduled" in outcome.out
    row = rows_of(folder / "cost.json")[method, 20]
    assert row["circuits"] == row["most_circuits"]
    done = qmu("unlearn", model, "--strategy", method, "--shots", 20, "--out", "new", *device,
               *settings)  # fmt: skip
    assert done.status == 0, done.err
    usage = load_provenance(folder / "new")["usage"]
    assert usage["circuits"] == row["circuits"]
    assert usage["shots"] == row["executions"]
    assert sum(times for _, times in usage["requests"]) == row["jobs"]


def test_calibrations_count(qmu, saved, folder):
    outcome = qmu("estimate", saved / "original", "--methods", "noop", "--shots", 100,
                  "--backend", "fake_manila", "--mitigation", "readout", "--rows", 10,
                  "--out", "cost.json")  # fmt: skip
    assert outcome.status == 0, outcome.err
    rows = rows_of(folder / "cost.json")
    assert rows["observe", 100]["circuits"] == 10 + 4
    assert rows["observe", 100]["executions"] == 10 * 100 + 4 * 4096
    assert rows["noop", 100]["circuits"] == 0


def test_training_is_estimated_as_it_was_done(qmu, saved, folder):
    words = ("estimate", saved / "original", "--methods", "noop", "--out", "cost.json")
    assert qmu(*words).status == 0
    train = rows_of(folder / "cost.json")["train", 256]
    weights = load_model(saved / "original").parameter_counts()["quantum"]
    # One epoch of 36 rows in steps of 16: each a forward pass and a gradient.
    assert train["circuits"] == 36 * (1 + 2 * weights)
    assert train["jobs"] == 3 * 2


def test_a_budget(qmu, saved):
    outcome = qmu("estimate", saved / "original", "--methods", "noop", "--shots", "100",
                  "--rows", 10, "--max-qpu-seconds", 3)  # fmt: skip
    assert outcome.status == 0
    lines = {line.split()[0]: line for line in outcome.out.splitlines() if line}
    assert lines["train"].endswith("over")
    assert lines["observe"].endswith("within")
    assert lines["budget:"] == "budget: 3 QPU seconds for each row"
    unnamed = qmu("estimate", saved / "original", "--methods", "noop")
    assert "budget" not in unnamed.out
    assert "no rows to forget were named" in unnamed.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shots", "10,x"), "--shots must be integers separated by commas, got '10,x'"),
        (("--shots", ""), "--shots must be integers separated by commas, got ''"),
        (("--shots", "10,0"), "--shots must be an integer of at least 1, got 0"),
        (("--shots", "10000001"), "10000001 shots exceed the limit of 10000000 executions per job"),
        (("--methods", "ga,magic"), "argument --methods: invalid choice: 'magic'"),
        (("--methods", ""), "argument --methods: invalid choice: ''"),
        (("--rows", "0"), "argument --rows: must be at least 1, got 0"),
        (("--gradient", "no"), "--gradient must be one of parameter-shift, spsa; got 'no'"),
        (("--optimization-level", "1"), "optimization_level applies only to"),
        (("--max-qpu-seconds", "0"), "--max-qpu-seconds: must be a number above 0, got 0"),
        (("--backend", "fake_manil"), "did you mean fake_manila?"),
        (("--forget-class", "7"), "--forget-class must be one of 0, 1, 2; got 7"),
        (("--forget-class", "1", "--forget-fraction", "0.1"), "only one of --forget-class"),
        (("--seed", "-1"), "argument --seed: must be at least 0, got -1"),
        (("--set", "magic=1"), "a setting must be STAGE.NAME"),
        (("--out", "no/cost.json"), "--out no/cost.json: no folder no"),
    ],
)
def test_bad_input(refuses, saved, words, message):
    assert message in refuses("estimate", saved / "original", "--methods", "noop", *words)


def test_a_model_that_is_not_there(refuses):
    assert "nowhere" in refuses("estimate", "nowhere")


def test_a_model_too_wide_for_the_device(refuses, qmu):
    tiny = ("--dataset", "iris", "--train-size", "40", "--test-size", "30", "--epochs", "1")
    assert qmu("train", *tiny, "--num-qubits", 6, "--out", "wide").status == 0
    message = "qubits does not fit the device"
    assert message in refuses("estimate", "wide", "--methods", "noop", "--backend", "fake_manila")
