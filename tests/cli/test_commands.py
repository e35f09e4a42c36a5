"""What the commands print and write when all is well."""

import json
import re
import shutil
import subprocess
import sys
import warnings
from dataclasses import fields
from pathlib import Path

import pytest
from tiny_options import TINY, TINY_DATA

import qiskit_qmu
from qiskit_qmu import experiments
from qiskit_qmu.attacks import ATTACKS, REFERENCE_ATTACKS
from qiskit_qmu.backends import open_backend
from qiskit_qmu.cli import run as run_command
from qiskit_qmu.data import DATASET_NAMES, ForgetRequest
from qiskit_qmu.experiments import Experiment, Setup
from qiskit_qmu.experiments.configuration.setup import TableWarning
from qiskit_qmu.experiments.repetition.run import run_seed
from qiskit_qmu.models import BasicQNN, HybridQNN, load_model, load_provenance
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import METHODS

COMMANDS = ("run", "train", "unlearn", "audit", "audit arrays", "audit power", "audit weights")
COMMANDS += ("estimate", "poison", "report", "list")


def test_run_prints_a_table_and_writes_its_files(qmu, folder):
    outcome = qmu("run", *TINY, "--methods", "noop,ga", "--workers", 1, "--out", "out")
    assert outcome.status == 0
    for word in ("original", "oracle", "noop", "ga", "out/report.html"):
        assert word in outcome.out
    lines = outcome.err.splitlines()
    assert lines[:2] == ["  0 %  looking for what is there", "  0 %  originals, 0 of 1"]
    assert lines[-1] == "100 %  writing the report"
    names = sorted(path.name for path in (folder / "out").iterdir())
    assert names == ["records.jsonl", "report.html", "results.json"]
    results = json.loads((folder / "out" / "results.json").read_text())
    rows = results["rows"]
    assert results["config"]["forget"] == {"label": 1}
    assert [row["method"] for row in rows] == ["original", "oracle", "noop", "ga"]


@pytest.mark.usefixtures("without_page")
def test_run_names_its_folder_after_the_experiment_and_goes_on_there(qmu, folder):
    words = ("run", *TINY, "--methods", "noop", "--workers", 1)
    assert qmu(*words).status == 0
    (made,) = folder.iterdir()
    assert made.name.startswith("qmu-run-iris-basic-")
    again = qmu(*words)
    assert again.status == 0
    assert again.err.splitlines() == [
        "  0 %  looking for what is there",
        "100 %  writing the report",
    ]


def test_methods_that_did_nothing_or_failed_are_named_at_the_end(qmu, folder):
    words = ("--methods", "ssd,gd", "--set", "ssd.alpha=1e9", "--set", "gd.learning_rate=1e30")
    outcome = qmu("run", *TINY, *words, "--workers", 1, "--out", "out")
    assert outcome.status == 0
    ssd, gd = outcome.err.splitlines()[-2:]
    assert ssd == "qmu run: ssd: changed nothing: nothing selected"
    assert gd.startswith("qmu run: gd: failed: ")
    assert "learning_rate=1e+30" in gd
    page = (folder / "out" / "report.html").read_text()
    for said in ("changed nothing: nothing selected", "failed: "):
        assert said in page
        assert said in outcome.out


@pytest.mark.parametrize(
    ("strategy", "setting", "status", "message"),
    [
        ("ssd", "ssd.alpha=1e9", 0, "qmu unlearn: ssd changed nothing: "),
        ("gd", "gd.learning_rate=1e30", 1, "learning_rate=1e+30"),
    ],
)
def test_unlearn_says_that_nothing_changed_or_that_it_failed(
    qmu, folder, saved, strategy, setting, status, message
):
    words = ("--strategy", strategy, "--forget-class", 1, "--set", setting, "--out", "new")
    outcome = qmu("unlearn", saved / "original", *words)
    assert outcome.status == status
    assert message in outcome.err
    assert outcome.err.count("\n") == 1
    assert (folder / "new").exists() == (status == 0)


def test_single_rows_from_a_file(experiment_of, folder):
    (folder / "rows.txt").write_text("3\n5, 8\n")
    experiment = experiment_of(*TINY, "--forget-indices", "rows.txt")
    assert experiment.forget == ForgetRequest(indices=(3, 5, 8))


