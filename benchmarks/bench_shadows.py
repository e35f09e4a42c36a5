"""Sixteen shadow models trained at once take at most 2/5 of their time one after the other.

That is at four qubits, where a step is mostly calls of torch functions. At eight qubits it is at
most 5/9, at ten, where arithmetic decides, 5/6.
"""

import numpy as np
import pytest

import qiskit_qmu as qmu
from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians
from qiskit_qmu.shadows import train_shadows
from qiskit_qmu.shadows.shadow_models import MODELS_AT_ONCE

AT_ONCE, ALONE = "train_shadows", "Trainer.fit, one model after the other"
LIMITS = {4: 2.5, 8: 1.8, 10: 1.2}


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
