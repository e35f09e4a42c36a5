"""Parts of a module that say themselves how they start and what they fit to rows."""

from typing import Any

import torch


def parts_with(module: torch.nn.Module, method: str) -> list[Any]:
    """Return the outermost parts of a module that have a method, the module itself included."""
    return [module] if callable(getattr(module, method, None)) else inner_parts_with(module, method)


def inner_parts_with(module: torch.nn.Module, method: str) -> list[Any]:
    """Return the outermost parts inside of a module that have a method."""
    found = [part for child in module.children() for part in parts_with(child, method)]
    return list(dict.fromkeys(found))  # a part may be used in several places


def plain_parts(module: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Return a module and its parts by name, without those inside one with a ``reinitialize``.

    The module itself may have one: it may want to know what else there is to draw.
    """
    owners = inner_parts_with(module, "reinitialize")
    owned = {id(part) for owner in owners for part in owner.modules()}
    return {name: part for name, part in module.named_modules() if id(part) not in owned}


def is_frozen(part: torch.nn.Module, *, within: torch.nn.Module) -> bool:
    """Tell whether a part is in evaluation mode inside a module that is in training mode."""
    return within.training and not part.training
