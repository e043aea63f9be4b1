"""What a run of the clean-up tells the next one, in the folder of the manifest cache: GitHub keeps no record of it.

GHCR's dates say when a digest was pushed first, and neither when a tag was set or taken nor when the digest was pushed
again. So a run notes since when it has seen a version without a tag, and what it deleted. A folder that somebody else
filled can only make versions count as younger, or bring back what a kept image lists: this module must never let it
make anything look older than its date, or select anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from release_actions.cleanup.selection import Version

FORM = "ghcr-cleanup-memory-1"

RESTORABLE = timedelta(days=30)
"""How long GitHub keeps a deleted version."""


@dataclass(frozen=True)
class Memory:
    """What is known of one package from earlier runs.

    `seen`: when the last run read the package; None when none did. `untagged`: digest -> the first run that saw the
    version without a tag. `deleted`: digest -> when a run deleted the version.
    """

    seen: datetime | None = None
    untagged: Mapping[str, datetime] = field(default_factory=dict)
    deleted: Mapping[str, datetime] = field(default_factory=dict)

    def untagged_since(self, versions: Iterable[Version], now: datetime) -> dict[str, datetime]:
        """Digest -> the first run that saw the version without a tag, of versions that have none now.

        Nothing where no earlier run read the package: then the date of a version is all that is known.
        """
        if self.seen is None:
            return {}
        return {version.digest: self.untagged.get(version.digest, now) for version in versions if not version.tags}

    def deleted_since(self, moment: datetime) -> frozenset[str]:
        """Digests of versions that runs deleted at this moment or later."""
        return frozenset(digest for digest, time in self.deleted.items() if time >= moment)


def read(folder: Path | None, package: str) -> Memory:
    """The memory of a package; an empty one where there is none, or one that cannot be read."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if folder is not None:
            document = json.loads(_file(folder, package).read_text(encoding="utf-8"))
            if document["form"] == FORM and document["package"] == package:
                times = _parse_times(document["untagged"]), _parse_times(document["deleted"])
                return Memory(_parse_time(document["seen"]), *times)
    return Memory()


def write(folder: Path | None, package: str, memory: Memory, now: datetime) -> None:
    """Keep a memory. Where it cannot be written, the next run knows less."""
    if folder is None or memory.seen is None:
        return
    deleted = {digest: time for digest, time in memory.deleted.items() if now - time < RESTORABLE}
    document = {
        "form": FORM,
        "package": package,
        "seen": memory.seen.isoformat(),
        "untagged": {digest: time.isoformat() for digest, time in memory.untagged.items()},
        "deleted": {digest: time.isoformat() for digest, time in deleted.items()},
    }
    file = _file(folder, package)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(file.name + ".part")
        draft.write_text(json.dumps(document), encoding="utf-8")
        draft.replace(file)


def _file(folder: Path, package: str) -> Path:
    return folder / "memory" / f"{hashlib.sha256(package.encode()).hexdigest()}.json"


def _parse_times(document: Any) -> dict[str, datetime]:
    return {str(digest): _parse_time(text) for digest, text in document.items()}


def _parse_time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError
    return time
