"""The protocols by name."""

from collections.abc import Mapping
from types import MappingProxyType

from qiskit_qmu.experiments.reproduce import (
    clients,
    hqml,
    hqml_depth,
    phases,
    poisoning,
    qmu_figure4,
    qmu_table1,
    qmu_table2,
    unlearning_methods,
)
from qiskit_qmu.experiments.reproduce.protocol import Protocol

PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {
        protocol.name: protocol
        for protocol in (
            unlearning_methods.PROTOCOL,
            qmu_table1.PROTOCOL,
            qmu_table2.TABLE2,
            qmu_table2.TABLE3,
            qmu_figure4.PROTOCOL,
            hqml.IRIS,
            hqml.MNIST,
            hqml.FASHION,
            hqml_depth.PROTOCOL,
            poisoning.PROTOCOL,
            clients.PROTOCOL,
            phases.PROTOCOL,
        )
    }
)
"""What `qmu reproduce` can run."""
