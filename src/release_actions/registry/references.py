"""What a reference may look like, and the proof that an answer is what it names. Every digest is computed here."""

from __future__ import annotations

from release_actions.errors import InputError
from release_actions.http.answer import Response
from release_actions.registry.media_types import MEDIA_TYPES
from release_actions.registry.names import (
    DIGEST,
    REPOSITORY,
    REPOSITORY_LENGTH,
    TAG,
    Digest,
    describe_repository_mistake,
    digest_of,
)


def read_media_type(response: Response) -> str:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        response.reject(f"is of the type {media_type[:100]!r}, which is not a manifest that is supported here")
    return media_type


def prove_digest(response: Response, reference: str) -> Digest:
    """The digest of a manifest's bytes, after comparing it with every digest that was asked for or announced."""
    algorithm = reference.partition(":")[0] if is_digest(reference) else "sha256"
    digest = digest_of(response.body, algorithm)
    if is_digest(reference) and digest != reference:
        response.reject(f"has another digest, {digest}")
    announced = response.headers.get("Docker-Content-Digest", "")
    if announced and announced != digest_of(
        response.body, announced.partition(":")[0] if DIGEST.fullmatch(announced) else algorithm
    ):
        response.reject(f"has the digest {digest} but is announced as {announced[:200]}")
    return digest


def is_digest(reference: str) -> bool:
    return ":" in reference


def join_reference(reference: str) -> str:
    return f"@{reference}" if is_digest(reference) else f":{reference}"


def check_reference(reference: str) -> str:
    if is_digest(reference):
        return check_digest(reference)
    if not TAG.fullmatch(reference):
        message = f"{reference[:200]!r} is not a tag."
        raise InputError(
            message, hint="A tag has up to 128 letters, digits, '_', '.' and '-', and does not begin with '.' or '-'."
        )
    return reference


def check_digest(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        message = f"{digest[:200]!r} is not a digest."
        raise InputError(message, hint="Write sha256: and 64 digits 0-9a-f.")
    return digest


def check_repository(repository: str) -> None:
    if len(repository) > REPOSITORY_LENGTH or not REPOSITORY.fullmatch(repository):
        message = f"{repository[:REPOSITORY_LENGTH]!r} is not a repository of a registry."
        raise InputError(message, hint=describe_repository_mistake(repository))
