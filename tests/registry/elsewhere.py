"""Docker Hub and quay.io as their documentation and issues describe them, in front of the simulator's packages.

What they store is the simulator's business; here are their addresses, logins, limits and refusals. Nobody has compared
them with the real ones.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import urllib3
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from tests.floating.shipped import TOKEN, Project

from release_actions.simulator.storage import on_another_host

SECRET = "the-robots-secret"


class Elsewhere(BaseAdapter):
    """A registry at an address of its own. `sent`: every request as (method, address, authorization)."""

    host = ""
    realm = ""
    service = ""
    user = ""

    def __init__(self, project: Project) -> None:
        super().__init__()
        session = Session()
        project.simulator.mount(session)
        self._project = project
        self._behind = session.get_adapter(f"{project.simulator.registry_url}/")
        self._storage = session.get_adapter(f"{project.simulator.api_url}/")
        self._build = HTTPAdapter().build_response
        self.sent: list[tuple[str, str, str]] = []

    def mount(self, session: Session) -> None:
        session.mount(f"https://{self.host}/", self)
        session.mount(f"https://{urlsplit(self.realm).hostname}/", self)
        session.mount(f"https://storage.{self.host}/", self)

    def close(self) -> None:
        """Nothing is open."""

    def send(self, request: PreparedRequest, *_args: Any, **_options: Any) -> Response:
        authorization = request.headers.get("Authorization", "")
        self.sent.append((request.method or "", request.url or "", authorization))
        url = urlsplit(request.url or "")
        if f"https://{url.hostname}{url.path}" == self.realm:
            return self.give_token(request, parse_qs(url.query)["scope"])
        if url.hostname == f"storage.{self.host}":
            request.url = (request.url or "").replace(f"https://{url.hostname}", self._project.simulator.api_url)
            return self._storage.send(request)
        assert url.hostname == self.host
        name = re.sub(r"^/v2/(.*)/(tags|manifests|blobs)/.*$", r"\1", url.path)
        allowed = authorization.removeprefix("Bearer ").split("|")
        right = "push" if request.method in {"PUT", "POST", "DELETE"} else "pull"
        if f"{name}:{right}" not in allowed or self._project.world.package(self.stored(name)) is None:
            more = ',error="insufficient_scope"' if authorization else ""
            scope = f"repository:{name}:{right}"
            challenge = f'Bearer realm="{self.realm}",service="{self.service}",scope="{scope}"{more}'
            return self.answer(request, 401, {"errors": [{"code": "UNAUTHORIZED"}]}, {"WWW-Authenticate": challenge})
        refusal = self.refusal(request, parse_qs(url.query))
        # An answer that refuses is false.
        return refusal if refusal is not None else self.forward(request, name)

    def give_token(self, request: PreparedRequest, scopes: list[str]) -> Response:
        wanted = "Basic " + base64.b64encode(f"{self.user}:{SECRET}".encode()).decode()
        if request.headers.get("Authorization") != wanted:
            return self.answer(request, 401, {"details": "incorrect username or password"})
        rights = [
            f"{name}:{right}"
            for scope in scopes
            for _, name, actions in [scope.split(":")]
            for right in actions.split(",")
        ]
        return self.answer(request, 200, {"token": "|".join(rights), "expires_in": 300})

    def stored(self, name: str) -> str:
        """What the simulator calls a repository."""
        return name

    def refusal(self, request: PreparedRequest, query: Mapping[str, list[str]]) -> Response | None:
        """What the registry refuses that others do."""
        raise NotImplementedError

    def forward(self, request: PreparedRequest, name: str) -> Response:
        behind = request.copy()
        path = (request.url or "").partition(self.host)[2].replace(f"/v2/{name}/", f"/v2/{self.stored(name)}/", 1)
        behind.url = self._project.simulator.registry_url + path
        behind.headers["Authorization"] = "Bearer " + base64.b64encode(TOKEN.encode()).decode()
        answer = self._behind.send(behind)
        answer.url = request.url or ""
        if "Location" in answer.headers:
            place = answer.headers["Location"].removeprefix(on_another_host(self._project.simulator.api_url))
            answer.headers["Location"] = f"https://storage.{self.host}{place}"
        if "Link" in answer.headers:
            answer.headers["Link"] = answer.headers["Link"].replace(self.stored(name), name)
        return answer

    def answer(
        self, request: PreparedRequest, status: int, body: Any, headers: Mapping[str, str] | None = None
    ) -> Response:
        content = json.dumps(body).encode()
        made = urllib3.HTTPResponse(
            io.BytesIO(content if request.method != "HEAD" else b""),
            {"Content-Type": "application/json", **(headers or {})},
            status,
            preload_content=False,
            request_method=request.method,
        )
        return self._build(request, made)


class DockerHub(Elsewhere):
    """Logs in at another host, counts each GET of a manifest as a pull, deletes nothing."""

    host = "registry-1.docker.io"
    realm = "https://auth.docker.io/token"
    service = "registry.docker.io"
    user = "llmd"

    def __init__(self, project: Project, pulls: int = 100) -> None:
        super().__init__(project)
        self.pulls = pulls

    def stored(self, name: str) -> str:
        return name.replace("library/", "llm-d/", 1)

    def refusal(self, request: PreparedRequest, query: Mapping[str, list[str]]) -> Response | None:
        if request.method == "DELETE":
            return self.answer(request, 405, {"errors": [{"code": "UNSUPPORTED"}]})
        if request.method == "GET" and "/manifests/" in (request.url or ""):
            if self.pulls == 0:
                error = {"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}
                return self.answer(request, 429, {"errors": [error]})
            self.pulls -= 1
        return None

    def forward(self, request: PreparedRequest, name: str) -> Response:
        answer = super().forward(request, name)
        if "/manifests/" in (request.url or ""):
            answer.headers["ratelimit-limit"] = "100;w=21600"
            answer.headers["ratelimit-remaining"] = f"{self.pulls};w=21600"
            answer.headers["docker-ratelimit-source"] = "192.0.2.7"
        return answer


class Quay(Elsewhere):
    """Logs in by a robot's name, lists at most 100 tags at once, and answers old clients with another manifest."""

    host = "quay.io"
    realm = "https://quay.io/v2/auth"
    service = "quay.io"
    user = "llm-d+releases"

    def refusal(self, request: PreparedRequest, query: Mapping[str, list[str]]) -> Response | None:
        if int(query.get("n", ["50"])[0]) > 100:
            return self.answer(request, 413, {"errors": [{"code": "TOO_MANY_TAGS_REQUESTED"}]})
        accepted = request.headers.get("Accept", "")
        old = "application/vnd.docker.distribution.manifest.v1+prettyjws"
        if "/manifests/" in (request.url or "") and request.method == "GET" and "oci.image.index" not in accepted:
            return self.answer(request, 200, {"schemaVersion": 1}, {"Content-Type": old})
        return None