def test_a_config_file_says_what_options_do_not(experiment_of, folder):
    (folder / "config.toml").write_text(
        """
        dataset = "iris"
        model = "basic"
        train-size = 40
        test_size = 30
        methods = ["noop"]
        seeds = 2
        epochs = 9
        forget-class = 2
        [settings]
        "ga.max_epochs" = 4
        [settings.model]
        num_layers = 1
        """
    )
    words = ("--config", "config.toml", "--epochs", 1, "--forget-fraction", 0.2, "--seeds", 1)
    assert experiment_of(*words) == Experiment(
        dataset="iris",
        model="basic",
        train_size=40,
        test_size=30,
        methods=("noop",),
        forget=ForgetRequest(fraction=0.2),
        settings={"trainer.epochs": 1, "ga.max_epochs": 4, "model.num_layers": 1},
    )


def test_a_config_file_may_say_lists_as_options_do(experiment_of, folder):
    (folder / "config.toml").write_text('methods = "noop, gd"\nforget_indices = "3,5"\nepochs = 1')
    experiment = experiment_of(*TINY, "--config", "config.toml")
    assert experiment.methods == ("noop", "gd")
    assert experiment.forget == ForgetRequest(indices=(3, 5))


def test_settings_are_read_as_json_or_words(experiment_of):
    words = ("--set", "ga.optimizer=sgd", "--set", "rga.alpha=2", "--set", "ga.loss_threshold=null")
    settings = experiment_of(*TINY, *words).settings
    assert (settings["ga.optimizer"], settings["rga.alpha"]) == ("sgd", 2)
    assert settings["ga.loss_threshold"] is None


def test_train_unlearn_audit(qmu, folder):
    trained = qmu("train", *TINY_DATA, "--epochs", 2, "--out", "original")
    assert trained.status == 0
    parts = r"[01]\.\d{3} on 36 training rows, .* on \d+ validation rows, .* on \d+ test rows"
    inputs = "its circuit takes 4 features as angles"
    assert re.fullmatch(f"original: trained on 36 rows; accuracy {parts}; {inputs}\n", trained.out)
    assert [line.split(",")[0] for line in trained.err.splitlines()] == [
        " 50 %  epoch 1 of 2",
        "100 %  epoch 2 of 2",
    ]
    for strategy, out in (("ga", "new"), ("oracle", "oracle")):
        unlearned = qmu(
            "unlearn", "original", "--strategy", strategy, "--forget-class", 1, "--out", out
        )
        assert unlearned.status == 0
        assert unlearned.out.startswith(f"{out}: {strategy} took ")
        assert unlearned.err == ""
    audited = qmu("audit", "new", "--original", "original", "--oracle", "oracle", "--out", "audit")
    assert audited.status == 0
    assert "verdict: " in audited.out
    assert audited.out.endswith("audit/audit.html\n")
    report = json.loads((folder / "audit" / "audit.json").read_text())
    assert [row["method"] for row in report["rows"]] == ["original", "oracle", "audited"]
    assert "<html" in (folder / "audit" / "audit.html").read_text()


def test_audit_over_many_models_refuses_what_cannot_be(qmu, saved):
    audit = ("audit", saved / "unlearned", "--original", saved / "original")
    for options, message in (
        (("--shadows", "7"), "shadow models come in pairs, at least 6 of them; got 7"),
        (("--strategy", "ga"), "--strategy needs --shadows"),
        (("--oracles", "2", "--oracle", saved / "unlearned"), "cannot be given together"),
    ):
        outcome = qmu(*audit, *options)
        assert outcome.status == 2
        assert message in outcome.err


@pytest.mark.slow
@pytest.mark.ci
def test_the_strategy_of_a_saved_model_is_tested_and_kept(qmu, folder, saved):
    audit = ("audit", saved / "unlearned", "--original", saved / "original", "--shadows", "6")
    first = qmu(*audit, "--out", "audit", "--workers", "1")
    assert first.status == 0
    assert "6 of 6 done" in first.err
    report = json.loads((folder / "audit" / "audit.json").read_text())
    keys = {finding["key"] for finding in report["findings"]}
    assert {"strategy_auc", "retained_auc_after", "klom", "epsilon_estimate", "model_auc"} <= keys
    assert report["per_row"]
    again = qmu(*audit, "--out", "audit", "--force", "--workers", "1")
    assert again.status == 0
    assert "training shadow models, 0 of 6 done" not in again.err


