"""The issues and pull requests of a release whose train leaves, as a seed of a GitHub of its own.

A release has one feature that is done and one that is late. What people did until a day is there on that day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from release_actions.rehearsal.scenario_steps import Train
from release_actions.simulator import World
from release_actions.simulator.seed import world_from_dict

TOKEN = "ghs_rehearsal_train"  # noqa: S105  # opens nothing but the embedded GitHub
LEADER, MAINTAINER, AUTHOR, REVIEWER = "lea", "maya", "ada", "rita"
FREEZE_AGO, EXCEPTION_AGO, LANDED_AGO = timedelta(days=4), timedelta(days=2), timedelta(days=1, hours=12)
"""How long before the step these things happened."""

TRACKING, DONE, DONE_BY, LATE, LATE_BY = 1, 2, 3, 4, 5
"""Numbers: the tracking issue, the two features, and the pull requests that bring them."""

LABEL, FEATURE, EXCEPTION = "release/train", "kind/feature", "release/exception"
CRITERIA = "### Acceptance criteria\n\nThe guide works from beginning to end.\n"


def describe_tracker(freeze: datetime) -> dict[str, Any]:
    """`tracker` in the release.yaml of the train."""
    return {
        "freeze": {"date": freeze.date().isoformat(), "zone": "UTC"},
        "kinds": {FEATURE: "feature", "kind/bug": "fix"},
    }


def make_train_world(repository: str, step: Train, now: datetime, until: timedelta) -> World:
    """The world `until` before `now`."""
    has_landed = until <= LANDED_AGO
    events = [event("milestoned", step.milestone, now - timedelta(days=20))]
    issues = [
        {
            "number": TRACKING,
            "title": f"{step.milestone} Release Goals",
            "author": LEADER,
            "body": f"- [x] #{DONE}\n- [{'x' if has_landed else ' '}] #{LATE}\n",
            "created": stamp(now - timedelta(days=21)),
        },
        feature(DONE, step.done, now, events, f"{repository}#{DONE_BY}", is_closed=True),
        late_feature(step.late, now, until, events, f"{repository}#{LATE_BY}"),
    ]
    pulls = [
        pull(DONE_BY, step.done, DONE, now - timedelta(days=9), is_merged=True),
        pull(LATE_BY, step.late, LATE, now - LANDED_AGO, is_merged=has_landed),
    ]
    permissions = {"issues": "read", "pull-requests": "read", "contents": "read"}
    return world_from_dict(
        {
            "now": stamp(now - until),
            "accounts": {repository.partition("/")[0]: {"type": "organization"}},
            "tokens": [{"token": TOKEN, "kind": "actions", "repository": repository, "permissions": permissions}],
            "repositories": {
                repository: {
                    "commits": [{"id": "base", "message": "base"}],
                    "milestones": [{"number": 1, "title": step.milestone}],
                    "issues": issues,
                    "pulls": pulls,
                    "files": {
                        "OWNERS": f"approvers: [{MAINTAINER}]\nreviewers: [{REVIEWER}]\n",
                        "OWNERS_ALIASES": f"aliases:\n  release-leaders: [{LEADER}]\n",
                    },
                }
            },
        }
    )


def late_feature(
    title: str, now: datetime, until: timedelta, events: list[dict[str, Any]], closed_by: str
) -> dict[str, Any]:
    """The feature that is late: a leader and a maintainer let it in after the freeze."""
    agreed = until <= EXCEPTION_AGO
    made = feature(LATE, title, now, events, closed_by, is_closed=until <= LANDED_AGO)
    if agreed:
        made["labels"] = [*made["labels"], EXCEPTION]
        made["events"] = [*events, event("labeled", EXCEPTION, now - EXCEPTION_AGO, LEADER)]
        words = "/exception users of the release before wait for it"
        made["comments"] = [{"body": words, "author": MAINTAINER, "created": stamp(now - EXCEPTION_AGO)}]
    return made


def feature(
    number: int, title: str, now: datetime, events: list[dict[str, Any]], closed_by: str, *, is_closed: bool
) -> dict[str, Any]:
    """An issue in the milestone with an owner and acceptance criteria."""
    return {
        "number": number,
        "title": title,
        "author": AUTHOR,
        "body": CRITERIA,
        "labels": [FEATURE, LABEL],
        "milestone": 1,
        "assignees": [AUTHOR],
        "created": stamp(now - timedelta(days=20)),
        "events": events,
        "state": "closed" if is_closed else "open",
        "closed-by": [closed_by],
    }


def pull(number: int, title: str, closes: int, merged: datetime, *, is_merged: bool) -> dict[str, Any]:
    """A pull request that brings a guide and a test."""
    guide = f"guides/feature-{closes}"
    made: dict[str, Any] = {
        "number": number,
        "title": title,
        "author": AUTHOR,
        "body": f"Closes #{closes}",
        "labels": [FEATURE],
        "state": "merged" if is_merged else "open",
        "files": [f"{guide}/README.md", f"{guide}/values.yaml", "tests/test_feature.py"],
        "created": stamp(merged - timedelta(days=5)),
    }
    return {**made, "closed": stamp(merged)} if is_merged else made


def event(kind: str, name: str, at: datetime, actor: str = LEADER) -> dict[str, Any]:
    """An event of a timeline."""
    return {"event": kind, "name": name, "actor": actor, "created": stamp(at)}


def stamp(moment: datetime) -> str:
    """A moment as a seed has it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
