"""Devices from the command line: noisy observation, gradients on a device, and refusals."""

import json

import pytest
from network_block import refuse_network
from tiny_options import TINY

from qiskit_qmu.models import load_provenance


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse the network in every test."""
    refuse_network(monkeypatch)


@pytest.mark.usefixtures("without_page")
def test_run_trains_exactly_and_observes_on_the_device(qmu, folder):
    rows = {}
    for name, words in {
        "exact": (),
        "noisy": ("--backend", "fake_manila", "--shots", 50),
    }.items():
        run = ("run", *TINY, "--methods", "ga", "--workers", 1, "--out", name)
        outcome = qmu(*run, *words)
        assert outcome.status == 0
        observed = "models were observed on fake_manila with 50 shots of each circuit"
        assert (observed in outcome.out) == bool(words)
        content = json.loads((folder / name / "results.json").read_text())
        rows[name] = {row["method"]: row for row in content["rows"]}
        assert content["config"]["backend"] == (words[1] if words else "exact")
        assert content["config"]["shots"] == (words[3] if words else None)
    original, noisy = (rows[name]["original"] for name in ("exact", "noisy"))
    assert (noisy["observed_on"], noisy["observed_shots"]) == ("fake_manila", 50)
    assert (original["observed_on"], original["observed_shots"]) == ("exact", None)
    # Training ran no shots, and cost the same; what was observed differs.
    assert noisy["shots"] == original["shots"] == 0
    assert noisy["circuits"] == original["circuits"]
    assert noisy["mia_auc"] != original["mia_auc"]


@pytest.mark.usefixtures("without_page")
def test_a_run_on_a_device_repeats_itself_and_goes_on(qmu, folder):
    words = ("run", *TINY, "--methods", "noop", "--workers", 1, "--backend", "aer", "--shots", 20)
    for out in ("one", "other"):
        assert qmu(*words, "--out", out).status == 0

    def records(out):
        lines = (folder / out / "records.jsonl").read_text().splitlines()
        return [json.loads(line)["row"] | {"seconds": 0} for line in lines]

    assert records("one") == records("other")
    again = qmu(*words, "--out", "one")
    assert again.err.splitlines()[1:] == ["100 %  writing the report"]  # (nothing is computed)


@pytest.mark.parametrize(
    ("strategy", "more"),
    [("ga", ()), ("ga", ("--shots", 30)), ("rga", ("--shots", 30, "--gradient", "spsa"))],
)
def test_unlearn_measures_gradients_on_the_device(qmu, saved, folder, strategy, more):
    outcome = qmu(
        "unlearn", saved / "original", "--strategy", strategy, "--forget-class", 1,
        "--backend", "fake_manila", "--out", "new", "--set", f"{strategy}.max_epochs=1", *more,
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    provenance = load_provenance(folder / "new")
    shots = more[1] if more else None
    assert (provenance["backend"], provenance["shots"]) == ("fake_manila", shots)
    usage = provenance["usage"]
    assert usage["shots"] == (shots or 0) * usage["circuits"]


@pytest.mark.usefixtures("without_page")
def test_mitigation_is_recorded(qmu, saved, folder):
    words = ("--backend", "fake_manila", "--shots", 20, "--mitigation", "readout")
    run = ("run", *TINY, "--methods", "noop", "--workers", 1, "--out", "run")
    assert qmu(*run, *words).status == 0
    content = json.loads((folder / "run" / "results.json").read_text())
    assert content["config"]["mitigation"] == "readout"
    outcome = qmu(
        "unlearn", saved / "original", "--strategy", "ga", "--forget-class", 1, *words,
        "--out", "new", "--set", "ga.max_epochs=1",
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    settings = load_provenance(folder / "new")["backend_settings"]
    assert (settings["backend"], settings["mitigation"]) == ("fake_manila", "readout")
    (calibration,) = settings["readout_calibrations"]
    assert len(calibration["qubits"]) == len(calibration["prob_meas1_prep0"]) > 1
    audit = ("audit", saved / "unlearned", "--original", saved / "original")
    assert qmu(*audit, *words).status == 0


def test_mitigation_of_submitted_work_is_recorded(qmu, saved, folder):
    words = ("--backend", "fake_manila", "--shots", 20, "--mitigation", "readout", "--wait")
    outcome = qmu("submit", "observe", saved / "original", "--out", "run", *words)
    assert outcome.status == 0, outcome.err
    (summary,) = (folder / "run").rglob("summary.json")
    settings = json.loads(summary.read_text())["settings"]
    assert settings["mitigation"] == "readout"
    assert len(settings["readout_calibrations"]) == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--mitigation", "readout", "--backend", "exact"),
            "has no effect on the exact backend",
        ),
        (("--mitigation", "no", "--backend", "aer"), "mitigation must be one of readout; got 'no'"),
    ],
)
def test_mitigation_that_cannot_be(refuses, saved, words, message):
    assert message in refuses("run", *TINY, "--out", "out", *words)
    unlearn = ("unlearn", saved / "original", "--strategy", "ga", "--forget-class", 1)
    assert message in refuses(*unlearn, "--out", "new", *words)
    audit = ("audit", saved / "unlearned", "--original", saved / "original")
    assert message in refuses(*audit, *words)


def test_audit_observes_on_the_device(qmu, saved):
    words = ("audit", saved / "unlearned", "--original", saved / "original")
    device = ("--backend", "fake_manila", "--shots", 20)
    exact, noisy = (qmu(*words, *own) for own in ((), device))
    assert exact.status == noisy.status == 0
    assert exact.out != noisy.out
    assert "Audited: unlearned (BasicQNN), made by " in noisy.out
    assert "models were observed on fake_manila with 20 shots" in " ".join(noisy.out.split())
    assert "models were simulated exactly" in " ".join(exact.out.split())
    observed = json.loads(qmu(*words, *device, "--json").out)["subject"]["backend"]
    assert (observed["backend"], observed["shots"]) == ("fake_manila", 20)
    assert observed["noise"] == "the device's, simulated"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--backend", "fake_manil"), "did you mean fake_manila?"),
        (("--backend", "ibm"), "unknown backend 'ibm'; use exact, aer, fake_<device>"),
        (("--backend", "aer", "--shots", "0"), "argument --shots: must be at least 1, got 0"),
        (("--backend", ""), "unknown backend ''; use exact, aer, fake_<device>"),
    ],
)
def test_backends_that_cannot_be(refuses, saved, words, message):
    assert message in refuses("run", *TINY, "--out", "out", *words)
    unlearn = ("unlearn", saved / "original", "--strategy", "ga", "--forget-class", 1)
    assert message in refuses(*unlearn, "--out", "new", *words)
    audit = ("audit", saved / "unlearned", "--original", saved / "original")
    assert message in refuses(*audit, *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--shots", "5"), "--shots 5 needs a --backend"),
        (("--mitigation", "readout"), "--mitigation readout needs a --backend"),
        (("--gradient", "spsa"), "--gradient spsa needs a --backend"),
        (("--backend", "aer", "--gradient", "no"), "gradient must be one of parameter-shift, spsa"),
    ],
)
def test_options_of_a_device_that_cannot_be(refuses, saved, words, message):
    unlearn = ("unlearn", saved / "original", "--strategy", "ga", "--forget-class", 1)
    assert message in refuses(*unlearn, "--out", "new", *words)


@pytest.mark.parametrize("readout", ["expectation", "probabilities"])
def test_a_model_too_wide_for_the_device(refuses, qmu, readout):
    wide = (*TINY, "--num-qubits", 6, "--readout", readout)
    message = "qubits does not fit the device"
    assert message in refuses("run", *wide, "--backend", "fake_manila", "--out", "out")
    assert qmu("train", *wide, "--out", "wide").status == 0
    unlearn = ("unlearn", "wide", "--strategy", "ga", "--forget-class", 1, "--out", "new")
    assert message in refuses(*unlearn, "--backend", "fake_manila")


def test_backends_are_listed(qmu):
    names = [line.split()[0] for line in qmu("list", "backends").out.splitlines()[1:]]
    assert names == ["exact", "aer", "fake_<device>", "ibm_<device>", "ibm:least_busy"]


@pytest.mark.parametrize("command", [("submit", "observe"), ("audit",)])
def test_without_an_account_one_line_says_how_to_save_one(
    qmu, saved, monkeypatch, tmp_path, command
):
    name = "qiskit_ibm_runtime.accounts.management._DEFAULT_ACCOUNT_CONFIG_JSON_FILE"
    monkeypatch.setattr(name, str(tmp_path / "none.json"))
    more = ("--out", "run") if "submit" in command else ("--original", saved / "original")
    outcome = qmu(*command, saved / "original", *more, "--backend", "ibm_torino", "--shots", 9)
    assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert "QiskitRuntimeService.save_account(token=…)" in outcome.err
