"""release-notes, mode lint, as a command: over HTTP against the embedded GitHub and GHCR, and without a network."""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.notes import cleaned

from release_actions import main
from release_actions.components import manifest
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault
from release_actions.simulator.oci import digest_of
from release_actions.simulator.repositories import Asset
from release_actions.simulator.seed import world_from_dict

JOB = "ghs_job_token_of_llm_d"
CONFIG = "repository: llm-d/llm-d\ndefaults: {platforms: [linux/amd64]}\nimages: {llm-d-cuda: {}, llm-d-gateway: {}}\n"
WELCOMES = "## New Contributors\n* @linus made their first contribution in https://github.com/llm-d/llm-d/pull/12\n"


DIRECT = cleaned.MERGED[-1]
"""The change that came without a pull request."""


def history() -> dict[str, Any]:
    """The repository that releases: what the clean notes list is what was merged."""
    days = iter(range(1, 30))
    older = ("v0.4.0", "v0.4.1", "v0.4.2")
    commits = [{"id": tag, "message": tag, "date": f"2026-01-{next(days):02}T09:00:00Z"} for tag in older]
    pulls = []
    for change in cleaned.MERGED:
        moment = f"2026-01-{next(days):02}T09:00:00Z"
        name = f"m{change.number}"
        number = f" (#{change.number})" if change.number else ""
        author = {"author": change.author.login, "login": change.author.login} if change.author.login else {}
        commits.append({"id": name, "message": change.title + number, "date": moment, **author})
        if change.number:
            pull = {"number": change.number, "title": change.title, "state": "merged", "merge-commit": name}
            pulls.append({**pull, "author": change.author.login, "created": moment, "closed": moment})
    last = f"m{DIRECT.number}"
    return {
        "commits": commits,
        "pulls": pulls,
        "tags": {
            **{tag: {"commit": tag} for tag in older},
            "v0.5.0-rc.1": {"commit": last},
            "v0.5.0": {"commit": last},
        },
        "releases": [
            {"tag": "v0.4.0", "body": "* Cool the probe by @barbara in #303\n"},
            {"tag": "v0.4.1", "body": WELCOMES},
            {"tag": "v0.4.2", "body": cleaned.BEFORE},
            {"tag": "v0.5.0-rc.1", "body": WELCOMES.replace("linus", "grace"), "prerelease": True},
        ],
    }


@pytest.fixture
def world() -> World:
    """Everything that the clean notes name, as they say it."""
    tags = {
        "llm-d/llm-d-router": ("v0.5.1", "v0.6.0"),
        "llm-d/llm-d-modelservice": ("llm-d-modelservice-v0.4.5", "llm-d-modelservice-v0.4.7"),
        "vllm-project/vllm": ("v0.14.0", "v0.17.1"),
    }
    others = {
        name: {
            "commits": [{"id": tag, "message": tag} for tag in names],
            "tags": {tag: {"commit": tag} for tag in names},
        }
        for name, names in tags.items()
    }
    people: dict[str, Any] = {login: {} for login in ("ada", "grace", "linus", "barbara")}
    world = world_from_dict(
        {
            "accounts": {"llm-d": {"type": "organization"}, "vllm-project": {"type": "organization"}, **people},
            "repositories": {"llm-d/llm-d": history(), **others},
        }
    )
    permissions = {"contents": "read", "packages": "read", "pull-requests": "read"}
    world.add_token(JOB, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=permissions)
    for package, tag in (
        ("llm-d/llm-d-cuda", "v0.5.0"),
        ("llm-d/llm-d-router", "v0.6.0"),
        ("llm-d/charts/llm-d-modelservice", "v0.4.7"),
    ):
        world.add_package(package, visibility="public")
        world.push(package, build_image(("linux/amd64",), seed=package), (tag,))
    return world


@pytest.fixture
def workspace(tmp_path: Path, world: World) -> Path:
    commits = world.repositories["llm-d/llm-d"].git.commits.values()
    (sha,) = (commit.sha for commit in commits if commit.message == DIRECT.title)
    (tmp_path / "release-notes.md").write_text(cleaned.LLM_D.replace(DIRECT.sha, sha), encoding="utf-8")
    (tmp_path / "components.yaml").write_text(cleaned.COMPONENTS, encoding="utf-8")
    (tmp_path / "components.json").write_text(manifest.write(cleaned.made()), encoding="utf-8")
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def run(
    simulator: Simulator | None, workspace: Path, capsys: pytest.CaptureFixture[str], *flags: str
) -> tuple[int, dict[str, Any], str]:
    """Run the command with --json. Returns exit code, outputs and log."""
    environ = {
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_TOKEN": JOB,
        "GITHUB_STEP_SUMMARY": str(workspace / "summary"),
    }
    if simulator:
        environ |= {
            "GITHUB_REPOSITORY": "llm-d/llm-d",
            "GITHUB_API_URL": simulator.api_url,
            "RELEASE_ACTIONS_REGISTRY_URL": simulator.registry_url,
        }
    code = main.main(["release-notes", "--mode", "lint", "--json", *flags], environ)
    captured = capsys.readouterr()
    return code, json.loads(captured.out), captured.err


