"""Preset against chosen strength, on models, classes and datasets that no preset was chosen on.

    python -m benchmarks.study_strength --out study.jsonl --seeds 2
    python -m benchmarks.study_strength --out study.jsonl --table
    python -m benchmarks.study_strength --out classes.jsonl --classes --preset \
        --methods unlikelihood,ssd-r,rga-r,ga-r,neggrad-r

Each task trains an original and an oracle, and unlearns by every method twice: with its preset, and
with its strength chosen by `ChosenStrength`. Numbers are gaps to the oracle. Tasks that the file
already has are left out, so that the same command resumes.
"""

import argparse
import json
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer

import qiskit_qmu as qmu
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import Setup
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.unlearning import UnlearningResult
from qiskit_qmu.unlearning.stopping import row_performance

METHODS = ("ga", "ga-r", "rga-r", "ssd", "ssd-r", "lf-ssd", "neggrad")
STRENGTHS = ("preset", "chosen")
GROUPS = ("forget", "retain", "test_forget", "test_retain")
DIGITS = {"model.num_qubits": 6, "model.num_layers": 3}
SMALL = {"model.num_qubits": 4, "model.num_layers": 2}
IMAGES = {"model": "hybrid", "settings": {}}
FIVE_PERCENT = ForgetRequest(fraction=0.05)


def tasks(cancer: str) -> dict[str, dict]:
    """Return experiments by name; presets were chosen on iris 1 and 2 and on digits 4, 7 and 8."""
    table = {"dataset": cancer, "label_column": "target", "model": "basic", "settings": SMALL}
    digits = {"dataset": "digits", "settings": DIGITS}
    return {
        "digits 1, basic 6×3": {**digits, "model": "basic", "forget": ForgetRequest(label=1)},
        "digits 6, hybrid 6×3": {**digits, "model": "hybrid", "forget": ForgetRequest(label=6)},
        "iris 0, basic": {"dataset": "iris", "model": "basic", "forget": ForgetRequest(label=0)},
        "iris 1, hybrid": {"dataset": "iris", "model": "hybrid", "forget": ForgetRequest(label=1)},
        "cancer 0, basic 4×2": {**table, "forget": ForgetRequest(label=0)},
        "digits 5 %, hybrid 6×3": {**digits, "model": "hybrid", "forget": FIVE_PERCENT},
        "iris 5 %, hybrid": {"dataset": "iris", "model": "hybrid", "forget": FIVE_PERCENT},
        "cancer 5 %, basic 4×2": {**table, "forget": FIVE_PERCENT},
    }


def classes() -> dict[str, dict]:
    """Return experiments that forget a class, of the bundled datasets at their default sizes."""
    six = {"dataset": "digits", "settings": DIGITS}
    found: dict[str, dict] = {}
    for kind in ("hybrid", "basic"):
        for label in range(3):
            own = {"dataset": "iris", "model": kind, "forget": ForgetRequest(label=label)}
            found[f"iris {label}, {kind}"] = own
    for label in range(10):
        forget = ForgetRequest(label=label)
        found[f"digits {label}, hybrid 6×3"] = {**six, "model": "hybrid", "forget": forget}
        found[f"digits {label}, basic 6×3"] = {**six, "model": "basic", "forget": forget}
        found[f"digits {label}, hybrid"] = {**IMAGES, "dataset": "digits", "forget": forget}
        found[f"mnist {label}, hybrid"] = {**IMAGES, "dataset": "mnist", "forget": forget}
    fashion = {**IMAGES, "dataset": "fashion-mnist", "forget": ForgetRequest(label=0)}
    return {**found, "fashion-mnist 0, hybrid": fashion}


