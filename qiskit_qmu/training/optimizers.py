"""torch's optimisers, apart from torch's compiler.

torch decorates methods of its optimisers for ``torch.compile``, and the first call of one imports
the compiler, which takes as long as importing torch. These are the same methods undecorated, with
the same numbers.
"""

from inspect import unwrap

import torch


class _Undecorated(torch.optim.Optimizer):
    """What all optimisers share."""

    add_param_group = unwrap(torch.optim.Optimizer.add_param_group)
    zero_grad = unwrap(torch.optim.Optimizer.zero_grad)


class Adam(_Undecorated, torch.optim.Adam):
    """torch's Adam."""

    step = torch.no_grad()(unwrap(torch.optim.Adam.step))


class SGD(_Undecorated, torch.optim.SGD):
    """torch's stochastic gradient descent."""

    step = torch.no_grad()(unwrap(torch.optim.SGD.step))
