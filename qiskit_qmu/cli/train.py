"""Train a model and save it with the indices and digests of its training rows.

The models kernel-ridge and kernel-svm (on a quantum kernel) and certified (a frozen circuit with a
convex head) delete rows by themselves: `qmu request` of them needs no strategy. Their settings are
--set model.alpha=… and model.bandwidth=…, or those of the certified model.
"""

import argparse
import math
import sys
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu.cli.device_options import add_shots
from qiskit_qmu.cli.dry_run import plan_text
from qiskit_qmu.cli.options import (
    SHORTCUT_KEYS,
    add_data_options,
    add_setting_options,
    make_experiment,
    settings_of,
)
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.cli.trained_text import trained_content, trained_text
from qiskit_qmu.deletions.model_folder import EXACT_MODELS
from qiskit_qmu.runs.display import progress_display

SUMMARY = "train and save a model"

_LINES = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--out", required=True, metavar="MODEL", help="folder of the model")
    add_data_options(parser, exact=True)
    add_shots(parser)
    add_setting_options(parser)
    add_result_options(parser, dry_run=True, overwrites="a model")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "model.json")
    if options.model in EXACT_MODELS:
        _train_exact(options)
        return
    experiment = make_experiment(options)
    from qiskit_qmu.experiments import train_and_save, training_plan, writable_folder

    if options.dry_run:
        plan = training_plan(experiment, options.data_dir)
        print_result(options, plan, lambda: plan_text(plan))
        return
    with progress_display(quiet=options.quiet) as show, writable_folder(options.out) as folder:

        def progress(epoch: int, epochs: int, loss: float) -> None:
            tenth = (_LINES * epoch) // epochs > (_LINES * (epoch - 1)) // epochs
            if tenth or sys.stderr.isatty():  # (a log needs no line for each epoch)
                show(f"epoch {epoch} of {epochs}, loss {loss:.4f}", epoch / epochs)

        provenance = train_and_save(
            experiment, folder, data_dir=options.data_dir, progress=progress
        )
    options.written = options.out
    content = {
        **trained_content(options.out, provenance),
        "losses": provenance["losses"],
    }
    private = provenance.get("privacy")
    if private is not None:
        content["privacy"] = private
    inputs = provenance.get("circuit_inputs")
    if inputs:
        content["circuit_inputs"] = inputs
    text = trained_text(options.out, provenance["scores"])
    text += (f"; its circuit takes {inputs}" if inputs else "") + _guarantee(private)
    print_result(options, content, text)


def _train_exact(options: argparse.Namespace) -> None:
    """Train a model that deletes rows by itself.

    Raises:
        InputError: If an option does not fit it.
    """
    for name in ("config", "dry_run", "shots", "outputs", "scale"):
        if getattr(options, name):
            raise InputError(
                f"--{name.replace('_', '-')} cannot be given with --model {options.model}"
            )
    settings = {}
    for key, value in settings_of(options).items():
        stage, _, name = key.partition(".")
        if stage != "model":
            raise InputError(f"model {options.model} has no {key}; its settings are model.NAME")
        settings[name] = value
    none = dict.fromkeys(SHORTCUT_KEYS)
    rows = argparse.Namespace(**{**vars(options), **none, "model": "basic", "set": []})
    experiment = make_experiment(rows)
    from qiskit_qmu.experiments import train_exact, writable_folder

    with writable_folder(options.out) as folder:
        kept = train_exact(
            experiment, options.model, folder, settings=settings, data_dir=options.data_dir
        )
    options.written = options.out
    content = trained_content(options.out, kept)
    print_result(options, content, trained_text(options.out, kept["scores"]))


def _guarantee(private: dict[str, Any] | None) -> str:
    if private is None:
        return ""
    from qiskit_qmu.training import PrivacySpent  # (slow to load)

    epsilon = private["epsilon"]
    spent = PrivacySpent(**{**private, "epsilon": math.inf if epsilon is None else epsilon})
    return f"; private to {spent}"


def when_stopped(_options: argparse.Namespace) -> str:
    """Return what happened to the model."""
    return "nothing was saved"
