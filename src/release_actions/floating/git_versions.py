"""The versions in git, as a run over several packages needs them: listed again, and asked about one by one."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from release_actions.versions.version import Version


class GitVersions:
    """The versions in git, listed again where a decision needs newer ones. May be shared by threads.

    Somebody may tag and publish a release while this runs: judged by an older list, its image would not count, and its
    floating tags would be moved away from it. `again` lists once more; None where the list was given by hand.
    `confirm` asks about the tag of one version alone, since a list of all may lag behind a push. `announced`: the
    versions that GitHub has a release of. `commit` tells the commit of a version's tag, empty where
    nobody knows; None where images are not compared with it.
    """

    def __init__(
        self,
        first: tuple[Version, ...],
        again: Callable[[], tuple[Version, ...]] | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        announced: tuple[Version, ...] = (),
        commit: Callable[[Version], str] | None = None,
        confirm: Callable[[Version], bool] | None = None,
    ) -> None:
        self._versions = first
        self._again = again
        self._read = clock()
        self._lock = threading.Lock()
        self.clock = clock
        self.announced = announced
        self.commit = commit
        self._confirm = confirm
        self._confirmed: set[Version] = set()

    def since(self, moment: float) -> tuple[Version, ...]:
        """What git has, from a list that was begun after a moment of `clock`."""
        with self._lock:
            if self._again and self._read < moment:
                began = self.clock()
                self._versions = self._again()
                self._read = began
            return self._versions

    def has_release(self, version: Version) -> bool:
        """Whether git has the tag of a version, or GitHub a release of it. Raises `RemoteError`."""
        return version in {*self.since(-math.inf), *self.announced} or self.confirm(version)

    def confirm(self, version: Version) -> bool:
        """Whether git has the tag of a version that the list lacks. False where the list was given by hand."""
        with self._lock:
            if self._confirm is None:
                return False
            if version not in self._confirmed and self._confirm(version):
                self._confirmed.add(version)
            return version in self._confirmed
