"""Which accounts are programs: robots, apps without GitHub's mark, and the tokens of workflows.

One list for what is generated and for what is checked, together with `notes.bot-authors` of the configuration. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from release_actions.changes.model import MergedChange

PROGRAMS = frozenset(
    {
        "actions-user",
        "allcontributors",
        "claude",
        "codecov",
        "coderabbitai",
        "copilot",
        "copilot-swe-agent",
        "cursoragent",
        "dependabot",
        "dependabot-preview",
        "gemini-code-assist",
        "github-actions",
        "google-labs-jules",
        "greenkeeper",
        "imgbot",
        "k8s-ci-robot",
        "k8s-infra-cherrypick-robot",
        "mergify",
        "openshift-cherrypick-robot",
        "openshift-ci",
        "openshift-ci-robot",
        "openshift-merge-robot",
        "pre-commit-ci",
        "pytorchbot",
        "pytorchmergebot",
        "pyup-bot",
        "renovate",
        "renovate-bot",
        "snyk-bot",
        "web-flow",
    }
)
"""Accounts that are programs though GitHub takes them for people."""


LIKE_PEOPLE = frozenset({"claude"})
"""Those of them whose name is a person's first name too."""


def fold_login(login: str) -> str:
    """A login as it compares: an app counts with and without the `[bot]` after its name."""
    return login.casefold().removesuffix("[bot]").removeprefix("app/")


def is_program(login: str, names: Iterable[str] = ()) -> bool:
    """Whether an account is a program. `names` are further ones, from the configuration."""
    if not login:
        return False
    folded = fold_login(login)
    return login.casefold().endswith("[bot]") or folded in PROGRAMS or folded in {fold_login(name) for name in names}


def is_surely_program(login: str, names: Iterable[str] = ()) -> bool:
    """Whether an account cannot be a person's: an app, one that is configured, or a name that says what it is."""
    folded = fold_login(login)
    told = login.casefold().endswith("[bot]") or folded in {fold_login(name) for name in names}
    return told or (folded in PROGRAMS and folded not in LIKE_PEOPLE)


def mark_programs(changes: Iterable[MergedChange], names: Iterable[str]) -> tuple[MergedChange, ...]:
    """The changes, with every author that is a program marked as one."""
    known = tuple(names)
    return tuple(
        replace(change, author=replace(change.author, bot=True))
        if not change.author.bot and is_program(change.author.login, known)
        else change
        for change in changes
    )
