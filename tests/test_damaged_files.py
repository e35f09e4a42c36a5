"""Damaged files of every format that is read: one line each, in little time and memory.

Where a file has a checksum, both kinds are tried: damage that the checksum shows, and damage under
a checksum that is right again, as if whoever did it had meant to.
"""

import argparse
import contextlib
import gzip
import io
import json
import multiprocessing
import os
import resource
import signal
import struct
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import damaged_bytes, damaged_table
from tiny_models import basic, hybrid

from qiskit_qmu._check import InputError
from qiskit_qmu._files import (
    read_sealed_json,
    read_sealed_line,
    read_set,
    sealed_line,
    write_json,
    write_sealed_json,
    write_set,
)
from qiskit_qmu.backends.jobs import JobFolder
from qiskit_qmu.backends.jobs.stored_circuits import StoredTranspiler
from qiskit_qmu.backends.runtime.account_file import saved_tokens
from qiskit_qmu.cli import report
from qiskit_qmu.cli.forget_options import parse_indices
from qiskit_qmu.cli.main import main
from qiskit_qmu.cli.options import make_experiment
from qiskit_qmu.data import read_idx
from qiskit_qmu.experiments.saved import SavedModel
from qiskit_qmu.models import load_model
from qiskit_qmu.observation import Observations

_MEMORY = 2**30
_SECONDS = 20


@dataclass(frozen=True)
class Format:
    """A file that is read.

    Attributes:
        path: The file.
        read: Reads it.
        damage: Writes a damaged one in its place.
        refused: Whether all damage must be refused.
    """

    path: Path
    read: Callable[[], Any]
    damage: Callable[[np.random.Generator], None]
    refused: bool


def _raw(path: Path, read: Callable[[], Any], *, refused: bool) -> Format:
    content = path.read_bytes()

    def damage(generator: np.random.Generator) -> None:
        path.write_bytes(damaged_bytes(content, generator))

    return Format(path, read, damage, refused)


def _models(root: Path) -> dict[str, Format]:
    folder = root / "model"
    tiny = ("--dataset", "iris", "--model", "basic", "--epochs", "1", "--num-layers", "1")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main(["train", *tiny, "--out", str(folder)]) == 0
    hybrid(seed=1).save(root / "hybrid")
    basic(seed=1, encoding="amplitude").save(root / "amplitude")
    formats = {}
    for name in ("model.json", "weights.safetensors", "circuit.qpy"):
        formats[name] = _raw(folder / name, lambda: load_model(folder), refused=True)
    for own in (folder, root / "hybrid", root / "amplitude"):
        content, files = read_set(own, "model.json", "a model")
        # QPY with a checksum that fits is left out: Qiskit's reader ends the process where memory
        # for a size that the file tells is not there, which no caller can catch.
        for name in sorted(files.keys() - {"circuit.qpy"}):

            def damage(generator, own=own, name=name, content=content, files=files):
                damaged = {**files, name: damaged_bytes(files[name], generator)}
                write_set(own, "model.json", content, damaged)

            formats[f"{own.name}, sealed {name}"] = Format(
                own, lambda own=own: load_model(own), damage, refused=False
            )

        def damage_config(generator, own=own, content=content, files=files):
            damaged = {**content, "config": damaged_table(content["config"], generator)}
            write_set(own, "model.json", damaged, files)

        formats[f"{own.name}, sealed config"] = Format(
            own, lambda own=own: load_model(own), damage_config, refused=False
        )
    content, files = read_set(folder, "model.json", "a model")

    def damage_provenance(generator):
        damaged = {**content, "provenance": damaged_table(content["provenance"], generator)}
        write_set(folder, "model.json", damaged, files)

    formats["provenance"] = Format(
        folder, lambda: SavedModel.read(folder), damage_provenance, refused=False
    )
    return formats


