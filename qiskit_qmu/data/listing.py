"""Lists of names in messages, of which the first few are shown."""

from collections.abc import Sequence

_SHOWN = 10


def listed(names: Sequence[str]) -> str:
    """Join names by commas; of a long list the first ten, and how many more there are.

    Example:
        >>> from qiskit_qmu.data.listing import listed
        >>> listed(["a", "b"])
        'a, b'
        >>> listed([str(number) for number in range(12)])
        '0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more'
    """
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
