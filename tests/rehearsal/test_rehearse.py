"""The main job: a release plays through the real actions, and a broken action cannot hide."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]

ACTIONS = (
    "validate-tag", "build-matrix", "merge-digests", "verify-images", "protect-latest", "ghcr-cleanup", "rc-teardown",
)  # fmt: skip
RELEASE = "ci-release.yaml"
NOTES = ("component-matrix", "release-notes")
VERSIONS = ("promote", "version-audit")
FOLDERS = (".github", "actions", "src", "examples", "release-actions", "action.yml", "requirements")
TRAINS = ("branch-audit", "release-gate", "release-tracker")
SHIPPED = (*FOLDERS, *ACTIONS, *NOTES, *VERSIONS, *TRAINS)

CONFIG = """\
repository: acme/app
channels:
  dev: {name: "{image}-dev"}
images:
  app:
    platforms: [linux/amd64, linux/arm64]
    runners: {linux/amd64: ubuntu-24.04, linux/arm64: ubuntu-24.04-arm}
cleanup:
  dev-images:
    channel: dev
    delete-tags: [sha-*, nightly-*]
    exclude-tags: [latest]
    keep-n: 1
"""

SCENARIO = """\
name: small
repository: acme/app
starts: 2026-01-01T00:00:00Z
git-tags: [v1, v1.0.0]
published: [v1.0.0]
steps:
  - do: publish
    tag: v1.1.0-rc.1
"""

CLEAN_UP = """\
  - do: clean-up
    candidate: v1.1.0-rc.1
    delete-tags: [v1.1.0-rc.*]
"""

TODAY = """\
    by: todays-workflow
    also-pushes: [v1.1, v1.1.0, v1.1.0-rc]
    also-moves-git-tags: [v1, v1.1, v1.1.0-rc]
    pre-release: true
    breaks: [candidate-moved-production, stray-tag]
"""

TEARDOWN = """\
  - do: teardown
    candidate: v1.1.0-rc.1
"""

NIGHTS = """\
  - do: nightly
    nights: 2
  - do: retention
    rule: dev-images
    keeps: 1
"""


MERGED = """\
steps:
  - do: merge
    pulls:
      - {title: Keep, author: ada}
      - {title: Drop, author: bob, in-notes: false}
      - {title: 'Revert "Drop"', author: ada, in-notes: false}
      - {title: Bump, author: "dependabot[bot]"}
  - do: publish
    tag: v1.1.0
    notes: true
