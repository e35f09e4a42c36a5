"""Show a saved model: what it is, which rows it was trained on, and what it has forgotten."""

import argparse
from typing import Any

from qiskit_qmu.cli.options import add_saved_model
from qiskit_qmu.cli.result import add_result_options, print_result
from qiskit_qmu.deletions.model_folder import are_exact

SUMMARY = "show what a saved model is and what it has forgotten"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_saved_model(parser, "folder of a saved model")
    add_result_options(parser)


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    from qiskit_qmu.experiments import describe_exact, describe_model  # (help must not load it)

    exact = are_exact([options.model])
    shown = describe_exact(options.model) if exact else describe_model(options.model)
    lines = _of_exact if exact else _of_network
    print_result(options, shown, lambda: "\n".join(_aligned(lines(shown))))


def _aligned(lines: dict[str, str]) -> list[str]:
    return [f"{name + ':':12s}{text}" for name, text in lines.items()]


def _of_network(shown: dict[str, Any]) -> dict[str, str]:
    quantum, classical = (shown["parameters"][part] for part in ("quantum", "classical"))
    return {
        "model": f"{shown['model']}: {shown['kind']}, {_structure(shown)}",
        **({"inputs": shown["circuit_inputs"]} if shown["circuit_inputs"] else {}),
        "parameters": f"{quantum:,} of circuits, {classical:,} others; {shown['bytes']:,} bytes",
        **_classes(shown),
        "rows": _rows(shown),
        "training": _pairs(shown["training"]) or "with the default hyperparameters",
        **_privacy(shown),
        "forgotten": _forgotten(shown),
        "backend": _backend(shown),
        "versions": _versions(shown),
    }


def _of_exact(shown: dict[str, Any]) -> dict[str, str]:
    budget = shown["budget"]
    how = "exactly, as if fitted without them"
    if budget is not None:
        how = (
            f"within a budget of (ε, δ) = ({budget['epsilon']:g}, {budget['delta']:g}), of which "
            f"ε {budget['spent']:.3g} is spent"
        )
    return {
        "model": f"{shown['model']}: {shown['exact']}, {shown['kind']} of "
        f"{shown['num_features']} features on {shown['num_qubits']} qubits",
        "settings": _pairs(shown["settings"]),
        **_classes(shown),
        "rows": _rows(shown),
        "holds": f"the rows it knows, in clear; {shown['bytes']:,} bytes",
        "deletes": how,
        "forgotten": _forgotten(shown),
        "versions": _versions(shown),
    }


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


def _forgotten(shown: dict[str, Any]) -> str:
    steps = [_step(number, step) for number, step in enumerate(shown["forgotten"], start=1)]
    return "; ".join(steps) or "nothing"


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


def _versions(shown: dict[str, Any]) -> str:
    return _pairs(shown["versions"] or {}) or "not recorded"


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
