"""Conditions on columns, such as ``region == 'EU' and age >= 40``, read without running code."""

import ast
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.data.column_values import BoolArray, ColumnValues

Columns = Callable[[str], ColumnValues]
"""Finds a column by its name."""

Condition = Callable[[Columns], BoolArray]
"""Tells which rows meet a condition, (n,)."""

# Which rows certainly meet a part of a condition, and which certainly do not.
_Truth = tuple[BoolArray, BoolArray]
_Part = Callable[[Columns], _Truth]

_LONGEST = 100_000
_DEEPEST = 50
_LONGEST_SHOWN = 200
_EXAMPLE = "\"region == 'EU' and age >= 40\""
_STRING_OR_QUOTED_NAME = re.compile(
    r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|`([^`]*)`""", re.DOTALL
)
_JOINS = re.compile(r"\b(and|or|not|in|is)\b")
_HINTS = {
    "=": "compare with ==",
    "&": "write and",
    "&&": "write and",
    "|": "write or",
    "||": "write or",
    "<>": "write !=",
    "!": "write not or !=",
}


def read_condition(text: str) -> Condition:
    """Read a condition.

    It compares columns with constants or with each other (``== != < <= > >=``), looks them up in
    lists (``in``, ``not in``), asks whether a value is there (``is missing``, ``is not missing``),
    and combines such parts by ``and``, ``or``, ``not`` and parentheses. Names with spaces stand in
    backticks, text in quotes, dates as ISO text in quotes. A column of truth values is a condition
    by itself.

    As in SQL, a comparison with a missing value is neither met nor not met: such a row is selected
    only where the rest of the condition decides.

    Args:
        text: The condition.

    Returns:
        A function from columns to the rows that meet it.

    Raises:
        InputError: If it cannot be read. The function raises it for an unknown column, and for a
            constant of another kind than the column.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.data.column_values import ColumnValues
        >>> from qiskit_qmu.data.condition import read_condition
        >>> table = {"region": np.array(["EU", "US", "EU"]), "age": np.array([30.0, 50.0, 41.0])}
        >>> condition = read_condition("region == 'EU' and age >= 40")
        >>> condition(lambda name: ColumnValues.of(name, table[name]))
        array([False, False,  True])
    """
    if len(text) > _LONGEST:
        raise InputError(f"where must have at most {_LONGEST} characters, got {len(text)}")
    plain, names = _without_quoted_names(text)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(plain.strip(), mode="eval").body
        part = _Reader(names).part(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        shown = repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
        if isinstance(error, InputError):
            raise InputError(f"where: {error}; got {shown}{_hint(text)}") from None
        raise InputError(
            f"where must be a condition such as {_EXAMPLE}, got {shown}{_hint(text)}"
        ) from error
    return lambda columns: part(columns)[0]


def _without_quoted_names(text: str) -> tuple[str, dict[str, str]]:
    """Replace names in backticks by identifiers, and return what each stands for."""
    prefix = "_column"
    while prefix in text:
        prefix += "_"
    names: dict[str, str] = {}

    def replaced(found: re.Match[str]) -> str:
        if found[1] is not None:
            return found[1]
        identifier = f"{prefix}{len(names)}"
        names[identifier] = found[2]
        return f" {identifier} "

    return _STRING_OR_QUOTED_NAME.sub(replaced, text), names


def _hint(text: str) -> str:
    outside = _STRING_OR_QUOTED_NAME.sub(" ", text)
    signs = re.findall(r"[=<>!&|]+", outside)
    hints = [hint for sign, hint in _HINTS.items() if sign in signs]
    words = [word for word in re.findall(r"\w+(?:\s+\w+)+", outside) if not _JOINS.search(word)]
    if words:
        hints.append(f"put a name with spaces in backticks, as in `{words[0]}`")
    return f": {'; '.join(hints)}" if hints else ""


class _Reader:
    """Turns Python's syntax tree into functions; what is not listed here is refused."""

    def __init__(self, quoted_names: dict[str, str]) -> None:
        self._quoted = quoted_names

    def part(self, node: ast.expr, depth: int = 0) -> _Part:
        """Return the function of one part."""
        if depth > _DEEPEST:
            raise InputError(f"parts may be nested at most {_DEEPEST} deep")
        if isinstance(node, ast.BoolOp):
            parts = [self.part(value, depth + 1) for value in node.values]
            return _all(parts) if isinstance(node.op, ast.And) else _any(parts)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            negated = self.part(node.operand, depth + 1)
            return lambda columns: negated(columns)[::-1]
        if isinstance(node, ast.Compare):
            operands = [node.left, *node.comparators]
            return _all(
                [
                    self._comparison(type(op).__name__, left, right)
                    for op, left, right in zip(node.ops, operands, operands[1:], strict=False)
                ]
            )
        name = self._name(node)
        if name is None:
            raise _not_possible(node)
        return lambda columns: _itself(columns(name))

    def _comparison(self, operation: str, left: ast.expr, right: ast.expr) -> _Part:
        name = self._name(left)
        if operation in ("Is", "IsNot"):
            return self._missing(name, right, negated=operation == "IsNot")
        if operation in ("In", "NotIn"):
            return self._among(name, right, negated=operation == "NotIn")
        other = self._name(right)
        if name is None and other is None:
            _constant(left)
            _constant(right)
            raise InputError("one side of a comparison must be a column")
        if name is not None and other is not None:
            return lambda columns: _compared(operation, columns(name), columns(other))
        if name is not None:
            constant = _constant(right)
            return lambda columns: _compared(operation, columns(name), constant)
        constant = _constant(left)
        mirrored = {"Lt": "Gt", "LtE": "GtE", "Gt": "Lt", "GtE": "LtE"}.get(operation, operation)
        return lambda columns: _compared(mirrored, columns(str(other)), constant)

    def _missing(self, name: str | None, right: ast.expr, *, negated: bool) -> _Part:
        is_word = isinstance(right, ast.Name) and right.id == "missing"
        is_none = isinstance(right, ast.Constant) and right.value is None
        if name is None or not (is_word or is_none):
            raise InputError("is compares a column with missing, as in `age is not missing`")

        def missing(columns: Columns) -> _Truth:
            found = columns(name).missing
            return (~found, found) if negated else (found, ~found)

        return missing

    def _among(self, name: str | None, right: ast.expr, *, negated: bool) -> _Part:
        if name is None or not isinstance(right, ast.List | ast.Tuple | ast.Set):
            raise InputError("in compares a column with a list, as in `region in ['EU', 'US']`")
        constants = [_constant(element) for element in right.elts]

        def among(columns: Columns) -> _Truth:
            column = columns(name)
            found = column.among(constants)
            return _known(found ^ negated, column.missing)

        return among

    def _name(self, node: ast.expr) -> str | None:
        return self._quoted.get(node.id, node.id) if isinstance(node, ast.Name) else None


def _all(parts: list[_Part]) -> _Part:
    def met(columns: Columns) -> _Truth:
        true, false = zip(*(part(columns) for part in parts), strict=True)
        return np.logical_and.reduce(true), np.logical_or.reduce(false)

    return parts[0] if len(parts) == 1 else met


def _any(parts: list[_Part]) -> _Part:
    def met(columns: Columns) -> _Truth:
        true, false = zip(*(part(columns) for part in parts), strict=True)
        return np.logical_or.reduce(true), np.logical_and.reduce(false)

    return met


def _itself(column: ColumnValues) -> _Truth:
    if column.kind != "truth values":
        raise InputError(
            f"column {column.name} holds {column.kind}, which is not a condition; compare it with "
            "a value"
        )
    return _known(column.values, column.missing)


def _compared(operation: str, column: ColumnValues, other: Any) -> _Truth:
    if isinstance(other, ColumnValues):
        missing = column.missing | other.missing
        return _known(column.compared(operation, other), missing)
    return _known(column.compared(operation, column.fitting(other)), column.missing)


def _known(met: BoolArray, missing: BoolArray) -> _Truth:
    return met & ~missing, ~met & ~missing


def _constant(node: ast.expr) -> Any:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _constant(node.operand)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return -value if isinstance(node.op, ast.USub) else value
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, int | float | str):
            return node.value
        if node.value is None:
            raise InputError("use `is missing` to select missing values")
    raise _not_possible(node)


def _not_possible(node: ast.expr) -> InputError:
    return InputError(
        f"`{ast.unparse(node)[:60]}` is not possible; a condition compares columns with constants, "
        "joined by and, or, not"
    )
