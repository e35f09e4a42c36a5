"""Evaluation: what is reported of a model, computed from arrays alone.

- `columns`: one row for each reported number; tables, pages and lists are made from them.
- `Finding`: what one test found, beside its null; `RowFinding`: what was found of one row.
- `slices`: the leak by class and by any column; `four_groups`: forgotten and retained rows, each
  beside unseen ones.
- `measure`: the numbers of one model, from its outputs, the oracle's, and the scores of attacks.
- `judge`, `judge_together`: what they say, in a word and a reason.
- `aggregate`: the numbers of several seeds, summarised by method, and `recommend` one of them.
- `baselines`: what answers score that look at nothing.
"""

from qiskit_qmu.evaluation.baselines import BASELINE
from qiskit_qmu.evaluation.columns import COSTS, RESULTS, SHOT_RESULTS, Column, result_columns
from qiskit_qmu.evaluation.evidence import CalledMembers, Evidence, Scores, SplitObservations
from qiskit_qmu.evaluation.finding import Finding, FindingGroup
from qiskit_qmu.evaluation.four_groups import FourGroups, RowGroup, four_groups, row_groups
from qiskit_qmu.evaluation.gate import Gate, GateError
from qiskit_qmu.evaluation.judging import judge, judge_together
from qiskit_qmu.evaluation.measure import Measurement, interval_row, measure
from qiskit_qmu.evaluation.method_summary import MethodSummary, aggregate
from qiskit_qmu.evaluation.outcomes import remarks_by_method, strengths_by_method
from qiskit_qmu.evaluation.power_plan import PowerPlan, audit_power
from qiskit_qmu.evaluation.recommendation import Recommendation, recommend
from qiskit_qmu.evaluation.row_finding import RowFinding
from qiskit_qmu.evaluation.rules import Rule, rules
from qiskit_qmu.evaluation.shot_plan import (
    NoShotsError,
    PlannedShots,
    ShotPlan,
    ShotTarget,
    check_shot_counts,
    planned_shots,
)
from qiskit_qmu.evaluation.slices import Slice, slices
from qiskit_qmu.evaluation.verdict import Beside, Case, Kind, Verdict

__all__ = [
    "Gate",
    "GateError",
    "PowerPlan",
    "audit_power",
    "BASELINE",
    "COSTS",
    "RESULTS",
    "SHOT_RESULTS",
    "Beside",
    "CalledMembers",
    "Case",
    "Column",
    "Evidence",
    "Finding",
    "FindingGroup",
    "FourGroups",
    "Kind",
    "Measurement",
    "MethodSummary",
    "Recommendation",
    "RowFinding",
    "RowGroup",
    "Rule",
    "NoShotsError",
    "PlannedShots",
    "ShotPlan",
    "ShotTarget",
    "check_shot_counts",
    "planned_shots",
    "Scores",
    "Slice",
    "SplitObservations",
    "Verdict",
    "aggregate",
    "four_groups",
    "row_groups",
    "interval_row",
    "judge",
    "judge_together",
    "measure",
    "recommend",
    "remarks_by_method",
    "strengths_by_method",
    "result_columns",
    "rules",
    "slices",
]
