"""DeviceRequest: the task of a run on a device, as JSON values."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, final, get_args

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.row_source import RowSource

FORMAT = 4

SavedRows = Literal["train", "test", "all"]
"""Training rows of a saved model, test rows, or both."""

Task = Literal["observe", "attack", "unlearn"]


@final
@dataclass(frozen=True, kw_only=True)
class DeviceRequest:
    """Work for a device on saved models.

    Attributes:
        task: "observe" a model's rows, "attack" an unlearned model and its original, or
            "unlearn" rows with every circuit on the device.
        backend: Name of the device.
        shots: Measurements of each circuit.
        seed: Root seed.
        options: Further options of `open_backend`, as JSON values.
        rows: Which rows to observe: "train", "test" or "all".
        strategy: Method to unlearn with.
        settings: Hyperparameters that replace the preset's.
        forget: Which training rows to unlearn.
        source: Where the models' rows are now; where nothing is said, as the models remember it.

    Example:
        >>> from qiskit_qmu.experiments import DeviceRequest
        >>> request = DeviceRequest(task="observe", backend="fake_lima", shots=1000, rows="test")
        >>> DeviceRequest.from_dict(request.to_dict()) == request
        True
    """

    task: Task
    backend: str
    shots: int
    seed: int = 0
    options: dict[str, Any] = field(default_factory=dict, hash=False)
    rows: SavedRows = "test"
    strategy: str | None = None
    settings: dict[str, Any] = field(default_factory=dict, hash=False)
    forget: ForgetRequest | None = None
    source: RowSource = field(default_factory=RowSource)

    def __post_init__(self) -> None:
        _check.one_of(get_args(Task), task=self.task)
        _check.one_of(get_args(SavedRows), rows=self.rows)
        _check.at_least(1, shots=self.shots)
        _check.at_least(0, seed=self.seed)
        if not isinstance(self.backend, str) or self.backend == "exact":
            raise InputError(f"backend must be the name of a device, got {self.backend!r}")
        if self.task == "unlearn":
            self.what_to_unlearn()
        try:
            json.dumps(self.options)
        except TypeError as error:
            raise InputError(f"options must be JSON values, got {self.options}") from error

    def what_to_unlearn(self) -> tuple[str, ForgetRequest]:
        """Return the method and the rows of a request to unlearn.

        Raises:
            InputError: If one of them is missing.
        """
        if not isinstance(self.strategy, str):
            raise InputError(f"strategy must be the name of a method, got {self.strategy!r}")
        if self.forget is None:
            raise InputError("a request to unlearn needs the rows to forget")
        return self.strategy, self.forget

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        forget = None if self.forget is None else self.forget.to_dict()
        own = {**asdict(self), "forget": forget, "source": self.source.to_dict()}
        return {"format": FORMAT, **own}

    @staticmethod
    def from_dict(values: Any) -> "DeviceRequest":
        """Return the request written by `to_dict`.

        Raises:
            InputError: If it is not a request, or of an unsupported format.
        """
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise InputError(f"not a request of format {FORMAT}: {values!r}")
        fields = {key: value for key, value in values.items() if key != "format"}
        try:
            if fields.get("forget") is not None:
                fields["forget"] = ForgetRequest.from_dict(fields["forget"])
            fields["source"] = RowSource.from_dict(fields.get("source", {}))
            return DeviceRequest(**fields)
        except TypeError as error:
            raise InputError(f"not a request: {error}") from error
