"""Markdown of the project as HTML of the hand-over."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markupsafe import Markup


def markdown(text: str) -> Markup:
    """HTML, one level of headings deeper. HTML in the text is shown as text, pictures are left out.

    Links to files of the project become text, because those files aren't in the hand-over.
    """
    renderer = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    page = renderer.render(re.sub(r"(?m)^(#+) ", r"#\1 ", text))
    return Markup(re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", page))
