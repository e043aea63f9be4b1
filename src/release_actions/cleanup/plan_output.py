"""A plan of a clean-up as JSON, as one digest, and in a few words.

It must never make an output that does not pass between steps: a long plan is shortened, and says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from release_actions.cleanup.events import NotDeleted
from release_actions.cleanup.plan import Blocked, CleanupPlan, Strip
from release_actions.cleanup.selection import Version
from release_actions.runner.report import Output

PLAN_LENGTH = 200_000
"""Characters of the output `plan` before reasons, and then the list itself, are left out. All outputs of a job together
may have about 500,000."""

SHORTEST_ROW = 100
"""Characters that a version has in a plan at least: more than 70 are its digest."""

REFUSED_LENGTH = 60_000
"""Characters of the output `refused`. The log has all of it."""


def make_plan_output(plans: Sequence[CleanupPlan]) -> Output:
    """The plans as JSON: deletions and what blocks others. Shortened when it would not pass between steps."""
    plans_output: list[Output] = []
    rows = sum(len(plan.deletions) + len(plan.strips) + len(plan.blocked) for plan in plans)
    for detail in (2, 1, 0) if rows * SHORTEST_ROW <= PLAN_LENGTH else (0,):
        plans_output = [plan_of(plan, detail) for plan in plans]
        if len(json.dumps(plans_output)) <= PLAN_LENGTH:
            break
    return plans_output


def plan_of(plan: CleanupPlan, detail: int) -> dict[str, Output]:
    """One plan as JSON. `detail`: 2 with reasons, 1 without, 0 without the lists themselves."""
    deletions: list[Output] = []
    for deletion in plan.deletions if detail else ():
        item = make_row(deletion.version)
        if detail > 1:
            decision = plan.by_digest[deletion.version.digest]
            item |= {"rule": decision.rule, "reason": decision.reason}
        deletions.append(item)
    return {
        "package": plan.package,
        "digest": plan.digest,
        "versions": len(plan.decisions),
        "deletions": deletions,
        "deletions-count": len(plan.deletions),
        "untag": [make_tag_row(item, detail) for item in plan.strips] if detail else [],
        "untag-count": len(plan.strips),
        "blocked": [make_tag_row(item, detail) for item in plan.blocked] if detail else [],
        "blocked-count": len(plan.blocked),
        "freed-bytes": plan.freed_bytes,
        "freed-bytes-is-a-lower-bound": plan.unsized > 0,
        "freed-bytes-is-an-upper-bound": plan.unseen > 0,
        "shortened": detail < 2,  # noqa: PLR2004  # the level above
    }


def make_tag_row(item: Blocked | Strip, detail: int) -> dict[str, Output]:
    """A selected tag of a version that stays as JSON. Not with all other tags: hundreds may be on one version."""
    fields: dict[str, Output] = {"id": item.version.id, "digest": item.version.digest, "tag": item.tag}
    return fields | {"rule": item.rule, "because": item.because} if detail > 1 else fields


def make_refused_output(refused: Mapping[str, Sequence[NotDeleted]]) -> Output:
    """What GitHub refused to delete of each package as JSON, as much as fits."""
    rows: list[Output] = []
    length = 0
    for path, items in refused.items():
        for item in items:
            fields: dict[str, Output] = {"package": path, **make_row(item.version), "message": item.message}
            length += len(json.dumps(fields))
            if length > REFUSED_LENGTH:
                return rows
            rows.append(fields)
    return rows


def make_row(version: Version) -> dict[str, Output]:
    """A version as JSON."""
    return {"id": version.id, "digest": version.digest, "tags": list(version.tags)}


def digest_of(plans: Sequence[CleanupPlan]) -> str:
    """One digest of all plans; empty when there is none."""
    if not plans:
        return ""
    text = "\n".join(sorted(f"{plan.package} {plan.digest}" for plan in plans))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def describe_freed(plan: CleanupPlan, *, whole: bool = True) -> str:
    """How much a plan frees, for a person; `whole`: whether all of it is carried out."""
    amount = float(plan.freed_bytes)
    unit = "bytes"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:  # noqa: PLR2004  # of the unit before
            break
        amount, unit = amount / 1024, larger
    size = f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
    more = f", {plan.unsized} versions not measured" if plan.unsized else ""
    exact = plan.freed_bytes == 0 or (whole and not plan.unseen)
    bound = "" if exact else "about " if plan.unsized else "up to "
    return f"{bound}{size} freed{more}"


def reason_of(plan: CleanupPlan, version: Version) -> str:
    """Why a version goes or stays."""
    return plan.by_digest[version.digest].reason
