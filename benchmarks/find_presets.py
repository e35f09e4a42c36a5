"""Search a method's hyperparameters again, on the tasks that presets were chosen on.

    python -m benchmarks.find_presets --method neggrad --kind class --trials 20

The preset is the first trial. What is found is printed beside it, and is only a proposal: it counts
if it is better on other classes, seeds and datasets, see `study_strength.py`.
"""

import argparse
import json
import warnings

import torch

import qiskit_qmu as qmu
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import Setup
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.unlearning import METHODS, tune

CLASSES = (("iris", 1, {}), ("iris", 2, {}), ("digits", 4, {"train_size": 300}))
CLASSES += (("digits", 8, {"train_size": 300}),)


def tasks(model: str, kind: str, method: str) -> tuple[list, qmu.unlearning.UnlearningStrategy]:
    """Return trained models with their splits, and the strategy with its preset on the first."""
    found, strategies = [], []
    for seed, (dataset, label, sizes) in enumerate(CLASSES):
        forget = ForgetRequest(label=label) if kind == "class" else ForgetRequest(fraction=0.05)
        experiment = qmu.Experiment(dataset=dataset, model=model, forget=forget, **sizes)
        setup = Setup.load(experiment, seed)
        trained = setup.build_model(training_backend(experiment, seed))
        setup.train(trained)
        found.append((trained, setup.split))
        strategies.append(setup.strategy(method))
    return found, strategies[0]


def main() -> None:
    """Print the preset, what was found, and both objectives."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--method", choices=tuple(METHODS), required=True, metavar="NAME")
    parser.add_argument("--model", choices=("basic", "hybrid"), default="hybrid")
    parser.add_argument("--kind", choices=("class", "instances"), default="class")
    parser.add_argument("--trials", type=int, default=20, metavar="N", help="trials (20)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the search (0)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    trained, strategy = tasks(options.model, options.kind, options.method)
    found = tune(strategy, trained, trials=options.trials, seed=options.seed)
    preset = {own.name: own.value for own in strategy.ranges(options.kind)}
    print(f"preset {json.dumps(preset)}: {found.given_value:.4g}")
    print(f"found  {json.dumps(found.settings)}: {found.value:.4g}")


if __name__ == "__main__":
    main()
