"""The three origins over one world, before any transport: three WSGI applications, one log, one set of faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from release_actions.simulator import admin, storage
from release_actions.simulator.faults import Fault, Faults
from release_actions.simulator.ghcr import Ghcr
from release_actions.simulator.github.rest import Rest, Uploads
from release_actions.simulator.origin import Origin
from release_actions.simulator.request_log import RequestLog
from release_actions.simulator.world import World


class Service:
    """GitHub and GHCR as applications. `requests` is the log, `faults` may be added to at any time."""

    def __init__(
        self,
        world: World,
        *,
        faults: Iterable[Fault] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.world = world
        self.requests = RequestLog()
        self.faults = Faults(faults)
        own = admin.routes(self.requests)
        self.api = Origin(world, Rest(), self.faults, self.requests, own, sleep=sleep)
        self.registry = Origin(world, Ghcr(), self.faults, self.requests, own, sleep=sleep)
        self.uploads = Origin(world, Uploads(), self.faults, self.requests, own, sleep=sleep)

    def reached_at(self, api: str, registry: str, uploads: str) -> None:
        """Tell the origins where clients find them: each sends clients to another."""
        urls = {"api": api, "registry": registry, "uploads": uploads, "storage": storage.on_another_host(api)}
        self.api.urls = self.registry.urls = self.uploads.urls = urls
