"""How commands say that a model was trained, or kept, and how good it is."""

from typing import Any

_WORDS = {"accuracy": "accuracy", "r2": "R²"}


def trained_text(path: str, scores: dict[str, dict[str, float]]) -> str:
    """Say how many rows a model was trained on, and its accuracy or R² on each part.

    Args:
        path: Folder of the model.
        scores: The entry "scores" of its record.
    """
    name = next(key for key in _WORDS if key in scores["training"])
    found = ", ".join(f"{of[name]:.3f} on {of['rows']} {part} rows" for part, of in scores.items())
    rows = scores["training"]["rows"]
    return f"{path}: trained on {rows} rows; {_WORDS[name]} {found}"


def trained_content(path: str, kept: dict[str, Any]) -> dict[str, Any]:
    """Return the same as JSON values.

    Args:
        path: Folder of the model.
        kept: The record that is stored with it.
    """
    return {"model": path, "trained_rows": len(kept["train_indices"]), "scores": kept["scores"]}