def _observations(root: Path) -> dict[str, Format]:
    path = root / "observations.npz"
    generator = np.random.default_rng(0)
    saved = Observations(
        logits=generator.normal(size=(20, 3)),
        labels=np.arange(20) % 3,
        expectations=generator.normal(size=(20, 4)),
        counts=generator.integers(0, 9, (20, 16)),
        shots=8,
    )
    saved.save(path)

    def read():
        loaded = Observations.load(path)
        # What a checksum does not cover says nothing: what is read is what was written.
        assert np.array_equal(loaded.logits, saved.logits)
        assert np.array_equal(loaded.counts, saved.counts)

    return {"observations": _raw(path, read, refused=False)}


def _jobs(root: Path) -> dict[str, Format]:
    from qiskit import QuantumCircuit
    from qiskit.primitives import BitArray

    folder = JobFolder(root / "device")
    job = folder.ledger.plan("a", 0, 0, circuits=1, shots=150, planned_seconds=1.0)
    bits = BitArray.from_samples(["01", "11", "00"] * 50, 2)
    folder.save(job, [{"meas": bits}, {"evs": np.arange(4.0)}], {"device": "some"})
    path = folder.path / "jobs" / "00000.npz"
    formats = {
        f"results{end}": _raw(path.with_suffix(end), lambda: folder.load(job), refused=True)
        for end in (".json", ".npz")
    }
    content, files = read_set(path.parent, "00000.json", "results")

    def damage_arrays(generator):
        damaged = {"00000.npz": damaged_bytes(files["00000.npz"], generator)}
        write_set(path.parent, "00000.json", content, damaged)

    def damage_table(generator):
        write_set(path.parent, "00000.json", damaged_table(content, generator), files)

    for name, damage in (("npz", damage_arrays), ("json", damage_table)):
        formats[f"sealed results.{name}"] = Format(
            path, lambda: folder.load(job), damage, refused=False
        )
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.measure_all()

    class Untouched:
        timing = None

        def __call__(self, circuit):
            return circuit

    stored = StoredTranspiler(Untouched(), folder)
    stored(circuit)
    (kept,) = folder.circuits.iterdir()
    formats["stored circuit"] = _raw(kept, lambda: stored(circuit), refused=True)
    return formats


def _runs(root: Path) -> dict[str, Format]:
    folder = root / "run"
    words = ("run", "--dataset", "iris", "--model", "basic", "--epochs", "1", "--num-layers", "1")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        assert main([*words, "--methods", "noop", "--workers", "1", "--out", str(folder)]) == 0

    def read():
        class Options:
            results, out, format, json, quiet = [str(folder)], None, None, False, True

        with contextlib.redirect_stdout(io.StringIO()):
            report.execute(Options())

    results, records = folder / "results.json", folder / "records.jsonl"
    content = read_sealed_json(results, "results")
    lines = [read_sealed_line(line) for line in records.read_bytes().splitlines()]

    def damage_results(generator):
        write_sealed_json(
            results, {**content, "config": damaged_table(content["config"], generator)}
        )

    def damage_records(generator):
        changed = list(lines)
        at = int(generator.integers(len(changed)))
        changed[at] = damaged_table(changed[at], generator)
        records.write_text("".join(f"{sealed_line(line)}\n" for line in changed))

    return {
        "results.json": _raw(results, read, refused=True),
        # (the end of the last line may be missing: a run that was stopped is picked up)
        "records.jsonl": _raw(records, read, refused=False),
        "sealed results.json": Format(results, read, damage_results, refused=False),
        "sealed records.jsonl": Format(records, read, damage_records, refused=False),
    }


