"""What an experiment is: its fields, presets, rows, model and backends, and what it would take."""
