"""Audits of recorded outputs: of a hardware run, of another framework, of a service."""

from qiskit_qmu.auditing.arrays.recorded_audit import audit_arrays

__all__ = ["audit_arrays"]
