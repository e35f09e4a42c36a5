"""A study of shots for people: tables, figures and one page."""

from qiskit_qmu.report.shot_study.figures import study_figures
from qiskit_qmu.report.shot_study.page import render_study_page
from qiskit_qmu.report.shot_study.summary import StudyPoint, summarise_study
from qiskit_qmu.report.shot_study.tables import study_csv, study_markdown, study_text
from qiskit_qmu.report.shot_study.worth import study_findings

__all__ = [
    "StudyPoint",
    "render_study_page",
    "study_csv",
    "study_figures",
    "study_findings",
    "study_markdown",
    "study_text",
    "summarise_study",
]
