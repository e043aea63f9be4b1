"""publish.yml, played job by job on the embedded GitHub: how this suite releases itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from release_actions.config import load_config
from release_actions.errors import ActionError
from release_actions.http.client import Http
from release_actions.images.provenance import PREDICATE
from release_actions.registry.client import Registry
from release_actions.rehearsal.action_runner import ActionRunner, RehearsalInputs, StepEvents
from release_actions.rehearsal.builder import Builder
from release_actions.rehearsal.invariants import Ledger
from release_actions.rehearsal.pull import Client
from release_actions.rehearsal.rehearsal_world import RehearsalWorld
from release_actions.rehearsal.scenario import load_scenario
from release_actions.rehearsal.stand_ins import StandIn, StandIns, UsedStep
from release_actions.rehearsal.workflow_run import WorkflowRun
from release_actions.simulator import Simulator, World
from release_actions.simulator.clock import Clock
from release_actions.simulator.repositories import Release

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "publish.yml"
EXAMPLE = ROOT / "examples" / "single-image"
REPOSITORY = "llm-d/release-actions"
NOW = datetime(2026, 12, 1, tzinfo=timezone.utc)
SIGNER = f"{REPOSITORY}/.github/workflows/publish.yml"
WHEEL, SOURCES, ARCHIVE = (
    "release_actions-1.0.0-py3-none-any.whl",
    "release_actions-1.0.0.tar.gz",
    "release-actions-v1.0.0.tar.gz",
)

BUILD = f"""\
import sys
from pathlib import Path
if sys.argv[1] == "version":
    sys.exit(not sys.argv[2].startswith("1.0.0"))
Path(sys.argv[2]).mkdir()
for name in ("{WHEEL}", "{SOURCES}"):
    (Path(sys.argv[2]) / name).write_text(f"built: {{name}}")
