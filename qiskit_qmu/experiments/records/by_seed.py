"""What differs between the seeds of a run, each seed named."""

from collections.abc import Mapping, Sequence

from qiskit_qmu.experiments.records.records import Record

_MOST_NAMED = 5
"""Seeds that a heading names one by one."""


def forgotten_by_seed(records: Sequence[Record]) -> str:
    """Say what was forgotten: once where all seeds agree, and else of each seed.

    Args:
        records: Those of all seeds and methods.
    """
    said = {record.row["seed"]: record.split["forgotten"] for record in records}
    if len(set(said.values())) == 1:
        return str(next(iter(said.values())))
    if len(said) > _MOST_NAMED:
        rows = [record.split["rows"]["forget"] for record in records]
        count = f"{min(rows)} to {max(rows)}" if min(rows) < max(rows) else str(min(rows))
        return f"{count} training rows, other ones with each seed"
    return "; ".join(f"seed {seed}: {words}" for seed, words in said.items())


def notes_by_seed(notes: Mapping[int, Sequence[str]]) -> list[str]:
    """Return each note once, those that are not of all seeds behind their seeds.

    Args:
        notes: Notes by seed.

    Example:
        >>> from qiskit_qmu.experiments.records.by_seed import notes_by_seed
        >>> notes_by_seed({0: ["a copy is retained"], 1: ["a copy is retained", "P7 left out"]})
        ['a copy is retained', 'seed 1: P7 left out']
    """
    said = []
    for note in dict.fromkeys(note for own in notes.values() for note in own):
        seeds = [str(seed) for seed, own in notes.items() if note in own]
        word = "seed" if len(seeds) == 1 else "seeds"
        said.append(note if len(seeds) == len(notes) else f"{word} {', '.join(seeds)}: {note}")
    return said
