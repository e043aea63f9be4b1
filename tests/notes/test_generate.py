"""Notes generated from a history, on the embedded GitHub and from a real checkout."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.notes.histories import READER, REPOSITORY, InGit, OnGitHub, Told, two_releases

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Release

WEB = f"https://github.com/{REPOSITORY}"


class Runner:
    """Runs the command in a workspace."""

    def __init__(self, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.workspace = workspace
        self.capsys = capsys
        self.log = ""

    def __call__(
        self, *flags: str, simulator: Simulator | None = None, token: str = READER, code: int = ExitCode.PASS
    ) -> dict[str, Any]:
        environ = {"GITHUB_WORKSPACE": str(self.workspace), "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": token}
        if simulator:
            environ["GITHUB_API_URL"] = simulator.api_url
        ended = main.main(["release-notes", "--json", *flags], environ)
        told = self.capsys.readouterr()
        self.log = told.err
        assert ended == code, told.err
        return dict(json.loads(told.out))

    def body(self) -> str:
        return (self.workspace / "release-notes.md").read_text()


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Runner:
    return Runner(tmp_path, capsys)


@pytest.fixture
def github() -> OnGitHub:
    return OnGitHub()


@pytest.fixture
def world(github: OnGitHub) -> World:
    return github.world


CONFIG = """\
repository: acme/web
images: {web: {platforms: [linux/amd64]}}
notes:
  categories:
    - {title: Features, labels: [kind/feature]}
    - {title: Fixes, labels: [kind/bug]}
