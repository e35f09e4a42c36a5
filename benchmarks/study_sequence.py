"""Requests one after another on one model: how far it drifts from models retrained each time.

    python -m benchmarks.study_sequence --seeds 5

Four requests for 8 % of the rows of Iris that are left; each seed draws rows, weights and batches.
"""

import argparse
import json
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch

import qiskit_qmu as qmu
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import SequenceRow, unlearn_in_sequence
from qiskit_qmu.metrics import mean_interval
from qiskit_qmu.unlearning import FineTune, NegGradPlus

FIRST_SEED = 2000
TRAINER = qmu.Trainer(epochs=40, batch_size=16, learning_rate=0.03)
STRATEGIES = {
    "gd": FineTune(epochs=7, batch_size=16, learning_rate=0.03),
    "neggrad": NegGradPlus(epochs=3, batch_size=16, learning_rate=0.01),
}
REQUESTS = [ForgetRequest(fraction=0.08)] * 4


def rows_of(seed: int, strategy: str) -> tuple[SequenceRow, ...]:
    """Return the rows of one seed."""
    ds = qmu.load_dataset("iris", seed=seed)
    held_out = np.sort(stream(seed, "validation").permutation(len(ds.y_train))[:15])
    trained = np.setdiff1d(np.arange(len(ds.y_train)), held_out)
    model = qmu.BasicQNN(num_classes=3, num_qubits=4, num_layers=2, seed=seed)
    batches = stream(seed, "batches")
    TRAINER.fit(model, ds.x_train[trained], ds.y_train[trained], generator=batches)
    return unlearn_in_sequence(
        model,
        ds,
        REQUESTS,
        strategy=STRATEGIES[strategy],
        trainer=TRAINER,
        validation=held_out,
        seed=seed,
    ).rows


def table(found: dict[tuple[int, str], list[SequenceRow]]) -> str:
    """Return means over seeds with 95 % intervals, as Markdown."""
    lines = ["| request | model | Δ forgotten | Δ retained | Δ test | JS forgotten | cost |"]
    lines.append("|---" * 7 + "|")
    for (request, name), rows in found.items():
        points = [
            mean_interval([100 * getattr(row, key) for row in rows])
            for key in ("forget", "retain", "test")
        ]
        divergence = mean_interval([row.js_forget for row in rows])
        cells = [f"{each.value:+.1f} ± {each.spread:.1f}" for each in points]
        cells += [f"{divergence.value:.3f} ± {divergence.spread:.3f}"]
        cells += [f"{np.mean([row.cost for row in rows]):.2f}"]
        lines.append(f"| {request} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="repetitions (5)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="rows, one a line")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    found: dict[tuple[int, str], list[SequenceRow]] = defaultdict(list)
    for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
        for strategy in STRATEGIES:
            for row in rows_of(seed, strategy):
                is_own = row.method == "unlearned"
                if is_own or strategy == "gd":  # (the others are the same for both)
                    name = f"`{strategy}`" if is_own else row.method
                    found[row.request, name].append(row)
                if options.out is not None:
                    with options.out.open("a") as file:
                        file.write(json.dumps({"seed": seed, "strategy": strategy, **vars(row)}))
                        file.write("\n")
    print(table(dict(sorted(found.items(), key=lambda item: item[0][0]))))


if __name__ == "__main__":
    main()
