"""What a result was computed with."""

import os
import platform
from typing import Any

from qiskit_qmu.backends.versions import package_versions


def environment() -> dict[str, Any]:
    """Return versions and the machine's kind; no name, path or address of it."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "packages": package_versions("torch", "numpy", "scikit-learn"),
    }
