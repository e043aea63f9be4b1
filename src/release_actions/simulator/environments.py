"""Environments of a repository with who has to approve, and who approved which run. No HTTP in it.

GitHub creates an environment without any rule when a job names one that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Environment:
    """An environment. `reviewers`: logins of those of whom one has to approve; `wait_minutes`: 0 for no timer."""

    id: int
    name: str
    created: datetime
    reviewers: tuple[str, ...] = ()
    prevents_self_review: bool = False
    wait_minutes: int = 0


@dataclass(frozen=True)
class Review:
    """What a reviewer said of a run. `state` is `approved` or `rejected`."""

    environment: Environment
    state: str
    reviewer: str
    comment: str = ""
