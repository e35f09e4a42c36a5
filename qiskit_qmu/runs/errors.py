"""What ends a run's work early although nothing went wrong."""


class JobsPendingError(BaseException):
    """Jobs were sent and are not done, and nobody wants to wait for them.

    Like KeyboardInterrupt it is no Exception: it must pass through code that turns exceptions into
    its own, as Qiskit ML's networks do.
    """
