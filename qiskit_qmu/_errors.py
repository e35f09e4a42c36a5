"""Errors of runs, whose messages say what to do."""


class RunError(Exception):
    """A run cannot continue; everything done so far is kept.

    The message says in one line what happened and what to do. The command line prints it and exits
    with status 1.
    """


class NonFiniteError(RunError):
    """Training or unlearning diverged: a loss or a weight is NaN or infinite."""
