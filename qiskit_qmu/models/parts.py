"""Submodules with their own methods for initialisation and fitting."""

from typing import Any

import torch


def parts_with(module: torch.nn.Module, method: str) -> list[Any]:
    """Return the outermost submodules that have a method, including the module itself."""
    return [module] if callable(getattr(module, method, None)) else inner_parts_with(module, method)


def inner_parts_with(module: torch.nn.Module, method: str) -> list[Any]:
    """Return the outermost submodules that have a method, excluding the module itself."""
    found = [part for child in module.children() for part in parts_with(child, method)]
    return list(dict.fromkeys(found))  # a submodule may be used in several places


def plain_parts(module: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """Return a module and its submodules by name, except those inside one with ``reinitialize``.

    The module itself may have one: it may need to know what else there is to redraw.
    """
    owners = inner_parts_with(module, "reinitialize")
    owned = {id(part) for owner in owners for part in owner.modules()}
    return {name: part for name, part in module.named_modules() if id(part) not in owned}


def is_frozen(part: torch.nn.Module, *, within: torch.nn.Module) -> bool:
    """Return whether a submodule is in evaluation mode inside a module in training mode."""
    return within.training and not part.training
