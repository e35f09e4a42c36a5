"""Speed: one claim for each file, with its peer in the same run."""
