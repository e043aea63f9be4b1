"""doctor: each setting is a pass, a problem with its fix, or cannot be told; a refusal is never taken for "off"."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.commands.train import TOKEN, Train, make_train, make_world

from release_actions import main
from release_actions.adoption.checkup import CheckLine, State
from release_actions.adoption.package_checkup import check_packages
from release_actions.adoption.repository_checkup import Subject, check_repository
from release_actions.adoption.workflow_checkup import check_workflows, list_environments, read_workflows
from release_actions.commands import doctor
from release_actions.config import load_text
from release_actions.errors import ExitCode
from release_actions.github import settings
from release_actions.github.settings import Setting
from release_actions.http.client import Http
from release_actions.simulator import Simulator, World

REPOSITORY = "repos/acme/web"
SUBJECT = Subject("acme/web", "https://github.com/acme/web", "main", "v", ("publish",))
GOOD: Mapping[str, Any] = {
    f"{REPOSITORY}/rules/branches/main": [
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
        {"type": "required_status_checks"},
        {"type": "non_fast_forward"},
    ],
    f"{REPOSITORY}/collaborators?permission=push&per_page=100": [{"login": "ada", "permissions": {"admin": True}}],
    f"{REPOSITORY}/rulesets?targets=tag&includes_parents=true&per_page=100": [
        {"id": 1, "name": "tags", "enforcement": "active"}
    ],
    f"{REPOSITORY}/rulesets/1": {
        "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
        "rules": [{"type": "update"}, {"type": "deletion"}],
        "current_user_can_bypass": "never",
    },
    f"{REPOSITORY}/immutable-releases": {"enabled": True},
    f"{REPOSITORY}/environments/publish": {
        "protection_rules": [{"type": "required_reviewers"}],
        "can_admins_bypass": False,
    },
    f"{REPOSITORY}/actions/permissions/workflow": {"default_workflow_permissions": "read"},
    f"{REPOSITORY}/actions/permissions": {"enabled": True, "allowed_actions": "all"},
}
"""A repository in which everything is right. The shapes are those of GitHub's API description."""

REFUSED = Setting(403, why_not="The token lacks administration: read.")


def check(changes: Mapping[str, Any]) -> list[CheckLine]:
    """The lines of a repository that differs from the good one. A setting in place of a body is what GitHub said."""
    bodies = {**GOOD, **{f"{REPOSITORY}/{path}": body for path, body in changes.items()}}

    def ask(path: str) -> Setting:
        body = bodies.get(path, Setting(404, why_not="GitHub shows nothing there."))
        return body if isinstance(body, Setting) else Setting(200, body)

    return list(check_repository(SUBJECT, ask))


def problems_of(changes: Mapping[str, Any]) -> list[str]:
    return [f"{line.subject}: {line.text}" for line in check(changes) if line.state is State.PROBLEM]


def test_a_repository_in_order_has_no_problem_and_says_what_no_api_tells() -> None:
    lines = check({})

    assert {line.state for line in lines} == {State.PASS, State.NEVER}
    assert [line.subject for line in lines if line.state is State.NEVER] == ["Release tags"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rules/branches/main": [], "branches/main": {"protected": False}}, "Branch main: Anybody who may write"),
        ({"rules/branches/main": [{"type": "non_fast_forward"}]}, "Branch main: A change needs no review."),
        ({"rulesets?targets=tag&includes_parents=true&per_page=100": []}, "Release tags: They can be moved."),
        (
            {"rulesets/1": {"conditions": {"ref_name": {"include": ["refs/tags/x*"]}}, "rules": []}},
            "Release tags: They",
        ),
        ({"immutable-releases": {"enabled": False}}, "Immutable releases: It is off."),
        (
            {"immutable-releases": REFUSED, "releases/latest": {"tag_name": "v1.0.0", "immutable": False}},
            "Immutable releases: v1.0.0, the newest release, can be changed.",
        ),
        ({"environments/publish": Setting(404)}, "Environment publish: It does not exist"),
        ({"environments/publish": {"protection_rules": []}}, "Environment publish: It has no required reviewers."),
        (
            {"environments/publish": {"protection_rules": [], "can_admins_bypass": True}},
            "Environment publish: It has no required reviewers.",
        ),
        ({"actions/permissions/workflow": {"default_workflow_permissions": "write"}}, "Jobs without permissions:"),
        (
            {
                "actions/permissions": {"allowed_actions": "selected"},
                "actions/permissions/selected-actions": {"patterns_allowed": ["docker/*"]},
            },
            "Allowed actions: release-actions may not run.",
        ),
    ],
)
def test_what_is_wrong_is_a_problem_with_a_fix(changes: Mapping[str, Any], problem: str) -> None:
    assert problems_of(changes)[0].startswith(problem)
    assert all(line.fix for line in check(changes) if line.state is State.PROBLEM)


