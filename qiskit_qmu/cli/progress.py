"""Progress: a bar on a terminal, plain lines elsewhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from qiskit_qmu.experiments.run import RunProgress


@contextmanager
def progress_display(*, quiet: bool = False) -> Iterator["RunProgress"]:
    """Show what is being done and how much of the whole is done, on standard error.

    Args:
        quiet: Show nothing.
    """
    if quiet:
        yield lambda _task, _share: None
        return
    if not sys.stderr.isatty():
        shown = ""

        def line(task: str, share: float) -> None:
            nonlocal shown
            if task != shown:  # a log needs no line for each epoch
                print(f"{100 * share:3.0f} %  {task}", file=sys.stderr, flush=True)
            shown = task

        yield line
        return
    with tqdm(total=100, bar_format="{percentage:3.0f} % |{bar}| {desc} {elapsed}") as bar:

        def move(task: str, share: float) -> None:
            bar.n = round(100 * share)
            bar.set_description_str(task)

        yield move
