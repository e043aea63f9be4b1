"""Finds where a release branch begins: the newest commit of trunk whose required checks are green. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from release_actions.errors import InputError
from release_actions.github.pygithub import ask

if TYPE_CHECKING:
    from github.Commit import Commit
    from github.Repository import Repository

MOST_COMMITS = 50
"""Commits of trunk that are looked at, two requests each."""

GREEN = frozenset({"success", "neutral", "skipped"})
"""Conclusions with which GitHub lets a pull request be merged."""


@dataclass(frozen=True)
class Start:
    """Where to begin. `behind`: how many commits of trunk are newer; `wanting`: which of their checks are not green."""

    commit: str
    behind: int = 0
    required: tuple[str, ...] = ()
    wanting: Mapping[str, tuple[str, ...]] | None = None


def find_start(repository: Repository, trunk: str, required: tuple[str, ...]) -> Start:
    """The newest commit whose checks are green. `required` are their names, those of the rules if empty.

    Without any required check the newest commit is taken. Raises `InputError` where none of the newest is green, and
    `RemoteError`.
    """
    names = required or read_required(repository, trunk)
    what = f"list the commits of {trunk}"
    commits = ask(lambda: [*islice(repository.get_commits(sha=trunk), MOST_COMMITS)], what)
    wanting: dict[str, tuple[str, ...]] = {}
    for behind, commit in enumerate(commits):
        missing = find_wanting(commit, names) if names else ()
        if not missing:
            return Start(commit.sha, behind, names, wanting)
        wanting[commit.sha] = missing
    message = f"None of the newest {len(commits)} commits of {trunk} has all required checks green: {', '.join(names)}."
    raise InputError(message, hint="Wait for them, or name a commit with the input commit.")


def read_required(repository: Repository, trunk: str) -> tuple[str, ...]:
    """The checks that rulesets and branch protection require of trunk. Both can be read without being an admin."""
    what = f"read the rules of {trunk}"
    url = f"{repository.url}/rules/branches/{trunk}"
    _, rules = ask(lambda: repository.requester.requestJsonAndCheck("GET", url), what)
    names = [str(check["context"]) for rule in rules for check in _list_checks(rule)]
    branch = ask(lambda: repository.get_branch(trunk), what)
    protection = branch.raw_data.get("protection") or {}
    names += (protection.get("required_status_checks") or {}).get("contexts") or []
    return tuple(dict.fromkeys(names))


def _list_checks(rule: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    if rule.get("type") != "required_status_checks":
        return ()
    checks: Iterable[Mapping[str, Any]] = (rule.get("parameters") or {}).get("required_status_checks") or ()
    return checks


def find_wanting(commit: Commit, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some checks that are not green. One that has not run is not."""
    what = f"read the checks of {commit.sha[:12]}"
    runs = ask(lambda: list(commit.get_check_runs(filter="latest")), what)
    status = ask(commit.get_combined_status, what)
    # Several runs may have one name: another app's or a matrix's. All of them have to be green.
    results: dict[str, list[bool]] = {}
    for run in runs:
        results.setdefault(run.name, []).append(run.status == "completed" and run.conclusion in GREEN)
    for item in status.statuses:
        results.setdefault(item.context, []).append(item.state == "success")
    return tuple(name for name in names if not all(results.get(name, [False])))
