"""What `--dry-run` prints of a plan."""

from typing import Any


def plan_text(plan: dict[str, Any]) -> str:
    """Return a plan of `qiskit_qmu.experiments` in words."""
    rows, parameters, trainer = plan["rows"], plan["parameters"], plan["trainer"]
    classes = plan["num_classes"]
    answers = "a regression target" if classes is None else f"{classes} classes"
    lines = [
        f"rows:      {rows['train']:,} of {plan['dataset']} to train on, {rows['validation']:,} "
        f"held out, {rows['test']:,} never seen; {answers}",
        f"model:     {plan['model']}, {parameters['quantum']:,} parameters of circuits, "
        f"{parameters['classical']:,} others",
        f"training:  {trainer['epochs']} epochs in batches of {trainer['batch_size']}, at most "
        f"{plan['training_circuits']:,} circuits of a device; again for each retrained model",
    ]
    if "methods" in plan:
        shots = "exact values" if plan["shots"] is None else f"{plan['shots']:,} shots each"
        lines += [
            f"forget:    {plan['forget']:,} rows by {', '.join(plan['methods'])}",
            f"observing: {plan['observing_circuits']:,} circuits on {plan['backend']}, {shots}",
            f"seeds:     {plan['seeds']}; all numbers are those of one",
        ]
    return "\n".join([*lines, "nothing was run or written"])
