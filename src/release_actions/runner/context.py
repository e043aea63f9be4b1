"""What an action knows of its run: repository, event, addresses, time. Read once at the edge, then passed on.

On GitHub the values come from the runner's variables. By hand each has a flag of the same meaning, so that every
decision can be tried on a laptop. This module must never reach the network.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from release_actions.errors import InputError

GHCR = "ghcr.io"
LOOPBACK = r"(localhost|127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?"
"""A registry on this machine, which is spoken to over http."""
TAG_REF = "refs/tags/"
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
"""A whole commit id, of either of git's hashes."""

VARIABLES = {
    "repository": "GITHUB_REPOSITORY",
    "event-name": "GITHUB_EVENT_NAME",
    "event-path": "GITHUB_EVENT_PATH",
    "ref": "GITHUB_REF",
    "sha": "GITHUB_SHA",
    "api-url": "GITHUB_API_URL",
    "server-url": "GITHUB_SERVER_URL",
    "registry-url": "RELEASE_ACTIONS_REGISTRY_URL",
    "workspace": "GITHUB_WORKSPACE",
    "now": "RELEASE_ACTIONS_NOW",
}
"""Flag (without the dashes) -> the variable it stands for."""

DESCRIPTIONS = {
    "repository": "owner/name of the repository that releases; by hand, what release.yaml says",
    "event-name": "name of the event that started the run, for example push",
    "event-path": "file with the event's payload",
    "ref": "full git ref of the run, for example refs/tags/v1.2.3",
    "sha": "commit of the run",
    "api-url": "GitHub's REST API; of an Enterprise Server https://HOST/api/v3",
    "server-url": "GitHub's web address",
    "registry-url": "registry to talk to in place of the one in release.yaml; http:// on loopback only",
    "workspace": "folder that relative paths are taken from",
    "now": "time to decide by, in place of the clock: 2026-02-03T09:00:00Z",
}


@dataclass(frozen=True)
class Context:
    """The run. Texts are empty when not known. `environ` is the whole environment, for names not listed here."""

    repository: str = ""
    event_name: str = ""
    event_path: str = ""
    ref: str = ""
    sha: str = ""
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    registry_url: str = ""
    workspace: Path = Path()
    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    environ: Mapping[str, str] = field(default_factory=dict)

    @property
    def attempt(self) -> int:
        """Which attempt of the run this is, from 1."""
        text = self.environ.get("GITHUB_RUN_ATTEMPT", "")
        return int(text) if text.isdecimal() else 1

    @classmethod
    def read(cls, environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> Context:
        """From the environment, each value overridden by its flag. Raises `InputError` for a malformed time."""
        given = {name: (flags or {}).get(name) or environ.get(variable, "") for name, variable in VARIABLES.items()}
        known: dict[str, Any] = {name.replace("-", "_"): value for name, value in given.items() if value}
        for url in ("api_url", "server_url", "registry_url"):
            if url in known:
                known[url] = known[url].rstrip("/")
        if "workspace" in known:
            known["workspace"] = Path(known["workspace"])
        if "now" in known:
            known["now"] = parse_time(known["now"])
        return cls(**known, environ=environ)

    @property
    def owner(self) -> str:
        """The account part of `repository`."""
        return self.repository.partition("/")[0]

    def is_github_registry(self, host: str) -> bool:
        """Whether a registry is GitHub's own, so that a token of GitHub's may go there.

        It is GHCR, or the container registry of this run's server. A registry that was named by hand is trusted.
        """
        server = self.server_url.partition("://")[2]
        return host == GHCR or host.endswith(f".{server}") or bool(self.find_registry_url(host))

    def find_registry_url(self, host: str) -> str:
        """The address that was named by hand for a registry; empty where it is asked at its own.

        One on this machine is never replaced: it is there already, and may be another one than the replacement.
        """
        return "" if re.fullmatch(LOOPBACK, host) else self.registry_url

    @functools.cached_property
    def event(self) -> Mapping[str, Any]:
        """The event's payload; empty without an event file. Raises `InputError` if it is not a JSON object."""
        if not self.event_path:
            return {}
        try:
            payload = json.loads(Path(self.event_path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            message = f"The event payload {self.event_path} could not be read: {error}."
            raise InputError(message, hint="Pass a JSON file with --event-path.") from error
        if not isinstance(payload, dict):
            message = f"The event payload {self.event_path} is not a JSON object."
            raise InputError(message, hint="Pass the payload as GitHub writes it to GITHUB_EVENT_PATH.")
        return payload

    def path(self, name: str) -> Path:
        """A file the user named, relative to the workspace."""
        return self.workspace / name


def parse_time(value: str) -> datetime:
    """An RFC 3339 time in UTC, as GitHub writes it. Raises `InputError`."""
    try:
        moment = datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError as error:
        message = f"{value!r} is not a time."
        raise InputError(message, hint="Write it as 2026-02-03T09:00:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
