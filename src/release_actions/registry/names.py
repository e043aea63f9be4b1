"""Names in a registry: tags, digests and paths of packages, their grammar, and the digest of some bytes. Pure.

Three texts that look alike to the type checker of Python and must never be swapped have types of their own.
"""

from __future__ import annotations

import hashlib
import re
from typing import NewType

Tag = NewType("Tag", str)
"""A tag of an image: `v0.5.0`."""

Digest = NewType("Digest", str)
"""The name of some bytes: `sha256:` and 64 digits 0-9a-f."""

PackagePath = NewType("PackagePath", str)
"""What a registry calls a repository, without the host: `llm-d/llm-d-cuda`."""

TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
REPOSITORY_LENGTH = 255
DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")
"""Grammar of tags, repository names and registered digests (OCI distribution 1.1, "Pulling manifests"; image-spec,
"Descriptor")."""


def describe_repository_mistake(name: str) -> str:
    """What to do about a name that is not a repository's. GitHub's own names may have capitals, and images may not."""
    if len(name) <= REPOSITORY_LENGTH and REPOSITORY.fullmatch(name.lower()):
        return f"Registries take lower-case letters only. Write {name.lower()}."
    return "Its parts, joined by '/', have lower-case letters and digits, joined by '.', '_', '__' or hyphens."


def digest_of(content: bytes, algorithm: str = "sha256") -> Digest:
    """The digest of some bytes, with its algorithm in front."""
    return Digest(f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}")
