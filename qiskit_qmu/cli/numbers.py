"""Numbers as they are written in ASCII; Python's own readers take 1_0 and other scripts' digits."""


def integer(text: str) -> int:
    """Return the integer that a text is.

    Raises:
        ValueError: If it is none, or has other than ASCII digits and a sign.
    """
    return int(_plain(text))


def real(text: str) -> float:
    """Return the number that a text is.

    Raises:
        ValueError: If it is none, or has other than ASCII characters, or underscores.
    """
    return float(_plain(text))


def _plain(text: str) -> str:
    if "_" in text or not text.isascii():
        raise ValueError(f"not a number: {text[:50]!r}")
    return text