def test_audit_without_oracle_and_folder(qmu, folder, saved):
    audited = qmu("audit", saved / "unlearned", "--original", saved / "original")
    assert audited.status == 0
    assert "unresolved" in audited.out
    assert list(folder.iterdir()) == []


def test_unlearning_takes_settings_and_rows(qmu, folder, saved):
    row = load_provenance(saved / "original")["train_indices"][2]
    words = ("--forget-indices", row, "--set", "ga.max_epochs=1", "--out", "new")
    assert qmu("unlearn", saved / "original", "--strategy", "ga", *words).status == 0
    assert load_provenance(folder / "new")["forgotten_indices"] == [row]
    assert load_model(folder / "new").config.num_layers == 1


def test_report_writes_the_page_anew(qmu, finished, folder):
    shutil.copytree(finished, folder / "out")
    page = folder / "out" / "report.html"
    page.unlink()
    outcome = qmu("report", "out")
    assert outcome.status == 0
    assert "noop" in outcome.out
    assert page.exists()


def test_list_names_everything(qmu):
    outcome = qmu("list")
    assert outcome.status == 0
    for word in ("fashion-mnist", "hybrid", "ssd-r", "`qmu list SUBJECT`", *METHODS):
        assert word in outcome.out
    assert len(outcome.out.splitlines()) < 40
    assert "trainer.epochs" not in outcome.out
    methods = qmu("list", "strategies").out.splitlines()
    assert methods[0] == "strategies:"
    listed = [line.split()[0] for line in methods if line.startswith("    ")]
    assert sorted(listed) == sorted(METHODS)
    headings = [line.strip() for line in methods[1:] if not line.startswith("    ")]
    assert headings[:2] == ["reference:", "fine-tuning:"]
    assert qmu("list", "methods").out.splitlines() == methods
    assert "rga.alpha" not in "".join(methods)
    attacks = qmu("list", "attacks").out.splitlines()
    names = [*ATTACKS, "mia_paper_rate", *REFERENCE_ATTACKS]
    for name, line in zip(names, attacks[1:], strict=True):
        assert line.startswith(f"  {name} ")
        assert "(needs " in line


def test_devices_are_listed_when_they_are_asked_for(qmu):
    devices = qmu("list", "devices").out.splitlines()
    assert devices[0] == "devices:"
    assert {"  fake_torino", "  fake_manila"} <= set(devices)
    backends = qmu("list", "backends").out
    assert f"one of {len(devices) - 1} simulated IBM devices" in backends
    assert backends.count("fake_") < 10


@pytest.mark.parametrize("model", [BasicQNN, HybridQNN])
def test_every_setting_is_listed_and_can_be_set(qmu, model):
    run = {"dataset": "iris", "model": "basic" if model is BasicQNN else "hybrid"}
    shown = qmu(
        "list", "settings", "--dataset", "iris", "--model", run["model"], "--kind", "instances"
    )
    lines = [line.split(" = ") for line in shown.out.splitlines()[1:]]
    settings = {key.strip(): json.loads(value) for key, value in lines}
    for name, method in METHODS.items():
        assert {f"{name}.{key}" for key in method.hyperparameters} <= settings.keys()
    assert {f"trainer.{field.name}" for field in fields(Trainer)} <= settings.keys()
    own = {"trainer.epochs": 60, "rga.alpha": {"basic": 2.0, "hybrid": 5.0}[run["model"]]}
    assert {key: settings[key] for key in own} == own
    rows = ForgetRequest(fraction=0.1)
    setups = [Setup.load(Experiment(**run, forget=rows, settings=own), 0) for own in ({}, settings)]
    for method in METHODS:
        first, second = (setup.strategy(method) for setup in setups)
        assert first == second
    models = [setup.build_model(open_backend("exact")) for setup in setups]
    assert models[0].config == models[1].config


def test_settings_of_what_is_not_there_are_refused(qmu):
    for words in (("--dataset", "cifar"), ("--model", "big"), ("--kind", "all")):
        assert qmu("list", "settings", *words).status == 2


