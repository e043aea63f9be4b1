"""A release to look at: a milestone, a tracking issue and items of every kind, as a seed of the simulator."""

from __future__ import annotations

from typing import Any

from release_actions.simulator import World
from release_actions.simulator.seed import world_from_dict

REPOSITORY = "llm-d/llm-d"
TOKEN = "ghs_job"
NOW = "2026-03-20T12:00:00Z"
CRITERIA = "### Acceptance criteria\n\nIt works.\n"
OWNERS = "approvers: [maya]\nreviewers: [rita]\n"
ALIASES = "aliases:\n  release-leaders: [lea]\n"
EXAMPLE = ("guides/lora/README.md", "guides/lora/values.yaml", "tests/test_lora.py")
CONFIG = """\
repository: llm-d/llm-d
images: {app: {platforms: [linux/amd64], runners: {linux/amd64: ubuntu-24.04}}}
tracker:
  freeze: {date: 2026-03-10}
"""


def event(kind: str, name: str, day: str, actor: str = "lea") -> dict[str, Any]:
    return {"event": kind, "name": name, "actor": actor, "created": f"2026-{day}T09:00:00Z"}


def comment(body: str, day: str, author: str = "lea", **more: Any) -> dict[str, Any]:
    return {"body": body, "author": author, "created": f"2026-{day}T10:00:00Z", **more}


def issue(number: int, title: str, **more: Any) -> dict[str, Any]:
    """A feature of ada's that is in the milestone since February."""
    return {
        "number": number,
        "title": title,
        "author": "ada",
        "body": CRITERIA,
        "labels": ["kind/feature"],
        "milestone": 1,
        "assignees": ["bob"],
        "created": "2026-02-01T09:00:00Z",
        "events": [event("milestoned", "v0.6.0", "02-02")],
        **more,
    }


def pull(number: int, **more: Any) -> dict[str, Any]:
    """A merged pull request that brings an example and a test."""
    return {
        "number": number,
        "title": f"Change {number}",
        "author": "ada",
        "state": "merged",
        "files": [*EXAMPLE],
        "created": "2026-02-20T09:00:00Z",
        "closed": "2026-03-01T09:00:00Z",
        **more,
    }


def make_world(
    issues: list[dict[str, Any]],
    pulls: list[dict[str, Any]] | None = None,
    files: dict[str, str] | None = None,
    **more: Any,
) -> World:
    """The world of a release v0.6.0 on 2026-03-20."""
    return world_from_dict(
        {
            "now": NOW,
            "accounts": {"llm-d": {"type": "organization"}, "other": {}},
            "tokens": [
                {
                    "token": TOKEN,
                    "kind": "actions",
                    "repository": REPOSITORY,
                    "permissions": {"issues": "read", "pull-requests": "read", "contents": "read"},
                },
                {
                    "token": "ghs_blind",
                    "kind": "actions",
                    "repository": REPOSITORY,
                    "permissions": {"pull-requests": "read", "contents": "read"},
                },
            ],
            "repositories": {
                REPOSITORY: {
                    "commits": [{"id": "base", "message": "base"}],
                    "milestones": [
                        {"number": 1, "title": "v0.6.0", "due": "2026-03-10T07:00:00Z"},
                        {"number": 2, "title": "v0.7.0"},
                    ],
                    "issues": issues,
                    "pulls": pulls or [],
                    "files": {"OWNERS": OWNERS, "OWNERS_ALIASES": ALIASES, **(files or {})},
                    **more.pop("repository", {}),
                },
                **more,
            },
        }
    )
