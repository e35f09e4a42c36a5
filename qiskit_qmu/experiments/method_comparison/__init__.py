"""Methods side by side: `compare`, `qmu run` and tables of many runs."""
