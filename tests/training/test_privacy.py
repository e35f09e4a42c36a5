"""Private training: gradients clipped row by row, noise of the right size, and its accounting."""

import math
import sys

import numpy as np
import pytest
import torch
from tiny_models import few_iris, hybrid, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import metered
from qiskit_qmu.models import PerExampleGradients, ShardedClassifier
from qiskit_qmu.training import Privacy, PrivacySpent, Trainer, subsampled_gaussian_epsilon
from qiskit_qmu.training.private_descent import poisson_batch, set_private_gradient


@pytest.fixture
def rows(generator):
    return generator.normal(size=(12, 3)).astype(np.float32), generator.integers(0, 2, 12)


def _linear():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torch.nn.Linear(3, 2)


def test_one_step_is_the_mean_of_clipped_gradients(rows):
    x, y = rows
    model, single = _linear(), []
    for row, label in zip(torch.tensor(x), torch.tensor(y), strict=True):
        loss = torch.nn.functional.cross_entropy(model(row[None]), label[None])
        own = torch.autograd.grad(loss, list(model.parameters()))
        single.append(own)
    norms = [math.sqrt(sum(float(g.square().sum()) for g in own)) for own in single]
    clip = float(np.median(norms))
    expected = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for own, length in zip(single, norms, strict=True):
        for total, gradient in zip(expected.values(), own, strict=True):
            total += gradient * min(1.0, clip / length) / len(x)
    before = weights_of(model)
    trainer = Trainer(
        epochs=1, batch_size=12, learning_rate=0.1, optimizer="sgd",
        privacy=Privacy(noise_multiplier=0.0, clipping_norm=clip),
    )  # fmt: skip
    history = trainer.fit(model, x, y, generator=0)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.detach(), before[name] - 0.1 * expected[name])
    assert history.steps == history.privacy.steps == 1
    assert history.privacy.epsilon == math.inf
    assert history.privacy.to_dict()["epsilon"] is None


def test_without_noise_and_clipping_full_batches_are_those_of_plain_training(rows):
    plain, private = _linear(), _linear()
    shared = {"epochs": 5, "batch_size": 12, "learning_rate": 0.1}
    losses = Trainer(**shared).fit(plain, *rows, generator=0).losses
    privacy = Privacy(noise_multiplier=0.0, clipping_norm=1e6)
    history = Trainer(**shared, privacy=privacy).fit(private, *rows, generator=0)
    np.testing.assert_allclose(history.losses, losses, rtol=1e-5)
    for key, weights in weights_of(plain).items():
        torch.testing.assert_close(weights_of(private)[key], weights, rtol=1e-4, atol=1e-6)


def test_noise_has_the_deviation_that_is_accounted(generator):
    model = torch.nn.Linear(100, 100)
    one = torch.ones(1, 100), torch.tensor([0])
    spent = PrivacySpent(
        epsilon=1.0, delta=1e-5, noise_multiplier=3.0, clipping_norm=0.5, sampling_rate=0.1, steps=1
    )
    gradients = PerExampleGradients(model, *one)
    nobody = one[0][:0], one[1][:0]
    assert set_private_gradient(model, gradients, *nobody, spent, 8.0, generator) == 0.0
    values = torch.cat([p.grad.flatten() for p in model.parameters()]).numpy()
    # The square of a deviation over 10,100 values has one of √(2/10,100) = 1.4 %.
    assert values.std() == pytest.approx(3.0 * 0.5 / 8.0, rel=0.04)
    assert abs(values.mean()) < 5 * 3.0 * 0.5 / 8.0 / math.sqrt(len(values))


def test_batches_take_each_row_independently(generator):
    sizes = [len(poisson_batch(40, 0.2, generator)) for _ in range(2000)]
    assert np.mean(sizes) == pytest.approx(8.0, abs=0.3)  # ± 5 deviations
    assert np.var(sizes) == pytest.approx(40 * 0.2 * 0.8, rel=0.2)


