"""Finds deleted versions that an image needs which was pushed after their deletion: a build was overtaken by it.

A build pushes the parts of an index and then the index. Where a part was there already, from an earlier build, a
clean-up may delete it in between. GHCR takes the index all the same, and the tag lacks the part from then on. Nobody
meant that: what is deleted on purpose is deleted after the image that lists it was pushed. This module must never name
what could have been deleted on purpose.
"""

from __future__ import annotations

from datetime import datetime

from release_actions.cleanup.contents import Contents
from release_actions.cleanup.memory import RESTORABLE, Memory
from release_actions.cleanup.store import Store


def find_overtaken(store: Store, contents: Contents, past: Memory, now: datetime) -> frozenset[str]:
    """Digests of deleted versions that can be restored, and that an image lists which was pushed after the deletion.

    Also of those that a run remembers to have deleted. The deleted versions are only listed where an image that was
    first pushed while they could be restored lacks something. Raises `RemoteError`.
    """
    lacking = find_lacking(contents)
    recent = {digest for digest, pushed in lacking.items() if now - pushed < RESTORABLE or digest in past.deleted}
    if not recent:
        return frozenset()
    # Newest first: what was pushed again and deleted on purpose since is in the list twice.
    deleted = {version.digest: version for version in reversed(store.packages.versions(store.name, state="deleted"))}
    return frozenset(
        digest
        for digest in recent & deleted.keys()
        if digest in past.deleted or is_before(deleted[digest].deleted_at, lacking[digest])
    )


def is_before(deletion: datetime | None, push: datetime) -> bool:
    """Whether something was surely deleted before something else was pushed: GitHub's times are whole seconds."""
    return deletion is not None and deletion < push


def find_lacking(contents: Contents) -> dict[str, datetime]:
    """What images list and the package does not have -> the newest first push of an image that lists it."""
    graph, there = contents.graph, {version.digest for version in contents.versions}
    if all(part in there for digest in graph.images for part in graph.parts(digest)):
        return {}
    lacking: dict[str, datetime] = {}
    for version in contents.versions:
        for digest in graph.content([version.digest]) - there:
            lacking[digest] = max(lacking.get(digest, version.created_at), version.created_at)
    return lacking
