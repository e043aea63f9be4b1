"""Reads what changed in each component: its own release notes between two versions, else its merged pull requests.

Components are other repositories, whose releases anybody may read. What cannot be read leaves the link to the changes,
and the log says so: the notes then say less, and nothing wrong. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from release_actions.changes import mainline, undo
from release_actions.changes.from_github import PullReader
from release_actions.changes.titles import without_numbers
from release_actions.components import version_order
from release_actions.components.inline import visible_text
from release_actions.components.manifest import ComponentEntry, ComponentManifest
from release_actions.errors import ActionError
from release_actions.github.releases import Release, Releases
from release_actions.http.client import Http
from release_actions.notes import body, reading
from release_actions.notes.addresses import AddressKind, parse
from release_actions.notes.model import ComponentNotes
from release_actions.runner import markdown
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow

SHOWN_CHANGES = 10
"""Changes of a component that the notes show; the link has the rest."""


def read_component_notes(
    manifest: ComponentManifest | None, context: Context, token: str, log: Workflow
) -> dict[str, ComponentNotes]:
    """Id -> what changed in a component, for those that changed and whose repository can be read."""
    made: dict[str, ComponentNotes] = {}
    with Http(log=log.info, redactor=log.redactor) as http:
        for entry in body.list_changed_entries(manifest):
            if not entry.repository or not entry.compare or entry.repository == context.repository:
                continue
            try:
                notes = _read(entry, context, token, http)
            except ActionError as error:
                log.info(f"The changes of {entry.title} are linked and not listed: {error.problems[0].message}")
                continue
            if notes.lines:
                made[entry.id] = notes
    return made


def _read(entry: ComponentEntry, context: Context, token: str, http: Http) -> ComponentNotes:
    address = parse(entry.compare, context.server_url)
    base, head = (address.base, address.name) if address and address.leads is AddressKind.COMPARE else ("", "")
    releases = Releases(http, context.api_url, entry.repository, token=token).all()
    between = select_releases(releases, base, head)
    web = f"{context.server_url}/{entry.repository}"
    lines = [line for release in between for line in list_lines(release, web, context.server_url)]
    if not lines and token and base and head:
        with PullReader(context.api_url, entry.repository, token=token) as reader:
            span = reader.span(base, head)
        changes = undo.collapse(mainline.group_changes(span.ahead, span.pulls), entry.repository).shown
        lines = [
            f"{body.escape_text(change.title)} ([#{change.number}]({web}/pull/{change.number}))"
            for change in changes
            if change.number and not change.author.bot
        ]
    unique = tuple(dict.fromkeys(lines))
    return ComponentNotes(
        unique[:SHOWN_CHANGES],
        len(unique),
        tuple((published.tag, published.url) for published in between if published.url),
    )


def select_releases(releases: Iterable[Release], base: str, head: str) -> tuple[Release, ...]:
    """The full releases after one tag up to another, by version, the oldest first. A candidate's notes come again."""
    kept = []
    for release in releases:
        after, until = version_order.compare(release.tag, base), version_order.compare(release.tag, head)
        full = not release.draft and not release.prerelease
        if full and after is not None and until is not None and after > 0 and until <= 0:
            kept.append(release)
    return tuple(sorted(kept, key=lambda release: version_order.sort_key(release.tag)))


def list_lines(release: Release, web: str, server: str) -> list[str]:
    """The changes that a component's own notes list, as text with a link to each."""
    lines = []
    for change in reading.read(release.body, release.tag, server=server).changes:
        if change.number and (change.repository or web.endswith(f"/{change.repository}")):
            title = body.escape_text(without_numbers(visible_text(change.title)))
            repository = change.repository or web.removeprefix(f"{server}/")
            address = f"{server}/{repository}/pull/{change.number}"
            lines.append(f"{title} ([{markdown.plain(f'#{change.number}')}]({address}))")
    return lines
