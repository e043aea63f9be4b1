from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.contract import distribution
from tests.http.loopback import Asked, Clock, Reply, replies, serving

from release_actions.errors import InputError, RemoteError
from release_actions.http.client import Http
from release_actions.http.origins import Origin
from release_actions.registry.client import Descriptor, Registry, registry_url
from release_actions.registry.media_types import DOCKER_LIST, OCI_INDEX, OCI_MANIFEST
from release_actions.registry.names import Digest, digest_of

BODY = b'{"schemaVersion":2,"mediaType":"' + OCI_INDEX.encode() + b'","manifests":[]}'
DIGEST = digest_of(BODY)
OTHER = "sha256:" + "0" * 64


def manifest(body: bytes = BODY, media_type: str = OCI_INDEX, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(200, body, {"Content-Type": media_type, **names})


class TestAddress:
    @pytest.mark.parametrize(
        ("host", "override", "url"),
        [
            ("ghcr.io", "", "https://ghcr.io"),
            ("containers.ghe.example", "", "https://containers.ghe.example"),
            ("localhost:5000", "", "http://localhost:5000"),
            ("127.0.0.1:5000", "", "http://127.0.0.1:5000"),
            ("[::1]:5000", "", "http://[::1]:5000"),
            ("ghcr.io", "http://127.0.0.1:41002/", "http://127.0.0.1:41002"),
        ],
    )
    def test_loopback_is_plain_and_all_else_is_not(self, host: str, override: str, url: str) -> None:
        assert registry_url(host, override) == url

    @pytest.mark.parametrize(("host", "override"), [("ghcr.io", "http://ghcr.io"), ("127.0.0.1.example.com:x", "")])
    def test_an_unsafe_address_is_refused(self, host: str, override: str) -> None:
        with pytest.raises(InputError):
            registry_url(host, override)


class TestNames:
    def test_a_repository_in_capitals_is_refused_with_the_name_that_a_registry_takes(self, http: Http) -> None:
        with pytest.raises(InputError) as caught:
            Registry(http, "https://ghcr.io").get_manifest("LLM-D/llm-d", "latest")
        assert caught.value.problems[0].hint == "Registries take lower-case letters only. Write llm-d/llm-d."

    @pytest.mark.parametrize(
        "repository",
        ["", "LLM-D/x", "a//b", "/a", "a/", "a/../b", "a b", "a?x=1", "a#b", "-a", "a.", "a___b", "a/b\n", "a" * 256],
    )
    def test_a_malformed_repository_is_refused_before_a_request(self, http: Http, repository: str) -> None:
        with serving(replies(Reply(404))) as server:
            registry = Registry(http, server.url)
            with pytest.raises(InputError, match="is not a repository"):
                registry.get_manifest(repository, "latest")
            with pytest.raises(InputError, match="is not a repository"):
                registry.tags(repository)
            with pytest.raises(InputError, match="is not a repository"):
                registry.mount_blob("a/b", Digest(OTHER), repository)
        assert server.asked == []

    @pytest.mark.parametrize("repository", ["a", "llm-d/llm-d-cuda", "a/b/c", "a.b/c__d", "a--b", "0/1"])
    @pytest.mark.parametrize("reference", ["latest", "v0.5.0-rc.1", "_x", "A" * 128, OTHER, "sha512:" + "a" * 128])
    def test_what_the_grammar_allows_is_asked_for(self, http: Http, repository: str, reference: str) -> None:
        with serving(replies(Reply(404))) as server:
            assert Registry(http, server.url).get_manifest(repository, reference) is None
        assert server.lines == [f"GET /v2/{repository}/manifests/{reference}"]

    @pytest.mark.parametrize("tag", ["", ".x", "-x", "a/b", "a b", "é", "A" * 129, "latest\n", "../tags/list", "a?b"])
    def test_a_malformed_tag_is_refused_before_a_request(self, http: Http, tag: str) -> None:
        with serving(replies(Reply(404))) as server:
            registry = Registry(http, server.url)
            with pytest.raises(InputError, match="is not a tag"):
                registry.head_manifest("a/b", tag)
            with pytest.raises(InputError, match="is not a tag"):
                registry.put_manifest("a/b", tag, BODY, OCI_INDEX)
        assert server.asked == []

    @pytest.mark.parametrize(
        "digest", ["sha256:", "sha256:" + "A" * 64, "sha256:" + "a" * 63, "md5:" + "a" * 32, OTHER + "\n"]
    )
    def test_a_malformed_digest_is_refused_before_a_request(self, http: Http, digest: str) -> None:
        with serving(replies(Reply(404))) as server:
            registry = Registry(http, server.url)
            with pytest.raises(InputError, match="is not a digest"):
                registry.get_manifest("a/b", digest)
            with pytest.raises(InputError, match="is not a digest"):
                registry.get_blob("a/b", Digest(digest))
        assert server.asked == []


class TestManifests:
    def test_bytes_type_and_digest(self, http: Http) -> None:
        with serving(replies(manifest(Docker_Content_Digest=DIGEST))) as server:
            found = Registry(http, server.url).get_manifest("llm-d/llm-d-cuda", "latest")
        assert found is not None
        assert (found.body, found.media_type, found.digest) == (BODY, OCI_INDEX, DIGEST)

    def test_all_four_types_are_accepted(self, http: Http) -> None:
        with serving(replies(manifest())) as server:
            registry = Registry(http, server.url)
            registry.get_manifest("a/b", "latest")
            registry.head_manifest("a/b", "latest")
        for asked in server.asked:
            accepted = asked.headers["Accept"].split(", ")
            assert sorted(accepted) == sorted(
                f"application/vnd.{kind}"
                for kind in (
                    "oci.image.index.v1+json",
                    "oci.image.manifest.v1+json",
                    "docker.distribution.manifest.list.v2+json",
                    "docker.distribution.manifest.v2+json",
                )
            )

    def test_absent_is_none(self, http: Http) -> None:
        unknown = Reply.of({"errors": [{"code": "MANIFEST_UNKNOWN"}]}, 404)
        with serving(replies(unknown)) as server:
            registry = Registry(http, server.url)
            assert registry.get_manifest("a/b", "latest") is None
            assert registry.head_manifest("a/b", "latest") is None

    @pytest.mark.parametrize("status", [400, 403, 405, 410])
    def test_could_not_find_out_is_not_absent(self, http: Http, status: int) -> None:
        with serving(replies(Reply.of({"errors": [{"code": "DENIED", "message": "denied"}]}, status))) as server:
            registry = Registry(http, server.url, token="ghs_secret")
            for ask in (registry.get_manifest, registry.head_manifest):
                with pytest.raises(RemoteError, match="Could not read a/b:latest") as caught:
                    ask("a/b", "latest")
                assert caught.value.status == status

    @pytest.mark.parametrize(
        ("reference", "reply", "wrong"),
        [
            (OTHER, manifest(), f"has another digest, {DIGEST}"),
            (DIGEST, manifest(BODY + b" "), "has another digest"),
            ("latest", manifest(Docker_Content_Digest=OTHER), f"has the digest {DIGEST} but is announced as {OTHER}"),
            ("latest", manifest(Docker_Content_Digest="nonsense"), "is announced as nonsense"),
            ("latest", manifest(media_type=DOCKER_LIST), "is announced as application/vnd.docker"),
            ("latest", manifest(media_type="text/html"), "is of the type 'text/html', which is not a manifest"),
            ("latest", manifest(b"<html>"), "is not a manifest"),
            ("latest", manifest(b"[]"), "is not a manifest"),
        ],
    )
    def test_an_answer_that_is_not_what_was_asked_for(
        self, http: Http, reference: str, reply: Reply, wrong: str
    ) -> None:
        with serving(replies(reply)) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url).get_manifest("a/b", reference)
        assert wrong in str(caught.value)

    def test_a_sha512_digest_is_proven_too(self, http: Http) -> None:
        digest = digest_of(BODY, "sha512")
        with serving(replies(manifest(Docker_Content_Digest=DIGEST))) as server:
            found = Registry(http, server.url).get_manifest("a/b", digest)
        assert found is not None
        assert found.digest == digest

    def test_head_says_what_a_tag_resolves_to(self, http: Http) -> None:
        with serving(replies(manifest(Docker_Content_Digest=DIGEST))) as server:
            found = Registry(http, server.url).head_manifest("a/b", "latest")
        assert found == Descriptor(DIGEST, OCI_INDEX, len(BODY))
        assert server.lines == ["HEAD /v2/a/b/manifests/latest"]

    def test_head_without_a_digest_reads_the_manifest(self, http: Http) -> None:
        with serving(replies(manifest())) as server:
            found = Registry(http, server.url).head_manifest("a/b", "latest")
        assert found == Descriptor(DIGEST, OCI_INDEX, len(BODY))
        assert server.lines == ["HEAD /v2/a/b/manifests/latest", "GET /v2/a/b/manifests/latest"]

    @pytest.mark.parametrize("status", [405, 501])
    def test_a_registry_that_knows_no_head_is_asked_with_get(self, http: Http, status: int) -> None:
        with serving(replies(Reply(status), manifest(), Reply(status), Reply(404))) as server:
            registry = Registry(http, server.url)
            there = registry.head_manifest("a/b", "latest")
            absent = registry.head_manifest("a/b", "v1")
        assert (there, absent) == (Descriptor(DIGEST, OCI_INDEX, len(BODY)), None)
        assert [asked.method for asked in server.asked] == ["HEAD", "GET", "HEAD", "GET"]

    @pytest.mark.parametrize(
        ("reply", "wrong"),
        [
            (manifest(Docker_Content_Digest=OTHER), f"names another digest, {OTHER}"),
            (manifest(Docker_Content_Digest="sha256:x"), "names a malformed digest"),
        ],
    )
    def test_head_of_a_digest_must_name_it(self, http: Http, reply: Reply, wrong: str) -> None:
        with serving(replies(reply)) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url).head_manifest("a/b", DIGEST)
        assert wrong in str(caught.value)

    @pytest.mark.parametrize("headers", [{}, {"Docker-Content-Digest": DIGEST}])
    def test_put_sends_the_bytes_as_they_are(self, http: Http, headers: dict[str, str]) -> None:
        with serving(replies(Reply(201, headers=headers))) as server:
            assert Registry(http, server.url).put_manifest("a/b", "v1", BODY, OCI_INDEX) == DIGEST
        asked = server.asked[0]
        assert (asked.method, asked.path, asked.body) == ("PUT", "/v2/a/b/manifests/v1", BODY)
        assert asked.headers["Content-Type"] == OCI_INDEX

    def test_put_with_another_digest_in_the_answer_is_an_error(self, http: Http) -> None:
        with (
            serving(replies(Reply(201, headers={"Docker-Content-Digest": OTHER}))) as server,
            pytest.raises(RemoteError, match="names another digest"),
        ):
            Registry(http, server.url).put_manifest("a/b", "v1", BODY, OCI_INDEX)

    def test_put_under_a_digest_that_is_not_the_bytes_is_a_bug(self, http: Http) -> None:
        with serving(replies(Reply(201))) as server, pytest.raises(ValueError, match="have the digest"):
            Registry(http, server.url).put_manifest("a/b", OTHER, BODY, OCI_INDEX)
        assert server.asked == []

    def test_put_is_repeated_after_a_reset(self, http: Http) -> None:
        with serving(replies(Reply(reset=True), Reply(201))) as server:
            assert Registry(http, server.url).put_manifest("a/b", "v1", BODY, OCI_INDEX) == DIGEST
        assert len(server.asked) == 2