"""


@dataclass(frozen=True)
class Ended:
    """A rehearsal that was run as a user runs it."""

    code: int
    report: dict[str, Any]
    log: str

    def broken(self) -> dict[int, set[str]]:
        """Step -> invariants that broke and were not to."""
        return {
            step["number"]: {found["invariant"] for found in step["violations"] if not found["expected"]}
            for step in self.report["steps"]
            if step["problems"]
        }


def without_signatures(tags: dict[str, str]) -> dict[str, str]:
    return {tag: digest for tag, digest in tags.items() if not tag.startswith("sha256-")}


def rehearse(folder: Path, *flags: str, root: Path = ROOT, scenario: str = SCENARIO, config: str = CONFIG) -> Ended:
    """Run `rehearse --json` on a small project, with this test's own Python."""
    folder.mkdir(exist_ok=True)
    (folder / "scenario.yaml").write_text(scenario)
    (folder / "release.yaml").write_text(config)
    given = ["--scenario", "scenario.yaml", "--config", "release.yaml", "--json", *flags]
    ended = subprocess.run(
        [sys.executable, "-I", str(root / "src" / "release_actions"), "rehearse", *given],
        cwd=folder,
        env={**os.environ, "GITHUB_WORKSPACE": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    report = json.loads(ended.stdout) if ended.stdout.strip() else {}
    return Ended(ended.returncode, report, ended.stderr)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A copy of the suite that a test may break."""
    root = tmp_path / "suite"
    root.mkdir()
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            # With the byte code, which holds for every file that no test changes.
            shutil.copytree(source, root / name)
        else:
            shutil.copy2(source, root / name)
    return root


def break_code(root: Path, module: str, right: str, wrong: str) -> None:
    """Put a mistake into a module, which has to contain what is replaced."""
    file = root / "src" / "release_actions" / module
    text = file.read_text()
    assert text.count(right) == 1
    file.write_text(text.replace(right, wrong))


def break_workflow(root: Path, right: str, wrong: str, name: str = "build-and-publish.yml") -> None:
    """Change something in a workflow, which has to be there once."""
    file = root / ".github" / "workflows" / name
    text = file.read_text()
    assert text.count(right) == 1
    file.write_text(text.replace(right, wrong))


def test_a_small_release_holds_every_invariant(tmp_path: Path) -> None:
    final = "  - do: publish\n    tag: v1.1.0\n"
    ended = rehearse(tmp_path / "work", scenario=SCENARIO + CLEAN_UP + final + NIGHTS + TEARDOWN)
    assert ended.code == 0, ended.log
    assert ended.report["held"] is True
    assert ended.report["invariants"] == {
        "candidate-moved-production": 0,
        "tag-unresolvable": 0,
        "floating-tag-wrong": 0,
        "stray-tag": 0,
        "needed-deleted": 0,
        "leftover-kept": 0,
        "notes-wrong": 0,
    }
    tags = [without_signatures(step["tags"]["acme/app"]) for step in ended.report["steps"]]
    assert set(tags[0]) == {"latest", "v1", "v1.0", "v1.0.0", "v1.1.0-rc.1"}
    assert set(tags[1]) == {"latest", "v1", "v1.0", "v1.0.0"}
    assert tags[2]["latest"] == tags[2]["v1"] == tags[2]["v1.1"] == tags[2]["v1.1.0"] != tags[1]["latest"]
    assert len([tag for tag in ended.report["steps"][-1]["tags"]["acme/app-dev"] if tag.startswith("nightly-")]) == 1
    runs = [run["name"] for step in ended.report["steps"] for run in step["runs"]]
    assert {"release-plan", *ACTIONS} < set(runs)
    page = (tmp_path / "work" / "rehearsal-report" / "report.md").read_text()
    assert "```mermaid" in page
    assert json.loads((tmp_path / "work" / "rehearsal-report" / "report.json").read_text()) == ended.report


def test_the_same_seed_gives_the_same_digests_and_another_one_others(tmp_path: Path) -> None:
    first, again, other = (
        rehearse(tmp_path / name, "--seed", seed).report["steps"][0]["tags"]
        for name, seed in (("a", "7"), ("b", "7"), ("c", "8"))
    )
    assert first == again
    assert first["acme/app"]["latest"] != other["acme/app"]["latest"]


@pytest.mark.parametrize("faults", ["latency", "flaky", "read-lag"])
def test_the_invariants_hold_when_the_line_is_bad(tmp_path: Path, faults: str) -> None:
    ended = rehearse(tmp_path / "work", "--faults", faults, scenario=SCENARIO + CLEAN_UP)
    assert ended.code == 0, ended.log
    assert ended.report["faults"] == faults


@pytest.mark.parametrize("faults", ["", "flaky"])
def test_a_release_ends_with_its_notes(tmp_path: Path, faults: str) -> None:
    flags = ("--faults", faults) if faults else ()
    ended = rehearse(tmp_path / "work", *flags, scenario=SCENARIO.partition("steps:")[0] + MERGED)
    assert ended.code == 0, ended.log
    outputs = [run["outputs"] for run in ended.report["steps"][1]["runs"] if run["name"] == "release-notes"]
    assert outputs[0]["previous-tag"] == "v1.0.0"
    assert outputs[1]["findings"] == "[]"
    assert outputs[2]["make-latest"] == "true"


def test_a_draft_that_is_not_what_was_checked_is_found(tmp_path: Path, suite: Path) -> None:
    break_code(
        suite,
        "notes/draft.py",
        "return DraftContent(whole, ",
        "return DraftContent(whole.replace('pull/1', 'pull/9'), ",
    )
    ended = rehearse(tmp_path / "work", root=suite, scenario=SCENARIO.partition("steps:")[0] + MERGED)
    assert ended.code == 1
    assert ended.broken() == {2: {"notes-wrong"}}
    assert "the notes list https://github.com/acme/app/pull/1 0 times" in ended.log, ended.log


def test_floating_tags_moved_for_a_candidate_are_found(tmp_path: Path, suite: Path) -> None:
    right, wrong = "return self.kind in {Kind.STABLE, Kind.POST}", "return self.kind is not Kind.DEV"
    break_code(suite, "versions/version.py", right, wrong)
    ended = rehearse(tmp_path / "work", root=suite)
    assert ended.code == 1
    assert ended.report["held"] is False
    assert ended.broken() == {1: {"candidate-moved-production", "floating-tag-wrong", "stray-tag"}}
    assert "candidate-moved-production: acme/app latest: names the image of v1.1.0-rc.1" in ended.log


def test_versions_ordered_as_text_are_found_by_the_example_of_a_single_image(tmp_path: Path, suite: Path) -> None:
    example = ROOT / "examples" / "single-image"
    files = {"scenario": (example / "rehearsal.yaml").read_text(), "config": (example / "release.yaml").read_text()}
    break_code(
        suite,
        "versions/floating.py",
        "key=lambda release: (release.order, release.tag)",
        "key=lambda release: release.tag",
    )
    ended = rehearse(tmp_path / "work", root=suite, **files)
    assert ended.code == 1
    assert ended.broken() == {3: {"floating-tag-wrong"}}


def test_a_floating_tag_that_a_candidate_takes_and_protect_latest_puts_back_is_found(
    tmp_path: Path, suite: Path
) -> None:
    break_code(suite, "builds/event.py", "return (build.version.image_tag,)", 'return (build.version.tag, "latest")')
    break_code(suite, "images/publish.py", "        if floats:\n", "        if False:\n")
    break_workflow(
        suite, "          hold-back: ${{ inputs.hold-back }} # they follow once everything is verified\n", ""
    )
    break_workflow(
        suite, "steps.tag.outputs.is-stable == 'true' && 'release' || 'none'", "'release'", "ci-release.yaml"
    )
    # By a lock it would name only what this run verified, and not go back to the release before.
    lock = "${{ needs.verify.result != 'skipped' && needs.verify.outputs.lock || '' }}"
    component = "          component: ${{ inputs.component }}\n"
    break_workflow(suite, f"{component}          lock: {lock}\n", component)
    ended = rehearse(tmp_path / "work", root=suite)
    assert ended.code == 1
    assert ended.broken() == {1: {"candidate-moved-production"}}
    assert "candidate-moved-production: acme/app latest: named the image of v1.1.0-rc.1 (" in ended.log
    changed = [change["tag"] for change in ended.report["steps"][0]["changes"]]
    assert [tag for tag in changed if not tag.startswith("sha256-")] == ["v1.1.0-rc.1"]


def test_a_clean_up_that_takes_more_than_it_was_told_is_found(tmp_path: Path, suite: Path) -> None:
    matching = "else _compile_glob(pattern).fullmatch(name) is not None"
    break_code(suite, "cleanup/selection.py", matching, "else True")
    ended = rehearse(tmp_path / "work", root=suite, scenario=SCENARIO + CLEAN_UP)
    assert ended.code == 1
    assert "needed-deleted" in ended.broken()[2]
    assert any(
        problem.startswith("needed-deleted: acme/app v1.0.0: ") for problem in ended.report["steps"][1]["problems"]
    )
    verdict = r"error: Step 2, .*: needed-deleted: acme/app .*\(and [0-9]+ more\)$"
    assert re.search(verdict, ended.log, re.MULTILINE)


def test_a_clean_up_that_leaves_something_is_found(tmp_path: Path) -> None:
    scenario = SCENARIO + CLEAN_UP.replace("v1.1.0-rc.*", "v1.1.0-rc.2")
    ended = rehearse(tmp_path / "work", scenario=scenario)
    assert ended.code == 1
    assert ended.broken() == {2: {"leftover-kept"}}


@pytest.fixture(scope="module")
def torn_down(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A rehearsal in which the candidate of today's workflow is removed."""
    return rehearse(tmp_path_factory.mktemp("torn-down"), scenario=SCENARIO + TODAY + TEARDOWN)


def test_a_candidate_of_todays_workflow_is_torn_down_everywhere(torn_down: Ended) -> None:
    assert torn_down.code == 0, torn_down.log
    first, last = torn_down.report["steps"]
    assert set(first["tags"]["acme/app"]) - set(last["tags"]["acme/app"]) == {
        "v1.1.0-rc.1",
        "v1.1.0-rc",
        "v1.1.0",
        "v1.1",
    }
    git = {
        change["tag"]: (change["before-image"], change["after-image"])
        for change in last["changes"]
        if change["package"] == "acme/app (git)"
    }
    assert git == {
        "v1": ("v1.1.0-rc.1", "v1.0.0"),
        "v1.1": ("v1.1.0-rc.1", None),
        "v1.1.0-rc": ("v1.1.0-rc.1", None),
        "v1.1.0-rc.1": ("v1.1.0-rc.1", None),
    }
    reasons = {change["tag"]: change["why"] for change in last["changes"] if change["package"] == "acme/app"}
    assert reasons["v1.1"] == "rc-teardown: It is the image of v1.1.0-rc.1."
    (run,) = last["runs"]
    assert run["result"] == (
        "3 of 3 versions deleted, 1 of 1 release deleted, 4 of 4 git tags deleted or moved, 4 remaining tags unchanged."
    )


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    ended = subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True)
    return ended.stdout + ended.stderr


def set_tags(folder: Path, tags: dict[str, str | None], commits: dict[str, str]) -> None:
    """Let the tags of a repository be on the commits that stand for the rehearsal's; None deletes one."""
    for tag, commit in tags.items():
        words = ("tag", "--force", tag, commits[commit]) if commit else ("tag", "--delete", tag)
        git(folder, *words)


def test_the_commands_for_peoples_clones_leave_nothing_to_fetch(tmp_path: Path, torn_down: Ended) -> None:
    last = torn_down.report["steps"][-1]
    changes = [change for change in last["changes"] if change["package"] == "acme/app (git)"]
    upstream, clone = tmp_path / "upstream", tmp_path / "clone"
    git(tmp_path, "init", "--quiet", str(upstream))
    commits = {}
    for commit in {change[when] for change in changes for when in ("before", "after")} - {None}:
        git(upstream, "commit", "--quiet", "--allow-empty", "--message", commit)
        commits[commit] = git(upstream, "rev-parse", "HEAD").strip()
    set_tags(upstream, {change["tag"]: change["before"] for change in changes}, commits)
    git(tmp_path, "clone", "--quiet", str(upstream), str(clone))
    set_tags(upstream, {change["tag"]: change["after"] for change in changes}, commits)

    commands = last["runs"][0]["outputs"]["local-commands"].replace("https://github.com/acme/app", str(upstream))
    subprocess.run(["sh", "-e", "-c", commands], cwd=clone, check=True, capture_output=True)

    assert len(changes) == 4
    assert git(clone, "fetch", "--tags", "--prune", "--prune-tags", "origin") == ""
    assert git(clone, "show-ref", "--tags") == git(upstream, "show-ref", "--tags")


@pytest.mark.parametrize(
    ("module", "right", "wrong", "found"),
    [
        ("teardown/plan.py", "going = {release.tag for release in releases}", "releases = ()\n        going = set()",
         "leftover-kept: acme/app release v1.1.0-rc.1: is still there"),
        ("teardown/work.py", "    for change in plan.refs:\n", "    for change in plan.refs[1:]:\n",
         "leftover-kept: acme/app git tag v1: named "),
    ],
)  # fmt: skip
def test_a_teardown_that_leaves_something_is_found(
    tmp_path: Path, suite: Path, module: str, right: str, wrong: str, found: str
) -> None:
    break_code(suite, module, right, wrong)
    ended = rehearse(tmp_path / "work", root=suite, scenario=SCENARIO + TODAY + TEARDOWN)
    assert ended.code == 1
    assert ended.broken() == {2: {"leftover-kept"}}
    assert found in ended.log


def test_a_teardown_is_refused_while_latest_names_the_candidate(tmp_path: Path) -> None:
    today = TODAY.replace("also-pushes: [", "also-pushes: [latest, ").replace(
        "[candidate-moved-production,", "[candidate-moved-production, floating-tag-wrong,"
    )
    ended = rehearse(tmp_path / "work", scenario=SCENARIO + today + TEARDOWN)
    assert ended.code == 1
    assert "acme/app:latest names the image of v1.1.0-rc.1, but has to name v1.0.0" in ended.log
    protect = "  - do: protect-latest\n"
    ended = rehearse(tmp_path / "again", scenario=SCENARIO + today + protect + TEARDOWN)
    assert ended.code == 0, ended.log


def test_a_matrix_that_forgets_a_platform_is_found(tmp_path: Path, suite: Path) -> None:
    break_code(
        suite, "builds/matrix.py", "for platform in package.platforms]\n", "for platform in package.platforms[:1]]\n"
    )
    ended = rehearse(tmp_path / "work", root=suite)
    assert ended.code == 1
    assert ended.report["steps"][0]["problems"] == [
        "merge-digests failed with exit code 1: ghcr.io/acme/app is not published: no digest was given for "
        "linux/arm64, only for linux/amd64."
    ]
    assert "v1.1.0-rc.1" not in ended.report["steps"][0]["tags"]["acme/app"]


def test_a_merge_that_drops_a_platform_is_found_by_the_verification(tmp_path: Path, suite: Path) -> None:
    break_code(suite, "images/assembly.py", "for part in given]", "for part in given][:1]")
    ended = rehearse(tmp_path / "work", root=suite)
    assert ended.code == 1
    assert ended.report["steps"][0]["problems"] == [
        "verify-images failed with exit code 1: ghcr.io/acme/app: it lacks linux/arm64."
    ]


def test_a_merge_that_drops_a_platform_is_found_without_the_suite_too(tmp_path: Path, suite: Path) -> None:
    break_code(suite, "images/assembly.py", "for part in given]", "for part in given][:1]")
    right = "missing = sorted(wanted for wanted in set(image.platforms) if not any(map(wanted.fits, platforms)))"
    break_code(suite, "images/inspection.py", right, "missing = []")
    ended = rehearse(tmp_path / "work", root=suite)
    assert ended.code == 1
    assert ended.report["steps"][0]["problems"] == [
        "acme/app:v1.1.0-rc.1 pulls as something else than what the build jobs pushed."
    ]


def test_todays_workflow_that_breaks_nothing_means_that_the_judge_is_blind(tmp_path: Path) -> None:
    scenario = SCENARIO + "    by: todays-workflow\n    breaks: [candidate-moved-production]\n"
    ended = rehearse(tmp_path / "work", scenario=scenario)
    assert ended.code == 1
    assert "candidate-moved-production: the scenario says that this step breaks it, and it held" in ended.log


def test_a_refused_tag_fails_the_step_that_pushes_it(tmp_path: Path) -> None:
    ended = rehearse(tmp_path / "work", scenario=SCENARIO.replace("v1.1.0-rc.1", "v1.1.0-rc.3"))
    assert ended.code == 1
    assert ended.report["steps"][0]["problems"] == [
        "release-plan failed with exit code 1: v1.1.0-rc.3 is not the next candidate of v1.1.0: there is none so far."
    ]
    (run,) = ended.report["steps"][0]["runs"]
    assert run["exit-code"] == 1
    assert any("v1.1.0-rc.1" in line for line in run["log"])


@pytest.mark.parametrize(
    ("flags", "change", "message"),
    [
        (
            (),
            ("app:\n    platforms", "app:\n    platfroms"),
            "release.yaml:6:5: error: 'platfroms' is not a key of an image.\nDid you mean 'platforms'?",
        ),
        (
            ("--faults", "strom"),
            ("", ""),
            "error: 'strom' is neither a preset of faults nor a file.\nDid you mean 'storm'?",
        ),
        (("--seed", "x"), ("", ""), "error: Input 'seed' is 'x', which is not a whole number of at least 0."),
        (("--scenario", "none.yaml"), ("", ""), "none.yaml"),
        (
            (),
            ("channels:\n", 'channels:\n  release: {name: "{image}", destinations: {mirror: {name: "m/{image}"}}}\n'),
            "Rehearse with a copy of the file without 'image-tag', 'destinations', 'built-by' and 'tag' of variants.",
        ),
        (("--output", "release.yaml/report"), ("", ""), "error: The report could not be written to "),
    ],
)
def test_mistakes_end_before_anything_is_played(
    tmp_path: Path, flags: tuple[str, ...], change: tuple[str, str], message: str
) -> None:
    ended = rehearse(tmp_path / "work", *flags, config=CONFIG.replace(*change))
    assert ended.code == 2
    assert message in ended.log
    assert "Traceback" not in ended.log
    assert "[1/1]" not in ended.log


def test_a_bad_scenario_is_reported_with_file_and_line(tmp_path: Path) -> None:
    ended = rehearse(tmp_path / "work", scenario=SCENARIO.replace("do: publish", "do: publsh"))
    assert ended.code == 2
    assert "scenario.yaml:7:9: error: 'steps[0].do' is 'publsh'" in ended.log


def test_keep_leaves_the_simulator_up_until_it_is_interrupted(tmp_path: Path) -> None:
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "release.yaml").write_text(CONFIG)
    flags = ["--scenario", "scenario.yaml", "--config", "release.yaml", "--keep"]
    command = [sys.executable, "-I", "-u", str(ROOT / "src" / "release_actions"), "rehearse", *flags]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if "curl" in line:
                break
        curl = re.search(r"curl -H 'Authorization: (Bearer \S+)' (\S+)", lines[-1])
        assert curl is not None
        answer = requests.get(curl[2], headers={"Authorization": curl[1]}, timeout=30)
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
    assert running.returncode == 0, rest
    tags = {tag for version in answer.json() for tag in version["metadata"]["container"]["tags"]}
    assert {"v1.0.0", "v1.1.0-rc.1", "latest"} <= tags
    assert any(line.startswith("  crane ls --insecure 127.0.0.1:") and "acme/app" in line for line in lines)


