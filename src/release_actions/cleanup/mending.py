"""Brings deleted versions back, and tags to what they named.

It must never move a tag that somebody put on something else since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from http import HTTPStatus

from release_actions.cleanup import journal
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import NotDeleted, Repaired, Restored, RestoreFailed, TagPutBack
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Store, describe_version, make_version
from release_actions.errors import ActionError, RemoteError
from release_actions.github.packages import Refusal
from release_actions.images.graph import Graph
from release_actions.images.manifests import parse
from release_actions.registry.names import Digest, Tag

TO_RESTORE = (
    "GitHub lists this version as deleted, so the token may see it and not restore it. To restore, the repository "
    'needs the Admin role under the package\'s "Manage Actions access"; a classic token needs the scope write:packages.'
)
NOT_KEPT = "GitHub does not list this version as deleted any more: it keeps a deleted one for 30 days. Push it again."


def restore(store: Store, outcome: Outcome) -> None:
    """Bring back what this run deleted, parts first, and the tags that it took. What fails is in `outcome`, too."""
    back = {version.id for version in outcome.restored}
    versions = [version for version in (*outcome.deleted, *outcome.unsure) if version.id not in back]
    for event in bring_back(store, versions):
        outcome.add(event)
    for strip in outcome.stripped:
        problem = put_back(store, strip.tag, strip.version.digest)
        outcome.add(RestoreFailed(NotDeleted(strip.version, problem)) if problem else TagPutBack(strip))


def bring_back(store: Store, versions: Iterable[Version]) -> Iterator[Restored | RestoreFailed]:
    """Restore versions given in the order of their deletion, parts first, and say of each whether it is there again.

    One that was never gone counts as brought back.
    """
    for version in reversed([*versions]):
        try:
            refusal = store.packages.restore_version(store.name, version.id)
            # Refused also when it was never gone, or when the same content was pushed again since.
            there = not refusal or store.registry.head_manifest(store.path, version.digest) is not None
        except ActionError as error:
            yield RestoreFailed(NotDeleted(version, str(error), lasting=True))
            continue
        if refusal and not there:
            refusal = explain_unrestored(store, version, refusal)
            yield RestoreFailed(NotDeleted(version, str(refusal), refusal.hint, lasting=refusal.forbidden))
        else:
            store.say(f"{store.path}: restored {describe_version(version)}")
            yield Restored(version)


def explain_unrestored(store: Store, version: Version, refusal: Refusal) -> Refusal:
    """The refusal with what GitHub's list of deleted versions shows. A 404 means "gone" and "not allowed"."""
    if refusal.status != HTTPStatus.NOT_FOUND:
        return refusal
    try:
        is_listed = bool(store.packages.deleted(store.name, {version.id}))
    except ActionError:
        return refusal
    hint = TO_RESTORE if is_listed else NOT_KEPT
    return replace(refusal, hint=hint)


def put_back(store: Store, tag: Tag, digest: Digest) -> str:
    """Put a tag that is gone, or on a journal, on its image again. Gives a sentence when it cannot be."""
    try:
        now = store.registry.get_manifest(store.path, tag)
        if now and now.digest == digest:
            return ""
        if now and not journal.is_journal(parse(now.body, now.digest, now.media_type)):
            return f"The tag {tag} names {now.digest}, so it was not changed."
        manifest = store.registry.get_manifest(store.path, digest)
        if manifest is None:
            return f"The tag {tag} could not be put back: the registry does not have {digest}."
        store.registry.put_manifest(store.path, tag, manifest.body, manifest.media_type)
    except ActionError as error:
        return f"The tag {tag} could not be put back. {error}"
    store.say(f"{store.path}: put {tag} back on {digest[:19]}")
    return ""


def heal(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
    """Bring back what a kept image needs and an earlier run deleted, or anybody before the image was pushed.

    What was planned to go and was not deleted stays too. A run that is not killed does this itself at its end. Raises
    `ActionError`.
    """
    journals = (journal.read_deleting(image) for image in contents.graph.images.values())
    listed = contents.remembered.union(contents.overtaken, *journals)
    if not listed:
        return
    remaining = (item.version for item in (*outcome.refused, *outcome.moved))
    staying = {d.version.digest for d in plan.decisions if not d.delete} | {version.digest for version in remaining}
    images_now = dict(contents.graph.images)
    there: set[str] = {version.digest for version in contents.versions}
    while lost := (Graph.of(images_now.values()).content(staying) & listed) - there:
        gone = {version.digest: version for version in reversed(store.packages.versions(store.name, state="deleted"))}
        events = [*bring_back(store, [make_version(gone[digest]) for digest in sorted(lost & gone.keys())])]
        again = [event.version for event in events if isinstance(event, Restored)]
        outcome.add(*map(Repaired, again))
        there |= lost
        failed = [event.item for event in events if isinstance(event, RestoreFailed)]
        if failed:
            first = failed[0]
            message = f"{first.version.digest} was deleted, and an image that is kept needs it. {first.message}"
            raise RemoteError(message, hint=first.hint)
        images_now |= store.manifests(version.digest for version in again)
