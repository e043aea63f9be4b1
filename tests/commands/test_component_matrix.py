"""component-matrix as a command, over real HTTP against the embedded GitHub and GHCR."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.http.loopback import Asked, Reply, serving

from release_actions import main
from release_actions.components import manifest
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault
from release_actions.simulator.git import Target
from release_actions.simulator.repositories import Release

JOB = "ghs_job_token_of_llm_d"
ROUTER = "llm-d/llm-d-router"
ROOT = Path(__file__).parents[2]

COMPONENTS = """\
organisations: [llm-d]
heading: LLM-D Component Summary
components:
  router:
    organisation: llm-d
    name: llm-d-router
    type: Helm Chart + Image
    version: {kind: version-file, file: versions, key: ROUTER}
    repository: llm-d/llm-d-router
    image: ghcr.io/llm-d/llm-d-router
    chart: oci://ghcr.io/llm-d/charts/router
    chart-version: "{number}"
  cuda:
    organisation: llm-d
    name: llm-d-cuda
    type: Image
    version: {kind: release}
    repository: llm-d/llm-d
    image: ghcr.io/llm-d/llm-d-cuda
  sim:
    organisation: llm-d
    type: Image (New)
    version: {kind: image-tag, image: ghcr.io/llm-d/llm-d-cuda}
  lib:
    organisation: llm-d
    type: Library
    version: {kind: git-tag, repository: llm-d/llm-d-router}
"""
NOTES = """\
## LLM-D Component Summary

| Component | Version | Previous Version | Type |
|---|---|---|---|
| llm-d/llm-d-router | `v0.8.0` | NA | Image |
| llm-d/llm-d-cuda | `v0.4.0` | NA | Image |
| llm-d/lib | `v0.8.0` | NA | Library |
"""
TABLE = """\
## LLM-D Component Summary