@pytest.mark.parametrize("published", [True, False])
def test_a_tag_pushed_again_is_built_again_only_where_the_workflow_says_so(
    tmp_path: Path,
    suite: Path,
    published: bool,  # noqa: FBT001  # a table's column
) -> None:
    again = SCENARIO + "  - do: publish\n    tag: v1.1.0-rc.1\n"
    if not published:
        whether = "needs.plan.outputs.published == 'true' || needs.promote.outputs.promoted == 'true'"
        break_workflow(suite, f"published: ${{{{ {whether} }}}}", "published: false", RELEASE)

    ended = rehearse(tmp_path / "work", root=suite, scenario=again)

    first, second = ([run["name"] for run in step["runs"]] for step in ended.report["steps"])
    assert "build" in first
    assert ("build" in second) is not published


def test_a_job_that_the_workflow_forbids_never_runs(tmp_path: Path, suite: Path) -> None:
    condition = "inputs.floating == 'release' && steps.ready.outputs.ready == 'true'"
    break_workflow(suite, condition, "inputs.floating == 'no'")

    ended = rehearse(tmp_path / "work", root=suite, scenario=SCENARIO.replace("v1.1.0-rc.1", "v1.1.0"))

    assert ended.code == 1
    assert ended.broken() == {1: {"floating-tag-wrong"}}
    assert "protect-latest" not in [run["name"] for run in ended.report["steps"][0]["runs"]]


