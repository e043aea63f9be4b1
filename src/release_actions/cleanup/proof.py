"""Proves after a clean-up that what is left still pulls.

The registry is asked what every tag names now, and whether it has each part that a deletion could have touched: one
that the image shares with something deleted, one of an image that is new, and one that GitHub does not list. All other
parts are those of an image that was complete before and whose versions GitHub still lists. It must never call whole
what nobody looked at, and never blame this run for what was lost before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from release_actions.cleanup.contents import Check, Contents
from release_actions.cleanup.events import Outcome
from release_actions.cleanup.journal import TAG
from release_actions.cleanup.plan import CleanupPlan
from release_actions.cleanup.store import Store
from release_actions.images.manifests import Graph, Index, parse
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import digest_of


def check(store: Store, plan: CleanupPlan, contents: Contents, outcome: Outcome) -> Check:
    """Resolve every tag that is there now down to its parts. Raises `ActionError` when that cannot be done."""
    journal = digest_of(outcome.journal)
    stripped = {strip.tag for strip in outcome.stripped}
    kept = {
        tag: decision.version
        for decision in plan.decisions
        if not decision.delete and decision.version.digest not in contents.lacking
        for tag in decision.version.tags
        if tag not in stripped and tag != TAG
    }
    deleted = {version.digest for version in (*outcome.deleted, *outcome.unsure)}
    names = set(store.registry.tags(store.path) or ()) - {TAG}
    now = {tag: found for tag, found in store.digests([*names, *kept]).items() if found}
    listed = store.versions()
    there_by_id = {version.id for version in listed}
    broken = [
        f"The tag {tag} is gone, though its image is there: it was moved to what this run deleted."
        for tag in sorted(set(kept) - set(now))
        if kept[tag].id in there_by_id
    ]
    broken += lost_tags(store, plan, outcome, now)
    known = {decision.version.id for decision in plan.decisions}
    new = {version.digest for version in listed if version.id not in known and version.digest != journal}
    labels: dict[str, str] = {digest: digest[:19] for digest in new}
    labels |= {digest: tag for tag, digest in sorted(now.items(), reverse=True)}
    wanted = needs(store, labels, contents.graph)
    touched = deleted | contents.graph.reachable(deleted)
    trusted = {version.digest for version in listed} - touched
    asked = {
        digest
        for root, digests in wanted.items()
        for digest in digests
        if digest not in trusted or root not in contents.graph.images
    }
    there = store.digests(asked - set(now.values()))
    incomplete = []
    for root in sorted(wanted, key=lambda digest: labels[digest]):
        for digest in sorted(wanted[root]):
            if digest == root or there.get(digest, digest):
                continue
            if digest in deleted:
                broken.append(f"{labels[root]} needs {digest}, which this run deleted.")
            else:
                incomplete.append(f"{labels[root]} lacks {digest}, which this run did not delete.")
    return Check(now, listed, tuple(broken), tuple(incomplete), disturbed(outcome, now))


def lost_tags(store: Store, plan: CleanupPlan, outcome: Outcome, now: Mapping[str, str]) -> list[str]:
    """Tags that were put on a version at the moment it was deleted, and went with it."""
    planned = {deletion.version.id: {*deletion.version.tags, TAG} for deletion in plan.deletions}
    ids = {version.id for version in (*outcome.deleted, *outcome.unsure)}
    return [
        f"The tag {tag} is gone: it was put on what this run deleted."
        for version in store.packages.deleted(store.name, ids)
        for tag in version.tags
        if tag not in planned.get(version.id, version.tags) and tag not in now
    ]


def disturbed(outcome: Outcome, now: Mapping[str, str]) -> tuple[str, ...]:
    """Other tags of what lost one that do not name any more what they named before."""
    gone = {strip.tag for strip in outcome.stripped}
    wanted = {tag: strip.version.digest for strip in outcome.stripped for tag in strip.version.tags if tag not in gone}
    return tuple(
        f"The tag {tag} named {digest} before a tag was taken off beside it, and now names {now.get(tag, 'nothing')}."
        for tag, digest in sorted(wanted.items())
        if now.get(tag) != digest
    )


def unresolved(store: Store, wanted: Mapping[str, str]) -> list[str]:
    """Sentences about tags that do not name the wanted digest, or lack a part. Raises `ActionError`."""
    now = store.digests(wanted)
    lost = [f"The tag {tag} is not there." for tag, digest in now.items() if not digest]
    lost += [
        f"The tag {tag} names {digest} by now, and not {wanted[tag]}."
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
            found = store.registry.get_manifest(store.path, digest)
            # Somebody may have deleted it by now: then it needs nothing.
            read[digest] = parse(found.body, digest, found.media_type) if found else Index(digest, OCI_INDEX, 0, ())
        known = Graph.of(read[digest] for digest in read if digest not in graph.images)
        todo = (known.unread() & known.content(known.images)) - set(read)
    whole = Graph.of(read.values())
    return {root: whole.content([root]) for root in roots}
