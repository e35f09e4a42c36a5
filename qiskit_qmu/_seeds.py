"""Named, independent random streams from one seed; nothing draws from global state."""

import secrets
import sys
import zlib
from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator that belongs to ``seed`` and a path of names.

    The same seed and names always give the same stream, whatever else was drawn before; other names
    give an independent one.

    Args:
        seed: Root seed of the run, zero or more.
        names: Path of the stream, for example ``"original", "weights"``.

    Returns:
        A new NumPy generator.

    Example:
        >>> stream(0, "weights").random() == stream(0, "weights").random()
        True
    """
    key = tuple(zlib.crc32(name.encode()) for name in names)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


class CopiesDrawAnew:
    """Has a generator, of which copies of the object get streams of their own.

    A copy with the generator as it is would repeat what the original is still to draw. Copies by
    ``copy``, ``pickle`` or in a worker process are the same in every program that makes the same
    ones, and the original goes on as if there were none. (All that is read from one pickle is
    equal.)

    Example:
        >>> import copy
        >>> class Coin(CopiesDrawAnew):
        ...     def __init__(self):
        ...         self._generator = np.random.default_rng(0)
        >>> coin = Coin()
        >>> copy.copy(coin)._generator.random() == coin._generator.random()
        False
    """

    _generator: np.random.Generator
    _copies = 0

    def __getstate__(self) -> dict[str, Any]:
        self._copies += 1
        root: Any = self._generator.bit_generator.seed_seq
        key = (*root.spawn_key, _COPIES, self._copies)
        own = np.random.default_rng(np.random.SeedSequence(root.entropy, spawn_key=key))
        return {**self.__dict__, "_generator": own, "_copies": 0}


_COPIES = zlib.crc32(b"copies")
"""Place of copies in a spawn key, where what is drawn counts from 0."""


def as_generator(generator: Any) -> np.random.Generator:
    """Return a NumPy generator.

    Args:
        generator: A NumPy generator, returned as it is; a seed; a torch generator, from which a
            seed is drawn; or None for entropy of the operating system.

    Raises:
        InputError: If it is none of these.

    Example:
        >>> as_generator(7).random() == np.random.default_rng(7).random()
        True
        >>> generator = np.random.default_rng(7)
        >>> as_generator(generator) is generator
        True
    """
    # Where a torch generator was made, torch is loaded; modules without torch must stay so.
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(generator, torch.Generator):
        generator = int(torch.randint(2**62, (1,), generator=generator))
    try:
        return np.random.default_rng(fresh_seed() if generator is None else generator)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"generator must be a NumPy or torch generator or a seed, got {generator!r}"
        ) from error


def child_seed(seed: int, *names: str) -> int:
    """Return the seed that belongs to ``seed`` and a path of names, below 2⁶³.

    It is for what takes a seed and no generator, such as `open_backend`: two backends of one seed
    have the same noise, and those of seeds of different names are independent.

    Args:
        seed: Root seed of the run, zero or more.
        names: What it is for, for example ``"unlearning", "ssd"``.

    Raises:
        InputError: If the seed is negative.

    Example:
        >>> child_seed(0, "noise") == child_seed(0, "noise")
        True
        >>> child_seed(0, "noise") == child_seed(0, "shots")
        False
    """
    _check.at_least(0, seed=seed)
    return int(stream(seed, *names).integers(2**63))


def fresh_seed() -> int:
    """Return a seed below 2⁶³ from the operating system's entropy.

    Example:
        >>> 0 <= fresh_seed() < 2**63
        True
    """
    return secrets.randbits(63)