@pytest.mark.parametrize(
    ("workflow", "condition", "skipped"),
    [
        ("build-and-publish.yml", "${{ !inputs.published && contains(inputs.matrix, '\"slot\"') }}", "build"),
        ("build-and-publish.yml", "${{ !cancelled() && inputs.push && needs.merge.outputs.images }}", "verify-images"),
        ("build-and-publish.yml", "${{ !cancelled() && inputs.push }} # a platform", "merge-digests"),
        ("ci-release.yaml", "${{ github.event_name != 'release' }}", "build-matrix"),
    ],
)
def test_a_condition_that_is_never_true_skips_its_job(
    tmp_path: Path, suite: Path, workflow: str, condition: str, skipped: str
) -> None:
    never = condition.replace("${{ ", "${{ false && ")
    break_workflow(suite, f"if: {condition}", f"if: {never}", workflow)

    ended = rehearse(tmp_path / "work", root=suite)

    (step,) = ended.report["steps"]
    assert skipped not in [run["name"] for run in step["runs"]]


def test_a_job_without_the_permission_it_needs_fails(tmp_path: Path, suite: Path) -> None:
    break_workflow(suite, "      packages: write # to push the exact tags\n", "      packages: read\n")

    ended = rehearse(tmp_path / "work", root=suite)

    assert ended.code == 1
    assert ended.report["steps"][0]["failure"].startswith("merge-digests failed with exit code ")