def test_stopping_by_the_keyboard_says_what_is_kept(qmu, monkeypatch):
    kept = Path("out/.qmu-models")

    def stopped(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(experiments, "run_experiment", stopped)
    for folder, advice in (
        (kept / ".unfinished", "nothing was finished; the same command starts again"),
        (kept / "digest", "the same command computes what is missing"),
    ):
        folder.mkdir(parents=True)
        outcome = qmu("run", *TINY, "--out", "out")
        assert (outcome.status, outcome.err) == (130, f"qmu run: stopped; {advice}\n")


def test_a_remark_is_printed_once(qmu, monkeypatch):
    def told(_options):
        for text in ("a is left out", "a is left out", "b is left out"):
            warnings.warn_explicit(text, TableWarning, "setup.py", 1, module="qiskit_qmu.setup")

    monkeypatch.setattr(run_command, "execute", told)
    assert qmu("run", *TINY).err == "qmu run: a is left out\nqmu run: b is left out\n"


def test_progress_goes_on_while_the_original_trains(folder, monkeypatch):
    shown = []
    experiment = Experiment(
        dataset="iris", model="basic", train_size=40, test_size=30, methods=("noop",),
        settings={"trainer.epochs": 4, "model.num_layers": 1},
    )  # fmt: skip
    setup = Setup.load(experiment, 0)
    list(run_seed(setup, progress=lambda task, share: shown.append((task, share))))
    training = [share for task, share in shown if task == "training the original"]
    assert training == pytest.approx([0, 1 / 12, 2 / 12, 3 / 12, 4 / 12])
    assert [share for _, share in shown] == sorted(share for _, share in shown)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_and_version(qmu, command):
    outcome = qmu(command, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith(f"usage: qmu {command}")
    assert qmu("--version").out == f"qmu {qiskit_qmu.__version__}\n"


EARLY = (
    ("run", "--dataset", "cifar"),
    ("run", "--seeds", "0"),
    ("run", "--backend", "fak_manila"),
    ("run", "--data-dir", "nowhere"),
    ("run", "--config", "nowhere.toml"),
    ("run", "--forget-indices", "1,1"),
    ("run", "--forget-class", "1", "--forget-fraction", "0.1"),
    ("shots", "--shots", "many"),
    ("train", "--out", "model", "--learning-rate", "-1"),
    ("unlearn", "nowhere"),
    ("estimate", "nowhere"),
    ("audit", "nowhere", "--original", "nowhere"),
    ("submit", "observe", "nowhere"),
    ("status", "nowhere"),
    ("resume", "nowhere"),
)
"""Commands that are refused for what can be known at once."""


def test_help_and_early_refusals_load_neither_torch_nor_qiskit(folder):
    script = f"""
import sys
from contextlib import redirect_stderr
from io import StringIO
from qiskit_qmu.cli.main import main
for words, status in ([((name, "--help"), 0) for name in {COMMANDS}] + [(w, 2) for w in {EARLY}]):
    try:
        with redirect_stderr(StringIO()):
            ended = main(words)
    except SystemExit as stop:
        ended = stop.code
    assert ended == status, words
heavy = {{"torch", "qiskit", "sklearn", "scipy", "matplotlib"}} & sys.modules.keys()
print(sorted(heavy), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_the_installed_command(folder):
    command = shutil.which("qmu", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("qmu is not installed beside this Python")
    done = subprocess.run(
        [command, "list", "datasets"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["datasets:", *(f"  {name}" for name in DATASET_NAMES)]


def test_a_shell_completes_commands_options_values_and_folders(qmu, folder):
    Path("models").mkdir()
    told = qmu("--print-completion", "bash")
    assert told.status == 0
    script = "\n".join(
        [
            told.out,
            "COMP_WORDS=(qmu request --orac) COMP_CWORD=2",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
            "COMP_WORDS=(qmu ver) COMP_CWORD=1",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
            "COMP_WORDS=(qmu shots st) COMP_CWORD=2",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
            "COMP_WORDS=(qmu audit power --withd) COMP_CWORD=3",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
            "COMP_WORDS=(qmu audit mod) COMP_CWORD=2",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
            "COMP_WORDS=(qmu unlearn model --strategy unlik) COMP_CWORD=4",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
            "COMP_WORDS=(qmu run --dataset dia) COMP_CWORD=3",
            '_shtab_qmu; echo "${COMPREPLY[@]}"',
        ]
    )
    completed = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert completed.stdout.splitlines() == [
        "--oracle --oracles", "verify", "study", "--withdrawn", "models", "unlikelihood", "diabetes"
    ]  # fmt: skip
    assert "shtab.DIRECTORY" not in told.out
    assert "invalid choice: 'fish'" in qmu("--print-completion", "fish").err
