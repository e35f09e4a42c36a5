"""Fisher diagonals from shots beside exact ones: their bias, and how well they rank parameters.

    python -m benchmarks.study_fisher_shots

It takes a minute and a half of one core. For six models of a study of shots it prints the sum of
the diagonals over all angles, and over all weights of the head, as a multiple of the exact sum, and
Spearman's correlation of the ratio I_forget / I_retain with the exact one; from squared gradients
and from products of two. Each is the mean of five draws; in brackets stand 95 % intervals over the
models.
"""

from dataclasses import replace

import numpy as np
import scipy
import torch

from qiskit_qmu.backends import open_backend
from qiskit_qmu.experiments.shots.study.study import QUICK_STUDY
from qiskit_qmu.experiments.shots.study.target import StudyTarget
from qiskit_qmu.metrics import mean_interval
from qiskit_qmu.unlearning import fisher_diagonal, unbiased_fisher

STUDY = replace(QUICK_STUDY, models=("basic",), train_size=100, device=None)
MODELS, DRAWS, SHOTS = 6, 5, (1, 16, 256, 4096)
NAMES = ("retain", "retain, product", "forget", "forget, product", "rank", "rank, product")


def flat(diagonal: dict[str, torch.Tensor]) -> np.ndarray:
    """Return all values of a diagonal."""
    return np.concatenate([values.numpy().ravel() for values in diagonal.values()])


def numbers_of(model: torch.nn.Module, parts: tuple, which: str, shots: int) -> list[float]:
    """Return the six numbers of one model, by one draw of all shots for each."""
    retain, forget = (flat(fisher_diagonal(model, rows, part=which)[0]) for rows in parts)
    rows = []
    for draw in range(DRAWS):
        measured = model.on(open_backend("exact", shots=shots, seed=draw))
        kept, own = (flat(fisher_diagonal(measured, each, part=which)[0]) for each in parts)
        kept_twice, own_twice = (unbiased_fisher(measured, each, part=which) for each in parts)
        used = flat(own_twice.at_least_zero()) / flat(kept_twice.at_least_error())
        ranks = [scipy.stats.spearmanr(forget / retain, ratio)[0] for ratio in (own / kept, used)]
        sums = (kept, retain), (flat(kept_twice.diagonal), retain)
        sums += (own, forget), (flat(own_twice.diagonal), forget)
        rows.append([*(found.sum() / exact.sum() for found, exact in sums), *ranks])
    return [float(value) for value in np.mean(rows, axis=0)]


def main() -> None:
    """Print a table."""
    torch.set_num_threads(1)
    targets = [StudyTarget(STUDY, "digits", "basic", number) for number in range(MODELS)]
    models = [target.trained(None) for target in targets]
    parts = [(target.setup.split.retain, target.setup.split.forget) for target in targets]
    print(f"| parameters | shots | {' | '.join(NAMES)} |\n|{'---|' * (2 + len(NAMES))}")
    for which, name in (("quantum", "angles"), ("classical", "head")):
        for shots in SHOTS:
            every = [
                numbers_of(model, own, which, shots)
                for model, own in zip(models, parts, strict=True)
            ]
            cells = [mean_interval(column) for column in np.array(every).T]
            texts = [f"{each.value:.2f} ({each.low:.2f} to {each.high:.2f})" for each in cells]
            print(f"| {name} | {shots:,} | {' | '.join(texts)} |", flush=True)


if __name__ == "__main__":
    main()