def rules(outputs: dict[str, Any]) -> list[tuple[str, int]]:
    return [(finding["rule"], finding["line"]) for finding in outputs["findings"]]


def plant(workspace: Path, old: str, new: str) -> int:
    """Change the notes; the line that was changed."""
    file = workspace / "release-notes.md"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_clean_notes_pass(simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert outputs["findings"] == []
    assert code == ExitCode.PASS
    assert outputs["previous-tag"] == "v0.4.2"
    assert "0 errors" in log


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("compare/v0.5.1...v0.6.0", "compare/0.5.1...0.6.0", "compare-unresolved"),
        ("releases/tag/v0.4.2", "releases/tag/v0.4.3", "tag-missing"),
        ("compare/v0.4.2...v0.5.0", "compare/v0.4.1...v0.5.0", "changelog-base-wrong"),
        ("* @grace made", "* @linus made", "contributor-announced"),
        ("@barbara in #403", "@barbara in #303", "change-outside"),
        ("by @linus in", "by @torvalds in", "change-author"),
        (
            "docker pull ghcr.io/llm-d/llm-d-cuda:",
            "docker pull ghcr.io/llm-d/charts/llm-d-modelservice:",
            "image-not-built",
        ),
        ("| `v0.5.1` | Image |", "| `v0.5.0` | Image |", "previous-not-published"),
    ],
)
def test_what_github_and_the_registry_know_is_held_against_notes(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, rule: str
) -> None:
    line = plant(workspace, old, new)
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert (rule, line) in rules(outputs)
    suspicious = {"changelog-base-wrong", "contributor-announced", "change-author"}
    assert code == (ExitCode.PASS if rule in suspicious else ExitCode.REFUSED)


@pytest.mark.parametrize(
    ("package", "line"), [("llm-d/llm-d-cuda", "docker pull"), ("llm-d/charts/llm-d-modelservice", "helm install")]
)
def test_an_image_or_a_chart_that_was_not_published_is_told(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str], package: str, line: str
) -> None:
    simulator.world.packages[package].tags.clear()
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    number = next(n for n, text in enumerate(cleaned.LLM_D.split("\n"), 1) if text.startswith(line))
    assert ("image-missing", number) in rules(outputs)


def test_a_version_without_a_git_tag_is_told(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del simulator.world.repositories["vllm-project/vllm"].git.refs["refs/tags/v0.17.1"]
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    (finding,) = outputs["findings"]
    assert finding["rule"] == "version-not-upstream"
    assert finding["other"] == "tags of vllm-project/vllm"
    assert code == ExitCode.PASS  # another owner's tag may be hidden from the token


def test_components_json_of_the_release_before_counts_more_than_its_notes(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = manifest.write(cleaned.made()).replace('"release": "v0.5.0"', '"release": "v0.4.2"').encode()
    repository, digest = simulator.world.repositories["llm-d/llm-d"], digest_of(content)
    release = next(one for one in repository.releases.values() if one.tag == "v0.4.2")
    simulator.world.blobs[digest] = content
    release.assets[1] = Asset(1, manifest.FILE, digest, len(content), "ada", simulator.world.now())
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert {rule for rule, _ in rules(outputs)} >= {"previous-not-published", "new-with-previous"}


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("*/releases", "GET"),
        ("*/git/matching-refs/tags/", "GET"),
        ("*/compare/*", "GET"),
        ("/v2/*/manifests/*", "HEAD"),
    ],
)
def test_what_could_not_be_read_is_told_and_ends_with_3(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str], path: str, method: str
) -> None:
    simulator.faults.add(Fault(method=method, path=path, times=0, answer=403))
    plant(workspace, "The fifth release", "TODO: the fifth release")
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert code == ExitCode.UNKNOWN
    assert {rule for rule, _ in rules(outputs)} == {"upstream-unknown", "placeholder"}
    assert "without an answer" in log


