"""Keeps the journal of a run in the package: pushed first, tagged for a moment, deleted last.

It must never put its tag where this token could not take it away again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from http import HTTPStatus

from release_actions.cleanup import journal
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import DeletionRefused, JournalDeleted, JournalPushed, JournalTagged, NotDeleted
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import READINGS, Store, make_version
from release_actions.errors import RemoteError
from release_actions.github.packages import Refusal
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import Digest, digest_of

ADMIN = (
    'To delete, the repository also needs the Admin role under the package\'s "Manage Actions access"; a classic '
    "token needs the scopes write:packages and delete:packages."
)

HIDDEN = f"GitHub still shows this version, so the token may see it and not delete it. {ADMIN}"
"""What a 404 means of a version that is there when it is read again."""

OWN_JOURNAL = "It is the journal of this clean-up and not an image. The next clean-up deletes it."


def begin(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
    """Write down what goes, and what of it only this plan knows to be parts of something. Raises `RemoteError`."""
    images = contents.graph.images
    going = [deletion.version.digest for deletion in plan.deletions]
    others = [digest for digest in going if not journal.is_journal(images.get(digest))]
    # Earlier journals list what they list until it is gone. But one that gets a tag has to be of this run.
    parts = frozenset().union(*(journal.read_listed(image) for image in images.values()))
    known = frozenset().union(*(journal.read_deleting(image) for image in images.values()))
    named = any(plan.by_digest[digest].version.names for digest in others)
    if named or not (parts >= plan.dependents and known.issuperset(others)):
        body = journal.write(plan.dependents, others)
        store.registry.put_manifest(store.path, digest_of(body), body, OCI_INDEX)
        outcome.add(JournalPushed(body))


def show(store: Store, plan: CleanupPlan, outcome: Outcome) -> None:
    """Put the journal's tag on it, for the moment in which no other tag shows that something is left.

    Not where no other tag stays, nor has been put meanwhile: the journal would count as a tagged version, and GitHub
    would let go of the last real one. Not where this token may not delete either, which the journal itself shows.
    Raises `RemoteError`.
    """
    if not outcome.journal or outcome.is_journal_tagged or not _keeps_a_tag(store, plan):
        return
    if not outcome.deleted:
        version = find(store, digest_of(outcome.journal))
        if version is None or version.tags or remove(store, version):
            return
    store.registry.put_manifest(store.path, journal.TAG, outcome.journal, OCI_INDEX)
    outcome.add(JournalTagged())


def delete_journal(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> None:
    """Delete the journal of this run: nothing that it lists is left to do. Raises `RemoteError`.

    It stays for the next clean-up when something is left to do, or GitHub lets this token delete nothing.
    """
    if not outcome.journal or outcome.stopped or outcome.is_refused_for_good:
        return
    if plan.dependents & find_orphaned_parts(plan, contents, outcome, (item.version for item in outcome.waiting)):
        return
    listed = outcome.check.versions if outcome.check else ()
    version = find(store, digest_of(outcome.journal), listed)
    refusal = remove(store, version) if version else None
    if not version or not refusal:
        outcome.add(JournalDeleted())
    elif any(item.message == str(refusal) for item in outcome.refused):
        # The same answer to the same token: the finding about an image says it already.
        store.say(f"{store.path}: the journal of this run is kept too. The next clean-up deletes it.")
    else:
        outcome.add(DeletionRefused(NotDeleted(version, str(refusal), f"{OWN_JOURNAL} {refusal.hint}".strip())))


def find_orphaned_parts(
    plan: CleanupPlan, contents: Contents, outcome: Outcome, waiting: Iterable[Version]
) -> frozenset[str]:
    """Parts that GitHub did not let go while all that they belong to went: only a journal still shows what they are."""
    images = contents.graph.images
    remaining = {version.digest: version for version in (*(item.version for item in outcome.refused), *waiting)}
    named = {digest for digest, version in remaining.items() if version.names}
    staying = {decision.version.digest for decision in plan.decisions if not decision.delete}
    staying |= {item.version.digest for item in outcome.moved} | named
    if outcome.check:
        # Somebody may have pushed again what they belong to, or this run has restored it.
        staying |= {version.digest for version in outcome.check.versions} - remaining.keys()
        staying |= {version.digest for version in outcome.restored}
    unnamed = {d for d, v in remaining.items() if d not in named and not journal.is_journal(images.get(d), v.tags)}
    return frozenset(unnamed - contents.graph.reachable(staying))


def _keeps_a_tag(store: Store, plan: CleanupPlan) -> bool:
    """Whether the package has a tag that a run leaves there. Raises `RemoteError`."""
    if any(decision.version.names for decision in plan.decisions if not decision.delete):
        return True
    going = {tag for deletion in plan.deletions for tag in deletion.version.tags}
    return not {*(store.registry.tags(store.path) or ())} <= going | {journal.TAG}


def find(store: Store, digest: Digest, listed: tuple[Version, ...] = ()) -> Version | None:
    """The version of something that this run pushed; None when it is gone.

    Raises `RemoteError` when the registry has it and GitHub does not list it.
    """
    for reading in range(READINGS):
        known = next((version for version in listed if version.digest == digest), None)
        if known:
            return known
        # New versions come first.
        listed = tuple(map(make_version, store.packages.newest(store.name)))
        if any(version.digest == digest for version in listed):
            continue
        if store.registry.head_manifest(store.path, digest) is None:
            return None
        if reading:
            store.pause()
            listed = store.versions()
    known = next((version for version in listed if version.digest == digest), None)
    if known:
        return known
    message = f"GitHub does not list {digest} of {store.path}, which this clean-up pushed, though the registry has it."
    raise RemoteError(message, hint="It is not an image. The next clean-up of the package deletes it.")


def remove(store: Store, version: Version) -> Refusal | None:
    """Delete a version; None when it is gone. The hint says what is known, as nobody may find out more."""
    refusal = store.packages.delete_version(store.name, version.id)
    # 404 stands for "gone" and for "not allowed".
    if refusal and refusal.status == HTTPStatus.NOT_FOUND:
        there = store.packages.get_version(store.name, version.id)
        return replace(refusal, hint=HIDDEN) if there else None
    return replace(refusal, hint=f"{refusal.hint} {ADMIN}".strip()) if refusal and refusal.forbidden else refusal
