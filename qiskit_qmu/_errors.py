"""What may go wrong outside of this program, with words that say what to do."""


class RunError(Exception):
    """A run on a device cannot go on by itself; everything that was done is kept.

    The message says, in one line, what happened and what to do. The command line prints it and ends
    with exit status 1.
    """


class NonFiniteError(RunError):
    """Training or unlearning left the range of numbers: a loss or a weight is NaN or infinite."""
