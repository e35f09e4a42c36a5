"""Plant poisoned rows in a dataset: wrong labels, or random features.

Writes rows.npz with all rows and poisoned.txt with the ids of the poisoned ones, for
`qmu run --dataset DIR/rows.npz --forget-ids DIR/poisoned.txt`. In its table the accuracy on the
forgotten training rows is the success of flipped labels; test rows are clean.
"""

import argparse

from qiskit_qmu.cli import option_types
from qiskit_qmu.cli.options import add_data_dir, add_seed
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.cli.row_options import ROW_KEYS, add_row_options

SUMMARY = "plant poisoned rows in a dataset"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--out", required=True, metavar="DIR", help="folder of the rows")
    parser.add_argument(
        "--kind",
        choices=("labels", "features"),
        default="labels",
        help="labels of another class, or features in a random direction (labels)",
    )
    parser.add_argument(
        "--fraction",
        type=option_types.share,
        default=0.1,
        metavar="SHARE",
        help="share of the training rows (0.1)",
    )
    add_row_options(parser)
    for name in ("train", "test"):
        parser.add_argument(
            f"--{name}-size", type=option_types.count, metavar="N", help=f"{name} rows to draw"
        )
    add_data_dir(parser)
    add_seed(parser)
    add_result_options(parser, overwrites="poisoned rows")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "poison.json")
    from qiskit_qmu.experiments import write_poisoned  # (help must not load it)

    keys = (*ROW_KEYS, "train_size", "test_size")
    rows = {key: getattr(options, key) for key in keys if getattr(options, key) is not None}
    content = write_poisoned(
        options.out,
        options.kind,
        options.fraction,
        rows=rows,
        seed=options.seed,
        data_dir=options.data_dir,
    )
    options.written = options.out
    print_result(
        options,
        content,
        f"{options.out}: {content['poisoned']} of {content['training_rows']} training rows have "
        f"poisoned {options.kind}; compare with --dataset {options.out}/rows.npz --forget-ids "
        f"{options.out}/poisoned.txt",
    )
