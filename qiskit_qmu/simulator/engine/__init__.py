"""Compiled programs on batches of states: forward, backward by the adjoint method, and tangents."""
