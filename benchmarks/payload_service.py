"""A device of IBM's whose service weighs jobs and runs none."""

import json
from types import SimpleNamespace

from qiskit_ibm_runtime import IBMBackend, QiskitRuntimeService
from qiskit_ibm_runtime.json import RuntimeEncoder


class PayloadService(QiskitRuntimeService):
    """Weighs what IBM's primitives send.

    Attributes:
        sizes: Bytes of each job so far, as its inputs would go over the network.
    """

    def __init__(self) -> None:
        self._account = None
        self.sizes: list[int] = []

    def _run(self, program_id: str, inputs: dict, **settings):
        self.sizes.append(len(json.dumps(inputs, cls=RuntimeEncoder)))
        return SimpleNamespace(job_id=lambda: f"job-{len(self.sizes)}", status=lambda: "QUEUED")


def weighing_device(likeness) -> IBMBackend:
    """Return a device like one of IBM's fake ones, on a service of its own."""
    properties = likeness._load_json(likeness.props_filename)  # noqa: SLF001  (as IBM's answer)
    client = SimpleNamespace(backend_properties=lambda *_names, **_options: properties)
    return IBMBackend(likeness.configuration(), PayloadService(), client)
