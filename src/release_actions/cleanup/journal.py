"""What a clean-up writes into a package itself: empty indexes whose annotations say that they are no images.

Once an image is deleted, nobody can tell any more which untagged versions were its parts: the registry no longer has
its manifest. A run that is killed there would leave them for ever. Nor can anybody tell which of the versions that are
gone it deleted, though a build that was pushed meanwhile may need them. So before the first deletion both are written
down where the next run looks, in a journal without a tag, which is deleted last. Only while the very last image goes
does it carry a tag: then no tag that a rule selects would show the next run that something is left.

A tag that is to be taken off a version that stays is moved to such an index, too, and goes with it. That index says
which version the tag named: whoever copies the tag in that moment means that version. This module decides what they
look like. It must never make one that could be taken for an image, or one that a client cannot pull.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from release_actions.images.manifests import AnyManifest, Index
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import DIGEST

TAG = "ghcr-cleanup-journal"
"""The tag of a journal while the last image goes. A listing of tags shows by it that something was left."""

MARK = "io.github.llm-d.release-actions.ghcr-cleanup"
"""The annotation that makes an index a journal: the digests that it lists, with spaces between them."""

OTHERS = f"{MARK}.others"
"""The annotation with the digests of the other versions that its run was to delete, for reasons of their own."""

MOST = 40_000
"""Digests that a journal lists at most, parts before others: registries are only bound to take manifests of 4 MB,
https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests."""

TAGS = f"{MARK}.tags"
"""The annotation with the tags that its run meant to put on it, and to delete with it."""

OF = f"{MARK}.of"
"""The annotation with the digest of the version that these tags are taken off."""


def is_journal(image: AnyManifest | None, tags: Iterable[str] = ()) -> bool:
    """Whether an index is a journal. One with a tag that its run did not mean to put on it is an image of somebody."""
    marked = isinstance(image, Index) and MARK in image.annotations and not image.children
    return marked and set(tags) <= tags_of(image)


def tags_of(image: AnyManifest | None) -> frozenset[str]:
    """The tags that a journal's run meant to put on it."""
    meant = image.annotations.get(TAGS, "").split() if image is not None else ()
    return frozenset({TAG, *meant})


def read_listed(image: AnyManifest | None) -> frozenset[str]:
    """The digests of parts that a journal lists, which no rule would find again; none for what is no journal."""
    return _digests(image, MARK)


def read_deleting(image: AnyManifest | None) -> frozenset[str]:
    """The digests of all that the run of a journal was to delete; none for what is no journal."""
    return _digests(image, MARK) | _digests(image, OTHERS)


def read_taken_off(image: AnyManifest | None) -> str:
    """The digest of the version that the tags of an empty index were taken off; empty for what is no such index."""
    return image.annotations.get(OF, "") if is_journal(image) and image is not None else ""


def write(parts: Iterable[str], others: Iterable[str] = (), *, tags: Iterable[str] = (), of: str = "") -> bytes:
    """A journal that lists digests. The same arguments in any order give the same bytes.

    `parts`: of what no rule would find again; `others`: of what else its run deletes, the first of which are the most
    important. `tags`: those that it is to carry, besides its own; `of`: the version that they are taken off.
    """
    listing = sorted(set(parts))
    annotations = {
        "org.opencontainers.image.description": "Not an image: what a clean-up was doing here when it was stopped. The "
        "next clean-up of this package finishes it.",
        MARK: " ".join(listing),
    }
    known = set(listing)
    unknown = [digest for digest in dict.fromkeys(others) if digest not in known]
    more = sorted(unknown[: max(MOST - len(listing), 0)])
    meant = sorted(set(tags))
    annotations |= {OTHERS: " ".join(more)} if more else {}
    annotations |= {TAGS: " ".join(meant)} if meant else {}
    annotations |= {OF: of} if of else {}
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": annotations}
    return json.dumps(document, separators=(",", ":")).encode()


def _digests(image: AnyManifest | None, annotation: str) -> frozenset[str]:
    if image is None or not is_journal(image):
        return frozenset()
    return frozenset(text for text in image.annotations.get(annotation, "").split() if DIGEST.fullmatch(text))
