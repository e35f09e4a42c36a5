"""qmu reproduce: a study run, resumed and planned, and what is refused."""

import csv
import json
import struct

import numpy as np
import pytest

from qiskit_qmu.experiments import PROTOCOLS
from qiskit_qmu.experiments.sweeps import running, sweeping


@pytest.fixture
def image_files(tmp_path):
    """Return a folder with 800 images of each dataset, a bright row for each class."""
    noise = np.random.default_rng(0)
    labels = np.arange(800) % 10
    images = noise.integers(0, 60, (800, 28, 28))
    images[np.arange(800), 2 * labels + 4] += 150
    for name in ("mnist", "fashion-mnist"):
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">I{values.ndim}I", 0x800 + values.ndim, *values.shape)
            content = header + values.astype(np.uint8).tobytes()
            (folder / f"t10k-{kind}-ubyte").write_bytes(content)
    return tmp_path / "images"


def test_a_study_is_planned_run_and_resumed(qmu, folder, monkeypatch):
    words = ("reproduce", "clients", "--quick", "--workers", "1", "--out", "clients", "--quiet")
    monkeypatch.setattr(sweeping, "_write", lambda *_arguments: None)  # (a page takes a second)
    planned = json.loads(qmu(*words, "--dry-run", "--json").out)
    assert (planned["cells"], planned["missing"]) == (1, 1)
    assert not list(folder.iterdir())
    ran = qmu(*words, "--json")
    assert ran.status == 0, ran.err
    content = json.loads(ran.out)
    assert (content["cells"], content["failed"], content["quick"]) == (1, 0, True)
    with (folder / "clients" / "comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    accuracy = {r["method"]: r for r in rows if r["quantity"] == "accuracy"}
    assert list(accuracy)[:3] == ["original", "oracle", "dew-p"]
    assert accuracy["dew-p"]["theirs"] == "83.7"
    assert accuracy["gd"]["ours"] == ""  # (published, and left out of a quick check)
    monkeypatch.setattr(running, "make_original", None)
    monkeypatch.setattr(running, "make_unlearned", None)
    again = qmu(*words)
    assert again.status == 0
    assert "clients: 1 seed, QUICK CHECK WITHOUT MEANING" in again.out
    assert again.out.count("its numbers mean nothing") == 1
    assert "theirs: DEW-P" in again.out


def test_what_cannot_be_run_is_refused(refuses, tmp_path):
    assert "reproduction must be one of unlearning-methods," in refuses("reproduce", "table2")
    said = refuses("reproduce", "qmu-table2", "--data-dir", tmp_path)
    assert "qmu-table2 needs mnist: data_dir must hold the IDX files" in said
    assert "observes its models exactly" in refuses("reproduce", "phases", "--shots", "9")
    assert "shots are those of a device" in refuses("reproduce", "hqml-iris", "--shots", "9")
    assert "has no forms" in refuses("reproduce", "phases", "--form", "text")


def test_all_studies_are_listed(qmu):
    listed = qmu("list", "reproductions")
    assert listed.status == 0
    for name, protocol in PROTOCOLS.items():
        assert f"  {name} " in listed.out
        assert protocol.duration


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("unlearning-methods", None),
        ("qmu-table1", "text"),
        ("qmu-table2", "code"),
        ("qmu-table3", "text"),
        ("qmu-figure4", "text"),
        ("hqml-iris", "published"),
        ("hqml-mnist", "standard"),
        ("hqml-fashion", "published"),
        ("hqml-depth", None),
        ("poisoning", None),
        ("phases", None),
    ],
)
def test_every_study_runs(qmu, image_files, name, form):
    words = ["reproduce", name, "--quick", "--workers", "1", "--quiet", "--json"]
    ran = qmu(*words, "--data-dir", image_files, *(("--form", form) if form else ()))
    assert ran.status == 0, ran.err
    content = json.loads(ran.out)
    assert content["failed"] == 0
    ours = [row for row in content["rows"] if row["ours"] is not None]
    assert {row["method"] for row in ours} >= {"original", "oracle"}