def _inputs(root: Path) -> dict[str, Format]:
    toml, rows, idx, zipped = (root / name for name in ("c.toml", "rows.txt", "a.idx", "a.gz"))
    toml.write_text(
        'dataset = "iris"\nmodel = "basic"\nforget-class = 1\nmethods = ["ga"]\nseeds = 2\n'
        'epochs = 3\nbackend = "fake_manila"\nshots = 9\n[settings]\nrga.alpha = 2.5\n'
        "[backend_options]\noptimization_level = 1\n"
    )
    rows.write_text("1, 2, 3\n40\n50\n")
    content = bytes([0, 0, 8, 3]) + struct.pack(">III", 3, 4, 5) + bytes(range(60))
    idx.write_bytes(content)
    zipped.write_bytes(gzip.compress(content))
    account = root / "account.json"
    write_json(account, {"default": {"channel": "ibm_cloud", "token": "SECRET", "instance": "crn"}})

    def read_account():
        from qiskit_ibm_runtime.accounts import management

        management._DEFAULT_ACCOUNT_CONFIG_JSON_FILE = str(account)
        os.environ.pop("QISKIT_IBM_TOKEN", None)
        saved_tokens()

    table = json.loads(account.read_text())
    return {
        "TOML": _raw(
            toml,
            lambda: make_experiment(argparse.Namespace(config=str(toml), set=[])),
            refused=False,
        ),
        "indices": _raw(rows, lambda: parse_indices(str(rows)), refused=False),
        "IDX": _raw(idx, lambda: read_idx(idx), refused=False),
        "zipped IDX": _raw(zipped, lambda: read_idx(zipped), refused=False),
        "account": _raw(account, read_account, refused=False),
        "account's values": Format(
            account,
            read_account,
            lambda generator: write_json(account, damaged_table(table, generator)),
            refused=False,
        ),
    }


def _fuzz(root: Path, number: int, seed: int, faults: Any) -> None:
    """Damage and read so many files; send each file that was not refused as it should be."""
    formats: dict[str, Format] = {}
    for part in (_models, _observations, _jobs, _runs, _inputs):
        formats |= part(root)
    for each in formats.values():  # (what is loaded late takes memory once)
        each.read()
    _bound_memory()
    generator = np.random.default_rng(seed)
    for position in range(number):
        name = list(formats)[position % len(formats)]
        before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
        formats[name].damage(generator)
        _bound_time(f"{position} {name}: took more than {_SECONDS} s", faults)
        try:
            formats[name].read()
            fault = "was read" if formats[name].refused else None
        except InputError as error:
            fault = _fault_of_line(str(error))
        except Exception:  # noqa: BLE001  (any is a fault)
            fault = f"raised {traceback.format_exc()[-1500:]}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        if fault:
            faults.put(f"{position} {name}: {fault}")
        for path, content in before.items():
            path.write_bytes(content)
    faults.put(None)


def _fault_of_line(line: str) -> str | None:
    if "SECRET" in line:
        return "shows a token"
    if "\n" in line or len(line) > 1000:
        return f"is refused in more than a line: {line[:300]!r}"
    if "MemoryError" in line or "allocate" in line:
        return f"took more memory than there is: {line}"
    return None


def _bound_time(fault: str, faults: Any) -> None:
    def stop(*_arguments):
        faults.put(fault)
        os._exit(1)

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)  # of the processor's time


def _bound_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _damage_and_read(root: Path, number: int, seed: int) -> None:
    context = multiprocessing.get_context("spawn")
    faults = context.SimpleQueue()
    process = context.Process(target=_fuzz, args=(root, number, seed, faults))
    process.start()
    found = []
    while process.is_alive() or not faults.empty():
        if faults.empty():
            process.join(0.1)
            continue
        fault = faults.get()
        if fault is None:
            break
        found.append(fault)
    process.join()
    assert not found, "\n".join(found)
    assert process.exitcode == 0, (
        "the reader was stopped by its limits of time or memory, or crashed"
    )


@pytest.mark.slow
@pytest.mark.ci
def test_some_damaged_files(tmp_path):
    _damage_and_read(tmp_path, 100, seed=0)


@pytest.mark.slow
def test_many_damaged_files(tmp_path):
    _damage_and_read(tmp_path, 2000, seed=1)
