"""How a table becomes a dataset: chunks, kinds of columns, labels and ids, features."""
