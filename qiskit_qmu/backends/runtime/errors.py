"""Errors of IBM's library: those that may pass, and final ones, in one line without secrets."""

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
        TransientError: For the network, a busy service, and time that ran out.
        InputError: For what the library refuses itself.
        RunError: For everything else that the service says.
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
    """Do the same where nobody tries again: errors that may pass end in a RunError too."""
    try:
        with translated(*secrets):
            yield
    except TransientError as error:
        raise RunError(f"{error}; try again later") from None


def may_pass(error: BaseException) -> bool:
    """Return whether an error may pass by itself."""
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
            # The library gives -1 where there was no answer, and for 503.
            return status == -1 or status in _BUSY or status >= 500
    return False


def one_line(text: str, *secrets: str | None) -> str:
    """Return a text in one line of bounded length, without secrets."""
    for secret in filter(None, secrets):
        text = text.replace(secret, _HIDDEN)
    # IBM's library puts one error's text, quoted and escaped, into another's.
    line = " ".join(text.replace("\\n", " ").split()).strip("'\" ")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _message(error: Exception) -> str:
    """Return an error's text; the text of Qiskit's own is quoted."""
    return error.message if isinstance(error, QiskitError) else str(error)


def _is_of_service(error: Exception) -> bool:
    """Return whether the service, the network or the library said it; else it is a mistake here."""
    kinds = (QiskitError, OSError)
    return any(isinstance(e, kinds) or hasattr(e, "status_code") for e in _chain(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what led to it, also where the library suppresses that."""
    current: BaseException | None = error
    for _ in range(20):
        if current is None:
            return
        yield current
        current = current.__cause__ or current.__context__
