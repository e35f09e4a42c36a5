"""Execute tutorials and store their outputs in them.

    python tutorials/store_outputs.py tutorials/07_writing_a_strategy.ipynb

Without arguments, all of them. What is specific to a machine (warnings and progress on standard error, names of
temporary folders, times of execution) is left out.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def store(path: Path) -> None:
    """Execute a tutorial in its folder, and write it back with its outputs."""
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": FOLDER}}).execute()
    clean(notebook)
    nbformat.write(notebook, path)


def clean(notebook: nbformat.NotebookNode) -> None:
    """Remove from outputs what depends on the machine."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = joined(out for out in cell.outputs if out.get("name") != "stderr")
            for output in cell.outputs:
                if "text" in output:
                    output.text = re.sub(r"/\S*/tmp\w{8}/", "", output.text)


def joined(outputs: Iterable[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Join neighbouring texts: where they were cut depends on the time of printing."""
    found: list[nbformat.NotebookNode] = []
    for output in outputs:
        if found and output.output_type == found[-1].output_type == "stream":
            found[-1].text += output.text
        else:
            found.append(output)
    return found


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(map(str, FOLDER.glob("*.ipynb"))):
        store(Path(name))
        print(name)
