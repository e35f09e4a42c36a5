"""Every command of the README and the documentation, and the README's code, run, with a look at
what comes out.

The pages' own blocks are read, so that a command that is added or changed there fails here until
somebody says what it must give. `test_documentation.py` runs the code of the documentation.
"""

import contextlib
import io
import json
import os
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from network_block import refuse_network
from reader import PAGES, ROOT, blocks, run_code, write_what_readers_have

from qiskit_qmu.cli.main import main
from qiskit_qmu.unlearning import DEFAULT_METHODS

BLOCKS = [block for page in PAGES if not page.startswith("docs/studies/") for block in blocks(page)]


def _commands() -> Iterator[str]:
    for language, text in BLOCKS:
        if language == "python":
            continue
        lines = text.replace("\\\n", " ").splitlines()
        if language == "":  # a terminal: commands behind a prompt, among what they print
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        for line in lines:
            words = shlex.split(line, comments=True)
            for command in " ".join(words).split(" && "):
                if command:
                    yield command


COMMANDS = list(dict.fromkeys(_commands()))
PYTHON = [text for language, text in blocks("README.md") if language == "python"]


def test_all_blocks_are_commands_or_code():
    assert len(COMMANDS) > 25
    for command in COMMANDS:
        assert command.split()[0] in {"qmu", "pip", "pytest"}, command


# What a command must give.


@dataclass(frozen=True)
class Outcome:
    """What a command did, and where."""

    status: int
    out: str
    err: str
    folder: Path


@dataclass(frozen=True)
class Example:
    """What a command of the README must give, and the commands that it follows."""

    check: Callable[[Outcome], None]
    after: tuple[str, ...] = ()
    quick: bool = False
    ci: bool = False


def _rows(outcome: Outcome) -> list[dict]:
    (page,) = re.findall(r"^(\S+)/report\.html$", outcome.out, flags=re.MULTILINE)
    folder = outcome.folder / page
    assert "<html" in (folder / "report.html").read_text()
    assert (folder / "records.jsonl").stat().st_size
    return json.loads((folder / "results.json").read_text())["rows"]


def _ran(methods: str = "", seeds: int = 1, tells: bool = True) -> Callable[[Outcome], None]:
    """One oracle and 32 rows of a class, as of iris, cannot show that one is forgotten."""

    def check(outcome: Outcome) -> None:
        assert outcome.status == 0, outcome.err
        rows = _rows(outcome)
        wanted = methods.split(",") if methods else DEFAULT_METHODS[1:]
        assert [row["method"] for row in rows] == ["original", "oracle", *wanted] * seeds
        assert not any(row["error"] for row in rows)
        said = ("The deletion worked: ", "Whether the deletion worked", "The deletion did not work")
        assert sum(sentence in outcome.out for sentence in said) == 1
        verdicts = {row["method"]: row["verdict"] for row in rows}
        assert verdicts["oracle"] == "forgotten" != verdicts["original"]
        if not tells:
            assert "The deletion worked" not in outcome.out
            assert "forgotten" not in {verdicts[method] for method in wanted}

    return check


def _power(outcome: Outcome) -> None:
    """The README shows what is printed."""
    assert outcome.status == 0, outcome.err
    assert any(outcome.out in text for language, text in BLOCKS if language == "")


def _printed(*words: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.status == 0, outcome.err
        for word in words:
            assert word in outcome.out, outcome.out

    return check


def _model(name: str) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.status == 0, outcome.err
        assert outcome.out.startswith(f"{name}: ")
        assert "changed nothing" not in outcome.err
        assert (outcome.folder / name / "model.json").exists()
        weights = ("weights.safetensors", "arrays.npz")  # (of a network, or of a kernel model)
        assert any((outcome.folder / name / own).exists() for own in weights)

    return check


def _audited(folder: str = "", verdict: str = "unresolved") -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.status == 0, outcome.err
        assert f"verdict: {verdict} (" in outcome.out
        if folder:
            report = json.loads((outcome.folder / folder / "audit.json").read_text())
            assert [row["method"] for row in report["rows"]] == ["original", "oracle", "audited"]
            assert (outcome.folder / folder / "audit.html").exists()

    return check


def _shots(counts: int, models: int = 3) -> Callable[[Outcome], None]:
    def check(outcome: Outcome) -> None:
        assert outcome.status == 0, outcome.err
        (page,) = re.findall(r"^(\S+)/shots\.html$", outcome.out, flags=re.MULTILINE)
        folder = outcome.folder / page
        assert {"shots.json", "shots.html", "shots.svg"} <= {path.name for path in folder.iterdir()}
        rows = json.loads((folder / "shots.json").read_text())["rows"]
        asked = {(row["model"], row["shots"]) for row in rows if row["model"] != "baseline"}
        assert len(asked) == counts * models
        least = min(row["shots"] for row in rows if row["shots"])
        first = rows[0]["model"]
        js = {row["shots"]: row["js_exact"] for row in rows if row["model"] == first}
        assert js[least] == max(value for value in js.values() if value is not None)

    return check


def _no_account(outcome: Outcome) -> None:
    """IBM's devices need an account; there is none here."""
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].count("QiskitRuntimeService.save_account(token=…)") == 1


