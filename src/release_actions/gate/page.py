"""Writes the page of a release: one HTML file that needs no network, and runs nothing but its own few lines.

The browser is told so: the page's policy allows exactly the style and the script in it, by their digests. Text from
reports is escaped by the template engine. Jinja2 is imported here alone, so that only who wants a page pays for it.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from release_actions.gate.view import PageView

TEMPLATES = Path(__file__).with_name("templates")


def write_page(view: PageView) -> str:
    """The page as HTML."""
    import jinja2  # in a lock of its own

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = (TEMPLATES / "page.css").read_text(encoding="utf-8")
    script = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    page: str = environment.get_template("page.html").render(
        view=view,
        style=style,
        script=script,
        style_digest=hash_for_policy(style),
        script_digest=hash_for_policy(script),
    )
    return page


def hash_for_policy(text: str) -> str:
    """The digest of an inline style or script as a Content-Security-Policy has it (W3C CSP 3, section 2.3.1)."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
