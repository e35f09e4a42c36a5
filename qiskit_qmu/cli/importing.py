"""Keep a module that was trained elsewhere as a saved model, which every other command takes.

The module is the one that a factory makes, with the weights of a file: the state dict that
torch.save(module.state_dict(), FILE) wrote, or a .safetensors file. Its training rows are those of
--dataset; --scale none where it was trained on them as they are. Settings say how it was trained:
the oracle is retrained by the same recipe.
"""

import argparse

from qiskit_qmu.cli.options import add_data_options, add_setting_options, make_experiment
from qiskit_qmu.cli.result import add_result_options, print_result, refuse_occupied
from qiskit_qmu.cli.trained_text import trained_content, trained_text

SUMMARY = "keep a module trained elsewhere as a saved model"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--weights",
        required=True,
        metavar="FILE",
        help="state dict of the module, .pt or .safetensors",
    )
    parser.add_argument("--out", required=True, metavar="MODEL", help="folder of the model")
    add_data_options(parser)
    add_setting_options(parser)
    add_result_options(parser, overwrites="a model")


def execute(options: argparse.Namespace) -> None:
    """Run the command."""
    refuse_occupied(options, options.out, "model.json")
    if options.validation_fraction is None:
        options.validation_fraction = 0.0  # (what was held out elsewhere is not among these rows)
    experiment = make_experiment(options)
    from qiskit_qmu.experiments import import_weights, writable_folder  # (help must not load it)

    with writable_folder(options.out) as folder:
        kept = import_weights(experiment, options.weights, folder, data_dir=options.data_dir)
    options.written = options.out
    content = trained_content(options.out, kept)
    print_result(options, content, trained_text(options.out, kept["scores"]))
