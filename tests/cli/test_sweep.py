"""qmu sweep: a grid in a config file, what it would do, and its exit statuses."""

import json

CONFIG = """
dataset = "iris"
train-size = 40
test-size = 20
methods = ["noop"]
epochs = 1
num_layers = 1

[grid]
forget = [{forget_class = 1}, {forget-fraction = 0.3}]
num_qubits = [2]
model = ["basic"]
"""


def test_a_grid_of_options_is_planned_run_and_resumed(qmu, folder):
    (folder / "grid.toml").write_text(CONFIG)
    planned = qmu("sweep", "grid.toml", "--dry-run", "--data-dir", folder)
    assert planned.status == 0
    assert "2; 0 are there (0 failed), 2 to be computed" in planned.out
    assert "2 to be trained" not in planned.out  # both forget sets have one original
    assert sorted(path.name for path in folder.iterdir()) == ["grid.toml"]
    ran = qmu("sweep", "grid.toml", "--json", "--workers", "1")
    assert ran.status == 0
    content = json.loads(ran.out)
    assert (content["cells"], content["failed"]) == (2, 0)
    assert [row["forget"] for row in content["rows"][::3]] == ["label=versicolor", "fraction=0.3"]
    assert [row["num_qubits"] for row in content["rows"]] == [2] * 6
    again = json.loads(qmu("sweep", "grid.toml", "--json", "--quiet").out)
    assert again == content
    planned = json.loads(qmu("sweep", "grid.toml", "--dry-run", "--json").out)
    assert (planned["there"], planned["missing"], planned["training_circuits"]) == (2, 0, 0)


def test_results_of_many_folders_become_one_page(qmu, refuses, folder):
    (folder / "grid.toml").write_text(CONFIG)
    qmu("sweep", "grid.toml", "--quiet", "--workers", "1")
    (folder / "empty").mkdir()
    page = folder / "qmu-sweep-grid" / "sweep.html"
    before = page.read_text()
    page.unlink()
    told = qmu("report", "qmu-sweep-grid", "--format", "csv")
    assert told.out.startswith("forgotten,method,seeds,")
    assert page.read_text().split("written")[0] == before.split("written")[0]  # (until the time)
    made = json.loads(qmu("report", "qmu-sweep-grid", "qmu-sweep-grid", "--json").out)
    assert made["out"] == "qmu-report"
    rows = [(row["forgotten"], row["method"], row["seeds"]) for row in made["rows"]]
    assert rows == [
        (forgotten, method, 1)
        for forgotten in ("class versicolor", "30 % of the rows")
        for method in ("original", "oracle", "noop")
    ]
    names = sorted(path.name for path in (folder / "qmu-report").iterdir())
    assert names == ["tables.csv", "tables.html", "tables.md", "tables.tex"]
    assert "neither a run nor a sweep" in refuses("report", "empty", "qmu-sweep-grid")


def test_what_fails_is_said_with_exit_status_1(qmu, folder):
    text = CONFIG.replace("forget_class = 1", "forget_class = 7").replace("0.3", "0.0001")
    (folder / "grid.toml").write_text(text)
    planned = qmu("sweep", "grid.toml", "--dry-run")
    assert (planned.status, "2 of 2 cells are not possible" in planned.err) == (1, True)
    assert "label must be one of 0, 1, 2; got 7" in planned.out
    failed = qmu("sweep", "grid.toml", "--quiet", "--workers", "1")
    assert failed.status == 1
    assert "2 of 2 cells failed" in failed.err
    assert "failed: seed 0: " in failed.out


def test_an_unknown_axis_is_refused(refuses, folder):
    (folder / "grid.toml").write_text(CONFIG + 'modle = ["basic"]\n')
    assert "unknown axis 'modle'; did you mean model?" in refuses("sweep", "grid.toml")
    (folder / "grid.toml").write_text("[grid]\nshots = 5\n")
    assert "the values of axis shots must be a list" in refuses("sweep", "grid.toml")