def test_each_thing_is_asked_once(simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(simulator, workspace, capsys, "--tag", "v0.5.0")
    challenges = 401  # how a registry says where tokens are to be had
    answered = [entry for entry in simulator.requests.entries if entry.status != challenges]
    asked = [(entry.origin, entry.method, entry.path) for entry in answered if "/token" not in entry.path]
    lists = [one for one in asked if one[1] != "POST"]
    assert len(lists) == len(set(lists))
    queries = [one for one in asked if one[1] == "POST"]
    assert len(queries) == 2  # pull requests of the commits, and who had merged before


def test_without_a_tag_the_rules_that_need_one_say_so(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, outputs, log = run(simulator, workspace, capsys)
    assert (code, outputs["findings"], outputs["previous-tag"]) == (ExitCode.PASS, [], "")
    assert "Not checked without the release's tag (no tag was given): heading-version" in log
    assert "What was not checked" in (workspace / "summary").read_text(encoding="utf-8")


def test_any_notes_are_checked_without_a_network_or_a_repository(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "release-notes.md").write_text(cleaned.PLAIN + "\nFIXME\n", encoding="utf-8")
    code, outputs, log = run(None, tmp_path, capsys, "--check-upstream", "false")
    assert code == ExitCode.REFUSED
    assert [rule for rule, _ in rules(outputs)] == ["placeholder"]
    assert "check-upstream is false" in log
    assert "the repository is not known" in log


def test_a_checkout_gives_tags_and_asks_nobody(workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *arguments], cwd=workspace, check=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    git("tag", "v0.4.2")
    for change in cleaned.MERGED[:-1]:
        git("commit", "--quiet", "--allow-empty", "--message", f"{change.title} (#{change.number})")
    git("tag", "v0.5.0")
    plant(workspace, "compare/v0.4.2...", "compare/v0.4.1...")
    plant(workspace, "/pull/401\n", "/pull/301\n")
    (line,) = (line for line in cleaned.LLM_D.split("\n") if DIRECT.sha in line)
    plant(workspace, line.partition(DIRECT.sha)[0], "Also, ")
    code, outputs, log = run(None, workspace, capsys, "--tag", "v0.5.0", "--history", "checkout")
    assert [rule for rule, _ in rules(outputs)] == ["change-outside", "changelog-base-wrong"]
    assert code == ExitCode.PASS  # git does not know what was published
    assert "history: checkout makes no requests" in log


def test_the_release_before_can_be_named(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--previous-tag", "v0.4.1")
    assert outputs["previous-tag"] == "v0.4.1"
    assert [rule for rule, _ in rules(outputs)] == ["changelog-base-wrong"]
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--previous-tag", "none")
    assert "there is no release before" in outputs["findings"][0]["message"]


def test_findings_are_written_as_sarif(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = plant(workspace, "The fifth release", "TODO: the fifth release")
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--sarif-file", "notes.sarif")
    assert outputs["sarif-file"] == "notes.sarif"
    log = json.loads((workspace / "notes.sarif").read_text(encoding="utf-8"))
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == line


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--file", "nothing.md"), "nothing.md"),
        (("--sarif-file", "no/folder.sarif"), "cannot be written"),
        (("--components", "other.yaml"), "other.yaml"),
    ],
)
def test_files_that_cannot_be_used_are_bad_input(
    workspace: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], words: str
) -> None:
    code, _, log = run(None, workspace, capsys, "--check-upstream", "false", *flags)
    assert code == ExitCode.BAD_INPUT
    assert words in log


def test_components_json_of_another_release_says_nothing(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = workspace / "components.json"
    file.write_text(file.read_text().replace('"release": "v0.5.0"', '"release": "v0.4.2"').replace("v0.17.1", "v0.9"))
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert (code, outputs["findings"]) == (ExitCode.PASS, [])
    assert "components.json is of v0.4.2" in log


def test_notes_are_held_against_the_newest_release_that_had_a_table(
    simulator: Simulator, workspace: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """The release in between had none: that is no release without components."""
    releases = {release.tag: release for release in world.repositories["llm-d/llm-d"].releases.values()}
    releases["v0.4.1"].body, releases["v0.4.2"].body = cleaned.BEFORE + WELCOMES, "Only fixes.\n"
    line = plant(workspace, "| `v0.5.1` | Image |", "| `v0.5.0` | Image |")

    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")

    assert ("previous-not-published", line) in rules(outputs)
    assert code == ExitCode.REFUSED


def test_where_no_release_had_a_table_the_rules_do_not_run_and_say_so(
    simulator: Simulator, workspace: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for release in world.repositories["llm-d/llm-d"].releases.values():
        release.body = "Only fixes.\n"

    _, _, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")

    reason = "no earlier release has a table of components"
    assert f"Not checked without what the previous release published ({reason}): " in log
    assert "row-dropped" in log


def test_notes_of_an_older_release_are_not_judged_by_the_files_of_today(
    simulator: Simulator, workspace: Path, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = world.repositories["llm-d/llm-d"]
    repository.git.refs["refs/tags/v0.6.0"] = repository.git.refs["refs/tags/v0.5.0"]
    template = next(iter(repository.releases.values()))
    for number, tag in ((801, "v0.5.0"), (802, "v0.6.0")):
        repository.releases[number] = dataclasses.replace(template, id=number, tag=tag, prerelease=False, body="")
    text = cleaned.COMPONENTS.replace("organisations: [llm-d, ", "organisations: [new-home, ")
    (workspace / "components.yaml").write_text(text.replace("organisation: llm-d\n", "organisation: new-home\n"))
    (workspace / "components.json").unlink()

    _, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")

    assert [rule for rule, _ in rules(outputs) if rule in {"unknown-organisation", "image-not-built"}] == []
    assert "newer releases may have changed it" in log
