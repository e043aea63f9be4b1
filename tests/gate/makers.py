"""Reports as checks write them, made without the package's own envelope."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from typing import Any

TAG, COMMIT, OTHER_COMMIT = "v0.5.0", "a" * 40, "b" * 40
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=timezone.utc)
REPOSITORY = "acme/web"
RUN = {"repository": REPOSITORY, "workflow": "Audit", "id": "77", "attempt": 1, "url": "https://github.com/x/77"}


def document(**more: Any) -> dict[str, Any]:
    """A report that passes."""
    return {
        "report": "branch-audit",
        "schema-version": 1,
        "verdict": "pass",
        "tag": TAG,
        "commit": COMMIT,
        "as-of": "2026-05-04T11:00:00Z",
        "configuration": "",
        "run": RUN,
        "findings": [],
        **more,
    }


def finding(
    level: str = "error", rule: str = "feature", message: str = "A feature is on the branch."
) -> dict[str, Any]:
    """A finding of a report."""
    return {"rule": rule, "level": level, "message": message, "hint": "", "place": None}


def approval(who: str, role: str = "release-leader", review: str = "9001") -> dict[str, str]:
    """An approval in a report."""
    return {"who": who, "role": role, "at": "2026-05-03T08:00:00Z", "review": review}


def content(**more: Any) -> bytes:
    """The bytes of a report."""
    return json.dumps(document(**more)).encode()


def digest(data: bytes) -> str:
    """The digest that a job gives of a report."""
    return "sha256:" + hashlib.sha256(data).hexdigest()
