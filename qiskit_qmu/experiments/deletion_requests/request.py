"""DeletionRequest: which rows to withdraw from models, how, and with which audit."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu.auditing import DEFAULT_ORACLES
from qiskit_qmu.data import ForgetRequest, RecordedRows
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.deletions.model_folder import WEIGHTS, file_digest
from qiskit_qmu.evaluation.method_summary import ORACLE
from qiskit_qmu.experiments.saved.shadows import ShadowRequest

WAYS = ("ids", "indices")
"""How rows to withdraw are named."""


@final
@dataclass(frozen=True)
class DeletionRequest:
    """What `request_deletion` asks of models, and what `plan_deletion` checks.

    Args:
        rows: Ids of the rows to withdraw; or a request by ids or positions with further choices.
            Positions are allowed for one model only.
        strategy: Name of a method; "oracle" retrains.
        settings: Hyperparameters that replace the preset's.
        source: Where the models' rows are now; where None, as each model remembers it.
        seed: Seed of everything random in unlearning and audit.
        oracles: How many models to retrain for the audit. Without any, no verdict is possible.
        oracle: Folder of a model that was retrained without the rows, such as by
            `unlearn_saved` with "oracle"; compared with beside those that are retrained here. Of
            one model only.
        shadows: How many shadow models to train for a test of the strategy; 0 for none.
        again: Allow another request for the same model, such as with another method. The
            new model then comes from the old one, not from the answer to the first request.

    Raises:
        InputError: If rows are named in another way, or a number is out of range.

    Example:
        >>> import qiskit_qmu as qmu
        >>> request = qmu.DeletionRequest(["C17", "C23"], strategy="gd", oracles=2)
        >>> request.rows.ids, request.seed
        (('C17', 'C23'), 0)
    """

    rows: Sequence[str] | ForgetRequest
    _: KW_ONLY
    strategy: str = ORACLE
    settings: dict[str, Any] = field(default_factory=dict, hash=False)
    source: RowSource | None = None
    seed: int = 0
    oracles: int = DEFAULT_ORACLES
    oracle: str | Path | None = None
    shadows: int = 0
    again: bool = False

    def __post_init__(self) -> None:
        _check.at_least(0, seed=self.seed, oracles=self.oracles, shadows=self.shadows)
        if self.shadows:
            ShadowRequest(count=self.shadows)  # (refuses a number that cannot be)
        if not isinstance(self.rows, ForgetRequest):
            object.__setattr__(self, "rows", ForgetRequest(ids=tuple(self.rows)))
        _check.one_of(WAYS, way=self.request.way)

    @property
    def request(self) -> ForgetRequest:
        """Which rows to withdraw, as a request."""
        assert isinstance(self.rows, ForgetRequest)
        return self.rows

    def digest(self, weights: str, rows: RecordedRows) -> str:
        """Return a digest that is the same for the same request of the same model.

        Args:
            weights: SHA-256 of the model's weights.
            rows: The rows to withdraw.
        """
        content = {
            "weights": weights,
            "rows": rows.named,
            "strategy": self.strategy,
            "settings": self.settings,
            "seed": self.seed,
            "oracles": self.oracles,
            "shadows": self.shadows,
        }
        if self.oracle is not None:
            content["oracle"] = file_digest(Path(self.oracle) / WEIGHTS)
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
