"""ShardedClassifier: several models of one kind, each trained on its own share of the rows."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Self, final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.files import Description
from qiskit_qmu.models.initialization import reinitialize
from qiskit_qmu.models.parameters import clone_module, named_tensors
from qiskit_qmu.models.restoring import restore_tensors
from qiskit_qmu.models.weights_digest import weights_digest

RowsOfSlices = tuple[str, ...]
"""For each slice of a shard how many rows it was trained on and a digest of them: "12:9f86d0…"."""


@final
class ShardedClassifier(QuantumClassifier):
    """Models that are trained on disjoint shards of the rows, and answer together (SISA).

    A row belongs to one shard, and inside it to one slice, by a keyed hash of the row itself, so
    that its place does not depend on which other rows there are. `Trainer.fit` trains each shard
    slice by slice and keeps the weights after each slice: to delete a row, only its shard is
    trained again, from the slice of the row on; see `qiskit_qmu.unlearning.RetrainShards`. The
    answers are the logarithms of the mean of the shards' probabilities.

    L. Bourtoule et al., Machine Unlearning, IEEE S&P 2021, https://arxiv.org/abs/1912.03817.

    Args:
        model: A model of the kind of which each shard gets one; it is copied.
        shards: How many models.
        slices: How many portions of its rows each shard takes in one after another.

    Attributes:
        shards: The models.
        slices: Slices of each shard.
        seed: Decides places, initial weights and batches; drawn when training begins, None before.
        trained: What each slice of each shard was trained on; empty before training.

    Raises:
        InputError: If the model is no classifier of this package, or a number is not positive.

    Example:
        >>> import qiskit_qmu as qmu
        >>> iris = qmu.load_dataset("iris")
        >>> split = qmu.ForgetSplit.by_indices(iris, [3])
        >>> base = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> model = qmu.ShardedClassifier(base, shards=3)
        >>> trainer = qmu.Trainer(epochs=1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> model.predict_proba(iris.x_test).shape
        (45, 3)
    """

    def __init__(self, model: QuantumClassifier, *, shards: int = 5, slices: int = 1) -> None:
        if not isinstance(model, QuantumClassifier) or isinstance(model, ShardedClassifier):
            raise InputError(
                f"shards are copies of one classifier, got {type(model).__name__}; wrap a module "
                "with as_classifier"
            )
        _check.at_least(1, shards=shards, slices=slices)
        super().__init__(model.labels, model.backend, preprocess=False)
        self.shards: Any = torch.nn.ModuleList(clone_module(model) for _ in range(shards))
        self.slices = slices
        self.seed: int | None = None
        self.trained: tuple[RowsOfSlices, ...] = ()
        self._weights: tuple[str, ...] = ()
        self.earlier = _Earlier(self.shards, slices - 1)

    @property
    def num_classes(self) -> int:
        """Number of classes."""
        return int(self.shards[0].num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, classes) of rows (n, …), the logarithms of mean probabilities."""
        asked = [shard for number, shard in enumerate(self.shards) if self._has_rows(number)]
        each = torch.stack([shard(x).log_softmax(dim=1) for shard in asked])
        return each.logsumexp(dim=0) - math.log(len(asked))

    def places(self, digests: Sequence[str]) -> NDArray[np.int64]:
        """Return shard and slice (n, 2) of rows by their digests.

        Args:
            digests: As `qiskit_qmu.data.row_digests` gives them.

        Raises:
            InputError: If the model is not trained.
        """
        if self.seed is None:
            raise InputError("the model has no shards of rows yet: train it first")
        key = self.seed.to_bytes(8, "big")
        numbers = [
            int.from_bytes(hashlib.blake2b(d.encode(), key=key, digest_size=8).digest(), "big")
            for d in digests
        ]
        shards = len(self.shards)
        return np.array(
            [(n % shards, n // shards % self.slices) for n in numbers], dtype=np.int64
        ).reshape(-1, 2)

    def begin(self, seed: int) -> None:
        """Forget everything, and begin the training of all shards with a seed.

        Args:
            seed: Decides places, initial weights and batches.
        """
        self.seed = seed
        self.trained = tuple((_NO_ROWS,) * self.slices for _ in self.shards)
        self._weights = ("",) * len(self.shards)

    def go_back(self, shard: int, first: int) -> None:
        """Give a shard the weights that it had before a slice; initial ones before the first."""
        if first == 0:
            reinitialize(self.shards[shard], stream(self.seed or 0, "shard", str(shard), "weights"))
        else:
            self.earlier.restore(self.shards[shard], shard, first - 1)

    def keep(self, shard: int, number: int, digests: Sequence[str]) -> None:
        """Note the rows of a slice that a shard was just trained on, and keep its weights."""
        rows = list(self.trained[shard])
        rows[number] = rows_of_slice(digests)
        self.trained = (*self.trained[:shard], tuple(rows), *self.trained[shard + 1 :])
        if number < self.slices - 1:
            self.earlier.keep(self.shards[shard], shard, number)
        else:
            own = weights_digest(self.shards[shard])
            self._weights = (*self._weights[:shard], own, *self._weights[shard + 1 :])

    def check_untouched(self) -> None:
        """Check that nothing but training changed the weights.

        Raises:
            InputError: If the model is not trained, or something did.
        """
        if self.seed is None:
            raise InputError("the model has no shards of rows yet: train it first")
        for number, own in enumerate(self._weights):
            if weights_digest(self.shards[number]) != own:
                raise InputError(
                    f"the weights of shard {number} are not those that it was trained to; another "
                    "method has changed them, and no deletion is exact any more: train it again"
                )

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Redraw all weights in place, and reset everything fitted to training rows."""
        for shard in self.shards:
            reinitialize(shard, generator)
        self.seed, self.trained, self._weights = None, (), ()

    def on(self, backend: Backend) -> Self:
        """Return a copy with the same weights whose circuits run on another backend."""
        moved = clone_module(self)
        moved.shards = torch.nn.ModuleList(shard.on(backend) for shard in self.shards)
        moved.backend = backend
        return moved

    def check_labels(self, labels: NDArray[np.int64]) -> None:
        """Check the labels of all rows; one shard may see fewer classes.

        Raises:
            InputError: If classes are missing.
        """
        for shard in self.shards:
            shard.check_labels(labels)

    def description(self) -> Description:
        """Return the description from which a saved model is rebuilt, without its weights."""
        base: Description = self.shards[0].description()
        config = {
            "kind": "sharded",
            "model": base.config,
            "shards": len(self.shards),
            "slices": self.slices,
            "seed": self.seed,
            "trained": [list(rows) for rows in self.trained],
            "weights": list(self._weights),
        }
        return replace(base, config=config)

    def resume(self, config: dict[str, Any]) -> None:
        """Take over from a description what training noted.

        Raises:
            InputError: If it does not fit the shards.
        """
        seed, trained, weights = (config.get(name) for name in ("seed", "trained", "weights"))
        if seed is None:
            return
        sizes = {len(rows) for rows in trained or ()}
        if len(trained or ()) != len(self.shards) or sizes != {self.slices}:
            raise InputError("the rows of its shards do not match their number")
        self.seed, self._weights = int(seed), tuple(map(str, weights or ()))
        self.trained = tuple(tuple(map(str, rows)) for rows in trained or ())

    def extra_repr(self) -> str:
        """Return the slices of each shard."""
        return f"slices={self.slices}"

    def _has_rows(self, shard: int) -> bool:
        """Tell whether a shard is asked; one that no row is left in is not, if any has rows."""
        empty = (_NO_ROWS,) * self.slices
        if not self.trained or all(rows == empty for rows in self.trained):
            return True
        return self.trained[shard] != empty


def rows_of_slice(digests: Sequence[str]) -> str:
    """Return how many rows there are and one digest of them, whatever their order."""
    joined = hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()
    return f"{len(digests)}:{joined[:16]}"


_NO_ROWS = rows_of_slice(())


class _Earlier(torch.nn.Module):
    """Weights and buffers of each shard after each slice but the last."""

    def __init__(self, shards: Iterable[torch.nn.Module], stages: int) -> None:
        super().__init__()
        for number, shard in enumerate(shards):
            for stage in range(stages):
                self.keep(shard, number, stage)

    def keep(self, shard: torch.nn.Module, number: int, stage: int) -> None:
        """Keep what a shard is after a slice."""
        for place, tensor in enumerate(named_tensors(shard).values()):
            self.register_buffer(f"s{number}_{stage}_{place}", tensor.detach().clone())

    def restore(self, shard: torch.nn.Module, number: int, stage: int) -> None:
        """Give a shard what was kept of it."""
        names = named_tensors(shard)
        kept = (self.get_buffer(f"s{number}_{stage}_{place}") for place in range(len(names)))
        restore_tensors(shard, {n: t.clone() for n, t in zip(names, kept, strict=True)})

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Do nothing: training overwrites what is kept."""
