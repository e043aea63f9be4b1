"""The simulator's registry beside the reference registry, request by request.

What both do is what any OCI registry does, and the answers are compared as they are. Where GHCR has habits of its own,
both answers are written down.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import requests
from tests.contract import distribution
from tests.contract.clients import INDEX, MANIFEST
from tests.contract.simulated import PASSWORD, registry_alone

pytestmark = pytest.mark.tools("docker-registry")

ONE, TWO = "llm-d/one", "llm-d/two"
EMPTY = b"{}"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def manifest(config: bytes = EMPTY, *layers: bytes) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **described(config)},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", **described(each)} for each in layers],
        }
    ).encode()


def index(*children: bytes) -> bytes:
    entries = [{"mediaType": MANIFEST, **described(child)} for child in children]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}).encode()


def described(data: bytes) -> dict[str, Any]:
    return {"digest": digest(data), "size": len(data)}


class Caller:
    """A plain client. Answers a challenge by asking the realm it names for a token."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        challenge = self.session.get(f"{url}/v2/").headers.get("www-authenticate", "")
        if challenge:
            fields = dict(part.split("=", 1) for part in challenge.removeprefix("Bearer ").split(","))
            scopes = [f"repository:{name}:pull,push" for name in (ONE, TWO)]
            answer = self.session.get(
                fields["realm"].strip('"'),
                params={"service": fields["service"].strip('"'), "scope": scopes},
                auth=("robot", PASSWORD),
            )
            answer.raise_for_status()
            self.session.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def __call__(self, method: str, path: str, data: bytes | None = None, **headers: str) -> requests.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(method, urljoin(self.url, path), data=data, headers=names, timeout=10)

    def upload(self, name: str, data: bytes, called: str = "") -> requests.Response:
        place = self("POST", f"/v2/{name}/blobs/uploads/").headers["location"]
        joint = "&" if urlsplit(place).query else "?"
        return self("PUT", f"{place}{joint}digest={called or digest(data)}", data)

    def put(self, name: str, reference: str, data: bytes, media_type: str = MANIFEST) -> requests.Response:
        return self("PUT", f"/v2/{name}/manifests/{reference}", data, Content_Type=media_type)

    def get(self, name: str, reference: str) -> requests.Response:
        return self("GET", f"/v2/{name}/manifests/{reference}", Accept=f"{MANIFEST}, {INDEX}")


def seen(answer: requests.Response, *headers: str) -> Mapping[str, Any]:
    """What two registries must agree on: status, error code, the headers named."""
    found: dict[str, Any] = {"status": answer.status_code}
    if answer.status_code >= 400 and answer.content:
        found["codes"] = [each["code"] for each in answer.json()["errors"]]
    for header in headers:
        found[header] = answer.headers.get(header)
    return found


