"""Named, independent random streams from one seed; nothing draws from global state."""

import zlib

import numpy as np


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
        >>> stream(0, "weights").integers(100) == stream(0, "weights").integers(100)
        True
    """
    key = tuple(zlib.crc32(name.encode()) for name in names)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def as_generator(generator: np.random.Generator | int | None) -> np.random.Generator:
    """Return ``generator`` itself, or a new one from a seed (None: from the operating system)."""
    return np.random.default_rng(generator)