@pytest.mark.parametrize("path", [path.removeprefix(f"{REPOSITORY}/") for path in GOOD])
def test_a_refusal_is_neither_a_pass_nor_a_problem(path: str) -> None:
    before = {str(line) for line in check({})}

    changed = [line for line in check({path: REFUSED}) if str(line) not in before]

    assert {line.state for line in changed} <= {State.CANNOT_TELL, State.PROBLEM}
    assert any("administration: read" in line.text for line in changed)


def test_a_refusal_names_the_permission_that_github_asks_for() -> None:
    headers = {"X-Accepted-GitHub-Permissions": "administration=read;metadata=read"}

    assert settings._explain(403, headers) == "The token lacks administration: read or metadata: read."
    assert settings._explain(403, {}) == "The token may not read it."


def test_a_setting_is_asked_once_and_a_wrong_token_is_an_answer(simulator: Simulator, http: Http) -> None:
    ask = settings.make_asker(http, simulator.api_url, token="ghp_none")

    assert [ask("user").status, ask("user").status] == [401, 401]
    assert sum(simulator.requests.kinds().values()) == 1
    assert ask("user").why_not == "The token is not valid."


@pytest.mark.parametrize(
    ("body", "states"),
    [
        (
            {"visibility": "public", "repository": {"full_name": "acme/web"}},
            [State.PASS, State.PASS, State.NEVER],
        ),
        ({"visibility": "private", "repository": None}, [State.PASS, State.PROBLEM, State.NEVER]),
        (Setting(404), [State.NEVER]),
        (REFUSED, [State.CANNOT_TELL]),
    ],
)
def test_a_package_is_checked_for_its_link_and_its_role_is_never_told(body: Any, states: list[State]) -> None:
    config = load_text("repository: acme/web\nimages: {web: {platforms: [linux/amd64]}}\n")
    setting = body if isinstance(body, Setting) else Setting(200, body)

    lines = list(check_packages(config, lambda _path: setting, "https://github.com"))

    assert [line.state for line in lines] == states


def test_what_a_tag_starts_is_named_with_what_else_moves_tags(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "release.yml").write_text(
        "on: {push: {tags: [v*]}}\njobs:\n  x:\n    uses: llm-d/release-actions/.github/workflows/ci-release.yaml@v1\n",
        encoding="utf-8",
    )
    (folder / "old.yml").write_text(
        "on: {push: {tags: [v*]}, pull_request_target: {}}\njobs:\n  x:\n    environment: publish\n"
        "    steps: [{uses: haya14busa/action-update-semver@v1}]\n",
        encoding="utf-8",
    )
    (folder / "test.yml").write_text("on: {push: {branches: [main]}}\njobs: {}\n", encoding="utf-8")

    files = read_workflows(tmp_path)
    lines = list(check_workflows(files, "v"))

    assert [(line.state, line.text) for line in lines] == [
        (State.PASS, "It starts old.yml, release.yml."),
        (State.PROBLEM, ".github/workflows/old.yml calls haya14busa/action-update-semver, which cuts tags at dots."),
        (State.NEVER, ".github/workflows/old.yml runs on it, and no API says which event policies hold."),
    ]
    assert list_environments(files) == ("publish",)
    # It can be allowed for one file, and there is a way without it.
    assert "Settings, Actions, Policies" in lines[-1].fix
    assert "examples/pull-request-build.yml" in lines[-1].fix


@pytest.fixture(name="world")
def _world() -> World:
    return make_world()


@pytest.fixture
def train(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    config = "repository: acme/web\nimages:\n  web: {platforms: [linux/amd64]}\n"
    return make_train(simulator, tmp_path, monkeypatch, config)


def test_a_whole_run_is_one_page_and_changes_nothing(train: Train) -> None:
    report = train.run("doctor", token=TOKEN)

    assert report.exit_code in {ExitCode.REFUSED, ExitCode.UNKNOWN}
    assert len(report.lines) < 60
    assert report.lines[-1].endswith(" right.")
    assert {method for _, method, _, _ in train.simulator.requests.kinds()} <= {"GET", "HEAD"}


def test_without_a_token_nothing_is_asked(tmp_path: Path) -> None:
    assert main.main(["doctor"], {"GITHUB_WORKSPACE": str(tmp_path)}) == ExitCode.BAD_INPUT


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([State.PASS, State.NEVER], ExitCode.PASS),
        ([State.PASS, State.CANNOT_TELL], ExitCode.UNKNOWN),
        ([State.CANNOT_TELL, State.PROBLEM], ExitCode.REFUSED),
    ],
)
def test_what_a_token_cannot_tell_is_never_a_pass(states: list[State], code: ExitCode) -> None:
    report = doctor.make_report([CheckLine("x", state, "y") for state in states])

    assert report.exit_code is code


def test_the_page_begins_with_what_is_wrong() -> None:
    lines = [CheckLine("a", State.PASS, "Fine."), CheckLine("b", State.PROBLEM, "Bad.", "Mend it.")]

    assert doctor.make_report(lines).lines == (
        "problem        b: Bad. Mend it.",
        "pass           a: Fine.",
        "",
        "1 problem, 0 that this token cannot tell, 0 to look at, 1 right.",
    )
