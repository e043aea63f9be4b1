"""OCI distribution client for GHCR and registries like it: manifests, blobs and tags of a repository.

Reads and writes exact bytes. Every digest is computed here over what was received and compared with what was asked
for and with what the registry says. It must never take an answer for the thing asked for without that proof, and never
send its token to a realm that is not the registry's own.

GHCR's habits that callers meet: there is no DELETE (405), no referrers API (attachments are tags named
`sha256-<hex>`), a missing child of an index is not noticed, and a read may lag a few seconds behind a write.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlencode, urljoin

from release_actions.errors import InputError, RemoteError
from release_actions.http import Http, Response, follow, linked
from release_actions.origins import SETTINGS, Credential, Origin

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

MEDIA_TYPES = (OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST)
"""All four are accepted at every request: a registry asked for fewer may answer with a child in place of the index."""

TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
REPOSITORY_LENGTH = 255
DIGEST = re.compile(r"sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}")
"""Grammar of tags, repository names and registered digests (OCI distribution 1.1, "Pulling manifests"; image-spec,
"Descriptor")."""

TAGS_PAGE = 1000
TOKEN_LIFE = 60.0
"""Seconds a token lives when the registry does not say (distribution, "Token Authentication")."""

TOKEN_MARGIN = 10.0

API_HOSTS = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}
"""Registries whose API is not at the host that image names begin with."""

GITHUB_TOKENS = "/token"
"""Where GHCR gives out its tokens, by its own challenge."""

TOKEN_SERVICES = {"registry-1.docker.io": "auth.docker.io"}
"""Registries that are known to give out their tokens at another host."""

Clock = Callable[[], float]


@dataclass(frozen=True)
class Manifest:
    """A manifest or index: its exact bytes, their media type and digest."""

    body: bytes = field(repr=False)
    media_type: str
    digest: str


@dataclass(frozen=True)
class Descriptor:
    """What a tag or digest resolves to, without the bytes. `size` is in bytes."""

    digest: str
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
        plain = "http" if re.fullmatch(r"(localhost|127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?", host) else "https"
        url = f"{plain}://{host}"
    Origin.of(url)
    return url


def digest_of(body: bytes, algorithm: str = "sha256") -> str:
    """The digest of some bytes, with its algorithm in front."""
    return f"{algorithm}:{hashlib.new(algorithm, body).hexdigest()}"


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
        now: Clock = time.time,
    ) -> None:
        self.url = base_url.rstrip("/")
        self._http = http
        self._origin = Origin.of(self.url)
        self._login = Credential.basic(self.url, user, token)
        self._secret = (user, token)
        service = token_service or TOKEN_SERVICES.get(self._origin.host, "")
        self._service = Origin.of(registry_url(service)) if service else self._origin
        self._now = now
        self._lock = threading.Lock()
        self._challenge: _Challenge | None = None
        self._tokens: dict[tuple[str, ...], tuple[Credential | None, float]] = {}

    def log_in(
        self, repositories: Iterable[str], each: Callable[..., Iterable[object]] = map, *, path: str = ""
    ) -> None:
        """Ask for what reading some repositories needs, while there is something else to wait for.

        `each` runs a function over the names, like `map`. `path`: where the registry is known to give out its tokens,
        which saves asking it. Not needed, and no proof that they can be read: reading logs in by itself. Raises what
        asking raises.
        """
        names = list(repositories)
        if path:
            known = _Challenge(f"{self.url}{path}", self._origin.host)
            if any(list(each(lambda name: self._given(name, known), names))):
                with self._lock:
                    self._challenge = self._challenge or known
                return
            # Perhaps not what it is known for. Its own word counts.
        response = self._http.request(
            "GET", f"{self.url}/v2/", what=f"reach {self._origin.host}", credential=None, expect=(200, 401)
        )
        if response.status == HTTPStatus.UNAUTHORIZED:
            challenge = self._read_challenge(response)
            with self._lock:
                self._challenge = self._challenge or challenge
            list(each(lambda name: self._credential((_pull(name),), f"log in to {name}"), names))

    def get_manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest that a tag or digest names; None when there is none."""
        response = self._manifest("GET", repository, reference)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        media_type = _media_type(response)
        try:
            named = json.loads(response.body).get("mediaType", media_type)
        except (ValueError, AttributeError, RecursionError):
            response.wrong("is not a manifest")
        if named != media_type:
            response.wrong(f"is announced as {media_type} but says it is {str(named)[:100]!r}")
        return Manifest(response.body, media_type, _proven(response, reference))

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag or digest resolves to, without reading it; None when there is no such manifest."""
        response = self._manifest("HEAD", repository, reference)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        told = response.headers.get("Docker-Content-Digest", "")
        size = response.headers.get("Content-Length", "")
        if not told or not size.isdecimal():
            # Both headers are only recommended (OCI distribution 1.1); the bytes themselves tell as well.
            manifest = self.get_manifest(repository, reference)
            return None if manifest is None else Descriptor(manifest.digest, manifest.media_type, len(manifest.body))
        if not DIGEST.fullmatch(told):
            response.wrong("names a malformed digest")
        if _is_digest(reference) and told != reference:
            response.wrong(f"names another digest, {told}")
        return Descriptor(told, _media_type(response), int(size))

    def put_manifest(self, repository: str, reference: str, body: bytes, media_type: str) -> str:
        """Store a manifest under a tag or its digest, and return its digest. Moves the tag if it exists.

        The bytes and the media type must be those that were read: other bytes are another digest.
        """
        digest = digest_of(body, reference.partition(":")[0] if _is_digest(reference) else "sha256")
        if _is_digest(reference) and reference != digest:
            message = f"the bytes of {reference} have the digest {digest}"
            raise ValueError(message)
        response = self._ask(
            "PUT",
            repository,
            f"manifests/{_reference(reference)}",
            what=f"write {repository}{_joined(reference)}",
            headers={"Content-Type": media_type},
            data=body,
            expect=(201,),
            write=True,
        )
        told = response.headers.get("Docker-Content-Digest", "")
        if told and told != digest:
            response.wrong(f"names another digest than that of the bytes sent, {digest}")
        return digest

    def tags(self, repository: str) -> tuple[str, ...] | None:
        """Every tag of a repository, in the registry's order; None when the repository does not exist.

        Complete, or a `RemoteError`.
        """
        found: dict[str, None] = {}
        what = f"list the tags of {repository}"
        path = f"tags/list?{urlencode({'n': TAGS_PAGE})}"
        first = self._ask("GET", repository, path, what=what, expect=(200, 404))
        if first.status == HTTPStatus.NOT_FOUND:
            return None
        for page in follow(first, lambda url: self._send("GET", url, repository, what=what)):
            names = page.object().get("tags")
            if not isinstance(names, list | None) or not all(isinstance(name, str) for name in names or ()):
                page.wrong("is not a list of tags")
            found.update(dict.fromkeys(names or ()))
        return tuple(found)

    def get_blob(self, repository: str, digest: str) -> bytes | None:
        """The bytes of a blob; None when the repository does not have it. Meant for configurations, not for layers."""
        response = self._blob("GET", repository, digest)
        if response.status == HTTPStatus.NOT_FOUND:
            return None
        if digest_of(response.body, digest.partition(":")[0]) != digest:
            response.wrong(f"does not have the digest {digest}")
        return response.body

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the repository has a blob."""
        return self._blob("HEAD", repository, digest).status != HTTPStatus.NOT_FOUND

    def put_blob(self, repository: str, data: bytes) -> str:
        """Store a blob unless it is there, and return its digest."""
        digest = digest_of(data)
        if self.has_blob(repository, digest):
            return digest
        what = f"upload a blob to {repository}"
        started = self._ask("POST", repository, "blobs/uploads/", what=what, expect=(202,), write=True, idempotent=True)
        location = urljoin(started.url, started.headers.get("Location", ""))
        if location == started.url:
            started.wrong("does not say where to upload to")
        if linked(started, location, "names for the upload") != self._origin:
            started.wrong("names another host for the upload, which is not followed")
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
        return digest

    def mount_blob(self, repository: str, digest: str, source: str) -> bool:
        """Make a blob of the repository `source` one of `repository` too, without moving bytes.

        False when the registry would rather have it uploaded.
        """
        _check_repository(source)
        query = urlencode({"mount": _check_digest(digest), "from": source})
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

    def _manifest(self, method: str, repository: str, reference: str) -> Response:
        return self._ask(
            method,
            repository,
            f"manifests/{_reference(reference)}",
            what=f"read {repository}{_joined(reference)}",
            headers={"Accept": ", ".join(MEDIA_TYPES)},
            expect=(200, 404),
        )

    def _blob(self, method: str, repository: str, digest: str) -> Response:
        return self._ask(
            method,
            repository,
            f"blobs/{_check_digest(digest)}",
            what=f"read {repository}{_joined(digest)}",
            expect=(200, 404),
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
    ) -> Response:
        url = f"{self.url}/v2/{_check_repository(repository)}/{path}"
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
        )

    def _send(
        self,
        method: str,
        url: str,
        repository: str,
        *,
        what: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        expect: tuple[int, ...] = (200,),
        write: bool = False,
        idempotent: bool | None = None,
        source: str = "",
    ) -> Response:
        """Send with the right credential, asking for one when the registry wants it or the old one has expired."""
        scopes = [_pull(repository) + (",push" if write else "")]
        if source:
            scopes.append(_pull(source))
        key = tuple(scopes)

        def send(allowed: Collection[int]) -> Response:
            return self._http.request(
                method,
                url,
                what=what,
                credential=self._credential(key, what),
                headers=headers,
                data=data,
                expect=allowed,
                idempotent=idempotent,
            )

        response = send((*expect, HTTPStatus.UNAUTHORIZED))
        if response.status != HTTPStatus.UNAUTHORIZED:
            return response
        challenge = self._read_challenge(response)
        with self._lock:
            self._challenge = challenge
            self._tokens.pop(key, None)
        return send(expect)

    def _credential(self, scopes: tuple[str, ...], what: str, challenge: _Challenge | None = None) -> Credential | None:
        """The credential for some scopes: none before the first challenge, then what the challenge asks for."""
        with self._lock:
            challenge = challenge or self._challenge
            known = self._tokens.get(scopes)
        if challenge is None:
            return None
        if not challenge.realm:
            return self._login
        if known is not None and known[1] > self._now():
            return known[0]
        response = self._http.request(
            "GET",
            challenge.realm,
            what=f"{what} (asking {Origin.of(challenge.realm).host} for a token)",
            credential=Credential.basic(challenge.realm, *self._secret),
            params={**({"service": challenge.service} if challenge.service else {}), "scope": scopes},
        )
        answer = response.object()
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str):
            response.wrong("holds no token")
        life = answer.get("expires_in")
        if isinstance(life, bool) or not isinstance(life, int | float):
            life = TOKEN_LIFE
        credential = Credential.bearer(self.url, token)
        with self._lock:
            self._tokens[scopes] = (credential, self._now() + max(life - TOKEN_MARGIN, 1.0))
        return credential

    def _given(self, repository: str, challenge: _Challenge) -> bool:
        """Whether a token for reading a repository is given out."""
        try:
            self._credential((_pull(repository),), f"log in to {repository}", challenge)
        except RemoteError:
            return False
        return True

    def _read_challenge(self, response: Response) -> _Challenge:
        header = response.headers.get("WWW-Authenticate", "")
        scheme, _, rest = header.strip().partition(" ")
        parameters = {name.lower(): value for name, value in re.findall(r'([a-zA-Z_]+)="([^"]*)"', rest)}
        if scheme.lower() == "basic" and self._login is not None:
            return _Challenge("", "")
        realm = parameters.get("realm", "")
        if scheme.lower() != "bearer" or not realm:
            response.wrong(
                "does not say how to log in" if scheme.lower() != "basic" else "asks for a login",
                hint="" if scheme.lower() != "basic" else "No token was given. Pass one.",
            )
        realm = urljoin(response.url, realm)
        origin = linked(response, realm, "names as token service")
        own = origin.scheme == "https" and origin.host == self._origin.host
        if not own and origin not in {self._origin, self._service}:
            if self._login is not None:
                response.wrong(
                    f"sends the token to another host, {origin}, which was refused",
                    hint="If that is the registry's own token service, name it in login-host. If not, check the "
                    f"registry's address, set by {SETTINGS}.",
                )
            if origin.loopback:
                response.wrong("sends to this machine itself for a token")
        return _Challenge(realm, parameters.get("service", ""))