def _estimated(outcome: Outcome) -> None:
    """The README shows the table: of what is not rehearsed all must be the same, of jobs' bytes
    nearly, since weights are trained and their digits compressed.
    """
    assert outcome.status == 0, outcome.err
    shown = next(text for language, text in BLOCKS if "$ qmu estimate" in text)
    printed = _table(outcome.out)
    assert printed.keys() >= {"train", "ga", "ssd", "observe", "attack"}
    for name, (words, size) in _table(shown).items():
        if name not in ("ga", "ssd", "$"):
            assert printed[name][0] == words
            assert printed[name][1] == pytest.approx(size, rel=0.03)


def _table(text: str) -> dict[str, tuple[list[str], float]]:
    """Return each line by its first word: its words but for the payload, and the payload."""
    found = {}
    for line in text.splitlines():
        size = re.search(r"([\d.]+) [kM]B", line)
        words = re.sub(r"[\d.]+ [kM]B", "", line).split()
        if words:
            found[words[0]] = (words, float(size[1]) if size else 0.0)
    return found


def _submitted(outcome: Outcome) -> None:
    assert outcome.status == 0, outcome.err
    assert {"run.json", "models", "ledger.sqlite", "jobs"} <= {
        path.name for path in (outcome.folder / "run").iterdir()
    }


def _finished(outcome: Outcome) -> None:
    assert outcome.status == 0, outcome.err
    assert (outcome.folder / "run" / "result" / "model" / "model.json").exists()


TRAIN = "qmu train --dataset digits --train-size 300 --out original"
FLOWERS = "qmu train --dataset iris --model basic --out flowers"
UNLEARN = "qmu unlearn original --strategy rga-r --forget-class 4 --out unlearned"
ORACLE = "qmu unlearn original --strategy oracle --forget-class 4 --out oracle"
ON_DEVICE = (
    "qmu unlearn flowers --strategy ga --forget-class 1 --backend fake_manila --shots 1024 "
    "--out on_device"
)
FLOWERS_ORACLE = "qmu unlearn flowers --strategy oracle --forget-class 1 --out flowers_oracle"
DEVICE_AUDIT = "qmu audit on_device --original flowers --oracle flowers_oracle"
SHARDED = "qmu train --dataset iris --model hybrid --shards 5 --slices 2 --out sharded"
ESTIMATED_MODEL = "qmu train --dataset digits --train-size 300 --out model"
IRIS = "qmu run --dataset iris --model basic"
SHOTS = "qmu shots --dataset iris --model basic"
SUBMIT = (
    "qmu submit unlearn flowers --strategy ga --forget-class 1 --gradient spsa "
    "--backend fake_manila --shots 512 --max-qpu-seconds 600 --out run"
)
RESUME = "qmu resume run"
CUSTOMERS = (
    "qmu train --dataset rows.csv --label-column diagnosis --id-column customer --model basic "
    "--out customers"
)
WITHDRAW = "qmu request customers --ids withdrawn.txt --skip-untrained-ids --out customers-2"
KERNEL = (
    "qmu train --dataset rows.csv --label-column diagnosis --id-column customer "
    "--model kernel-ridge --out kernel"
)
PATIENTS = (
    "qmu train --dataset patients.csv --label-column progression --id-column patient "
    "--task regression --model mine:build --out patients"
)
PATIENTS_WITHDRAW = "qmu request patients --ids withdrawn.txt --skip-untrained-ids --out patients-2"
KERNEL_WITHDRAW = "qmu request kernel --ids withdrawn.txt --skip-untrained-ids --out kernel-2"

