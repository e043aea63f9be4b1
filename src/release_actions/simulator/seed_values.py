"""Values of a seed file: times, logins, names and references."""

from __future__ import annotations

from datetime import datetime, timezone

from release_actions.config.shapes import Parsed, Text
from release_actions.errors import ActionError
from release_actions.runner.context import parse_time
from release_actions.simulator.oci import TAG as TAG_NAME


def moment(text: str) -> datetime:
    """A time, or `ValueError` with the end of the sentence."""
    try:
        return parse_time(text).astimezone(timezone.utc)
    except ActionError as error:
        message = "which is not a time."
        raise ValueError(message) from error


TIME = Parsed(
    Text(
        "a time",
        pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
        example="2026-02-03T09:00:00Z",
    ),
    moment,
)
LOGIN = Text("a login", pattern=r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})", example="llm-d")
AUTHOR = Text("a login", pattern=r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:\[bot\])?", example="dependabot[bot]")
FULL_NAME = Text("a repository's full name", pattern=r"[A-Za-z0-9-]+/[A-Za-z0-9._-]+", example="llm-d/llm-d")
PATH = Text("a package's full name", pattern=r"[A-Za-z0-9-]+/[a-z0-9._/-]+", example="llm-d/llm-d-cuda")
TAG = Text("a tag", pattern=TAG_NAME.pattern, example="v0.5.0")
NAME = Text("a name")
REF = Text("a branch or tag", pattern=r"[A-Za-z0-9_][A-Za-z0-9._/+-]*", example="v0.5.0")
PLATFORM = Text(
    "a platform", pattern=r"[a-z0-9]+(?:\([A-Za-z0-9_.+-]+\))?/[a-z0-9]+(?:/[a-z0-9]+)?", example="linux/amd64"
)
