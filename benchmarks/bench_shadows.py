"""Sixteen shadow models trained at once take at most 2/5 of their time one after the other.

That is at four qubits, where a step is mostly calls of torch functions. At eight qubits it is at
most 5/9, at ten, where arithmetic decides, 5/6.
"""

import numpy as np
import pytest

import qiskit_qmu as qmu
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians, seconds_of
from qiskit_qmu.auditing import strategy_test
from qiskit_qmu.shadows import train_shadows
from qiskit_qmu.shadows.shadow_models import MODELS_AT_ONCE

AT_ONCE, ALONE = "train_shadows", "Trainer.fit, one model after the other"
LIMITS = {4: 2.5, 8: 1.8, 10: 1.2}
RMIA_MODELS = 8


@pytest.mark.parametrize(("qubits", "layers"), [(4, 3), (8, 5), (10, 5)])
def test_shadows(qubits: int, layers: int, light: bool, record) -> None:
    models, rows, epochs = (2, 40, 1) if light else (MODELS_AT_ONCE, 256, 2)
    dataset = qmu.load_dataset("digits", train_size=rows, test_size=10)
    model = qmu.BasicQNN(num_classes=10, num_qubits=qubits, num_layers=layers)
    trainer = qmu.Trainer(epochs=epochs, batch_size=32)
    half = dataset.train.take(np.arange(rows // 2))

    def alone() -> None:
        for seed in range(models):
            shadow = qmu.BasicQNN(num_classes=10, num_qubits=qubits, num_layers=layers, seed=seed)
            trainer.fit(shadow, half.x, half.y, generator=seed)
            shadow.observe(dataset.x_train, dataset.y_train)

    tasks = {
        AT_ONCE: lambda: train_shadows(model, dataset.train, count=models, trainer=trainer),
        ALONE: alone,
    }
    seconds = medians(tasks, 1 if light else 3, patience=60)
    title = f"{models} models, {qubits} qubits, {layers} layers, {rows // 2} rows, {epochs} epochs"
    record(times(title, seconds, AT_ONCE))
    if not light:
        check_ratio(seconds, AT_ONCE, {ALONE: LIMITS[qubits]})


FULL = {8: 90.0, 64: 600.0}
"""Seconds that references for RMIA, and a whole test of a strategy, may take on two cores."""


@pytest.mark.parametrize("models", list(FULL))
def test_ten_qubit_hybrid_model(models: int, light: bool, record) -> None:
    rows, epochs, count = (48, 1, 6) if light else (500, 30, models)
    dataset = qmu.load_dataset("digits", train_size=rows, test_size=10)
    model = qmu.HybridQNN(dataset.input_shape, num_classes=10, num_qubits=10, num_layers=5)
    trainer = qmu.Trainer(epochs=epochs)
    audited = range(rows // 5)
    seconds = {}

    def whole() -> None:
        shadows = train_shadows(
            model, dataset.train, count=count, trainer=trainer, audited=audited, workers=2
        )
        if models > RMIA_MODELS:
            strategy_test(shadows, qmu.unlearning.FineTune(), audited, workers=2)

    seconds["all"] = seconds_of(whole)
    what = "shadow models and a test of a strategy" if models > RMIA_MODELS else "references"
    record(times(f"{count} {what}, hybrid model of 10 qubits, {rows} rows", seconds, "all"))
    assert light or seconds["all"] <= FULL[models]
