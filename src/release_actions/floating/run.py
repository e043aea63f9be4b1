"""One run over the packages of a configuration: what it works with, and how it goes through them."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from release_actions.config import Config, Package
from release_actions.errors import RemoteError
from release_actions.floating.journal import Journal
from release_actions.floating.reconcile import Reconciler
from release_actions.floating.rules import FloatingRules
from release_actions.http.client import Http
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow

PACKAGES_AT_ONCE = 64
"""Packages that are worked on at the same time."""

T = TypeVar("T")


class Mode(str, enum.Enum):
    """What a run does."""

    CHECK = "check"
    ENFORCE = "enforce"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"


class OtherCommit(str, enum.Enum):
    """What an image means that was built from another commit than its git tag names."""

    ERROR = "error"
    WARN = "warn"
    OFF = "off"


@dataclass
class ProtectRun:
    """One run: what it covers, and what it works with.

    `together`: a release is promoted in all required images or in none. `git_tags`: git's floating tags follow.
    """

    mode: Mode
    config: Config
    packages: tuple[Package, ...]
    context: Context
    log: Workflow
    http: Http
    reconciler: Reconciler
    rules: FloatingRules
    stop: threading.Event
    token: str = field(default="", repr=False)
    together: bool = False
    git_tags: bool = False
    journals: dict[str, Journal] = field(default_factory=dict)

    def for_each(self, function: Callable[[Package], T], packages: Iterable[Package]) -> tuple[T, ...]:
        """Every package, all at once, in the order of the configuration."""
        with ThreadPoolExecutor(PACKAGES_AT_ONCE, thread_name_prefix="package") as pool:
            try:
                return tuple(pool.map(function, packages))
            except KeyboardInterrupt:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                for name, journal in sorted(self.journals.items()):
                    for change in journal.last.values():
                        tag = f"{name.partition(' ')[0]}:{change.tag}"
                        self.log.info(f"Before the run was stopped, {tag} was put on {change.after}.")
                raise

    def open_journal(self, package: Package, *, keeps_olds: bool = False) -> Journal:
        """A new journal of a package, which is reported even if the run is stopped."""
        journal = self.journals[package.label] = Journal(keeps_olds)
        return journal


def pause(stop: threading.Event, seconds: float) -> None:
    """Wait, unless the run is stopped. Raises `RemoteError` then: what was written is not known to stay."""
    if stop.wait(seconds):
        message = "The run was stopped by a signal before it could confirm the moved tags."
        raise RemoteError(message, hint="Run this again: it continues.")
