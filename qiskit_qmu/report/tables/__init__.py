"""Tables and one page over the records of many runs, grouped by what varies between them."""

from qiskit_qmu.report.tables.result_tables import ResultTables, result_tables
from qiskit_qmu.report.tables.run_records import RecordLike, RunRecords

__all__ = ["RecordLike", "ResultTables", "RunRecords", "result_tables"]
