"""RowsWarning: rows that were read differ from those that a model was trained on."""


class RowsWarning(UserWarning):
    """The rows that were read are not quite those that a model remembers, or it remembers none."""
