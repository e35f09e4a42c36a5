"""One target of a study: a model trained, unlearned and observed with every number of shots."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._seeds import child_seed, stream
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.data import Dataset, ForgetSplit
from qiskit_qmu.experiments.configuration.setup import Setup, load_rows
from qiskit_qmu.experiments.shots.study.study import STUDY_METHODS, ShotStudy
from qiskit_qmu.metrics import jensen_shannon
from qiskit_qmu.models import QuantumClassifier, with_fewer_shots
from qiskit_qmu.observation import Observations

Row = dict[str, Any]

ORIGINAL, ORACLE, SECOND_ORACLE = "original", "oracle", "second oracle"
EXACT = "exact"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TargetAnswers:
    """What became of one target.

    Attributes:
        rows: For each model, device and number of shots the numbers that need no other target.
        arrays: ``included``, ``forgotten`` and ``controls``, masks over the pool: rows that the
            target was trained on, was made to forget, and never-seen ones of the forgotten class;
            ``scores`` and ``repeated``, membership scores (rows, pool) of one query and of all;
            ``counts-N``, counts (pool, outcomes) of the row N.
    """

    rows: list[Row]
    arrays: dict[str, NDArray[Any]]


def target_answers(
    study: ShotStudy, dataset: str, model: str, number: int, data_dir: str | None = None
) -> TargetAnswers:
    """Train one target with all its oracles and unlearned copies, and observe them.

    Args:
        study: The study.
        dataset: One of its datasets.
        model: One of its models.
        number: Number of the target.
        data_dir: Folder of image files.

    Raises:
        InputError: If the data cannot be read, or no model can be made.
    """
    return StudyTarget(study, dataset, model, number, data_dir).answers()


@final
class StudyTarget:
    """One target: its half of the pool, and what is made of it.

    Args:
        study: The study.
        dataset: One of its datasets.
        model: One of its models.
        number: Number of the target.
        data_dir: Folder of image files.

    Raises:
        InputError: If the data cannot be read, or the class cannot be forgotten.
    """

    def __init__(
        self, study: ShotStudy, dataset: str, model: str, number: int, data_dir: str | None = None
    ) -> None:
        self.study, self.number = study, number
        self.names: Row = {"dataset": dataset, "model": model, "target": number}
        experiment = study.experiment(dataset, model)
        self.pool = load_rows(experiment, study.seed, data_dir)
        half = _half(study, len(self.pool.y_train), number)
        own = _part(self.pool, half)
        self.seed = child_seed(study.seed, "target", dataset, model, str(number))
        split = ForgetSplit.of(own, experiment.request, validation_fraction=0.1, seed=self.seed)
        self.setup = Setup(experiment=experiment, seed=self.seed, dataset=own, split=split)
        self.included, self.forgotten = (_mask(self.pool, half[i]) for i in self._positions())
        outside = np.ones(len(self.pool.y_train), dtype=bool)
        outside[half] = False
        self.controls = outside & (self.pool.y_train == study.label)
        self.x = np.concatenate([self.pool.x_train, self.pool.x_test])
        self.y = np.concatenate([self.pool.y_train, self.pool.y_test])
        self.exact = open_backend("exact")
        self.devices: dict[str, Backend] = {}
        self.draws = stream(self.seed, "fewer shots")
        self.rows: list[Row] = []
        self.scores: list[NDArray[np.float64]] = []
        self.repeated: list[NDArray[np.float64]] = []
        self.counts: dict[str, NDArray[Any]] = {}
        self.oracle: NDArray[np.float64] | None = None

    def _positions(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self.setup.split.train.indices, self.setup.split.forget.indices

    def answers(self) -> TargetAnswers:
        """Compute everything."""
        study = self.study
        original = self.trained(None)
        unlearns = "unlearning" in study.stages
        if unlearns:
            self._retrained(original)
        self._everywhere(original, method=ORIGINAL)
        for method in study.methods if unlearns else ():
            self._unlearned(original, method, study.shots)
        for shots in study.shots if "training" in study.stages else ():
            few = self.trained(shots)
            self._observed(few, EXACT, method=ORIGINAL, train_shots=shots)
            for method in study.throughout if unlearns else ():
                unlearned = self._unlearn(few, method, shots)
                if unlearned is not None:
                    settings: Row = {"method": method, "train_shots": shots}
                    self._observed(unlearned, EXACT, (None, shots), unlearn_shots=shots, **settings)
        return TargetAnswers(
            rows=self.rows,
            arrays={
                "included": self.included,
                "forgotten": self.forgotten,
                "controls": self.controls,
                "scores": np.array(self.scores, dtype=np.float32),
                "repeated": np.array(self.repeated, dtype=np.float32),
                **self.counts,
            },
        )

    def _retrained(self, original: QuantumClassifier) -> None:
        """Observe two oracles, of which the first is what others are compared with."""
        for name in (ORACLE, SECOND_ORACLE):
            setup = self.setup if name == ORACLE else replace(self.setup, seed=self.seed + 1)
            oracle = setup.unlearn("oracle", original).model
            if self.oracle is None:
                self.oracle = self._ask(oracle, self.exact).probabilities
            self._everywhere(oracle, method=name)

    def trained(self, shots: int | None) -> QuantumClassifier:
        """Return the original, trained with shots or with exact gradients, on the simulator."""
        # All targets have the same initial weights.
        first = replace(self.setup, seed=self.study.seed)
        model = first.build_classifier(self._backend(shots, "training"), "a study of shots")
        self.setup.train(model)
        return model.on(self.exact)

    def _unlearned(self, original: QuantumClassifier, method: str, counts: tuple[int, ...]) -> None:
        """Unlearn with exact gradients and with every number of shots, and observe what is left."""
        exact = self._unlearn(original, method, None)
        expected = None
        if exact is not None:
            expected = self._ask(exact, self.exact).probabilities
            self._everywhere(exact, method=method)
        for shots in counts:
            found = self._unlearn(original, method, shots)
            if found is not None:
                # With the most shots the paper's policy: few shots at inference alone.
                asked = (None, *counts) if shots == counts[-1] else (None,)
                settings: Row = {"method": method, "unlearn_shots": shots}
                self._observed(found, EXACT, asked, expected=expected, **settings)

    def _unlearn(
        self, model: QuantumClassifier, method: str, shots: int | None
    ) -> QuantumClassifier | None:
        name = STUDY_METHODS[method][0]
        experiment = self.study.experiment(self.names["dataset"], self.names["model"], method)
        setup = replace(self.setup, experiment=experiment)
        given = model.on(self._backend(shots, "unlearning", method))
        try:
            return setup.unlearn(name, given).model.on(self.exact)
        except NonFiniteError:
            return None

    def _everywhere(self, model: QuantumClassifier, *, method: str) -> None:
        counts = (None, *self.study.shots)
        self._observed(model, EXACT, counts, method=method)
        if self.study.device is not None:
            self._observed(model, self.study.device, self.study.shots, method=method)

    def _observed(
        self,
        model: QuantumClassifier,
        device: str,
        asked: tuple[int | None, ...] | None = None,
        *,
        expected: NDArray[np.float64] | None = None,
        **settings: Any,
    ) -> None:
        """Write down what a model answers on a device with some numbers of shots; None: exact."""
        counts = (None, *self.study.shots) if asked is None else asked
        row = {"train_shots": None, "unlearn_shots": None, **settings}
        for shots, once, often in self._sampled(model, device, counts):
            probabilities = once.probabilities
            numbers: Row = {
                "acc_test": self._accuracy(once, self.y == self.y),
                "acc_retain": self._accuracy(once, self.y != self.study.label),
                "acc_forget": float(
                    (once.predictions[: len(self.included)] == self.pool.y_train)[
                        self.forgotten
                    ].mean()
                ),
                "js_oracle": self._divergence(probabilities, self.oracle),
                "js_exact": self._divergence(probabilities, expected),
            }
            if once.counts is not None and row["method"] == ORIGINAL:
                held = once.counts[: len(self.included)].astype(np.int32)
                self.counts[f"counts-{len(self.rows)}"] = held
            self.rows.append({**self.names, "device": device, **row, "shots": shots, **numbers})
            for scores, observed in ((self.scores, once), (self.repeated, often)):
                scores.append(observed.membership_score[: len(self.included)])

    def _sampled(
        self, model: QuantumClassifier, device: str, counts: tuple[int | None, ...]
    ) -> Iterator[tuple[int | None, Observations, Observations]]:
        """Yield the answers to one query and to all queries; one run serves all shot counts."""
        if None in counts:
            exact = self._ask(model, self.exact)
            yield None, exact, exact
        sampled = [count for count in counts if count is not None]
        if not sampled:
            return
        served = model.on(self._device(device))
        run = served.observe(self.x, self.y)
        for count in sampled:
            often = with_fewer_shots(served, run, count * self.study.queries, self.draws)
            yield count, with_fewer_shots(served, often, count, self.draws), often

    def _device(self, name: str) -> Backend:
        """Return a device with shots for all queries, opened once: a noise model takes seconds."""
        if name not in self.devices:
            seed = child_seed(self.seed, "observing", name)
            most = max(self.study.shots) * self.study.queries
            self.devices[name] = open_backend(name, shots=most, seed=seed)
        return self.devices[name]

    def _ask(self, model: QuantumClassifier, backend: Backend) -> Observations:
        return model.on(backend).observe(self.x, self.y)

    def _accuracy(self, observed: Observations, wanted: NDArray[np.bool_]) -> float:
        """Return the accuracy on test rows of some classes."""
        tested = wanted.copy()
        tested[: len(self.included)] = False
        return float((observed.predictions == self.y)[tested].mean())

    def _divergence(
        self, found: NDArray[np.float64], expected: NDArray[np.float64] | None
    ) -> float | None:
        """Return the divergence on the test rows and on those that were forgotten."""
        if expected is None:
            return None
        rows = np.ones(len(self.y), dtype=bool)
        rows[: len(self.included)] = self.forgotten
        return jensen_shannon(found[rows], expected[rows])

    def _backend(self, shots: int | None, *purpose: str) -> Backend:
        seed = child_seed(self.seed, *purpose, str(shots))
        return open_backend("exact", shots=shots, seed=seed)


def _half(study: ShotStudy, rows: int, number: int) -> NDArray[np.int64]:
    """Return the half of the pool that a target gets: the other one than its partner's."""
    order = stream(study.seed, "halves", str(number // 2)).permutation(rows)
    half = order[: rows // 2] if number % 2 == 0 else order[rows // 2 :]
    return np.sort(half)


def _part(pool: Dataset, rows: NDArray[np.int64]) -> Dataset:
    return replace(
        pool,
        x_train=pool.x_train[rows],
        y_train=pool.y_train[rows],
        train_indices=pool.train_indices[rows],
        ids_train=None,
    )


def _mask(pool: Dataset, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    mask = np.zeros(len(pool.y_train), dtype=bool)
    mask[rows] = True
    return mask
