"""Result rows become a terminal table, figures and one self-contained HTML page.

Nothing here runs a model: rows are plain dictionaries, as the records of a run hold them. Figures
need matplotlib and the page needs jinja2; both are imported when something is drawn.
"""

from qiskit_qmu.evaluation import (
    MethodSummary,
    aggregate,
    remarks_by_method,
    strengths_by_method,
)
from qiskit_qmu.report.audit_page import render_audit
from qiskit_qmu.report.audit_text import audit_text
from qiskit_qmu.report.column_list import column_lines, column_table
from qiskit_qmu.report.cost_table import cost_table
from qiskit_qmu.report.deletion_page import render_deletion
from qiskit_qmu.report.figures import accuracy_figure, cost_figure, membership_figure
from qiskit_qmu.report.overview_figure import overview_figure
from qiskit_qmu.report.page import render_page, render_results, write_page
from qiskit_qmu.report.roc_figure import roc_figure
from qiskit_qmu.report.shot_figure import shot_figure
from qiskit_qmu.report.shot_page import render_shot_page, shot_table
from qiskit_qmu.report.shot_plan_page import (
    render_shot_plan,
    shot_plan_figure,
    shot_plan_text,
)
from qiskit_qmu.report.tables import RecordLike, ResultTables, RunRecords, result_tables
from qiskit_qmu.report.text_table import text_table

__all__ = [
    "text_table",
    "cost_table",
    "column_lines",
    "column_table",
    "render_page",
    "write_page",
    "render_results",
    "render_audit",
    "render_deletion",
    "audit_text",
    "remarks_by_method",
    "strengths_by_method",
    "MethodSummary",
    "aggregate",
    "accuracy_figure",
    "membership_figure",
    "roc_figure",
    "cost_figure",
    "overview_figure",
    "shot_table",
    "shot_figure",
    "render_shot_page",
    "render_shot_plan",
    "shot_plan_figure",
    "shot_plan_text",
    "RecordLike",
    "ResultTables",
    "RunRecords",
    "result_tables",
]
