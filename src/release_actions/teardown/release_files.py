"""The files of draft releases that a teardown deletes: read before, kept in the undo file, and added again.

A draft's files, such as components.json, are small and nobody has downloaded them. It must never let a draft be deleted
whose files it does not hold completely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from release_actions.errors import RemoteError
from release_actions.github.assets import Assets
from release_actions.github.releases import Release

LARGEST_FILES = 10_000_000
"""Bytes of the files of all drafts together: they are in the undo file, which people upload as an artifact."""

SavedFiles = Mapping[int, Mapping[str, bytes]]
"""Id of a release -> name of a file -> its bytes."""


def save_files(releases: Iterable[Release], assets: Assets) -> SavedFiles:
    """The files of the drafts among releases. Raises `RemoteError` when they cannot all be kept."""
    saved: dict[int, dict[str, bytes]] = {}
    size = 0
    for release in releases:
        for asset in release.assets if release.draft else ():
            if not asset.whole:
                # GitHub shows nobody the content of an upload that broke off.
                continue
            content = assets.content(release, asset)
            size += len(content)
            if size > LARGEST_FILES:
                message = (
                    f"The files of draft releases are larger than {LARGEST_FILES} bytes together, which is more than "
                    f"the undo file keeps, {asset.name} of {release.tag} last. Nothing was changed."
                )
                raise RemoteError(message, hint="Delete the large files from the draft first, or the draft itself.")
            saved.setdefault(release.id, {})[asset.name] = content
    return saved


def add_files(release: Release, files: Mapping[str, bytes], assets: Assets) -> None:
    """Add the files that a release lacks. Raises `RemoteError`."""
    for name, content in files.items():
        if name not in release.files:
            assets.add(release, name, content)
