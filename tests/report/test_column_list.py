"""The list of columns on the terminal."""

from qiskit_qmu.cli.main import main
from qiskit_qmu.evaluation import COSTS, RESULTS, SHOT_RESULTS


def test_every_column_is_listed_with_all_that_is_to_be_known(capsys):
    assert main(["list", "columns"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for column in (*RESULTS, *SHOT_RESULTS, *COSTS):
        assert f"{column.key} {column.name}" in printed
        assert f": {column.computed} for " in printed
        assert f"good: {column.better}" in printed
    assert "baselines: always “member” 100; coin 50; destroyed model 0 or 100" in printed


def test_no_two_columns_share_a_key_and_none_lacks_a_heading():
    for columns in (RESULTS, SHOT_RESULTS, COSTS):
        assert len({column.key for column in columns}) == len(columns)
    assert all(c.group and c.heading and c.computed for c in (*RESULTS, *SHOT_RESULTS, *COSTS))
