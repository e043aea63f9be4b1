"""What builds push for a platform, as `assembly` reads it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from release_actions.images.assembly import Part, RawManifest
from release_actions.images.manifests import Platform
from release_actions.registry.names import digest_of
from release_actions.simulator.image_factory import Image, build_image

REVISION = "org.opencontainers.image.revision"


def made(platform: str, *, revision: str = "c0ffee", **how: Any) -> Image:
    """An image of one platform."""
    labels = {REVISION: revision} if revision else {}
    return build_image((platform,), **{"labels": labels, "seed": platform, **how})


def part(platform: str, image: Image | None = None, **how: Any) -> Part:
    """What was pushed for a platform, all of it read."""
    found = image or made(platform, **how)
    documents = {one.digest: RawManifest(one.body, one.media_type, one.digest) for one in found.manifests}
    root = documents[found.root.digest]
    return Part(Platform.parse(platform), root, documents, found.blobs)


def with_root(given: Part, change: Callable[[dict[str, Any]], None]) -> Part:
    """A part whose root document was changed, with its new digest."""
    document = json.loads(given.root.body)
    change(document)
    body = json.dumps(document).encode()
    root = RawManifest(body, given.root.media_type, digest_of(body))
    return Part(given.platform, root, {**given.manifests, root.digest: root}, given.configs)


def entries(body: bytes) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(body)["manifests"]
    return found
