"""Configuration of the documentation: ``python -m sphinx -W -b html docs docs/_build``."""

import gc
import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))
gc.set_threshold(
    1_000_000
)  # collecting garbage among millions of nodes would take a third of the time

project = "qiskit_qmu"
author = "the qiskit_qmu maintainers"
copyright = f"2026, {author}"  # noqa: A001 (Sphinx wants this name)
version = release = installed_version("qiskit-qmu")
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "qiskit_sphinx_theme",
    "api_names",
    "collected_pages",
    "registry_tables",
]
exclude_patterns = ["_build", "_ext", "jupyter_execute"]
nitpicky = True
suppress_warnings = ["mystnb.unknown_mime_type"]  # a notebook's widgets

# Pages
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"  # notebooks are stored with their outputs
nb_merge_streams = True
copybutton_exclude = ".linenos, .gp, .go"

smartquotes = False
html_copy_source = False
html_show_sourcelink = False

# API pages
toc_object_entries = False  # a page's table of names is its table of contents
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
strip_signature_backslash = True  # or the last underscore of attributes such as classes_ is lost
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
default_role = "py:obj"

html_theme = "qiskit-ecosystem"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_last_updated_fmt = None
