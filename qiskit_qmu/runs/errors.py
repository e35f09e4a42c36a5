"""JobsPendingError: ends a run early although nothing went wrong."""


class JobsPendingError(BaseException):
    """Jobs were sent and are not done, and the run does not wait for them.

    Like KeyboardInterrupt it is not an Exception: it must pass through code that converts
    exceptions, such as Qiskit ML's networks.
    """
