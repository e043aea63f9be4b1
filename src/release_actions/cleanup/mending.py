"""Brings deleted versions back, and tags to what they named.

It must never move a tag that somebody put on something else since.
"""

from __future__ import annotations

from collections.abc import Iterable

from release_actions.cleanup import journal
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Contents, NotDeleted, Outcome, Store, as_version, title
from release_actions.errors import ActionError, RemoteError
from release_actions.images.manifests import Graph, parse


def restore(store: Store, outcome: Outcome) -> tuple[NotDeleted, ...]:
    """Bring back what this run deleted, parts first, and the tags that it took. Gives what could not be, and why."""
    failed = list(bring_back(store, (*outcome.deleted, *outcome.unsure), outcome))
    for strip in [*outcome.stripped]:
        problem = put_back(store, strip.tag, strip.version.digest)
        if problem:
            failed.append(NotDeleted(strip.version, problem))
        else:
            outcome.stripped.remove(strip)
    return tuple(failed)


def bring_back(store: Store, versions: Iterable[Version], outcome: Outcome) -> tuple[NotDeleted, ...]:
    """Restore versions given in the order of their deletion, parts first, and write them into `outcome`.

    Gives what could not be brought back, and why. One that was never gone counts as brought back.
    """
    failed = []
    for version in reversed([*versions]):
        try:
            refusal = store.packages.restore_version(store.name, version.id)
            # Refused also when it was never gone, or when the same content was pushed again meanwhile.
            there = not refusal or store.registry.head_manifest(store.path, version.digest) is not None
        except ActionError as error:
            failed.append(NotDeleted(version, str(error), lasting=True))
            continue
        if refusal and not there:
            failed.append(NotDeleted(version, str(refusal), refusal.hint, lasting=refusal.forbidden))
        else:
            outcome.restored.append(version)
            store.say(f"{store.path}: restored {title(version)}")
    return tuple(failed)


def put_back(store: Store, tag: str, digest: str) -> str:
    """Put a tag that is gone, or on a journal, on its image again. Gives a sentence when it cannot be."""
    try:
        now = store.registry.get_manifest(store.path, tag)
        if now and now.digest == digest:
            return ""
        if now and not journal.is_journal(parse(now.body, now.digest, now.media_type)):
            return f"The tag {tag} names {now.digest} by now, and was left there."
        found = store.registry.get_manifest(store.path, digest)
        if found is None:
            return f"The tag {tag} could not be put back: the registry does not have {digest}."
        store.registry.put_manifest(store.path, tag, found.body, found.media_type)
    except ActionError as error:
        return f"The tag {tag} could not be put back. {error}"
    store.say(f"{store.path}: put {tag} back on {digest[:19]}")
    return ""


def heal(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
    """Bring back what an earlier run deleted, by its journal, and what stays needs: it was pushed since.

    What was planned to go and was not deleted stays too. A run that is not killed does this itself at its end. Raises
    `ActionError`.
    """
    listed = frozenset().union(*(journal.deleting(image) for image in contents.graph.images.values()))
    if not listed:
        return
    left = (item.version for item in (*outcome.refused, *outcome.moved))
    staying = {d.version.digest for d in plan.decisions if not d.delete} | {version.digest for version in left}
    images_now = dict(contents.graph.images)
    there = {version.digest for version in contents.versions}
    while lost := (Graph.of(images_now.values()).content(staying) & listed) - there:
        gone = {version.digest: version for version in reversed(store.packages.versions(store.name, state="deleted"))}
        again = Outcome()
        failed = bring_back(store, [as_version(gone[digest]) for digest in sorted(lost & gone.keys())], again)
        outcome.healed += again.restored
        there |= lost
        if failed:
            first = failed[0]
            message = f"A clean-up that was stopped deleted {first.version.digest}, which is needed. {first.message}"
            raise RemoteError(message, hint=first.hint)
        images_now |= store.manifests(version.digest for version in again.restored)
