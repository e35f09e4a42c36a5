"""LLVM compiles the kernels for the processor that they run on."""

import ctypes
import hashlib
from importlib import resources
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from qiskit_qmu.simulator.compiled.code_cache import cache_folder, cached_code
from qiskit_qmu.simulator.compiled.job import Function
from qiskit_qmu.simulator.compiled.kernels.interpreter import kernels_module

# A call releases the interpreter's lock.
_FORM = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)

# Kernels are written in vectors, so there is little for LLVM to find.
_SPEED = 2

_engines: list[Any] = []
"""They own the code of the functions."""


def load_functions(dtype: str) -> tuple[Function, Function]:
    """Return the functions ``forward`` and ``backward`` in one precision."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    processor = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    machine = target.create_target_machine(*processor, opt=_SPEED, codemodel="jitdefault", jit=True)
    path = cache_folder() / f"{_key(dtype, machine.triple, *processor)}.kernels"
    code = cached_code(path, lambda: _compile(dtype, machine))
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    forward, backward = map(engine.get_function_address, ("forward", "backward"))
    return _FORM(forward), _FORM(backward)


def _key(*target: str) -> str:
    """Return a name for what the code follows from: processor, compiler and source."""
    found = hashlib.sha256(repr((target, llvmlite.__version__, llvm.llvm_version_info)).encode())
    package = resources.files("qiskit_qmu.simulator.compiled")
    for folder in (package, package / "kernels"):
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                found.update(file.read_bytes())
    return found.hexdigest()[:32]


def _compile(dtype: str, machine: Any) -> bytes:
    module = llvm.parse_assembly(str(kernels_module(dtype)))
    module.triple = machine.triple
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=_SPEED)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    code: bytes = machine.emit_object(module)
    return code
