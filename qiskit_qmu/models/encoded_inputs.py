"""Says what of a row a model's circuit is given."""

import torch

from qiskit_qmu.models.basic import BasicQNN


def inputs_in_words(model: torch.nn.Module, num_features: int = 0) -> str:
    """Say what a `BasicQNN`, alone or in shards, encodes; empty for models of other kinds.

    Args:
        model: The model.
        num_features: Features of a row, for a model that is not trained yet.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models.encoded_inputs import inputs_in_words
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=4, num_layers=1)
        >>> inputs_in_words(model, 9), inputs_in_words(model, 4)
        ('4 principal components of 9 features as angles', '4 features as angles')
    """
    basic = next((part for part in model.modules() if isinstance(part, BasicQNN)), None)
    if basic is None:
        return ""
    features = len(basic.scaler.mean) or num_features
    if not features:
        return ""
    kept = basic.config.num_features
    reduced = kept is not None and features > kept
    what = f"{kept} principal components of " if reduced else ""
    kind = "amplitudes" if basic.config.encoding == "amplitude" else "angles"
    return f"{what}{features} features as {kind}"
