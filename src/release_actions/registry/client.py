"""OCI distribution client for GHCR and registries like it: manifests, blobs and tags of a repository.

Reads and writes exact bytes. Every digest is computed here over what was received and compared with what was asked
for and with what the registry says. It must never take an answer for the thing asked for without that proof.

GHCR's habits that callers meet: there is no DELETE (405), no referrers API (attachments are tags named
`sha256-<hex>`), a missing child of an index is not noticed, and a read may lag a few seconds behind a write.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import urlencode

from release_actions.errors import RemoteError
from release_actions.http.answer import Response
from release_actions.http.client import Http
from release_actions.http.exchange import LONGEST_ANSWER
from release_actions.http.links import follow_pages, resolve_address
from release_actions.http.origins import Credential, Origin
from release_actions.registry.media_types import MEDIA_TYPES, OCI_INDEX
from release_actions.registry.names import (
    DIGEST,
    Digest,
    PackagePath,
    Tag,
    digest_of,
)
from release_actions.registry.references import (
    check_digest,
    check_reference,
    check_repository,
    is_digest,
    join_reference,
    prove_digest,
    read_media_type,
)
from release_actions.registry.tokens import Tokens
from release_actions.runner.context import LOOPBACK

TAGS_PAGE = 1000
SMALL_TAGS_PAGE = 100
"""Tags that are asked for at once: as GHCR gives them, and what every registry should give (OCI distribution 1.1,
"Content Discovery"). Some releases of Quay refuse to give more (quay/quay#2884)."""

PIECE = 1024 * 1024
"""Bytes of a file that are read at once."""

LONGEST_MANIFEST = 8 * 1024 * 1024
LONGEST_BLOB = 8 * 1024 * 1024
"""Bytes. Registries take manifests of 4 MiB (OCI distribution 1.1, "Pushing Manifests"), and blobs that are read here
are configurations."""

TOO_MANY = (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
"""Answers to a number of tags that is too large."""

NO_HEAD = (HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
"""Answers to HEAD of a server or proxy that does not know it. GET says the same, and more."""

DOCKER_HUB = "registry-1.docker.io"
API_HOSTS = {"docker.io": DOCKER_HUB, "index.docker.io": DOCKER_HUB}
"""Registries whose API is not at the host that image names begin with."""

TOKEN_SERVICES = {DOCKER_HUB: "auth.docker.io"}
"""Registries that are known to give out their tokens at another host."""

GITHUB_TOKENS = "/token"
"""Where GHCR gives out its tokens, by its own challenge."""


@dataclass(frozen=True)
class Manifest:
    """A manifest or index: its exact bytes, their media type and digest."""

    body: bytes = field(repr=False)
    media_type: str
    digest: Digest


@dataclass(frozen=True)
class Descriptor:
    """What a tag or digest resolves to, without the bytes. `size` is in bytes."""

    digest: Digest
    media_type: str
    size: int


def registry_url(host: str, override: str = "") -> str:
    """The address of the registry `host` ("ghcr.io", "localhost:5000"), or `override` when it is given.

    A registry on this machine's loopback is spoken to over http, every other one over https. Raises `InputError` when
    the address is not one that may be spoken to.
    """
    url = override.rstrip("/")
    host = API_HOSTS.get(host, host)
    if not url:
        plain = "http" if re.fullmatch(LOOPBACK, host) else "https"
        url = f"{plain}://{host}"
    Origin.of(url)
    return url


class Registry:
    """One registry, asked as one account. May be shared by threads.

    `token` is a GitHub token (or another registry's password); without one the registry is asked anonymously. `user`
    goes with it in Basic authentication: GHCR takes any. `token_service` is another host that the token may be sent
    to, if the registry says that it gives out its tokens there. `now` is the clock that tokens expire by.
    """

    def __init__(
        self,
        http: Http,
        base_url: str,
        *,
        token: str = "",
        user: str = "release-actions",
        token_service: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.url = base_url.rstrip("/")
        self._http = http
        self._origin = Origin.of(self.url)
        service = token_service or TOKEN_SERVICES.get(self._origin.host, "")
        self._tokens = Tokens(http, self.url, user, token, service=registry_url(service) if service else "", now=now)

    def log_in(
        self, repositories: Iterable[str], each: Callable[..., Iterable[object]] = map, *, path: str = ""
    ) -> None:
        """Ask for what reading some repositories needs, while there is something else to wait for.

        `each` runs a function over the names, like `map`. `path`: where the registry is known to give out its tokens,
        which saves asking it. Not needed, and no proof that they can be read: reading logs in by itself. Raises what
        asking raises.
        """
        scopes = [(self._pull(name), f"log in to {name}") for name in repositories]
        if path and any(list(each(lambda scope: self._tokens.guess(path, *scope), scopes))):
            return
        response = self._http.request(
            "GET", f"{self.url}/v2/", what=f"reach {self._origin.host}", credential=None, expect=(200, 401)
        )
        if response.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.refused(response)
            list(each(lambda scope: self._tokens.credential((scope[0],), scope[1]), scopes))

    def get_manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest that a tag or digest names; None when it does not exist."""
        response = self._manifest("GET", repository, reference)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        media_type = read_media_type(response)
        try:
            named = json.loads(response.body).get("mediaType", media_type)
        except (ValueError, AttributeError, RecursionError):
            response.reject("is not a manifest")
        if named != media_type:
            response.reject(f"is announced as {media_type} but says it is {str(named)[:100]!r}")
        return Manifest(response.body, media_type, prove_digest(response, reference))

    def get_referrers(self, repository: str, digest: str) -> Manifest | None:
        """The index of what refers to a digest (OCI distribution 1.1); None where the registry does not say: GHCR."""
        response = self._ask(
            "GET",
            repository,
            f"referrers/{check_digest(digest)}",
            what=f"list what is attached to {repository}{join_reference(digest)}",
            headers={"Accept": OCI_INDEX},
            expect=(200, 404),
            longest=LONGEST_MANIFEST,
        )
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if response.status == HTTPStatus.NOT_FOUND or kind != OCI_INDEX:
            return None  # GHCR was also seen to lead to a page for people
        return Manifest(response.body, OCI_INDEX, digest_of(response.body))

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag or digest resolves to, without reading it; None when there is no such manifest."""
        response = self._manifest("HEAD", repository, reference, expect=(200, 404, *NO_HEAD))
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        announced = response.headers.get("Docker-Content-Digest", "")
        size = response.headers.get("Content-Length", "")
        if response.status in NO_HEAD or not announced or not size.isdecimal():
            # Both headers are only recommended (OCI distribution 1.1); the bytes themselves say as much.
            manifest = self.get_manifest(repository, reference)
            return None if manifest is None else Descriptor(manifest.digest, manifest.media_type, len(manifest.body))
        if not DIGEST.fullmatch(announced):
            response.reject("names a malformed digest")
        if is_digest(reference) and announced != reference:
            response.reject(f"names another digest, {announced}")
        return Descriptor(Digest(announced), read_media_type(response), int(size))

    def put_manifest(self, repository: str, reference: str, body: bytes, media_type: str) -> Digest:
        """Store a manifest under a tag or its digest, and return its digest. Moves the tag if it exists.

        The bytes and the media type must be those that were read: other bytes are another digest.
        """
        digest = digest_of(body, reference.partition(":")[0] if is_digest(reference) else "sha256")
        if is_digest(reference) and reference != digest:
            message = f"the bytes of {reference} have the digest {digest}"
            raise ValueError(message)
        response = self._ask(
            "PUT",
            repository,
            f"manifests/{check_reference(reference)}",
            what=f"write {repository}{join_reference(reference)}",
            headers={"Content-Type": media_type},
            data=body,
            expect=(201,),
            write=True,
        )
        announced = response.headers.get("Docker-Content-Digest", "")
        if announced and announced != digest:
            response.reject(f"names another digest than that of the bytes sent, {digest}")
        return digest

    def tags(self, repository: str) -> tuple[Tag, ...] | None:
        """Every tag of a repository, in the registry's order; None when the repository does not exist.

        Complete, or a `RemoteError`.
        """
        listed: dict[Tag, None] = {}
        what = f"list the tags of {repository}"
        first = self._first_tags(repository, TAGS_PAGE, what=what, expect=(200, 404, *TOO_MANY))
        if first.status in TOO_MANY:
            first = self._first_tags(repository, SMALL_TAGS_PAGE, what=what, expect=(200, 404))
        if first.status == HTTPStatus.NOT_FOUND:
            return None
        for page in follow_pages(first, lambda url: self._send("GET", url, repository, what=what)):
            names = page.object().get("tags")
            if not isinstance(names, list | None) or not all(isinstance(name, str) for name in names or ()):
                page.reject("is not a list of tags")
            listed.update(dict.fromkeys(Tag(name) for name in names or ()))
        return tuple(listed)

    def get_blob(self, repository: str, digest: Digest) -> bytes | None:
        """The bytes of a blob; None when the repository does not have it. Meant for configurations, not for layers."""
        response = self._blob("GET", repository, digest)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        if digest_of(response.body, digest.partition(":")[0]) != digest:
            response.reject(f"does not have the digest {digest}")
        return response.body

    def has_blob(self, repository: str, digest: Digest) -> bool:
        """Whether the repository has a blob; False, too, where the registry answers no HEAD: then it is sent again."""
        return self._blob("HEAD", repository, digest, expect=(200, 404, *NO_HEAD)).status == HTTPStatus.OK

    def put_blob(self, repository: str, data: bytes) -> Digest:
        """Store a blob unless it is there, and return its digest."""
        digest = digest_of(data)
        if not self.has_blob(repository, digest):
            self.upload_blob(repository, digest, data)
        return digest

    def save_blob(self, repository: str, digest: Digest, file: BinaryIO) -> None:
        """Write a blob of any size into a file. Raises `RemoteError` when it is not there, or not what it should be."""
        url = f"{self.url}/v2/{self._path(repository)}/blobs/{check_digest(digest)}"
        response = self._send("GET", url, repository, what=f"read {repository}{join_reference(digest)}", sink=file)
        file.seek(0)
        checksum = hashlib.new(digest.partition(":")[0])
        while piece := file.read(PIECE):
            checksum.update(piece)
        if checksum.hexdigest() != digest.partition(":")[2]:
            response.reject(f"does not have the digest {digest}")

    def upload_blob(self, repository: str, digest: Digest, data: bytes | BinaryIO) -> None:
        """Store a blob that is not there, of bytes or a file whose digest is known to be this one."""
        what = f"upload a blob to {repository}"
        started = self._ask("POST", repository, "blobs/uploads/", what=what, expect=(202,), write=True, idempotent=True)
        location = resolve_address(started, started.headers.get("Location", ""), "names for the upload")
        if location == started.url:
            started.reject("does not say where to upload to")
        if Origin.of(location) != self._origin:
            started.reject("names another host for the upload, which is not followed")
        self._send(
            "PUT",
            location + ("&" if "?" in location else "?") + urlencode({"digest": digest}),
            repository,
            what=what,
            headers={"Content-Type": "application/octet-stream"},
            data=data,
            expect=(201,),
            write=True,
        )

    def mount_blob(self, repository: str, digest: Digest, source: str) -> bool:
        """Make a blob of the repository `source` one of `repository` too, without moving bytes.

        False when the registry would rather have it uploaded.
        """
        query = urlencode({"mount": check_digest(digest), "from": self._path(source)})
        response = self._ask(
            "POST",
            repository,
            f"blobs/uploads/?{query}",
            what=f"mount {digest} of {source} into {repository}",
            expect=(201, 202),
            write=True,
            idempotent=True,
            source=source,
        )
        return response.status == HTTPStatus.CREATED

    def _first_tags(self, repository: str, count: int, *, what: str, expect: tuple[int, ...]) -> Response:
        return self._ask("GET", repository, f"tags/list?{urlencode({'n': count})}", what=what, expect=expect)

    def _path(self, repository: str) -> PackagePath:
        """What a repository is called in addresses: on Docker Hub, a name without an owner is one of `library`."""
        check_repository(repository)
        is_official = self._origin.host == DOCKER_HUB and "/" not in repository
        return PackagePath(f"library/{repository}" if is_official else repository)

    def _pull(self, repository: str) -> str:
        return f"repository:{self._path(repository)}:pull"

    def _manifest(
        self, method: str, repository: str, reference: str, *, expect: tuple[int, ...] = (200, 404)
    ) -> Response:
        return self._ask(
            method,
            repository,
            f"manifests/{check_reference(reference)}",
            what=f"read {repository}{join_reference(reference)}",
            headers={"Accept": ", ".join(MEDIA_TYPES)},
            expect=expect,
            longest=LONGEST_MANIFEST,
        )

    def _blob(self, method: str, repository: str, digest: Digest, *, expect: tuple[int, ...] = (200, 404)) -> Response:
        return self._ask(
            method,
            repository,
            f"blobs/{check_digest(digest)}",
            what=f"read {repository}{join_reference(digest)}",
            expect=expect,
            longest=LONGEST_BLOB,
        )

    def _ask(
        self,
        method: str,
        repository: str,
        path: str,
        *,
        what: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        expect: tuple[int, ...] = (200,),
        write: bool = False,
        idempotent: bool | None = None,
        source: str = "",
        longest: int = LONGEST_ANSWER,
    ) -> Response:
        url = f"{self.url}/v2/{self._path(repository)}/{path}"
        return self._send(
            method,
            url,
            repository,
            what=what,
            headers=headers,
            data=data,
            expect=expect,
            write=write,
            idempotent=idempotent,
            source=source,
            longest=longest,
        )

    def _send(
        self,
        method: str,
        url: str,
        repository: str,
        *,
        what: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | BinaryIO | None = None,
        expect: tuple[int, ...] = (200,),
        write: bool = False,
        idempotent: bool | None = None,
        source: str = "",
        longest: int = LONGEST_ANSWER,
        sink: BinaryIO | None = None,
    ) -> Response:
        """Send with the right credential, asking for one when the registry wants it or the old one has expired."""
        scopes = [self._pull(repository) + (",push" if write else "")]
        if source:
            scopes.append(self._pull(source))
        key = tuple(scopes)

        def send(credential: Credential | None, allowed: Collection[int]) -> Response:
            return self._http.request(
                method,
                url,
                what=what,
                credential=credential,
                headers=headers,
                data=data,
                expect=allowed,
                idempotent=idempotent,
                longest=longest,
                sink=sink,
            )

        used = self._tokens.credential(key, what)
        response = send(used, (*expect, HTTPStatus.UNAUTHORIZED))
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        self._tokens.refused(response, key, used)
        try:
            return send(self._tokens.credential(key, what), expect)
        except RemoteError as error:
            error.undone = error.undone and not response.retried
            raise