"""


def lines(body: str, title: str = "## What's Changed") -> list[str]:
    """The bullets below a heading."""
    part = body.partition(f"{title}\n")[2].partition("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("* ")]


def test_from_one_release_to_the_next_on_github(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.0", "* @bob made their first contribution in https://github.com/acme/web/pull/2\n")
    github.release("v1.0.1")
    # What a candidate's notes said is said again, whether or not it was marked as a pre-release.
    welcome = "* @eve made their first contribution in https://github.com/acme/web/pull/15\n"
    github.release("v1.1.0-rc.1", welcome, prerelease=True)
    github.release("v1.1.0-rc.1", welcome)
    (run.workspace / "release.yaml").write_text(CONFIG)
    outputs = run("--tag", "v1.1.0", simulator=simulator)
    sha = next(one.sha for one in github.repository.git.commits.values() if one.message == "Set the version")
    assert run.body() == (
        "## What's Changed\n\n"
        "### Features\n\n"
        f"* Add the cache by @bob in {WEB}/pull/10\n"
        f"* Log in JSON by @bob in {WEB}/pull/16\n\n"
        "### Other Changes\n\n"
        f"* Rename web to site by @eve in {WEB}/pull/15\n"
        f"* Answer faster by @zoe in {WEB}/pull/3\n"
        f'* Reland "Try a queue" by @bob in {WEB}/pull/19\n'
        f'* Revert "Old feature" by @ada in {WEB}/pull/21\n'
        f"* Set the version by @ada in commit {sha}\n"
        f"* Write \\<b\\>docs\\</b\\> for @&#8203;everyone \\| all by @eve in {WEB}/pull/23\n\n"
        "<details>\n<summary>Changes by bots (1)</summary>\n\n"
        f"* Bump requests from 1 to 2 by @dependabot[bot] in {WEB}/pull/20\n\n"
        "</details>\n\n"
        "## New Contributors\n\n"
        f"* @eve made their first contribution in {WEB}/pull/15\n\n"
        f"**Full Changelog**: {WEB}/compare/v1.0.1...v1.1.0\n"
    )
    assert outputs["previous-tag"] == "v1.0.1"
    assert outputs["changes"] == 9
    assert outputs["new-contributors"] == ["eve"]
    assert outputs["overflow-file"] == ""
    assert outputs["body"] == run.body()


def test_nobody_is_welcomed_twice(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.1", "* @Eve made their first contribution in https://github.com/acme/web/pull/15\n")
    assert run("--tag", "v1.1.0", simulator=simulator)["new-contributors"] == []


def test_from_one_release_to_the_next_in_git(run: Runner) -> None:
    history = InGit(run.workspace)
    two_releases(history)
    outputs = run("--tag", "v1.1.0", "--history", "checkout", token="")
    assert outputs["previous-tag"] == "v1.0.1"
    commits = dict(
        line.split(" ", 1)[::-1] for line in history.run("log", "--format=%H %s", "v1.0.1..v1.1.0").splitlines()
    )
    assert lines(run.body()) == [
        f"* Add the cache by @bob in {WEB}/pull/10",
        f"* Rename web to site by @eve in {WEB}/pull/15",
        f"* Answer faster by @zoe in {WEB}/pull/3",
        # Git does not know which pull request was rebased onto the branch.
        f"* Log in JSON by @bob in commit {commits['Log in JSON']}",
        f"* Name the fields by @bob in commit {commits['Name the fields']}",
        f'* Reland "Try a queue" by @bob in {WEB}/pull/19',
        f'* Revert "Old feature" by @ada in {WEB}/pull/21',
        f"* Set the version by @ada in commit {commits['Set the version']}",
        f"* Write \\<b\\>docs\\</b\\> for @&#8203;everyone \\| all by @eve in {WEB}/pull/23",
        f"* Bump requests from 1 to 2 by @dependabot[bot] in {WEB}/pull/20",
    ]
    assert outputs["new-contributors"] == ["eve"]


def test_a_patch_follows_the_patch_before(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    for tag in ("v1.0.0", "v1.1.0"):
        github.release(tag)
    outputs = run("--tag", "v1.0.1", simulator=simulator)
    assert outputs["previous-tag"] == "v1.0.0"
    assert lines(run.body()) == [
        f"* Fix the leak by @zoe in {WEB}/pull/12",
        f"* \\[release-1.0\\] Only here by @bob in {WEB}/pull/22",
    ]
    assert outputs["new-contributors"] == ["zoe"]


def test_a_candidate_has_the_notes_of_its_release_so_far(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.0")
    outputs = run("--tag", "v1.1.0-rc.1", simulator=simulator)
    assert outputs["previous-tag"] == "v1.0.0"
    assert f"* Fix the leak by @zoe in {WEB}/pull/12" in run.body()


def test_a_first_release_has_everything(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    outputs = run("--tag", "v1.0.0", simulator=simulator)
    assert outputs["previous-tag"] == ""
    assert lines(run.body()) == [f"* Start by @ada in {WEB}/pull/1", f"* Old feature by @bob in {WEB}/pull/2"]
    assert outputs["new-contributors"] == ["ada", "bob"]
    assert run.body().endswith(f"**Full Changelog**: {WEB}/commits/v1.0.0\n")


def test_a_tag_that_was_never_released_is_passed_over(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.0")
    assert run("--tag", "v1.1.0", simulator=simulator)["previous-tag"] == "v1.0.0"
    assert "v1.0.1 has a git tag and no full release" in run.log
    assert run("--tag", "v1.1.0", "--previous-tag", "v1.0.1", simulator=simulator)["previous-tag"] == "v1.0.1"


@pytest.mark.parametrize(("flag", "count"), [("hide", 0), ("list", 1), ("fold", 1)])
def test_bots(run: Runner, github: OnGitHub, simulator: Simulator, flag: str, count: int) -> None:
    two_releases(github)
    run("--tag", "v1.1.0", "--bots", flag, simulator=simulator)
    assert run.body().count("dependabot") == count
    assert ("<details>" in run.body()) == (flag == "fold")


def test_what_the_configuration_leaves_out(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    form = "notes: {exclude: {labels: [kind/docs], authors: [zoe]}, bot-authors: [bob], bots: hide}\n"
    (run.workspace / "release.yaml").write_text(CONFIG.partition("notes:")[0] + form)
    outputs = run("--tag", "v1.1.0", simulator=simulator)
    assert outputs["changes"] == 3
    assert [word for word in ("@bob", "docs", "@zoe") if word in "\n".join(lines(run.body()))] == []


def test_notes_that_are_too_long_go_on_in_a_file(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    for number in range(450):
        github.squash(Told(number + 1, f"Change {number} {'x' * 240}"))
    github.tag("v1.1.0", github.tip("main")[0])
    outputs = run("--tag", "v1.1.0", simulator=simulator)
    assert 120_000 < len(run.body()) < 125_000
    whole = (run.workspace / "release-notes-full.md").read_text()
    assert outputs["overflow-file"] == "release-notes-full.md"
    kept = lines(run.body())
    assert lines(whole)[: len(kept)] == kept
    left = 450 - len(kept)
    assert len(lines(whole)) == 450
    address = f"{WEB}/releases/download/v1.1.0/release-notes-full.md"
    assert f"go on with {left} more changes in [release-notes-full.md]({address})." in run.body()
    assert run.body().endswith(f"**Full Changelog**: {WEB}/compare/v1.0.0...v1.1.0\n")


def test_an_account_that_no_search_shows_is_not_called_new(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.world.hidden_from_search.add("eve")
    outputs = run("--tag", "v1.1.0", simulator=simulator)
    assert outputs["new-contributors"] == []
    assert "It is not known whether eve contributed before" in run.log


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--tag", "v9.0.0", "--history", "checkout"], "git says"),
        (["--tag", "v1.1.0", "--previous-tag", "v0.9.0"], "there is no such tag"),
        (["--tag", "v1.1.0", "--previous-tag", "v1.1.0"], "the release itself"),
        (["--tag", "v1.1.0", "--components-file", "none.json"], "none.json does not exist."),
    ],
)
def test_mistakes(run: Runner, github: OnGitHub, simulator: Simulator, flags: list[str], words: str) -> None:
    two_releases(github)
    environ = {
        "GITHUB_WORKSPACE": str(run.workspace),
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": READER,
        "GITHUB_API_URL": simulator.api_url,
    }
    assert main.main(["release-notes", *flags], environ) == ExitCode.BAD_INPUT
    assert words in run.capsys.readouterr().out
    assert not (run.workspace / "release-notes.md").exists()


def linted(run: Runner, *flags: str, simulator: Simulator | None = None) -> list[dict[str, Any]]:
    """What lint finds in the notes that were generated."""
    quiet = ["--check-upstream", "false"]
    return list(run("--mode", "lint", *quiet, *flags, simulator=simulator)["findings"])


def test_lint_finds_nothing_in_generated_notes(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.0", "* @bob made their first contribution in https://github.com/acme/web/pull/2\n")
    for tag in ("v1.0.1", "v1.1.0-rc.1", "v1.1.0"):
        run("--tag", tag, simulator=simulator)
        assert linted(run, "--tag", tag, simulator=simulator) == [], tag


def test_lint_finds_nothing_in_notes_that_git_alone_gave(run: Runner) -> None:
    two_releases(InGit(run.workspace))
    run("--tag", "v1.1.0", "--history", "checkout", token="")
    assert linted(run, "--tag", "v1.1.0", "--history", "checkout") == []


def test_somebody_whose_first_change_was_taken_back(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    github.squash(Told(1, "Too early", "bob"))
    github.squash(Told(2, "Only try", "eve"))
    github.squash(Told(3, 'Revert "Too early"'))
    github.squash(Told(4, 'Revert "Only try"'))
    github.tag("v1.1.0", github.squash(Told(5, "Just right", "bob")))
    outputs = run("--tag", "v1.1.0", simulator=simulator)
    # Ada's pull requests are reverts of this release; Eve's is not in it.
    assert outputs["new-contributors"] == ["bob"]
    assert "@bob made their first contribution in https://github.com/acme/web/pull/5" in run.body()
    assert linted(run, "--tag", "v1.1.0", simulator=simulator) == []


def test_components_of_the_release(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.1")
    entry = {"id": "web", "name": "acme/web", "type": "Image", "version": "v1.1.0", "previous": "v1.0.1"}
    made = {
        "schema": 1,
        "release": "v1.1.0",
        "previous-release": "v1.0.1",
        "components": [
            entry
            | {
                "description": "Serves *pages*",
                "repository": "acme/web",
                "compare": "https://github.com/acme/web/compare/web-v1.0.1...web-v1.1.0",
            },
            {"id": "new", "name": "acme/new", "type": "Image (New)", "version": "v0.1.0"},
            entry | {"id": "same", "name": "acme/same", "version": "v1.0.1"},
        ],
        "removed": [{"id": "old", "name": "acme/old", "reason": "Nobody used it."}],
    }
    (run.workspace / "components.json").write_text(json.dumps(made))
    run("--tag", "v1.1.0", simulator=simulator)
    assert run.body().startswith(
        "## Component Summary\n\n"
        "| Component | Version | Previous Version | Type |\n"
        "| --- | --- | --- | --- |\n"
        "| acme/web | `v1.1.0` | `v1.0.1` | Image |\n"
        "| acme/new | `v0.1.0` | NA | Image (New) |\n"
        "| acme/same | `v1.0.1` | `v1.0.1` | Image |\n\n"
        "## Component Changes\n\n"
        "### acme/web\n\n"
        "**Description**: Serves \\*pages\\*\n\n"
        "**Diff**: [v1.0.1 → v1.1.0](https://github.com/acme/web/compare/web-v1.0.1...web-v1.1.0)\n\n"
        "### acme/new\n\n"
        "**History**: new in this release\n\n"
        "### acme/old\n\n"
        "**Removed**: Nobody used it.\n\n"
        "## What's Changed\n"
    )
    assert linted(run, "--tag", "v1.1.0", simulator=simulator) == []


def test_components_of_another_release_are_refused(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    made = {
        "schema": 1,
        "release": "v1.0.0",
        "components": [{"id": "a", "name": "a/a", "type": "Image", "version": "1"}],
    }
    (run.workspace / "components.json").write_text(json.dumps(made))
    environ = {"GITHUB_WORKSPACE": str(run.workspace), "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": READER}
    assert main.main(["release-notes", "--tag", "v1.1.0"], environ) == ExitCode.BAD_INPUT
    place = "components.json:1:26"
    error = "components.json is of the release v1.0.0, and the notes are of v1.1.0."
    assert f"{place}: error: {error}" in run.capsys.readouterr().out


def test_components_that_no_release_has_room_for_go_on_in_a_file(
    run: Runner, github: OnGitHub, simulator: Simulator
) -> None:
    two_releases(github)
    entries = [
        {"id": f"c{number}", "name": f"acme/c{number}", "type": "Image", "version": "v1.1.0", "description": "x" * 200}
        for number in range(600)
    ]
    made = {"schema": 1, "release": "v1.1.0", "components": entries}
    (run.workspace / "components.json").write_text(json.dumps(made))

    outputs = run("--tag", "v1.1.0", simulator=simulator)

    body = run.body()
    assert 120_000 < len(body) < 125_000
    assert outputs["overflow-file"] == "release-notes-full.md"
    # The short parts are whole, the long one is cut and says so.
    assert body.count("\n| acme/c") == 600
    assert len(lines(body)) == 9
    assert re.search(r"The notes go on with [0-9]+ more components in \[release-notes-full.md]", body)
    assert (run.workspace / "release-notes-full.md").read_text().count("**Description**") == 600


def test_every_long_part_keeps_what_fits(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    for number in range(600):
        github.world.add_account(f"person-{number}")
        github.squash(Told(number + 1, f"Change {number} {'x' * 240}", f"person-{number}"))
    github.tag("v1.1.0", github.tip("main")[0])

    run("--tag", "v1.1.0", simulator=simulator)

    body = run.body()
    assert 120_000 < len(body) < 125_000
    assert len(lines(body)) > 150
    assert len(lines(body, "## New Contributors")) == 600
    assert "more changes in [" in body
    assert "more new contributors" not in body


def test_notes_before_the_tag_are_of_the_head(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.0")
    github.branch("release-1.2", github.squash(Told(40, "Only on the branch", "bob")))
    outputs = run("--tag", "v1.2.0", "--head", "release-1.2", "--previous-tag", "v1.1.0", simulator=simulator)

    assert lines(run.body()) == [f"* Only on the branch by @bob in {WEB}/pull/40"]
    assert outputs["previous-tag"] == "v1.1.0"
    assert run.body().endswith(f"**Full Changelog**: {WEB}/compare/v1.1.0...v1.2.0\n")


def test_notes_before_the_tag_are_of_the_release_branch(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.branch("release-1.2", github.squash(Told(40, "Only on the branch", "bob")))
    config = CONFIG.partition("notes:")[0] + "versions: {release-branch: 'release-{major}.{minor}'}\n"
    (run.workspace / "release.yaml").write_text(config)

    run("--tag", "v1.2.0", simulator=simulator)

    assert lines(run.body()) == [f"* Only on the branch by @bob in {WEB}/pull/40"]


def test_notes_before_the_tag_are_of_what_is_checked_out(run: Runner) -> None:
    history = InGit(run.workspace)
    two_releases(history)
    history.squash(Told(41, "Since then", "bob"))
    history.run("remote", "add", "origin", f"https://github.com/{REPOSITORY}.git")

    environ = {"GITHUB_WORKSPACE": str(run.workspace)}
    code = main.main(["release-notes", "--json", "--tag", "v1.2.0", "--history", "checkout"], environ)

    assert code == ExitCode.PASS
    assert lines(run.body()) == [f"* Since then by @bob in {WEB}/pull/41"]


def test_two_bases_are_told(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    github.release("v1.0.1")
    entry = {"id": "web", "name": "acme/web", "type": "Image", "version": "v1.1.0", "previous": "v1.0.0"}
    made = {"schema": 1, "release": "v1.1.0", "previous-release": "v1.0.0", "components": [entry]}
    (run.workspace / "components.json").write_text(json.dumps(made))
    run("--tag", "v1.1.0", simulator=simulator)
    assert "The previous release of the components is v1.0.0, that of the changes v1.0.1." in run.log


def test_the_example_in_the_documentation_is_what_comes_out(
    run: Runner, github: OnGitHub, simulator: Simulator
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "release-notes.md").read_text()
    shown = page.partition("<!-- real example -->\n\n```markdown\n")[2].partition("```")[0]
    two_releases(github)
    github.release("v1.0.1")
    web = {"id": "web", "name": "acme/web", "type": "Image", "version": "v1.1.0", "previous": "v1.0.1"}
    web |= {"description": "Serves the pages", "compare": "https://github.com/acme/web/compare/v1.0.1...v1.1.0"}
    chart = {"id": "chart", "name": "acme/web-chart", "type": "Helm Chart (New)", "version": "0.1.0"}
    made = {"schema": 1, "release": "v1.1.0", "previous-release": "v1.0.1", "components": [web, chart]}
    (run.workspace / "components.json").write_text(json.dumps(made))
    (run.workspace / "release.yaml").write_text(CONFIG)
    run("--tag", "v1.1.0", simulator=simulator)
    assert run.body() == shown


def test_breaking_changes_and_deprecations_are_on_top(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    note = "```release-note\nThe flag --old is deprecated and will be removed in v1.3.\n```"
    github.squash(Told(1, "feat!: Drop the *old* API", "bob"))
    github.squash(Told(2, "Warn of --old", "eve", text=note))
    github.tag("v1.1.0", github.tip("main")[0])

    run("--tag", "v1.1.0", simulator=simulator)

    assert run.body().startswith(
        "## Breaking Changes\n\n"
        f"**feat!: Drop the \\*old\\* API** ([\\#1]({WEB}/pull/1))\n\n"
        "## Deprecations\n\n"
        f"**Warn of --old** ([\\#2]({WEB}/pull/2)): The flag --old is deprecated and will be removed in v1.3."
        " It is removed in v1.3.\n\n"
        "## What's Changed\n"
    )
    assert len(lines(run.body())) == 2
    assert "v1.1.0 has 1 breaking change since v1.0.0, which its number hides." in run.log
    assert [one["rule"] for one in linted(run, "--tag", "v1.1.0", simulator=simulator)] == ["bump-too-small"]


def test_a_component_says_what_changed_in_it(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    two_releases(github)
    other = github.world.add_repository("acme/router")
    sha = other.git.commit("One (#1)", github.now, login="bob").sha
    for tag in ("router-1.0.0", "router-1.1.0", "router-1.2.0", "router-1.3.0"):
        other.git.refs[f"refs/tags/{tag}"] = Target(sha, "commit")
    for number, tag in enumerate(("router-1.0.0", "router-1.1.0", "router-1.2.0", "router-1.3.0"), 1):
        body = "".join(
            f"* Change {tag}-{part} by @bob in https://github.com/acme/router/pull/{part}\n" for part in range(1, 8)
        )
        other.releases[number + 900] = Release(number + 900, tag, "main", "bob", github.now, tag, body, False, False)  # noqa: FBT003
        other.releases[number + 900].published = github.now
    entry = {
        "id": "router",
        "name": "acme/router",
        "type": "Image",
        "version": "router-1.2.0",
        "previous": "router-1.0.0",
    }
    entry |= {
        "repository": "acme/router",
        "compare": "https://github.com/acme/router/compare/router-1.0.0...router-1.2.0",
    }
    made = {"schema": 1, "release": "v1.1.0", "previous-release": "v1.0.1", "components": [entry]}
    (run.workspace / "components.json").write_text(json.dumps(made))

    run("--tag", "v1.1.0", simulator=simulator)

    section = run.body().partition("### acme/router")[2].partition("\n## ")[0]
    # Of its own notes between the two versions: not before, not after, ten at most, and never as a bullet.
    assert "Change router-1.1.0-1 ([\\#1](https://github.com/acme/router/pull/1))" in section
    assert "Change router-1.2.0-3 (" in section
    assert [word for word in ("router-1.0.0-1", "router-1.3.0-1", "router-1.2.0-4", "\n* ") if word in section] == []
    assert "and 4 more changes" in section


def test_co_authors_are_credited_on_request(run: Runner, github: OnGitHub, simulator: Simulator) -> None:
    github.tag("v1.0.0", github.commit("start"))
    message = "Fix it (#1)\n\nCo-authored-by: Eve <1+eve@users.noreply.github.com>"
    github.tag("v1.1.0", github.squash(Told(1, "Fix it", "bob"), message=message))

    run("--tag", "v1.1.0", simulator=simulator)
    assert lines(run.body()) == [f"* Fix it by @bob in {WEB}/pull/1"]
    (run.workspace / "release.yaml").write_text(CONFIG.partition("notes:")[0] + "notes: {co-authors: true}\n")
    run("--tag", "v1.1.0", simulator=simulator)
    assert lines(run.body()) == [f"* Fix it by @bob and @eve in {WEB}/pull/1"]


def test_paths_keep_the_changes_of_one_component_in_a_checkout(run: Runner) -> None:
    history = InGit(run.workspace)
    history.tag("v1.0.0", history.commit("start"))
    for number, path in ((1, "router/main.go"), (2, "web/page.ts"), (3, "router/docs/page.md")):
        (run.workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (run.workspace / path).write_text(str(number))
        history.run("add", path)
        history.squash(Told(number, f"Change {number}", "bob"))
    history.tag("v1.1.0", history.tip("main")[0])
    config = CONFIG.partition("notes:")[0] + "notes: {paths: ['router/**', '!**/*.md']}\n"
    (run.workspace / "release.yaml").write_text(config)

    run("--tag", "v1.1.0", "--history", "checkout", token="")

    assert lines(run.body()) == [f"* Change 1 by @bob in {WEB}/pull/1"]


COMPONENT = CONFIG.partition("notes:")[0] + "notes: {paths: ['router/**']}\n"


def test_a_file_that_leaves_a_component_or_comes_into_it_changes_the_component_in_a_checkout(run: Runner) -> None:
    history = InGit(run.workspace)
    for path in ("router/old.go", "web/new.go", "web/page.ts"):
        (run.workspace / path).parent.mkdir(parents=True, exist_ok=True)
        (run.workspace / path).write_text(f"{path} is long enough to be found again under another name\n" * 9)
        history.run("add", path)
    history.tag("v1.0.0", history.commit("start"))
    for number, (old, new) in enumerate((("router/old.go", "web/old.go"), ("web/new.go", "router/new.go")), 1):
        history.run("mv", old, new)
        history.squash(Told(number, f"Move {number}", "bob"))
    history.run("mv", "web/page.ts", "web/site.ts")
    history.tag("v1.1.0", history.squash(Told(3, "Move 3", "bob")))
    (run.workspace / "release.yaml").write_text(COMPONENT)

    run("--tag", "v1.1.0", "--history", "checkout", token="")

    assert lines(run.body()) == [f"* Move {number} by @bob in {WEB}/pull/{number}" for number in (1, 2)]


def test_a_file_that_leaves_a_component_changes_it_on_github_too(
    run: Runner, github: OnGitHub, simulator: Simulator
) -> None:
    github.tag("v1.0.0", github.commit("start"))
    moved = github.squash(Told(1, "Move it out", "bob"))
    other = github.squash(Told(2, "Move a page", "bob"))
    github.tag("v1.1.0", other)
    commits = github.repository.git.commits
    commits[moved] = dataclasses.replace(
        commits[moved], files=("router/main.go => web/main.go",), tree_id=commits[moved].tree
    )
    commits[other] = dataclasses.replace(
        commits[other], files=("web/page.ts => web/site.ts",), tree_id=commits[other].tree
    )
    (run.workspace / "release.yaml").write_text(COMPONENT)

    run("--tag", "v1.1.0", simulator=simulator)

    assert lines(run.body()) == [f"* Move it out by @bob in {WEB}/pull/1"]


def test_a_revert_inside_and_outside_of_a_component_takes_all_of_it_back(run: Runner) -> None:
    history = InGit(run.workspace)
    history.tag("v1.0.0", history.commit("start"))

    def land(pull: Told, *paths: str) -> str:
        for path in paths:
            (run.workspace / path).parent.mkdir(parents=True, exist_ok=True)
            (run.workspace / path).write_text(str(pull.number))
            history.run("add", path)
        return history.squash(pull)

    land(Told(1, "Route faster", "bob"), "router/main.go")
    land(Told(2, "Show faster", "bob"), "web/page.ts")
    land(Told(3, "Keep it", "bob"), "router/other.go")
    history.tag("v1.1.0", land(Told(4, "Revert #1 and #2", "bob"), "router/main.go", "web/page.ts"))
    (run.workspace / "release.yaml").write_text(COMPONENT)

    run("--tag", "v1.1.0", "--history", "checkout", token="")

    assert lines(run.body()) == [f"* Keep it by @bob in {WEB}/pull/3"]


def test_a_pick_by_a_program_is_credited_from_a_checkout_too(run: Runner) -> None:
    history = InGit(run.workspace)
    base = history.commit("start")
    history.tag("v1.0.0", base)
    history.branch("release-1.0", base)
    fix = history.squash(Told(11, "Fix the cache", "bob"))
    history.squash(Told(12, "Fix the cache (backport #11)", "mergify[bot]"), on="release-1.0")
    history.squash(Told(13, "Speed up", "eve"))
    picked = f"Fix it again\n\n(cherry picked from commit {fix})"
    history.tag("v1.0.1", history.commit(picked, "github-actions[bot]", on="release-1.0"))

    outputs = run("--tag", "v1.0.1", "--history", "checkout", token="")

    # Two picks of one change are one line.
    assert lines(run.body()) == [f"* Fix the cache by @bob in {WEB}/pull/11"]
    assert "[bot]" not in run.body()
    assert outputs["new-contributors"] == ["bob"]
