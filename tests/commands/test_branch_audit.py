"""branch-audit as a command, on checkouts that git made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.branches.histories import Repository

from release_actions import main
from release_actions.errors import ExitCode

Audit = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A branch with one good pick, one feature, and a fix that was promised and not picked."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    repository = Repository.init(folder)
    repository.cut("release-0.5")
    repository.on("main")
    fix = repository.commit("fix: keep the cache warm at night (#7)", {"a.txt": "a\n"})
    repository.commit("fix: turn the wheel the right way (#8)", {"b.txt": "b\n"})
    feature = repository.commit("feat: add a second engine to it (#9)", {"c.txt": "c\n"})
    repository.on("release-0.5")
    repository.pick(fix, f"fix: keep the cache warm at night (#7) (#10)\n\n(cherry picked from commit {fix})")
    repository.pick(feature, "feat: add a second engine to it (#9) (#11)")
    return repository


@pytest.fixture
def audit(repository: Repository, tmp_path: Path) -> Audit:
    """Run the command; its exit code and the report, empty when none was written."""

    def run(**given: str) -> tuple[int, dict[str, Any]]:
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        flags = {"branch": "release-0.5", "report": str(report)}
        flags |= {name.replace("_", "-"): value for name, value in given.items()}
        arguments = [part for name, value in flags.items() for part in (f"--{name}", value)]
        environ = {"GITHUB_WORKSPACE": str(repository.folder), "GITHUB_REPOSITORY": "acme/web"}
        code = main.main(["branch-audit", *arguments], environ)
        return code, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}

    return run


def test_the_report_explains_each_commit_and_says_what_is_missing(audit: Audit, repository: Repository) -> None:
    code, report = audit(promised="#7, #8")

    assert code == ExitCode.PASS
    assert [(item["origin"], item["category"]) for item in report["picks"]] == [
        ("equal", "regression"),
        ("equal", "feature"),
    ]
    assert [item["number"] for item in report["missing"]] == [8]
    assert report["commands"] == [f"git cherry-pick -x {repository.git('rev-parse', 'main~1')}"]
    assert {finding["rule"] for finding in report["findings"]} == {"feature", "missing-pick"}
    assert (report["verdict"], report["trunk-commit"]) == ("fail", repository.git("rev-parse", "main"))


def test_errors_fail_the_run_only_in_mode_enforce(audit: Audit) -> None:
    assert audit(mode="enforce")[0] == ExitCode.REFUSED


def test_a_branch_that_is_clean_today_is_not_after_trunk_reverts(audit: Audit, repository: Repository) -> None:
    before = repository.git("rev-parse", "main")
    repository.on("main")
    repository.revert("main~2", 'Revert "fix: keep the cache warm at night" (#12)')

    _, then = audit(as_of=before, checks="reverts")
    _, now = audit(checks="reverts")

    assert (then["verdict"], now["verdict"]) == ("pass", "fail")
    assert now["commands"] == [f"git revert {repository.git('rev-parse', 'release-0.5~1')}"]


def test_the_commands_apply(audit: Audit, repository: Repository) -> None:
    _, report = audit(promised="8", checks="missing")
    repository.on("release-0.5")
    for command in report["commands"]:
        repository.git(*command.split()[1:])

    _, again = audit(promised="8", checks="missing")

    assert again["verdict"] == "pass"


def test_the_configuration_sets_levels_and_prefixes(audit: Audit, repository: Repository) -> None:
    (repository.folder / "release.yaml").write_text(
        "repository: acme/web\nregistry: ghcr.io\nnamespace: acme\n"
        "defaults: {platforms: [linux/amd64], runners: {linux/amd64: ubuntu-24.04}}\nimages: {web: {}}\n"
        "branches:\n  prefixes: {feat: critical}\n",
        encoding="utf-8",
    )

    code, report = audit(mode="enforce")

    assert code == ExitCode.PASS
    assert report["verdict"] == "pass"


def test_a_shallow_checkout_is_no_answer(
    audit: Audit, repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shallow = tmp_path / "shallow"
    repository.git("clone", "--quiet", "--depth=1", "--no-single-branch", f"file://{repository.folder}", str(shallow))
    repository.folder = shallow

    code, report = audit()

    assert (code, report) == (ExitCode.UNKNOWN, {})
    assert "git fetch --unshallow" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"branch": "release-9"}, "The checkout has no branch or commit release-9."),
        ({"checks": "all"}, "is 'all', which is not a list of picks, missing, reverts, reviews."),
        ({"promised": "twelve"}, "which is not a list of numbers"),
    ],
)
def test_bad_input_is_refused_in_words(
    audit: Audit, capsys: pytest.CaptureFixture[str], given: dict[str, str], words: str
) -> None:
    code, _ = audit(**given)

    assert code == ExitCode.BAD_INPUT
    assert words in capsys.readouterr().out
