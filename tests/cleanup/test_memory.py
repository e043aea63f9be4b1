"""What one run tells the next: since when a version has no tag, and what was deleted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from tests.cleanup.command import BOTH, CUDA, Clean, digests, image

from release_actions.cleanup import memory
from release_actions.cleanup.memory import Memory
from release_actions.errors import ExitCode
from release_actions.simulator import Simulator, World, build_image

NOW = datetime(2026, 3, 1, tzinfo=timezone.utc)


def test_a_version_that_lost_its_tag_a_moment_ago_has_its_time(world: World, clean: Clean, tmp_path: Path) -> None:
    folder = {"manifest_cache": str(tmp_path / "cache"), "delete_untagged": "true"}
    old = world.push(CUDA, image("old", *BOTH[:1]), ["nightly"])
    world.push(CUDA, image("final", *BOTH[:1]), ["v0.5.0"])
    assert clean(days=30, **folder).exit_code is ExitCode.PASS

    # The tag moves after a month. No date of the old version shows it.
    world.clock.advance(timedelta(days=30))
    world.push(CUDA, image("new", *BOTH[:1]), ["nightly"])

    clean(days=0.1, **folder)
    assert old.digest in digests(world)
    clean(days=0.5, **folder)
    assert old.digest in digests(world)
    clean(days=2, **folder)
    assert old.digest not in digests(world)


def test_the_next_run_repairs_an_index_that_appears_after_the_proof(world: World, clean: Clean, tmp_path: Path) -> None:
    folder = {"manifest_cache": str(tmp_path / "cache"), "delete_tags": "v*-rc.*"}
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    world.push(CUDA, image("same"), ["v0.5.0-rc.1"])
    assert clean(**folder).exit_code is ExitCode.PASS
    world.put_manifest(CUDA, final.root, "v0.5.0")
    assert world.missing(CUDA, "v0.5.0") != []

    report = clean(**folder)

    assert world.missing(CUDA, "v0.5.0") == []
    assert report.exit_code is ExitCode.PASS
    (finding,) = report.findings
    assert "were restored, because something that was pushed since needs them." in finding.problem.message
    assert finding.problem.hint.startswith("An earlier clean-up had deleted them. ")
    assert report.outputs["restored"] == len(BOTH)
    assert report.lines[-1].startswith(f"{CUDA}: {len(BOTH)} versions of an earlier clean-up restored.")


@pytest.mark.parametrize("tag", ["v0.5.0", "nightly"])
@pytest.mark.parametrize("days", [7, 29.5])
def test_a_run_repairs_what_was_pushed_since_as_long_as_a_version_can_be_restored(
    world: World, clean: Clean, tmp_path: Path, days: float, tag: str
) -> None:
    folder = {"manifest_cache": str(tmp_path / "cache"), "delete_tags": "v*-rc.*"}
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0", "nightly"])
    world.push(CUDA, image("same"), ["v0.5.0-rc.1"])
    assert clean(**folder).exit_code is ExitCode.PASS
    world.put_manifest(CUDA, final.root, tag)

    report = clean(days=10 + days, **folder)

    assert world.missing(CUDA, tag) == []
    assert report.exit_code is ExitCode.PASS
    (finding,) = report.findings
    assert "were restored, because something that was pushed since needs them." in finding.problem.message
    assert report.outputs["restored"] == len(BOTH)


def test_an_idle_run_lists_the_versions_only_while_a_deleted_one_can_be_restored(
    world: World, clean: Clean, simulator: Simulator, tmp_path: Path
) -> None:
    folder = {"manifest_cache": str(tmp_path / "cache"), "delete_tags": "v*-rc.*"}
    world.push(CUDA, image("old"), ["v0.4.0"])
    world.push(CUDA, image("same"), ["v0.5.0-rc.1"])
    clean(**folder)
    listings = []
    for days in (39, 41):
        simulator.requests.clear()
        assert clean(days=days, **folder).exit_code is ExitCode.PASS
        listings.append(sum("/versions" in entry.path for entry in simulator.requests.entries))
        # No manifest is read again.
        assert not any("/manifests/" in entry.path for entry in simulator.requests.entries)

    assert listings == [1, 0]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"form": "ghcr-cleanup-memory-1"}', '{"form": 1, "package": "a/b"}'])
def test_a_memory_that_cannot_be_read_is_none(text: str, tmp_path: Path) -> None:
    memory.write(tmp_path, "a/b", Memory(NOW), NOW)
    [file] = (tmp_path / "memory").iterdir()
    file.write_text(text)

    assert memory.read(tmp_path, "a/b") == Memory()


def test_a_memory_is_read_as_it_was_written_without_what_cannot_be_restored(tmp_path: Path) -> None:
    past = NOW - timedelta(days=31)
    memory.write(tmp_path, "a/b", Memory(NOW, {"d": past}, {"new": NOW, "old": past}), NOW)

    assert memory.read(tmp_path, "a/b") == Memory(NOW, {"d": past}, {"new": NOW})
    assert memory.read(tmp_path, "a/c") == memory.read(None, "a/b") == Memory()
    assert json.loads(next((tmp_path / "memory").iterdir()).read_text())["package"] == "a/b"