"""
"""Takes the place of scripts/package.py: what is really in the wheel, `.ci/run` holds by its section Package."""

LAUNCHER = f"""\
#!/bin/sh
mkdir -p "$RUNNER_TEMP/environment/bin"
ln -sf "{sys.executable}" "$RUNNER_TEMP/environment/bin/python"
echo "$RUNNER_TEMP/environment"
"""
"""Takes the place of the launcher in the checkout: an environment that builds."""


@dataclass
class Publishing(StandIns):
    """What only GitHub or PyPI could do. `attested` is a file, `artifact` a folder."""

    checkout: Path
    attested: Path
    artifact: Path
    checks: list[str] = field(default_factory=list)
    uploaded: list[str] = field(default_factory=list)
    are_green: bool = True

    def find(self, step: UsedStep) -> StandIn | None:
        if "bash .ci/run" in step.script:
            return self.check
        return {
            "actions/checkout": self.check_out,
            "actions/upload-artifact": self.keep,
            "actions/download-artifact": self.fetch,
            "actions/attest": self.attest,
            "pypa/gh-action-pypi-publish": self.upload,
        }.get(step.uses.partition("@")[0])

    def check(self, step: UsedStep) -> Mapping[str, str]:
        self.checks.append(step.job.ref)
        if not self.are_green:
            message = "A section of .ci/run is red."
            raise ActionError(message)
        return {}

    def check_out(self, step: UsedStep) -> Mapping[str, str]:
        shutil.copytree(self.checkout, step.job.workspace, dirs_exist_ok=True, symlinks=True)
        return {}

    def keep(self, step: UsedStep) -> Mapping[str, str]:
        shutil.rmtree(self.artifact, ignore_errors=True)
        shutil.copytree(step.job.workspace / step.inputs["path"], self.artifact)
        return {"artifact-id": "7"}

    def fetch(self, step: UsedStep) -> Mapping[str, str]:
        assert step.inputs["artifact-ids"] == "7"
        shutil.copytree(self.artifact, step.job.workspace / step.inputs["path"])
        return {}

    def attest(self, step: UsedStep) -> Mapping[str, str]:
        sums = Path(step.inputs["subject-checksums"]).read_text(encoding="utf-8")
        with self.attested.open("a", encoding="utf-8") as lines:
            for line in sums.splitlines():
                digest, _, _name = line.partition("  ")
                lines.write(f"{digest} {step.job.ref} {step.job.sha} {SIGNER} {step.job.sha} {PREDICATE}\n")
        return {}

    def upload(self, step: UsedStep) -> Mapping[str, str]:
        folder = step.job.workspace / step.inputs["packages-dir"]
        self.uploaded += sorted(file.name for file in folder.iterdir())
        return {}


@dataclass
class Maintainer:
    """Does what docs/releasing.md says a person does, and sees what the workflow makes of it."""

    setting: RehearsalWorld
    runner: ActionRunner
    stand_ins: Publishing
    workflow: Path

    def push(self, tag: str) -> WorkflowRun:
        sha = self.setting.tag(tag, NOW)
        return self._run("push", {}, tag, sha)

    def publish(self, tag: str) -> WorkflowRun:
        release = self.release(tag)
        release.draft, release.published = False, NOW
        event = {"action": "published", "release": {"tag_name": tag}}
        return self._run("release", event, tag, self.setting.git_tags()[tag])

    def release(self, tag: str) -> Release:
        (release,) = [one for one in self.setting.repository.releases.values() if one.tag == tag]
        return release

    def _run(self, event: str, payload: Mapping[str, Any], tag: str, sha: str) -> WorkflowRun:
        trigger = self.runner.trigger(event, payload, ref=f"refs/tags/{tag}", sha=sha)
        run = WorkflowRun(self.runner, trigger, self.stand_ins, StepEvents())
        run.run(str(self.workflow), {})
        return run


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    pins, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("scripts/pins.py", "README.md"))
    files = {"release-actions": LAUNCHER, "scripts/package.py": BUILD, "scripts/pins.py": pins, "README.md": page}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "release-actions").chmod(0o755)
    names = ("-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgSign=false")
    subprocess.run(["git", "init", "--quiet", "--bare", str(tmp_path / "origin")], check=True)
    for command in (
        ["init", "--quiet"],
        ["remote", "add", "origin", str(tmp_path / "origin")],
        ["add", "--all"],
        ["commit", "--quiet", "--message=x"],
        ["tag", "v1.0.0"],
        ["tag", "v1.0.0-rc.1"],
    ):
        subprocess.run(["git", "-C", str(folder), *names, *command], check=True)
    return folder


@pytest.fixture
def maintainer(tmp_path: Path, checkout: Path) -> Iterator[Maintainer]:
    attested = tmp_path / "attested"
    attested.touch()
    workflow = tmp_path / "publish.yml"
    text = WORKFLOW.read_text(encoding="utf-8")
    # The rehearsal follows workflows that are called. How this one starts is shown by the events that it is given.
    head, _, jobs = text.partition("\njobs:\n")
    workflow.write_text(f"on: {{workflow_call: {{}}}}\npermissions: {{}}\njobs:\n{jobs}", encoding="utf-8")
    assert "\non:\n  push:\n    tags:" in head
    world = World(Clock(NOW))
    for account in ("llm-d", "release-leader"):
        world.add_account(account, organization=account == "llm-d")
    setting = RehearsalWorld(world, world.add_repository(REPOSITORY), Ledger(()))
    setting.commit("Begin", NOW)
    config_file = EXAMPLE / "release.yaml"
    inputs = RehearsalInputs(load_scenario(EXAMPLE / "rehearsal.yaml"), load_config(config_file), config_file)
    with Simulator(world) as simulator, Http() as http:
        builder = Builder(
            Registry(http, simulator.registry_url), Client(simulator.registry_url, ""), Ledger(()), REPOSITORY, 0
        )
        runner = ActionRunner(inputs, simulator, setting, builder, tmp_path / "jobs", lambda _line: None)
        # In place of the rehearsal's own, which knows attestations of images and nothing else.
        stand_in = ROOT / "tests" / "rehearsal" / "gh_stand_in.py"
        (runner.attestations.programs / "gh").write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "{attested}" "$@"\n', encoding="utf-8"
        )
        yield Maintainer(setting, runner, Publishing(checkout, attested, tmp_path / "artifact"), workflow)


def git(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return ended.stdout.strip()


@pytest.mark.tools("git", "jq", "sha256sum")
def test_a_pushed_tag_ends_in_a_draft_and_its_publication_in_moved_tags(maintainer: Maintainer) -> None:
    maintainer.setting.merge("Add api-guard", "ada", ("enhancement",), NOW)

    pushed = maintainer.push("v1.0.0")

    draft = maintainer.release("v1.0.0")
    assert draft.draft
    assert "Add api-guard" in draft.body
    assert {asset.name for asset in draft.assets.values()} == {WHEEL, SOURCES, ARCHIVE}
    assert (maintainer.stand_ins.checks, pushed.skipped) == (["refs/tags/v1.0.0"], ["pypi", "floating", "pin"])
    assert set(maintainer.setting.git_tags()) == {"v1.0.0"}
    assert maintainer.stand_ins.uploaded == []

    published = maintainer.publish("v1.0.0")

    tags = maintainer.setting.git_tags()
    assert set(tags) == {"v1.0.0", "v1.0", "v1"}
    assert len(set(tags.values())) == 1
    assert published.skipped == ["checks", "build", "attest", "draft", "files"]
    assert maintainer.stand_ins.uploaded == [WHEEL, SOURCES]
    commit = git(maintainer.stand_ins.checkout, "rev-parse", "v1.0.0")
    assert f"@{commit} # v1.0.0\n" in git(
        maintainer.stand_ins.checkout.parent / "origin", "show", "pin-v1.0.0:README.md"
    )
    # A tag of an immutable release can never move, so none of the two has a release.
    assert [release.tag for release in maintainer.setting.repository.releases.values()] == ["v1.0.0"]


@pytest.mark.tools("git", "jq", "sha256sum")
def test_a_candidate_is_drafted_and_moves_nothing(maintainer: Maintainer) -> None:
    maintainer.push("v1.0.0-rc.1")
    published = maintainer.publish("v1.0.0-rc.1")

    assert set(maintainer.setting.git_tags()) == {"v1.0.0-rc.1"}
    assert "floating" in published.skipped


def test_a_tag_that_is_refused_starts_nothing(maintainer: Maintainer) -> None:
    with pytest.raises(ActionError, match=r"v1\.0\.0-RC1"):
        maintainer.push("v1.0.0-RC1")

    assert maintainer.stand_ins.checks == []
    assert maintainer.setting.repository.releases == {}


def test_nothing_is_drafted_when_a_check_is_red(maintainer: Maintainer) -> None:
    maintainer.stand_ins.are_green = False

    with pytest.raises(ActionError, match=r"A section of \.ci/run is red"):
        maintainer.push("v1.0.0")

    assert maintainer.setting.repository.releases == {}


@pytest.mark.tools("git", "jq", "sha256sum")
def test_a_repeated_run_updates_its_draft_and_nothing_is_uploaded_from_a_tag_that_moved_since(
    maintainer: Maintainer,
) -> None:
    maintainer.push("v1.0.0")
    maintainer.push("v1.0.0")
    assert {asset.name for asset in maintainer.release("v1.0.0").assets.values()} == {WHEEL, SOURCES, ARCHIVE}
    attested, commit = maintainer.stand_ins.attested, maintainer.setting.git_tags()["v1.0.0"]
    attested.write_text(attested.read_text(encoding="utf-8").replace(commit, "f" * 40), encoding="utf-8")

    with pytest.raises(ActionError, match="Verify that this workflow built them from the commit of this tag failed"):
        maintainer.publish("v1.0.0")

    assert maintainer.stand_ins.uploaded == []
    assert set(maintainer.setting.git_tags()) == {"v1.0.0"}
