"""How jobs are scheduled: individually, or in a session or batch that is opened when needed."""

import logging
import warnings
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar, final

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.options import Mode
from qiskit_qmu.backends.runtime.errors import may_pass

Job = TypeVar("Job")

_log = logging.getLogger(__name__)


@final
class ExecutionMode:
    """The device itself, or the session or batch on it that jobs go to.

    It is opened when the first job is sent and reopened after it has closed. A batch replaces the
    session if the account's plan does not allow sessions.

    Args:
        device: IBM's device.
        kind: "job", "batch" or "session".
        max_time: Longest life of a batch or session, in seconds or as "2h 30m".

    Attributes:
        kind: The current mode; may change from "session" to "batch".
        session_id: Id of the session or batch; None before it is opened. Setting it continues that
            session, if it still accepts jobs.
    """

    def __init__(self, device: Any, kind: Mode, max_time: int | str | None) -> None:
        self.kind: Mode = kind
        self.session_id: str | None = None
        self._device, self._max_time = device, max_time
        self._session: Any = None
        self._lock = Lock()

    def send(self, send: Callable[[Any], Job]) -> Job:
        """Send a job in the current session, and retry once in a new one if it has closed.

        Args:
            send: Sends a job, given the library's ``mode``.

        Returns:
            The result of ``send``.
        """
        mode = self._current()
        try:
            return send(mode)
        except InputError:
            raise
        except Exception as error:
            if mode is self._device or may_pass(error) or _takes_jobs(mode):
                raise
            _log.info("the %s has closed; opening a new one", self.kind)
            self._forget(mode)
        return send(self._current())

    def close(self) -> None:
        """Accept no further jobs; jobs already sent run to completion."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _forget(self, session: Any) -> None:
        with self._lock:
            if self._session is session:  # (another thread may have opened the next one)
                self._session = self.session_id = None

    def _current(self) -> Any:
        if self.kind == "job":
            return self._device
        # The jobs of one primitive may be sent by several threads.
        with self._lock:
            if self._session is None:
                self._session = self._joined() or self._opened()
                self.session_id = self._session.session_id
            return self._session

    def _joined(self) -> Any | None:
        """Return the session of an earlier process; None if there is none that accepts jobs."""
        from qiskit_ibm_runtime.exceptions import IBMInputValueError, IBMRuntimeError

        if self.session_id is None:
            return None
        try:
            session = self._class().from_id(self.session_id, self._device.service)
        except (IBMInputValueError, IBMRuntimeError) as error:
            if may_pass(error):
                raise
            return None  # no longer known, or of the other kind
        return session if _takes_jobs(session) else None

    def _opened(self) -> Any:
        try:
            return self._class()(self._device, max_time=self._max_time)
        except Exception as error:
            if self.kind != "session" or not _refuses_sessions(error):
                raise
        self.kind = "batch"
        message = "the account's plan does not allow sessions; using a batch instead"
        _log.warning(message)
        warnings.warn(message, RuntimeWarning, stacklevel=2)
        return self._class()(self._device, max_time=self._max_time)

    def _class(self) -> Any:
        from qiskit_ibm_runtime import Batch, Session  # (slow to load)

        return Session if self.kind == "session" else Batch


def _takes_jobs(session: Any) -> bool:
    """Return whether a session or batch is open, according to its service."""
    return session.status() in (None, "Pending", "In progress, accepting new jobs")


def _refuses_sessions(error: Exception) -> bool:
    """Return whether an error says that the plan does not allow sessions.

    Recognized by its text, as IBM's response has no dedicated code:
    https://quantum.cloud.ibm.com/docs/guides/run-jobs-session
    """
    text = str(error).lower()
    return "session" in text and ("not authorized" in text or "open plan" in text)
