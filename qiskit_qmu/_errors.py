"""Errors of runs, whose messages say what to do."""


class RunError(Exception):
    """A run cannot continue; everything done so far is kept.

    The message says in one line what happened and what to do. The command line prints it and exits
    with status 1.
    """


class NonFiniteError(RunError):
    """Training or unlearning diverged: a loss or a weight is NaN or infinite."""


class JobsPendingError(BaseException):
    """Jobs were sent and are not done, and the run does not wait for them.

    Like KeyboardInterrupt it is not an Exception: it must pass through code that converts
    exceptions, such as Qiskit ML's networks.
    """
