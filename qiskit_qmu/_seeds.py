"""Named, independent random streams from one seed, without global state."""

import secrets
import sys
import zlib
from typing import Any

import numpy as np

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError


def stream(seed: int, *names: str) -> np.random.Generator:
    """Return the generator that belongs to ``seed`` and a path of names.

    The same seed and names always give the same stream, whatever was drawn before; other names give
    an independent one.

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
    """Base class of objects with a generator, whose copies get independent streams.

    A copy with the same generator would repeat the random numbers of the original. Copies by
    ``copy``, ``pickle`` or in a worker process are the same in every program that makes the same
    copies, and do not affect the original. (Objects read from one pickle are equal.)

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
"""Position of copies in a spawn key, in which spawned streams count from 0."""


def as_generator(generator: Any) -> np.random.Generator:
    """Return a NumPy generator.

    Args:
        generator: A NumPy generator, returned unchanged; a seed; a torch generator, from which a
            seed is drawn; or None for entropy from the operating system.

    Raises:
        InputError: If it is none of these.

    Example:
        >>> as_generator(7).random() == np.random.default_rng(7).random()
        True
        >>> generator = np.random.default_rng(7)
        >>> as_generator(generator) is generator
        True
    """
    # If a torch generator exists, torch is imported; modules without torch must not import it.
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(generator, torch.Generator):
        generator = int(torch.randint(2**62, (1,), generator=generator))
    try:
        return np.random.default_rng(fresh_seed() if generator is None else generator)
    except (TypeError, ValueError) as error:
        wrong = InputTypeError if isinstance(error, TypeError) else InputError
        raise wrong(
            f"generator must be a NumPy or torch generator or a seed, got {generator!r}"
        ) from error


def child_seed(seed: int, *names: str) -> int:
    """Return the seed that belongs to ``seed`` and a path of names, below 2⁶³.

    It is for functions that take a seed rather than a generator, such as `open_backend`: backends
    with the same seed have the same noise, and backends with different child seeds are independent.

    Args:
        seed: Root seed of the run, zero or more.
        names: Path of the stream, for example ``"unlearning", "ssd"``.

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