class TestTags:
    def test_every_page_is_read(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            if "last=" in asked.path:
                return Reply.of({"name": "a/b", "tags": ["v2", "v3"]})
            return Reply.of({"name": "a/b", "tags": ["v1", "v2"]}, Link='</v2/a/b/tags/list?last=v2&n=2>; rel="next"')

        with serving(script) as server:
            assert Registry(http, server.url).tags("a/b") == ("v1", "v2", "v3")
        assert server.lines == ["GET /v2/a/b/tags/list?n=1000", "GET /v2/a/b/tags/list?last=v2&n=2"]

    def test_no_tags_and_no_repository_differ(self, http: Http) -> None:
        with serving(replies(Reply.of({"name": "a/b", "tags": None}))) as server:
            assert Registry(http, server.url).tags("a/b") == ()
        with serving(replies(Reply.of({"errors": [{"code": "NAME_UNKNOWN"}]}, 404))) as server:
            assert Registry(http, server.url).tags("a/b") is None

    @pytest.mark.parametrize("tags", ["v1", [1], {"v1": 1}])
    def test_something_else_than_tags_is_an_error(self, http: Http, tags: Any) -> None:
        with serving(replies(Reply.of({"tags": tags}))) as server, pytest.raises(RemoteError, match="not a list of t"):
            Registry(http, server.url).tags("a/b")

    def test_a_later_page_that_is_gone_is_an_error(self, http: Http) -> None:
        first = Reply.of({"tags": ["v1"]}, Link='</v2/a/b/tags/list?last=v1>; rel="next"')
        with serving(replies(first, Reply(404))) as server, pytest.raises(RemoteError, match="answered 404"):
            Registry(http, server.url).tags("a/b")

    @pytest.mark.parametrize("status", [400, 413])
    def test_a_registry_that_gives_fewer_at_once_is_asked_for_fewer(self, http: Http, status: int) -> None:
        with serving(replies(Reply(status), Reply.of({"tags": ["v1"]}))) as server:
            assert Registry(http, server.url).tags("a/b") == ("v1",)
        assert server.lines == ["GET /v2/a/b/tags/list?n=1000", "GET /v2/a/b/tags/list?n=100"]

    def test_a_refusal_that_stays_is_an_error(self, http: Http) -> None:
        with serving(replies(Reply(400))) as server, pytest.raises(RemoteError, match="answered 400"):
            Registry(http, server.url).tags("a/b")


class TestBlobs:
    def test_a_blob_is_proven(self, http: Http) -> None:
        with serving(replies(Reply(200, b"data"))) as server:
            registry = Registry(http, server.url)
            assert registry.get_blob("a/b", digest_of(b"data")) == b"data"
            with pytest.raises(RemoteError, match="does not have the digest"):
                registry.get_blob("a/b", Digest(OTHER))

    def test_absent_is_none(self, http: Http) -> None:
        with serving(replies(Reply(404))) as server:
            registry = Registry(http, server.url)
            assert registry.get_blob("a/b", Digest(OTHER)) is None
            assert registry.has_blob("a/b", Digest(OTHER)) is False

    def test_a_blob_may_lie_in_a_storage_elsewhere_which_never_sees_the_token(self, http: Http) -> None:
        with serving(replies(Reply(200, b"data"))) as storage:
            needs_login = Reply(401, headers={"WWW-Authenticate": "Basic"})
            away = Reply(307, headers={"Location": f"{storage.url}/signed"})
            with serving(replies(needs_login, away)) as server:
                registry = Registry(http, server.url, token="ghs_secret")
                assert registry.get_blob("a/b", digest_of(b"data")) == b"data"
        assert server.asked[1].headers["Authorization"].startswith("Basic ")
        assert "Authorization" not in storage.asked[0].headers

    def test_an_upload_goes_where_the_registry_says(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            match asked.method:
                case "HEAD":
                    return Reply(404)
                case "POST":
                    return Reply(202, headers={"Location": "/v2/a/b/blobs/uploads/1?state=x"})
                case _:
                    return Reply(201)

        digest = digest_of(b"data")
        with serving(script) as server:
            assert Registry(http, server.url).put_blob("a/b", b"data") == digest
        quoted = digest.replace(":", "%3A")
        assert server.lines == [
            f"HEAD /v2/a/b/blobs/{digest}",
            "POST /v2/a/b/blobs/uploads/",
            f"PUT /v2/a/b/blobs/uploads/1?state=x&digest={quoted}",
        ]
        assert server.asked[-1].body == b"data"

    def test_a_blob_is_uploaded_where_head_is_not_known(self, http: Http) -> None:
        started = Reply(202, headers={"Location": "/v2/a/b/blobs/uploads/1"})
        with serving(replies(Reply(405), started, Reply(201))) as server:
            Registry(http, server.url).put_blob("a/b", b"data")
        assert [asked.method for asked in server.asked] == ["HEAD", "POST", "PUT"]

    def test_a_blob_that_is_there_is_not_uploaded(self, http: Http) -> None:
        with serving(replies(Reply(200))) as server:
            Registry(http, server.url).put_blob("a/b", b"data")
        assert [asked.method for asked in server.asked] == ["HEAD"]

    @pytest.mark.parametrize(
        ("location", "wrong"),
        [
            ("", "does not say where to upload to"),
            ("https://example.com/upload", "names another host for the upload"),
            ("http://example.com/upload", "names for the upload an address that may not be spoken to"),
            ("http://[::1", "names for the upload an address that may not be spoken to"),
        ],
    )
    def test_an_upload_stays_at_the_registry(self, http: Http, location: str, wrong: str) -> None:
        start = Reply(202, headers={"Location": location} if location else {})
        with serving(replies(Reply(404), start)) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url).put_blob("a/b", b"data")
        assert wrong in str(caught.value)
        assert len(server.asked) == 2

    @pytest.mark.parametrize(("status", "mounted"), [(201, True), (202, False)])
    def test_a_mount(self, http: Http, status: int, mounted: bool) -> None:  # noqa: FBT001  # a table's column
        with serving(replies(Reply(status))) as server:
            assert Registry(http, server.url).mount_blob("a/b", Digest(OTHER), "a/c") is mounted
        assert server.lines == [f"POST /v2/a/b/blobs/uploads/?mount={OTHER.replace(':', '%3A')}&from=a%2Fc"]


class TestLogin:
    """The token exchange, with a registry that wants a bearer token for everything."""

    def script(self, *, realm: str = "/token", life: int | None = 300) -> Any:
        issued: list[str] = []

        def answer(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                issued.append(asked.path)
                token = {"token": f"registry-{len(issued)}"}
                return Reply.of(token | ({"expires_in": life} if life else {}))
            if asked.headers.get("Authorization") != f"Bearer registry-{len(issued)}":
                challenge = f'Bearer realm="{realm}",service="ghcr.io",scope="repository:a/b:pull"'
                return Reply.of({"errors": [{"code": "UNAUTHORIZED"}]}, 401, WWW_Authenticate=challenge)
            return manifest()

        return answer

    def test_the_challenge_is_honoured_and_the_token_kept(self, http: Http, clock: Clock) -> None:
        with serving(self.script()) as server:
            registry = Registry(http, server.url, token="ghs_secret", now=clock.now)
            registry.get_manifest("a/b", "v1")
            registry.get_manifest("a/b", "v2")
        assert server.lines == [
            "GET /v2/a/b/manifests/v1",
            "GET /token?service=ghcr.io&scope=repository%3Aa%2Fb%3Apull",
            "GET /v2/a/b/manifests/v1",
            "GET /v2/a/b/manifests/v2",
        ]
        assert server.asked[1].headers["Authorization"].startswith("Basic ")
        assert server.asked[2].headers["Authorization"] == "Bearer registry-1"

    def test_each_repository_and_right_has_its_token(self, http: Http, clock: Clock) -> None:
        with serving(self.script()) as server:
            registry = Registry(http, server.url, token="ghs_secret", now=clock.now)
            registry.get_manifest("a/b", "v1")
            registry.get_manifest("a/c", "v1")
            with pytest.raises(RemoteError):
                registry.put_manifest("a/b", "v1", BODY, OCI_INDEX)
            with pytest.raises(RemoteError):
                registry.mount_blob("a/b", Digest(OTHER), "a/c")
        scopes = [asked.path.partition("&")[2] for asked in server.asked if asked.path.startswith("/token")]
        assert scopes == [
            "scope=repository%3Aa%2Fb%3Apull",
            "scope=repository%3Aa%2Fc%3Apull",
            "scope=repository%3Aa%2Fb%3Apull%2Cpush",
            "scope=repository%3Aa%2Fb%3Apull%2Cpush&scope=repository%3Aa%2Fc%3Apull",
        ]

    @pytest.mark.parametrize(("life", "fresh_after"), [(300, 291), (None, 51)])
    def test_a_token_is_renewed_before_it_expires(
        self, http: Http, clock: Clock, life: int | None, fresh_after: float
    ) -> None:
        with serving(self.script(life=life)) as server:
            registry = Registry(http, server.url, token="ghs_secret", now=clock.now)
            registry.get_manifest("a/b", "v1")
            clock.time += fresh_after - 2
            registry.get_manifest("a/b", "v1")
            assert len(server.asked) == 4
            clock.time += 2
            registry.get_manifest("a/b", "v1")
        assert server.lines[4:] == [
            "GET /token?service=ghcr.io&scope=repository%3Aa%2Fb%3Apull",
            "GET /v2/a/b/manifests/v1",
        ]

    def test_a_token_that_expired_early_is_replaced_once(self, http: Http, clock: Clock) -> None:
        valid = ["first"]

        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                return Reply.of({"token": valid[0], "expires_in": 3600})
            if asked.headers.get("Authorization") != f"Bearer {valid[0]}":
                return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/token",service="x"')
            return manifest()

        with serving(script) as server:
            registry = Registry(http, server.url, token="ghs_secret", now=clock.now)
            registry.get_manifest("a/b", "v1")
            valid[0] = "second"
            assert registry.get_manifest("a/b", "v1") is not None

    @pytest.mark.parametrize("expired", ["by its time", "before its time"])
    def test_threads_whose_token_expired_ask_for_a_new_one_once(self, http: Http, clock: Clock, expired: str) -> None:
        threads = 6
        valid, issued = ["first"], []
        everybody = threading.Barrier(threads)

        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                issued.append(valid[0])
                return Reply.of({"token": valid[0], "expires_in": 300})
            if asked.headers.get("Authorization") != f"Bearer {valid[0]}":
                if asked.headers.get("Authorization") == "Bearer first":
                    everybody.wait(timeout=20)  # no thread has a new token before all have learnt that they need one
                return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/token",service="x"')
            return manifest()

        with serving(script) as server, ThreadPoolExecutor(threads) as pool:
            registry = Registry(http, server.url, token="ghs_secret", now=clock.now)
            registry.get_manifest("a/b", "v1")
            valid[0] = "second"
            clock.time += 300 if expired == "by its time" else 0
            answers = list(pool.map(lambda _: registry.get_manifest("a/b", "v1"), range(threads)))

        assert all(answers)
        assert issued == ["first", "second"]

    @pytest.mark.parametrize(
        ("answers", "undone"),
        [
            ([Reply(403)], True),
            ([Reply(401, headers={"WWW-Authenticate": "Basic"}), Reply(403)], True),
            ([Reply(422)], False),
            ([Reply(reset=True), Reply(403)], False),
            ([Reply(reset=True), Reply(401, headers={"WWW-Authenticate": "Basic"}), Reply(403)], False),
            ([Reply(401, headers={"WWW-Authenticate": "Basic"}), Reply(reset=True), Reply(403)], False),
        ],
    )
    def test_a_write_is_known_not_to_be_done_only_when_its_one_try_was_refused(
        self, http: Http, answers: list[Reply], *, undone: bool
    ) -> None:
        with serving(replies(*answers)) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url, token="ghs_secret").put_manifest("a/b", "v1", b"{}", OCI_MANIFEST)
        assert len(server.asked) == len(answers)
        assert caught.value.undone is undone

    def test_without_a_token_it_asks_anonymously(self, http: Http, clock: Clock) -> None:
        with serving(self.script()) as server:
            Registry(http, server.url, now=clock.now).get_manifest("a/b", "v1")
        assert "Authorization" not in server.asked[1].headers

    def test_a_login_that_is_refused_is_an_error_with_a_way_out(self, http: Http) -> None:
        challenge = 'Bearer realm="/token",service="ghcr.io"'

        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                return Reply.of({"errors": [{"code": "DENIED", "message": "denied"}]}, 403)
            return Reply.of({}, 401, WWW_Authenticate=challenge)

        with serving(script) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url).get_manifest("a/b", "v1")
        host = server.url.removeprefix("http://")
        assert str(caught.value) == (
            f"Could not read a/b:v1 (asking 127.0.0.1 for a token): {host} answered 403 Forbidden to GET /token, "
            f'"DENIED: denied". No token was sent. Pass one that {host} accepts and that may do this.'
        )

    def test_a_401_that_stays_is_an_error(self, http: Http) -> None:
        with (
            serving(replies(Reply(401, headers={"WWW-Authenticate": "Basic"}))) as server,
            pytest.raises(RemoteError) as caught,
        ):
            Registry(http, server.url, token="ghs_secret").tags("a/b")
        assert "The token is missing, expired, revoked or not meant for" in str(caught.value)
        assert len(server.asked) == 2

    @pytest.mark.parametrize("realm", ["https://[::1/token", "http://[", "https://a:b:c/", "ftp://example.com/"])
    def test_a_malformed_realm_is_an_error_in_words(self, http: Http, realm: str) -> None:
        challenge = f'Bearer realm="{realm}",service="x"'
        with (
            serving(replies(Reply(401, headers={"WWW-Authenticate": challenge}))) as server,
            pytest.raises(RemoteError, match="names as token service an address that may not be spoken to"),
        ):
            Registry(http, server.url, token="ghs_secret").get_manifest("a/b", "v1")

    def test_the_token_is_not_sent_to_a_foreign_realm(self, http: Http) -> None:
        with serving(replies(Reply.of({"token": "x"}))) as thief:
            challenge = f'Bearer realm="{thief.url}/token",service="ghcr.io"'
            with (
                serving(replies(Reply(401, headers={"WWW-Authenticate": challenge}))) as server,
                pytest.raises(RemoteError) as caught,
            ):
                Registry(http, server.url, token="ghs_secret").get_manifest("a/b", "v1")
        assert f"sends the token to another host, {thief.url}, which was refused" in str(caught.value)
        assert thief.asked == []

    def test_the_token_is_sent_to_the_login_host_that_was_named(self, http: Http) -> None:
        with serving(replies(Reply.of({"token": "given-out"}))) as service:
            challenge = f'Bearer realm="{service.url}/token",service="registry.example"'

            def script(asked: Asked) -> Reply:
                if asked.headers.get("Authorization") == "Bearer given-out":
                    return Reply.of({"name": "a/b", "tags": ["v1"]})
                return Reply.of({}, 401, WWW_Authenticate=challenge)

            with serving(script) as server:
                host = service.url.removeprefix("http://")
                registry = Registry(http, server.url, token="secret", user="robot", token_service=host)
                assert registry.tags("a/b") == ("v1",)
        (asked,) = service.asked
        assert asked.path == "/token?service=registry.example&scope=repository%3Aa%2Fb%3Apull"
        assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"robot:secret").decode()
        assert all("Basic" not in each.headers.get("Authorization", "") for each in server.asked)

    def test_docker_hub_is_known_to_log_in_elsewhere(self, http: Http) -> None:
        url = registry_url("docker.io")
        assert url == "https://registry-1.docker.io"
        assert Registry(http, url)._tokens.service == Origin.of("https://auth.docker.io")
        assert Registry(http, registry_url("quay.io"))._tokens.service == Origin.of("https://quay.io")

    def test_logging_in_ahead_saves_the_first_read_two_requests(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                return Reply.of({"token": "given-out"})
            if asked.headers.get("Authorization") == "Bearer given-out":
                return Reply.of({"name": "a/b", "tags": ["v1"]})
            return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/token",service="x"')

        with serving(script) as server:
            registry = Registry(http, server.url, token="secret")
            registry.log_in(["a/b", "a/c"])
            assert [line.partition("?")[0] for line in server.lines] == ["GET /v2/", "GET /token", "GET /token"]
            assert registry.tags("a/b") == ("v1",)
            assert server.lines[3:] == ["GET /v2/a/b/tags/list?n=1000"]

    @pytest.mark.parametrize("denied", ["", "a/c"])
    def test_a_known_place_for_tokens_saves_the_challenge_too(self, http: Http, denied: str) -> None:
        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                refused = denied and denied.replace("/", "%2F") in asked.path
                return Reply(403) if refused else Reply.of({"token": "given-out"})
            if asked.headers.get("Authorization") == "Bearer given-out":
                return Reply.of({"name": "a/b", "tags": ["v1"]})
            return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/token",service="x"')

        with serving(script) as server:
            registry = Registry(http, server.url, token="secret")
            registry.log_in(["a/b", "a/c"], path="/token")
            assert [line.partition("?")[0] for line in server.lines] == ["GET /token", "GET /token"]
            assert registry.tags("a/b") == ("v1",)
            assert server.lines[2:] == ["GET /v2/a/b/tags/list?n=1000"]
        basic = "Basic " + base64.b64encode(b"release-actions:secret").decode()
        assert [asked.headers.get("Authorization") for asked in server.asked[:2]] == [basic, basic]

    def test_a_place_that_gives_no_token_is_not_where_they_are(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/auth"):
                return Reply.of({"token": "given-out"})
            if asked.headers.get("Authorization") == "Bearer given-out":
                return Reply.of({"name": "a/b", "tags": ["v1"]})
            if asked.path.startswith("/token"):
                return Reply(404)
            return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/auth",service="x"')

        with serving(script) as server:
            registry = Registry(http, server.url, token="secret")
            registry.log_in(["a/b"], path="/token")
            assert registry.tags("a/b") == ("v1",)
        paths = [line.partition("?")[0] for line in server.lines]
        assert paths == ["GET /token", "GET /v2/", "GET /auth", "GET /v2/a/b/tags/list"]

    def test_a_registry_that_asks_for_no_login_gets_none(self, http: Http) -> None:
        with serving(replies(Reply.of({}))) as server:
            Registry(http, server.url, token="secret").log_in(["a/b"])
            assert server.lines == ["GET /v2/"]

    @pytest.mark.parametrize(
        ("challenge", "wrong"),
        [
            ("", "does not say how to log in"),
            ("Bearer", "does not say how to log in"),
            ('Negotiate realm="/token"', "does not say how to log in"),
            ("Basic", "asks for a login. No token was given"),
            ('Bearer realm="http://example.com/token"', "names as token service an address that may not be spoken to"),
        ],
    )
    def test_a_challenge_that_cannot_be_met(self, http: Http, challenge: str, wrong: str) -> None:
        headers = {"WWW-Authenticate": challenge} if challenge else {}
        with serving(replies(Reply(401, headers=headers))) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url).get_manifest("a/b", "v1")
        assert wrong in str(caught.value)

    @pytest.mark.parametrize("answer", [{}, {"token": 5}, {"token": ""}])
    def test_a_token_service_without_a_token(self, http: Http, answer: dict[str, Any]) -> None:
        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                return Reply.of(answer)
            return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/token"')

        with serving(script) as server, pytest.raises(RemoteError, match="but the answer holds no token"):
            Registry(http, server.url, token="ghs_secret").get_manifest("a/b", "v1")

    def test_the_tokens_of_the_registry_are_secrets_too(self, http: Http) -> None:
        def script(asked: Asked) -> Reply:
            if asked.path.startswith("/token"):
                return Reply.of({"token": "registry-token"})
            if "Authorization" in asked.headers:
                return Reply.of({"message": f"no {asked.headers['Authorization']}"}, 403)
            return Reply.of({}, 401, WWW_Authenticate='Bearer realm="/token"')

        with serving(script) as server, pytest.raises(RemoteError) as caught:
            Registry(http, server.url, token="ghs_secret").get_manifest("a/b", "v1")
        assert '"no Bearer ***"' in str(caught.value)


@pytest.mark.tools("docker-registry")
def test_a_real_registry_takes_and_returns_an_image(http: Http, tmp_path: Path) -> None:
    with distribution.running(tmp_path) as url:
        registry = Registry(http, url)
        assert registry.tags("llm-d/llm-d-cuda") is None
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        digest = registry.put_blob("llm-d/llm-d-cuda", config)
        assert registry.get_blob("llm-d/llm-d-cuda", digest) == config
        image = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": {
                    "mediaType": "application/vnd.oci.image.config.v1+json",
                    "digest": digest,
                    "size": len(config),
                },
                "layers": [],
            },
            indent=3,
        ).encode()
        written = registry.put_manifest("llm-d/llm-d-cuda", "v0.5.0", image, OCI_MANIFEST)
        assert registry.put_manifest("llm-d/llm-d-cuda", "latest", image, OCI_MANIFEST) == written
        assert set(registry.tags("llm-d/llm-d-cuda") or ()) == {"v0.5.0", "latest"}
        found = registry.get_manifest("llm-d/llm-d-cuda", "latest")
        assert found is not None
        assert found.body == image
        assert registry.head_manifest("llm-d/llm-d-cuda", written) == Descriptor(written, OCI_MANIFEST, len(image))
        assert registry.mount_blob("llm-d/other", digest, "llm-d/llm-d-cuda")
        assert registry.has_blob("llm-d/other", digest)
        assert registry.get_manifest("llm-d/llm-d-cuda", "absent") is None
        for number in range(5):
            registry.put_manifest("llm-d/llm-d-cuda", f"n{number}", image, OCI_MANIFEST)
        assert len(registry.tags("llm-d/llm-d-cuda") or ()) == 7
