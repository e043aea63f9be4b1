"""Sees a registry as a plain client does: lists tags and pulls what they name, down to the blobs.

The rehearsal judges the actions by what this finds, so it shares no code with them: it must never use the suite's own
registry client, image graph or version order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

MEDIA_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
OK = 200
NOT_FOUND = 404
ATTEMPTS = 6


@dataclass(frozen=True)
class Pulled:
    """What a tag gave: digest of its manifest, every manifest reached from it, platforms, and what was missing."""

    digest: str
    manifests: frozenset[str]
    platforms: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class RegistrySnapshot:
    """A registry at one moment: package -> tag -> what it pulls to."""

    packages: Mapping[str, Mapping[str, Pulled]] = field(default_factory=dict)

    def digests(self, package: str) -> dict[str, str]:
        """Tag -> digest of one package."""
        return {tag: pulled.digest for tag, pulled in self.packages.get(package, {}).items()}


class Client:
    """An anonymous or authenticated registry client for `repository` names like `owner/package`.

    `stale_reads`: how many reads of a tag may show what it named before a change. So many do not count.
    """

    def __init__(
        self, base_url: str, token: str, session: requests.Session | None = None, *, stale_reads: int = 0
    ) -> None:
        self._stale_reads = stale_reads
        self._base = base_url
        self._token = token
        self._session = session or requests.Session()
        # The registry is on this machine, where a proxy or a ~/.netrc of the environment has no say.
        self._session.trust_env = False
        self._bearers: dict[str, str] = {}
        self._blobs: set[tuple[str, str]] = set()

    def take_snapshot(self, packages: Iterable[str]) -> RegistrySnapshot:
        """Pull every tag of every package. A package that does not exist yet is left out."""
        seen = {}
        for package in packages:
            tags = self._tags(package)
            if tags is not None:
                cache: dict[str, dict[str, Any] | None] = {}
                seen[package] = {tag: self._pull(package, tag, cache) for tag in tags}
        return RegistrySnapshot(seen)

    def pull(self, package: str, tags: Iterable[str]) -> dict[str, Pulled]:
        """Pull some tags of a package."""
        cache: dict[str, dict[str, Any] | None] = {}
        return {tag: self._pull(package, tag, cache) for tag in tags}

    def readable(self, package: str, digest: str) -> bool:
        """Whether the registry still gives a manifest by digest."""
        return self._get(package, f"manifests/{digest}").status_code == OK

    def _tags(self, package: str) -> list[str] | None:
        listed: list[str] = []
        path = "tags/list?n=1000"
        while path:
            answer = self._get(package, path)
            if answer.status_code == NOT_FOUND:
                return None
            answer.raise_for_status()
            listed += answer.json()["tags"] or []
            following = answer.links.get("next", {}).get("url", "")
            path = "tags/list?" + following.partition("?")[2] if following else ""
        return sorted(set(listed))

    def _pull(self, package: str, tag: str, cache: dict[str, dict[str, Any] | None]) -> Pulled:
        for _ in range(self._stale_reads):
            self._get(package, f"manifests/{tag}", "HEAD")
        answer = self._get(package, f"manifests/{tag}")
        if answer.status_code != OK:
            return Pulled("", frozenset(), (), (f"tag {tag}: HTTP {answer.status_code}",))
        digest = answer.headers["Docker-Content-Digest"]
        cache[digest] = answer.json()
        reached: set[str] = set()
        missing: list[str] = []
        platforms: list[str] = []
        todo = [(digest, "")]
        while todo:
            current, platform = todo.pop()
            if current in reached:
                continue
            reached.add(current)
            if current not in cache:
                child = self._get(package, f"manifests/{current}")
                cache[current] = child.json() if child.status_code == OK else None
            manifest = cache[current]
            if manifest is None:
                missing.append(f"manifest {current}" + (f" ({platform})" if platform else ""))
            elif "manifests" in manifest:
                todo += [(child["digest"], platform_of(child)) for child in manifest["manifests"]]
            else:
                if platform:
                    platforms.append(platform)
                missing += self._missing_blobs(package, manifest)
        known = tuple(sorted(name for name in platforms if name != "unknown/unknown"))
        return Pulled(digest, frozenset(reached), known, tuple(sorted(missing)))

    def _missing_blobs(self, package: str, manifest: dict[str, Any]) -> list[str]:
        missing = []
        for blob in (manifest["config"], *manifest["layers"]):
            key = (package, blob["digest"])
            if key in self._blobs:
                continue
            if self._get(package, f"blobs/{blob['digest']}", "HEAD").status_code == OK:
                self._blobs.add(key)
            else:
                missing.append(f"blob {blob['digest']}")
        return missing

    def _get(self, package: str, path: str, method: str = "GET") -> requests.Response:
        """Ask with a bearer token, repeated when the registry is busy or the connection breaks."""
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            headers = {"Accept": ", ".join(MEDIA_TYPES), "Authorization": f"Bearer {self._bearer(package)}"}
            # Prepared here: what a session would add to a request, and to whom, takes it longer than the answer.
            request = requests.Request(method, f"{self._base}/v2/{package}/{path}", headers=headers).prepare()
            try:
                answer = self._session.send(request, timeout=30, proxies={})
            except requests.RequestException:
                if last:
                    raise
                continue
            if answer.status_code == requests.codes.unauthorized and not last:
                self._bearers.pop(package, None)
            elif answer.status_code not in {403, 429, 500, 502, 503, 504} or last:
                return answer
        raise AssertionError(path)

    def _bearer(self, package: str) -> str:
        if package not in self._bearers:
            params = {"service": "ghcr.io", "scope": f"repository:{package}:pull"}
            for attempt in range(ATTEMPTS):
                try:
                    answer = self._session.get(
                        f"{self._base}/token", params=params, auth=("rehearsal", self._token), timeout=30
                    )
                    answer.raise_for_status()
                    self._bearers[package] = json.loads(answer.text)["token"]
                    break
                except requests.RequestException:
                    if attempt == ATTEMPTS - 1:
                        raise
        return self._bearers[package]


def platform_of(descriptor: Mapping[str, Any]) -> str:
    """`os/arch[/variant]` of an index entry; empty without one."""
    platform = descriptor.get("platform") or {}
    return "/".join(str(platform[key]) for key in ("os", "architecture", "variant") if platform.get(key))
