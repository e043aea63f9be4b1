"""A client for the simulator's tests: plain requests, each with the token it names."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import requests

from release_actions.simulator import Image, InProcess, Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Manifest

ADA = "ghp_ada"
"""A classic token of an owner of llm-d, with every scope."""
BOB = "ghp_bob"
"""A classic token of a member of llm-d who owns nothing."""
EVE = "ghp_eve"
"""A classic token of somebody who is nobody to llm-d."""
READER = "ghp_reader"
"""A classic token of the same owner with read:packages alone."""
SCOPELESS = "ghp_scopeless"
"""A classic token of the same owner without scopes."""
JOB = "ghs_job"
"""The GITHUB_TOKEN of a job of llm-d/llm-d that may write."""
JOB_READING = "ghs_reading"
"""The same of a job that may only read."""
OTHER_JOB = "ghs_other"
"""The GITHUB_TOKEN of a job of another repository of llm-d that may write."""

PACKAGE = "llm-d/llm-d-cuda"
VERSIONS = "/orgs/llm-d/packages/container/llm-d-cuda/versions"
EVERYTHING = f"{OCI_INDEX}, {OCI_MANIFEST}, {DOCKER_LIST}, {DOCKER_MANIFEST}"
PLATFORMS = ("linux/amd64", "linux/arm64")


def new_world() -> World:
    """llm-d with an empty public package, people and tokens."""
    world = World()
    for login in ("ada", "bob", "eve"):
        world.add_account(login)
    world.add_account("llm-d", organization=True, members={"ada": "admin", "bob": "member"})
    scopes = ("repo", "write:packages", "delete:packages")
    world.add_token(ADA, login="ada", scopes=scopes)
    world.add_token(BOB, login="bob", scopes=scopes)
    world.add_token(EVE, login="eve", scopes=scopes)
    world.add_token(READER, login="ada", scopes=("read:packages",))
    world.add_token(SCOPELESS, login="ada")
    writes = {"contents": "write", "packages": "write", "pull-requests": "read", "issues": "read"}
    reads = {"contents": "read", "packages": "read"}
    world.add_repository("llm-d/llm-d")
    world.add_repository("llm-d/other")
    world.add_token(JOB, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=writes)
    world.add_token(JOB_READING, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=reads)
    world.add_token(OTHER_JOB, TokenKind.ACTIONS, repository="llm-d/other", permissions=writes)
    world.add_package(PACKAGE, visibility="public", repository="llm-d/llm-d")
    return world


def multi(seed: str, **options: Any) -> Image:
    """An image of two platforms."""
    return build_image(PLATFORMS, seed=seed, **options)


class Caller:
    """Requests to a simulator, over whatever transport. A token of None sends no Authorization."""

    def __init__(self, simulator: InProcess | Simulator) -> None:
        self.simulator = simulator
        self.world = simulator.world
        self.session = requests.Session()
        self.session.trust_env = False
        if isinstance(simulator, InProcess):
            simulator.mount(self.session)

    def rest(self, method: str, path: str, token: str | None = ADA, **options: Any) -> requests.Response:
        """A request to the REST API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = urljoin(self.simulator.api_url, path)
        return self.session.request(method, url, headers=headers, timeout=10, **options)

    def registry(
        self,
        method: str,
        path: str,
        token: str | None = ADA,
        *,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """A request to the registry, with the token in GHCR's short form."""
        sent = {"Accept": EVERYTHING, **(headers or {})}
        if token:
            sent["Authorization"] = f"Bearer {base64.b64encode(token.encode()).decode()}"
        url = urljoin(self.simulator.registry_url, path)
        return self.session.request(method, url, headers=sent, timeout=10, **options)

    def bearer(self, scope: str = f"repository:{PACKAGE}:pull", token: str | None = None) -> str:
        """A token of the registry's token endpoint."""
        auth = ("anybody", token) if token else None
        url = urljoin(self.simulator.registry_url, "/token")
        answer = self.session.get(url, params={"scope": scope}, auth=auth, timeout=10)
        answer.raise_for_status()
        return str(answer.json()["token"])

    def with_bearer(self, method: str, path: str, bearer: str, **options: Any) -> requests.Response:
        """A request to the registry with a token of its token endpoint."""
        headers = {"Authorization": f"Bearer {bearer}", "Accept": EVERYTHING}
        url = urljoin(self.simulator.registry_url, path)
        return self.session.request(method, url, headers=headers, timeout=10, **options)

    def put(self, reference: str, manifest: Manifest, *, package: str = PACKAGE, token: str = ADA) -> requests.Response:
        """Push a manifest."""
        headers = {"Content-Type": manifest.media_type}
        path = f"/v2/{package}/manifests/{reference}"
        return self.registry("PUT", path, token, headers=headers, data=manifest.body)

    def upload(self, content: bytes, digest: str, *, package: str = PACKAGE, token: str = ADA) -> requests.Response:
        """Push a blob, in two requests."""
        began = self.registry("POST", f"/v2/{package}/blobs/uploads/", token)
        began.raise_for_status()
        place = f"{began.headers['Location']}?digest={digest}"
        return self.registry("PUT", place, token, data=content)

    def push(self, image: Image, *tags: str, package: str = PACKAGE, token: str = ADA) -> None:
        """Push a whole image as a client does."""
        for digest, content in image.blobs.items():
            self.upload(content, digest, package=package, token=token).raise_for_status()
        for manifest in image.manifests:
            self.put(manifest.digest, manifest, package=package, token=token).raise_for_status()
        for tag in tags:
            self.put(tag, image.root, package=package, token=token).raise_for_status()

    def versions(self, token: str | None = ADA, **params: Any) -> list[dict[str, Any]]:
        """The first page of the package's versions."""
        answer = self.rest("GET", VERSIONS, token, params=params)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found


def codes(answer: requests.Response) -> list[str]:
    """The error codes of a registry's answer."""
    return [error["code"] for error in answer.json()["errors"]]