def measure(
    name: str, options: dict, seed: int, methods: Sequence[str], strengths: Sequence[str]
) -> Iterator[dict]:
    """Yield one row for the original, the oracle, and each method with each strength."""
    experiment = qmu.Experiment(**options)
    setup = Setup.load(experiment, seed)
    model = setup.build_model(training_backend(experiment, seed))
    setup.train(model)
    oracle = setup.unlearn("oracle", model)
    split, dear = setup.split, oracle.usage.gradient_evaluations
    best = {group: row_performance(oracle.model, getattr(split, group)) for group in GROUPS}

    def row(method: str, strength: str, made: torch.nn.Module) -> dict:
        own = {group: row_performance(made, getattr(split, group)) for group in GROUPS}
        gaps = {group: own[group].correct.mean() - best[group].correct.mean() for group in GROUPS}
        loss = own["forget"].losses.mean() - best["forget"].losses.mean()
        task = {"task": name, "kind": split.kind, "seed": seed}
        return {**task, "method": method, "strength": strength, **gaps, "forget_loss": float(loss)}

    def unlearned(method: str, strength: str, result: UnlearningResult) -> dict:
        chosen = None if result.choice is None else result.choice.to_dict()
        cost = result.usage.gradient_evaluations / dear
        passes = result.usage.forward_evaluations / dear
        return {
            **row(method, strength, result.model),
            "cost": cost,
            "passes": passes,
            "choice": chosen,
        }

    yield row("original", "", model)
    yield row("oracle", "", oracle.model) | {"cost": 1.0}

    def made(method: str, trials: int) -> UnlearningResult:
        settings = {**options["settings"], "strength.trials": trials}
        asked = qmu.Experiment(**{**options, "settings": settings})
        own = Setup(experiment=asked, seed=seed, dataset=setup.dataset, split=split)
        return own.unlearn(method, model)

    for method in methods:
        try:
            if "chosen" not in strengths:
                yield unlearned(method, "preset", made(method, 0))
                continue
            chosen = made(method, 8)
            # The first trial is the preset; most often it is what is chosen.
            alone = made(method, 0) if len(chosen.choice.trials) > 1 else chosen
            yield unlearned(method, "preset", alone) | {"choice": None}
            yield unlearned(method, "chosen", chosen)
        except NonFiniteError as error:
            yield {"task": name, "seed": seed, "method": method, "error": str(error)}


def table(rows: list[dict]) -> str:
    """Return means over seeds as Markdown, one line for each task and method."""
    groups: dict[tuple, list[dict]] = defaultdict(list)
    for row in rows:
        if "error" not in row:
            groups[row["task"], row["method"], row["strength"]].append(row)
    heads = ("task", "method", "strength", "Δ forget", "Δ retain", "Δ test forget")
    heads += ("Δ test retain", "Δ forget loss", "cost", "target")
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for (task, method, strength), own in groups.items():
        gaps = [f"{100 * np.mean([row[group] for row in own]):+.1f}" for group in GROUPS]
        loss = f"{np.mean([row['forget_loss'] for row in own]):+.2f}"
        cost = np.mean([row.get("cost", 0.0) for row in own])
        choices = [row["choice"] for row in own if row.get("choice")]
        reached = sum(choice["reached"] for choice in choices)
        target = f"{reached} of {len(choices)}" if choices else ""
        cells = (task, method, strength, *gaps, loss, f"{cost:.2f}", target)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the study, or print its table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="rows, one a line")
    parser.add_argument("--seeds", type=int, default=2, metavar="N", help="seeds (2)")
    parser.add_argument(
        "--seed", type=int, default=100, metavar="N", help="the first of them (100)"
    )
    parser.add_argument("--only", default="", metavar="WORD", help="tasks with this in their name")
    parser.add_argument("--classes", action="store_true", help="classes of the bundled datasets")
    parser.add_argument("--methods", default=",".join(METHODS), metavar="NAMES", help="methods")
    parser.add_argument("--preset", action="store_true", help="presets only")
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    text = options.out.read_text().splitlines() if options.out.exists() else []
    rows = [json.loads(line) for line in text]
    if options.table:
        print(table(rows))
        return
    done = {(row["task"], row["seed"]) for row in rows}
    with tempfile.TemporaryDirectory() as folder:
        cancer = f"{folder}/cancer.csv"
        load_breast_cancer(as_frame=True).frame.to_csv(cancer, index=False)
        for seed in range(options.seed, options.seed + options.seeds):
            for name, given in (classes() if options.classes else tasks(cancer)).items():
                if options.only in name and (name, seed) not in done:
                    asked = (
                        options.methods.split(","),
                        ("preset",) if options.preset else STRENGTHS,
                    )
                    found = list(measure(name, {"settings": {}, **given}, seed, *asked))
                    with options.out.open("a") as file:
                        file.writelines(json.dumps(row) + "\n" for row in found)
                    print(name, seed, "done", flush=True)


if __name__ == "__main__":
    main()
