"""What a report rests on besides its numbers: rows, request and recipe, for others to check."""

import math
from collections.abc import Mapping
from typing import Any

import torch

from qiskit_qmu.experiments.configuration.config_values import described
from qiskit_qmu.experiments.configuration.model_building import preprocesses
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.models.encoded_inputs import inputs_in_words
from qiskit_qmu.report.evidence import few_or_digest, forgotten_evidence, now

RunEvidence = dict[str, dict[str, Any]]


def run_evidence(
    setup: Setup,
    model: torch.nn.Module,
    splits: Mapping[int, Mapping[str, Any]],
    call: str = "",
) -> RunEvidence:
    """Return the evidence of a run, as JSON values by heading and name.

    Args:
        setup: The first repetition.
        model: Its untrained model.
        splits: What `ForgetSplit.to_dict` gives of each repetition, by its seed.
        call: The command, or the call in Python.
    """
    experiment = setup.experiment
    return {
        "Run": {
            "called as": call,
            "finished": now(),
            "seeds": list(splits),
        },
        "Rows": _rows(setup),
        "What was forgotten": {
            "request": experiment.request.to_dict(),
            **{
                name if len(splits) == 1 else f"{name}, seed {seed}": value
                for seed, split in splits.items()
                for name, value in forgotten_evidence(split).items()
            },
        },
        "Model": {"kind": experiment.model, **_inputs(setup, model), **_model(setup, model)},
        "Training of original and oracle": _training(setup),
        "Strategies": {
            method: described(setup.strategy(method)) for method in experiment.all_methods[1:]
        },
    }


def _training(setup: Setup) -> dict[str, Any]:
    trainer, rows = setup.trainer, len(setup.split.train)
    shown: dict[str, Any] = described(trainer)
    if trainer.privacy is not None:
        spent = trainer.privacy.spent(rows, trainer.batch_size, trainer.epochs)
        shown["guarantee of the original"] = str(spent)
    return shown


def _inputs(setup: Setup, model: torch.nn.Module) -> dict[str, str]:
    words = inputs_in_words(model, math.prod(setup.dataset.input_shape))
    return {"circuit inputs": words} if words else {}


def _model(setup: Setup, model: torch.nn.Module) -> dict[str, Any]:
    config = described(getattr(model, "config", None))
    return config if isinstance(config, dict) else dict(setup.preset.model)


def _rows(setup: Setup) -> dict[str, Any]:
    experiment, ds = setup.experiment, setup.dataset
    names = None if ds.feature_names is None else list(ds.feature_names)
    return {
        "source": experiment.dataset,
        "SHA-256 of the files": experiment.source_digest,
        "training rows": len(ds.y_train),
        "never-seen rows": len(ds.y_test),
        "test": experiment.test,
        "shape of a row": list(ds.input_shape),
        "features": few_or_digest(names) or f"{math.prod(ds.input_shape)}, without names",
        "label": experiment.label_column,
        "ids": experiment.id_column,
        "classes": None if ds.class_names is None else list(ds.class_names),
        "number of classes": ds.num_classes,
        "read with": list(ds.remarks),
        "missing values and scaling": _preparation(setup),
    }


def _preparation(setup: Setup) -> str:
    fitted = "fitted to the rows that a model trains on, anew for the oracle, and part of the model"
    if preprocesses(setup.experiment, setup.dataset):
        return f"medians for missing values, standard scaling of features; {fitted}"
    return f"as the model scales its inputs; {fitted}"
