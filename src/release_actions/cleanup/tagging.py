"""Takes a tag off a version that stays: the tag is moved to an empty version, which is deleted with it.

GitHub has no request for it, and no way to say "only if the tag still names this". So a tag is resolved right before it
is moved, and whatever else was pushed or changed in these moments is named afterwards. This module must never move a
tag that the plan did not name or that was moved since, and never leave a tag on the empty version when it can be put
back.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta

from release_actions.cleanup import journal, mending
from release_actions.cleanup.record import ADMIN, find, remove
from release_actions.cleanup.store import Kept, Outcome, Store, title
from release_actions.errors import RemoteError
from release_actions.images import OCI_INDEX, digest_of
from release_actions.retention import CleanupPlan, Strip
from release_actions.selection import Version

SLACK = timedelta(seconds=2)
"""How far the times of versions, in whole seconds, may be off."""


def strip(store: Store, plan: CleanupPlan, outcome: Outcome) -> None:
    """Take off every tag that the plan takes off. Raises `RemoteError`."""
    body = journal.write((), (item.tag for item in plan.strips))
    began = time.monotonic()
    for item in plan.strips:
        why = _moved(store, item)
        if why:
            outcome.kept.append(Kept(item, why))
            continue
        # Before the request: whatever becomes of it, undo has to name it.
        outcome.stripped.append(item)
        store.registry.put_manifest(store.path, item.tag, body, OCI_INDEX)
    if not outcome.stripped:
        return
    took = timedelta(seconds=time.monotonic() - began)
    version = find(store, digest_of(body))
    if version is None:
        return
    outcome.moment = (version.moved_at - took - SLACK, version.moved_at + SLACK)
    strange = sorted({*version.tags} - {item.tag for item in outcome.stripped})
    if strange:
        _give_back(store, outcome, "Somebody copied it meanwhile, so it was put back.")
        tags = ", ".join(strange)
        message = f"In {store.path} somebody copied a tag that was being taken off: {tags} names no image now."
        raise RemoteError(message, hint=f"Put {tags} on the image that is meant.")
    refusal = remove(store, version)
    if refusal:
        hint = f" {ADMIN}" if refusal.forbidden else ""
        _give_back(store, outcome, f"{refusal}, so it was put back.{hint}", refused=True)
        return
    outcome.empty = version
    for item in outcome.stripped:
        store.say(f"{store.path}: took {item.tag} off {title(item.version)}")


def doubts(store: Store, plan: CleanupPlan, outcome: Outcome, listed: Iterable[Version]) -> list[str]:
    """What may have lost a tag to this run: it was pushed or changed in the moments in which tags were moved.

    And tags that somebody copied from those that were moved, and that went with them. Raises `RemoteError`.
    """
    if outcome.moment is None:
        return []
    first, last = outcome.moment
    before = {decision.version.id: decision.version for decision in plan.decisions}
    ours = {item.version.id for item in plan.strips} | {v.id for v in (*outcome.healed, *outcome.restored)}
    own = digest_of(outcome.journal)
    tags = ", ".join(item.tag for item in outcome.stripped)
    meant = {item.tag for item in plan.strips}
    empty = store.packages.deleted(store.name, {outcome.empty.id}) if outcome.empty else ()
    copied = [f"The tag {tag} is gone: somebody copied it from {tags}." for v in empty for tag in {*v.tags} - meant]
    return copied + [
        f"{title(version)} was pushed or changed while {tags} was taken off. If it had just got that tag, put it back."
        for version in listed
        if version.id not in ours
        and version.digest != own
        and first <= version.moved_at <= last
        and (version.id not in before or version.updated_at > before[version.id].updated_at)
    ]


def _moved(store: Store, item: Strip) -> str:
    """Why a tag is not to be moved; empty when it still names what the plan says."""
    now = store.registry.head_manifest(store.path, item.tag)
    if now is None:
        return "The tag is gone by now."
    if now.digest != item.version.digest:
        return f"It was moved since the plan was made; now it names {now.digest}."
    return ""


def _give_back(store: Store, outcome: Outcome, why: str, *, refused: bool = False) -> None:
    """Put the tags back on their versions, because the empty one cannot be deleted. Raises `RemoteError`."""
    for item in [*outcome.stripped]:
        problem = mending.put_back(store, item.tag, item.version.digest)
        if problem:
            raise RemoteError(problem, hint=f"Put {item.tag} on {item.version.digest} again.")
        outcome.stripped.remove(item)
        outcome.kept.append(Kept(item, why, refused=refused))
