"""Markdown within a line: code, links and emphasis, and the text that a reader sees. Pure."""

from __future__ import annotations

import re

CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
LINK = re.compile(r"!?\[([^\[\]]*)\]\(\s*<?([^()\s>]*)>?[^()]*\)")
EMPHASIS = re.compile(r"(\*\*\*|\*\*|\*|__|~~)(?=\S)(.+?)(?<=\S)\1")
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
"""A backslash before a mark, which makes it text (CommonMark, backslash escapes)."""


def visible_text(text: str) -> str:
    """Markdown of one line as its reader sees it."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group(2).strip())
        return f"\0{len(kept) - 1}\0"

    # What stands in code is kept as it is, so it is put aside until the marks around it are gone.
    plain = CODE.sub(keep, text)
    for pattern in (LINK, EMPHASIS):
        plain = pattern.sub(lambda match: match.group(2 if match.re is EMPHASIS else 1), plain)
    plain = ESCAPE.sub(r"\1", plain)
    plain = re.sub("\0([0-9]+)\0", lambda match: kept[int(match.group(1))].replace("\\|", "|"), plain)
    return " ".join(plain.split())
