"""One line about each method that a result may name."""

_DOES = {
    "original": "the trained model as it is: doing nothing",
    "noop": "the trained model as it is: doing nothing",
    "oracle": "retrained from scratch without the forgotten rows",
    "gd": "training goes on, on the retained rows",
    "ga": "gradient ascent on the forgotten rows",
    "ssd": "selective synaptic dampening",
    "lfssd": "selective synaptic dampening without labels",
    "rga": "gradient ascent on the parameters that matter most to the forgotten rows",
}


def what_it_does(method: str) -> str:
    """Say what a method does.

    Args:
        method: Name of the method as in the rows; ``-r`` at its end means repaired.

    Returns:
        A phrase, empty for a method without one.
    """
    if method in _DOES:
        return _DOES[method]
    base = method.removesuffix("-r")
    return f"{base}, then repaired on the retained rows" if base in _DOES else ""
