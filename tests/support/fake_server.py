"""IBM's service without IBM: what its web interface answers, with jobs kept in a folder.

Everything above the web interface is IBM's own code: service, device, session, primitives, job.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ibm_quantum_schemas.common import CompressedTensorModel
from ibm_quantum_schemas.executor.version_2_0 import QuantumProgramResultModel
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.accounts import Account
from qiskit_ibm_runtime.api.exceptions import RequestsApiError
from qiskit_ibm_runtime.fake_provider import FakeLagosV2, FakeManilaV2
from qiskit_ibm_runtime.fake_provider.executor.run_quantum_program import run_quantum_program
from qiskit_ibm_runtime.json import RuntimeDecoder, RuntimeEncoder
from qiskit_ibm_runtime.options_models.simulator import SimulatorOptions
from qiskit_ibm_runtime.quantum_program.converters.converters_2_0 import passthrough_data_to_2_0
from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS
from samplomatic.quantum_program import SamplexItem

from qiskit_qmu._files import write_file

TOKEN = "SECRET-TOKEN"
INSTANCE = "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"
DEVICES = {"ibm_manila": FakeManilaV2, "ibm_lagos": FakeLagosV2}
QPU_SECONDS = 3.5
RESTING = {"operational": True, "status_msg": "active", "pending_jobs": 0, "backend_version": "1"}


@dataclass
class Behaviour:
    """What the server does besides answering.

    Attributes:
        polls: Looks at a job before it is done; the first half of them finds it queued.
        fails: Why jobs fail; None if they do not.
        errors: Errors that the next calls meet, by the call's name.
        refuses_sessions: Whether the plan allows no sessions.
        jobs_of_session: Jobs that a session takes before it closes by itself.
        offline: Devices that take no jobs.
    """

    polls: int = 0
    fails: str | None = None
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    refuses_sessions: bool = False
    jobs_of_session: int | None = None
    offline: tuple[str, ...] = ()


class FakeServer:
    """Answers of IBM's web interface; a second one on the same folder is the same service.

    Args:
        folder: Where jobs and sessions are kept.
        behaviour: What goes wrong.
    """

    def __init__(self, folder: Path, behaviour: Behaviour) -> None:
        self.folder, self.behaviour = folder, behaviour
        self._instance = INSTANCE
        for name in ("jobs", "sessions"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    # Devices

    def list_backends(self, include_mocks=False):
        return [
            {
                "name": name,
                "status": {"name": "offline" if name in self.behaviour.offline else "online"},
                "qubits": size,
                "queue_length": size,
                "class": "device",
            }
            for name, size in (("ibm_manila", 5), ("ibm_lagos", 7))
        ]

    def backend_configuration(self, backend_name, refresh=False, calibration_id=None):
        device = DEVICES[backend_name]()
        return {**device._load_json(device.conf_filename), "backend_name": backend_name}

    def backend_properties(self, backend_name, datetime=None, calibration_id=None):
        device = DEVICES[backend_name]()
        return device._load_json(device.props_filename)

    def backend_status(self, backend_name):
        operational = backend_name not in self.behaviour.offline
        return {**RESTING, "backend_name": backend_name, "operational": operational}

    def cloud_usage(self):
        return {}

    # Sessions

    def create_session(self, backend=None, instance=None, max_time=None, mode=None):
        self._meet("create_session")
        if mode == "dedicated" and self.behaviour.refuses_sessions:
            text = "You are not authorized to run a session when using the open plan."
            raise RequestsApiError(f"400 Client Error: Bad Request. {text}", 400)
        number = len(list((self.folder / "sessions").iterdir()))
        session = {"id": f"session-{number}", "mode": mode, "max_ttl": max_time, "jobs": 0}
        session |= {"backend_name": backend, "state": "open", "accepting_jobs": True}
        self._write("sessions", session)
        return session

    def session_details(self, session_id):
        self._meet("session_details")
        return self._read("sessions", session_id)

    def close_session(self, session_id):
        self._meet("close_session")
        session = self._read("sessions", session_id)
        self._write("sessions", session | {"state": "closed", "accepting_jobs": False})

    # Jobs

    def program_run(self, *, program_id, backend_name, params, session_id, job_tags, **settings):
        self._meet("program_run")
        if session_id is not None:
            self._enter(session_id)
        number = len(self.jobs())
        job = {
            "id": f"job-{number}",
            "number": number,
            "program": {"id": program_id},
            "backend": backend_name,
            "params": json.loads(json.dumps(params, cls=RuntimeEncoder)),
            "session_id": session_id,
            "tags": job_tags,
            "state": {"status": "Queued"},
            "polls": self.behaviour.polls,
            "private": settings["private"],
            "max_execution_time": settings["max_execution_time"],
        }
        self._write("jobs", job)
        self._meet("program_run, answer")
        return job

    def job_get(self, job_id, exclude_params=True):
        self._meet("job_get")
        job = self._read("jobs", job_id)
        if job["state"]["status"] in ("Queued", "Running"):
            job["polls"] -= 1
            if job["polls"] >= 0:
                queued = job["polls"] >= self.behaviour.polls / 2
                job["state"] = {"status": "Queued" if queued else "Running"}
            elif self.behaviour.fails is not None:
                job["state"] = {"status": "Failed", "reason": self.behaviour.fails}
            else:
                job["state"] = {"status": "Completed"}
            self._write("jobs", job)
        return job

    def jobs_get(self, *, limit, skip, job_tags=None, descending=True, **filters):
        self._meet("jobs_get")
        found = [job for job in self.jobs() if set(job_tags or ()) <= set(job["tags"])]
        found = found[::-1] if descending else found
        return {"jobs": found[skip : skip + limit], "count": len(found)}

    def job_results(self, job_id):
        self._meet("job_results")
        job = self._read("jobs", job_id)
        if job["state"]["status"] != "Completed":
            return f"Traceback (most recent call last): {job['state'].get('reason')}"
        run = run_executor if job["program"]["id"] == "executor" else run_legacy
        return run(job)

    def job_cancel(self, job_id):
        job = self._read("jobs", job_id)
        if job["state"]["status"] not in ("Queued", "Running"):
            raise RequestsApiError("409 Client Error: the job has ended", 409)
        self._write("jobs", job | {"state": {"status": "Cancelled"}})

    def job_metadata(self, job_id):
        done = self._read("jobs", job_id)["state"]["status"] == "Completed"
        status = "completed" if done else "pending"
        return {"usage": {"status": status, "qpu_charge_time_seconds": QPU_SECONDS}}

    # What tests look at

    def jobs(self) -> list[dict]:
        """Return all jobs, the first one first."""
        paths = (self.folder / "jobs").glob("*.json")
        return sorted((json.loads(path.read_text()) for path in paths), key=lambda j: j["number"])

    def sessions(self) -> list[dict]:
        """Return all sessions and batches."""
        paths = sorted((self.folder / "sessions").glob("*.json"))
        return [json.loads(path.read_text()) for path in paths]

    def _enter(self, session_id: str) -> None:
        session = self._read("sessions", session_id)
        if session["jobs"] == self.behaviour.jobs_of_session:
            self.close_session(session_id)
            session["accepting_jobs"] = False
        if not session["accepting_jobs"]:
            raise RequestsApiError("409 Client Error: Conflict. The session has ended.", 409)
        self._write("sessions", session | {"jobs": session["jobs"] + 1, "state": "active"})

    def _meet(self, call: str) -> None:
        errors = self.behaviour.errors.get(call)
        if errors:
            raise errors.pop(0)

    def _read(self, kind: str, name: str) -> dict:
        path = self.folder / kind / f"{name}.json"
        if not path.exists():
            raise RequestsApiError(f"404 Client Error: Not Found: {name}", 404)
        return json.loads(path.read_text())

    def _write(self, kind: str, values: dict) -> None:
        path = self.folder / kind / f"{values['id']}.json"
        write_file(path, json.dumps(values))


class FakeService(QiskitRuntimeService):
    """IBM's service of an account with one instance, over a FakeServer.

    Args:
        folder: Where the server keeps jobs.
        behaviour: What goes wrong.
    """

    def __init__(self, folder: Path, behaviour: Behaviour | None = None) -> None:
        self.server = FakeServer(folder, behaviour or Behaviour())
        self._account = Account.create_account(
            channel="ibm_quantum_platform", token=TOKEN, instance=INSTANCE
        )
        self._channel = "ibm_quantum_platform"
        self._active_api_client = self.server
        self._api_clients = {INSTANCE: self.server}
        self._default_instance, self._instance_auto = True, False
        self._all_instances = [{"name": "mine", "crn": INSTANCE, "plan": "open"}]
        self._saved_instances = []
        self._backend_instance_groups = []
        self._backends_info_per_instance, self._backend_configs = {}, {}


def run_executor(job: dict) -> str:
    """Run what client-side primitives send, with noise of its own for each job."""
    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[job["params"]["schema_version"]]
    program, _ = converter.decoder(converter.model.model_validate(job["params"]))
    for item in program.items:
        if isinstance(item, SamplexItem):
            item.samplex.finalize()
    options = SimulatorOptions(seed_simulator=1000 + job["number"])
    result = run_quantum_program(DEVICES[job["backend"]](), program, options)
    items = [
        {
            "results": {
                name: CompressedTensorModel.from_numpy(np.ascontiguousarray(value))
                for name, value in item.items()
            },
            "metadata": {},
        }
        for item in result
    ]
    return QuantumProgramResultModel(
        data=items,
        metadata={"chunk_timing": []},
        passthrough_data=passthrough_data_to_2_0(result.passthrough_data),
        semantic_role=result._semantic_role,
    ).model_dump_json()


def run_legacy(job: dict) -> str:
    """Run what legacy primitives send."""
    params = json.loads(json.dumps(job["params"]), cls=RuntimeDecoder)
    device = DEVICES[job["backend"]]()
    device.set_options(seed_simulator=1000 + job["number"])
    if job["program"]["id"] == "sampler":
        primitive = BackendSamplerV2(backend=device)
    else:
        precision = params["options"]["default_shots"] ** -0.5
        primitive = BackendEstimatorV2(backend=device, options={"default_precision": precision})
    return json.dumps(primitive.run(params["pubs"]).result(), cls=RuntimeEncoder)
