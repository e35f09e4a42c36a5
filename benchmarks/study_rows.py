"""What strategies leave behind of single rows: U-LiRA over shadow models, beside retrained twins.

    python -m benchmarks.study_rows --out rows.jsonl --data digits --shadows 64
    python -m benchmarks.study_rows --out rows.jsonl --table

5 % of the pool are audited; each shadow model is trained on half of it and forgets those of them
that it was trained on. "within 0.05" says that the 95 % interval of the AUC lies between 0.45 and
0.55. The first row does nothing. Null: what the same test finds in retrained twins.
"""

import argparse
import json
import tempfile
import warnings
from pathlib import Path

import torch
from sklearn.datasets import load_breast_cancer

import qiskit_qmu as qmu
from qiskit_qmu.auditing import strategy_test
from qiskit_qmu.data import Dataset
from qiskit_qmu.shadows import train_shadows
from qiskit_qmu.unlearning import METHODS, PresetContext, make_strategy, preset_settings

METHODS_OF_ROWS = ("noop", "gd", "neggrad", "scrub-r", "ga-r", "eu-k", "reset-k")
MARGIN = 0.05


def load(name: str, pool: int) -> Dataset:
    """Return a dataset with a pool of so many training rows."""
    if name != "cancer":
        return qmu.load_dataset(name, train_size=pool)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/cancer.csv"
        load_breast_cancer(as_frame=True).frame.to_csv(path, index=False)
        return qmu.read_table(path, label="target", test=0.3, train_size=pool)


def measure(options: argparse.Namespace) -> list[dict]:
    """Return a row for each method."""
    data = load(options.data, options.pool)
    kind = qmu.BasicQNN(
        num_classes=data.num_classes,
        num_qubits=options.qubits,
        num_layers=options.layers,
        preprocess=options.data == "cancer",
    )
    trainer = qmu.Trainer(epochs=options.epochs, batch_size=16, learning_rate=0.03)
    audited = range(max(6, len(data.train) // 20))
    shadows = train_shadows(
        kind, data.train, count=options.shadows, trainer=trainer, audited=audited
    )
    context = PresetContext(
        dataset=options.data,
        model="basic",
        kind="instances",
        learning_rate=trainer.learning_rate,
        epochs=trainer.epochs,
        batch_size=trainer.batch_size,
    )
    found = []
    for method in options.methods.split(","):
        strategy = make_strategy(method, preset_settings(context), trainer)
        # (Test rows stand in for validation rows; no accuracy on them decides anything here.)
        test = strategy_test(shadows, strategy, audited, validation=data.test)
        auc, before = test["strategy_auc"], test["strategy_auc_before"]
        row = {"data": options.data, "shadows": options.shadows, "method": method}
        row |= {"auc": auc.to_dict(), "before": before.to_dict()}
        found.append(row | {"accuracy": test["strategy_accuracy"].to_dict()})
    return found


def table(rows: list[dict]) -> str:
    """Return the rows as Markdown."""
    lines = ["| data | method | AUC | retrained | within 0.05 | accuracy | retrained |"]
    lines.append("|---" * 7 + "|")

    def interval(of: dict, side: str = "value") -> str:
        return f"{of[side]:.3f} [{of[f'{side}_low']:.3f}, {of[f'{side}_high']:.3f}]"

    for row in rows:
        auc, accuracy = row["auc"], row["accuracy"]
        inside = auc["value_low"] >= 0.5 - MARGIN and auc["value_high"] <= 0.5 + MARGIN
        cells = [row["data"], row["method"], interval(auc), interval(auc, "null")]
        cells += ["yes" if inside else "no", f"{accuracy['value']:.3f}", f"{accuracy['null']:.3f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the study, or print its table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="rows, one a line")
    parser.add_argument("--data", default="digits", choices=("digits", "cancer", "mnist", "iris"))
    parser.add_argument("--pool", type=int, default=300, metavar="N", help="rows (300)")
    parser.add_argument("--shadows", type=int, default=64, metavar="N", help="models (64)")
    parser.add_argument("--qubits", type=int, default=4, metavar="N", help="qubits (4)")
    parser.add_argument("--layers", type=int, default=3, metavar="N", help="layers (3)")
    parser.add_argument("--epochs", type=int, default=40, metavar="N", help="epochs (40)")
    parser.add_argument("--methods", default=",".join(METHODS_OF_ROWS), metavar="NAMES")
    parser.add_argument("--table", action="store_true", help="print the table of what is there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if not options.table:
        unknown = set(options.methods.split(",")) - set(METHODS)
        if unknown:
            parser.error(f"no method is called {', '.join(sorted(unknown))}")
        found = measure(options)
        with options.out.open("a") as file:
            file.writelines(json.dumps(row) + "\n" for row in found)
    print(table([json.loads(line) for line in options.out.read_text().splitlines()]))


if __name__ == "__main__":
    main()
