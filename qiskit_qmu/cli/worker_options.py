"""Options that say which processes share the work."""

import argparse

from qiskit_qmu.cli import option_types


def add_workers(
    group: argparse._ArgumentGroup,
    what: str = "processes that share the work",
    default: str = "one per core",
) -> None:
    """Add ``--workers``.

    Args:
        group: The options of a command.
        what: What the processes do.
        default: How many there are otherwise.
    """
    group.add_argument(
        "--workers", type=option_types.count, metavar="N", help=f"{what} ({default})"
    )


def add_cluster(group: argparse._ArgumentGroup) -> None:
    """Add ``--cluster``."""
    group.add_argument(
        "--cluster",
        metavar="WHERE",
        help="dask://HOST:PORT, the scheduler of a Dask cluster; or ray, the Ray cluster of "
        "RAY_ADDRESS or of this machine",
    )
