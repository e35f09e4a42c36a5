"""What strategies leave behind of single rows: U-LiRA over shadow models, beside retrained ones.

    python -m benchmarks.study_rows --out DIR --data digits --seeds 4
    python -m benchmarks.study_rows --out DIR --data mnist --seeds 4
    python -m benchmarks.study_rows --out DIR --data cancer --seeds 4
    python -m benchmarks.study_rows --out DIR --table
    python -m benchmarks.study_rows --design

A seed draws the rows, the halves of 64 shadow models, and all weights and batches. Each shadow
model is trained on half of the pool and forgets those of the audited rows that it was trained on.
A strategy that chooses by validation rows has rows of its own for that, on which no model was
trained; the test rows of the data are used by nothing. The accuracy is that on rows of the pool
that a model never saw and that are not audited. The same command continues where it was stopped.
"""

import argparse
import json
import math
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
import scipy
import torch
from sklearn.datasets import load_breast_cancer

import qiskit_qmu as qmu
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import choose_attack
from qiskit_qmu.data import Rows
from qiskit_qmu.metrics import Interval, equivalence_margin, is_equivalent, mutual_mean
from qiskit_qmu.shadows import (
    ShadowModels,
    accuracies,
    leave_one_out_attack,
    train_shadows,
    unlearn_shadows,
)
from qiskit_qmu.shadows.unlearned import forget_split
from qiskit_qmu.unlearning import PresetContext, UnlearningStrategy, make_strategy, preset_settings

MARGIN = 0.05
"""How far from ½ the AUC may lie: the margin of the audit."""

MOST_LOST = 0.02
"""Share of accuracy that may be lost against retrained models."""

FIRST_SEED = 2000
"""Nothing was chosen on seeds from here on."""


@final
@dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of data: how many rows the pool has, are audited, and are held out."""

    pool: int
    audited: int
    validation: int = 60

    def margin(self, shadows: int, seeds: int) -> float:
        """Return the margin within which a perfect strategy is shown to lie in 4 of 5 studies."""
        half = self.audited // 2
        return equivalence_margin(
            half, self.audited - half, num_models=shadows * seeds, mutual=True
        )


TASKS = {
    "digits": Task(pool=320, audited=16),
    "mnist": Task(pool=320, audited=16),
    "cancer": Task(pool=200, audited=20),
}
"""5 % of the images, and ten rows of the table in each model, which is trained on half the pool."""

TRAINER = qmu.Trainer(epochs=40, batch_size=16, learning_rate=0.03)

_EPOCHS = 7
"""Of 40: below a fifth of what retraining takes."""

METHODS: dict[str, tuple[str, dict[str, Any]]] = {
    "noop": ("noop", {}),
    "oracle": ("oracle", {}),
    "gd": ("gd", {"epochs": _EPOCHS, "batch_size": 16}),
    "gd, larger steps": ("gd", {"epochs": _EPOCHS, "batch_size": 16, "learning_rate": 0.1}),
    "eu-k": ("eu-k", {}),
    "eu-k, all layers": ("eu-k", {"variant": "hqml", "epochs": _EPOCHS}),
    "neggrad": ("neggrad", {}),
    "scrub-r": ("scrub-r", {}),
    "ga-r": ("ga-r", {}),
}
"""Methods by the name in the table, with what replaces the preset."""


def load(name: str, task: Task, seed: int) -> tuple[Rows, Rows]:
    """Return the pool and the validation rows, apart."""
    size = task.pool + task.validation
    if name == "cancer":
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/cancer.csv"
            load_breast_cancer(as_frame=True).frame.to_csv(path, index=False)
            rows = qmu.read_table(path, label="target", test=0.3, train_size=size, seed=seed).train
    else:
        rows = qmu.load_dataset(name, train_size=size, seed=seed).train
    order = stream(seed, "pool").permutation(size)
    return rows.take(np.sort(order[: task.pool])), rows.take(np.sort(order[task.pool :]))


def strategies(data: str) -> Iterator[tuple[str, UnlearningStrategy]]:
    """Yield the methods with their names."""
    presets = preset_settings(
        PresetContext.of_training(TRAINER, dataset=data, model="basic", kind="instances")
    )
    for name, (method, settings) in METHODS.items():
        own = {**presets, method: {**presets.get(method, {}), **settings}}
        yield name, make_strategy(method, own, TRAINER)


def measure(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row for each seed and method that is missing."""
    task = TASKS[options.data]
    done = {(row["data"], row["seed"], row["method"]) for row in rows_of(options.out)}
    for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
        missing = [
            (name, strategy)
            for name, strategy in strategies(options.data)
            if name in options.methods.split(";") and (options.data, seed, name) not in done
        ]
        if not missing:
            continue
        pool, validation = load(options.data, task, seed)
        classes = len(np.unique(pool.y))
        kind = qmu.BasicQNN(
            num_classes=classes, num_qubits=4, num_layers=3, preprocess=options.data == "cancer"
        )
        shadows = train_shadows(
            kind,
            pool,
            count=options.shadows,
            trainer=TRAINER,
            audited=range(task.audited),
            seed=seed,
            folder=options.out / f"{options.data}-{seed}",
            workers=1,
        )
        for name, strategy in missing:
            row = {"data": options.data, "seed": seed, "method": name}
            yield row | after(shadows, strategy, task, validation)


