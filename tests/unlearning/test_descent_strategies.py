"""One step of every strategy that is a loss, against that loss in a slow and plain form."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_models import hybrid, iris_split, weights_of
from torch.nn.functional import cross_entropy

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.models import named_parameters, reinitialize
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    AdversarialUniform,
    AnchoredTargets,
    BadTeacher,
    FineTuneLastLayers,
    LabelComplement,
    NegGradPlus,
    NoisyFineTune,
    RetrainLastLayers,
    SaliencyUnlearning,
    Scrub,
    SimilarLabels,
    SparseFineTune,
    Unlikelihood,
)
from qiskit_qmu.unlearning.descent import joint_batches
from qiskit_qmu.unlearning.stopping import performance

RATE = 0.1
STEP = {"optimizer": "sgd", "learning_rate": RATE, "batch_size": 100, "epochs": 1}
"""One step on all rows, whose update is the gradient times the rate."""

SPLIT = iris_split()


@pytest.fixture(scope="module")
def trained():
    model = hybrid(seed=1)
    Trainer(epochs=20, batch_size=8, learning_rate=0.02).fit(
        model, SPLIT.train.x, SPLIT.train.y, generator=0
    )
    forget_training_rows(model)  # (so that splits may hold out rows that it was trained on)
    return model


def _tensors(rows):
    return torch.tensor(rows.x), torch.tensor(rows.y)


(X, Y), (KEPT_X, KEPT_Y) = _tensors(SPLIT.forget), _tensors(SPLIT.retain)


def _kl(teacher, student):
    """Σ_c p_c ln(p_c / q_c), row by row."""
    p, q = torch.softmax(teacher, 1), torch.softmax(student, 1)
    return sum((row * (row / other).log()).sum() for row, other in zip(p, q, strict=True)) / len(p)


def _neg_grad(model, _given):
    return 0.7 * cross_entropy(model(KEPT_X), KEPT_Y) - 0.3 * cross_entropy(model(X), Y)


def _label_complement(model, _given):
    pairs = [(x, c) for x, y in zip(X, Y, strict=True) for c in range(3) if c != y]
    rows, labels = torch.stack([x for x, _ in pairs]), torch.tensor([c for _, c in pairs])
    return cross_entropy(model(KEPT_X), KEPT_Y) + cross_entropy(model(rows), labels)


def _unlikelihood(model, _given):
    losses = [
        -torch.log(1 - torch.softmax(logits, 0)[c]) for logits, c in zip(model(X), Y, strict=True)
    ]
    losses += [cross_entropy(logits, c) for logits, c in zip(model(KEPT_X), KEPT_Y, strict=True)]
    return (2.0 * sum(losses[: len(X)]) + sum(losses[len(X) :])) / len(losses)


def _adversarial(model, given):
    rows = X.clone().requires_grad_()
    (slope,) = torch.autograd.grad(_kl_to_uniform(given(rows)), rows)
    every = torch.cat([X, KEPT_X])
    near = (X + 0.2 * slope.sign()).clamp(every.min(), every.max())
    return cross_entropy(model(KEPT_X), KEPT_Y) + 2.0 * _kl_to_uniform(model(near))


def _kl_to_uniform(logits):
    return _kl(logits, torch.zeros_like(logits))


def _bad_teacher(model, given):
    bad = given.clone()
    generator = np.random.default_rng(7)
    reinitialize(bad, generator)
    bad_outputs, good = bad(X).detach(), given(KEPT_X).detach()
    return _kl(good, model(KEPT_X)) + _kl(bad_outputs, model(X))


def _sparse(model, _given):
    norm = sum(p.abs().sum() for p in model.parameters())
    return cross_entropy(model(KEPT_X), KEPT_Y) + 0.05 * norm


def _anchored(model, given):
    probabilities = torch.softmax(given(X), 1).mean(0).detach()  # all forgotten rows are of class 1
    guided = torch.softmax(5.0 * probabilities[[0, 2]], 0)
    target = torch.zeros(3)
    target[[0, 2]] = 0.8 * guided + 0.2 * 0.5
    aside = -(target * torch.log_softmax(model(X), 1)).sum(1).mean()
    return aside + _kl(given(KEPT_X).detach(), model(KEPT_X))


def _scrub_hqml(model, given):
    far = _kl(given(X).detach(), model(X))
    return _kl(given(KEPT_X).detach(), model(KEPT_X)) - 1.5 * far


CASES = {
    "neggrad": (NegGradPlus(**STEP, stop_when_forgotten=False), _neg_grad),
    "unlikelihood": (Unlikelihood(**STEP, forget_weight=2.0), _unlikelihood),
    "lca": (LabelComplement(**STEP), _label_complement),
    "adv-uniform": (AdversarialUniform(**STEP, distance=0.2, uniform_weight=2.0), _adversarial),
    "bad-teacher": (BadTeacher(**STEP), _bad_teacher),
    "l1-ft": (SparseFineTune(**STEP, sparsity=0.05), _sparse),
    "anchored": (AnchoredTargets(**STEP, sharpness=5.0, uniform=0.2), _anchored),
    "scrub hqml": (Scrub(**STEP, variant="hqml"), _scrub_hqml),
}


def _gradients(loss, model):
    names = dict(model.named_parameters())
    found = torch.autograd.grad(loss, list(names.values()))
    return dict(zip(names, found, strict=True))


def _size(gradients):
    return math.sqrt(sum(float(g.square().sum()) for g in gradients.values()))


def _updates(before, after):
    """Return the gradient of which a step of plain gradient descent would be this change."""
    old = dict(before.named_parameters())
    return {n: (old[n].detach() - p.detach()) / RATE for n, p in after.named_parameters()}


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_the_gradient_of_the_loss_in_its_slow_form(name, trained):
    strategy, loss = CASES[name]
    after = strategy(trained, SPLIT, generator=7).model
    student = trained.clone()
    expected = _gradients(loss(student, trained.clone()), student)
    for key, update in _updates(trained, after).items():
        torch.testing.assert_close(update, expected[key], atol=2e-5, rtol=2e-3, msg=key)


@pytest.mark.parametrize(("variant", "sign"), [("standard", 1.0), ("hqml", -1.0)])
def test_similar_labels_balance_both_gradients(variant, sign, trained):
    strategy = SimilarLabels(**STEP, balance=0.5, variant=variant)
    after = strategy(trained, SPLIT, generator=7).model
    logits = trained(torch.cat([X, KEPT_X])).detach()
    labels = torch.cat([Y, KEPT_Y])
    means = [logits[labels == c].mean(0) for c in range(3)]
    cosines = {c: torch.cosine_similarity(means[1], means[c], dim=0) for c in (0, 2)}
    similar = max(cosines, key=cosines.get)
    if variant == "hqml":  # the forgotten class has no retained rows: all cosines are 0
        similar = 0
    student = trained.clone()
    pull = _gradients(cross_entropy(student(X), torch.full_like(Y, similar)), student)
    keep = _gradients(cross_entropy(student(KEPT_X), KEPT_Y), student)
    weight = sign * 0.5 * _size(keep) / _size(pull)
    for key, update in _updates(trained, after).items():
        torch.testing.assert_close(update, keep[key] + weight * pull[key], atol=2e-5, rtol=2e-3)


def test_saliency_moves_the_weights_that_forgotten_rows_move_most(trained):
    after = SaliencyUnlearning(**STEP, share=0.3)(trained, SPLIT, generator=7).model
    student = trained.clone()
    salience = _gradients(cross_entropy(student(X), Y), student)
    shifts = torch.as_tensor(np.random.default_rng(7).integers(1, 3, len(Y)))
    wrong = cross_entropy(student(X), (Y + shifts) % 3)
    full = _gradients(wrong + cross_entropy(student(KEPT_X), KEPT_Y), student)
    sizes = torch.cat([g.abs().flatten() for g in salience.values()])
    least = sizes.sort(descending=True).values[int(0.3 * len(sizes)) - 1]
    for key, update in _updates(trained, after).items():
        expected = torch.where(salience[key].abs() >= least, full[key], 0.0)
        torch.testing.assert_close(update, expected, atol=2e-5, rtol=2e-3, msg=key)


def test_gradients_are_clipped_before_noise_of_the_given_size(trained):
    student = trained.clone()
    gradient = _gradients(cross_entropy(student(KEPT_X), KEPT_Y), student)
    norm = _size(gradient)
    clipped = NoisyFineTune(**STEP, clip=norm / 4, noise=0.0)(trained, SPLIT, generator=7).model
    for key, update in _updates(trained, clipped).items():
        torch.testing.assert_close(update, gradient[key] / 4, atol=2e-5, rtol=2e-3)
    noisy = NoisyFineTune(**STEP, clip=norm / 4, noise=0.5)(trained, SPLIT, generator=7).model
    old = _updates(trained, clipped)
    noise = torch.cat([(u - old[k]).flatten() for k, u in _updates(trained, noisy).items()])
    assert float(noise.std()) == pytest.approx(0.5, rel=0.15)  # of 243 draws


def test_scrub_alternates_and_its_teacher_stays_the_original(trained):
    """Its first three passes by hand: down on retained rows, up on forgotten ones, and down."""
    strategy = Scrub(**{**STEP, "epochs": 2}, forget_epochs=1, divergence_weight=0.5)
    after = strategy(trained, SPLIT, generator=7).model
    student, kept, own = trained.clone(), trained(KEPT_X).detach(), trained(X).detach()
    optimizer = torch.optim.SGD(student.parameters(), lr=RATE, momentum=0.9)
    for forget in (False, True, False):
        optimizer.zero_grad()
        if forget:
            loss = -_kl(own, student(X))
        else:
            logits = student(KEPT_X)
            loss = cross_entropy(logits, KEPT_Y) + 0.5 * _kl(kept, logits)
        loss.backward()
        optimizer.step()
    for new, expected in zip(after.parameters(), student.parameters(), strict=True):
        torch.testing.assert_close(new, expected, atol=2e-5, rtol=1e-3)


def test_rewinding_returns_to_where_forgotten_rows_are_as_wrong_as_unseen_ones(trained):
    split = iris_split("instances", validation_fraction=0.3)
    scrub = Scrub(epochs=4, forget_epochs=3, learning_rate=0.03)
    passed = [  # the epochs before, each as a run of its own: the order of batches is the same
        replace(scrub, epochs=n, forget_epochs=max(1, n - 1))(trained, split, generator=7).model
        for n in (2, 3, 4)
    ]

    def error(model, rows):
        return 1 - model.observe(rows.x, rows.y).accuracy

    target = error(passed[-1], split.validation)
    rewound = replace(scrub, rewind=True)(trained, split, generator=7)
    distances = [abs(error(model, split.forget) - target) for model in passed]
    assert abs(error(rewound.model, split.forget) - target) <= min(distances) + 1e-9
    assert "closest to that on unseen rows" in rewound.reason
    with pytest.raises(InputError, match="rewind needs validation rows like the forgotten ones"):
        replace(scrub, rewind=True)(trained, iris_split(validation_fraction=0.0), generator=7)


def test_last_layers_are_those_that_run_last(trained):
    def changed(strategy):
        model = strategy(trained, SPLIT, generator=7).model
        return {n for n, p in model.named_parameters() if not torch.equal(p, _old(trained, n))}

    head, quantum = {"head.weight", "head.bias"}, {"quantum.weight"}
    front = named_parameters(trained).keys() - head - quantum
    assert changed(FineTuneLastLayers(**STEP)) == head
    assert changed(FineTuneLastLayers(**STEP, layers=2)) == head | quantum
    assert changed(FineTuneLastLayers(**STEP, layers=2, variant="hqml")) == head | quantum
    assert changed(RetrainLastLayers(**STEP, variant="hqml")) == head | quantum | front
    with pytest.raises(InputError, match="layers must lie between 1 and 4, got 5"):
        FineTuneLastLayers(layers=5)(trained, SPLIT, generator=7)


def _old(model, name):
    return model.get_parameter(name)


def test_a_redrawn_head_forgets_what_it_knew(trained):
    """It depends on the given head in nothing."""
    other = trained.clone()
    torch.nn.init.ones_(other.head.weight)
    first, second = (
        weights_of(RetrainLastLayers(**STEP)(model, SPLIT, generator=7).model)
        for model in (trained, other)
    )
    assert torch.equal(first["head.weight"], second["head.weight"])


def test_the_variant_of_the_benchmark_ascends_behind_its_first_layers(trained):
    strategy = FineTuneLastLayers(**STEP, layers=1, variant="hqml")
    after = strategy(trained, SPLIT, generator=7).model
    student = trained.clone()
    uphill = _gradients(-cross_entropy(student(X), Y), student)
    for key, update in _updates(trained, after).items():
        expected = torch.zeros_like(update) if key.startswith("front.0") else uphill[key]
        torch.testing.assert_close(update, expected, atol=2e-5, rtol=2e-3, msg=key)


def test_single_rows_are_forgotten_at_the_loss_that_unseen_rows_have_now(trained):
    """That loss moves while the model unlearns; the original's is another one."""
    split = iris_split("instances", validation_fraction=0.3)
    # Half of their labels are wrong, so that their loss is above that of the forgotten rows.
    labels = np.where(np.arange(len(split.validation)) % 2, 0, split.validation.y)
    split = replace(split, validation=replace(split.validation, y=labels))
    strategy = NegGradPlus(learning_rate=0.01, batch_size=8, retain_weight=0.3, epochs=40)
    result = strategy(trained, split, generator=7)
    assert result.stopped == "goal reached"
    before, now = (performance(m, split.validation).loss for m in (trained, result.model))
    assert performance(result.model, split.forget).loss >= now > before + 0.2
    worst = strategy.worst_case()
    assert not worst.stop_when_forgotten
    assert len(strategy.stopping_passes(split)) == 2 * 40 * math.ceil(len(split.retain) / 8)


def test_a_descent_that_diverges_says_so(trained):
    strategy = NegGradPlus(optimizer="sgd", learning_rate=1e25, stop_when_forgotten=False)
    with pytest.raises(NonFiniteError, match="NegGradPlus"):
        strategy(trained, SPLIT, generator=0)


def test_equal_epochs_are_equal_work():
    """The larger set is passed over once, and the smaller one is cycled in new orders."""
    large, small = torch.arange(10), torch.arange(100, 103)
    steps = list(joint_batches([(large,), (small,)], 4, np.random.default_rng(0)))
    assert [len(first[0]) for first, _ in steps] == [4, 4, 2]
    assert sorted(torch.cat([first[0] for first, _ in steps]).tolist()) == list(range(10))
    assert all(sorted(second[0].tolist()) == [100, 101, 102] for _, second in steps)
