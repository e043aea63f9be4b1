"""Writes notes as Markdown, in the forms that GitHub generates and that programs parse.

Titles and descriptions are text from outside: nothing in them becomes markup, and they mention no account. A
backslash does not keep GitHub from mentioning (github/cmark-gfm#181), so `@` is followed by a space of no width there.
Bullets are change lines and contributor lines only, because programs take each bullet for a change.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

from release_actions.components import table
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.notes.model import Author, MergedChange, NewContributor, ReleaseNotes, Section
from release_actions.runner import markdown
from release_actions.runner.report import counted

RELEASE_BODY_CHARACTERS = 125_000
"""Characters that GitHub takes as the body of a release."""

GENERATED_CHARACTERS = RELEASE_BODY_CHARACTERS - 200
"""Characters of generated notes: what puts them on a release adds a line of its own."""

COMPONENTS = "Component Changes"
CHANGES = "What's Changed"
CONTRIBUTORS = "New Contributors"
NOTHING = "No pull request was merged."
INVISIBLE = "&#8203;"
GOES_ON = re.compile(r"^The notes go on with [0-9]+ more changes? in \[", re.MULTILINE)
"""The sentence in place of changes that did not fit."""


@dataclass(frozen=True)
class NotesText:
    """Notes as text. `full` is all of them where `body` has only what a release takes, else empty."""

    body: str
    full: str = ""


def write(notes: ReleaseNotes, asset: str, longest: int = GENERATED_CHARACTERS) -> NotesText:
    """The notes. `asset`: name of the file that has all of them when they are too long for a release."""
    whole = text(notes)
    if length(whole) <= longest:
        return NotesText(whole)
    kept = sum(len(section.changes) for section in notes.sections)
    # Every line less makes it shorter, so the most that fit are found by halving.
    low, high = 0, kept
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if length(text(notes, middle, asset)) <= longest else (low, middle - 1)
    return NotesText(text(notes, low, asset), whole)


def length(body: str) -> int:
    """Characters as GitHub may count them: those beyond the basic plane as two."""
    return len(body.encode("utf-16-le")) // 2


def text(notes: ReleaseNotes, most: int | None = None, asset: str = "") -> str:
    """All of the notes, or with the first `most` changes only and a pointer to the rest."""
    parts = []
    if notes.manifest:
        parts += [table.write(notes.manifest, *notes.headings).rstrip("\n"), *components(notes)]
    parts += changes(notes, most, asset)
    if notes.contributors:
        lines = "\n".join(contributor_line(one, notes.web) for one in notes.contributors)
        parts.append(f"## {CONTRIBUTORS}\n\n{lines}")
    parts.append(f"**Full Changelog**: {changelog(notes)}")
    return "\n\n".join(parts) + "\n"


def changelog(notes: ReleaseNotes) -> str:
    """Address of everything that changed."""
    tag = quote(notes.tag, safe="")
    return (
        f"{notes.web}/compare/{quote(notes.previous, safe='')}...{tag}"
        if notes.previous
        else f"{notes.web}/commits/{tag}"
    )


def changes(notes: ReleaseNotes, most: int | None, asset: str) -> Iterable[str]:
    """The sections of changes, cut after `most` of them."""
    yield f"## {CHANGES}"
    if not notes.sections:
        yield NOTHING
    room = most
    for section in notes.sections:
        kept = section.changes if room is None else section.changes[:room]
        room = None if room is None else room - len(kept)
        if kept:
            yield from section_text(dataclasses.replace(section, changes=kept), notes.web, whole=section)
    left = 0 if most is None else len(notes.changes) - most
    if left:
        address = f"{notes.web}/releases/download/{quote(notes.tag, safe='')}/{quote(asset)}"
        yield f"The notes go on with {counted(left, 'more change')} in [{markdown.plain(asset)}]({address})."


def section_text(section: Section, web: str, whole: Section) -> Iterable[str]:
    """One section. `whole` is the same before anything was cut off."""
    lines = "\n".join(change_line(change, web) for change in section.changes)
    if section.folded:
        title = markdown.plain(f"{section.title} ({len(whole.changes)})")
        yield f"<details>\n<summary>{title}</summary>\n\n{lines}\n\n</details>"
        return
    if section.title:
        yield f"### {title_of(section.title)}"
    yield lines


def change_line(change: MergedChange, web: str) -> str:
    """`* title by @author in URL`; a commit without a pull request is named by its id."""
    where = f"{web}/pull/{change.number}" if change.number else f"commit {change.sha}"
    return f"* {title_of(change.title)} by {who(change.author)} in {where}"


def contributor_line(contributor: NewContributor, web: str) -> str:
    """`* @login made their first contribution in URL`."""
    return f"* {who(contributor.author)} made their first contribution in {web}/pull/{contributor.change.number}"


def who(author: Author) -> str:
    """An author: mentioned by the login, else by name."""
    return f"@{author.login}" if author.login else title_of(author.name or "an unknown author")


def title_of(text: str) -> str:
    """Text from outside in one line, without markup and without mentions."""
    flat = " ".join(text.split()).replace("&", "&amp;")
    return markdown.plain(flat).replace("\\@", f"@{INVISIBLE}")


def components(notes: ReleaseNotes) -> Iterable[str]:
    """A section for each component that changed: what it is, and where its changes are."""
    found = [part for entry in moved(notes.manifest) if (part := component(entry))]
    gone = [
        f"### {title_of(removed.name)}\n\n**Removed**: {title_of(removed.reason)}"
        for removed in (notes.manifest.removed if notes.manifest else ())
    ]
    if found or gone:
        yield f"## {COMPONENTS}"
        yield from (*found, *gone)


def moved(manifest: ComponentManifest | None) -> Iterable[ComponentEntry]:
    """The entries whose version is not that of the release before."""
    every = (*manifest.components, *manifest.infrastructure) if manifest else ()
    return (entry for entry in every if entry.version != entry.previous)


def component(entry: ComponentEntry) -> str:
    """One component."""
    lines = []
    if entry.description:
        lines.append(f"**Description**: {title_of(entry.description)}")
    if entry.compare:
        shown = f"{title_of(entry.previous)} → {title_of(entry.version)}"
        lines.append(f"**Diff**: [{shown}]({entry.compare})")
    elif not entry.previous:
        lines.append("**History**: new in this release")
    return "\n\n".join([f"### {title_of(entry.title)}", *lines]) if lines else ""
