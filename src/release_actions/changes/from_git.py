"""A commit of the checkout as changes know it: with an account instead of an address, and a date."""

from __future__ import annotations

from datetime import datetime, timezone

from release_actions.changes.authors import author_of
from release_actions.changes.model import HistoryCommit
from release_actions.git.history import CommitRecord


def make_commit(record: CommitRecord) -> HistoryCommit:
    """The commit, its date in UTC."""
    moment = datetime.fromtimestamp(record.time, timezone.utc)
    return HistoryCommit(record.sha, record.message, record.parents, author_of(record.name, record.email), moment)
