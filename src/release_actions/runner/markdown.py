"""Markdown for job summaries: tables and code spans that no tag name, title or label can break out of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from release_actions.runner.characters import INVISIBLE, LINE_ENDS

SPECIAL = re.compile(r"([\\`*_\[\]<>|~@#]|^[-+]|:(?=//|[\w+-]+:)|(?<=www)\.)", re.ASCII)
"""What GitHub Flavored Markdown gives a meaning in a line: emphasis, code, links, tags, mentions, references, cells,
emoji, bare addresses; and the marks that begin a list."""

CONTROL = re.compile(f"[{LINE_ENDS}{INVISIBLE}\t]+")

SUMMARY_LIMIT = 1024 * 1024
"""Bytes of one step's summary; the runner drops a larger one whole (actions/runner FileCommandManager)."""

CUT_NOTE = "\n\n> The summary was cut here: the platform takes at most 1 MiB a step. The log has the rest.\n"


def plain(text: str) -> str:
    """Text from outside as Markdown text of one line: nothing in it is markup, a mention or a link."""
    return SPECIAL.sub(r"\\\1", CONTROL.sub(" ", text))


def code(text: str) -> str:
    """Text from outside as a code span of one line. A `|` is escaped, as tables need it even inside code."""
    flat = CONTROL.sub(" ", text).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat.strip() else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def codes(texts: Iterable[str], none: str = "none") -> str:
    """Several code spans separated by commas, or the word for nothing."""
    return ", ".join(code(text) for text in texts) or none


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table. Cells are Markdown already: pass text from outside through `plain` or `code` first."""
    lines = [list(head), ["---"] * len(head)]
    lines += [[cell or " " for cell in row] for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def details(title: str, body: str) -> str:
    """A folded section."""
    return f"<details><summary>{plain(title)}</summary>\n\n{body}\n\n</details>\n"


def cut(markdown: str, limit: int = SUMMARY_LIMIT) -> str:
    """Markdown cut at a line so that it fits `limit` bytes of UTF-8 with a note that says so.

    An open fence or folded section is closed, so that the note is read as text.
    """
    data = markdown.encode()
    if len(data) <= limit:
        return markdown
    closing = 64
    room = limit - len(CUT_NOTE.encode()) - closing
    kept = data[: max(room, 0)].decode(errors="ignore")
    kept = kept[: kept.rfind("\n") + 1] if "\n" in kept else kept
    if len(re.findall(r"(?m)^```", kept)) % 2:
        kept += "```\n"
    if kept.count("<details>") > kept.count("</details>"):
        kept += "\n</details>\n"
    return kept + CUT_NOTE
