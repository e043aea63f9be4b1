"""What a step changed, as one Markdown table: the same change of several packages is one row, attachments too. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from release_actions.rehearsal.invariants import shorten
from release_actions.rehearsal.record import TagChange
from release_actions.runner import markdown
from release_actions.runner.report import counted

ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(?P<kind>\.\w+)?")
"""A tag that holds something attached to an image, named for the image's digest."""

FEW_PACKAGES = 2
"""Packages that a row names; more have a name of their own, above the table."""


@dataclass(frozen=True)
class ChangeRow:
    """The same change in several packages. `changes` are those that it stands for."""

    tag: str
    before: str
    after: str
    why: str
    changes: tuple[TagChange, ...]

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages, each once, in the order of their names."""
        return tuple(sorted({change.package for change in self.changes}))

    @property
    def is_of_attachments(self) -> bool:
        """Whether the tags are those of signatures and the like, which differ from package to package."""
        return ATTACHED.fullmatch(self.changes[0].tag) is not None


def format_changes(changes: Sequence[TagChange]) -> Iterator[str]:
    """The table, what its sets of packages are, and the digests in the tags of attachments."""
    rows = fold_rows(changes)
    sets = name_sets(rows)
    yield from (
        f"{label}: {', '.join(markdown.plain(package) for package in packages)}.\n" for packages, label in sets.items()
    )
    cells = (
        [
            sets.get(row.packages) or ", ".join(markdown.plain(package) for package in row.packages),
            markdown.code(row.tag),
            format_image(row, row.changes[0].before, row.before),
            format_image(row, row.changes[0].after, row.after),
            markdown.plain(row.why),
        ]
        for row in rows
    )
    yield markdown.table(["Packages", "Tag", "Before", "After", "Why"], cells)
    attached = list(list_attached(rows))
    if attached:
        yield markdown.details("Tags of attachments", "\n".join(attached))


def fold_rows(changes: Iterable[TagChange]) -> list[ChangeRow]:
    """The rows: changes that say the same of several packages are one, whatever the digests are."""
    folded: dict[tuple[str, str, str, str], list[TagChange]] = {}
    for change in changes:
        before, after = name_image(change.before, change.before_name), name_image(change.after, change.after_name)
        match = ATTACHED.fullmatch(change.tag)
        tag = f"sha256-…{match['kind'] or ''}" if match else change.tag
        folded.setdefault((tag, before, after, change.why), []).append(change)
    return [ChangeRow(*key, tuple(same)) for key, same in folded.items()]


def name_sets(rows: Iterable[ChangeRow]) -> Mapping[tuple[str, ...], str]:
    """A name for each set of packages that is too long for a row: how many they are, with a letter for a second set."""
    sets = list(dict.fromkeys(row.packages for row in rows if len(row.packages) > FEW_PACKAGES))
    labels: dict[tuple[str, ...], str] = {}
    for packages in sets:
        label = counted(len(packages), "package")
        same = sum(1 for other in labels if len(other) == len(packages))
        labels[packages] = f"{label} ({same + 1})" if same else label
    return labels


def list_attached(rows: Iterable[ChangeRow]) -> Iterator[str]:
    """A line for each package with the tags that rows shorten."""
    tags: dict[str, list[str]] = {}
    for row in rows:
        if row.is_of_attachments:
            for change in row.changes:
                tags.setdefault(change.package, []).append(change.tag)
    for package, names in tags.items():
        yield f"* {markdown.plain(package)}: {markdown.codes(names)}"


def name_image(digest: str, name: str) -> str:
    """The image that a digest is, or the start of the digest; empty where there was none."""
    return (name or shorten(digest)) if digest else ""


def format_image(row: ChangeRow, digest: str, name: str) -> str:
    """An image for Markdown: its name, and its digest where the row is about one tag of one package."""
    if not name:
        return "none"
    if len(row.changes) > 1 or name == shorten(digest):
        return markdown.plain(name)
    return f"{markdown.code(shorten(digest))} {markdown.plain(name)}"