def test_an_action_that_fails_is_no_broken_invariant(tmp_path: Path) -> None:
    ended = rehearse(tmp_path / "work", scenario=SCENARIO.replace("v1.1.0-rc.1", "v1.1.0-rc.3"))

    assert ended.code == 1
    assert "FAIL  An action failed in step 1." in ended.log
    assert "an invariant broke" not in ended.log
    page = (tmp_path / "work" / "rehearsal-report" / "report.md").read_text()
    assert "**An action failed in step 1.**" in page
    step = ended.report["steps"][0]
    assert step["failure"] in ended.log.replace("\n        ", " ")
    assert step["hint"].endswith("report.json has its whole log.")


def test_the_first_table_shows_what_each_tag_named_at_each_moment(tmp_path: Path) -> None:
    ours = "  - do: publish\n    tag: v1.1.0-rc.1\n"
    ended = rehearse(tmp_path / "work", scenario=SCENARIO + TODAY + TEARDOWN + ours + TEARDOWN)

    assert ended.code == 0, ended.log
    moments = [entry["moment"] for entry in ended.report["candidate-tags"]]
    named = {
        tag: [entry["tags"][tag] for entry in ended.report["candidate-tags"]]
        for tag in ended.report["candidate-tags"][0]["tags"]
    }
    today, ours = "v1.1.0-rc.1, today's", "v1.1.0-rc.1"
    assert moments == ["before", "today's", "torn down", "ours", "torn down"]
    assert named == {
        "latest": ["v1.0.0"] * 5,
        "v1": ["v1.0.0"] * 5,
        "v1.1": [None, today, None, None, None],
        "v1.1.0": [None, today, None, None, None],
        "v1.1.0-rc": [None, today, None, None, None],
        "v1.1.0-rc.1": [None, today, None, ours, None],
    }
    page = (tmp_path / "work" / "rehearsal-report" / "report.md").read_text()
    assert page.index("## What the tags of v1.1.0-rc.1 named") < page.index("## Invariants")


