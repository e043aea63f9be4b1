"""The journal of a clean-up: an empty index in the package itself whose annotation lists what a run is about to delete.

Once an image is deleted, nobody can tell any more which untagged versions were its parts: the registry no longer has
its manifest. A run that is killed there would leave them for ever. So before the first deletion the parts are written
down where the next run looks: under a tag of the package, which is deleted last. This module decides what a journal
looks like. It must never make one that could be taken for an image, or one that a client cannot pull.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from release_actions.images import DIGEST, OCI_INDEX, Image, Index

TAG = "ghcr-cleanup-journal"
"""The tag of a journal while its run lasts. A listing of tags shows by it that something was left."""

MARK = "io.github.llm-d.release-actions.ghcr-cleanup"
"""The annotation that makes an index a journal: the digests that it lists, with spaces between them."""


def is_journal(image: Image | None) -> bool:
    """Whether an index is a journal."""
    return isinstance(image, Index) and MARK in image.annotations and not image.children


def listed(image: Image | None) -> frozenset[str]:
    """The digests that a journal lists; none for what is no journal."""
    if image is None or not is_journal(image):
        return frozenset()
    return frozenset(digest for digest in image.annotations[MARK].split() if DIGEST.fullmatch(digest))


def write(digests: Iterable[str]) -> bytes:
    """A journal that lists some versions. The same versions in any order give the same bytes."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [],
        "annotations": {
            "org.opencontainers.image.description": "Not an image: what a clean-up was deleting here when it was "
            "stopped. The next clean-up of this package finishes it.",
            MARK: " ".join(sorted(set(digests))),
        },
    }
    return json.dumps(document, separators=(",", ":")).encode()
