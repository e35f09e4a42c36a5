"""Options that make a command take a fraction of a second."""

TINY_DATA = ("--dataset", "iris", "--model", "basic", "--train-size", "40", "--test-size", "30")
TINY = (*TINY_DATA, "--epochs", "1", "--num-layers", "1")
