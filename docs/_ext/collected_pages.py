"""Pages that live elsewhere in the repository, as pages of the documentation.

Tutorials, the changelog and the benchmarks are read where they lie, and on the site too. They are
copied to ``docs/collected`` before the build, and links to them, which are written as seen from the
repository (``../tutorials/…``), are led there.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

COLLECTED = "collected"
SOURCES = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CODE_OF_CONDUCT.md",
    "benchmarks/README.md",
    "benchmarks/*.svg",
    "tutorials/*.md",
    "tutorials/*.ipynb",
)


def collect(app: Sphinx) -> None:
    """Copy what has changed, and remove what is gone."""
    root, target = Path(app.srcdir).parent, Path(app.srcdir) / COLLECTED
    wanted = {path.relative_to(root) for pattern in SOURCES for path in root.glob(pattern)}
    for old in [path for path in target.rglob("*") if path.is_file()]:
        if old.relative_to(target) not in wanted:
            old.unlink()
    for path in wanted:
        copy = target / path
        if not copy.exists() or copy.read_bytes() != (root / path).read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, copy)


def lead_links(app: Sphinx, page: str, source: list[str]) -> None:
    """Lead links between the repository's files to their pages."""
    folder = Path(page).parent
    is_collected = folder.parts[:1] == (COLLECTED,)
    here = Path(*folder.parts[1:]) if is_collected else Path("docs") / folder
    root = Path(app.srcdir).parent

    def led(match: re.Match[str]) -> str:
        found = _within(here / match[2])
        if found is None or not (root / found).exists():
            return match[0]
        if found.parts[0] == "docs":
            return f"{match[1]}/{found.relative_to('docs')}{match[3]}"
        if any(found.match(pattern) for pattern in SOURCES):
            return f"{match[1]}/{COLLECTED}/{found}{match[3]}"
        return match[0]

    source[0] = re.sub(r"(\]\()([^)#\s:]+)((?:#[^)\s]*)?\))", led, source[0])


def _within(path: Path) -> Path | None:
    """Return a relative path without its dots; None if it leaves the repository."""
    parts: list[str] = []
    for part in path.parts:
        if part != "..":
            parts.append(part)
        elif not parts:
            return None
        else:
            parts.pop()
    return Path(*parts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the two steps."""
    app.connect("builder-inited", collect)
    app.connect("source-read", lead_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
