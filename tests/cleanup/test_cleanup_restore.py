"""What a clean-up deleted comes back by its undo file."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cleanup.command import CUDA, Clean, deleted_ids, digests, image, messages, restores, sign, undo
from tests.killed import Killed

from release_actions.cleanup import apply, store
from release_actions.cleanup import undo as undo_file
from release_actions.cleanup.pace import OUT_OF_TIME
from release_actions.errors import ExitCode, InputError
from release_actions.github.packages import Packages
from release_actions.simulator import Simulator, World
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault


def test_undo_names_what_can_be_restored(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert sorted(undo(report)[CUDA]) == deleted_ids(world)


def test_an_image_that_was_incomplete_before_is_reported_and_nothing_is_restored(world: World, clean: Clean) -> None:
    partial = image("partial")
    world.push(CUDA, partial, ["v0.4.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    package = world.package(CUDA)
    assert package is not None
    lost = package.find(partial.manifests[0].digest)
    assert lost is not None
    package.drop(lost, world.now())
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert f"v0.4.0 lacks {lost.digest}, which this run did not delete." in messages(report)
    assert set(world.tags(CUDA)) == {"v0.4.0"}


def test_what_a_run_deleted_is_brought_back_by_its_undo_file(world: World, clean: Clean, tmp_path: Path) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    candidate = image("candidate")
    world.push(CUDA, candidate, ["v0.5.0-rc.1", "v0.5.0-rc"])
    sign(world, candidate.root.digest)
    before, tags = digests(world), world.tags(CUDA)
    report = clean(delete_tags="v*-rc*")
    file = str(report.outputs["undo-file"])
    assert file == str(tmp_path / "temp" / "ghcr-cleanup-undo.json")
    assert digests(world) < before
    restored = clean(mode="restore", undo_file=file)
    assert restored.exit_code is ExitCode.PASS, messages(restored)
    assert restored.outputs["restored"] == 4
    assert restored.lines == (f"{CUDA}: 4 of 4 versions were restored.",)
    assert digests(world) == before
    assert world.tags(CUDA) == tags
    again = clean(mode="restore", undo_file=file)
    assert (again.exit_code, again.outputs["restored"]) == (ExitCode.PASS, 4)


def test_what_is_too_old_to_be_brought_back_is_named(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    file = str(clean(delete_tags="v*-rc.*").outputs["undo-file"])
    world.clock.advance(timedelta(days=31))
    report = clean(mode="restore", undo_file=file)
    assert report.exit_code is ExitCode.REFUSED
    assert "could not be restored" in messages(report)
    assert "v0.5.0-rc.1 (sha256:" in messages(report)
    assert "The tag v0.5.0-rc.1" not in messages(report)
    assert "GitHub does not list this version as deleted any more: it keeps a deleted one for 30 days." in messages(
        report
    )


@pytest.fixture
def cleaned(world: World, clean: Clean) -> str:
    """The undo file of a clean-up that took a candidate."""
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    return str(clean(delete_tags="v*-rc.*").outputs["undo-file"])


def test_a_dry_run_of_a_restore_only_says_what_would_come_back(
    world: World, clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    before = digests(world)
    report = clean(mode="restore", undo_file=cleaned, dry_run="true")
    assert report.exit_code is ExitCode.PASS
    assert [line for line in report.lines if "v0.5.0-rc.1 " in line and line.endswith("would be restored.")]
    assert len(report.lines) == 4
    assert report.lines[-1] == "Nothing was changed."
    assert digests(world) == before
    assert restores(simulator) == 0


def test_a_restore_that_stops_goes_on_where_it_stopped(
    world: World, clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    simulator.faults.add(Fault(method="POST", path="*/restore", nth=2, times=0, answer=500))
    report = clean(mode="restore", undo_file=cleaned)
    assert report.exit_code is ExitCode.UNKNOWN
    assert "stopped before 1 version could be restored." in messages(report)
    assert (report.outputs["restored"], report.outputs["left"]) == (1, 1)
    simulator.faults.clear()
    asked = restores(simulator)
    assert clean(mode="restore", undo_file=cleaned).outputs["restored"] == 3
    assert restores(simulator) == asked + 2
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}


def test_a_restore_keeps_to_the_time(clean: Clean, simulator: Simulator, cleaned: str) -> None:
    report = clean(mode="restore", undo_file=cleaned, time_budget="0s")
    assert report.exit_code is ExitCode.UNKNOWN
    assert f"stopped before 3 versions could be restored. {OUT_OF_TIME}" in messages(report)
    assert restores(simulator) == 0


def test_a_restore_without_the_right_is_told_once(
    world: World, clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    world.add_token("ghs_reads", TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"packages": "read"})
    report = clean(token="ghs_reads", mode="restore", undo_file=cleaned)
    assert "The token needs the permission packages=write." in messages(report)
    assert report.outputs["left"] == 2
    assert restores(simulator) == 1


def test_a_package_that_was_deleted_whole_has_to_come_back_first(
    world: World, clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    package = world.package(CUDA)
    assert package is not None
    world.delete_package(package)
    report = clean(mode="restore", undo_file=cleaned)
    assert report.exit_code is ExitCode.UNKNOWN
    assert len(report.findings) == 1
    assert "If the whole package was deleted, bring it back first" in messages(report)
    assert restores(simulator) == 0


def test_a_signal_while_versions_come_back_leaves_a_truthful_report(
    clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    def interrupt(_world: World, _path: str) -> None:
        signal.raise_signal(signal.SIGINT)

    simulator.faults.add(Fault(method="POST", path="*/restore", nth=2, steps=(interrupt,)))
    report = clean(mode="restore", undo_file=cleaned)
    assert report.exit_code is ExitCode.INTERRUPTED
    assert "Stopped by a signal. " in messages(report)


def test_what_was_done_is_told_when_the_undo_file_cannot_be_written_at_the_end(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    real = undo_file.write

    def full(path: Path, packages: Any) -> None:
        if world.tags(CUDA).keys() == {"v0.5.0"}:
            message = f"The undo file {path} could not be written: No space left on device."
            raise InputError(message)
        real(path, packages)

    monkeypatch.setattr(undo_file, "write", full)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "No space left on device." in messages(report)
    assert report.outputs["deleted"] == 3
    monkeypatch.undo()
    monkeypatch.setattr(store, "PAUSE", 0.0)
    kept = str(tmp_path / "temp" / "ghcr-cleanup-undo.json")
    assert clean(mode="restore", undo_file=kept).outputs["restored"] == 3


def test_the_undo_file_is_right_when_the_run_is_killed(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = digests(world)
    real = Packages.delete_version

    def killed(*args: Any) -> Any:
        found = real(*args)
        if not before <= digests(world):
            raise Killed
        return found

    with monkeypatch.context() as patch:
        patch.setattr(apply, "WORKERS", 1)
        patch.setattr(Packages, "delete_version", killed)
        with pytest.raises(Killed):
            clean(delete_tags="v*-rc.*")
    assert not before <= digests(world)
    report = clean(mode="restore", undo_file=str(tmp_path / "temp" / "ghcr-cleanup-undo.json"))
    assert report.exit_code is ExitCode.PASS
    assert before <= digests(world)


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"mode": "restore"}, "Nothing says what to restore."),
        ({"mode": "restore", "undo_file": "absent.json"}, "could not be read"),
        ({"mode": "undo"}, "which is not one of clean, restore"),
        ({"delete_tags": "*", "max_share": "50"}, "which is not a percentage"),
        ({"delete_tags": "*", "max_share": "101%"}, "which is not a percentage"),
    ],
)
def test_a_restore_that_cannot_be_is_refused(clean: Clean, inputs: dict[str, str], words: str) -> None:
    with pytest.raises(InputError) as caught:
        clean(**inputs)
    assert words in str(caught.value)
