"""ghcr-cleanup through its command line, over real HTTP to the embedded GitHub and GHCR."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cleanup.command import BOTH, CUDA, Clean, digests, image, messages, nested, parts, pulls, sign, undo

from release_actions.cleanup import store
from release_actions.cleanup.inputs import Inputs
from release_actions.commands import ghcr_cleanup
from release_actions.errors import ExitCode, InputError
from release_actions.runner.inputs import specs
from release_actions.runner.report import Report
from release_actions.runner.workflow import OUTPUT_LIMIT
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault
from release_actions.simulator.image_factory import attachment_tag, keep, manifest_of
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX
from release_actions.simulator.repositories import Pull

MANIFEST = Path(__file__).parents[2] / "actions" / "ghcr-cleanup" / "action.yml"


def test_the_manifest_describes_exactly_the_inputs_and_outputs() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert list(manifest["inputs"]) == [spec.name for spec in specs(Inputs)]
    assert list(manifest["outputs"]) == list(ghcr_cleanup.OUTPUTS)
    step = manifest["runs"]["steps"][0]
    assert step["env"] == {spec.variable: f"${{{{ inputs.{spec.name} }}}}" for spec in specs(Inputs)}


def test_a_multi_platform_candidate_goes_with_children_and_attachments(world: World, clean: Clean) -> None:
    final, candidate = image("final"), image("candidate", attestations=True)
    world.push(CUDA, final, ["v0.5.0", "latest"])
    world.push(CUDA, candidate, ["v0.5.0-rc.1", "v0.5.0-rc"])
    signature = sign(world, final.root.digest)
    sign(world, candidate.root.digest)
    sign(world, candidate.manifests[0].digest, ".att")
    report = clean(delete_tags="v*-rc*")
    assert report.exit_code is ExitCode.PASS
    assert digests(world) == parts(final) | {signature}
    assert set(world.tags(CUDA)) == {"v0.5.0", "latest", attachment_tag(final.root.digest, ".sig")}
    assert report.outputs["deleted"] == len(candidate.manifests) + 2
    assert pulls(world)


def test_the_roots_go_first(world: World, clean: Clean, simulator: Simulator) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("final"), ["v0.5.0"])
    root = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    clean(delete_tags="v*-rc.*")
    deleted = [entry.path for entry in simulator.requests.select(method="DELETE", status=204)]
    assert len(deleted) == len(candidate.manifests) + 2  # and the journal, first to see that it can be, and last
    assert deleted[1].endswith(f"/{root.id}")


def test_a_shared_child_stays(world: World, clean: Clean) -> None:
    final = image("same", *BOTH)
    candidate = build_image(BOTH, seed="same", annotations={"candidate": "1"})
    assert parts(final) & parts(candidate)
    world.push(CUDA, final, ["v0.5.0"])
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert report.outputs["deleted"] == 1
    assert digests(world) == parts(final)


def test_a_nested_index_keeps_the_leaves_it_needs(world: World, clean: Clean) -> None:
    inner, candidate = image("inner"), image("inner", "linux/amd64", "linux/arm64")
    outer = nested(inner)
    world.push(CUDA, outer, ["v0.5.0"])
    leaves = build_image(BOTH, seed="inner", annotations={"rc": "1"})
    world.push(CUDA, leaves, ["v0.5.0-rc.1"])
    assert clean(delete_tags="v*-rc.*").outputs["deleted"] == 1
    assert parts(candidate) <= digests(world)
    assert pulls(world)


def test_a_version_with_a_live_tag_is_never_deleted_for_a_selected_one(world: World, clean: Clean) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0", "latest"])
    world.push(CUDA, image("other"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.2", "v0.5.0", "latest"}
    assert "the tag v0.5.0-rc.2 is selected but kept. latest, v0.5.0 still need this version" in messages(report)
    assert "Set untag: true to remove a tag from a version that is kept" in messages(report)
    assert report.exit_code is ExitCode.PASS


def test_an_exclusion_wins(world: World, clean: Clean) -> None:
    world.push(CUDA, image("a"), ["pr-1"])
    world.push(CUDA, image("b"), ["pr-2"])
    clean(delete_tags="pr-*", exclude_tags="*-2")
    assert set(world.tags(CUDA)) == {"pr-2"}
    assert pulls(world)


def test_keep_n_follows_release_order(world: World, clean: Clean) -> None:
    for tag in ("v0.5.0-rc.10", "v0.5.0-rc.2", "v0.5.0-rc.9"):
        world.push(CUDA, image(tag), [tag])
        world.clock.advance(60)
    clean(delete_tags="v*-rc.*", keep_n="1")
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.10"}


def test_older_than_and_untagged(world: World, clean: Clean) -> None:
    old, new = image("old"), image("new")
    leftover = image("leftover", "linux/amd64")
    world.push(CUDA, old, ["sha-1"])
    world.push(CUDA, leftover)
    world.clock.advance(timedelta(days=20))
    world.push(CUDA, new, ["sha-2"])
    flying = image("in flight", "linux/amd64")
    world.push(CUDA, flying)
    clean(days=0.5, delete_tags="sha-*", older_than="7d", delete_untagged="true")
    assert digests(world) == parts(new) | parts(flying)


def test_a_dry_run_plans_and_touches_nothing(world: World, clean: Clean, simulator: Simulator) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])

    def state() -> Any:
        found = world.dump()
        for version in found["packages"][CUDA]["versions"]:
            del version["downloads"]
        return found

    before = state()
    report = clean(delete_tags="v*-rc.*", dry_run="true")
    assert state() == before
    assert not [entry for entry in simulator.requests.entries if entry.method not in {"GET", "HEAD"}]
    [plan] = json.loads(json.dumps(report.outputs["plan"]))
    assert {row["digest"] for row in plan["deletions"]} == parts(candidate)
    assert plan["deletions"][0]["tags"] == ["v0.5.0-rc.1"]
    assert plan["deletions"][0]["rule"] == "inputs"
    assert plan["freed-bytes"] > 0
    assert not plan["freed-bytes-is-a-lower-bound"]
    assert report.outputs["deleted"] == 0
    assert undo(report) == {}
    applied = clean(delete_tags="v*-rc.*")
    assert applied.outputs["plan-digest"] == report.outputs["plan-digest"]
    # A run that deletes reads no platform only to say how much it frees.
    freed: Any = applied.outputs["freed-bytes"]
    assert 0 < freed < plan["freed-bytes"]
    [carried_out] = json.loads(json.dumps(applied.outputs["plan"]))
    assert carried_out["freed-bytes-is-a-lower-bound"]


def test_a_second_run_does_nothing(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    clean(delete_tags="v*-rc.*")
    before = len(simulator.requests.entries)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert report.lines == (f"{CUDA}: nothing to do. None of its 1 tags is selected.",)
    routes = [entry.path for entry in simulator.requests.entries[before:]]
    assert not [path for path in routes if "/packages/" in path]


def test_many_tags_on_one_version_pass_between_steps(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["main", *(f"nightly-{number}" for number in range(1500))])
    for given in ({"untag": "true"}, {}):
        report = clean(delete_tags="nightly-*", dry_run="true", **given)
        assert len(json.dumps(report.outputs)) < OUTPUT_LIMIT
        [plan] = json.loads(json.dumps(report.outputs["plan"]))
        assert plan["untag-count"] + plan["blocked-count"] == 1500
        assert plan["shortened"]


def test_what_is_freed_is_a_bound_where_not_all_is_known_or_done(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final", *BOTH[:1]), ["v0.5.0"])
    world.push(CUDA, image("candidate", *BOTH[:1]), ["v0.5.0-rc.1"])
    popular = world.push(CUDA, image("popular", *BOTH[:1]), ["v0.5.0-rc.2"])
    planned = clean(delete_tags="*-rc.*", dry_run="true")
    assert re.search(r"would be deleted, [0-9.]+ KiB freed", planned.lines[-2])
    popular.downloads = 5001
    report = clean(delete_tags="*-rc.*")
    assert re.search(r"1 of 2 planned deletions done, .*, up to [0-9.]+ KiB freed", report.lines[-1])
    assert re.search(r"\| up to [0-9.]+ KiB freed \|", report.summary)
    world.push(CUDA, image("final of two"), ["v0.6.0"])
    world.push(CUDA, image("another", *BOTH[:1]), ["v0.6.0-rc.1"])
    assert ", up to " in clean(delete_tags="v0.6.0-rc.*", dry_run="true").lines[-2]


def test_candidates_of_released_versions_go(world: World, clean: Clean, simulator: Simulator) -> None:
    final = image("final")
    world.push(CUDA, final, ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("next"), ["v0.6.0-rc.1"])
    report = clean(delete_released_candidates="true")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.6.0-rc.1"}
    before = len(simulator.requests.entries)
    assert clean(delete_released_candidates="true").lines == (
        f"{CUDA}: nothing to do. None of its 2 tags is selected.",
    )
    assert not [entry for entry in simulator.requests.entries[before:] if "/packages/" in entry.path]


def test_images_of_closed_pull_requests_go(world: World, clean: Clean) -> None:
    repository = world.repository("llm-d/llm-d")
    assert repository is not None
    numbers = [7, 8]
    for number, state in zip(numbers, ("closed", "open"), strict=True):
        now = world.now()
        repository.pulls[number] = Pull(number, number, "t", "a", "main", "0", "topic", "1", now, now, state=state)
    world.push(CUDA, image("final"), ["v0.5.0"])
    for number in (*numbers, 99):
        world.push(CUDA, image(f"pr {number}"), [f"pr-{number}"])
    report = clean(delete_closed_pull_requests="true")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", f"pr-{numbers[1]}", "pr-99"}
    assert f"Pull request {numbers[0]} is closed." in report.summary


def test_pull_requests_of_another_repository_say_nothing_about_a_package(world: World, clean: Clean) -> None:
    other = world.add_repository("llm-d/other")
    now = world.now()
    other.pulls[7] = Pull(7, 7, "t", "a", "main", "0", "topic", "1", now, now, state="closed")
    world.add_token("ghp_bob", login="llm-d", scopes=["repo", "write:packages", "delete:packages"])
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("pr"), ["pr-7"])
    report = clean(token="ghp_bob", repository="llm-d/other", delete_closed_pull_requests="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "It belongs to llm-d/llm-d, and this run knows the pull requests of llm-d/other only." in messages(report)
    assert "pr-7" in world.tags(CUDA)


def test_broken_indexes_and_orphaned_attachments_go_when_the_registry_agrees(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    whole, partial, ghost = image("whole"), image("partial"), image("ghost")
    for made, tag in ((whole, "v1.0.0"), (partial, "v1.1.0"), (ghost, "v1.2.0")):
        world.push(CUDA, made, [tag])
    signed = sign(world, whole.root.digest)
    sign(world, "sha256:" + "0" * 64)
    package = world.package(CUDA)
    assert package is not None
    for digest in (partial.manifests[0].digest, *[made.digest for made in ghost.manifests[:-1]]):
        package.drop(world.version(CUDA, digest), world.now())
    lost = partial.manifests[0].digest
    selectors = {
        "delete_ghost_images": "true",
        "delete_partial_images": "true",
        "delete_orphaned_attachments": "true",
    }
    fault = Fault(path=f"/v2/{CUDA}/manifests/{lost}", times=0, answer=401)
    simulator.faults.add(fault)
    before = digests(world)
    assert clean(**selectors).exit_code is ExitCode.UNKNOWN
    assert digests(world) == before
    simulator.faults.clear()
    assert clean(**selectors).exit_code is ExitCode.PASS
    assert digests(world) == parts(whole) | {signed}
    assert pulls(world)


def build_cache(world: World, *layers: bytes) -> dict[str, Any]:
    """An index as BuildKit's registry cache pushes it: it lists its layers and its configuration, which are blobs."""
    blobs: dict[str, bytes] = {}
    listed = [keep(blobs, "application/vnd.oci.image.layer.v1.tar+gzip", layer) for layer in layers]
    listed.append(keep(blobs, "application/vnd.buildkit.cacheconfig.v0", b"{}"))
    for content in blobs.values():
        world.add_blob(CUDA, content)
    world.put_manifest(CUDA, manifest_of(OCI_INDEX, {"manifests": listed}), "build-cache")
    return {item["digest"]: item["size"] for item in listed}


