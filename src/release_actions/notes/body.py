"""Writes notes as Markdown, in the forms that GitHub generates and that programs parse.

Titles and descriptions are text from outside: nothing in them becomes markup, and they mention no account. A
backslash does not keep GitHub from mentioning (github/cmark-gfm#181), so `@` is followed by a space of no width there.
Bullets are change lines and contributor lines only, because programs take each bullet for a change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote

from release_actions.changes.model import Author, MergedChange
from release_actions.components import table
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.notes.fitting import NotesPart, NotesText, fit_parts
from release_actions.notes.model import ComponentNotes, NewContributor, Notice, ReleaseNotes, Section
from release_actions.runner import markdown
from release_actions.runner.report import counted

RELEASE_BODY_CHARACTERS = 125_000
"""Characters that GitHub takes as the body of a release."""

GENERATED_CHARACTERS = RELEASE_BODY_CHARACTERS - 200
"""Characters of generated notes: what puts them on a release adds a line of its own."""

BREAKING = "Breaking Changes"
DEPRECATIONS = "Deprecations"
COMPONENTS = "Component Changes"
CHANGES = "What's Changed"
CONTRIBUTORS = "New Contributors"
NOTHING = "No pull request was merged."
INVISIBLE = "&#8203;"


def write(notes: ReleaseNotes, asset: str, longest: int = GENERATED_CHARACTERS) -> NotesText:
    """The notes. `asset`: name of the file that has all of them when they are too long for a release."""
    address = f"{notes.web}/releases/download/{quote(notes.tag, safe='')}/{quote(asset)}"
    return fit_parts(tuple(_write_parts(notes)), f"[{markdown.plain(asset)}]({address})", longest)


def _write_parts(notes: ReleaseNotes) -> Iterator[NotesPart]:
    yield from _write_notices(notes.breaking, BREAKING, notes.web, "breaking change")
    yield from _write_notices(notes.deprecated, DEPRECATIONS, notes.web, "deprecation")
    if notes.manifest:
        yield from _write_tables(notes.manifest, notes.headings)
        yield from _write_components(notes)
    yield from _write_changes(notes)
    if notes.contributors:
        lines = tuple(write_contributor(contributor, notes.web) for contributor in notes.contributors)
        yield NotesPart(f"## {CONTRIBUTORS}\n\n", lines, noun="new contributor")
    yield NotesPart(f"**Full Changelog**: {make_changelog_address(notes)}")


def _write_notices(notices: Iterable[Notice], title: str, web: str, noun: str) -> Iterator[NotesPart]:
    paragraphs = tuple(write_notice(notice, web) for notice in notices)
    if paragraphs:
        yield NotesPart(f"## {title}\n\n", paragraphs, between="\n\n", noun=noun)


def write_notice(notice: Notice, web: str) -> str:
    """A paragraph of its own, so that no program takes it for a second change."""
    change = notice.change
    name = f"#{change.number}" if change.number else change.sha[:12]
    where = f"{web}/pull/{change.number}" if change.number else f"{web}/commit/{change.sha}"
    said = f": {escape_text(notice.text)}" if notice.text else ""
    removal = f" It is removed in {escape_text(notice.removal)}." if notice.removal else ""
    return f"**{escape_text(change.title)}** ([{markdown.plain(name)}]({where})){said}{removal}"


def _write_tables(manifest: ComponentManifest, headings: tuple[str, str]) -> Iterator[NotesPart]:
    """The tables of the components, whose rows are cut like any list."""
    for text in table.write(manifest, *headings).rstrip("\n").split("\n\n## "):
        lines = text.removeprefix("## ").rstrip("\n").split("\n")
        yield NotesPart("\n".join([f"## {lines[0]}", *lines[1:4]]) + "\n", tuple(lines[4:]), noun="row")


def make_changelog_address(notes: ReleaseNotes) -> str:
    """Address of everything that changed."""
    tag = quote(notes.tag, safe="")
    return (
        f"{notes.web}/compare/{quote(notes.previous, safe='')}...{tag}"
        if notes.previous
        else f"{notes.web}/commits/{tag}"
    )


def _write_changes(notes: ReleaseNotes) -> Iterator[NotesPart]:
    """The sections of changes."""
    if not notes.sections:
        yield NotesPart(f"## {CHANGES}\n\n{NOTHING}")
        return
    first, *others = notes.sections
    yield _write_section(first, notes.web, f"## {CHANGES}\n\n")
    yield from (_write_section(section, notes.web, "") for section in others)


def _write_section(section: Section, web: str, head: str) -> NotesPart:
    lines = tuple(write_change(change, web) for change in section.changes)
    if section.folded:
        title = markdown.plain(f"{section.title} ({len(lines)})")
        head += f"<details>\n<summary>{title}</summary>\n\n"
        return NotesPart(head, lines, tail="\n\n</details>", noun="change")
    return NotesPart(head + (f"### {escape_text(section.title)}\n\n" if section.title else ""), lines, noun="change")


def write_change(change: MergedChange, web: str) -> str:
    """`* title by @author in URL`; a commit without a pull request is named by its id."""
    where = f"{web}/pull/{change.number}" if change.number else f"commit {change.sha}"
    people = " and ".join(mention_author(author) for author in (change.author, *change.others))
    return f"* {escape_text(change.title)} by {people} in {where}"


def write_contributor(contributor: NewContributor, web: str) -> str:
    """`* @login made their first contribution in URL`."""
    address = f"{web}/pull/{contributor.change.number}"
    return f"* {mention_author(contributor.author)} made their first contribution in {address}"


def mention_author(author: Author) -> str:
    """An author: mentioned by the login, else by name."""
    return f"@{author.login}" if author.login else escape_text(author.name or "an unknown author")


def escape_text(text: str) -> str:
    """Text from outside in one line, without markup and without mentions."""
    flat = " ".join(text.split()).replace("&", "&amp;")
    return markdown.plain(flat).replace("\\@", f"@{INVISIBLE}")


def _write_components(notes: ReleaseNotes) -> Iterator[NotesPart]:
    """A section for each component that changed: what it is, and what changed in it."""
    manifest = notes.manifest
    sections = [
        text
        for entry in list_changed_entries(manifest)
        if (text := _write_component(entry, notes.component_notes.get(entry.id)))
    ]
    sections += [
        f"### {escape_text(removed.name)}\n\n**Removed**: {escape_text(removed.reason)}"
        for removed in (manifest.removed if manifest else ())
    ]
    if sections:
        yield NotesPart(f"## {COMPONENTS}\n\n", tuple(sections), between="\n\n", noun="component")


def list_changed_entries(manifest: ComponentManifest | None) -> Iterable[ComponentEntry]:
    """The entries whose version is not that of the release before."""
    every = (*manifest.components, *manifest.infrastructure) if manifest else ()
    return (entry for entry in every if entry.version != entry.previous)


def _write_component(entry: ComponentEntry, changed: ComponentNotes | None) -> str:
    """One component. Its changes are lines of a paragraph, since each bullet counts as a change of this release."""
    parts = []
    if entry.description:
        parts.append(f"**Description**: {escape_text(entry.description)}")
    if entry.compare:
        shown = f"{escape_text(entry.previous)} → {escape_text(entry.version)}"
        parts.append(f"**Diff**: [{shown}]({entry.compare})")
    elif not entry.previous:
        parts.append("**History**: new in this release")
    if changed and changed.releases:
        links = ", ".join(f"[{escape_text(tag)}]({address})" for tag, address in changed.releases)
        parts.append(f"**Release notes**: {links}")
    if changed:
        rest = changed.total - len(changed.lines)
        more = (f"and {counted(rest, 'more change')}",) if rest else ()
        # Two blanks at the end of a line break it (CommonMark, hard line breaks).
        parts.append("  \n".join(["**Changes**:", *(f"\u2013 {line}" for line in (*changed.lines, *more))]))
    return "\n\n".join([f"### {escape_text(entry.title)}", *parts]) if parts else ""
