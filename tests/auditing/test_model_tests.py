"""Which tests of one model run, what they leave out, and that a device is not charged for them."""

import pytest
from table_models import Table, class_split, knowing, noisy, row_split
from tiny_models import basic, iris_split

from qiskit_qmu.auditing import ObservedModel, model_tests, observe_split
from qiskit_qmu.backends import metered, open_backend
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import Retrain

TRAINER = Trainer(epochs=3, learning_rate=0.1)


def _observed(module, split):
    return ObservedModel(module=module, outputs=observe_split(module, split))


@pytest.fixture(scope="module")
def trained():
    split = iris_split()
    model = basic()
    TRAINER.fit(model, split.train.x, split.train.y, generator=0)
    oracles = [Retrain(trainer=TRAINER)(model, split, generator=seed).model for seed in (1, 2)]
    return split, model, oracles


def test_all_tests_of_a_class(trained):
    split, model, oracles = trained
    references = [_observed(oracle, split) for oracle in oracles]
    original = _observed(model, split)
    found = model_tests(original, split, original=original, oracles=references, trainer=TRAINER)
    assert not found.skipped
    assert [finding.key for finding in found.findings] == [
        "lifted_bias",
        "probe",
        "probe_original",
        "probe_untrained",
        "relearning",
        "weight_distance_oracles",
        "weight_distance_original",
        "layer_quantum",
        "layer_logits",
        "layer_reset",
        "layer_frozen",
        "layer_parameters",
        "deletion_difference",
    ]
    by_key = {finding.key: finding for finding in found.findings}
    assert by_key["probe"].value == by_key["probe_original"].value
    assert by_key["weight_distance_original"].value.value == 0.0
    assert by_key["deletion_difference"].value.value == 0.5
    assert all(finding.reading.endswith(".") for finding in found.findings)


def test_a_device_runs_no_circuit_for_them(trained):
    split, model, oracles = trained
    with open_backend("exact", shots=20, seed=0) as backend:
        device = _observed(model.on(backend), split)
        references = [_observed(oracle, split) for oracle in oracles]
        with metered(device.module) as meter:
            found = model_tests(device, split, original=device, oracles=references, trainer=TRAINER)
    assert meter.usage.circuits == 0
    assert set(found.skipped) == {"relearning", "layers"}
    assert "simulated exactly" in found.skipped["layers"]
    assert {"lifted_bias", "probe"} <= {finding.key for finding in found.findings}


def test_models_without_circuits_weights_or_references_are_tested_as_far_as_possible():
    of_class = model_tests(_observed(Table(knowing(2.0)), class_split()), class_split())
    assert [finding.key for finding in of_class.findings] == ["lifted_bias"]
    assert set(of_class.skipped) == {
        "linear probe",
        "relearning",
        "weight distance",
        "layers",
        "deletion difference",
    }
    table = _observed(Table(noisy(0)), row_split())
    of_rows = model_tests(
        table, row_split(), original=table, oracles=[table, table], trainer=TRAINER
    )
    assert [finding.key for finding in of_rows.findings] == ["deletion_difference"]
    assert "lifted bias" not in of_rows.skipped
    assert of_rows.skipped["relearning"] == "the model has no trainable all parameters"
