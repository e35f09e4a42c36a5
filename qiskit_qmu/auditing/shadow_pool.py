"""The pool of rows from which shadow models of an audited model are trained."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetSplit, Rows, row_digests
from qiskit_qmu.data.rows import joined_rows


def shadow_pool(split: ForgetSplit, *, seed: int = 0) -> Rows:
    """Return the rows from which shadow models are drawn: trained ones and never-seen ones.

    Half of the pool is what each shadow model is trained on. With as many never-seen rows as
    trained ones that is as many rows as the audited model had; where there are more, a random
    choice is taken, and never-seen rows of the forgotten ones' classes come first.

    Args:
        split: The task.
        seed: Seed of the choice.

    Returns:
        An even number of rows, numbered from 0: forgotten, retained, and never-seen ones.

    Raises:
        InputError: If there are no never-seen rows like the forgotten ones.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import shadow_pool
        >>> split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.1, seed=0)
        >>> len(split.train), len(shadow_pool(split))
        (105, 150)
    """
    trained = joined_rows(split.forget, split.retain)
    unseen = _unseen(split)
    if not len(split.test_forget):
        raise InputError("shadow models need never-seen rows of the forgotten rows' classes")
    order = stream(seed, "shadow pool").permutation(len(unseen))
    alike = np.isin(unseen.indices[order], split.test_forget.indices)
    order = order[np.argsort(~alike, kind="stable")][: len(trained)]
    pool = joined_rows(trained, unseen.take(np.sort(order)))
    pool = pool.take(np.arange(len(pool) - len(pool) % 2))
    return Rows(x=pool.x, y=pool.y, indices=np.arange(len(pool)), ids=pool.ids)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PoolPlaces:
    """Where the rows of a task are in a pool.

    Attributes:
        forgotten: Positions in the pool of the forgotten rows, in their order.
        controls: Positions of never-seen rows like them, as many or fewer.
        audited: Positions of all rows that shadow models are made to forget, ascending.
        label: The class that is forgotten; None for single rows.
    """

    forgotten: NDArray[np.int64] = field(repr=False)
    controls: NDArray[np.int64] = field(repr=False)
    audited: NDArray[np.int64] = field(repr=False)
    label: int | None

    @staticmethod
    def of(split: ForgetSplit, pool: Rows, *, seed: int = 0) -> "PoolPlaces":
        """Find the rows of a task in a pool, by their content.

        Shadow models are made to forget the forgotten rows and never-seen rows like them: as many
        of each class, so that they forget as large a share as the audited model did. For a class
        these are all rows of the pool of that class.

        Args:
            split: The task.
            pool: The pool, such as `shadow_pool` makes it.
            seed: Seed of the choice of never-seen rows.

        Raises:
            InputError: If a forgotten row is not in the pool, or no never-seen row like them is.

        Example:
            >>> import qiskit_qmu as qmu
            >>> from qiskit_qmu.auditing import PoolPlaces, shadow_pool
            >>> ds = qmu.load_dataset("iris")
            >>> split = qmu.ForgetSplit.by_fraction(ds, fraction=0.1, seed=0)
            >>> places = PoolPlaces.of(split, shadow_pool(split))
            >>> len(places.forgotten), len(places.audited)
            (10, 20)
        """
        taken: set[int] = set()
        where = defaultdict(list)
        for position, digest in enumerate(row_digests(pool.x, pool.y)):
            where[digest].append(position)
        forgotten = _places(split.forget, where, taken)
        if len(forgotten) < len(split.forget):
            missing = len(split.forget) - len(forgotten)
            raise InputError(
                f"the pool of the shadow models must hold all forgotten rows, {missing} of "
                f"{len(split.forget)} are not in it"
            )
        _places(split.retain, where, taken)  # a twin of a retained row is not a never-seen one
        alike = _places(split.test_forget, where, taken)
        label = split.label if split.kind == "class" else None
        if label is not None:
            controls = alike
            audited = np.flatnonzero(pool.y == label)
        else:
            controls = _matched(pool, forgotten, alike, seed)
            audited = np.sort(np.concatenate([forgotten, controls]))
        if not len(controls):
            raise InputError(
                "the pool of the shadow models must hold never-seen rows of the forgotten rows' "
                "classes, it has none"
            )
        return PoolPlaces(forgotten=forgotten, controls=controls, audited=audited, label=label)


def _unseen(split: ForgetSplit) -> Rows:
    """Return all never-seen rows, each once."""
    both = joined_rows(split.test_forget, split.test_retain)
    _, first = np.unique(both.indices, return_index=True)
    return both.take(first)


def _places(rows: Rows, where: dict[str, list[int]], taken: set[int]) -> NDArray[np.int64]:
    """Return the positions of rows in the pool; of equal rows each has a position of its own."""
    found = []
    for digest in row_digests(rows.x, rows.y) if len(rows) else []:
        free = [position for position in where.get(digest, ()) if position not in taken]
        if free:
            found.append(free[0])
            taken.add(free[0])
    return np.array(found, dtype=np.int64)


def _matched(
    pool: Rows, forgotten: NDArray[np.int64], alike: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """Return never-seen rows, of each class as many as are forgotten or there are."""
    generator = stream(seed, "shadow controls")
    strata = pool.strata
    chosen = []
    for stratum in np.unique(strata[forgotten]):
        own = generator.permutation(alike[strata[alike] == stratum])
        chosen.append(own[: int((strata[forgotten] == stratum).sum())])
    return np.sort(np.concatenate(chosen))
