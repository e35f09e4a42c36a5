"""A class that is pushed away by its logit alone is found inside, whichever strategy pushed."""

import pytest

import qiskit_qmu as qmu
from qiskit_qmu.unlearning import Retrain, Unlikelihood

pytestmark = pytest.mark.slow


def test_unlikelihood_has_no_exemption():
    split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
    trainer = qmu.Trainer(epochs=40, batch_size=16, learning_rate=0.05)
    model = qmu.BasicQNN(num_classes=3, num_qubits=4, num_layers=1)
    trainer.fit(model, split.train.x, split.train.y, generator=0)
    oracles = [Retrain(trainer=trainer)(model, split, generator=n).model for n in range(1, 6)]

    def audited(unlearned, others):
        report = qmu.audit(unlearned, split, original=model, oracles=others)
        lifted = next(each for each in report.findings if each.key == "lifted_bias")
        return report.verdict, report.decided_by, lifted.value

    recipe = {"epochs": 4, "batch_size": 8, "learning_rate": 0.05}  # (its preset here)
    pushed = Unlikelihood(**recipe, parameters="classical", forget_weight=100.0)
    for strategy in (pushed, Unlikelihood(**recipe)):
        unlearned = strategy(model, split, generator=0).model
        assert unlearned.observe(split.forget.x, split.forget.y).accuracy == 0.0
        verdict, decided_by, lifted = audited(unlearned, oracles)
        assert (verdict, decided_by) == ("suppressed", "lifted_bias")
        assert lifted.low > 0.5  # of 15 never-seen rows
    verdict, _, lifted = audited(oracles[0], oracles[1:])
    assert verdict != "suppressed"
    assert lifted.value < 0.2
