"""The words that say how to read a comparison of shot counts."""

from collections.abc import Sequence

from qiskit_qmu.attacks import ATTACKS
from qiskit_qmu.report.reading import few_seeds
from qiskit_qmu.report.shot_summary import AUCS, NEVER_SEEN, Row, Spread, spread_of

_OVER: dict[Spread, str] = {
    "seeds": "over the seeds (t), each of which has rows, weights and shots of its own",
    "repetitions": "over the repetitions (t): independent shots of the same models, so they hold "
    "the noise of shots alone",
    "rows": "over the rows that were asked",
}

LEGEND = (
    (
        "Accuracy",
        "of never-seen rows of what was retained, and of the training rows that were forgotten.",
    ),
    (
        "JS",
        "mean Jensen–Shannon divergence from the same model’s exact answers on the same backend; "
        "it falls as 1/shots.",
    ),
    (
        "AUC",
        "how well an attack ranks forgotten training rows above never-seen rows of their class. "
        "½ = no leak.",
    ),
    *((f"AUC from {column.heading}", f"{column.reading}.") for column in ATTACKS.values()),
    (
        "Useless",
        "always the most frequent retained class; all classes alike; an attacker who tosses a "
        "coin, with the range that 95 % of them reach on one seed. An AUC whose interval holds ½ "
        "shows nothing.",
    ),
    (
        "One run serves all",
        "each model was run once, with the largest number of shots for each repetition, and "
        "smaller numbers are drawn from it without replacement. So each row has the distribution "
        "of a run of its own, but rows of one model share shots and are not independent.",
    ),
)
"""What the columns are."""


def intervals(rows: Sequence[Row]) -> str:
    """Say what the 95 % intervals of these rows are over."""
    own, of_auc = spread_of(NEVER_SEEN, rows), spread_of(AUCS[0], rows)
    text = f"95 % intervals are {_OVER[own]}"
    if of_auc != own:
        text += f"; those of AUCs are {_OVER[of_auc]}"
    if own != "rows":
        text += "; where all agree or there is but one, over the rows"
    return f"{text}. {few_seeds(len({row['seed'] for row in rows}))}".strip()