| Component | Version | Previous Version | Type |
| --- | --- | --- | --- |
| llm-d/llm-d-router | `v0.9.0` | `v0.8.0` | Helm Chart + Image |
| llm-d/llm-d-cuda | `v0.5.0` | `v0.4.0` | Image |
| llm-d/sim | `v0.5.0` | NA | Image (New) |
| llm-d/lib | `v0.9.0` | `v0.8.0` | Library |
"""


@pytest.fixture
def world() -> World:
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_token(
        JOB, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read", "packages": "read"}
    )
    for repository, tags in (("llm-d/llm-d", ("v0.3.0", "v0.4.0", "v0.5.0")), (ROUTER, ("v0.8.0", "v0.9.0", "v0"))):
        git = world.add_repository(repository).git
        parents: tuple[str, ...] = ()
        for tag in tags:
            commit = git.commit(tag, world.now(), parents=parents)
            git.refs[f"refs/tags/{tag}"] = Target(commit.sha, "commit")
            parents = (commit.sha,)
    images: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("llm-d/llm-d-router", ("v0.9.0",)),
        ("llm-d/llm-d-cuda", ("v0.5.0", "v0.6.0-rc.1", "latest")),
        ("llm-d/charts/router", ("0.9.0",)),
    )
    for package, image_tags in images:
        world.add_package(package, visibility="public")
        world.push(package, build_image(("linux/amd64",), seed=package), image_tags)
    publish(world, "v0.3.0", "Nothing here.")
    publish(world, "v0.4.0", NOTES)
    publish(world, "v0.5.0-rc.1", "A candidate that nobody marked.")
    publish(world, "v0.4.9", "Marked.", prerelease=True)
    return world


def publish(world: World, tag: str, body: str, *, prerelease: bool = False) -> None:
    repository = world.repositories["llm-d/llm-d"]
    now = world.now()
    release = Release(world.next_id("release"), tag, "main", "llm-d", now, body=body, prerelease=prerelease)
    release.published = now
    repository.releases[release.id] = release


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "components.yaml").write_text(COMPONENTS)
    (tmp_path / "versions").write_text("# pins\nROUTER=v0.9.0\n")
    return tmp_path


def run(
    simulator: Simulator | None, workspace: Path, capsys: pytest.CaptureFixture[str], *flags: str
) -> tuple[int, dict[str, Any], str]:
    """Run the command with --json. Returns exit code, outputs and log."""
    environ = {"GITHUB_WORKSPACE": str(workspace), "GITHUB_REPOSITORY": "llm-d/llm-d", "GITHUB_TOKEN": JOB}
    if simulator:
        environ |= {"GITHUB_API_URL": simulator.api_url, "RELEASE_ACTIONS_REGISTRY_URL": simulator.registry_url}
    code = main.main(["component-matrix", "--json", *flags], environ)
    captured = capsys.readouterr()
    outputs = json.loads(captured.out)
    outputs.pop("errors", None)  # the log has them too
    return code, outputs, captured.err


def rules(outputs: dict[str, Any]) -> list[str]:
    return [finding["rule"] for finding in outputs["findings"]]


def test_a_clean_release(simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert outputs["findings"] == []
    assert code == ExitCode.PASS
    assert outputs["table"] == TABLE
    assert (outputs["previous-release"], outputs["changed"]) == ("v0.4.0", True)
    assert [(change["id"], change["change"]) for change in outputs["changes"]] == [
        ("router", "changed"),
        ("cuda", "changed"),
        ("sim", "added"),
        ("lib", "changed"),
    ]
    written = manifest.read((workspace / outputs["components-file"]).read_text())
    assert (written.release, written.previous_release, written.repository) == ("v0.5.0", "v0.4.0", "llm-d/llm-d")
    assert written.components[0].compare == "https://github.com/llm-d/llm-d-router/compare/v0.8.0...v0.9.0"
    assert log.splitlines()[-1] == ("v0.5.0 has 4 components, 4 changed since v0.4.0. 0 errors, 0 possible errors.")


@pytest.mark.parametrize("file", ["../secret", "/etc/hostname", "~/secret", "https://evil.example/secret", "a/../../b"])
def test_no_version_is_read_outside_the_repository(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str], file: str
) -> None:
    (workspace / "components.yaml").write_text(COMPONENTS.replace("file: versions", f'file: "{file}"'))

    code, _, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")

    assert code == ExitCode.BAD_INPUT
    assert "which is not a path inside the repository" in log


def test_no_version_is_read_through_a_link_out_of_the_repository(
    simulator: Simulator, workspace: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = tmp_path_factory.mktemp("home") / "config"
    secret.write_text("ROUTER=v9.9.9-of-the-runner\n")
    (workspace / "versions").unlink()
    (workspace / "versions").symlink_to(secret)

    code, _, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")

    assert code == ExitCode.BAD_INPUT
    assert "'versions' leads out of the repository by a link." in log
    assert "of-the-runner" not in log


def test_every_place_that_a_version_has_to_be_in_is_looked_at(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "versions").write_text("ROUTER=v0.9.7\n")
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert code == ExitCode.REFUSED
    assert [(finding["rule"], finding["message"]) for finding in outputs["findings"]] == [
        ("version-not-upstream", "llm-d/llm-d-router: llm-d/llm-d-router has no git tag v0.9.7."),
        ("version-not-upstream", "llm-d/llm-d-router: ghcr.io/llm-d/llm-d-router has no tag v0.9.7."),
        ("version-not-upstream", "llm-d/llm-d-router: oci://ghcr.io/llm-d/charts/router has no version 0.9.7."),
        (
            "compare-unresolved",
            "llm-d/llm-d-router: GitHub cannot compare v0.8.0 with v0.9.7 in llm-d/llm-d-router, so the link would "
            "lead nowhere.",
        ),
    ]
    assert {(finding["file"], finding["line"], finding["column"]) for finding in outputs["findings"]} == {
        ("versions", 1, 0)
    }


@pytest.mark.parametrize(("stage", "expected"), [("", []), ("    stage: incubating\n", ["upstream-archived"])])
def test_an_archived_repository_of_a_component_with_a_stage_is_a_finding(
    stage: str,
    expected: list[str],
    world: World,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world.repositories[ROUTER].archived = True
    text = COMPONENTS.replace("    type: Helm Chart + Image\n", f"    type: Helm Chart + Image\n{stage}")
    (workspace / "components.yaml").write_text(text)

    with Simulator(world) as simulator:
        code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")

    assert (code, rules(outputs)) == (int(bool(expected)), expected)


def test_a_chart_repository_is_said_not_to_be_looked_up(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "components.yaml").write_text(
        COMPONENTS.replace("oci://ghcr.io/llm-d/charts/router", "https://charts.example.com/router")
    )
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert code == ExitCode.PASS
    assert [(finding["rule"], finding["level"], finding["message"]) for finding in outputs["findings"]] == [
        (
            "not-checkable",
            "notice",
            "llm-d/llm-d-router: the chart 0.9.0 in https://charts.example.com/router is not looked up.",
        )
    ]


def test_not_being_able_to_ask_is_not_a_yes(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = COMPONENTS.replace("repository: llm-d/llm-d-router\n    image", "repository: llm-d/secret\n    image")
    (workspace / "components.yaml").write_text(text)
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert code == ExitCode.UNKNOWN
    assert [(finding["rule"], finding["level"], finding["message"]) for finding in outputs["findings"]] == [
        (
            "upstream-unknown",
            "error",
            "llm-d/llm-d-router: Could not read the git tag v0.9.0 of llm-d/secret: the repository does not exist, or "
            "the token may not see it.",
        ),
        (
            "upstream-unknown",
            "error",
            "llm-d/llm-d-router: Could not compare v0.8.0 with v0.9.0 in llm-d/secret: the repository does not exist, "
            "or the token may not see it.",
        ),
    ]


def test_a_failing_server_is_not_a_no(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator.faults.add(Fault(method="GET", path="/repos/*/compare/*", answer=403, times=0))
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert code == ExitCode.UNKNOWN
    assert set(rules(outputs)) == {"upstream-unknown"}


def test_a_version_that_is_nowhere_gives_no_table(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "versions").write_text("OTHER=1\n")
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0")
    assert code == ExitCode.REFUSED
    assert (outputs["table"], outputs["components-file"], outputs["changes"]) == ("", "", [])
    assert rules(outputs) == ["source-not-found"]
    assert not (workspace / "components.json").exists()
    assert "v0.5.0 has 3 components, and no table: not every version was found." in log


def test_the_previous_release_is_the_newest_full_one_below(
    simulator: Simulator, world: World, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(world, "v0.6.0", NOTES.replace("v0.8.0", "v9.9.9"))
    publish(world, "v0.4.1", NOTES.replace("v0.4.0", "v0.4.1"))
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--check-upstream", "false")
    assert outputs["previous-release"] == "v0.4.1"
    _, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.4.1", "--check-upstream", "false")
    assert outputs["previous-release"] == "v0.4.0"


def test_a_release_without_a_table_stops_the_run(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--previous", "v0.3.0")
    assert (code, outputs) == (ExitCode.BAD_INPUT, {})
    assert (
        "error: notes of v0.3.0: there is no table below 'LLM-D Component Summary' or another heading with Component "
        "Summary.\nPass components.json or other notes with previous-file, or previous: none for a first release."
        in log
    )


def test_a_previous_release_that_is_not_there(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, log = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--previous", "v0.4.9")
    assert code == ExitCode.BAD_INPUT
    assert "error: llm-d/llm-d has no full release v0.4.9." in log


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--previous-file", "notes.md"),
            "error: notes.md does not say which release it is of.\n"
            "Pass the release's tag with 'previous', or its components.json.",
        ),
        (
            ("--previous-file", "notes.md", "--previous", "none"),
            "error: Input 'previous' says that there is no previous release, and 'previous-file' names one.\n"
            "Keep one of them.",
        ),
        (
            ("--previous", "none", "--output-file", "notes.md/components.json"),
            "error: notes.md/components.json could not be written: File exists.\n"
            "Name a file in a folder that may be written to with 'output-file'.",
        ),
        (
            ("--components", "other.yaml"),
            "error: other.yaml does not exist.\n"
            "Check out the repository first, or say where the file is with 'components'.",
        ),
    ],
)
def test_an_input_that_cannot_be(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], message: str
) -> None:
    (workspace / "notes.md").write_text(NOTES)
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--check-upstream", "false", *flags)
    assert (code, outputs) == (ExitCode.BAD_INPUT, {})
    assert message in log


def test_a_first_release(simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--previous", "none")
    assert (code, outputs["previous-release"], outputs["findings"]) == (ExitCode.PASS, "", [])
    assert "| llm-d/llm-d-cuda | `v0.5.0` | NA | Image |" in outputs["table"]
    assert "v0.5.0 has 4 components, and no release before it." in log


def test_notes_are_compared_with_what_was_found(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "notes.md").write_text("# v0.5.0\n\n" + TABLE)
    code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--notes", "notes.md")
    assert (code, outputs["findings"]) == (ExitCode.PASS, [])
    (workspace / "notes.md").write_text(
        "# v0.5.0\n\n" + TABLE.replace("| `v0.9.0` | `v0.8.0` | H", "| `v0.9.0` | `v0.7.0` | H")
    )
    code, outputs, log = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--notes", "notes.md")
    assert (code, rules(outputs)) == (ExitCode.REFUSED, ["previous-differs"])
    assert (
        "notes.md:7:35: error: The previous version of llm-d/llm-d-router is v0.8.0, and the table says 'v0.7.0'.\n"
        "Write v0.8.0." in log
    )


def test_one_release_after_the_other_by_file(
    simulator: Simulator, world: World, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(simulator, workspace, capsys, "--tag", "v0.5.0", "--output-file", "v0.5.0.json")
    text = COMPONENTS.replace("Image (New)", "Image").replace("name: llm-d-router", "name: renamed-router")
    (workspace / "components.yaml").write_text(text)
    code, outputs, _ = run(
        simulator, workspace, capsys, "--tag", "v0.6.0", "--previous-file", "v0.5.0.json", "--check-upstream", "false"
    )
    assert (code, outputs["findings"], outputs["previous-release"]) == (ExitCode.PASS, [], "v0.5.0")
    assert "| llm-d/renamed-router | `v0.9.0` | `v0.9.0` | Helm Chart + Image |" in outputs["table"]
    code, _, log = run(
        simulator, workspace, capsys, "--tag", "v0.6.0", "--previous-file", "v0.5.0.json", "--previous", "v0.4.0"
    )
    assert code == ExitCode.BAD_INPUT
    assert "v0.5.0.json:4:14: error: v0.5.0.json is of the release v0.5.0, and v0.4.0 was asked for." in log


def test_components_json_of_the_previous_release_comes_before_its_notes(
    workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    previous = manifest.ComponentManifest(
        schema=1,
        release="v0.4.0",
        components=(
            manifest.ComponentEntry(id="router", name="llm-d/old-name", type="Image", version="v0.8.5"),
            manifest.ComponentEntry(id="cuda", name="llm-d/llm-d-cuda", type="Image", version="v0.4.0"),
        ),
    )
    release = {
        "id": 4,
        "tag_name": "v0.4.0",
        "name": "v0.4.0",
        "target_commitish": "main",
        "html_url": "https://github.com/llm-d/llm-d/releases/tag/v0.4.0",
        "upload_url": "https://uploads.github.com/repos/llm-d/llm-d/releases/4/assets{?name,label}",
        "draft": False,
        "prerelease": False,
        "body": NOTES,
        "assets": [{"name": "components.json", "id": 7, "state": "uploaded", "digest": None}],
    }
    text = COMPONENTS[: COMPONENTS.index("  sim:")]
    (workspace / "components.yaml").write_text(text)

    def script(asked: Asked) -> Reply:
        if asked.path.startswith("/repos/llm-d/llm-d/releases?"):
            return Reply.of([{**release, "id": 5, "tag_name": "v0.4.5", "draft": True}, release])
        assert (asked.path, asked.headers["Accept"]) == (
            "/repos/llm-d/llm-d/releases/assets/7",
            "application/octet-stream",
        )
        return Reply(body=manifest.write(previous).encode())

    with serving(script) as server:
        environ = {"GITHUB_WORKSPACE": str(workspace), "GITHUB_REPOSITORY": "llm-d/llm-d", "GITHUB_API_URL": server.url}
        code = main.main(["component-matrix", "--json", "--tag", "v0.5.0", "--check-upstream", "false"], environ)
    outputs = json.loads(capsys.readouterr().out)
    assert (code, outputs["findings"]) == (ExitCode.PASS, [])
    assert "| llm-d/llm-d-router | `v0.9.0` | `v0.8.5` |" in outputs["table"]


def test_the_token_goes_to_no_other_registry(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lambda _: Reply(status=404)) as other:
        text = COMPONENTS.replace("image: ghcr.io/llm-d/llm-d-cuda\n  sim", f"image: {other.url[7:]}/acme/cuda\n  sim")
        (workspace / "components.yaml").write_text(text)
        code, outputs, _ = run(simulator, workspace, capsys, "--tag", "v0.5.0", "--registry-token", JOB)
    assert code == ExitCode.REFUSED
    assert [finding["message"] for finding in outputs["findings"]] == [
        f"llm-d/llm-d-cuda: {other.url[7:]}/acme/cuda has no tag v0.5.0."
    ]
    assert [asked.path for asked in other.asked] == ["/v2/acme/cuda/manifests/v0.5.0"]
    assert [asked.headers.get("Authorization") for asked in other.asked] == [None]


def test_the_summary_shows_findings_table_and_changes(
    simulator: Simulator, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workspace / "versions").write_text("ROUTER=v0.9.0-rc.1\n")
    summary = workspace / "summary.md"
    summary.touch()
    environ = {
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_REPOSITORY": "llm-d/llm-d",
        "GITHUB_TOKEN": JOB,
        "GITHUB_API_URL": simulator.api_url,
        "RELEASE_ACTIONS_REGISTRY_URL": simulator.registry_url,
        "GITHUB_STEP_SUMMARY": str(summary),
    }
    assert main.main(["component-matrix", "--tag", "v0.5.0", "--check-upstream", "false"], environ) == ExitCode.REFUSED
    text = summary.read_text()
    assert "| certain | `candidate-in-final` | `versions:1` | v0.5.0 is a final release" in text
    assert "| llm-d/llm-d-router | `v0.9.0-rc.1` | `v0.8.0` | Helm Chart + Image |" in text
    assert "## What changed since v0.4.0" in text
    capsys.readouterr()


def test_pygithub_is_not_loaded(workspace: Path) -> None:
    (workspace / "previous.md").write_text(NOTES)
    script = (
        "import sys\n"
        "from release_actions import main\n"
        "code = main.main(['component-matrix', '--tag', 'v0.5.0', '--previous', 'v0.4.0', "
        "'--previous-file', 'previous.md', '--check-upstream', 'false', '--json'])\n"
        "print(int(code), 'github' in sys.modules, file=sys.stderr)\n"
    )
    text = COMPONENTS[: COMPONENTS.index("  sim:")] + "removed:\n  lib: {name: llm-d/lib, reason: merged}\n"
    (workspace / "components.yaml").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"GITHUB_WORKSPACE": str(workspace), "PYTHONPATH": str(ROOT / "src"), "GITHUB_REPOSITORY": "llm-d/llm-d"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.splitlines()[-1] == "0 False"
