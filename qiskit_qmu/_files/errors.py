"""FileError, and one-line messages for errors of other libraries."""

from qiskit_qmu._check import InputError

_LONGEST = 300


class FileError(InputError, OSError):
    """The operating system could not read or write a file.

    It is an InputError, like all errors caused by the input, and an OSError, which callers expect
    from methods that access files.
    """


def one_line(error: BaseException) -> str:
    """Return an error's message as one short line of printable text."""
    if isinstance(error, KeyError) and error.args:
        text = f"no entry {error.args[0]!r}"
    elif isinstance(error, RecursionError):
        text = "its values are nested too deeply"
    elif isinstance(error, FileError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    else:  # (str() of Qiskit's errors adds quotes)
        message = getattr(error, "message", None)
        text = message if isinstance(message, str) else str(error)
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * _LONGEST]).split())
    line = line or type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
