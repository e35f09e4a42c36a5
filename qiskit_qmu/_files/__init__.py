"""Atomic writing and guarded reading of files, for the whole package."""

from qiskit_qmu._files.appending import append_to_file
from qiskit_qmu._files.arrays import arrays_from_bytes, arrays_to_bytes, read_arrays
from qiskit_qmu._files.errors import FileError, one_line
from qiskit_qmu._files.folders import make_folder, move_into_place, new_folder
from qiskit_qmu._files.json_files import (
    read_json,
    read_sealed_json,
    read_sealed_line,
    sealed_line,
    write_json,
    write_sealed_json,
)
from qiskit_qmu._files.reading import checked, entry, read_bytes, read_text, reading
from qiskit_qmu._files.sets import read_set, recover_sets, write_set
from qiskit_qmu._files.writing import write_file, write_together, writing

__all__ = [
    # errors
    "FileError",
    "one_line",
    # writing
    "append_to_file",
    "arrays_to_bytes",
    "make_folder",
    "move_into_place",
    "new_folder",
    "recover_sets",
    "sealed_line",
    "write_file",
    "write_json",
    "write_sealed_json",
    "write_set",
    "write_together",
    "writing",
    # reading
    "arrays_from_bytes",
    "checked",
    "entry",
    "read_arrays",
    "read_bytes",
    "read_json",
    "read_sealed_json",
    "read_sealed_line",
    "read_set",
    "read_text",
    "reading",
]
