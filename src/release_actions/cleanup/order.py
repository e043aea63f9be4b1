"""In which order versions are deleted.

What needs something goes before it, and an image with its parts before the next image: a run that is killed then never
leaves an image without its parts. A journal goes after all that it lists. It must never let a part go first, but in a
ring of references, which has no first one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from release_actions.cleanup.plan import Deletion
from release_actions.cleanup.selection import Version


def order_deletions(
    going: Mapping[str, Version], owners: Mapping[str, Collection[str]], journals: Collection[str]
) -> tuple[Deletion, ...]:
    """The deletions of some versions.

    `going`: digest -> version; `owners`: digest -> digests of what needs it; `journals`: digests of those among them.
    """
    after = {digest: frozenset(owners[digest]) & going.keys() for digest in going}
    last = going.keys() & set(journals)
    after |= dict.fromkeys(last, frozenset(going.keys() - last))
    following: dict[str, list[str]] = {}
    for digest in sorted(going, key=lambda digest: going[digest].id):
        for owner in after[digest]:
            following.setdefault(owner, []).append(digest)
    waiting = {digest: len(needing) for digest, needing in after.items()}
    ready = sorted(
        (digest for digest in going if not waiting[digest]),
        key=lambda digest: (going[digest].created_at, going[digest].id),
        reverse=True,
    )
    done: dict[str, None] = {}
    while len(done) < len(going):
        if not ready:
            # Of a ring the newest is the likeliest to be the outermost.
            remaining = going.keys() - done.keys()
            ready = [max(remaining - last or remaining, key=lambda digest: going[digest].id)]
        digest = ready.pop()
        if digest in done:
            continue
        done[digest] = None
        for part in reversed(following.get(digest, [])):
            waiting[part] -= 1
            if waiting[part] == 0:
                ready.append(part)
    place = {digest: number for number, digest in enumerate(done)}
    return tuple(
        Deletion(
            going[digest],
            tuple(sorted(going[owner].id for owner in after[digest] if place[owner] < place[digest])),
        )
        for digest in done
    )
