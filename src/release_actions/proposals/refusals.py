"""Explains what GitHub says where it does not take a proposal: which setting, permission or rule, and what to do."""

from __future__ import annotations

import re
from http import HTTPStatus

from release_actions.errors import RemoteError

REFUSALS = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)

EXPLANATIONS = (
    (
        r"not permitted to create or approve pull requests",
        'Switch on "Allow GitHub Actions to create and approve pull requests" in the settings of the repository, under '
        "Actions, General (its organization may forbid that), pass the token of an app, or open the pull request by "
        "hand.",
    ),
    (
        r"without [`'\"]?workflows?[`'\"]? permission",
        "A job's own token may never change files of workflows: pass the token of an app that has the permission "
        "workflows, or run the commands by hand.",
    ),
    (
        r"rule violations|protected branch|protected ref|creations being restricted",
        "A ruleset forbids this for branches that begin with release-actions/: exempt them, or run the commands by "
        "hand.",
    ),
    (
        r"Resource not accessible",
        "The job needs contents: write and pull-requests: write, for an issue issues: write. A run for a pull request "
        "from a fork has a token that may only read: run this on a schedule or on a push instead.",
    ),
    (r"Issues (?:are|has been) disabled", "The repository has its issues switched off."),
)
"""What GitHub says -> what to do about it."""


def is_refusal(error: RemoteError) -> bool:
    """Whether GitHub understood and said no, so that asking again is of no use."""
    return error.status in REFUSALS


def explain_refusal(error: RemoteError) -> str:
    """What GitHub said and what to do, in sentences."""
    message = error.problems[0].message
    advice = next((words for pattern, words in EXPLANATIONS if re.search(pattern, message, re.IGNORECASE)), error.hint)
    return f"{message} {advice}".strip()