def test_a_tag_that_today_leaves_on_a_candidate_is_wrong_until_it_is_gone(tmp_path: Path) -> None:
    protect = "  - do: protect-latest\n"
    ended = rehearse(tmp_path / "work", scenario=SCENARIO + TODAY + protect + TEARDOWN)

    assert ended.code == 0, ended.log
    remaining = [{violation["subject"] for violation in step["remaining"]} for step in ended.report["steps"]]
    assert remaining == [set(), {"v1.1", "v1.1.0", "v1.1.0-rc"}, set()]
    assert "stray-tag: broken in step 1 as the scenario says, repaired by step 3" in ended.log


def test_a_registry_that_cuts_tags_ends_right(tmp_path: Path) -> None:
    cut = SCENARIO.replace("steps:\n", "registry-cuts-tags: true\nsteps:\n")
    breaks = "    breaks: [candidate-moved-production, floating-tag-wrong, stray-tag]\n"
    ended = rehearse(tmp_path / "work", scenario=cut + breaks + "  - do: protect-latest\n" + TEARDOWN)

    assert ended.code == 0, ended.log
    assert set(without_signatures(ended.report["steps"][-1]["tags"]["acme/app"])) == {"latest", "v1", "v1.0", "v1.0.0"}
    assert ended.report["candidate-tags"][1]["tags"]["v1.1"] == "v1.1.0-rc.1"


