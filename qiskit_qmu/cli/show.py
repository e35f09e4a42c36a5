"""Show a saved model: what it is, which rows it was trained on, and what it has forgotten."""

import argparse
from typing import Any

from qiskit_qmu.cli.options import add_saved_model
from qiskit_qmu.cli.result import add_result_options, print_result

SUMMARY = "show what a saved model is and what it has forgotten"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder of a saved model")
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import describe_model  # (help must not load it)

    shown = describe_model(options.model)
    print_result(options, shown, lambda: "\n".join(_lines(shown)))


def _lines(shown: dict[str, Any]) -> list[str]:
    quantum, classical = (shown["parameters"][part] for part in ("quantum", "classical"))
    lines = {
        "model": f"{shown['model']}: {shown['kind']}, {_structure(shown)}",
        "parameters": f"{quantum:,} of circuits, {classical:,} others; {shown['bytes']:,} bytes",
        **_classes(shown),
        "rows": _rows(shown),
        "training": _pairs(shown["training"]) or "with the default hyperparameters",
        **_privacy(shown),
        "forgotten": "nothing",
        "backend": _backend(shown),
        "versions": _pairs(shown["versions"] or {}) or "not recorded",
    }
    steps = [_step(number, step) for number, step in enumerate(shown["forgotten"], start=1)]
    if steps:
        lines["forgotten"] = "; ".join(steps)
    return [f"{name + ':':12s}{text}" for name, text in lines.items()]


def _classes(shown: dict[str, Any]) -> dict[str, str]:
    if shown["num_classes"] is None:
        return {"predicts": "values"}
    names = shown["class_names"] or range(shown["num_classes"])
    return {"classes": ", ".join(map(str, names))}


def _structure(shown: dict[str, Any]) -> str:
    if "factory" in shown:
        made = "a network" if shown["factory"] is None else f"made by {shown['factory']['name']}"
        returned = shown.get("outputs") or ("values" if shown["num_classes"] is None else "logits")
        return f"{made}, {shown['num_qubits']} qubits, outputs {returned}"
    if "shards" in shown:
        each = _structure(shown["model"])
        return f"{shown['shards']} shards of {shown['slices']} slices, a model each: {each}"
    return (
        f"{shown['num_qubits']} qubits, {shown['num_layers']} layers, encoding "
        f"{shown['encoding']}, readout {shown['readout']}"
    )


def _rows(shown: dict[str, Any]) -> str:
    rows = shown["rows"]
    if rows is None:
        return "not recorded: commands need --dataset, and count all training rows as trained on"
    source = (shown["source"] or {}).get("dataset", "arrays (name a file by --dataset)")
    known = "" if rows["known"] == rows["trained"] else f", {rows['known']:,} of them still known"
    return (
        f"trained on {rows['trained']:,} of {source}{known}; {rows['validation']:,} held out, "
        f"{rows['test']:,} never seen; digest {rows['digest']}"
    )


def _step(number: int, step: dict[str, Any]) -> str:
    what = "" if step["class"] is None else f", class {step['class']}"
    return f"{number}. {step['rows']:,} rows{what} by {step['strategy']}"


def _privacy(shown: dict[str, Any]) -> dict[str, str]:
    found = shown.get("privacy")
    if not found:
        return {}
    epsilon = "without bound" if found["epsilon"] is None else f"{found['epsilon']:.3g}"
    return {"privacy": f"differential privacy, ε {epsilon} at δ {found['delta']:.3g}"}


def _backend(shown: dict[str, Any]) -> str:
    if shown["backend"] is None:
        return "not recorded"
    shots = "exact values" if shown["shots"] is None else f"{shown['shots']:,} shots"
    return f"{shown['backend']}, {shots}"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
