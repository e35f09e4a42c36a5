"""EWC: the second step by hand, and the Fisher diagonals of both variants."""

import pytest
import torch
from tiny_models import hybrid, iris_split

from qiskit_qmu.unlearning import FisherRegularizedAscent, fisher_diagonal


@pytest.mark.parametrize("variant", ["standard", "hqml"])
def test_two_steps_by_hand(variant):
    """The penalty is zero at the first step, and pulls back at the second."""
    model, split = hybrid(seed=1), iris_split()
    ascent = FisherRegularizedAscent(
        penalty=200.0, variant=variant, optimizer="sgd", learning_rate=0.1, batch_size=100,
        max_epochs=2, confidence_threshold=0.0,
    )  # fmt: skip
    after = ascent(model, split, generator=0).model
    x, y = torch.tensor(split.forget.x), torch.tensor(split.forget.y)
    student = model.clone()
    if variant == "standard":
        importance = fisher_diagonal(model, split.retain)[0]
    else:  # the square of the mean gradient of the one batch
        loss = torch.nn.functional.cross_entropy(student(x), y)
        found = torch.autograd.grad(loss, list(student.parameters()))
        names = [name for name, _ in student.named_parameters()]
        importance = {n: g.square() for n, g in zip(names, found, strict=True)}
    optimizer = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        moved = {n: p - model.get_parameter(n).detach() for n, p in student.named_parameters()}
        penalty = sum((importance[n] * d.square()).sum() for n, d in moved.items())
        loss = torch.nn.functional.cross_entropy(student(x), y)
        (-loss + 100.0 * penalty).backward()
        optimizer.step()
    for new, expected in zip(after.parameters(), student.parameters(), strict=True):
        torch.testing.assert_close(new, expected, atol=2e-5, rtol=2e-3)
