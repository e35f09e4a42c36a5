"""FactoryCall: a user's function that builds a model, with its arguments."""

import hashlib
import importlib
import importlib.util
import inspect
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any, final

import numpy as np
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry
from qiskit_qmu.models.dry_run import no_circuits, zeros
from qiskit_qmu.models.tensors import placement

Factory = Callable[..., torch.nn.Module]

_ROWS_TO_TRY = 4


class FactoryWarning(UserWarning):
    """The code that makes a saved model's module is not that with which it was saved."""


@final
@dataclass(frozen=True, kw_only=True)
class FactoryCall:
    """A function that builds a model, with its arguments.

    Attributes:
        name: "package.module:function", by which it is imported; None if it cannot be.
        input_shape: Shape of one row, the first argument.
        num_classes: Number of classes, the second argument.
        settings: Further arguments by name.
        source: Name of the file that it stands in, and its SHA-256; None if it has none.
        function: The function.
    """

    name: str | None
    input_shape: tuple[int, ...]
    num_classes: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: tuple[str, str] | None
    function: Factory = field(repr=False, compare=False)

    @staticmethod
    def of(
        factory: str | Factory,
        input_shape: Sequence[int],
        num_classes: int,
        settings: Mapping[str, Any] | None = None,
    ) -> "FactoryCall":
        """Return the call of a function, or of one that is imported by name.

        Raises:
            InputError: If there is no such function, or it does not take these arguments.
        """
        function = import_factory(factory) if isinstance(factory, str) else factory
        if not callable(function):
            raise InputError(f"a factory must be a function or a name, got {function!r}")
        call = FactoryCall(
            name=factory if isinstance(factory, str) else _name_of(function),
            input_shape=tuple(int(size) for size in input_shape),
            num_classes=int(num_classes),
            settings=dict(settings or {}),
            source=_source_of(function),
            function=function,
        )
        call.check_arguments()
        return call

    @property
    def title(self) -> str:
        """What messages call the function."""
        return self.name or str(getattr(self.function, "__qualname__", self.function))

    def check_arguments(self) -> None:
        """Raise InputError unless the function takes the arguments."""
        try:
            inspect.signature(self.function).bind(
                self.input_shape, self.num_classes, **self.settings
            )
        except TypeError as error:
            given = ", ".join(("input_shape", "num_classes", *self.settings))
            raise InputError(
                f"{self.title} is called as {self.title.rpartition(':')[2]}({given}): {error}"
            ) from error
        except ValueError:  # a builtin without a signature
            return

    def make(self, generator: np.random.Generator) -> torch.nn.Module:
        """Return a new module, with torch's global generator seeded.

        Raises:
            InputError: If the function fails or does not return a module.
        """
        with torch.random.fork_rng(devices=[]), self.failing("raised"):
            torch.default_generator.manual_seed(int(generator.integers(2**63)))
            module = self.function(self.input_shape, self.num_classes, **self.settings)
        if not isinstance(module, torch.nn.Module):
            raise InputError(
                f"{self.title} must return a torch module, got {type(module).__name__}"
            )
        how = f"returned a module that fails on rows of shape {self.input_shape}:"
        with torch.random.fork_rng(devices=[]), torch.no_grad(), self.failing(how):
            torch.default_generator.manual_seed(int(generator.integers(2**63)))
            with no_circuits(module, zeros) as dry:  # (lazy layers draw their weights here)
                dry(self.rows_for(module))
        return module

    def rows_for(self, module: torch.nn.Module) -> torch.Tensor:
        """Return a few random rows of the shape, in a module's precision."""
        dtype, device = placement(module)
        noise = torch.Generator().manual_seed(0)
        return torch.rand((_ROWS_TO_TRY, *self.input_shape), generator=noise).to(device, dtype)

    @contextmanager
    def failing(self, how: str) -> Iterator[None]:
        """Turn errors of the user's code inside the block into one line with their location.

        Raises:
            InputError: If the code fails.
        """
        try:
            yield
        except Exception as error:
            where = _place(error, _file_of(self.function))
            raise InputError(f"{self.title} {how} {_said(error)}{where}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values, without the function."""
        return {
            "name": self.name,
            "input_shape": list(self.input_shape),
            "num_classes": self.num_classes,
            "settings": dict(self.settings),
            "source": None if self.source is None else list(self.source),
        }

    @staticmethod
    def from_dict(values: Any, factory: Factory | str | None = None) -> "FactoryCall":
        """Return the call written by `to_dict`.

        Args:
            values: The JSON values.
            factory: The function, or its current name, instead of the stored name.

        Raises:
            InputError: If the function is not named, cannot be imported or does not take these
                arguments.

        Warns:
            FactoryWarning: If the function's file has changed.
        """
        name = values.get("name") if isinstance(values, dict) else None
        if factory is None and name is None:
            raise InputError(
                "its factory has no importable name: pass it, as in "
                "qmu.load_model(path, factory=build)"
            )
        call = FactoryCall.of(
            factory or checked(name, str, "name"),
            entry(values, "input_shape", list),
            entry(values, "num_classes", int),
            entry(values, "settings", dict),
        )
        old = values.get("source")
        if old is not None and call.source is not None and list(call.source)[1] != old[1]:
            warnings.warn(
                f"{call.source[0]}, which defines {call.title}, has changed since the model was "
                "saved",
                FactoryWarning,
                stacklevel=2,
            )
        return call


def is_factory_name(name: str) -> bool:
    """Return whether a model's name is that of a factory: "package.module:function"."""
    module, separator, function = name.partition(":")
    words = (*module.split("."), *function.split("."))
    return bool(separator) and all(word.isidentifier() for word in words)


def import_factory(name: str) -> Factory:
    """Import a function by "package.module:function", from the current folder first.

    Raises:
        InputError: If the name has another form, there is no such module or function, or importing
            the module fails.
    """
    if not is_factory_name(name):
        raise InputError(f"a factory must be named package.module:function, got {name!r}")
    module_name, _, function_name = name.partition(":")
    with _current_folder_first():
        try:
            found: Any = importlib.import_module(module_name)
        except ModuleNotFoundError as error:
            if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
                raise InputError(
                    f"no module {error.name!r} for {name}: run in the folder that contains it, or "
                    "install it"
                ) from error
            raise InputError(
                f"{module_name} cannot be imported: {_said(error)}{_place(error)}"
            ) from error
        except Exception as error:
            raise InputError(
                f"{module_name} cannot be imported: {_said(error)}{_place(error)}"
            ) from error
    for part in function_name.split("."):
        if not hasattr(found, part):
            functions = [
                key
                for key, value in vars(found).items()
                if isinstance(value, FunctionType) and value.__module__ == module_name
            ]
            near = f" (it has {', '.join(functions)})" if functions else ""
            raise InputError(f"no function {function_name!r} in module {module_name}{near}")
        found = getattr(found, part)
    if not callable(found):
        raise InputError(f"{name} must be a function, got {type(found).__name__}")
    factory: Factory = found
    return factory


@contextmanager
def _current_folder_first() -> Iterator[None]:
    """Import from the current folder first, like `python -m`, and afterwards last.

    The imported code may import from there when it is called.
    """
    folder = str(Path.cwd())
    if folder in sys.path or "" in sys.path:
        yield
        return
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(folder)
        sys.path.append(folder)


def _name_of(function: Factory) -> str | None:
    """Return a name by which another process can import a function; None if there is none."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "")
    if module in (None, "__main__") or not is_factory_name(f"{module}:{name}"):
        return None
    return f"{module}:{name}"


def _file_of(function: Factory) -> str | None:
    try:
        return inspect.getsourcefile(inspect.unwrap(function))
    except (TypeError, ValueError):
        return None


def _source_of(function: Factory) -> tuple[str, str] | None:
    file = _file_of(function)
    if file is None or not Path(file).is_file():
        return None
    return Path(file).name, hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(error: BaseException, file: str | None = None) -> str:
    """Return the location of an error: the last line in a file, or outside libraries."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if f.filename == file] or [f for f in frames if _is_users(f.filename)]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""


_PACKAGE = str(Path(__file__).parent.parent)


def _is_users(file: str) -> bool:
    """Return whether a file belongs neither to this package, a library nor Python."""
    path = Path(file)
    libraries = (_PACKAGE, str(Path(importlib.__file__).parent.parent))
    return path.is_file() and "site-packages" not in path.parts and not file.startswith(libraries)
