"""Checks the settings of a repository that a release leans on. Each check asks, judges, and changes nothing."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from release_actions.adoption.checkup import CheckLine, found, never, passed, unknown
from release_actions.github.settings import Ask

SUITE_OWNER = "llm-d/*"
SAMPLE_TAG = "refs/tags/{}1.2.3"
EVERY_REF = "~ALL"


@dataclass(frozen=True)
class Subject:
    """What is checked: the repository, its web address, and what its files say."""

    repository: str
    web: str
    branch: str
    prefix: str
    environments: tuple[str, ...] = ()
    pins_are_tags: bool = False

    def settings(self, page: str) -> str:
        """Where a setting is changed."""
        return f"{self.web}/settings/{page}"


def check_repository(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Every check, in the order of the page."""
    checks: tuple[Callable[[Subject, Ask], Iterable[CheckLine]], ...] = (
        check_branch,
        check_writers,
        check_tag_rules,
        check_immutable_releases,
        check_environments,
        check_token_default,
        check_allowed_actions,
    )
    for check in checks:
        yield from check(subject, ask)


def check_branch(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Rules of the default branch. Rules and classic protection are two lists; either will do."""
    title = f"Branch {subject.branch}"
    rules = ask(f"repos/{subject.repository}/rules/branches/{quote(subject.branch, safe='')}")
    classic = ask(f"repos/{subject.repository}/branches/{quote(subject.branch, safe='')}/protection")
    kinds = {str(rule["type"]): rule.get("parameters") or {} for rule in rules.body} if rules.is_known else {}
    body: Mapping[str, Any] = classic.body if classic.is_known else {}
    if not rules.is_known and not classic.is_known:
        yield unknown(title, rules)
        return
    reviews = int(kinds.get("pull_request", {}).get("required_approving_review_count", 0))
    reviews = max(
        reviews, int((body.get("required_pull_request_reviews") or {}).get("required_approving_review_count", 0))
    )
    has_checks = "required_status_checks" in kinds or bool(body.get("required_status_checks"))
    has_rules = bool(kinds) or bool(body)
    where = f"See {subject.settings('rules')}."
    if not has_rules:
        # Classic protection is shown to administrators only; whether there is some, to everybody.
        branch = ask(f"repos/{subject.repository}/branches/{quote(subject.branch, safe='')}")
        if not classic.is_known and (not branch.is_known or branch.body.get("protected") is not False):
            yield unknown(title, classic, "It has no ruleset; what its classic protection asks for is not shown.")
            return
        yield found(title, "Anybody who may write can push to it.", f"Require pull requests. {where}")
        return
    if reviews:
        yield passed(title, f"A change needs {reviews} review{'s' * (reviews > 1)}.")
    else:
        yield found(title, "A change needs no review.", f"Require one. {where}")
    if has_checks:
        yield passed(title, "Checks are required.")
    else:
        yield found(title, "No check is required.", f"Require the jobs that test. {where}")
    if "non_fast_forward" in kinds or body.get("allow_force_pushes", {}).get("enabled") is False:
        yield passed(title, "It cannot be rewritten.")
    else:
        yield found(title, "It can be rewritten.", f"Block force pushes. {where}")


def check_writers(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Who may push tags."""
    people = ask(f"repos/{subject.repository}/collaborators?permission=push&per_page=100")
    if not people.is_known:
        yield unknown("Who may write", people, f"See {subject.settings('access')}.")
        return
    admins = [str(each["login"]) for each in people.body if (each.get("permissions") or {}).get("admin")]
    shown = ", ".join(sorted(admins)[:8]) or "nobody of them"
    yield passed("Who may write", f"{len(people.body)} accounts may push; administrators: {shown}.")


def check_tag_rules(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Rulesets that keep release tags from being moved or deleted."""
    title = "Release tags"
    where = f"See {subject.settings('rules')}."
    listed = ask(f"repos/{subject.repository}/rulesets?targets=tag&includes_parents=true&per_page=100")
    if not listed.is_known:
        yield unknown(title, listed, where)
        return
    sample = SAMPLE_TAG.format(subject.prefix)
    guarded: set[str] = set()
    bypass: list[str] = []
    for entry in listed.body:
        if entry.get("enforcement") != "active":
            continue
        details = ask(f"repos/{subject.repository}/rulesets/{entry['id']}")
        if not details.is_known:
            yield unknown(title, details, f"The ruleset {entry.get('name')} could not be read.")
            continue
        if covers(details.body, sample):
            guarded |= {str(rule["type"]) for rule in details.body.get("rules", [])}
            if details.body.get("current_user_can_bypass") not in {"never", None}:
                bypass.append(str(entry.get("name")))
    for kind, word in (("update", "moved"), ("deletion", "deleted")):
        if guarded & {kind, *({"non_fast_forward"} if kind == "update" else set())}:
            yield passed(title, f"They cannot be {word}.")
        else:
            fix = f"Add a ruleset for tags {subject.prefix}* that restricts {kind}s. {where}"
            yield found(title, f"They can be {word}.", fix)
    if bypass:
        yield passed(title, f"The user of this token may bypass {', '.join(bypass)}.")
    yield never(title, "Who else may bypass a ruleset is shown to those who may edit it.", where)


def covers(ruleset: Mapping[str, Any], ref: str) -> bool:
    """Whether a ruleset is about a ref."""
    names = (ruleset.get("conditions") or {}).get("ref_name") or {}
    included = any(text == EVERY_REF or fnmatch.fnmatchcase(ref, text) for text in names.get("include", []))
    return included and not any(fnmatch.fnmatchcase(ref, text) for text in names.get("exclude", []))


def check_immutable_releases(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Whether published releases can be changed. Without the setting, the newest release shows it."""
    title = "Immutable releases"
    setting = ask(f"repos/{subject.repository}/immutable-releases")
    fix = f"Turn it on. See {subject.settings('')}.".replace("/.", ".")
    if setting.is_known:
        is_on = setting.body.get("enabled") is True
        yield passed(title, "A release cannot be changed.") if is_on else found(title, "It is off.", fix)
        return
    newest = ask(f"repos/{subject.repository}/releases/latest")
    if not newest.is_known:
        # The setting is 404 both where it is off and where it is not shown.
        yield unknown(title, setting, "There is no release that would show it.")
    elif newest.body.get("immutable") is True:
        yield passed(title, f"{newest.body.get('tag_name')}, the newest release, is immutable.")
    else:
        yield found(title, f"{newest.body.get('tag_name')}, the newest release, can be changed.", fix)


def check_environments(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Environments that workflows name: reviewers, and whether administrators go around them."""
    for name in subject.environments:
        title = f"Environment {name}"
        setting = ask(f"repos/{subject.repository}/environments/{quote(name, safe='')}")
        where = f"See {subject.settings('environments')}."
        if setting.is_absent:
            yield found(title, "It does not exist, and GitHub makes it without reviewers.", f"Create it. {where}")
        elif not setting.is_known:
            yield unknown(title, setting, where)
        else:
            rules = {str(rule.get("type")) for rule in setting.body.get("protection_rules", [])}
            if "required_reviewers" in rules:
                yield passed(title, "It waits for a reviewer.")
            else:
                yield found(title, "It has no required reviewers.", f"Add some. {where}")
            if setting.body.get("can_admins_bypass") is True:
                yield found(title, "Administrators can bypass it.", f"Turn that off. {where}")


def check_token_default(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """What a job's token may do that says nothing."""
    title = "Jobs without permissions"
    setting = ask(f"repos/{subject.repository}/actions/permissions/workflow")
    where = f"See {subject.settings('actions')}."
    if not setting.is_known:
        yield unknown(title, setting, where)
    elif setting.body.get("default_workflow_permissions") == "read":
        yield passed(title, "Their token only reads.")
    else:
        yield found(title, "Their token may write everything.", f"Choose read. {where}")


def check_allowed_actions(subject: Subject, ask: Ask) -> Iterator[CheckLine]:
    """Whether actions of this suite may run, and how they have to be pinned."""
    title = "Allowed actions"
    setting = ask(f"repos/{subject.repository}/actions/permissions")
    where = f"See {subject.settings('actions')}."
    if not setting.is_known:
        yield unknown(title, setting, where)
        return
    allowed = setting.body.get("allowed_actions", "all")
    if setting.body.get("enabled") is False:
        yield found(title, "Actions are off.", where)
    elif allowed == "all":
        yield passed(title, "All may run.")
    else:
        chosen = ask(f"repos/{subject.repository}/actions/permissions/selected-actions")
        patterns = chosen.body.get("patterns_allowed", []) if chosen.is_known else []
        if any(fnmatch.fnmatchcase("llm-d/release-actions", text.partition("@")[0]) for text in patterns):
            yield passed(title, "release-actions may run.")
        elif chosen.is_known or allowed == "local_only":
            yield found(title, "release-actions may not run.", f"Allow {SUITE_OWNER}. {where}")
        else:
            yield unknown(title, chosen, where)
    if setting.body.get("sha_pinning_required") and subject.pins_are_tags:
        yield found(title, "Pins have to be commits, and a workflow pins a tag.", "Pin release-actions by commit.")
