"""branch-audit with GitHub: what was promised, labels and texts, proposals, issues, and pull requests under test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.branches.histories import Repository

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.discussion import Reviewed
from release_actions.simulator.git import Commit, Target
from release_actions.simulator.repositories import Milestone, Pull
from release_actions.simulator.repositories import Repository as OnGitHub

NAME = "acme/web"
BRANCH = "release-0.5"
PERMISSIONS = {"contents": "write", "pull-requests": "write", "issues": "write"}
Audit = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Trunk has three fixes since the cut: one picked, one not, one that needs the one before it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    repository = Repository.init(folder)
    repository.commit("Begin the engine (#1)", {"a.txt": "one\ntwo\nthree\n"})
    repository.cut(BRANCH)
    repository.on("main")
    fix = repository.commit("fix: keep the cache warm at night (#7)", {"b.txt": "b\n"})
    repository.commit("fix: turn the wheel the right way (#8)", {"a.txt": "one\n2\nthree\n"})
    repository.commit("fix: turn the wheel by a half (#9)", {"a.txt": "one\n2.5\nthree\n"})
    repository.commit("fix: paint it (#12)", {".github/workflows/ci.yml": "on: push\n"})
    repository.on(BRANCH)
    repository.pick(fix, "Warm (#10)")
    return repository


@pytest.fixture
def github(world: World, repository: Repository) -> OnGitHub:
    """The same on GitHub: commits, branches, merged pull requests, a milestone."""
    world.add_account("acme", organization=True, members={"ada": "admin"})
    world.add_account("ada")
    world.add_token("ghs_job", TokenKind.ACTIONS, repository=NAME, permissions=PERMISSIONS)
    github = world.add_repository(NAME)
    for line in repository.git("log", "--topo-order", "--reverse", "--format=%H %P", "--all").splitlines():
        sha, *parents = line.split()
        subject = repository.git("log", "-1", "--format=%s", sha)
        github.git.commits[sha] = Commit(sha, subject, tuple(parents), "Ada", "ada@example.com", world.now())
    for branch in ("main", BRANCH):
        github.git.refs[f"refs/heads/{branch}"] = Target(repository.git("rev-parse", branch), "commit")
    github.milestones[3] = Milestone(3, 3, "v0.5.0", "ada", world.now(), world.now())
    for sha, commit in github.git.commits.items():
        number = int(commit.message.rpartition("(#")[2].rstrip(")")) if "(#" in commit.message else 0
        if number:
            github.pulls[number] = make_pull(world, number, commit.message, sha)
    github.pulls[8].milestone = 3
    github.pulls[7].milestone = 3
    return github


def make_pull(world: World, number: int, title: str, merge: str) -> Pull:
    now = world.now()
    base = "main" if number != 10 else BRANCH
    return Pull(
        number,
        number,
        title.rpartition(" (#")[0],
        "ada",
        base,
        merge,
        "topic",
        merge,
        now,
        now,
        state="closed",
        closed=now,
        merged=now,
        merge_commit=merge,
        commits=(merge,),
    )


@pytest.fixture
def audit(repository: Repository, github: OnGitHub, world: World, tmp_path: Path) -> Iterator[Audit]:
    """Run the command against the simulator; its exit code and the report."""
    with Simulator(world) as simulator:

        def run(event: dict[str, Any] | None = None, **given: str) -> tuple[int, dict[str, Any]]:
            report, path = tmp_path / "report.json", tmp_path / "event.json"
            report.unlink(missing_ok=True)
            path.write_text(json.dumps(event or {}), encoding="utf-8")
            (tmp_path / "output").write_text("", encoding="utf-8")
            flags = {"report": str(report), "token": "ghs_job", **({} if event else {"branch": BRANCH})}
            flags |= {name.replace("_", "-"): value for name, value in given.items()}
            arguments = [part for name, value in flags.items() if value for part in (f"--{name}", value)]
            environ = {
                "GITHUB_WORKSPACE": str(repository.folder),
                "GITHUB_REPOSITORY": NAME,
                "GITHUB_API_URL": simulator.api_url,
                "GITHUB_EVENT_NAME": "pull_request" if event else "schedule",
                "GITHUB_EVENT_PATH": str(path),
                "GITHUB_OUTPUT": str(tmp_path / "output"),
            }
            code = main.main(["branch-audit", *arguments], environ)
            return code, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}

        yield run


def test_what_a_milestone_promised_and_the_branch_lacks_is_found(audit: Audit, repository: Repository) -> None:
    _, report = audit(milestone="v0.5.0")

    missing = [(item["number"], item["fit"]) for item in report["missing"]]
    assert missing == [(8, "applies")]
    assert report["commands"] == [f"git cherry-pick -x {repository.git('rev-parse', 'main~2')}"]


def test_what_a_label_promised_is_found_too_with_what_it_needs_first(
    audit: Audit, github: OnGitHub, repository: Repository
) -> None:
    github.pulls[9].labels = ("backport",)

    _, report = audit(label="backport")

    before, own = repository.git("rev-parse", "main~2"), repository.git("rev-parse", "main~1")
    assert report["missing"][0]["needed"] == [f"git cherry-pick -x {before}"]
    assert report["commands"] == [f"git cherry-pick -x {before}", f"git cherry-pick -x {own}"]


def test_a_conflict_names_its_files_and_gives_no_command(audit: Audit, repository: Repository) -> None:
    repository.on(BRANCH)
    repository.commit("[release-only] Other (#11)", {"a.txt": "one\nother\nthree\n"})

    _, report = audit(milestone="v0.5.0")

    assert [(item["fit"], item["conflicts"]) for item in report["missing"]] == [("conflicts", ["a.txt"])]
    assert report["commands"] == []
    (finding,) = [finding for finding in report["findings"] if finding["rule"] == "missing-pick"]
    assert "conflicts in a.txt" in finding["hint"]


def test_a_milestone_that_is_not_there_is_bad_input_with_the_nearest(
    audit: Audit, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = audit(milestone="v0.5.1")

    assert code == ExitCode.BAD_INPUT
    assert "v0.5.0" in capsys.readouterr().out


def test_what_needs_a_token_is_bad_input_without_one(audit: Audit) -> None:
    assert audit(token="", milestone="v0.5.0")[0] == ExitCode.BAD_INPUT
    assert audit(token="", mode="propose")[0] == ExitCode.BAD_INPUT


def test_without_a_token_the_report_says_what_is_not_known(audit: Audit) -> None:
    _, report = audit(token="")

    assert [sentence for sentence in report["unknown"] if "no token" in sentence]


def test_the_text_of_a_pull_request_that_a_squash_dropped_explains_a_commit(
    audit: Audit, github: OnGitHub, repository: Repository
) -> None:
    repository.on(BRANCH)
    sha = repository.commit("Other words altogether (#11)", {"a.txt": "one\n2 and more\nthree\n"})
    github.git.commits[sha] = Commit(sha, "Other", (), "Ada", "ada@example.com", github.created)
    github.pulls[11] = Pull(
        *(11, 11, "Other words altogether", "ada", BRANCH, sha, "topic", sha),
        *(github.created, github.created),
        state="closed",
        merged=github.created,
        merge_commit=sha,
        body="Backport of #8",
        labels=("kind/regression",),
    )

    _, blind = audit(token="")
    _, report = audit()

    assert blind["picks"][-1]["origin"] == "unknown"
    assert (report["picks"][-1]["origin"], report["picks"][-1]["trunk"]) == (
        "modified",
        [repository.git("rev-parse", "main~2")],
    )
    assert "2 and more" in report["picks"][-1]["difference"]


def test_a_revert_that_only_its_pull_request_names_is_resolved(
    audit: Audit, github: OnGitHub, repository: Repository
) -> None:
    repository.on("main")
    sha = repository.revert("main~3", "Revert the warm thing (#20)")
    github.git.commits[sha] = Commit(sha, "Revert", (), "Ada", "ada@example.com", github.created)
    github.pulls[20] = Pull(
        *(20, 20, "Revert the warm thing", "ada", "main", sha, "topic", sha),
        *(github.created, github.created),
        state="closed",
        merged=github.created,
        merge_commit=sha,
        body=f"Reverts {NAME}#7",
    )

    _, report = audit()

    assert [(item["state"], item["command"]) for item in report["reverts"]] == [
        ("missing-revert", f"git revert {repository.git('rev-parse', BRANCH)}")
    ]


def test_repairs_are_proposed_in_one_pull_request_and_the_branch_is_not_touched(
    audit: Audit, github: OnGitHub, repository: Repository
) -> None:
    before = github.git.refs[f"refs/heads/{BRANCH}"]

    code, _ = audit(milestone="v0.5.0", mode="propose")
    audit(milestone="v0.5.0", mode="propose")

    (pull,) = [pull for pull in github.pulls.values() if pull.state == "open"]
    assert (code, pull.base, pull.draft, pull.head) == (0, BRANCH, True, f"release-actions/branch-audit/{BRANCH}")
    assert github.git.read_file(pull.head_sha, "a.txt") == b"one\n2\nthree\n"
    message = github.git.commits[pull.head_sha].message
    assert message.endswith(f"(cherry picked from commit {repository.git('rev-parse', 'main~2')})\n")
    assert github.git.commits[pull.head_sha].author == "Ada Example"
    assert github.git.refs[f"refs/heads/{BRANCH}"] == before


def test_files_of_workflows_and_what_needs_others_are_left_to_a_person(audit: Audit, github: OnGitHub) -> None:
    for number in (9, 12):
        github.pulls[number].milestone = 3
    github.pulls[8].milestone = 0

    audit(milestone="v0.5.0", mode="propose")

    assert not [pull for pull in github.pulls.values() if pull.state == "open"]


def test_a_refused_proposal_is_exit_3_with_the_reason(
    audit: Audit, github: OnGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    github.jobs_open_pulls = False

    code, report = audit(milestone="v0.5.0", mode="propose")

    assert (code, report["verdict"]) == (ExitCode.UNKNOWN, "fail")
    assert "Allow GitHub Actions to create" in capsys.readouterr().out


def test_one_issue_lists_the_findings_and_is_closed_when_there_are_none(audit: Audit, github: OnGitHub) -> None:
    audit(milestone="v0.5.0", issue="true")
    audit(milestone="v0.5.0", issue="true")
    opened = [(issue.title, issue.state) for issue in github.issues.values()]
    github.pulls[8].milestone = 0
    audit(milestone="v0.5.0", issue="true", checks="missing,reverts")

    assert opened == [(f"{BRANCH}: 2 findings of branch-audit", "open")]
    assert [issue.state for issue in github.issues.values()] == ["closed"]


def event_of(repository: Repository, base: str = BRANCH, **changes: Any) -> dict[str, Any]:
    pull = {
        "number": 30,
        "title": "fix: turn the wheel the right way (#8)",
        "body": "Fixes #3",
        "labels": [],
        "base": {"ref": base},
        "head": {"sha": repository.git("rev-parse", "topic")},
    }
    return {"pull_request": {**pull, **changes}}


def test_a_pull_request_against_the_branch_is_judged_by_itself(audit: Audit, repository: Repository) -> None:
    repository.on(BRANCH)
    repository.commit("Nobody knows (#11)", {"z.txt": "z\n"})
    repository.cut("topic")
    repository.pick("main~2", "wip")

    code, report = audit(event_of(repository), mode="enforce", milestone="v0.5.0")

    assert code == ExitCode.PASS
    assert [(item["origin"], item["category"]) for item in report["picks"]] == [("equal", "regression")]
    assert (report["branch"], report["missing"], report["findings"]) == (BRANCH, [], [])


@pytest.mark.parametrize(
    ("title", "rule"),
    [("feat: turn the wheel the right way (#8)", "feature"), ("fix: something else", "not-on-trunk")],
)
def test_a_pull_request_that_may_not_enter_is_refused(
    audit: Audit, repository: Repository, title: str, rule: str
) -> None:
    repository.on(BRANCH)
    repository.cut("topic")
    if rule == "feature":
        repository.pick("main~2", "wip")
    else:
        repository.commit("wip", {"z.txt": "z\n"})

    code, report = audit(event_of(repository, title=title), mode="enforce")

    assert code == ExitCode.REFUSED
    assert rule in {finding["rule"] for finding in report["findings"]}


def test_a_pull_request_for_trunk_passes_explicitly(audit: Audit, repository: Repository, tmp_path: Path) -> None:
    repository.cut("topic")

    code, _ = audit(event_of(repository, base="main"), mode="enforce")

    assert code == ExitCode.PASS
    assert "pass" in (tmp_path / "output").read_text(encoding="utf-8").split()


def test_a_forged_trailer_to_a_commit_with_other_files_explains_nothing(audit: Audit, repository: Repository) -> None:
    repository.on(BRANCH)
    known = repository.git("rev-parse", "main~2")
    repository.commit(f"fix: trust me (#11)\n\n(cherry picked from commit {known})", {"evil.txt": "evil\n"})

    _, report = audit()

    assert report["picks"][-1]["origin"] == "unknown"
    assert report["picks"][-1]["evidence"] == [f"trailer: cherry picked from commit {known[:12]}"]


@pytest.mark.parametrize("branch", ["--upload-pack=evil", "-rf", "a..b", "$(evil)", "release-0.5 --all"])
def test_a_hostile_name_of_a_branch_is_bad_input(audit: Audit, branch: str) -> None:
    assert audit(branch=branch)[0] in {ExitCode.BAD_INPUT, ExitCode.UNKNOWN}


def review(world: World, author: str, commit: str, state: str = "APPROVED", body: str = "") -> Reviewed:
    return Reviewed(world.next_id("review"), author, state, world.now(), body, commit)


def rules_about_reviews(report: dict[str, Any]) -> list[str]:
    names = ("direct-push", "unapproved", "stale-approval")
    return [finding["rule"] for finding in report["findings"] if finding["rule"] in names]


@pytest.mark.parametrize(
    ("author", "state", "body", "rules"),
    [
        ("bob", "APPROVED", "", []),
        ("bob", "COMMENTED", "/lgtm\n/approve", []),
        ("ada", "APPROVED", "", ["unapproved"]),
        ("ada", "COMMENTED", "/lgtm\n/approve", ["unapproved"]),
        ("bob", "DISMISSED", "", ["unapproved"]),
        ("bob", "CHANGES_REQUESTED", "", ["unapproved"]),
        ("robot[bot]", "APPROVED", "", ["unapproved"]),
        ("bob", "COMMENTED", "> /lgtm", ["unapproved"]),
    ],
)
def test_only_what_another_person_approved_passes(
    audit: Audit, github: OnGitHub, world: World, author: str, state: str, body: str, rules: list[str]
) -> None:
    pull = github.pulls[10]
    pull.reviews.append(review(world, author, pull.head_sha, state, body))

    _, report = audit(checks="reviews")

    assert rules_about_reviews(report) == rules


def test_an_approval_before_the_last_push_is_stale(audit: Audit, github: OnGitHub, world: World) -> None:
    github.pulls[10].reviews.append(review(world, "bob", github.git.refs["refs/heads/main"].sha))

    assert rules_about_reviews(audit(checks="reviews")[1]) == ["stale-approval"]


def test_a_commit_without_a_pull_request_into_the_branch_is_a_direct_push(audit: Audit, github: OnGitHub) -> None:
    github.pulls[10].base = "main"

    assert rules_about_reviews(audit(checks="reviews")[1]) == ["direct-push"]


def test_owners_are_those_before_the_change(
    audit: Audit, github: OnGitHub, world: World, repository: Repository
) -> None:
    since = repository.git("rev-parse", BRANCH)
    repository.on(BRANCH)
    before = repository.commit("[release-only] Owners (#13)", {"OWNERS": "approvers: [carol]\n"})
    own = repository.commit("[release-only] Name me (#14)", {"OWNERS": "approvers: [bob]\n", "z.txt": "z\n"})
    for number, sha in ((13, before), (14, own)):
        parent = repository.git("rev-parse", f"{sha}^")
        github.git.commits[sha] = Commit(sha, "x", (parent,), "Ada", "ada@example.com", world.now(), files=("z.txt",))
        github.pulls[number] = make_pull(world, number, "x (#1)", sha)
        github.pulls[number].base = BRANCH
        github.pulls[number].reviews.append(review(world, "bob", sha))

    assert rules_about_reviews(audit(checks="reviews", since=since)[1]) == []
    assert rules_about_reviews(audit(checks="reviews", since=before)[1]) == ["unapproved"]


def test_reviews_take_a_token(audit: Audit) -> None:
    assert audit(token="", checks="reviews")[0] == ExitCode.BAD_INPUT


@pytest.mark.parametrize(("text", "rules"), [("Fixes #3", []), ("Closes acme/web#3", []), ("See #3", ["no-issue"])])
def test_a_fix_whose_pull_requests_name_no_issue_is_said(
    audit: Audit, github: OnGitHub, repository: Repository, text: str, rules: list[str]
) -> None:
    repository.on(BRANCH)
    github.pulls[7].body = text
    github.pulls[7].labels = ("kind/regression",)
    (repository.folder / "labels.yaml").write_text(LABELS, encoding="utf-8")

    _, report = audit(config="labels.yaml")

    assert [finding["rule"] for finding in report["findings"]] == rules


LABELS = """\
repository: acme/web
images: {web: {dockerfile: Dockerfile, platforms: [linux/amd64]}}
branches:
  labels: {kind/regression: regression}
"""


def test_a_report_that_cannot_be_written_is_found_before_anything_is_proposed(
    audit: Audit, github: OnGitHub, tmp_path: Path
) -> None:
    pulls, issues = set(github.pulls), set(github.issues)
    (tmp_path / "file").touch()

    code, _ = audit(milestone="v0.5.0", mode="propose", issue="true", report=str(tmp_path / "file" / "report.json"))

    assert code == ExitCode.BAD_INPUT
    assert (set(github.pulls), set(github.issues)) == (pulls, issues)
