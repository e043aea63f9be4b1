"""GHCR: the distribution API with its token endpoint, and and where GHCR departs from the specification.

docs/simulator.md lists those departures, and which of them are guesses. Error bodies are the specification's
(OCI distribution specification 1.1, "Error Codes").
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from werkzeug.wrappers import Request

from release_actions.simulator import oci, storage
from release_actions.simulator.accounts import Role, Token, TokenKind
from release_actions.simulator.ghcr_answers import (
    DENIED,
    Upload,
    ask_for_token,
    confirm_created,
    decode_credential,
    find_name,
    format_range,
    make_error,
    make_problem,
)
from release_actions.simulator.ghcr_packages import check, negotiate, put_tags
from release_actions.simulator.limits import LimitedError
from release_actions.simulator.origin import Answer, Call, HttpError, Route
from release_actions.simulator.packages import Package
from release_actions.simulator.world import World

LARGEST_MANIFEST = 4 * 1024 * 1024
"""Bytes (distribution specification, "Pushing Manifests")."""

PAGE = 100
"""Tags a page where the client names no number."""


@dataclass(frozen=True)
class Grant:
    """What a bearer token stands for: a token of the world, or anonymous pulls of some repositories."""

    token: Token | None
    names: frozenset[str] = frozenset()
    expires: datetime | None = None


class Ghcr:
    """The registry: routes, tokens it gave out, and uploads under way."""

    name = "registry"

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._uploads: dict[str, Upload] = {}
        self.routes: Sequence[Route] = (
            ("GET", "/v2/", self.ping),
            ("GET", "/token", self.issue),
            ("GET", "/v2/<path:name>/tags/list", self.list_tags),
            ("GET", "/v2/<path:name>/manifests/<reference>", self.get_manifest),
            ("PUT", "/v2/<path:name>/manifests/<reference>", self.put_manifest),
            ("GET", "/v2/<path:name>/blobs/<digest>", self.get_blob),
            ("POST", "/v2/<path:name>/blobs/uploads/", self.start_upload),
            ("GET", "/v2/<path:name>/blobs/upload/<upload>", self.upload_status),
            ("PATCH", "/v2/<path:name>/blobs/upload/<upload>", self.add_chunk),
            ("PUT", "/v2/<path:name>/blobs/upload/<upload>", self.finish_upload),
            ("DELETE", "/v2/<path:name>/blobs/upload/<upload>", self.cancel_upload),
            ("GET", "/v2/<path:name>/referrers/<digest>", self.no_referrers),
        )

    # Who asks

    def identify(self, world: World, request: Request) -> Token | None:
        """The token behind a bearer token; None for anonymous ones. Raises `HttpError` for an invalid one."""
        grant = self._grant(world, request)
        return grant.token if grant else None

    def _grant(self, world: World, request: Request) -> Grant | None:
        kind, _, credential = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not credential:
            return None
        grant = self._grants.get(credential)
        if grant is not None and grant.expires and grant.expires > world.now():
            return grant
        token = world.token(decode_credential(credential))
        if token is None:
            raise HttpError(ask_for_token(request, find_name(request), "pull"))
        return Grant(token)

    def issue(self, call: Call) -> Answer:
        """`/token`: an anonymous token for public packages, or one that stands for the token sent as a password."""
        names = frozenset(
            scope.split(":")[1].lower()
            for text in call.request.args.getlist("scope")
            for scope in text.split()
            if scope.count(":") == SCOPE_COLONS
        )
        token = None
        if "Authorization" in call.request.headers:
            credentials = call.request.authorization
            secret = credentials.password if credentials is not None and credentials.type == "basic" else None
            token = call.world.token(secret or "")
            if token is None or token.kind is TokenKind.FINE_GRAINED:
                raise HttpError(make_problem(403, "DENIED", "denied"))
        else:
            packages = [call.world.package(name) for name in names]
            if not all(package is not None and package.public for package in packages):
                raise HttpError(make_problem(403, "DENIED", DENIED))
        expires = call.world.now() + timedelta(seconds=call.world.behavior.registry_token_seconds)
        number = call.world.next_id("registry-token")
        bearer = base64.b64encode(f"v1:{number}:{hashlib.sha256(str(number).encode()).hexdigest()}".encode()).decode()
        self._grants[bearer] = Grant(token, names, expires)
        return Answer(200, {"token": bearer})

    def _authorize(self, call: Call, name: str, need: Role) -> Package | None:
        """The package a request is about, None if it is not there yet. Raises `HttpError` without the right."""
        if not oci.NAME.fullmatch(name) or "/" not in name:
            raise HttpError(make_problem(400, "NAME_INVALID", "invalid repository name"))
        actions = "pull" if need is Role.READ else "pull,push"
        grant = self._grant(call.world, call.request)
        package = call.world.package(name)
        if grant is None:
            raise HttpError(ask_for_token(call.request, name, actions))
        token = grant.token
        if token is None:
            if need is Role.READ and name in grant.names and package is not None and package.public:
                return package
            raise HttpError(ask_for_token(call.request, name, actions))
        check(call.world, token, name, package, need)
        return package

    # Routes

    def ping(self, call: Call) -> Answer:
        """`/v2/`: whether the client is known."""
        if self._grant(call.world, call.request) is None:
            raise HttpError(ask_for_token(call.request, "user/image", "pull"))
        return Answer(200, {})

    def list_tags(self, call: Call, name: str) -> Answer:
        """Tags in the order of their bytes, page by page (distribution specification, "Listing Tags")."""
        self._authorize(call, name, Role.READ)
        package = call.world.seen(name)
        if package is None:
            raise HttpError(make_problem(404, "NAME_UNKNOWN", "repository name not known to registry"))
        number = call.arg("n", str(PAGE))
        if not re.fullmatch(r"[0-9]{1,9}", number):
            raise HttpError(make_problem(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested"))
        count = int(number)
        tags = package.tags_after(call.arg("last"))
        answer = Answer(200, {"name": name, "tags": tags[:count]})
        if 0 < count < len(tags):
            query = urlencode({"last": tags[count - 1], "n": count})
            answer.headers["Link"] = f'</v2/{name}/tags/list?{query}>; rel="next"'
        return answer

    def get_manifest(self, call: Call, name: str, reference: str) -> Answer:
        """A manifest by tag or digest, if the client takes its type. A GET is a download of the version."""
        self._authorize(call, name, Role.READ)
        version, package = call.world.seen_version(name, reference), call.world.package(name)
        if package is None or version is None:
            raise HttpError(make_problem(404, "MANIFEST_UNKNOWN", "manifest unknown"))
        accept = ",".join(call.request.headers.getlist("Accept"))
        version = negotiate(package, version, {part.partition(";")[0].strip() for part in accept.split(",")})
        if call.request.method == "GET" or call.world.behavior.head_counts_as_download:
            now = call.world.package(name)
            counted = now.find(version.digest) if now else None
            if counted is not None:
                counted.downloads += 1
        headers = {"Content-Type": version.manifest.media_type, "Docker-Content-Digest": version.digest}
        headers["ETag"] = f'"{version.digest}"'
        if version.digest in {etag.strip('" ') for etag in call.request.headers.get("If-None-Match", "").split(",")}:
            return Answer(304, None, headers)
        return Answer(200, version.manifest.body, headers)

    def put_manifest(self, call: Call, name: str, reference: str) -> Answer:
        """Push a manifest. The first one of a name makes the package."""
        package = self._authorize(call, name, Role.WRITE)
        if len(call.body) > LARGEST_MANIFEST:
            raise HttpError(make_problem(413, "SIZE_INVALID", "manifest is larger than 4 MiB"))
        try:
            manifest = oci.parse(call.body, call.request.headers.get("Content-Type", ""))
        except oci.InvalidManifestError as wrong:
            raise HttpError(make_problem(400, "MANIFEST_INVALID", "manifest invalid", str(wrong))) from wrong
        by_digest = ":" in reference
        if by_digest and reference != manifest.digest:
            raise HttpError(make_problem(400, "DIGEST_INVALID", "provided digest did not match uploaded content"))
        if not by_digest and not oci.TAG.fullmatch(reference):
            raise HttpError(make_problem(400, "TAG_INVALID", "manifest tag did not match URI"))
        missing = [digest for digest in manifest.blobs if not call.world.has_blob(name, digest)]
        if call.world.behavior.checks_children:
            missing += [child for child in manifest.children if package is None or package.find(child) is None]
        if missing:
            errors = [make_error("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry", digest) for digest in missing]
            raise HttpError(Answer(400, {"errors": errors}))
        if package is None:
            self._create(call, name)
        if by_digest:
            call.world.put_manifest(name, manifest)
        else:
            put_tags(call.world, name, manifest, reference)
        headers = {"Location": f"/v2/{name}/manifests/{manifest.digest}", "Docker-Content-Digest": manifest.digest}
        return Answer(201, b"", headers)

    def _create(self, call: Call, name: str) -> None:
        """Make the package of a first push: whoever pushed it administers it; a job's repository is linked."""
        if call.token is not None:
            who = call.token.repository or call.token.login
            call.world.add_package(name, repository=call.token.repository, roles={who: Role.ADMIN} if who else None)

    def get_blob(self, call: Call, name: str, digest: str) -> Answer:
        """A blob: its size for HEAD, the way to storage for GET."""
        self._authorize(call, name, Role.READ)
        if not call.world.has_blob(name, digest):
            raise HttpError(make_problem(404, "BLOB_UNKNOWN", "blob unknown to registry"))
        named = {"Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
        if call.request.method == "GET" and call.world.behavior.redirects_blobs and "storage" in call.urls:
            return Answer(307, b"", {"Location": storage.address(call.world, call.urls["storage"], digest), **named})
        answer = storage.content(call.request, call.world.blobs[digest])
        answer.headers.update(named)
        return answer

    def start_upload(self, call: Call, name: str) -> Answer:
        """Begin an upload, or end it at once: by mounting a blob of another package, or with the whole blob."""
        self._authorize(call, name, Role.WRITE)
        mount, source = call.arg("mount"), call.arg("from")
        if mount and source and self._mountable(call, source, mount):
            call.world.link_blob(name, mount)
            return confirm_created(name, mount)
        number = call.world.next_id("upload")
        upload = str(uuid.uuid5(uuid.NAMESPACE_OID, f"upload {number}"))
        self._uploads[upload] = Upload(name)
        if call.arg("digest"):
            return self.finish_upload(call, name, upload)
        return self._progress(202, name, upload)

    def _mountable(self, call: Call, source: str, digest: str) -> bool:
        try:
            self._authorize(call, source, Role.READ)
        except HttpError:
            return False
        return call.world.has_blob(source, digest)

    def upload_status(self, call: Call, name: str, upload: str) -> Answer:
        """How much of an upload has arrived."""
        self._authorize(call, name, Role.WRITE)
        self._upload(name, upload)
        return self._progress(204, name, upload)

    def add_chunk(self, call: Call, name: str, upload: str) -> Answer:
        """The next part of an upload."""
        self._authorize(call, name, Role.WRITE)
        self._append(call, self._upload(name, upload))
        return self._progress(202, name, upload)

    def finish_upload(self, call: Call, name: str, upload: str) -> Answer:
        """The end of an upload: what arrived must have the digest the client names."""
        self._authorize(call, name, Role.WRITE)
        started = self._upload(name, upload)
        digest = call.arg("digest")
        if not oci.DIGEST.fullmatch(digest):
            raise HttpError(make_problem(400, "DIGEST_INVALID", "provided digest is no sha256 digest"))
        self._append(call, started)
        content = bytes(started.content)
        del self._uploads[upload]
        if oci.digest_of(content) != digest:
            raise HttpError(make_problem(400, "DIGEST_INVALID", "provided digest did not match uploaded content"))
        call.world.add_blob(name, content)
        return confirm_created(name, digest)

    def cancel_upload(self, call: Call, name: str, upload: str) -> Answer:
        """Give an upload up."""
        self._authorize(call, name, Role.WRITE)
        self._upload(name, upload)
        del self._uploads[upload]
        return Answer(204)

    def _upload(self, name: str, upload: str) -> Upload:
        started = self._uploads.get(upload)
        if started is None or started.path != name:
            raise HttpError(make_problem(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry"))
        return started

    def _append(self, call: Call, upload: Upload) -> None:
        """Add a request's body. A `Content-Range` must go on where the last one ended."""
        span = call.request.headers.get("Content-Range", "")
        if span:
            match = re.fullmatch(r"(?:bytes )?(\d+)-(\d+)(?:/.*)?", span)
            size = len(call.body)
            if not match or int(match[1]) != len(upload.content) or int(match[2]) - int(match[1]) + 1 != size:
                answer = make_problem(416, "BLOB_UPLOAD_INVALID", "blob upload invalid", f"{span} does not follow")
                answer.headers["Range"] = format_range(upload)
                raise HttpError(answer)
        upload.content += call.body

    def _progress(self, status: int, name: str, upload: str) -> Answer:
        headers = {
            "Location": f"/v2/{name}/blobs/upload/{upload}",
            "Range": format_range(self._uploads[upload]),
            "Docker-Upload-UUID": upload,
        }
        return Answer(status, None if status == NO_CONTENT else b"", headers)

    def no_referrers(self, call: Call, name: str, digest: str) -> Answer:  # noqa: ARG002  # the route's parts
        """GHCR has no referrers API."""
        self._authorize(call, name, Role.READ)
        return Answer(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})

    # What every answer needs

    def admit(self, call: Call) -> Mapping[str, str]:
        """Count a request against the registry's own limit."""
        try:
            call.world.limits.charge_registry(call.token, call.world.now())
        except LimitedError as limited:
            raise HttpError(self.broken(429, limited.retry_after, secondary=False)) from limited
        return {}

    def unknown(self, allowed: Sequence[str]) -> Answer:
        """405 for a method GHCR does not support (deleting is one), 404 for a path it does not have."""
        if allowed:
            return make_problem(405, "UNSUPPORTED", "The operation is unsupported.")
        return Answer(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})

    def broken(self, status: int, retry_after: int | None, *, secondary: bool) -> Answer:  # noqa: ARG002  # an API matter
        """The answer of a fault, or of the limit."""
        if status == TOO_MANY:
            after = f"{retry_after or 1}s"
            answer = make_problem(status, "TOOMANYREQUESTS", f"retry-after: {after}, allowed: 2000/minute")
        else:
            answer = make_problem(status, "UNKNOWN" if status >= SERVER else "DENIED", "unknown error")
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    def stamp(self, call: Call, answer: Answer) -> None:
        """The registry's version and a request id."""
        answer.headers["Docker-Distribution-Api-Version"] = "registry/2.0"
        answer.headers["X-GitHub-Request-Id"] = f"51A0:{call.world.next_id('request'):08X}"


NO_CONTENT = 204
TOO_MANY = 429
SERVER = 500
SCOPE_COLONS = 2
"""Colons in a scope: `repository:owner/name:pull`."""
