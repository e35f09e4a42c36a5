"""Damages files: their bytes, and what they say while their checksums are right."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np

_ODD = (
    None, True, -1, 0, 3, 10**9, 10**30, 1e308, -0.5, "", "x", "9" * 5000, "é" * 400, [], {},
    [[]], [None] * 10, {"a": {}}, [10**9], ["ä", 1],
)  # fmt: skip
_NESTED = 10**5


def damaged_bytes(content: bytes, generator: np.random.Generator) -> bytes:
    """Return other content: cut, flipped, with bytes put in, taken out, or set to extremes."""
    while True:
        kind = _BYTES[int(generator.integers(len(_BYTES)))]
        damaged = bytes(kind(bytearray(content), generator))
        if damaged != content:
            return damaged


def _cut(data: bytearray, generator: np.random.Generator) -> bytearray:
    return data[: int(generator.integers(len(data)))]


def _flipped(data: bytearray, generator: np.random.Generator) -> bytearray:
    for _ in range(int(generator.integers(1, 9))):
        data[int(generator.integers(len(data)))] ^= 1 << int(generator.integers(8))
    return data


def _longer(data: bytearray, generator: np.random.Generator) -> bytearray:
    at = int(generator.integers(len(data) + 1))
    data[at:at] = generator.bytes(int(generator.integers(1, 64)))
    return data


def _shorter(data: bytearray, generator: np.random.Generator) -> bytearray:
    at = int(generator.integers(len(data)))
    del data[at : at + int(generator.integers(1, 64))]
    return data


def _extreme(data: bytearray, generator: np.random.Generator) -> bytearray:
    at = int(generator.integers(len(data)))
    filled = (b"\x00", b"\xff", b"\x7f", b"9")[int(generator.integers(4))]
    width = int(generator.choice([1, 2, 4, 8, 32]))
    data[at : at + width] = filled * width
    return data


def _other(data: bytearray, generator: np.random.Generator) -> bytearray:
    others = (b"", bytes(100), b"[" * _NESTED, b'{"a":' * _NESTED, generator.bytes(500))
    return bytearray(others[int(generator.integers(len(others)))])


_BYTES: tuple[Callable[[bytearray, np.random.Generator], bytearray], ...] = (
    _cut, _flipped, _flipped, _longer, _shorter, _extreme, _extreme, _other,
)  # fmt: skip


def damaged_table(content: dict[str, Any], generator: np.random.Generator) -> dict[str, Any]:
    """Return other JSON values: of another type, far too large, missing, or one too many."""
    changed = copy.deepcopy(content)
    for _ in range(int(generator.integers(1, 4))):
        _change(changed, generator)
    return (
        changed if json.dumps(changed) != json.dumps(content) else damaged_table(content, generator)
    )


def _change(node: Any, generator: np.random.Generator) -> None:
    """Change something at random, each depth as likely as the one below it."""
    keys = list(node) if isinstance(node, dict) else list(range(len(node)))
    if not keys:
        return
    key = keys[int(generator.integers(len(keys)))]
    if isinstance(node[key], dict | list) and node[key] and generator.random() < 0.8:
        _change(node[key], generator)
    elif generator.random() < 0.15:
        del node[key]
    elif generator.random() < 0.1 and isinstance(node, dict):
        node["other"] = 1
    else:
        node[key] = copy.deepcopy(_ODD[int(generator.integers(len(_ODD)))])