EXAMPLES = {
    "qmu run": Example(_ran()),
    f"{IRIS} --seeds 3": Example(_ran(seeds=3, tells=False)),
    "qmu run --dataset mnist --train-size 300 --test-size 200": Example(_ran(tells=False)),
    f"{IRIS} --forget-fraction 0.1": Example(_ran(tells=False)),
    f"{IRIS} --methods ssd,rga-r --set rga-r.alpha=3": Example(_ran("ssd,rga-r", tells=False)),
    f"{IRIS} --encoding amplitude --num-qubits 2": Example(_ran(tells=False)),
    "qmu list": Example(_printed("iris", "hybrid", "ssd-r", "fake_<device>"), quick=True),
    TRAIN: Example(_model("original"), ci=True),
    UNLEARN: Example(_model("unlearned"), (TRAIN,), ci=True),
    ORACLE: Example(_model("oracle"), (TRAIN,), ci=True),
    "qmu audit unlearned --original original --oracle oracle --out audit": Example(
        _audited("audit"), (TRAIN, UNLEARN, ORACLE), ci=True
    ),
    "qmu run --dataset rows.csv --label-column diagnosis --id-column customer --forget-ids "
    "withdrawn.txt --skip-untrained-ids --model basic --methods gd,neggrad": Example(
        _ran("gd,neggrad", tells=False)
    ),
    CUSTOMERS: Example(_model("customers")),
    WITHDRAW: Example(_model("customers-2"), (CUSTOMERS,)),
    "qmu verify customers-2 --ids withdrawn.txt": Example(
        _printed("belong together", "C0000: ", "withdrawn by request 1", "head of the log"),
        (CUSTOMERS, WITHDRAW),
    ),
    KERNEL: Example(_model("kernel")),
    KERNEL_WITHDRAW: Example(_model("kernel-2"), (KERNEL,)),
    "qmu show kernel-2": Example(
        _printed("deletes:    exactly", "rows by kernel-ridge"), (KERNEL, KERNEL_WITHDRAW)
    ),
    "qmu predict kernel-2": Example(_printed("probability_"), (KERNEL, KERNEL_WITHDRAW)),
    "qmu verify kernel-2 --ids withdrawn.txt": Example(
        _printed("withdrawn by request 1"), (KERNEL, KERNEL_WITHDRAW)
    ),
    PATIENTS: Example(_model("patients")),
    PATIENTS_WITHDRAW: Example(_model("patients-2"), (PATIENTS,)),
    "qmu audit arrays outputs.csv": Example(_printed("verdict: "), quick=True),
    "qmu audit weights new.pt --original old.pt --oracle retrained.pt --model mine:build "
    "--scale none --dataset rows.csv --label-column diagnosis --id-column customer "
    "--forget-ids withdrawn.txt --skip-untrained-ids": Example(_printed("verdict: ")),
    "qmu audit unlearned --original original --oracle oracle --explain "
    "--gate max_auc=0.9,min_retain=-0.2": Example(
        _printed("QMU (2025): ", "DEW-P (2026): ", "verdict: "), (TRAIN, UNLEARN, ORACLE)
    ),
    "qmu audit power --withdrawn 90 --never-seen 500 --shadows 32": Example(_power, quick=True),
    "qmu run --dataset iris --model mine:build --methods unlikelihood,ssd-r": Example(
        _ran("unlikelihood,ssd-r", tells=False)
    ),
    f"{IRIS} --backend fake_manila --shots 256": Example(_ran(tells=False)),
    f"{IRIS} --backend ibm_torino --shots 256": Example(_no_account, quick=True),
    FLOWERS: Example(_model("flowers")),
    ON_DEVICE: Example(_model("on_device"), (FLOWERS,)),
    FLOWERS_ORACLE: Example(_model("flowers_oracle"), (FLOWERS,)),
    DEVICE_AUDIT: Example(_audited(), (FLOWERS, ON_DEVICE, FLOWERS_ORACLE)),
    SHOTS: Example(_shots(7)),
    f"{SHOTS} --forget-fraction 0.1 --shots 4,64,exact --seeds 3": Example(_shots(3)),
    f"{SHOTS} --backend fake_manila --shots 64,256 --seeds 1 --repetitions 5": Example(_shots(2)),
    SHARDED: Example(_model("sharded")),
    "qmu unlearn sharded --strategy sisa --forget-indices 3 --out less": (
        Example(_model("less"), (SHARDED,))
    ),
    "qmu shots flowers --forget-class 1 --shots 16,256,exact": Example(_shots(3), (FLOWERS,)),
    "qmu shots on_device": Example(_shots(7, models=1), (FLOWERS, ON_DEVICE)),
    "qmu shots plan flowers --max-auc 0.75 --min-accuracy 0.5": Example(
        _printed("meet the target"), (FLOWERS,)
    ),
    ESTIMATED_MODEL: Example(_model("model"), ci=True),
    "qmu estimate model --backend fake_torino --methods ga,ssd --shots 1024 "
    "--max-qpu-seconds 600": Example(_estimated, (ESTIMATED_MODEL,)),
    SUBMIT: Example(_submitted, (FLOWERS,)),
    "qmu status run": Example(_printed("run"), (FLOWERS, SUBMIT)),
    RESUME: Example(_finished, (FLOWERS, SUBMIT)),
    "qmu cancel run": Example(_printed("0 jobs cancelled"), (FLOWERS, SUBMIT, RESUME)),
    "qmu submit observe flowers --backend ibm_torino --shots 4096 --rows all --out answers": (
        Example(_no_account, (FLOWERS,))
    ),
    "qmu submit attack run/result/model --original flowers --backend ibm_torino --out attack": (
        Example(_no_account, (FLOWERS, SUBMIT, RESUME))
    ),
}

