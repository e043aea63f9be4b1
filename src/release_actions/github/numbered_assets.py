"""A file that only grows, kept as files of a GitHub release: each holds what one writer added, under the next number.

GitHub has no precondition for an asset, and deleting one before its successor is uploaded loses it when the run is
killed in between. So nothing is ever replaced: of two writers of one number GitHub refuses the second, who reads again
and takes the next. This module must never delete a file.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus

from release_actions.errors import InputError, PartialError, RemoteError
from release_actions.github.assets import Assets
from release_actions.github.releases import Asset, Release, Releases

TRIES = 8
PAUSE_SECONDS = 0.5


class NumberedAssets:
    """A growing file of one release. Its parts are `NAME.000001`, `NAME.000002` and so on."""

    def __init__(
        self, releases: Releases, assets: Assets, tag: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._releases = releases
        self._assets = assets
        self._tag = tag
        self._sleep = sleep

    def read(self, name: str) -> bytes:
        """All that was added so far. Raises `RemoteError`, also for a part that is missing or not whole."""
        release = self._find_release()
        return self._join(release, list_parts(release, name), name)

    def change(self, name: str, edit: Callable[[bytes], bytes]) -> bytes:
        """Add what a function adds to the end of what it is given; it is asked again when somebody else was faster.

        Nothing is uploaded where it adds nothing. Raises `RemoteError` and `PartialError`.
        """
        for attempt in range(TRIES):
            release = self._find_release()
            parts = list_parts(release, name)
            before = self._join(release, parts, name)
            after = edit(before)
            if not after.startswith(before):
                message = "what was written is changed"
                raise ValueError(message)
            if after == before:
                return before
            try:
                self._assets.add(release, f"{name}.{len(parts) + 1:06}", after[len(before) :])
            except RemoteError as error:
                # Only a name that somebody else took is a reason to try again.
                if error.status != HTTPStatus.UNPROCESSABLE_ENTITY or len(self._list_again(name)) == len(parts):
                    raise
                self._sleep(PAUSE_SECONDS * (attempt + 1))
                continue
            return after
        words = f"{name} of the release {self._tag} was added to by others each of the {TRIES} times it was written."
        raise PartialError(words, done=0, total=1, hint="Run this step again.")

    def _list_again(self, name: str) -> dict[int, Asset]:
        return list_parts(self._find_release(), name)

    def _find_release(self) -> Release:
        """The release of the tag, a draft too. Raises `InputError` when there is none."""
        for release in self._releases.all():
            if release.tag == self._tag:
                return release
        message = f"{self._releases.repository} has no release {self._tag} that could keep its log."
        raise InputError(message, hint="Draft it first, or keep the log on a branch.")

    def _join(self, release: Release, parts: dict[int, Asset], name: str) -> bytes:
        return b"".join(self._read_parts(release, parts, name))

    def _read_parts(self, release: Release, parts: dict[int, Asset], name: str) -> Iterator[bytes]:
        for number in range(1, max(parts, default=0) + 1):
            asset = parts.get(number)
            if asset is None or not asset.whole:
                why = "is missing" if asset is None else "was not uploaded whole"
                message = f"Could not read {name} of the release {release.tag}: its part {number} {why}."
                hint = (
                    "Restore it."
                    if asset is None
                    else f"Delete {asset.name}, of which nothing was written, and repeat."
                )
                raise RemoteError(message, hint=hint)
            yield self._assets.content(release, asset)


def list_parts(release: Release, name: str) -> dict[int, Asset]:
    """The parts of a file by their number."""
    pattern = re.compile(rf"{re.escape(name)}\.([0-9]{{6}})")
    matches = ((pattern.fullmatch(asset.name), asset) for asset in release.assets)
    return {int(match[1]): asset for match, asset in matches if match}
