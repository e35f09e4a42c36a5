"""Results: a tiny real run, and a made-up one with its keys that has whatever a test needs.

The made-up one is shaped like Table 2 of arXiv:2509.06086. It is a real row with other numbers in
it, so that no test can lean on a key that no run writes.
"""

import json

import numpy as np
import pytest

from qiskit_qmu.evaluation import interval_row
from qiskit_qmu.experiments import Experiment, run_experiment
from qiskit_qmu.metrics import Interval, difference_interval

# forget train, retain train, member rate, control, shift of the members' scores, JS, cost
_CLASS = {
    "original": (0.61, 0.60, 0.95, 0.78, 0.35, 0.210, 0),
    "oracle": (0.00, 0.64, 0.05, 0.05, 0.0, 0.0, 18000),
    "gd": (0.02, 0.63, 0.23, 0.21, 0.10, 0.031, 1800),
    "ga": (0.00, 0.54, 0.07, 0.06, -0.25, 0.092, 120),
    "ga-r": (0.00, 0.63, 0.01, 0.02, -0.05, 0.021, 1200),
    "ssd": (0.00, 0.15, 0.06, 0.05, -0.10, 0.330, 460),
    "ssd-r": (0.00, 0.47, 0.00, 0.01, 0.0, 0.120, 1030),
    "rga": (0.02, 0.60, 0.03, 0.02, -0.15, 0.044, 550),
    "rga-r": (0.00, 0.61, 0.00, 0.00, 0.02, 0.012, 920),
}
_INSTANCES = {
    "original": (0.78, 0.77, 0.66, 0.52, 0.40, 0.041, 0),
    "oracle": (0.66, 0.77, 0.51, 0.51, 0.0, 0.0, 20000),
    "gd": (0.73, 0.78, 0.60, 0.52, 0.25, 0.024, 2000),
    "ga": (0.21, 0.52, 0.12, 0.30, -0.60, 0.190, 60),
    "ga-r": (0.60, 0.73, 0.44, 0.49, -0.15, 0.031, 900),
    "ssd": (0.55, 0.61, 0.40, 0.43, -0.10, 0.090, 2010),
    "ssd-r": (0.63, 0.72, 0.49, 0.50, 0.0, 0.028, 2800),
    "rga": (0.48, 0.66, 0.38, 0.44, -0.20, 0.077, 2080),
    "rga-r": (0.64, 0.74, 0.50, 0.51, 0.03, 0.022, 2900),
}
_VERDICTS = {
    "original": "remembered",
    "oracle": "forgotten",
    "gd": "remembered",
    "ga": "over-forgotten",
    "ga-r": "forgotten",
    "ssd": "utility lost",
    "ssd-r": "utility lost",
    "rga": "remembered",
    "rga-r": "forgotten",
}
_EXAMPLES = 92


def _wilson(rate, count):
    z = 1.96
    centre = (rate + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(rate * (1 - rate) / count + z * z / (4 * count**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def _put(row, key, rate, count):
    row[key] = float(rate)
    row[f"{key}_low"], row[f"{key}_high"] = map(float, _wilson(rate, count))


def _put_difference(row):
    names = [f"mia_paper_{part}" for part in ("rate", "control")]
    rate, control = (Interval(*(row[f"{n}{end}"] for end in ("", "_low", "_high"))) for n in names)
    excess = difference_interval(rate, control)
    row |= interval_row({"mia_paper_excess": excess, "reference_auc": None})


def _share(generator, rate, count):
    return generator.binomial(count, rate) / count


def build_sample(template, kind="class", seeds=3, methods=None):
    """Return (rows, scores) as an experiment would hand them over, with the keys of a real row."""
    generator = np.random.default_rng(7)
    rows, scores = [], []
    table = _CLASS if kind == "class" else _INSTANCES
    for seed in range(seeds):
        for method, (forget, retain, rate, control, shift, distance, cost) in table.items():
            row = {**template, "method": method, "seed": seed, "num_classes": 10}
            row["largest_change"] = 0.0 if method == "original" else 0.3
            for key, value, count in (
                ("acc_forget_train", forget, _EXAMPLES),
                ("acc_forget_test", 0.92 * forget, 50),
                ("acc_retain_train", retain, 908),
                ("acc_retain_test", 0.94 * retain, 450),
                ("mia_paper_rate", rate, _EXAMPLES),
                ("mia_paper_control", control, 50),
            ):
                _put(row, key, _share(generator, value, count), count)
            _put_difference(row)
            members = generator.normal(shift, 1.0, _EXAMPLES)
            nonmembers = generator.normal(0.0, 1.0, 50)
            auc = float(np.mean(members[:, None] > nonmembers[None, :]))
            row |= {"mia_auc": auc, "mia_auc_low": auc - 0.09, "mia_auc_high": auc + 0.09}
            for key, factor in (("js_oracle_forget", 1.1), ("js_oracle_retain", 0.4)):
                value = factor * distance * generator.uniform(0.9, 1.1)
                row |= {key: value, f"{key}_low": 0.8 * value, f"{key}_high": 1.3 * value}
            row |= {
                "seconds": 0.02 * cost * generator.uniform(0.9, 1.1),
                "gradient_evaluations": cost,
                "circuits": cost * 241,
                "shots": 0,
                "quantum_parameters": 100,
                "classical_parameters": 110,
            }
            row["verdict"] = _VERDICTS[method]
            row["verdict_reason"] = "as the numbers say"
            row["decided_by"] = "acc_forget_train" if kind == "class" else "mia_auc"
            assert row.keys() == template.keys()
            rows.append(row)
            scores.append(
                {
                    "method": method,
                    "seed": seed,
                    "members": members.tolist(),
                    "nonmembers": nonmembers.tolist(),
                    "member_strata": _labels(kind, len(members)),
                    "nonmember_strata": _labels(kind, len(nonmembers)),
                }
            )
    chosen = set(methods or table)
    return (
        [row for row in rows if row["method"] in chosen],
        [entry for entry in scores if entry["method"] in chosen],
    )


def _labels(kind, count):
    return [4] * count if kind == "class" else [index % 3 for index in range(count)]


@pytest.fixture(scope="session", params=["class", "instances"])
def kind(request):
    return request.param


@pytest.fixture(scope="session")
def real(tmp_path_factory):
    """Return what a run wrote: results.json, its records' scores and its page."""
    folder = tmp_path_factory.mktemp("run")
    settings = {"trainer.epochs": 1, "model.num_layers": 1, "ga.learning_rate": 0.003}
    experiment = Experiment(
        dataset="iris", model="basic", train_size=40, test_size=30, methods=("noop",),
        settings=settings,
    )  # fmt: skip
    run_experiment(experiment, folder, workers=1)
    records = (folder / "records.jsonl").read_text().splitlines()
    return {
        **json.loads((folder / "results.json").read_text()),
        "scores": [json.loads(record)["scores"] for record in records],
        "page": (folder / "report.html").read_text(),
    }


@pytest.fixture(scope="session")
def build(real):
    def built(kind="class", seeds=3, methods=None):
        return build_sample(real["rows"][0], kind, seeds, methods)

    return built


@pytest.fixture
def sample(build, kind):
    return build(kind)


@pytest.fixture(scope="session")
def config(real):
    return real["config"]


@pytest.fixture(scope="session")
def environment(real):
    return real["environment"]
