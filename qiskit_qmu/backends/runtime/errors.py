"""Errors of IBM's library, transient and final, in one line without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

from qiskit.exceptions import QiskitError

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.backends.jobs.errors import TransientError

_BUSY = {408, 425, 429}
_LONGEST = 500
_HIDDEN = "…"


@contextmanager
def translated(*secrets: str | None) -> Iterator[None]:
    """Turn what the library raises inside the block into errors of this package.

    Args:
        *secrets: Texts that no message may show.

    Raises:
        TransientError: For network errors, a busy service, and timeouts.
        InputError: For input that the library rejects.
        RunError: For all other errors of the service.
    """
    from qiskit_ibm_runtime.exceptions import IBMInputValueError  # (slow to load)

    try:
        yield
    except (InputError, RunError, TransientError):
        raise
    except Exception as error:
        if not _is_of_service(error):
            raise
        message = f"IBM Runtime: {one_line(_message(error), *secrets)}"
        # The original is left out: its traceback may show what was sent.
        if may_pass(error):
            raise TransientError(message) from None
        if isinstance(error, IBMInputValueError):
            raise InputError(message) from None
        raise RunError(message) from None


@contextmanager
def translated_for_good(*secrets: str | None) -> Iterator[None]:
    """Do the same without retries: transient errors become RunError too."""
    try:
        with translated(*secrets):
            yield
    except TransientError as error:
        raise RunError(f"{error}; try again later") from None


def may_pass(error: BaseException) -> bool:
    """Return whether an error is transient."""
    from qiskit_ibm_runtime.exceptions import RuntimeJobTimeoutError  # (slow to load)
    from requests.exceptions import ConnectionError as NoConnection
    from requests.exceptions import Timeout

    for cause in _chain(error):
        if isinstance(
            cause, NoConnection | Timeout | ConnectionError | TimeoutError | RuntimeJobTimeoutError
        ):
            return True
        status = getattr(cause, "status_code", None)
        if isinstance(status, int):
            # The library reports -1 if there was no response, and for 503.
            return status == -1 or status in _BUSY or status >= 500
    return False


def one_line(text: str, *secrets: str | None) -> str:
    """Return a text as one line of bounded length, without secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, _HIDDEN)
    # IBM's library puts one error's text, quoted and escaped, into another's.
    line = " ".join(text.replace("\\n", " ").split()).strip("'\" ")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _message(error: Exception) -> str:
    """Return an error's text; Qiskit's own errors quote theirs."""
    return error.message if isinstance(error, QiskitError) else str(error)


def _is_of_service(error: Exception) -> bool:
    """Return whether the service, the network or the library raised an error; else it is a bug."""
    kinds = (QiskitError, OSError)
    return any(isinstance(e, kinds) or hasattr(e, "status_code") for e in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, also those that the library suppresses."""
    current: BaseException | None = error
    for _ in range(20):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__
