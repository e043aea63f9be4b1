"""Which accounts are programs: robots, apps without GitHub's mark, and the tokens of workflows.

One list for what is generated and for what is checked, together with `notes.bot-authors` of the configuration. Pure.
"""

from __future__ import annotations

import re
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
        "facebook-github-bot",
        "gemini-code-assist",
        "github-actions",
        "google-labs-jules",
        "greenkeeper",
        "imgbot",
        "k8s-ci-robot",
        "k8s-infra-cherrypick-robot",
        "k8s-merge-robot",
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


NAMES = frozenset(
    {
        "a. unique tensorflower",
        "copybara",
        "copybara-service",
        "dependabot",
        "dependabot-preview",
        "github action",
        "github actions",
        "github-actions",
        "istio automation",
        "kubernetes prow robot",
        "kubernetes submit queue",
        "mend renovate",
        "mergify",
        "openshift merge robot",
        "renovate",
        "renovate bot",
        "tensorflower gardener",
        "travis ci",
        "whitesource renovate",
    }
)
"""What programs write as their name in commits that have no account."""

ADDRESSES = re.compile(
    r"(?:.*\[bot\]@.*"
    r"|(?:bot|robot|renovate|dependabot|mergify|copybara(?:-\w+)?|automation|jenkins|travis|ci|github-actions?)@.*"
    r"|(?:actions?|noreply|copilot)@github\.com|support@(?:dependabot\.com|greenkeeper\.io)|renovate@whitesourcesoftware\.com"
    r"|snyk-bot@snyk\.io|noreply@anthropic\.com|cursoragent@cursor\.com|generatedunixname\d*@.*)",
    re.IGNORECASE,
)
"""Addresses of programs."""

CALLED = re.compile(r"(?i)(?:.*\s(?:ro)?bot|[a-z0-9-]+-(?:(?:ro)?bot|automation|ci))")
"""A name that ends with the word for a robot."""

ADDRESSED = re.compile(r"(?i)(?:[^@]*[-_+])?(?:(?:ro)?bot|automation|ci)(?:[-_+][^@]*)?@.*|")
"""An address with that word for itself, or none. `jan.bot@` may be a person's."""


def is_program_signature(name: str, email: str) -> bool:
    """Whether the author of a commit is a program by what the commit says. A name alone may be a person's: Jan Bot."""
    folded, address = name.strip().casefold(), email.strip()
    if folded.endswith("[bot]") or folded in NAMES or ADDRESSES.fullmatch(address):
        return True
    return CALLED.fullmatch(folded) is not None and ADDRESSED.fullmatch(address) is not None


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
    """The changes, with every author that is a program marked as one. `names` may be those that commits have too."""
    known = tuple(names)
    folded = {fold_login(name) for name in known}
    return tuple(
        replace(change, author=replace(change.author, bot=True))
        if not change.author.bot and (is_program(change.author.login, known) or change.author.name.casefold() in folded)
        else change
        for change in changes
    )
