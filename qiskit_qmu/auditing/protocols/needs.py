"""What a strategy uses, as far as that is known."""

from qiskit_qmu.unlearning import METHODS, Chain, UnlearningStrategy


def strategy_needs_of(strategy: UnlearningStrategy | str | None) -> tuple[str, ...]:
    """Return what a strategy uses, as in `qiskit_qmu.unlearning.Method`, in alphabetical order.

    Args:
        strategy: One of the methods by name, or a strategy: of a class that is registered, a chain
            of such, or one that says it by an attribute ``needs``.

    Returns:
        Its needs; none where they are not known.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing.protocols import strategy_needs_of
        >>> strategy_needs_of("gd"), strategy_needs_of(None)
        (('gradients', 'retained rows'), ())
    """
    if strategy is None:
        return ()
    if isinstance(strategy, str):
        return tuple(sorted(METHODS[strategy].needs)) if strategy in METHODS else ()
    if isinstance(strategy, Chain):
        return tuple(
            sorted({need for each in strategy.strategies for need in strategy_needs_of(each)})
        )
    own = getattr(strategy, "needs", None)
    if own is None:
        known = (m.needs for m in METHODS.values() if m.strategy is type(strategy))
        own = next(known, frozenset())
    return tuple(sorted(own))
