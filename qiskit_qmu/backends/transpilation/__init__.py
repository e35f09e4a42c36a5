"""Transpilation of users' circuits to circuits that a device accepts."""
