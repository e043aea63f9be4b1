"""ghcr-cleanup through its front door, over real HTTP to the embedded GitHub and GHCR."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import responses
import yaml

from release_actions import main
from release_actions.cleanup import apply, journal, plan_output, store
from release_actions.cleanup import undo as undo_file
from release_actions.cleanup.pace import OUT_OF_TIME, Limits
from release_actions.commands import ghcr_cleanup
from release_actions.errors import ConfigurationError, ExitCode, InputError, RemoteError
from release_actions.inputs import specs
from release_actions.packages import Packages
from release_actions.registry import Registry
from release_actions.report import Report
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import Role, TokenKind
from release_actions.simulator.faults import Fault, Step, pushing, tagging
from release_actions.simulator.image_factory import Image, attachment, attachment_tag, keep, manifest_of
from release_actions.simulator.oci import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, parse
from release_actions.simulator.packages import LAST_TAGGED, POPULAR
from release_actions.simulator.repositories import Pull
from release_actions.workflow import OUTPUT_LIMIT, Workflow

TOKEN = "ghs_token_of_the_job"
CUDA = "llm-d/llm-d-cuda"
BOTH = ("linux/amd64", "linux/arm64")
MANIFEST = Path(__file__).parents[2] / "actions" / "ghcr-cleanup" / "action.yml"


@pytest.fixture
def world() -> World:
    world = World()
    world.add_account("llm-d", organization=True)
    world.add_repository("llm-d/llm-d")
    world.add_token(
        TOKEN, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions={"contents": "read", "packages": "write"}
    )
    world.add_package(CUDA, visibility="public", repository="llm-d/llm-d")
    return world


@pytest.fixture
def simulator(world: World) -> Iterator[Simulator]:
    with Simulator(world) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAUSE", 0.0)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apply, "WORKERS", 1)


Clean = Callable[..., Report]


@pytest.fixture
def clean(simulator: Simulator, tmp_path: Path) -> Clean:
    """Runs the command with inputs given by name; `days` after everything was pushed."""

    def run(days: float = 10, token: str = TOKEN, repository: str = "llm-d/llm-d", **inputs: str) -> Report:
        now = simulator.world.now() + timedelta(days=days)
        environ = {
            **simulator.environment(),
            "GITHUB_REPOSITORY": repository,
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path / "temp"),
            "RELEASE_ACTIONS_NOW": now.isoformat(),
            "INPUT_TOKEN": token,
            **{f"INPUT_{name.upper()}": value for name, value in {"packages": "llm-d-cuda", **inputs}.items()},
        }
        return main.main_inner(["ghcr-cleanup"], environ, Workflow({}))

    return run


class Killed(BaseException):
    """The end of a process that is not asked whether it wants to."""


@contextlib.contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[None]:
    """The process ends before the step-th change of the package, or after the one before it."""
    count = iter(range(1, 1000))
    real = {name: getattr(kind, name) for kind, name in ((Packages, "delete_version"), (Registry, "put_manifest"))}

    def killed(name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            number = next(count)
            if number == step:
                raise Killed
            found = real[name](*args)
            if number == step - 1:
                raise Killed
            return found

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Packages, "delete_version", killed("delete_version"))
        patch.setattr(Registry, "put_manifest", killed("put_manifest"))
        yield


def image(seed: str, *platforms: str, attestations: bool = False) -> Image:
    return build_image(platforms or BOTH, seed=seed, attestations=attestations)


def digests(world: World, path: str = CUDA) -> set[str]:
    package = world.package(path)
    assert package is not None
    return {version.digest for version in package.versions()}


def deleted_ids(world: World, path: str = CUDA) -> list[int]:
    """Versions that were deleted, without the journals that clean-ups made themselves."""
    package = world.package(path)
    assert package is not None
    return sorted(v.id for v in package.versions(deleted=True) if journal.MARK.encode() not in v.manifest.body)


def parts(made: Image) -> set[str]:
    return {manifest.digest for manifest in made.manifests}


def sign(world: World, digest: str, suffix: str = ".sig") -> str:
    made = attachment(digest, seed=suffix)
    world.push(CUDA, made, [attachment_tag(digest, suffix)])
    return made.root.digest


def messages(report: Report) -> str:
    return "\n".join(str(finding.problem) for finding in report.findings)


def undo(report: Report) -> dict[str, list[int]]:
    found: Any = report.outputs["undo"]
    assert isinstance(found, dict)
    return found


def pulls(world: World, path: str = CUDA) -> bool:
    return all(not world.missing(path, tag) for tag in world.tags(path))


def test_the_manifest_describes_exactly_the_inputs_and_outputs() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert list(manifest["inputs"]) == [spec.name for spec in specs(ghcr_cleanup.Inputs)]
    assert list(manifest["outputs"]) == list(ghcr_cleanup.OUTPUTS)
    step = manifest["runs"]["steps"][0]
    assert step["env"] == {spec.variable: f"${{{{ inputs.{spec.name} }}}}" for spec in specs(ghcr_cleanup.Inputs)}


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


def heads(simulator: Simulator) -> set[str]:
    return {entry.path.rpartition("/")[2] for entry in simulator.requests.select(method="HEAD")}


def test_the_registry_is_asked_for_parts_that_a_deleted_image_listed_too(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    final, other = image("same", *BOTH), image("other")
    candidate = build_image(BOTH, seed="same", annotations={"candidate": "1"})
    world.push(CUDA, final, ["v0.5.0"])
    world.push(CUDA, other, ["v0.4.0"])
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    shared = min(parts(final) & parts(candidate))
    simulator.faults.add(Fault(method="HEAD", path=f"*/manifests/{shared}", times=0, answer=404))
    report = clean(delete_tags="v*-rc.*")
    assert f"v0.5.0 lacks {shared}, which this run did not delete." in messages(report)
    assert not heads(simulator) & parts(other), "nothing touched these"


def test_the_registry_is_asked_for_the_parts_of_an_image_that_came_meanwhile(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    made = image("new")
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])

    def push(world: World, _path: str) -> None:
        world.push(CUDA, made, ["v0.6.0"])

    part = min(parts(made) - {made.root.digest})
    simulator.faults.add(Fault(method="DELETE", steps=(push,)))
    simulator.faults.add(Fault(method="HEAD", path=f"*/manifests/{part}", times=0, answer=404))
    assert f"v0.6.0 lacks {part}, which this run did not delete." in messages(clean(delete_tags="v*-rc.*"))


def test_a_token_that_may_not_delete_leaves_no_tag_of_a_journal(world: World, clean: Clean) -> None:
    package = world.package(CUDA)
    assert package is not None
    package.roles["llm-d/llm-d"] = Role.WRITE
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.REFUSED
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}


def test_no_tag_is_taken_off_when_the_time_is_over(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("candidate", "linux/amd64"), ["v0.5.0-rc.1"])

    def stop(_self: Limits, _pages: int) -> str:
        return OUT_OF_TIME if simulator.requests.count(method="DELETE", status=204) >= 1 else ""

    with monkeypatch.context() as patch:
        patch.setattr(Limits, "stop", stop)
        report = clean(delete_tags="v*-rc.*", untag="true", time_budget="50m")
    assert "v0.5.0-rc.2" in world.tags(CUDA)
    assert report.outputs["untagged"] == 0
    assert int(str(report.outputs["left"])) >= 1
    assert clean(delete_tags="v*-rc.*", untag="true").outputs["untagged"] == 1
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_a_nested_index_keeps_the_leaves_it_needs(world: World, clean: Clean) -> None:
    inner, candidate = image("inner"), image("inner", "linux/amd64", "linux/arm64")
    outer = nested(inner)
    world.push(CUDA, outer, ["v0.5.0"])
    leaves = build_image(BOTH, seed="inner", annotations={"rc": "1"})
    world.push(CUDA, leaves, ["v0.5.0-rc.1"])
    assert clean(delete_tags="v*-rc.*").outputs["deleted"] == 1
    assert parts(candidate) <= digests(world)
    assert pulls(world)


def nested(inner: Image) -> Image:
    body = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                {"mediaType": OCI_INDEX, "digest": inner.root.digest, "size": len(inner.root.body)},
            ],
        }
    ).encode()
    return Image(inner.blobs, (*inner.manifests, parse(body, OCI_INDEX)))


def test_a_version_with_a_live_tag_is_never_deleted_for_a_doomed_one(world: World, clean: Clean) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0", "latest"])
    world.push(CUDA, image("other"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.2", "v0.5.0", "latest"}
    assert "the tag v0.5.0-rc.2 is selected but stays. latest, v0.5.0 still need this version" in messages(report)
    assert "With untag: true a tag is taken off a version that stays" in messages(report)
    assert report.exit_code is ExitCode.PASS


def test_one_tag_of_several_is_taken_off_and_the_version_stays(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    promoted = image("promoted", attestations=True)
    version = world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0-rc.3", "v0.5.0", "latest"])
    before = digests(world)
    report = clean(delete_released_candidates="true", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == dict.fromkeys(("v0.5.0", "latest"), promoted.root.digest)
    assert digests(world) == before
    assert version.deleted is None
    assert (report.outputs["deleted"], report.outputs["untagged"], report.outputs["left"]) == (0, 2, 0)
    assert simulator.requests.count(method="DELETE") == 1, "both tags go with one version"
    assert pulls(world)
    reason = "latest, v0.5.0 still need this version; only v0.5.0-rc.2, v0.5.0-rc.3 are taken off."
    assert f"| `v0.5.0-rc.2` | `{promoted.root.digest[7:19]}` | taken off | {reason} | inputs |" in report.summary
    assert f"| `v0.5.0-rc.3` | `{promoted.root.digest[7:19]}` | none |" in report.summary
    assert clean(delete_released_candidates="true", untag="true").lines == (
        f"{CUDA}: nothing to do. None of its 2 tags is selected.",
    )


def test_a_tagged_child_of_an_image_that_stays_loses_its_tag_alone(world: World, clean: Clean) -> None:
    final = image("final")
    world.push(CUDA, final, ["v0.5.0"])
    child = next(manifest for manifest in final.manifests if manifest is not final.root)
    world.tag(CUDA, child.digest, "sha-1")
    assert clean(delete_tags="sha-*").outputs["untagged"] == 0
    report = clean(delete_tags="sha-*", untag="true")
    assert (report.exit_code, report.outputs["untagged"]) == (ExitCode.PASS, 1)
    assert set(world.tags(CUDA)) == {"v0.5.0"}
    assert digests(world) == parts(final)
    assert pulls(world)


def test_a_dry_run_and_the_limits_count_tags_that_would_be_taken_off(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    report = clean(delete_tags="v*-rc.*", untag="true", dry_run="true")
    [plan] = json.loads(json.dumps(report.outputs["plan"]))
    assert [(item["tag"], item["rule"]) for item in plan["untag"]] == [("v0.5.0-rc.2", "inputs")]
    assert any("v0.5.0-rc.2 would be taken off v0.5.0-rc.2, v0.5.0 (sha256:" in line for line in report.lines)
    assert "| `v0.5.0-rc.2` |" in report.summary
    digest = report.outputs["plan-digest"]
    assert clean(delete_tags="v*-rc.*", dry_run="true").outputs["plan-digest"] != digest
    refused = clean(delete_tags="v*-rc.*", untag="true", max_deletions="0")
    assert refused.exit_code is ExitCode.REFUSED
    assert "The plan deletes 1 versions or tags, more than the 0 that are allowed." in messages(refused)
    assert not [entry for entry in simulator.requests.entries if entry.method not in {"GET", "HEAD"}]


@pytest.mark.parametrize("exclude", ["v0.5.0-rc.2", "DIGEST"])
def test_an_excluded_tag_or_version_loses_no_tag(world: World, clean: Clean, exclude: str) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    named = exclude.replace("DIGEST", promoted.root.digest)
    clean(delete_tags="v*-rc.*", exclude_tags=named, untag="true")
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.2", "v0.5.0"}


def test_a_tag_that_moves_before_it_is_taken_off_is_left(world: World, clean: Clean, simulator: Simulator) -> None:
    other = image("other")
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, other, ["v0.6.0"])
    moved = Fault(method="HEAD", path="*/manifests/v0.5.0-rc.2", steps=(tagging(CUDA, "v0.5.0-rc.2", "v0.6.0"),))
    simulator.faults.add(moved)
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert world.tags(CUDA)["v0.5.0-rc.2"] == other.root.digest
    assert "v0.5.0-rc.2 was not taken off v0.5.0-rc.2, v0.5.0" in messages(report)
    assert f"It was moved since the plan was made; now it names {other.root.digest}." in messages(report)
    assert (report.exit_code, report.outputs["untagged"]) == (ExitCode.PASS, 0)


@pytest.mark.parametrize("new", [True, False])
def test_a_tag_that_moves_at_the_same_moment_is_named(
    world: World,
    clean: Clean,
    simulator: Simulator,
    new: bool,  # noqa: FBT001  # a table's column
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("other"), ["v0.6.0"])
    world.clock.advance(timedelta(days=1))
    step = pushing(CUDA, ["v0.5.0-rc.2"]) if new else tagging(CUDA, "v0.5.0-rc.2", "v0.6.0")
    simulator.faults.add(Fault(method="PUT", path="*/manifests/v0.5.0-rc.2", steps=(step,)))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "was pushed or changed while v0.5.0-rc.2 was taken off. If it had just got that tag" in messages(report)
    assert world.tags(CUDA)["v0.5.0"] != world.tags(CUDA)["v0.6.0"]


def test_a_tag_that_is_pushed_again_after_it_was_moved_stays_where_it_is(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    other = image("other")
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, other, ["v0.6.0"])
    simulator.faults.add(Fault(method="DELETE", steps=(tagging(CUDA, "v0.5.0-rc.2", "v0.6.0"),)))
    clean(delete_tags="v*-rc.*", untag="true")
    assert world.tags(CUDA)["v0.5.0-rc.2"] == other.root.digest
    assert pulls(world)


def copying(world: World, promoted: Image) -> Step:
    """Somebody who copies the tag that is being taken off, once it names the empty version."""

    def copy(_world: World, _path: str) -> None:
        tags = world.tags(CUDA)
        if "copied" not in tags and tags["v0.5.0-rc.2"] != promoted.root.digest:
            world.tag(CUDA, "v0.5.0-rc.2", "copied")

    return copy


def test_a_copy_of_a_tag_that_is_being_taken_off_gets_what_the_tag_named(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    listing = "/orgs/llm-d/packages/container/llm-d-cuda/versions"
    simulator.faults.add(Fault(path=listing, nth=2, steps=(copying(world, promoted),)))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == dict.fromkeys(("copied", "v0.5.0"), promoted.root.digest)
    assert f"copied a tag to copied while it was taken off, so copied was put on {promoted.root.digest}" in messages(
        report
    )
    assert digests(world) == parts(promoted)


def test_a_copy_that_is_made_at_the_last_moment_is_made_again(world: World, clean: Clean, simulator: Simulator) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    simulator.faults.add(Fault(method="DELETE", steps=(tagging(CUDA, "copied", "v0.5.0-rc.2"),)))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == dict.fromkeys(("copied", "v0.5.0"), promoted.root.digest)
    assert "so copied was put on" in messages(report)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_copy_that_a_killed_run_left_is_put_right_by_the_next(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("other"), ["v0.5.1-rc.1", "v0.5.1"])
    empty = left_half_way(world, clean, monkeypatch, promoted)
    world.tag(CUDA, "v0.5.0-rc.2", "copied")
    assert world.tags(CUDA)["copied"] == empty
    before = len(simulator.requests.entries)
    planned = clean(delete_tags="v*-rc.*", untag="true", dry_run="true")
    assert "copied names an empty version of a clean-up that did not finish" in messages(planned)
    assert not [entry for entry in simulator.requests.entries[before:] if entry.method not in {"GET", "HEAD"}]
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert {tag for tag, digest in world.tags(CUDA).items() if digest == promoted.root.digest} == {"copied", "v0.5.0"}
    assert set(world.tags(CUDA)) == {"copied", "v0.5.0", "v0.5.1"}
    assert empty not in digests(world)


@pytest.mark.usefixtures("one_at_a_time")
def test_a_copy_of_what_is_gone_by_now_is_an_error(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    left_half_way(world, clean, monkeypatch, promoted)
    world.tag(CUDA, "v0.5.0-rc.2", "copied")
    package = world.package(CUDA)
    assert package is not None
    version = package.find(promoted.root.digest)
    assert version is not None
    package.drop(version, world.now())
    before = digests(world)
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "and copied names no image now. It was copied from sha256:" in messages(report)
    assert "Put copied on the image that is meant, or delete it." in messages(report)
    assert digests(world) == before


def left_half_way(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, promoted: Image) -> str:
    """The digest of the empty version that a run left under v0.5.0-rc.2, killed at the step after."""
    for step in range(1, 40):
        with killed_at(monkeypatch, step), suppress(Killed):
            clean(delete_tags="v0.5.0-rc.2", untag="true")
        now = world.tags(CUDA).get("v0.5.0-rc.2", "")
        if now != promoted.root.digest:
            assert now
            return now
    raise AssertionError


def test_a_run_that_fails_while_it_takes_a_tag_off_says_where_the_tag_is(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    before = world.tags(CUDA)
    simulator.faults.add(Fault(method="DELETE", times=0, answer=401))
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "v0.5.0-rc.2 may name a version that is empty. Run it again" in messages(report)
    assert report.outputs["untagged"] == 0
    simulator.faults.clear()
    restored = clean(mode="restore", undo_file=str(report.outputs["undo-file"]))
    assert restored.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == before


@pytest.mark.parametrize(
    ("api", "registry", "asked"),
    [
        ("https://ghe.example/api/v3", "", "containers.ghe.example"),
        ("https://api.acme.ghe.com", "", "containers.acme.ghe.com"),
        ("https://ghe.example/api/v3", "containers.ghe.example", "containers.ghe.example"),
        ("https://ghe.example/api/v3", "ghcr.io", ""),
        ("https://ghe.example/api/v3", "containers.elsewhere.example", ""),
        ("https://api.github.com", "containers.elsewhere.example", ""),
    ],
)
def test_a_token_goes_to_the_registry_of_its_own_server_only(
    tmp_path: Path, api: str, registry: str, asked: str
) -> None:
    inputs = {"delete-tags": "sha-*", "packages": "llm-d/llm-d-cuda", "token": "secret"}
    if registry:
        (tmp_path / "release.yaml").write_text(f"registry: {registry}\n{CONFIG}", encoding="utf-8")
        inputs = {"rule": "dev-images", "token": "secret"}
    environ = {"GITHUB_API_URL": api, "GITHUB_WORKSPACE": str(tmp_path), "RUNNER_TEMP": str(tmp_path)}
    environ |= {f"INPUT_{name.upper().replace('-', '_')}": value for name, value in inputs.items()}
    with responses.RequestsMock(assert_all_requests_are_fired=False) as web:
        web.add_passthru("http://127.0.0.1")
        web.get(re.compile(r"https://.*"), status=404, json={"message": "Not Found"})
        with pytest.raises(ConfigurationError, match="is not GitHub's registry") if not asked else nullcontext():
            main.main_inner(["ghcr-cleanup"], environ, Workflow({}))
        hosts = {urlsplit(str(call.request.url)).hostname for call in web.calls}
    own = urlsplit(api).hostname
    assert hosts - {own} == ({asked} if asked else set())


def test_tags_are_put_back_when_the_empty_version_cannot_be_deleted(world: World, clean: Clean) -> None:
    package = world.package(CUDA)
    assert package is not None
    package.roles["llm-d/llm-d"] = Role.WRITE
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert world.tags(CUDA) == dict.fromkeys(("v0.5.0-rc.2", "v0.5.0"), promoted.root.digest)
    assert "so it was put back" in messages(report)
    assert "Manage Actions access" in messages(report)
    assert report.exit_code is ExitCode.REFUSED
    assert report.outputs["untagged"] == 0


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(1, 12))
def test_a_run_that_is_killed_while_it_takes_tags_off_is_finished_by_the_next(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0-rc.3", "v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    with killed_at(monkeypatch, step):
        try:
            clean(delete_tags="v*-rc.*", untag="true")
        except Killed:
            assert pulls(world)
            assert world.tags(CUDA)["v0.5.0"] == promoted.root.digest
        else:
            assert step > 9
    report = clean(delete_tags="v*-rc.*", untag="true")
    assert report.exit_code is ExitCode.PASS
    assert digests(world) == parts(promoted)
    assert world.tags(CUDA) == {"v0.5.0": promoted.root.digest}


def test_a_tag_that_was_taken_off_is_put_back_by_the_undo_file(world: World, clean: Clean) -> None:
    promoted = image("promoted")
    world.push(CUDA, promoted, ["v0.5.0-rc.2", "v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = world.tags(CUDA)
    file = str(clean(delete_tags="v*-rc.*", untag="true").outputs["undo-file"])
    assert set(world.tags(CUDA)) == {"v0.5.0"}
    report = clean(mode="restore", undo_file=file)
    assert report.exit_code is ExitCode.PASS
    assert report.outputs["restored"] == 3
    assert world.tags(CUDA) == before
    assert pulls(world)
    world.tag(CUDA, "v0.5.0", "v0.5.0-rc.1")
    again = clean(mode="restore", undo_file=file)
    assert again.exit_code is ExitCode.REFUSED
    assert f"The tag v0.5.0-rc.1 names {promoted.root.digest} by now, and was left there." in messages(again)


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
    assert applied.outputs["freed-bytes"] == plan["freed-bytes"]


def test_undo_names_what_can_be_restored(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert sorted(undo(report)[CUDA]) == deleted_ids(world)


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


def test_an_attachment_that_is_the_last_with_a_tag_is_not_forgotten(world: World, clean: Clean) -> None:
    candidate = image("candidate")
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    signature = sign(world, candidate.manifests[0].digest)
    world.clock.advance(timedelta(days=2))
    report = clean(delete_tags="*")
    assert LAST_TAGGED in messages(report)
    assert signature in digests(world)
    assert digests(world).isdisjoint(parts(candidate))
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("next"), ["v0.6.0-rc.1"])
    assert clean(delete_tags="*-rc.*").exit_code is ExitCode.PASS
    assert digests(world) == parts(image("final"))


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(3, 9))
def test_a_build_that_tags_at_the_end_of_everything_is_whole_after_the_next_run(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    world.push(CUDA, build_image(BOTH, seed="candidate"), ["v0.5.0-rc.1"])
    rebuilt = build_image(BOTH, seed="candidate", annotations={"build": "2"})

    def build(world: World, _path: str) -> None:
        world.put_manifest(CUDA, rebuilt.root, "v0.5.0")

    world.clock.advance(timedelta(days=2))
    simulator.faults.add(Fault(method="DELETE", steps=(build,)))
    with killed_at(monkeypatch, step), suppress(Killed):
        clean(delete_tags="*-rc.*")
    assert "v0.5.0" in world.tags(CUDA)
    simulator.faults.clear()
    clean(delete_tags="*-rc.*")
    assert pulls(world)
    # Killed between the last deletion that a tag shows and the journal's tag, it leaves the journal.
    assert len(digests(world) - parts(rebuilt)) == (1 if step == 3 else 0)


def test_the_last_tagged_version_is_refused_in_githubs_words_and_its_children_stay(world: World, clean: Clean) -> None:
    only = image("only")
    world.push(CUDA, only, ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.REFUSED
    assert LAST_TAGGED in messages(report)
    assert digests(world) == parts(only)
    [refused] = json.loads(json.dumps(report.outputs["refused"]))
    assert refused["package"] == CUDA
    assert refused["tags"] == ["v0.5.0-rc.1"]
    assert LAST_TAGGED in refused["message"]
    assert undo(report) == {}


def test_a_popular_version_is_refused_and_the_rest_goes(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    popular = image("popular")
    world.push(CUDA, popular, ["v0.5.0-rc.1"]).downloads = 6000
    world.push(CUDA, image("other"), ["v0.5.0-rc.2"])
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.REFUSED
    assert POPULAR in messages(report)
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}
    assert parts(popular) <= digests(world)
    assert report.outputs["deleted"] == 3


def test_a_token_without_the_admin_role_is_told_once(world: World, clean: Clean) -> None:
    package = world.package(CUDA)
    assert package is not None
    package.roles["llm-d/llm-d"] = Role.WRITE
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("two"), ["v0.5.0-rc.2"])
    before = digests(world)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.REFUSED
    assert len([finding for finding in report.findings if finding.rule == "refused"]) == 1
    assert "Manage Actions access" in messages(report)
    assert before <= digests(world)
    # The journal of what could not be begun waits for a run that may, without a tag.
    assert len(digests(world) - before) == 1
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1", "v0.5.0-rc.2"}
    package.roles["llm-d/llm-d"] = Role.ADMIN
    assert clean(delete_tags="v*-rc.*").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}
    assert digests(world) < before


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("ghs_reads", "The job needs the permission 'packages: write', and its repository the Admin role"),
        ("ghp_deletes", "a classic token needs the scopes write:packages and delete:packages"),
        ("ghs_nothing", "The token needs the permission packages=read."),
        ("ghp_nothing", "a classic token needs the scope read:packages"),
        (
            "github_pat_everything",
            "The token is a fine-grained personal access token, and GitHub's packages take none.",
        ),
    ],
)
def test_the_right_that_a_token_lacks_is_named(world: World, clean: Clean, token: str, words: str) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    world.add_account("bob")
    world.accounts["llm-d"].members["bob"] = "admin"
    for secret, permissions in (("ghs_reads", {"packages": "read"}), ("ghs_nothing", {"contents": "read"})):
        world.add_token(secret, TokenKind.ACTIONS, repository="llm-d/llm-d", permissions=permissions)
    world.add_token("ghp_deletes", login="bob", scopes=["read:packages", "delete:packages"])
    world.add_token("github_pat_everything", TokenKind.FINE_GRAINED, login="bob", permissions={"packages": "write"})
    before = digests(world)
    report = clean(token=token, delete_tags="*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert words in messages(report)
    assert digests(world) == before


def test_an_unreadable_manifest_leaves_its_package_alone_and_the_others_go_on(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    cpu = "llm-d/llm-d-cpu"
    world.add_package(cpu, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, cpu):
        world.push(path, image(f"final {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])
    before = digests(world)
    broken = world.tags(CUDA)["v0.5.0"]
    simulator.faults.add(Fault(path=f"/v2/{CUDA}/manifests/{broken}", times=0, answer=404))
    report = clean(packages="llm-d-cuda\nllm-d-cpu", delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert digests(world) == before
    assert set(world.tags(cpu)) == {"v0.5.0"}
    assert f"The registry does not have {broken} of {CUDA}" in messages(report)
    assert "Nothing of this package was deleted." in messages(report)


def test_a_manifest_that_is_no_manifest_leaves_its_package_alone(world: World, clean: Clean) -> None:
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    version = world.push(CUDA, image("final"), ["v0.5.0"])
    version.manifest = replace(version.manifest, body=b"{}")
    before = digests(world)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert digests(world) == before


def test_a_tag_that_only_one_side_knows_leaves_the_package_alone(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = digests(world)
    moving = Fault(path="/orgs/llm-d/packages/container/llm-d-cuda/versions", times=0, steps=(new_tag(),))
    simulator.faults.add(moving)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "which GitHub does not list" in messages(report) or "list changed" in messages(report)
    assert before <= digests(world)


def test_a_list_that_lags_behind_a_push_is_read_again(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.lag(CUDA, 1)
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*", delete_untagged="true")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_deletions_that_show_late_do_not_confuse_the_last_look(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", times=0, lag=3))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def new_tag() -> Callable[[World, str], None]:
    """Somebody pushes without end: the list is served from before the push."""
    count = iter(range(1000))

    def step(world: World, _path: str) -> None:
        world.lag(CUDA, 1)
        world.push(CUDA, image("pushed", "linux/amd64"), [f"pushed-{next(count)}"])

    return step


def test_a_tag_put_on_a_doomed_version_meanwhile_saves_it(world: World, clean: Clean, simulator: Simulator) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("final"), ["v0.4.0"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    simulator.faults.add(
        Fault(method="GET", path=f"*/versions/{version.id}", steps=(tagging(CUDA, "v0.5.0", "v0.5.0-rc.1"),))
    )
    report = clean(delete_tags="v*-rc.*")
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.5.0-rc.1", "v0.5.0"}
    assert parts(candidate) <= digests(world)
    assert "Its tags changed since the plan was made; now: v0.5.0, v0.5.0-rc.1." in messages(report)
    assert report.outputs["deleted"] == 0


def test_an_index_pushed_meanwhile_over_deleted_children_brings_them_back(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    candidate = image("same")
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])

    def promote(world: World, _path: str) -> None:
        world.put_manifest(CUDA, final.root, "v0.5.0")

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(promote,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "v0.5.0 needs sha256:" in messages(report)
    assert "deleted versions were restored" in messages(report)
    assert pulls(world)
    assert undo(report) == {}
    assert report.outputs["freed-bytes"] == 0


def test_an_index_pushed_meanwhile_by_digest_alone_gets_its_children_back_too(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, image("same"), ["v0.5.0-rc.1"])

    def assemble(world: World, _path: str) -> None:
        world.put_manifest(CUDA, final.root)

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(assemble,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert world.missing(CUDA, final.root.digest) == []


def test_a_final_tag_moved_to_a_version_as_it_is_deleted_comes_back(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("old"), ["v0.4.0", "latest"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    step = tagging(CUDA, "latest", "v0.5.0-rc.1")
    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(step,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "The tag latest is gone" in messages(report)
    assert world.tags(CUDA)["latest"] == candidate.root.digest
    assert pulls(world)


def test_a_push_of_something_else_meanwhile_is_no_trouble(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("old"), ["v0.4.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", steps=(pushing(CUDA, ["v0.6.0"], platforms=BOTH),)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.6.0"}
    assert pulls(world)


def test_what_somebody_else_deleted_counts_as_gone(world: World, clean: Clean, simulator: Simulator) -> None:
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])

    def other(world: World, _path: str) -> None:
        package = world.package(CUDA)
        assert package is not None
        package.drop(version, world.now())

    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(other,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.4.0"}
    assert report.outputs["deleted"] == 2
    assert version.id not in undo(report)[CUDA]


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
    assert re.search(r"would go, [0-9.]+ KiB freed", planned.lines[-1])
    popular.downloads = 5001
    report = clean(delete_tags="*-rc.*")
    assert re.search(r"1 of 2 planned deletions done, .*, up to [0-9.]+ KiB freed", report.lines[-1])
    assert re.search(r"\| up to [0-9.]+ KiB freed \|", report.summary)
    world.push(CUDA, image("final of two"), ["v0.6.0"])
    world.push(CUDA, image("another", *BOTH[:1]), ["v0.6.0-rc.1"])
    assert ", up to " in clean(delete_tags="v0.6.0-rc.*", dry_run="true").lines[-1]


def test_many_refusals_pass_between_steps(world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_output, "REFUSED_LENGTH", 1000)
    world.push(CUDA, image("final"), ["v0.5.0"])
    for number in range(9):
        world.push(CUDA, image(f"candidate {number}"), [f"v0.5.0-rc.{number}"]).downloads = 5001
    report = clean(delete_tags="*-rc.*")
    assert len(json.dumps(report.outputs["refused"])) < 1100
    assert len([finding for finding in report.findings if finding.rule == "refused"]) == 9


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


def test_pull_requests_that_cannot_be_read_leave_the_package_alone(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("pr"), ["pr-7", "x-1"])
    simulator.faults.add(Fault(path="/repos/*/pulls/*", times=0, answer=403))
    report = clean(delete_closed_pull_requests="true", delete_tags="x-*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "pull-requests: read" in messages(report)
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


@pytest.mark.usefixtures("one_at_a_time")
def test_a_signal_leaves_a_truthful_report(
    world: World, clean: Clean, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    world.push(CUDA, image("two"), ["v0.5.0-rc.2"])
    real = Packages.delete_version

    def interrupted(self: Packages, package: str, version_id: int) -> Any:
        found = real(self, package, version_id)
        if simulator.requests.count(method="DELETE", status=204) == 2:
            signal.raise_signal(signal.SIGINT)
        return found

    monkeypatch.setattr(Packages, "delete_version", interrupted)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.INTERRUPTED
    # The signal may come before the second answer was written down: then nobody knows, and undo names it all the same.
    assert report.outputs["deleted"] in {1, 2}
    assert deleted_ids(world) == sorted(undo(report)[CUDA])
    assert report.outputs["left"] == 6 - int(str(report.outputs["deleted"]))
    assert f"stopped by a signal after {report.outputs['deleted']} of 6 deletions" in messages(report)
    assert pulls(world)


def test_a_signal_leaves_a_truthful_report_of_packages_that_were_not_begun(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    other = "llm-d/llm-d-cpu"
    world.add_package(other, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, other):
        world.push(path, image(f"final of {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate of {path}"), ["v0.5.0-rc.1"])

    def interrupt(_world: World, _path: str) -> None:
        signal.raise_signal(signal.SIGINT)

    simulator.faults.add(Fault(method="HEAD", path=f"/v2/{CUDA}/manifests/v0.5.0", steps=(interrupt,)))
    report = clean(packages="llm-d-cuda, llm-d-cpu", delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.INTERRUPTED
    assert (report.outputs["deleted"], report.outputs["left"]) == (3, 3)
    assert f"{CUDA}: stopped by a signal after 3 of 3 deletions." in messages(report)
    assert f"{other}: stopped by a signal before anything was deleted." in messages(report)


@pytest.mark.usefixtures("one_at_a_time")
def test_an_api_that_fails_in_the_middle_stops_and_says_what_was_done(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    simulator.faults.add(Fault(method="DELETE", nth=3, times=0, answer=401))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert report.outputs["deleted"] == 1
    assert "The output 'undo' names what was deleted." in messages(report)
    assert len(undo(report)[CUDA]) == 2
    assert pulls(world)


def test_a_run_ends_in_time_says_how_to_go_on_and_the_next_one_finishes(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, simulator: Simulator
) -> None:
    final = image("final")
    world.push(CUDA, final, ["v0.5.0"])
    for number in range(3):
        world.push(CUDA, image(str(number)), [f"v0.5.0-rc.{number}"])
    monkeypatch.setattr(apply, "WORKERS", 1)

    def stop(_self: Limits, _pages: int) -> str:
        return OUT_OF_TIME if simulator.requests.count(method="DELETE", status=204) >= 4 else ""

    with monkeypatch.context() as patch:
        patch.setattr(Limits, "stop", stop)
        report = clean(delete_tags="v*-rc.*", time_budget="50m")
    assert report.exit_code is ExitCode.PASS
    assert (report.outputs["deleted"], report.outputs["left"]) == (4, 5)
    assert "stopped after 4 of 9 deletions. The time that time-budget gives is used up." in messages(report)
    assert "Run it again with the same inputs" in messages(report)
    assert pulls(world)
    again = clean(delete_tags="v*-rc.*")
    assert (again.outputs["deleted"], again.outputs["left"]) == (6, 0)  # the journal of the first run goes too
    assert digests(world) == parts(final)


def test_a_time_budget_that_is_over_deletes_nothing(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    before = digests(world)
    report = clean(delete_tags="v*-rc.*", time_budget="0s")
    assert (report.outputs["deleted"], report.outputs["left"]) == (0, 3)
    assert digests(world) == before


def test_a_token_without_requests_left_stops_the_run_and_says_until_when(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    world.clock.set(datetime.now(timezone.utc) + timedelta(days=1))
    world.limits.actions = 40
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "The token's 40 requests an hour are used up until" in messages(report)
    assert report.outputs["deleted"] == 0


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
    words = "not planned. What is left of the token's 65 requests an hour is needed for what is planned so far."
    assert f"llm-d/llm-d-hpu: {words}" in messages(report)
    for _ in range(12):
        world.clock.advance(timedelta(hours=2))
        report = clean(**given)
    assert report.exit_code is ExitCode.PASS
    assert all(set(world.tags(f"llm-d/{name}")) == {"v0.5.0"} for name in names)


def test_a_large_plan_is_compared_with_listings_and_not_version_by_version(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    candidates = [world.push(CUDA, image(str(number), "linux/amd64"), [f"v0.5.0-rc.{number}"]) for number in range(30)]
    listing = Fault(
        path="/orgs/llm-d/packages/container/llm-d-cuda/versions", nth=2, steps=(tagging(CUDA, "kept", "v0.5.0-rc.7"),)
    )
    simulator.faults.add(listing)
    report = clean(delete_tags="v*-rc.*")
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.7", "kept"}
    assert report.outputs["deleted"] == 29
    assert candidates[7].deleted is None
    looked = [entry for entry in simulator.requests.select(method="GET") if re.search(r"/versions/[0-9]+$", entry.path)]
    assert looked == []


def test_a_new_tag_put_on_a_version_as_it_is_deleted_brings_all_back(
    world: World, clean: Clean, simulator: Simulator
) -> None:
    candidate = image("candidate")
    world.push(CUDA, image("old"), ["v0.4.0"])
    version = world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    step = tagging(CUDA, "v0.5.0", "v0.5.0-rc.1")
    simulator.faults.add(Fault(method="DELETE", path=f"*/versions/{version.id}", steps=(step,)))
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert "The tag v0.5.0 is gone: it was put on what this run deleted." in messages(report)
    assert world.tags(CUDA)["v0.5.0"] == candidate.root.digest
    assert pulls(world)


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
    assert restored.lines == (f"{CUDA}: 4 of 4 versions are there again.",)
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
    assert "The tag v0.5.0-rc.1 could not be put back: the registry does not have sha256:" in messages(report)


@pytest.fixture
def cleaned(world: World, clean: Clean) -> str:
    """The undo file of a clean-up that took a candidate."""
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    return str(clean(delete_tags="v*-rc.*").outputs["undo-file"])


def restores(simulator: Simulator) -> int:
    return sum(entry.path.endswith("/restore") for entry in simulator.requests.entries)


def test_a_dry_run_of_a_restore_only_says_what_would_come_back(
    world: World, clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    before = digests(world)
    report = clean(mode="restore", undo_file=cleaned, dry_run="true")
    assert report.exit_code is ExitCode.PASS
    assert [line for line in report.lines if "v0.5.0-rc.1 " in line and line.endswith("would be restored.")]
    assert len(report.lines) == 3
    assert digests(world) == before
    assert restores(simulator) == 0


def test_a_restore_that_stops_goes_on_where_it_stopped(
    world: World, clean: Clean, simulator: Simulator, cleaned: str
) -> None:
    simulator.faults.add(Fault(method="POST", path="*/restore", nth=2, times=0, answer=500))
    report = clean(mode="restore", undo_file=cleaned)
    assert report.exit_code is ExitCode.UNKNOWN
    assert "stopped with 1 version left." in messages(report)
    assert (report.outputs["restored"], report.outputs["left"]) == (1, 1)
    simulator.faults.clear()
    asked = restores(simulator)
    assert clean(mode="restore", undo_file=cleaned).outputs["restored"] == 3
    assert restores(simulator) == asked + 2
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}


def test_a_restore_keeps_to_the_time(clean: Clean, simulator: Simulator, cleaned: str) -> None:
    report = clean(mode="restore", undo_file=cleaned, time_budget="0s")
    assert report.exit_code is ExitCode.UNKNOWN
    assert f"stopped with 3 versions left. {OUT_OF_TIME}" in messages(report)
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


def test_long_readings_tell_how_far_they_are(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(store, "PROGRESS", 2)
    for number in range(5):
        world.push(CUDA, image(str(number)), [f"v0.{number}.0"])
    report = clean(delete_tags="v0.0.0")
    said = capsys.readouterr().out
    assert "read 2 of 5 manifests" in said
    assert "read 4 of 5 manifests" in said
    assert "resolved 2 of 4 tags" in said
    assert f"Plan: `{report.outputs['plan-digest']}`" in report.summary


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
        ({"mode": "undo"}, "which is none of clean, restore"),
        ({"delete_tags": "*", "max_share": "50"}, "which is not a percentage"),
        ({"delete_tags": "*", "max_share": "101%"}, "which is not a percentage"),
    ],
)
def test_a_restore_that_cannot_be_is_refused(clean: Clean, inputs: dict[str, str], words: str) -> None:
    with pytest.raises(InputError) as caught:
        clean(**inputs)
    assert words in str(caught.value)


def test_a_plan_that_takes_too_large_a_share_deletes_nothing_of_any_package(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    before = digests(world)
    report = clean(delete_tags="v*-rc.*", max_share="49%")
    assert report.exit_code is ExitCode.REFUSED
    assert f"The plan of {CUDA} deletes 3 of 6 versions, more than the 49% that are allowed." in messages(report)
    assert digests(world) == before
    assert clean(delete_tags="v*-rc.*", max_share="50%").outputs["deleted"] == 3


def test_the_summary_of_a_refused_plan_shows_no_tag_as_gone(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0", "v0.5.0-rc.2"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    report = clean(delete_tags="v*-rc.*", untag="true", max_deletions="0")
    assert "**Refused.** The plan deletes 4 versions or tags" in report.summary
    assert f"| `{CUDA}` | 6 | 3 | 0 |   | Refused. |" in report.summary
    assert "3 tags that did not change" in report.summary
    assert "| none |" not in report.summary
    assert sum("would go. " in line for line in report.lines) == 3


def test_the_summary_says_why_a_selected_tag_is_still_there(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("popular"), ["v0.5.0-rc.1"]).downloads = 5001
    summary = clean(delete_tags="v*-rc.*").summary
    unchanged = summary[summary.index("tags that did not change") :]
    assert re.search(r"\| `v0.5.0-rc.1` \| `[0-9a-f]{12}` \| GitHub answered 400, ", unchanged)


def test_a_plan_above_the_limit_deletes_nothing_of_any_package(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    before = digests(world)
    report = clean(delete_tags="v*", max_deletions="5")
    assert report.exit_code is ExitCode.REFUSED
    assert "The plan deletes 6 versions, more than the 5 that are allowed. Nothing was deleted." in messages(report)
    assert digests(world) == before


def test_a_package_that_does_not_exist_is_reported_and_the_others_go_on(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("one"), ["v0.5.0-rc.1"])
    report = clean(packages="llm-d-absent, llm-d-cuda", delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.UNKNOWN
    assert re.search(r"llm-d/llm-d-absent: Could not .*404", messages(report))
    assert "does not exist, or this token may not see it" in messages(report)
    assert set(world.tags(CUDA)) == {"v0.5.0"}


def test_a_missing_token_is_asked_for_with_its_permission(clean: Clean, simulator: Simulator) -> None:
    with pytest.raises(InputError, match="ghcr-cleanup needs a token") as caught:
        clean(token="", delete_tags="v*-rc.*")
    assert "packages: write" in caught.value.hint
    assert "Manage Actions access" in caught.value.hint
    assert simulator.requests.entries == ()


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


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("step", range(1, 13))
def test_a_run_after_a_killed_one_ends_where_one_run_would_have(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    final, candidate = image("final"), image("candidate", attestations=True)
    world.push(CUDA, final, ["v0.5.0"])
    signature = sign(world, final.root.digest)
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    sign(world, candidate.root.digest)
    sign(world, candidate.manifests[0].digest, ".att")
    with killed_at(monkeypatch, step):
        try:
            clean(delete_tags="v*-rc.*")
        except Killed:
            assert pulls(world)
        else:
            assert step > 9
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert digests(world) == parts(final) | {signature}
    assert set(world.tags(CUDA)) == {"v0.5.0", attachment_tag(final.root.digest, ".sig")}


def test_a_part_that_a_killed_run_deleted_comes_back_when_something_needs_it_by_then(
    world: World, clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = build_image(BOTH, seed="same", annotations={"final": "1"})
    world.push(CUDA, image("old"), ["v0.4.0"])
    candidate = image("same")
    world.push(CUDA, candidate, ["v0.5.0-rc.1"])
    real = Packages.delete_version
    count = iter(range(10))

    def killed(*args: Any) -> Any:
        if next(count) == 3:
            world.put_manifest(CUDA, final.root, "v0.5.0")
            raise Killed
        return real(*args)

    with monkeypatch.context() as patch:
        patch.setattr(apply, "WORKERS", 1)
        patch.setattr(Packages, "delete_version", killed)
        with pytest.raises(Killed):
            clean(delete_tags="v*-rc.*")
    assert not pulls(world)
    report = clean(delete_tags="v*-rc.*")
    assert report.exit_code is ExitCode.PASS
    assert "was restored: something needs it that was pushed since." in messages(report)
    assert pulls(world)
    assert set(world.tags(CUDA)) == {"v0.4.0", "v0.5.0"}


def test_a_dry_run_counts_the_tags_that_would_be_taken_off(world: World, clean: Clean) -> None:
    world.push(CUDA, image("promoted"), ["v0.5.0-rc.2", "v0.5.0"])
    report = clean(delete_released_candidates="true", untag="true", dry_run="true")
    assert report.lines[-1].endswith(" versions would go, 1 tag would be taken off others, 0 bytes freed.")


def test_a_glob_without_a_configuration_says_what_it_would_choose_from(clean: Clean) -> None:
    with pytest.raises(InputError) as caught:
        clean(packages="llm-d-cuda, llm-*", delete_tags="v*-rc.*")
    assert str(caught.value) == (
        "'llm-*' chooses from the packages of release.yaml, which does not exist. Check out the repository first, say "
        "where the file is with 'config', or set 'owner' to choose from all packages of an account."
    )


def test_a_glob_chooses_from_all_packages_of_an_account_that_is_named(world: World, clean: Clean) -> None:
    world.add_account("ada")
    world.accounts["llm-d"].members["ada"] = "admin"
    world.add_token("ghp_of_ada", login="ada", scopes=["repo", "write:packages", "delete:packages"])
    for path in (CUDA, "llm-d/tools/llm-d-cpu", "llm-d/other", "ada/llm-d-mine"):
        if path != CUDA:
            world.add_package(path, visibility="public")
        world.push(path, image(f"final {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])
    wanted = {"packages": "llm-d-c*, tools/*", "owner": "llm-d", "delete_tags": "v*-rc.*"}
    report = clean(token="ghp_of_ada", **wanted)
    assert report.exit_code is ExitCode.PASS
    assert {
        path: set(world.tags(path)) for path in (CUDA, "llm-d/tools/llm-d-cpu", "llm-d/other", "ada/llm-d-mine")
    } == {
        CUDA: {"v0.5.0"},
        "llm-d/tools/llm-d-cpu": {"v0.5.0"},
        "llm-d/other": {"v0.5.0", "v0.5.0-rc.1"},
        "ada/llm-d-mine": {"v0.5.0", "v0.5.0-rc.1"},
    }
    with pytest.raises(RemoteError) as caught:
        clean(**wanted)
    assert "A job's own GITHUB_TOKEN cannot list the packages of an organisation." in caught.value.hint
    with pytest.raises(InputError, match=r"'hpu-\*' matches no package of llm-d\."):
        clean(token="ghp_of_ada", owner="llm-d", packages="hpu-*", delete_tags="v*-rc.*")


def test_several_packages_end_in_one_line(world: World, clean: Clean) -> None:
    cpu = "llm-d/llm-d-cpu"
    world.add_package(cpu, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, cpu):
        world.push(path, image(f"final {path}"), ["v0.5.0", "latest"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])
    names = "llm-d-cuda, llm-d-cpu, llm-d-absent"
    planned = clean(packages=names, delete_tags="v*-rc.*", dry_run="true")
    assert planned.lines[-1] == "3 packages: 6 versions would go, 1 package could not be finished."
    report = clean(packages=names, delete_tags="v*-rc.*")
    assert report.lines[-1] == (
        "3 packages: 6 of 6 planned deletions done, 4 tags left and resolved, 1 package could not be finished."
    )


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "Nothing is selected"),
        ({"keep_n": "3"}, "Input 'keep-n' spares some of the tags that are selected, and no tag is"),
        ({"older_than": "3d"}, "Input 'older-than' spares some of the tags that are selected, and no tag is"),
        ({"delete_untagged": "true", "keep_n_per_line": "1"}, "Input 'keep-n-per-line' spares some of the tags"),
        ({"delete_untagged": "true", "untag": "true"}, "Input 'untag' is about tags that the inputs select"),
        ({"delete_tags": "pr-(.*", "use_regex": "true"}, "'pr-(.*' is not a regular expression: missing )"),
        ({"delete_tags": "*", "exclude_tags": "!v*"}, "begins with '!'"),
        ({"delete_tags": "*", "exclude_tags": "{v1,v2}*"}, "'{v1' is not a glob over tags."),
        ({"delete_tags": "*", "exclude_tags": "v1 v2"}, "'v1 v2' is not a glob over tags."),
        ({"delete_tags": "*", "exclude_tags": "v[0-9.*"}, "'v[0-9.*' is not a glob over tags."),
        ({"delete_tags": "[^v]*"}, "'[^v]*' is not a glob over tags."),
        ({"delete_tags": "sha256-*"}, "'sha256-*' in delete-tags is about attachments, which go with what they are"),
        ({"delete_tags": "sha256-.*[.]sig", "use_regex": "true"}, "is about attachments"),
        ({"delete_tags": "sha256:0*"}, "'sha256:0*' in delete-tags is about digests"),
        ({"delete_tags": "pr-.*,sha-.*", "use_regex": "true"}, "'pr-.*,sha-.*' holds a comma"),
        ({"delete_tags": "a{99999999999999}", "use_regex": "true"}, "'a{99999999999999}' is not a regular expression"),
        ({"delete_tags": "*", "packages": "ghcr.io/llm-d/llm-d-cuda"}, "'ghcr.io/llm-d/llm-d-cuda' is not the name of"),
        (
            {"delete_tags": "*", "packages": "llm-d-cuda:latest"},
            "'llm-d/llm-d-cuda:latest' is not the name of a package",
        ),
        ({"delete_tags": "*", "packages": ""}, "No package is named."),
        ({"delete_tags": "*", "older_than": "30"}, "which is not a duration"),
        ({"delete_tags": "*", "keep_n": "-1"}, "which is not a whole number"),
    ],
)
def test_inputs_that_make_no_sense_are_refused_before_anything_is_asked(
    clean: Clean, simulator: Simulator, inputs: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        clean(**inputs)
    assert words in str(caught.value)
    assert simulator.requests.entries == ()


def test_a_comma_in_a_regular_expression_separates_nothing(world: World, clean: Clean) -> None:
    for tag in ("v0.5.0", "pr-7", "pr-1234", "pr-4321"):
        world.push(CUDA, image(tag), [tag])
    patterns = {"delete_tags": "pr-[0-9]{1,4}", "exclude_tags": "pr-4[0-9]{2,3}\nv.*"}
    assert clean(use_regex="true", **patterns).exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", "pr-4321"}


def test_an_account_is_the_same_in_any_case(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    assert clean(owner="LLM-d", packages="llm-d/llm-d-cuda", delete_tags="*-rc.*").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}


CONFIG = """\
repository: llm-d/llm-d
channels:
  release: {name: "llm-d-{image}{suffix}"}
  dev: {name: "llm-d-{image}-dev{suffix}"}
