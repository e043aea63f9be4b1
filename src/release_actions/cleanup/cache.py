"""Manifests that were read before, kept in a folder by digest: they never change, and each reading of one counts.

A caller may keep the folder between runs, for example with actions/cache. Whatever is read from it is hashed and
compared with its name, so that a folder that somebody else filled can cost time but never decide anything. A manifest
that is here may be gone from the registry: this module must never be asked what is there.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from release_actions.errors import InputError
from release_actions.registry.client import Manifest
from release_actions.registry.media_types import MEDIA_TYPES
from release_actions.registry.names import Digest, digest_of

DAY = 86400.0
UNUSED = 30 * DAY
"""Seconds after which a manifest that no run asked for is dropped."""

MOST = 50_000
"""Manifests that are kept at most; those that were not asked for the longest go first."""


@dataclass(frozen=True)
class Cache:
    """A folder of manifests. A file has the media type in its first line, and then the exact bytes."""

    folder: Path

    def get(self, digest: str) -> Manifest | None:
        """A manifest, proven by its digest; None when there is none that is what its name says."""
        file = self._file(digest)
        try:
            kind, _, body = file.read_bytes().partition(b"\n")
        except OSError:
            return None
        media_type = kind.decode(errors="replace")
        if media_type not in MEDIA_TYPES or digest_of(body, digest.partition(":")[0]) != digest:
            return None
        with contextlib.suppress(OSError):
            # When it was last asked for. Not at every time: what changes a folder makes a new archive of it.
            if time.time() - file.stat().st_mtime > DAY:
                os.utime(file)
        return Manifest(body, media_type, Digest(digest))

    def put(self, manifest: Manifest) -> None:
        """Keep a manifest. A folder that cannot be written is left as it is: the next run reads again."""
        file = self._file(manifest.digest)
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as draft:
                draft.write(manifest.media_type.encode() + b"\n" + manifest.body)
            os.replace(draft.name, file)  # noqa: PTH105  # the same as Path.replace, with a name at hand

    def drop(self, digests: Iterable[str]) -> None:
        """Forget manifests: nobody will ask for them again."""
        for digest in digests:
            with contextlib.suppress(OSError):
                self._file(digest).unlink()

    def prune(self) -> None:
        """Forget what was not asked for in a long time, and the oldest of too many."""
        files: list[tuple[float, Path]] = []
        with contextlib.suppress(OSError):
            # Two folders deep, as `_file` puts them: nothing else in the folder is touched.
            files += [(file.stat().st_mtime, file) for file in self.folder.glob("sha*/??/*")]
        files.sort(reverse=True)
        oldest = time.time() - UNUSED
        for place, (used, file) in enumerate(files):
            if place >= MOST or used < oldest:
                with contextlib.suppress(OSError):
                    file.unlink()

    def _file(self, digest: str) -> Path:
        algorithm, _, name = digest.partition(":")
        return self.folder / algorithm / name[:2] / name


def open_cache(folder: str) -> Cache | None:
    """The cache in a folder that the caller names; None without a name. Raises `InputError` for a file."""
    if not folder:
        return None
    if Path(folder).exists() and not Path(folder).is_dir():
        message = f"The manifest cache {folder} is not a folder."
        raise InputError(message, hint="Set manifest-cache to a folder, or to one that is to be made.")
    return Cache(Path(folder))