# The continuous integration installs and tests by these; what they name must be there.
INSTALLING = {
    "pip install -c constraints.txt .": (),
    "pip install -c constraints.txt .[test]": ("test",),
    "pip install -c constraints.txt -e .[test,lint]": ("test", "lint"),
    "pytest": (),
}


def test_every_command_has_an_outcome_to_be_looked_at():
    assert set(COMMANDS) == EXAMPLES.keys() | INSTALLING.keys()


def test_what_is_installed_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for command, extras in INSTALLING.items():
        assert set(extras) <= project["optional-dependencies"].keys()
        for name in re.findall(r"-c (\S+)", command):
            assert (ROOT / name).exists()
    assert project["scripts"]["qmu"] == "qiskit_qmu.cli.main:main"


class Shell:
    """Runs commands in one folder, each once, those that it follows first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._outcomes: dict[str, Outcome] = {}

    def run(self, command: str) -> Outcome:
        """Run a command, or return what it gave when it was run."""
        for earlier in EXAMPLES[command].after:
            self.run(earlier)
        if command not in self._outcomes:
            self._outcomes[command] = self._run(shlex.split(command)[1:])
        return self._outcomes[command]

    def _run(self, words: list[str]) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            status = main(words)
        return Outcome(status, out.getvalue(), err.getvalue(), self.folder)


@pytest.fixture(scope="module")
def shell(tmp_path_factory) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("readme")
    write_what_readers_have(folder)
    with pytest.MonkeyPatch.context() as patch:
        refuse_network(patch)
        accounts = "qiskit_ibm_runtime.accounts.management._DEFAULT_ACCOUNT_CONFIG_JSON_FILE"
        patch.setattr(accounts, str(folder / "none.json"))
        yield Shell(folder)


def _marks(command: str) -> list[pytest.MarkDecorator]:
    # Where tests are grouped, one process trains what several commands need.
    example, marks = EXAMPLES[command], [pytest.mark.xdist_group("readme")]
    if not example.quick:
        marks.append(pytest.mark.slow)
    if example.ci:
        marks.append(pytest.mark.ci)
    if "mnist" in command:
        marks.append(
            pytest.mark.skipif(
                not os.environ.get("QISKIT_QMU_DATA"), reason="QISKIT_QMU_DATA names no folder"
            )
        )
    return marks


@pytest.mark.parametrize(
    "command", [pytest.param(command, marks=_marks(command)) for command in EXAMPLES]
)
def test_command(shell, command):
    EXAMPLES[command].check(shell.run(command))


# Code, block by block, in the order of the README.


def _block(start: str) -> str:
    """Return the first code of the README that starts so."""
    return next(text for text in PYTHON if text.startswith(start))


def test_all_code_is_run_below():
    starts = ("import qiskit_qmu as qmu", 'device = qmu.open_backend("fake_torino", shots=1024)')
    for text, start in zip(PYTHON, starts, strict=True):
        assert text.startswith(start)


@pytest.mark.slow
@pytest.mark.ci
def test_main_job_and_a_noisy_device(tmp_path):
    names = run_code(
        [_block("import qiskit_qmu as qmu"), _block('device = qmu.open_backend("fake')], tmp_path
    )
    assert names["report"].verdict == "forgotten"
    assert "verdict: forgotten" in names["printed"]
    assert names["result"].largest_change > 0
    assert "<html" in (tmp_path / "audit.html").read_text()
    counts, rows = names["observed"].counts, len(names["split"].test_retain)
    assert counts.shape[0] == rows
    assert (counts.reshape(rows, -1).sum(axis=1) % 1024 == 0).all()
    assert names["observed"].accuracy > 0.5


def test_ibms_devices_ask_for_an_account(shell):
    import qiskit_qmu as qmu
    from qiskit_qmu._check import InputError

    page = PAGES["docs/guides/hardware.md"]
    (line,) = re.findall(r"^device = .*ibm_torino.*$", page, flags=re.MULTILINE)
    with contextlib.chdir(shell.folder), pytest.raises(InputError, match="save_account"):
        exec(compile(line, "hardware.md", "exec"), {"qmu": qmu})
