"""What a comparison of shots would do: everything is checked and counted, and no circuit is run."""

from qiskit_qmu.experiments.configuration.plan import RunPlan, circuits_of_observing, setup_plan
from qiskit_qmu.experiments.shots.comparison import ShotComparison


def shots_plan(comparison: ShotComparison, data_dir: str | None = None) -> RunPlan:
    """Return what `run_shot_comparison` would do.

    Args:
        comparison: What to compare.
        data_dir: Where image files lie.

    Returns:
        As `run_plan`.

    Raises:
        InputError: If the comparison is not possible.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ShotComparison, shots_plan
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> plan = shots_plan(ShotComparison(experiment=experiment, method="ga"))
        >>> plan["methods"], plan["shots"]
        (['oracle', 'ga'], 8192)
    """
    setup = comparison.check(data_dir)
    model = setup.check([])
    setup.strategy(comparison.method)
    return {
        **setup_plan(setup, model),
        "forget": len(setup.split.forget),
        "notes": list(setup.split.notes),
        "methods": ["oracle", comparison.method],
        "seeds": comparison.experiment.seeds,
        "backend": comparison.experiment.backend,
        "observing_circuits": 3 * circuits_of_observing(setup, model),
        "shots": comparison.run_shots,
    }
