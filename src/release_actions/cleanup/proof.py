"""Proves after a clean-up that what is left still pulls.

The registry is asked for each tag that a deletion could have touched, and for each part that it could have touched: one
that the image shares with something deleted, one of an image that is new, and one that GitHub does not list. Why the
others need not be asked for is written at `trusted_tags`. It must never call whole what could have been touched and was
not checked, and never blame this run for what was lost before.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from release_actions.cleanup.contents import Check, Contents
from release_actions.cleanup.journal import TAG
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Store, make_version
from release_actions.images.graph import Graph
from release_actions.images.manifests import Index, parse
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import Digest, digest_of

CONTRARY_READS = 3
"""Times that a tag is read again whose answer contradicts the list."""


def check(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome, *, resolve_all: bool = False) -> Check:
    """Check every tag that is there now down to its parts. Raises `ActionError` when that cannot be done.

    `resolve_all`: ask the registry for every tag, also for those that no deletion can have touched.
    """
    journal = digest_of(outcome.journal)
    stripped = {strip.tag for strip in outcome.stripped}
    kept = {
        tag: decision.version
        for decision in plan.decisions
        if not decision.delete and decision.version.digest not in contents.lacking
        for tag in decision.version.tags
        if tag not in stripped and tag != TAG
    }
    deleted = list_deleted_digests(outcome)
    names = set(store.registry.tags(store.path) or ()) - {TAG}
    listed = store.versions()
    lost = find_lost_tags(store, plan, outcome)
    # A list that still shows what this run deleted is older than the deletions, and proves nothing.
    lags = not deleted.isdisjoint(version.digest for version in listed)
    trusted = set[str]()
    if not resolve_all and not lags:
        trusted = choose_trusted_tags(kept, names, listed, contents.graph, outcome) - lost.keys()
    now = resolve_tags(store, names, {*names, *kept} - trusted, lost)
    now |= {tag: kept[tag].digest for tag in trusted}
    there_by_id = {version.id for version in listed}
    broken = [
        f"The tag {tag} is missing, though its image is there: it was moved to a version that this run deleted."
        for tag in sorted(set(kept) - set(now))
        if kept[tag].id in there_by_id
    ]
    # Without the version that a tag went with, nobody knows what has to come back.
    is_clear = all(tag in lost for tag in set(kept) - set(now) if kept[tag].id in there_by_id)
    needed: set[str] = {version.digest for tag, version in lost.items() if tag not in now}
    broken += [
        f"The tag {tag} is missing: it was put on a version that this run deleted."
        for tag in sorted(lost)
        if tag not in now
    ]
    known = {decision.version.id for decision in plan.decisions}
    new = {version.digest for version in listed if version.id not in known and version.digest != journal}
    labels: dict[str, str] = {digest: digest[:19] for digest in new}
    labels |= {digest: tag for tag, digest in sorted(now.items(), reverse=True)}
    wanted = needs(store, labels, contents.graph)
    touched = deleted | contents.graph.reachable(deleted)
    unchanged = {version.digest for version in listed} - touched
    asked = {
        digest
        for root, digests in wanted.items()
        for digest in digests
        if digest not in unchanged or root not in contents.graph.images
    }
    there = store.digests(asked - set(now.values()))
    incomplete = []
    for root in sorted(wanted, key=lambda digest: labels[digest]):
        for digest in sorted(wanted[root]):
            if digest == root or there.get(digest, digest):
                continue
            if digest in deleted:
                broken.append(f"{labels[root]} needs {digest}, which this run deleted.")
                needed.add(digest)
            else:
                incomplete.append(f"{labels[root]} lacks {digest}, which this run did not delete.")
    needed |= contents.graph.reachable(needed) & deleted
    moved = find_disturbed(outcome, now)
    return Check(now, listed, tuple(broken), frozenset(needed if is_clear else ()), tuple(incomplete), moved)


def resolve_tags(store: Store, names: Iterable[str], asked: Iterable[str], lost: Container[str]) -> dict[str, str]:
    """Tag -> the digest that it names now; without tags that are not there.

    `names`: the tags that the registry lists; `lost`: those that a deleted version shows. GHCR may answer with what was
    there some seconds ago, or with 404 for what is there. So an answer that contradicts the list, or the deleted
    version, is no answer yet: list and tag are read again after a pause. Where they do not come to agree, a tag that
    should have been lost is, as its version can be brought back, and for others the tag itself counts.
    """
    listed = set(names)
    now = store.digests(asked)
    doubtful = {tag for tag, digest in now.items() if bool(digest) != (tag in listed) or (digest and tag in lost)}
    for _ in range(CONTRARY_READS):
        if not doubtful:
            break
        store.pause()
        listed = set(store.registry.tags(store.path) or ())
        now |= store.digests(doubtful)
        doubtful = {tag for tag in doubtful if bool(now[tag]) != (tag in listed)}
    return {tag: digest for tag, digest in now.items() if digest and not (tag in doubtful and tag in lost)}


def list_deleted_digests(outcome: Outcome) -> set[str]:
    """Digests of what this run deleted, or may have, and that is not there again."""
    back = {version.id for version in outcome.restored}
    return {version.digest for version in (*outcome.deleted, *outcome.unsure) if version.id not in back}


def choose_trusted_tags(
    kept: Mapping[str, Version], names: Container[str], listed: Iterable[Version], graph: Graph, outcome: Outcome
) -> set[str]:
    """The tags that need not be resolved again, because no deletion of this run can have broken them.

    A deletion takes away one version with its tags. It can break a tag in three ways only. The tag was moved to the
    deleted version: then the registry or GitHub does not list it any more, or the deleted version shows it, which
    `find_lost_tags` reads. The tag's image needs something that was deleted: then it shares content with it, as the
    plan's graph shows, since manifests never change. Or the tag was moved beside one that was taken off. A tag for
    which all three are ruled out names what it named before, and pulls as it did.
    """
    now = {tag: version.digest for version in listed for tag in version.tags}
    deleted = list_deleted_digests(outcome)
    touched = deleted | graph.reachable(deleted)
    disturbable = {strip.version.digest for strip in outcome.stripped}
    # What went with a restored version may have come back without it.
    disturbable |= {version.digest for version in outcome.restored}
    # One image may have hundreds of tags, so each is judged once.
    digests = {version.digest for version in kept.values()}
    safe = {d for d in digests if d not in disturbable and graph.content([d]).isdisjoint(touched)}
    return {
        tag
        for tag, version in kept.items()
        if tag in names and now.get(tag) == version.digest and version.digest in safe
    }


def find_lost_tags(store: Store, plan: CleanupPlan, outcome: Outcome) -> dict[str, Version]:
    """Tags that were put on a version at the moment it was deleted -> that version."""
    planned = {deletion.version.id: {*deletion.version.tags, TAG} for deletion in plan.deletions}
    back = {version.id for version in outcome.restored}
    ids = {version.id for version in (*outcome.deleted, *outcome.unsure)} - back
    return {
        tag: make_version(version)
        for version in store.packages.deleted(store.name, ids)
        for tag in version.tags
        if tag not in planned.get(version.id, version.tags)
    }


def find_disturbed(outcome: Outcome, now: Mapping[str, str]) -> tuple[str, ...]:
    """Other tags of what lost one that do not name any more what they named before."""
    gone = {strip.tag for strip in outcome.stripped}
    wanted = {tag: strip.version.digest for strip in outcome.stripped for tag in strip.version.tags if tag not in gone}
    return tuple(
        f"The tag {tag} named {digest} before another tag of its version was removed, and now names "
        f"{now.get(tag, 'nothing')}."
        for tag, digest in sorted(wanted.items())
        if now.get(tag) != digest
    )


def find_unresolved(store: Store, wanted: Mapping[str, str]) -> list[str]:
    """Sentences about tags that do not name the wanted digest, or lack a part. Raises `ActionError`."""
    now = store.digests(wanted)
    lost = [f"The tag {tag} is not there." for tag, digest in now.items() if not digest]
    lost += [
        f"The tag {tag} names {digest} now, and not {wanted[tag]}."
        for tag, digest in now.items()
        if digest and digest != wanted[tag]
    ]
    parts = needs(store, {digest for digest in now.values() if digest}, Graph.of([]))
    there = store.digests({digest for digests in parts.values() for digest in digests})
    for tag, root in now.items():
        lost += [f"The tag {tag} lacks {part}." for part in sorted(parts.get(root, ())) if not there[part]]
    return lost


def needs(store: Store, roots: Iterable[str], graph: Graph) -> dict[str, frozenset[str]]:
    """Digest of a root -> all that a client pulls of it. What is not known yet is read."""
    read = dict(graph.images)
    todo = frozenset(roots) - set(read)
    while todo:
        for digest in sorted(todo):
            manifest = store.registry.get_manifest(store.path, digest)
            # Somebody may have deleted it by now: then it needs nothing.
            read[digest] = (
                parse(manifest.body, digest, manifest.media_type)
                if manifest
                else Index(Digest(digest), OCI_INDEX, 0, ())
            )
        known = Graph.of(read[digest] for digest in read if digest not in graph.images)
        todo = (known.unread() & known.content(known.images)) - set(read)
    whole = Graph.of(read.values())
    return {root: whole.content([root]) for root in roots}
