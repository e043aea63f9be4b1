"""Takes a tag off a version that stays: the tag is moved to an empty version, which is deleted with it.

GitHub has no request for it, and no way to say "only if the tag still names this". So a tag is resolved right before it
is moved, and whatever else was pushed or changed in these moments is named afterwards. This module must never move a
tag that the plan did not name or that was moved since, and never leave a tag on the empty version when it can be put
back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import timedelta

from release_actions.cleanup import copies, journal, mending
from release_actions.cleanup.events import EmptyDeleted, TagKept, TagPutBack, TagsMoved, TagTaken
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan, Strip
from release_actions.cleanup.record import find, remove
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Store, describe_version, make_version
from release_actions.errors import RemoteError
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import Digest, digest_of

SLACK = timedelta(seconds=2)
"""How far the times of versions, in whole seconds, may be off."""

AT_ONCE = 10
"""Versions that lose tags at a time: one listing finds all their empty versions, and none waits for long."""


def strip(store: Store, plan: CleanupPlan, outcome: Outcome, stop: Callable[[], str]) -> str:
    """Take off every tag that the plan takes off. Raises `RemoteError`.

    Gives why it ended before that: what `stop` says, empty to go on.
    """
    of: dict[str, list[Strip]] = {}
    for item in plan.strips:
        of.setdefault(item.version.digest, []).append(item)
    items = [*of.values()]
    for first in range(0, len(items), AT_ONCE):
        why = stop()
        if why:
            return why
        _take_off(store, items[first : first + AT_ONCE], outcome)
    return ""


def find_doubts(plan: CleanupPlan, outcome: Outcome, listed: Iterable[Version]) -> list[str]:
    """What may have lost a tag to this run: it was pushed or changed in the moments in which tags were moved."""
    if outcome.moment is None:
        return []
    first, last = outcome.moment
    before = {decision.version.id: decision.version for decision in plan.decisions}
    ours = {item.version.id for item in plan.strips} | {v.id for v in (*outcome.repaired, *outcome.restored)}
    own = digest_of(outcome.journal)
    put = {*outcome.copies.values()}
    tags = ", ".join(item.tag for item in outcome.stripped)
    return [
        f"{describe_version(version)} was pushed or changed while {tags} was removed. If it had just received "
        "that tag, put the tag back."
        for version in listed
        if version.id not in ours
        and version.digest not in {own, *put}
        and first <= version.moved_at <= last
        and (version.id not in before or version.updated_at > before[version.id].updated_at)
    ]


def put_right_lost(store: Store, outcome: Outcome, there: Container[str]) -> None:
    """Put tags where they belong that somebody copied right before an empty version was deleted, and that went with it.

    `there`: tags that name something now. Raises `RemoteError` when one cannot be put there.
    """
    taken: dict[str, set[str]] = {}
    for item in outcome.stripped:
        taken.setdefault(item.version.digest, set()).add(item.tag)
    gone = store.packages.deleted(store.name, {*outcome.emptied}) if outcome.emptied else ()
    emptied = {version: outcome.emptied[version.id] for version in gone}
    lost = {tag: of for version, of in emptied.items() for tag in version.tags if tag not in taken.get(of, ())}
    copies.put_right(store, {tag: of for tag, of in lost.items() if tag not in there}, outcome)


def _take_off(store: Store, groups: Iterable[list[Strip]], outcome: Outcome) -> None:
    """Take the tags of some versions off, each list those of one version. Raises `RemoteError`."""
    began = time.monotonic()
    moved: dict[str, list[Strip]] = {}
    for group in groups:
        body = journal.write((), tags=[item.tag for item in group], of=group[0].version.digest)
        for item in group:
            why = _explain_move(store, item)
            if why:
                outcome.add(TagKept(item, why))
                continue
            # Before the request: whatever becomes of it, undo has to name it.
            outcome.add(TagTaken(item))
            moved.setdefault(digest_of(body), []).append(item)
            store.registry.put_manifest(store.path, item.tag, body, OCI_INDEX)
    listed = tuple(map(make_version, store.packages.newest(store.name))) if moved else ()
    took = timedelta(seconds=time.monotonic() - began)
    for digest, items in moved.items():
        version = find(store, Digest(digest), listed)
        if version is not None:
            outcome.add(TagsMoved(version.moved_at - took - SLACK, version.moved_at + SLACK))
            _delete(store, version, items, outcome)


def _delete(store: Store, version: Version, items: Sequence[Strip], outcome: Outcome) -> None:
    """Delete an empty version with the tags that were moved to it, but not with any other. Raises `RemoteError`."""
    of = items[0].version
    copies.put_right(store, dict.fromkeys({*version.tags} - {item.tag for item in items}, of.digest), outcome)
    refusal = remove(store, version)
    if refusal:
        _give_back(store, items, outcome, f"{refusal}, so the tag was put back. {refusal.hint}".strip())
        return
    outcome.add(EmptyDeleted(version.id, of.digest))
    for item in items:
        store.say(f"{store.path}: took {item.tag} off {describe_version(of)}")


def _explain_move(store: Store, item: Strip) -> str:
    """Why a tag is not to be moved; empty when it still names what the plan says."""
    now = store.registry.head_manifest(store.path, item.tag)
    if now is None:
        return "The tag is not there any more."
    if now.digest != item.version.digest:
        return f"It was moved since the plan was made; now it names {now.digest}."
    return ""


def _give_back(store: Store, items: Iterable[Strip], outcome: Outcome, why: str) -> None:
    """Put the tags back on their version, because the empty one cannot be deleted. Raises `RemoteError`."""
    for item in items:
        problem = mending.put_back(store, item.tag, item.version.digest)
        if problem:
            raise RemoteError(problem, hint=f"Put {item.tag} on {item.version.digest} again.")
        outcome.add(TagPutBack(item), TagKept(item, why, refused=True))