def test_nothing_changes_in_the_package_of_a_retired_image(tmp_path: Path) -> None:
    retired = "retired: [{package: acme/old, published: [v1.0.0]}]\nsteps:\n"
    ended = rehearse(tmp_path / "work", scenario=SCENARIO.replace("steps:\n", retired).replace("-rc.1", ""))

    assert ended.code == 0, ended.log
    assert set(ended.report["steps"][0]["tags"]["acme/old"]) == {"latest", "v1", "v1.0", "v1.0.0"}


def test_nights_that_are_not_played_leave_the_same_tags(tmp_path: Path) -> None:
    nights = SCENARIO.partition("  - do")[0] + NIGHTS.replace("nights: 2", "nights: 4").replace("keeps: 1", "keeps: 1")
    played = rehearse(tmp_path / "all", "--nights", "4", scenario=nights).report["steps"]
    short = rehearse(tmp_path / "few", "--nights", "1", scenario=nights).report["steps"]

    def names(steps: Any) -> list[list[str]]:
        return [sorted(without_signatures(step["tags"]["acme/app-dev"])) for step in steps]

    assert names(short) == names(played)
    assert len(names(played)[0]) == 9


def test_a_scenario_of_another_repository_is_refused(tmp_path: Path) -> None:
    ended = rehearse(tmp_path / "work", scenario=SCENARIO.replace("repository: acme/app", "repository: acme/web"))
    assert ended.code == 2
    assert "scenario.yaml:2:13: error: The scenario is about acme/web, and release.yaml is of acme/app." in ended.log


