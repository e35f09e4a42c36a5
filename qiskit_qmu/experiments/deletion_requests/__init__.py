"""Deletion requests of saved models: checked, answered, audited and reported."""