def test_the_usage_is_that_of_the_rows_drawn():
    model, ds = hybrid(num_qubits=2), few_iris()
    privacy = Privacy(noise_multiplier=0.0)
    with metered(model) as meter:
        Trainer(epochs=2, batch_size=8, privacy=privacy).fit(
            model, ds.x_train, ds.y_train, generator=3
        )
    generator = np.random.default_rng(3)
    drawn = 0
    for _ in range(2 * 5):
        drawn += len(poisson_batch(40, 0.2, generator))
        for parameter in model.parameters():
            generator.normal(0.0, 1.0, tuple(parameter.shape))
    assert meter.usage.gradient_evaluations == meter.usage.forward_evaluations == drawn


def test_a_seed_decides_the_noise(rows):
    pytest.importorskip("dp_accounting")
    trainer = Trainer(epochs=1, batch_size=12, privacy=Privacy(noise_multiplier=4.0))
    models = [_linear() for _ in range(3)]
    for model, seed in zip(models, (1, 1, 2), strict=True):
        trainer.fit(model, *rows, generator=seed)
    first, second, other = map(weights_of, models)
    assert same_weights(first, second)
    assert not same_weights(first, other)


def test_epsilon_is_that_of_the_library_and_of_the_closed_form():
    library = pytest.importorskip("dp_accounting")
    from dp_accounting.pld import PLDAccountant
    from scipy.stats import norm

    spent = Privacy(noise_multiplier=1.0, delta=1e-4).spent(rows=300, batch_size=32, epochs=14)
    step = library.PoissonSampledDpEvent(32 / 300, library.GaussianDpEvent(1.0))
    direct = PLDAccountant().compose(library.SelfComposedDpEvent(step, 140)).get_epsilon(1e-4)
    assert (spent.steps, spent.sampling_rate) == (140, 32 / 300)
    assert spent.epsilon == direct == pytest.approx(7.622, abs=2e-3)
    # Full batches are a Gaussian mechanism of μ = √100 / 4 (Dong et al., arXiv:1905.02383).
    epsilon, mu = subsampled_gaussian_epsilon(4.0, 1.0, 100, 1e-4), 2.5
    delta = norm.cdf(-epsilon / mu + mu / 2) - math.exp(epsilon) * norm.cdf(-epsilon / mu - mu / 2)
    assert delta == pytest.approx(1e-4, rel=0.01)


@pytest.mark.slow
@pytest.mark.ci
def test_a_target_takes_the_least_noise_that_meets_it():
    pytest.importorskip("dp_accounting")
    spent = Privacy(epsilon=1.0, delta=1e-4).spent(rows=200, batch_size=100, epochs=2)
    assert 0.985 < spent.epsilon <= 1.0
    with pytest.raises(InputError, match="no noise multiplier up to 1000 gives epsilon 1e-05"):
        Privacy(epsilon=1e-5, delta=1e-9).spent(rows=200, batch_size=200, epochs=100)


def test_what_cannot_be_private_is_refused(rows, monkeypatch):
    for given in ({}, {"noise_multiplier": 1.0, "epsilon": 1.0}, {"noise_multiplier": -1.0},
                  {"epsilon": 0.0}, {"epsilon": 1.0, "clipping_norm": 0.0}):  # fmt: skip
        with pytest.raises(InputError):
            Privacy(**given)
    noisy = Privacy(noise_multiplier=1.0)
    with pytest.raises(InputError, match="takes all its epochs"):
        Trainer(privacy=noisy, patience=3)
    with pytest.raises(InputError, match=r"less than 1 / 12 training rows, got 0\.1"):
        Trainer(privacy=Privacy(noise_multiplier=1.0, delta=0.1)).fit(_linear(), *rows)
    ds = few_iris()
    with pytest.raises(InputError, match="not computed for shards"):
        Trainer(privacy=noisy).fit(ShardedClassifier(hybrid()), ds.x_train, ds.y_train)
    monkeypatch.setitem(sys.modules, "dp_accounting", None)
    with pytest.raises(InputError, match=r"pip install 'qiskit_qmu\[privacy\]'"):
        Trainer(privacy=noisy).fit(_linear(), *rows)
