"""What is raised where a file cannot be read or written, and how foreign errors are worded."""

from qiskit_qmu._check import InputError

_LONGEST = 300


class FileError(InputError, OSError):
    """The operating system refused to read or write a file.

    It is an InputError, as everything that is wrong with what was given, and an OSError, so that
    code that expects one from a method that writes a file catches it.
    """


def one_line(error: BaseException) -> str:
    """Return what an error says as one short line of printable text."""
    if isinstance(error, KeyError) and error.args:
        text = f"nothing called {error.args[0]!r}"
    elif isinstance(error, RecursionError):
        text = "values that are nested too deeply"
    elif isinstance(error, FileError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    else:  # (str() of Qiskit's errors is quoted)
        message = getattr(error, "message", None)
        text = message if isinstance(message, str) else str(error)
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 2 * _LONGEST]).split())
    line = line or type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