def after(
    shadows: ShadowModels[Any], strategy: UnlearningStrategy, task: Task, validation: Rows
) -> dict[str, Any]:
    """Return AUC and accuracy of each shadow model after a strategy, and what it costs."""
    audited = np.arange(len(shadows.pool)) < task.audited
    unlearned = unlearn_shadows(
        shadows,
        strategy,
        np.flatnonzero(audited),
        validation=validation,
        seed=shadows.seed,
        workers=1,
    )
    half = len(shadows) // 2 - 1
    found = leave_one_out_attack(unlearned.references(), choose_attack(outside=half, inside=half))
    right = accuracies(unlearned.observations, ~unlearned.included & ~audited)
    return {
        "aucs": found.model_aucs.tolist(),
        "accuracies": [] if right is None else right.tolist(),
        "cost": cost(shadows, strategy, audited, validation),
    }


def cost(
    shadows: ShadowModels[Any], strategy: UnlearningStrategy, audited: Any, validation: Rows
) -> float:
    """Return gradient evaluations relative to retraining, of the first models."""
    shares = []
    for number in range(_MODELS_OF_COST):
        split = forget_split(shadows, number, audited, validation=validation)
        used = strategy(shadows.models[number], split, generator=number).usage
        shares.append(used.gradient_evaluations / (TRAINER.epochs * len(split.retain)))
    return float(np.mean(shares))


_MODELS_OF_COST = 2


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as Markdown, all seeds of a method together."""
    lines = ["| data | method | AUC | accuracy − retrained | cost | forgotten | AUC by seed |"]
    lines.append("|---" * 7 + "|")
    for data in dict.fromkeys(row["data"] for row in rows):
        own = [row for row in rows if row["data"] == data]
        twins = {row["seed"]: row["accuracies"] for row in own if row["method"] == "oracle"}
        for method in METHODS:
            seeds = [row for row in own if row["method"] == method and row["seed"] in twins]
            if not seeds:
                continue
            aucs = [mutual_mean(np.reshape(row["aucs"], (-1, 2))) for row in seeds]
            auc = over_seeds(aucs)
            lost = np.concatenate(
                [np.subtract(row["accuracies"], twins[row["seed"]]) for row in seeds]
            ).reshape(-1, 2)
            kept = mean_of_pairs(lost.mean(axis=1))
            passes = is_equivalent(auc, margin=MARGIN) and kept.low > -MOST_LOST
            cells = [
                data,
                f"`{method}`",
                f"{auc.value:.3f} [{auc.low:.3f}, {auc.high:.3f}]",
                f"{100 * kept.value:+.1f} [{100 * kept.low:+.1f}, {100 * kept.high:+.1f}]",
                f"{np.mean([row['cost'] for row in seeds]):.2f}",
                "yes" if passes else "no",
                ", ".join(f"{each.value:.3f}" for each in aucs),
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def over_seeds(aucs: list[Interval]) -> Interval:
    """Return the mean of the AUCs of independent studies, of which each has its interval.

    It is an interval for the rows of these studies: of how AUCs differ between rows, so few seeds
    could say little.
    """
    level, seeds = aucs[0].level, len(aucs)
    mean = float(np.mean([each.value for each in aucs]))
    arm = math.sqrt(sum((each.high - each.value) ** 2 for each in aucs)) / seeds
    return Interval(mean, low=mean - arm, high=mean + arm, level=level)


def mean_of_pairs(differences: Any, level: float = 0.95) -> Interval:
    """Return Student's interval over pairs of models, which share their pool between them."""
    mean, error = differences.mean(), scipy.stats.sem(differences)
    arm = error * scipy.stats.t.ppf((1 + level) / 2, len(differences) - 1)
    return Interval(mean, low=mean - arm, high=mean + arm, level=level)


def rows_of(out: Path) -> list[dict[str, Any]]:
    """Return the rows that are there."""
    path = out / "rows.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def design() -> str:
    """Return the margins that designs can show, as Markdown."""
    lines = ["| data | audited rows | 1 seed | 2 seeds | 3 seeds | 4 seeds |", "|---" * 6 + "|"]
    for data, task in TASKS.items():
        margins = [f"{task.margin(64, seeds):.3f}" for seeds in (1, 2, 3, 4)]
        lines.append("| " + " | ".join([data, str(task.audited), *margins]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the study, or print its table or its design."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of models and rows.jsonl")
    parser.add_argument("--data", choices=tuple(TASKS), default="digits")
    parser.add_argument("--seeds", type=int, default=4, metavar="N", help="draws of rows (4)")
    parser.add_argument("--shadows", type=int, default=64, metavar="N", help="models of each (64)")
    parser.add_argument(
        "--methods", default=";".join(METHODS), metavar="A;B;…", help="rows of the table (all)"
    )
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    parser.add_argument("--design", action="store_true", help="print what designs can show")
    options = parser.parse_args()
    if options.design:
        print(design())
        return
    if options.out is None:
        parser.error("--out is needed")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if not options.table:
        options.out.mkdir(parents=True, exist_ok=True)
        for row in measure(options):
            with (options.out / "rows.jsonl").open("a") as file:
                file.write(json.dumps(row) + "\n")
    print(table(rows_of(options.out)))


if __name__ == "__main__":
    main()
