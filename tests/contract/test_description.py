"""The judge of answers: what GitHub could have sent passes, each kind of corruption is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.contract.description import ALLOWANCES, OMISSIONS, Description, Operation
from tests.contract.exchange import Exchange

HEADERS = {
    "content-type": "application/json; charset=utf-8",
    "x-github-request-id": "C0DE:1",
    "x-ratelimit-limit": "5000",
    "x-ratelimit-remaining": "4999",
    "x-ratelimit-used": "1",
    "x-ratelimit-reset": "1770000000",
}
VERSIONS = "/orgs/llm-d/packages/container/llm-d%2Fgateway/versions"
VERSION = {
    "id": 1,
    "name": "sha256:" + "0" * 64,
    "url": "https://api.github.com/x",
    "package_html_url": "https://github.com/x",
    "created_at": "2026-02-03T09:00:00Z",
    "updated_at": "2026-02-03T09:00:00Z",
    "metadata": {"package_type": "container", "container": {"tags": ["v0.5.0"]}},
}
DELETED = {**VERSION, "deleted_at": "2026-02-03T09:00:00Z"}


def exchange(
    body: Any = None,
    *,
    method: str = "GET",
    target: str = VERSIONS,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    raw: bytes | None = None,
    sent: bytes = b"",
) -> Exchange:
    text = raw if raw is not None else json.dumps([VERSION] if body is None else body).encode()
    return Exchange(method, target, sent, status, {**HEADERS, **(headers or {})}, text)


def link(**pages: int) -> dict[str, str]:
    return {"link": ", ".join(f'<https://api.github.com{VERSIONS}?page={n}>; rel="{rel}"' for rel, n in pages.items())}


GOOD = {
    "a page of versions": exchange(),
    "deleted versions": exchange([DELETED], target=f"{VERSIONS}?state=deleted"),
    "no versions": exchange([]),
    "the second of three pages": exchange(
        target=f"{VERSIONS}?page=2&per_page=1", headers=link(prev=1, next=3, last=3, first=1)
    ),
    "a deletion": exchange(method="DELETE", target=f"{VERSIONS}/1", status=204, raw=b""),
    "a refused deletion": exchange({"message": "no"}, method="DELETE", target=f"{VERSIONS}/1", status=400),
    "a limit": exchange({"message": "no", "documentation_url": "https://docs.github.com"}, status=429),
    "a proxy's page": exchange(status=502, raw=b"<html>", headers={"content-type": "text/html"}),
    "no such route": exchange({"message": "Not Found"}, target="/nowhere", status=404),
}

BAD = {
    "a missing property": (exchange([{"id": 1}]), "'name' is a required property"),
    "a null that may not be": (exchange([{**VERSION, "name": None}]), "None"),
    "a text for a number": (exchange([{**VERSION, "id": "1"}]), "is not of type 'integer'"),
    "a time in another format": (exchange([{**VERSION, "created_at": "yesterday"}]), "is not a 'date-time'"),
    "an unknown word": (exchange([{**VERSION, "metadata": {"package_type": "oci"}}]), "is not one of"),
    "an invented property": (exchange([{**VERSION, "digest": "x"}]), "[0].digest, which GitHub does not describe"),
    "an invented property deep down": (
        exchange([{**VERSION, "metadata": {"package_type": "container", "container": {"tags": [], "size": 1}}}]),
        "metadata.container.size",
    ),
    "one object for a list": (exchange(VERSION), "is not of type 'array'"),
    "no JSON": (exchange(raw=b"{"), "is not JSON"),
    "another content type": (exchange(headers={"content-type": "text/plain"}), "content type 'text/plain'"),
    "a body on 204": (exchange(method="DELETE", target=f"{VERSIONS}/1", status=204), "on 204"),
    "a status that is nowhere": (exchange({"message": "tea"}, status=418), "418"),
    "a refusal of another operation": (exchange({"message": "no"}, status=400), "400"),
    "an error of another shape": (exchange({"error": "no"}, status=404), "error, which GitHub does not describe"),
    "no such operation": (exchange(target="/orgs/llm-d/images"), "no such operation"),
    "a name in two path elements": (
        exchange(target="/orgs/llm-d/packages/container/llm-d/gateway/versions"),
        "no such operation",
    ),
    "an invented parameter": (exchange(target=f"{VERSIONS}?order=asc"), "'order' is not described"),
    "an unknown state": (exchange(target=f"{VERSIONS}?state=gone"), "'state'"),
    "a body with a GET": (exchange(sent=b"{}"), "a request body where none is described"),
    "more entries than asked for": (exchange([VERSION] * 3, target=f"{VERSIONS}?per_page=2"), "3 entries"),
    "more than a page holds": (exchange([VERSION] * 31), "31 entries on a page of 30"),
    "a page skipped": (exchange(headers=link(next=3, last=3)), "names page 3, not 2"),
    "a next without a last": (exchange(headers=link(next=2)), "next comes with last"),
    "a Link of another form": (exchange(headers={"link": "</x>; rel=next"}), "Link header has"),
    "a Link to another path": (
        exchange(headers={"link": '<https://a/b?page=2>; rel="next", <https://a/b?page=2>; rel="last"'}),
        "another path",
    ),
    "no count of requests left": (exchange(headers={"x-ratelimit-remaining": ""}), "x-ratelimit-remaining"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_github_could_have_sent_passes(name: str) -> None:
    assert Description.load().faults(GOOD[name]) == []


@pytest.mark.parametrize("name", BAD)
def test_a_corrupted_exchange_is_told(name: str) -> None:
    corrupted, told = BAD[name]
    found = Description.load().faults(corrupted)
    assert [fault for fault in found if told in fault], found


def test_an_answer_without_request_id_is_told() -> None:
    headers = {name: value for name, value in HEADERS.items() if name != "x-github-request-id"}
    bare = Exchange("GET", VERSIONS, b"", 200, headers, json.dumps([VERSION]).encode())
    assert "X-GitHub-Request-Id" in Description.load().faults(bare)[0]


def test_a_path_with_a_fixed_end_is_not_taken_for_a_parameter() -> None:
    found = Description.load().find("GET", "/user/packages")
    assert found is not None
    assert found.name == "packages/list-packages-for-authenticated-user"


def test_a_ref_takes_slashes_and_a_name_does_not() -> None:
    pattern = Operation("GET", "/repos/{owner}/{repo}/git/ref/{ref}", {}).pattern
    assert pattern.fullmatch("/repos/llm-d/llm-d/git/ref/tags/v1")
    assert not pattern.fullmatch("/repos/llm-d/llm-d/more/git/ref/tags/v1")


def test_every_allowance_says_where_it_can_be_seen() -> None:
    reasons = [*(each.reason for each in ALLOWANCES), *(each.reason for each in OMISSIONS)]
    assert [reason for reason in reasons if "https://" not in reason] == []
