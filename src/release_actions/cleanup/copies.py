"""Tags that somebody copied while they were being taken off, so that they name an empty version.

The empty version says which version its tags named before; whoever copied one of them meant that version. So a copy is
put there, by the run that made the empty version or by any later one that finds it. It must never move a tag that
names anything else by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from release_actions.cleanup import journal, mending
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.events import CopyPlaced
from release_actions.cleanup.outcome import Outcome
from release_actions.cleanup.selection import Version
from release_actions.cleanup.store import Store
from release_actions.errors import RemoteError
from release_actions.images.graph import Graph
from release_actions.images.manifests import parse
from release_actions.registry.names import Digest, PackagePath, Tag


def settle_copies(path: PackagePath, contents: Contents) -> Contents:
    """What a package held, with every copy on the version that is meant, and the copies by themselves.

    Raises `RemoteError` when that version is not there.
    """
    there = {version.digest for version in contents.versions}
    copies: dict[str, str] = {}
    for version in contents.versions:
        image = contents.graph.images.get(version.digest)
        meant = journal.read_taken_off(image)
        if not meant:
            continue
        to_place = sorted({*version.tags} - journal.tags_of(image))
        if to_place and meant not in there:
            raise make_lost_error(path, to_place, f"It was copied from {meant}, which no longer exists.")
        copies |= dict.fromkeys(to_place, meant)
    if not copies:
        return contents
    versions = tuple(_place_copies(version, copies) for version in contents.versions)
    tags = {tag: version.digest for version in versions for tag in version.tags}
    return replace(contents, versions=versions, graph=Graph.of(contents.graph.images.values(), tags), copies=copies)


def put_right(store: Store, copies: Mapping[str, str], outcome: Outcome) -> None:
    """Put copies, tag -> digest, on the versions that are meant. Raises `RemoteError` when one cannot be."""
    for tag, digest in sorted(copies.items()):
        now = store.registry.get_manifest(store.path, tag)
        if now and not journal.is_journal(parse(now.body, now.digest, now.media_type)):
            # Somebody was faster.
            continue
        problem = mending.put_back(store, Tag(tag), Digest(digest))
        if problem:
            raise make_lost_error(store.path, [tag], problem)
        outcome.add(CopyPlaced(Tag(tag), Digest(digest)))


def make_lost_error(path: PackagePath, tags: Iterable[str], why: str) -> RemoteError:
    """Of tags that name an empty version and cannot be put right."""
    names = ", ".join(tags)
    message = (
        f"In {path}, another program copied a tag while a clean-up removed it, so {names} names no image now. {why}"
    )
    return RemoteError(message, hint=f"Put {names} on the right image, or delete it.")


def _place_copies(version: Version, copies: Mapping[str, str]) -> Version:
    mine = {tag for tag, digest in copies.items() if digest == version.digest}
    others = copies.keys() - mine
    if not mine and others.isdisjoint(version.tags):
        return version
    return replace(version, tags=tuple(sorted({*version.tags} - others | mine)))
