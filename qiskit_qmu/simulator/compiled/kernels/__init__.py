"""The kernels, as Python functions that write LLVM instructions."""
