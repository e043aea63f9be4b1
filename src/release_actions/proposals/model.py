"""What is proposed, and what became of it."""

from __future__ import annotations

import enum
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

OWN_BRANCHES = "release-actions/"
"""What every branch that is made here begins with: nothing else is ever pushed to."""

WORKFLOWS = ".github/workflows/"
BODY_LENGTH = 60_000
"""Characters. GitHub takes 65,536 of a pull request's or issue's text."""

UNSAFE = re.compile(r"[^A-Za-z0-9._/-]+|\.{2,}|/{2,}|(?<=/)[.-]+|^[./-]+|[./]+$|\.lock(?=/|$)|@\{")


@dataclass(frozen=True)
class FileChange:
    """A file as it should be. `content` is None for one to delete; `submodule` is the commit of a submodule."""

    path: str
    content: bytes | None
    mode: str = "100644"
    submodule: str = ""


@dataclass(frozen=True)
class Signature:
    """Who wrote a change, and when."""

    name: str
    email: str
    date: datetime


@dataclass(frozen=True)
class ProposedCommit:
    """A commit on the one before it. Without an author it is by release-actions."""

    message: str
    changes: tuple[FileChange, ...]
    author: Signature | None = None


@dataclass(frozen=True)
class PullProposal:
    """A draft pull request into `base`, whose commits stand on `onto`, a commit of `base`. No commits: all is clean.

    `key` says what it is about, such as "version-audit/v0.6.0": there is one open pull request for each.
    """

    key: str
    base: str
    onto: str
    title: str
    body: str
    commits: tuple[ProposedCommit, ...] = ()

    @property
    def head(self) -> str:
        """The branch it comes from."""
        return name_branch(self.key)

    @property
    def digest(self) -> str:
        """What the change comes to: the same for the same files and words of commits, wherever they stand."""
        return digest_values(
            [commit.message, *([change.path, change.mode, sha_of(change)] for change in commit.changes)]
            for commit in self.commits
        )


@dataclass(frozen=True)
class IssueProposal:
    """An issue that is open as long as something is wrong. `label` tells it from issues of others."""

    key: str
    title: str
    body: str
    label: str
    is_clean: bool = False


class State(str, enum.Enum):
    """What became of a proposal."""

    OPENED = "opened"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NOTHING = "nothing"
    """All is clean, and there is nothing to close."""
    DECLINED = "declined"
    """A person closed the same proposal, which is not made again."""
    KEPT = "kept"
    """A person has changed the branch, which is not overwritten."""
    REFUSED = "refused"
    """GitHub said no. `notes` say why and what to do."""


@dataclass(frozen=True)
class Outcome:
    """What became of it. `number` is 0 and `url` empty where there is no pull request or issue."""

    state: State
    number: int = 0
    url: str = ""
    branch: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def is_done(self) -> bool:
        """Whether everything was done that could be."""
        return self.state is not State.REFUSED


def name_branch(key: str) -> str:
    """A branch for a key. Two keys that differ in what no branch may have differ in a suffix."""
    safe = UNSAFE.sub("-", key)[:120]
    suffix = "" if safe == key else f"-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    return f"{OWN_BRANCHES}{safe}{suffix}"


def touches_workflows(changes: Iterable[FileChange]) -> bool:
    """Whether a file of a workflow is among them, which a job's own token may never change."""
    return any(change.path.startswith(WORKFLOWS) for change in changes)


def sha_of(change: FileChange) -> str:
    """A digest of what a file holds; the commit of a submodule; empty for a deletion."""
    return change.submodule or ("" if change.content is None else hashlib.sha256(change.content).hexdigest())


def digest_values(values: Iterable[Any]) -> str:
    """A short digest of JSON values."""
    text = json.dumps([*values], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
