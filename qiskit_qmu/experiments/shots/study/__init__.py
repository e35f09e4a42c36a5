"""The study of shots: how many leak how much, in training, in unlearning and at inference."""

from qiskit_qmu.experiments.shots.study.running import ShotStudyResult, run_shot_study
from qiskit_qmu.experiments.shots.study.study import QUICK_STUDY, STUDY_METHODS, ShotStudy

__all__ = ["QUICK_STUDY", "STUDY_METHODS", "ShotStudy", "ShotStudyResult", "run_shot_study"]