def agreed(call: Caller) -> Iterator[tuple[str, Any]]:
    """Requests in a fixed order, each with what came of it."""
    layer = b"layer"
    image = manifest(EMPTY, layer)
    yield "base", seen(call("GET", "/v2/"))
    yield "a manifest of no repository", seen(call.get(ONE, "v1"))
    yield "its head", seen(call("HEAD", f"/v2/{ONE}/manifests/v1"))
    yield "a blob of no repository", seen(call("GET", f"/v2/{ONE}/blobs/{digest(layer)}"))
    yield "tags of no repository", seen(call("GET", f"/v2/{ONE}/tags/list"))

    began = call("POST", f"/v2/{ONE}/blobs/uploads/")
    yield "an upload begins", (began.status_code, urlsplit(began.headers["location"]).path.startswith(f"/v2/{ONE}/"))
    chunk = call("PATCH", began.headers["location"], layer[:2], Content_Type="application/octet-stream")
    yield "a first chunk", seen(chunk, "range")
    place = chunk.headers["location"]
    joint = "&" if urlsplit(place).query else "?"
    yield (
        "the rest, and the digest",
        seen(call("PUT", f"{place}{joint}digest={digest(layer)}", layer[2:]), "docker-content-digest"),
    )
    yield "a blob in one go", seen(call.upload(ONE, EMPTY), "docker-content-digest")
    yield "a blob with another digest", seen(call.upload(ONE, b"other", called=digest(layer)))
    yield (
        "a blob's head",
        seen(call("HEAD", f"/v2/{ONE}/blobs/{digest(layer)}"), "content-length", "docker-content-digest"),
    )
    yield "a blob", call("GET", f"/v2/{ONE}/blobs/{digest(layer)}").content
    began = call("POST", f"/v2/{ONE}/blobs/uploads/")
    yield "an upload given up", call("DELETE", began.headers["location"]).status_code
    yield "and gone", call("PUT", began.headers["location"] + f"&digest={digest(layer)}", layer).status_code

    yield "a manifest", seen(call.put(ONE, "v1", image), "docker-content-digest")
    yield "the same under another tag", seen(call.put(ONE, "v2", image), "docker-content-digest")
    yield "the same by digest", seen(call.put(ONE, digest(image), image), "docker-content-digest")
    yield "by another digest", seen(call.put(ONE, digest(layer), image))
    yield "no JSON", seen(call.put(ONE, "v3", b"no"))
    for reference in ("v1", "v2", digest(image)):
        answer = call.get(ONE, reference)
        yield f"manifest {reference}", (seen(answer, "docker-content-digest", "content-type"), answer.content)
    yield (
        "a manifest's head",
        seen(call("HEAD", f"/v2/{ONE}/manifests/v1", Accept=MANIFEST), "docker-content-digest", "content-length"),
    )
    yield "another tag", seen(call.get(ONE, "v3"))
    yield "tags", sorted(call("GET", f"/v2/{ONE}/tags/list").json()["tags"])
    yield "the name of the list", call("GET", f"/v2/{ONE}/tags/list").json()["name"]

    yield (
        "a mount",
        seen(call("POST", f"/v2/{TWO}/blobs/uploads/?mount={digest(layer)}&from={ONE}"), "docker-content-digest"),
    )
    yield "the mounted blob", seen(call("HEAD", f"/v2/{TWO}/blobs/{digest(layer)}"), "content-length")
    yield (
        "a mount of what is not there",
        seen(call("POST", f"/v2/{TWO}/blobs/uploads/?mount={digest(b'none')}&from={ONE}")),
    )

    yield "an index", seen(call.put(ONE, "multi", index(image), INDEX), "docker-content-digest")
    yield "an index back", seen(call.get(ONE, "multi"), "docker-content-digest", "content-type")
    moved = manifest(layer, EMPTY)
    yield "another image under the tag", seen(call.put(ONE, "v1", moved), "docker-content-digest")
    yield "the tag names it", seen(call.get(ONE, "v1"), "docker-content-digest")
    yield "the old one is still there", seen(call.get(ONE, digest(image)), "docker-content-digest")
    yield "no referrers API", call("GET", f"/v2/{ONE}/referrers/{digest(image)}").status_code


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Caller, Caller]]:
    """The reference registry and the simulator's, both empty."""
    with distribution.running(tmp_path) as reference, registry_alone() as simulated:
        yield Caller(reference), Caller(simulated)


def test_both_answer_alike(pair: tuple[Caller, Caller]) -> None:
    reference, simulated = (dict(agreed(call)) for call in pair)
    assert simulated == reference
    assert reference["tags"] == ["v1", "v2"]


def test_deleting_is_not_for_the_registry(pair: tuple[Caller, Caller]) -> None:
    answers = []
    for call in pair:
        call.upload(ONE, EMPTY)
        call.put(ONE, "v1", manifest())
        answers.append(call("DELETE", f"/v2/{ONE}/manifests/{digest(manifest())}"))
    reference, simulated = answers
    assert reference.status_code == 202
    assert seen(simulated) == {"status": 405, "codes": ["UNSUPPORTED"]}
    assert pair[1].get(ONE, "v1").status_code == 200


def test_an_index_may_lack_its_children(pair: tuple[Caller, Caller]) -> None:
    reference, simulated = (call.put(ONE, "v1", index(manifest()), INDEX) for call in pair)
    assert reference.status_code == 400
    assert simulated.status_code == 201


def test_tags_come_in_the_order_of_their_bytes(pair: tuple[Caller, Caller]) -> None:
    for call in pair:
        call.upload(ONE, EMPTY)
        for tag in ("v2", "v10", "V3"):
            call.put(ONE, tag, manifest())
    assert pair[1]("GET", f"/v2/{ONE}/tags/list").json()["tags"] == ["V3", "v10", "v2"]


def test_tags_come_in_pages(pair: tuple[Caller, Caller]) -> None:
    _, call = pair
    call.upload(ONE, EMPTY)
    tags = [f"v{n}" for n in range(5)]
    for tag in tags:
        call.put(ONE, tag, manifest())
    found: list[str] = []
    path = f"/v2/{ONE}/tags/list?n=2"
    while path:
        answer = call("GET", path)
        assert len(answer.json()["tags"]) <= 2
        found += answer.json()["tags"]
        path = answer.links.get("next", {}).get("url", "")
        assert not path or parse_qs(urlsplit(path).query)["n"] == ["2"]
    assert found == tags