def test_a_version_file_that_is_missing_is_named(tmp_path: Path) -> None:
    config = f"version-file: docker/versions\n{CONFIG}"

    ended = rehearse(tmp_path / "work", config=config)

    assert ended.code == 2
    assert "release.yaml names the version file docker/versions, which is not there." in ended.log


def test_a_scenario_takes_the_configuration_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "scenario.yaml").write_text(SCENARIO)
    (folder / "release.yaml").write_text(CONFIG)
    ended = subprocess.run(
        [
            sys.executable,
            "-I",
            str(ROOT / "src" / "release_actions"),
            "rehearse",
            "--scenario",
            "project/scenario.yaml",
        ],
        cwd=tmp_path,
        env={**os.environ, "GITHUB_WORKSPACE": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr
    assert max(map(len, ended.stdout.splitlines())) <= 120
    assert "PASS  The release is safe in all that was rehearsed." in ended.stdout
    assert "Not rehearsed: the builds themselves" in ended.stdout


MEASURED = """\
steps:
  - do: measure
    tag: v1.1.0
    candidates:
      - {slower: 30, spread: 1, verdict: fail}
      - {slower: 4, spread: 8, verdict: inconclusive}
      - {slower: 0, spread: 1, verdict: VERDICT}
"""


def test_a_slow_candidate_is_stopped_and_a_quick_one_is_not(tmp_path: Path) -> None:
    scenario = SCENARIO.partition("steps:")[0] + MEASURED.replace("VERDICT", "pass")

    ended = rehearse(tmp_path / "work", scenario=scenario)

    assert ended.code == 0, ended.log
    step = ended.report["steps"][0]
    said = [(run["outputs"]["go"], run["exit-code"]) for run in step["runs"] if run["name"] == "release-gate"]
    assert said == [("false", 1), ("false", 1), ("true", 0)]
    pages = [(tmp_path / "work" / "rehearsal-report" / name).read_text() for name in step["pages"]]
    assert ["<strong>No-go</strong>" in page for page in pages] == [True, True, False]


def test_a_gate_that_says_something_else_than_the_scenario_fails_the_rehearsal(tmp_path: Path) -> None:
    scenario = SCENARIO.partition("steps:")[0] + MEASURED.replace("VERDICT", "fail")

    ended = rehearse(tmp_path / "work", scenario=scenario)

    assert ended.code == 1
    assert "perf-gate says pass of a candidate that is 0 % slower" in ended.report["steps"][0]["failure"]


TRAIN = """\
steps:
  - do: train
    tag: v1.1.0
    was: v1.0.0
    milestone: v1.1.0
    done: Cache
    late: "<script>alert(1)</script>"
    reverted: Warm the cache
"""


def test_a_train_stops_at_the_freeze_and_at_the_gate_before_it_goes(tmp_path: Path) -> None:
    scenario = SCENARIO.partition("steps:")[0] + TRAIN

    ended = rehearse(tmp_path / "work", scenario=scenario)

    assert ended.code == 0, ended.log
    step = ended.report["steps"][0]
    gates = [run["outputs"]["go"] for run in step["runs"] if run["name"] == "release-gate"]
    guards = [run["exit-code"] for run in step["runs"] if run["outputs"].get("pull-requests")]
    assert gates == ["false", "false", "false", "true"]
    assert guards == [1, 0]
    pages = [(tmp_path / "work" / "rehearsal-report" / name).read_text() for name in step["pages"]]
    assert ["<strong>No-go</strong>" in page for page in pages] == [True, True, True, False]
    assert not any("<script>alert(1)" in page for page in pages)
    assert "still has it" in pages[2]
    listed = (tmp_path / "work" / "rehearsal-report" / "report.md").read_text()
    assert all(f"]({name})" in listed for name in step["pages"])


def test_a_missing_revert_that_nobody_reports_fails_the_rehearsal(tmp_path: Path, suite: Path) -> None:
    break_code(suite, "branches/findings.py", '"missing-revert": Level.ERROR', '"missing-revert": Level.WARN')

    ended = rehearse(tmp_path / "work", root=suite, scenario=SCENARIO.partition("steps:")[0] + TRAIN)

    assert ended.code == 1
    assert (
        "at the stop 'no-go: the branch has what trunk took back', and not fail" in ended.report["steps"][0]["failure"]
    )