def test_a_build_cache_is_no_broken_image_and_its_layers_are_not_asked_for(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    layers = build_cache(world, b"layer", b"another layer")
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="*-rc.*", delete_ghost_images="true", delete_partial_images="true")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", "build-cache"}
    assert not report.findings
    asked = [entry.path for entry in simulator.requests.entries if any(digest in entry.path for digest in layers)]
    assert not asked
    undo_file = str(report.outputs["undo-file"])
    assert clean(packages="", mode="restore", undo_file=undo_file).exit_code is ExitCode.PASS


def test_what_a_build_cache_frees_is_its_layers(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    layers = build_cache(world, b"layer", b"another layer")
    size = len(world.version(CUDA, "build-cache").manifest.body)
    report = clean(delete_tags="build-cache")
    assert report.outputs["freed-bytes"] == size + sum(layers.values())


def test_packages_that_requests_do_not_suffice_for_wait_for_the_next_run(world: World, clean: Clean) -> None:
    names = ["llm-d-cuda", "llm-d-cpu", "llm-d-hpu"]
    for name in names:
        path = f"llm-d/{name}"
        if path != CUDA:
            world.add_package(path, visibility="public", repository="llm-d/llm-d")
        world.push(path, image(f"final of {path}"), ["v0.5.0"])
        for number in range(5):
            world.push(path, image(f"candidate {number} of {path}"), [f"v0.5.0-rc.{number}"])
    world.clock.set(datetime.now(timezone.utc) + timedelta(days=1))
    world.limits.actions = 65
    given = {"packages": ", ".join(names), "delete_tags": "v*-rc.*"}
    assert clean(**given, dry_run="true").outputs["left"] == 0
    world.clock.advance(timedelta(hours=2))
    report = clean(**given)
    assert report.exit_code is ExitCode.UNKNOWN
    words = "not planned. The rest of the token's 65 requests an hour is needed for the deletions planned so far."
    assert f"llm-d/llm-d-hpu: {words}" in messages(report)
    for _ in range(12):
        world.clock.advance(timedelta(hours=2))
        report = clean(**given)
    assert report.exit_code is ExitCode.PASS
    assert all(set(world.tags(f"llm-d/{name}")) == {"v0.5.0"} for name in names)


def test_manifests_that_were_read_before_are_not_read_again(
    world: World, clean: Clean, simulator: Simulator, tmp_path: Path
) -> None:
    folder = tmp_path / "cache"
    for number in range(3):
        world.push(CUDA, image(str(number)), [f"v0.{number}.0"])

    def reads() -> int:
        return len([entry for entry in simulator.requests.select(method="GET") if "/manifests/" in entry.path])

    def plan() -> Report:
        return clean(delete_tags="v0.0.0", dry_run="true", manifest_cache=str(folder))

    first = plan()
    cold = reads()
    assert cold == 3 + 2  # the roots, and what goes is measured
    again = plan()
    assert reads() == cold
    assert again.outputs["plan-digest"] == first.outputs["plan-digest"]
    for file in folder.rglob("*"):
        if file.is_file():
            file.write_bytes(file.read_bytes().replace(b"linux", b"other").replace(b"layers", b"wayers"))
    assert plan().outputs["plan-digest"] == first.outputs["plan-digest"]
    assert reads() == 2 * cold
    for file in folder.rglob("*"):
        if file.is_file():
            kind, _, body = file.read_bytes().partition(b"\n")
            other = DOCKER_LIST if kind.decode() == OCI_INDEX else DOCKER_MANIFEST
            file.write_bytes(other.encode() + b"\n" + body)
    assert plan().outputs["plan-digest"] == first.outputs["plan-digest"]
    assert reads() == 3 * cold
    with pytest.raises(InputError, match="is not a folder"):
        clean(delete_tags="x", manifest_cache=str(next(file for file in folder.rglob("*") if file.is_file())))


def test_long_readings_tell_how_far_they_are(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(store, "PROGRESS", 2)
    for number in range(5):
        # All share their platforms with what is deleted.
        made = build_image(BOTH, seed="same", annotations={"number": str(number)})
        world.push(CUDA, made, [f"v0.{number}.0"])
    report = clean(delete_tags="v0.0.0")
    said = capsys.readouterr().out
    assert "read 2 of 5 manifests" in said
    assert "read 4 of 5 manifests" in said
    assert "resolved 2 of 4 tags" in said
    assert f"Plan: `{report.outputs['plan-digest']}`" in report.summary


def test_the_summary_shows_tags_before_and_after_and_why(world: World, clean: Clean) -> None:
    final = image("final")
    world.push(CUDA, final, ["v0.5.0"])
    candidate = world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    summary = clean(delete_tags="v*-rc.*").summary
    old, new = candidate.digest[7:19], final.root.digest[7:19]
    assert (
        rf"| `v0.5.0-rc.1` | `{old}` | deleted | v\*-rc.\* in delete-tags of inputs selects v0.5.0-rc.1. | inputs |"
        in summary
    )
    assert f"| `v0.5.0-rc.1` | `{old}` | none |" in summary
    assert f"| `v0.5.0` | `{new}` | No rule selects it. |" in summary


def test_several_packages_end_in_one_line(world: World, clean: Clean) -> None:
    cpu = "llm-d/llm-d-cpu"
    world.add_package(cpu, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, cpu):
        world.push(path, image(f"final {path}"), ["v0.5.0", "latest"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])
    names = "llm-d-cuda, llm-d-cpu, llm-d-absent"
    planned = clean(packages=names, delete_tags="v*-rc.*", dry_run="true")
    assert planned.lines[-2:] == (
        "3 packages: 6 versions would be deleted, 1 package could not be finished.",
        "Nothing was changed.",
    )
    report = clean(packages=names, delete_tags="v*-rc.*")
    assert report.lines[-1] == (
        "3 packages: 6 of 6 planned deletions done, 4 tags kept and checked, 1 package could not be finished."
    )


def lose_manifests(simulator: Simulator, *references: str) -> None:
    for reference in references:
        path = f"/v2/{CUDA}/manifests/{reference}"
        simulator.faults.add(Fault(method="GET|HEAD", path=path, server="registry", times=0, answer=404))


def test_a_listed_version_that_the_registry_lacks_is_deleted_when_it_is_named(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    for tag in ("broken", "sha-1", "v1"):
        world.push(CUDA, image(tag, "linux/amd64"), [tag])
    lose_manifests(simulator, world.tags(CUDA)["broken"], "broken")

    refused = clean(delete_tags="sha-*")
    assert refused.exit_code is ExitCode.UNKNOWN
    assert "name its tag in delete-tags, or its tag or digest in exclude-tags." in messages(refused)
    assert set(world.tags(CUDA)) == {"broken", "sha-1", "v1"}

    assert clean(delete_tags="sha-*", exclude_tags="broken").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"broken", "v1"}
    assert clean(delete_tags="sha-*, broken").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v1"}
