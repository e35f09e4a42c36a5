"""Salted digests, which cannot be compared with those of other reports or with a guess."""

import hashlib
from secrets import token_hex
from typing import Literal


def new_salt() -> str:
    """Return a salt of 128 random bits."""
    return token_hex(16)


def salted(salt: str, kind: Literal["row", "id"], text: str) -> str:
    """Return the digest of a row's own digest, or of its id, under a salt.

    Without the salt it says nothing of the row: it can neither be matched with the same row's
    digest in another report, nor be compared with a guess. Whoever has the salt can do both, so a
    salt protects only as long as it is kept apart from the digests.

    Args:
        salt: The salt, as from `new_salt`.
        kind: What the text is.
        text: The row's digest from `qiskit_qmu.data.row_digests`, or its id.

    Returns:
        The first 32 hexadecimal digits of the sha256 of the three, separated by zero bytes.

    Example:
        >>> from qiskit_qmu.deletions import salted
        >>> salted("ab", "id", "C17") == salted("ab", "id", "C17")
        True
        >>> salted("ab", "id", "C17") == salted("cd", "id", "C17")
        False
    """
    return hashlib.sha256("\0".join((salt, kind, text)).encode()).hexdigest()[:32]
