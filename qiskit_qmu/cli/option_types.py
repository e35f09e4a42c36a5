"""Types of options, checked while parsing, before anything slow is imported."""

import difflib
from argparse import ArgumentTypeError as OptionError
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from qiskit_qmu.deletions.model_folder import EXACT_MODELS

_BACKENDS = ("exact", "aer", "fake_", "ibm_", "ibm:")
"""Prefixes of backend names."""


def integer(text: str) -> int:
    """Parse an integer; unlike int(), underscores and non-ASCII digits are rejected.

    Raises:
        ValueError: If the text is not an integer of ASCII digits with an optional sign.
    """
    return int(_plain(text))


def real(text: str) -> float:
    """Parse a number.

    Raises:
        ValueError: If the text is not a number, or has underscores or non-ASCII characters.
    """
    return float(_plain(text))


def count(text: str) -> int:
    """Parse an integer of at least 1.

    Raises:
        OptionError: If the text is not one.
    """
    return _integer_from(1, text)


def seed(text: str) -> int:
    """Parse an integer of at least 0.

    Raises:
        OptionError: If the text is not one.
    """
    return _integer_from(0, text)


def positive(text: str) -> float:
    """Parse a finite number above 0.

    Raises:
        OptionError: If the text is not one.
    """
    return _real_between(0.0, float("inf"), text, "a number above 0")


def share(text: str) -> float:
    """Parse a number between 0 and 1, exclusive.

    Raises:
        OptionError: If the text is not one.
    """
    return _real_between(0.0, 1.0, text, "a number between 0 and 1 (exclusive)")


def choice(names: Callable[[], Collection[str]]) -> Callable[[str], str]:
    """Return an option type that accepts some names, which are looked up when parsing."""

    def chosen(text: str) -> str:
        known = names()
        if text not in known:
            # (worded like argparse, so that a suggestion is added)
            raise OptionError(f"invalid choice: {text!r} (choose from {', '.join(known)})")
        return text

    return chosen


def several(one: Callable[[str], str]) -> Callable[[str], list[str]]:
    """Return an option type that accepts names separated by commas, each by the type of one."""

    def chosen(text: str) -> list[str]:
        return [one(word.strip()) for word in text.split(",")]

    return chosen


def dataset_names() -> Collection[str]:
    """Return the names of datasets."""
    from qiskit_qmu.data import DATASET_NAMES  # (help must not load it)

    return DATASET_NAMES


dataset = choice(dataset_names)

MODELS = ("basic", "hybrid")
"""Models that have a name."""


def model(text: str) -> str:
    """Return the name of a model, or of a factory; what is behind that is seen when it is built.

    Raises:
        OptionError: If it is neither.
    """
    return _model(text, MODELS)


def _model(text: str, named: Sequence[str]) -> str:
    if text in named:
        return text
    if ":" not in text:
        # (worded like argparse, so that a suggestion is added)
        raise OptionError(
            f"invalid choice: {text!r} (choose from {', '.join(named)}, package.module:function)"
        )
    words = [word for part in text.split(":") for word in part.split(".")]
    if text.count(":") > 1 or not all(word.isidentifier() for word in words):
        raise OptionError(f"a factory is named package.module:function, got {text!r}")
    return text


def trained_model(text: str) -> str:
    """Return the name of a model that `qmu train` trains.

    Raises:
        OptionError: If it is none.
    """
    return _model(text, (*MODELS, *EXACT_MODELS))


@choice
def outputs() -> Collection[str]:
    """Return what a model may return."""
    return ("logits", "probabilities", "expectation")


@choice
def scale() -> Collection[str]:
    """Return how features may be scaled."""
    return ("standard", "none")


def method_names() -> Collection[str]:
    """Return the names of unlearning methods."""
    from qiskit_qmu.unlearning import METHODS  # (help must not load it)

    return tuple(METHODS)


method = choice(method_names)
methods = several(method)


def attack_names() -> Collection[str]:
    """Return the names of the AUCs of attacks on one model's outputs."""
    from qiskit_qmu.attacks import ATTACKS  # (help must not load it)

    return tuple(ATTACKS)


attacks = several(choice(attack_names))


def backend(text: str) -> str:
    """Parse the name of a backend; whether a device exists is checked when it is opened.

    Raises:
        OptionError: If the name has no known form.
    """
    if not text.startswith(_BACKENDS):
        raise OptionError(
            f"unknown backend {text!r}; use exact, aer, fake_<device>, ibm_<device> or "
            "ibm:least_busy"
        )
    return text


def saved_model(text: str) -> Path:
    """Return the folder of a saved model.

    Raises:
        OptionError: If there is no such folder, or it has no model.
    """
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise OptionError(f"{text} is a file; a saved model is a folder")
    if not path.is_dir():
        raise OptionError(_no_model(path))
    if not (path / "model.json").exists():
        raise OptionError(f"{text} holds no saved model{_meant(path)}")
    return path


def _no_model(path: Path) -> str:
    """Say that there is no such folder, and which model beside it may have been meant."""
    near: list[str] = []
    if path.parent.is_dir():
        beside = [each.parent.name for each in path.parent.glob("*/model.json")]
        near = difflib.get_close_matches(path.name, beside, n=1)
    return f"no folder {path}" + (f"; did you mean {path.with_name(near[0])}?" if near else "")


def _meant(path: Path) -> str:
    """Name the model that a folder of a run holds, where it holds one."""
    inner = path / "result" / "model"
    return f"; did you mean {inner}?" if (inner / "model.json").exists() else ""


def folder(text: str) -> str:
    """Return a folder.

    Raises:
        OptionError: If there is no such folder.
    """
    if not Path(text).expanduser().is_dir():
        raise OptionError(f"there is no folder {text}")
    return text


def _integer_from(minimum: int, text: str) -> int:
    try:
        number = integer(text)
    except ValueError as error:
        raise OptionError(f"must be an integer, got {text!r}") from error
    if number < minimum:
        raise OptionError(f"must be at least {minimum}, got {number}")
    return number


def _real_between(low: float, high: float, text: str, rule: str) -> float:
    try:
        number = real(text)
    except ValueError as error:
        raise OptionError(f"must be {rule}, got {text!r}") from error
    if not low < number < high:
        raise OptionError(f"must be {rule}, got {text}")
    return number


def _plain(text: str) -> str:
    if "_" in text or not text.isascii():
        raise ValueError(f"not a number: {text[:50]!r}")
    return text
