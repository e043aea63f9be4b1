"""The registries of one run, each asked with a login of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from release_actions.registry.client import Registry


@dataclass(frozen=True)
class Registries:
    """Host, as image names begin with it -> its client. May be shared by threads."""

    clients: Mapping[str, Registry]

    def of(self, host: str) -> Registry:
        """The client of a registry. Raises `KeyError` for one that the run did not ask for."""
        return self.clients[host]
