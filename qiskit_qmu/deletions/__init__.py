"""Deletion requests of a saved model: their log, and the check that everything belongs together.

What is here reads files only, and loads neither torch nor Qiskit.
"""

from qiskit_qmu.deletions.log_entry import LogEntry, RequestMark
from qiskit_qmu.deletions.request_log import RequestLog
from qiskit_qmu.deletions.salted import new_salt, salted
from qiskit_qmu.deletions.verification import Verification, verify
from qiskit_qmu.deletions.withdrawn import IdAnswer, look_up_ids

__all__ = [
    "IdAnswer",
    "LogEntry",
    "RequestLog",
    "RequestMark",
    "Verification",
    "new_salt",
    "salted",
    "verify",
    "look_up_ids",
]