@dataclass(frozen=True)
class _Challenge:
    """How the registry wants to be logged in to. Without a realm: by user and password at every request."""

    realm: str
    service: str


def _pull(repository: str) -> str:
    return f"repository:{repository}:pull"


def _media_type(response: Response) -> str:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        response.wrong(f"is of the type {media_type[:100]!r}, which is no manifest that is supported here")
    return media_type


def _proven(response: Response, reference: str) -> str:
    """The digest of a manifest's bytes, after comparing it with every digest that was asked for or told."""
    algorithm = reference.partition(":")[0] if _is_digest(reference) else "sha256"
    digest = digest_of(response.body, algorithm)
    if _is_digest(reference) and digest != reference:
        response.wrong(f"has another digest, {digest}")
    told = response.headers.get("Docker-Content-Digest", "")
    if told and told != digest_of(response.body, told.partition(":")[0] if DIGEST.fullmatch(told) else algorithm):
        response.wrong(f"has the digest {digest} but is announced as {told[:200]}")
    return digest


def _is_digest(reference: str) -> bool:
    return ":" in reference


def _joined(reference: str) -> str:
    return f"@{reference}" if _is_digest(reference) else f":{reference}"


def _reference(reference: str) -> str:
    if _is_digest(reference):
        return _check_digest(reference)
    if not TAG.fullmatch(reference):
        message = f"{reference[:200]!r} is not a tag."
        raise InputError(
            message, hint="A tag has up to 128 letters, digits, '_', '.' and '-', and does not begin with '.' or '-'."
        )
    return reference


def _check_digest(digest: str) -> str:
    if not DIGEST.fullmatch(digest):
        message = f"{digest[:200]!r} is not a digest."
        raise InputError(message, hint="Write sha256: and 64 digits 0-9a-f.")
    return digest


def _check_repository(repository: str) -> str:
    if len(repository) > REPOSITORY_LENGTH or not REPOSITORY.fullmatch(repository):
        message = f"{repository[:REPOSITORY_LENGTH]!r} is not a repository of a registry."
        raise InputError(
            message,
            hint="Its parts, joined by '/', have lower-case letters and digits, joined by '.', '_', '__' or hyphens.",
        )
    return repository