defaults: {platforms: [linux/amd64]}
images:
  cuda: {}
  cpu: {}
cleanup:
  dev-images: {channel: dev, delete-tags: ["sha-*"], keep-n: 1}
  candidates: {packages: ["llm-d-cuda"], delete-tags: ["v*-rc.*"]}
"""


@pytest.fixture
def configured(world: World, tmp_path: Path) -> World:
    (tmp_path / "release.yaml").write_text(CONFIG, encoding="utf-8")
    for name in ("cuda", "cpu"):
        dev = f"llm-d/llm-d-{name}-dev"
        world.add_package(dev, visibility="public", repository="llm-d/llm-d")
        for number in (1, 2):
            world.push(dev, image(f"{name} {number}", "linux/amd64"), [f"sha-{number}"])
            world.clock.advance(60)
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    return world


def all_tags(world: World) -> dict[str, set[str]]:
    return {path.partition("-d-")[2]: set(world.tags(path)) for path in world.packages}


def test_a_rule_of_the_configuration_covers_its_packages(configured: World, clean: Clean) -> None:
    report = clean(packages="", rule="dev-images")
    assert report.exit_code is ExitCode.PASS
    assert all_tags(configured) == {"cuda": {"v0.5.0", "v0.5.0-rc.1"}, "cuda-dev": {"sha-2"}, "cpu-dev": {"sha-2"}}


def test_packages_narrow_a_rule(configured: World, clean: Clean) -> None:
    clean(packages="*-cpu-dev", rule="dev-images")
    assert all_tags(configured)["cuda-dev"] == {"sha-1", "sha-2"}
    assert all_tags(configured)["cpu-dev"] == {"sha-2"}


def test_an_exclusion_of_the_inputs_holds_for_rules_of_the_configuration(configured: World, clean: Clean) -> None:
    clean(packages="", rule="dev-images, candidates", exclude_tags="sha-1")
    assert all_tags(configured) == {"cuda": {"v0.5.0"}, "cuda-dev": {"sha-1", "sha-2"}, "cpu-dev": {"sha-1", "sha-2"}}


def test_a_channel_chooses_packages(configured: World, clean: Clean) -> None:
    clean(packages="", channel="dev", delete_tags="sha-1")
    assert all_tags(configured)["cpu-dev"] == {"sha-2"}
    assert all_tags(configured)["cuda-dev"] == {"sha-2"}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"packages": "", "rule": "dev-imags"}, "has no clean-up rule 'dev-imags'. Did you mean 'dev-images'?"),
        ({"packages": "", "channel": "devel", "delete_tags": "x"}, "publishes nothing in a channel 'devel'"),
        ({"packages": "llm-d-x*", "delete_tags": "x"}, "'llm-d-x*' matches no package of release.yaml."),
        ({"packages": "llm-d-cpu", "rule": "candidates"}, "about none of the packages that are named"),
    ],
)
def test_names_that_the_configuration_does_not_have_are_refused(
    configured: World, clean: Clean, inputs: dict[str, str], words: str
) -> None:
    before = all_tags(configured)
    with pytest.raises(InputError) as caught:
        clean(**inputs)
    assert words in str(caught.value)
    assert all_tags(configured) == before


def test_a_rule_without_a_configuration_file_is_an_error(clean: Clean) -> None:
    with pytest.raises(ConfigurationError, match=r"release\.yaml"):
        clean(packages="", rule="dev-images")


def test_a_registry_that_is_not_githubs_is_refused(configured: World, clean: Clean, tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text("registry: quay.io\n" + CONFIG, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"quay\.io is not GitHub's registry") as caught:
        clean(packages="", rule="dev-images")
    assert str(caught.value.problems[0].place).startswith("release.yaml:1")
