# SPDX-License-Identifier: MIT
"""How Sphinx builds the book. tools/docs.py is what calls it; see there for the outputs."""

import sys
from pathlib import Path

SPEC = Path(__file__).resolve().parent
sys.path[:0] = [str(SPEC.parent / "tools"), str(SPEC / "_ext")]

import registry  # noqa: E402

_abi = registry.load(SPEC / "registry" / "argo.yaml").abi

project = _abi.name
author = "The Argo ABI authors"
copyright = author
version = release = f"{_abi.major}.{_abi.minor}"

extensions = ["argobook"]
primary_domain = "argo"
exclude_patterns = ["_*", "tests"]
highlight_language = "c"
smartquotes = False
numfig = False

html_title = f"{project} {release}"
html_static_path = ["_static"]
html_theme_path = ["_templates"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False

if tags.has("paper"):  # noqa: F821
    html_theme = "argo-print"
else:
    html_theme = "furo"
    html_css_files = ["argo.css"]
    html_theme_options = {
        "navigation_with_keys": True,
        "light_css_variables": {"color-brand-primary": "#0b5cad", "color-brand-content": "#0b5cad"},
        "dark_css_variables": {"color-brand-primary": "#7db7ff", "color-brand-content": "#7db7ff"},
    }
    pygments_style = "friendly"
    pygments_dark_style = "monokai"
