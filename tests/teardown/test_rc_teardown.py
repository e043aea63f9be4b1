"""rc-teardown through its command line, over real HTTP to the embedded GitHub and GHCR."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.killed import Killed
from tests.teardown.candidate import (
    BOTH,
    CONFIG,
    CPU,
    CUDA,
    MANIFEST,
    REPOSITORY,
    TearDown,
    commit,
    git_tags,
    messages,
    names,
    output,
    push,
    put,
    releases,
    state,
    the_repository,
    whole,
    whole_package,
)

from release_actions.cleanup import apply
from release_actions.commands import rc_teardown
from release_actions.errors import ConfigurationError, ExitCode, InputError, RemoteError
from release_actions.github.packages import Packages
from release_actions.github.refs import GitRefs
from release_actions.github.releases import Releases
from release_actions.http.client import Http
from release_actions.runner.inputs import specs
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.faults import Fault, tag_step
from release_actions.simulator.packages import LAST_TAGGED, POPULAR
from release_actions.simulator.rules import TagRules
from release_actions.teardown import model
from release_actions.teardown import plan as planning


def test_all_that_a_candidate_left_goes_and_nothing_else(world: World, tear_down: TearDown) -> None:
    production = {path: {tag: world.tags(path)[tag] for tag in ("v0.3.0", "v0.4.0", "latest")} for path in (CUDA, CPU)}
    before = git_tags(world)
    report = tear_down()
    assert messages(report) == []
    assert report.exit_code is ExitCode.PASS
    for path in (CUDA, CPU):
        assert names(world, path) == {"v0.3.0", "v0.3", "v0.4.0", "v0.4", "v0", "latest"}
        assert {tag: world.tags(path)[tag] for tag in production[path]} == production[path]
        package = world.package(path)
        assert package is not None
        # Two releases of an index, two platforms with an attestation each, and a signature.
        assert len(package.versions()) == 2 * 6
    assert whole(world)
    assert releases(world) == {"v0.4.0"}
    gone = {"v0.5.0-rc.1", "v0.5.0-rc", "v0.5"}
    assert git_tags(world) == {tag: sha for tag, sha in before.items() if tag not in gone} | {"v0": before["v0.4.0"]}
    assert output(report, "removed") == ["v0.5.0-rc.1"]
    assert report.lines[-1] == (
        "12 of 12 versions deleted, 1 of 1 release deleted, 4 of 4 git tags deleted or moved, "
        "16 remaining tags unchanged."
    )


def test_the_manifest_describes_exactly_the_inputs_and_outputs() -> None:
    manifest = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    assert list(manifest["inputs"]) == [spec.name for spec in specs(rc_teardown.Inputs)]
    assert list(manifest["outputs"]) == list(rc_teardown.OUTPUTS)
    step = manifest["runs"]["steps"][0]
    assert step["env"] == {spec.variable: f"${{{{ inputs.{spec.name} }}}}" for spec in specs(rc_teardown.Inputs)}


def test_a_second_run_finds_nothing(world: World, tear_down: TearDown) -> None:
    tear_down()
    after = state(world)
    report = tear_down()
    assert report.exit_code is ExitCode.PASS
    assert state(world) == after
    assert report.lines[-1] == "Nothing to tear down."
    assert messages(report) == ["v0.5.0-rc.1 left nothing: no git tag, no release and no image carries its name."]
    assert output(report, "removed") == []


def test_a_dry_run_changes_nothing_and_names_the_plan_of_the_real_run(
    world: World, tear_down: TearDown, simulator: Simulator
) -> None:
    before = state(world)
    report = tear_down(dry_run="true")
    assert state(world) == before
    assert not [entry for entry in simulator.requests.entries if entry.method not in {"GET", "HEAD"}]
    assert report.exit_code is ExitCode.PASS
    assert (
        report.lines[-1]
        == "12 versions in 2 packages, 1 release and 4 git tags would be deleted or moved. Nothing was changed."
    )
    going = [line for line in report.lines if line.startswith(f"{CUDA}: ")]
    assert len(going) + len([line for line in report.lines if line.startswith(f"{CPU}: ")]) == 12
    assert going[0].endswith(" would be deleted. It is the image of v0.5.0-rc.1.")
    assert {line.partition(" would be deleted. ")[2] for line in going[1:]} == {"Nothing but v0.5.0-rc.1 needs it."}
    assert "release v0.5.0-rc.1 would be deleted." in report.lines
    assert output(report, "removed") == []
    assert output(report, "undo") == {"versions": {}, "releases": [], "git": {}}
    plan = output(report, "plan")
    assert [row["package"] for row in plan["images"]] == [CUDA, CPU]
    assert plan["releases"][0]["tag"] == "v0.5.0-rc.1"
    assert [(row["tag"], row["action"]) for row in plan["git"]] == [
        ("v0", "move"),
        ("v0.5", "delete"),
        ("v0.5.0-rc", "delete"),
        ("v0.5.0-rc.1", "delete"),
    ]
    applied = tear_down(expected_plan=str(report.outputs["plan-digest"]))
    assert applied.exit_code is ExitCode.PASS
    assert applied.outputs["plan-digest"] == report.outputs["plan-digest"]


def test_another_plan_than_the_expected_one_is_not_carried_out(world: World, tear_down: TearDown) -> None:
    expected = str(tear_down(dry_run="true").outputs["plan-digest"])
    put(the_repository(world), "v0.5.0-rc", git_tags(world)["v0.3.0"])
    push(world, CUDA, "v0.5.0-rc.1", seed="again")
    before = state(world)
    report = tear_down(expected_plan=expected)
    assert report.exit_code is ExitCode.REFUSED
    assert state(world) == before
    assert messages(report)[0] == (
        f"The plan is {report.outputs['plan-digest']}, and {expected} was expected. Nothing was changed. The "
        "packages, releases or tags changed since that plan was made. Check the new plan. If it is right, pass "
        "its plan-digest as expected-plan."
    )


def test_a_plan_that_is_too_large_is_not_carried_out(world: World, tear_down: TearDown) -> None:
    before = state(world)
    report = tear_down(max_deletions="11")
    assert report.exit_code is ExitCode.REFUSED
    assert state(world) == before
    assert messages(report) == [
        "The plan deletes 12 versions, more than the 11 that are allowed. Nothing was changed. Check the plan. "
        "If it is right, raise max-deletions."
    ]


def test_registry_releases_and_git_go_in_this_order(tear_down: TearDown, simulator: Simulator) -> None:
    tear_down()
    writes = [
        "image" if "/packages/" in entry.path else "release" if "/releases/" in entry.path else entry.path
        for entry in simulator.requests.entries
        if entry.method in {"DELETE", "PATCH"} and entry.status < 400
    ]
    assert writes == [
        *["image"] * writes.count("image"),
        "release",
        *(f"/repos/{REPOSITORY}/git/refs/tags/{tag}" for tag in ("v0", "v0.5", "v0.5.0-rc", "v0.5.0-rc.1")),
    ]
    assert writes.count("image") > 12


def test_released_takes_the_candidates_whose_final_is_out(world: World, tear_down: TearDown) -> None:
    repository = the_repository(world)
    put(repository, "v0.4.0-rc.2", commit(repository, "v0.4.0-rc.2"))
    push(world, CUDA, "v0.4.0-rc.2")
    report = tear_down("released")
    assert report.exit_code is ExitCode.PASS
    assert output(report, "removed") == ["v0.4.0-rc.2"]
    assert "v0.4.0-rc.2" not in git_tags(world) | world.tags(CUDA)
    assert "v0.5.0-rc.1" in git_tags(world)
    assert {"v0.5.0-rc.1", "v0.5.0-rc", "v0.5", "v0.5.0"} <= names(world, CUDA)
    assert messages(report) == ["v0.5.0-rc.1 is kept: v0.5.0 is not released yet. Name it to remove it anyway."]


def test_a_final_that_is_tagged_and_not_yet_published_is_not_released(world: World, tear_down: TearDown) -> None:
    repository = the_repository(world)
    put(repository, "v0.5.0", commit(repository, "v0.5.0"))
    push(world, CUDA, "v0.5.0", "v0.5", seed="the final")
    for path in (CPU,):
        package = world.package(path)
        assert package is not None
        push(world, path, "v0.5.0-rc.1", "v0.5.0-rc", seed="again")
        package.drop(world.version(path, "v0.5.0"), world.now())
    before = state(world)
    report = tear_down("released")
    assert state(world) == before
    assert messages(report) == [f"v0.5.0-rc.1 is kept: {CPU} holds no v0.5.0 yet. Name it to remove it anyway."]


def test_after_the_final_release_the_floating_tags_stay_where_they_are(world: World, tear_down: TearDown) -> None:
    repository = the_repository(world)
    final = commit(repository, "v0.5.0")
    for tag in ("v0.5.0", "v0.5", "v0"):
        put(repository, tag, final)
    for path in (CUDA, CPU):
        push(world, path, "v0.5.0", "v0.5", "v0", "latest", seed=f"the final {path}")
    production = {
        path: {tag: world.tags(path)[tag] for tag in ("v0.5.0", "v0.5", "v0", "latest")} for path in (CUDA, CPU)
    }
    report = tear_down("released")
    assert report.exit_code is ExitCode.PASS
    assert output(report, "removed") == ["v0.5.0-rc.1"]
    for path, tags in production.items():
        assert {tag: world.tags(path)[tag] for tag in tags} == tags
    assert {tag: git_tags(world)[tag] for tag in ("v0.5.0", "v0.5", "v0")} == dict.fromkeys(
        ("v0.5.0", "v0.5", "v0"), final
    )
    assert whole(world)


def test_a_floating_tag_of_production_has_to_be_moved_back_first(world: World, tear_down: TearDown) -> None:
    for path in (CUDA, CPU):
        world.tag(path, "v0.5.0-rc.1", "latest")
    before = state(world)
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert state(world) == before
    assert messages(report) == [
        f"v0.5.0-rc.1 is not changed. {path}:latest names the image of v0.5.0-rc.1, but has to name v0.4.0. If "
        "the image was deleted, latest would name nothing. Run protect-latest with mode: enforce first; it moves "
        "the tag back."
        for path in (CPU, CUDA)
    ]
    assert output(report, "refused")[0]["what"] == "candidate v0.5.0-rc.1"
    assert report.lines[-1] == "Nothing was changed. Not changed: v0.5.0-rc.1."


def test_a_floating_tag_without_a_release_in_its_range_goes(world: World, tear_down: TearDown) -> None:
    package = world.package(CPU)
    assert package is not None
    for version in package.versions():
        if not {"v0.5.0-rc.1"} & set(version.tags):
            package.drop(version, world.now())
    push(world, CPU, "v0.5.0-rc.1", "latest", "v0", seed="an image that is new in this release")
    push(world, CPU, "main", seed="not a release")
    report = tear_down()
    assert report.exit_code is ExitCode.PASS
    assert names(world, CPU) == {"main"}


def test_a_tag_that_somebody_else_put_keeps_the_candidate_whole(world: World, tear_down: TearDown) -> None:
    world.tag(CUDA, "v0.5.0-rc.1", "demo")
    before = state(world)
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert state(world) == before
    assert messages(report) == [
        f"v0.5.0-rc.1 is not changed. {CUDA}:demo names the image of v0.5.0-rc.1, but demo was not made from a "
        "candidate's tag. If demo is not needed, ghcr-cleanup removes it with delete-tags: demo and untag: true."
    ]


def test_a_release_that_shares_the_image_keeps_it(world: World, tear_down: TearDown) -> None:
    repository = the_repository(world)
    for tag in ("v0.5.0", "v0.5", "v0"):
        put(repository, tag, git_tags(world)["v0.5.0-rc.1"])
    before = world.tags(CUDA)
    report = tear_down()
    assert report.exit_code is ExitCode.PASS
    assert world.tags(CUDA) == before
    assert "v0.5.0-rc.1" not in git_tags(world)
    assert {"v0.5.0", "v0.5", "v0"} <= set(git_tags(world))
    assert messages(report) == [
        f"{path}: v0.5.0-rc, v0.5.0-rc.1 are kept, because v0.5.0 is the same image. ghcr-cleanup removes tags "
        "from such an image with delete-tags: v0.5.0-rc, v0.5.0-rc.1 and untag: true."
        for path in (CPU, CUDA)
    ]
    # Its tag is left.
    assert output(report, "removed") == []


def test_a_candidate_that_was_built_again_leaves_nothing_of_the_first_build(world: World, tear_down: TearDown) -> None:
    for path in (CUDA, CPU):
        push(world, path, "v0.5.0-rc.1", seed=f"{path} built again")
    report = tear_down()
    assert report.exit_code is ExitCode.PASS
    for path in (CUDA, CPU):
        assert names(world, path) == {"v0.3.0", "v0.3", "v0.4.0", "v0.4", "v0", "latest"}
        package = world.package(path)
        assert package is not None
        assert len(package.versions()) == 2 * 6


def test_only_the_candidate_that_is_named_goes(world: World, tear_down: TearDown) -> None:
    repository = the_repository(world)
    second = commit(repository, "v0.5.0-rc.2")
    for tag in ("v0.5.0-rc.2", "v0.5.0-rc", "v0.5", "v0"):
        put(repository, tag, second)
    for path in (CUDA, CPU):
        push(world, path, "v0.5.0-rc.2", "v0.5.0-rc", "v0.5", "v0.5.0")
    report = tear_down()
    assert report.exit_code is ExitCode.PASS
    assert messages(report) == []
    assert {"v0.5.0-rc.2", "v0.5.0-rc", "v0.5", "v0"} <= set(git_tags(world))
    assert {"v0.5.0-rc.2", "v0.5.0-rc", "v0.5", "v0.5.0"} <= names(world, CUDA)
    assert "v0.5.0-rc.1" not in names(world, CUDA)


# Refusals


def test_a_release_that_is_no_prerelease_is_refused_unless_named(world: World, tear_down: TearDown) -> None:
    [candidate] = [one for one in the_repository(world).releases.values() if one.tag == "v0.5.0-rc.1"]
    candidate.prerelease = False
    before = state(world)
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert state(world) == before
    assert messages(report) == [
        "v0.5.0-rc.1 is not changed. The GitHub release of v0.5.0-rc.1 is published as a release and not as a "
        "pre-release. To delete it for good, name it: allow-irreversible: v0.5.0-rc.1"
    ]
    assert tear_down(allow_irreversible="v0.5.0-rc.1").exit_code is ExitCode.PASS
    assert releases(world) == {"v0.4.0"}


def test_a_protected_git_tag_is_refused_in_githubs_words_and_the_rest_goes(
    world: World, tear_down: TearDown, simulator: Simulator
) -> None:
    path = f"/repos/{REPOSITORY}/git/refs/tags/v0.5.0-rc.1"
    simulator.faults.add(Fault(method="DELETE", path=path, times=0, answer=422))
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert "v0.5.0-rc.1" in git_tags(world)
    assert not {"v0.5.0-rc", "v0.5"} & set(git_tags(world))
    assert "v0.5.0-rc.1" not in names(world, CUDA)
    [message] = messages(report)
    assert message.startswith("The git tag v0.5.0-rc.1 still exists. GitHub answered 422")
    assert message.endswith("A rule may protect the tag: ask a person who may bypass it, or change the rule.")
    assert output(report, "removed") == []
    assert output(report, "refused")[0]["what"] == "git tag v0.5.0-rc.1"


def test_the_last_tagged_version_is_refused_and_what_names_it_stays(world: World, tear_down: TearDown) -> None:
    package = world.package(CPU)
    assert package is not None
    for tag in ("v0.3.0", "v0.4.0"):
        package.drop(world.version(CPU, tag), world.now())
    for version in package.versions():
        if any(tag.startswith("sha256-") for tag in version.tags):
            package.drop(version, world.now())
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert [message for message in messages(report) if LAST_TAGGED in message]
    assert "v0.5.0-rc.1" in names(world, CPU)
    assert "v0.5.0-rc.1" not in names(world, CUDA)
    assert "v0.5.0-rc.1" in git_tags(world)
    assert "v0.5.0-rc.1" in releases(world)
    assert "The git tag v0.5.0-rc.1 still exists. It is kept while images of v0.5.0-rc.1 are there." in messages(report)
    assert output(report, "removed") == []


def test_a_popular_image_is_refused_and_other_candidates_go(world: World, tear_down: TearDown) -> None:
    repository = the_repository(world)
    put(repository, "v0.4.0-rc.1", commit(repository, "v0.4.0-rc.1"))
    push(world, CUDA, "v0.4.0-rc.1")
    world.version(CUDA, "v0.5.0-rc.1").downloads = 6000
    report = tear_down("v0.5.0-rc.1, v0.4.0-rc.1")
    assert report.exit_code is ExitCode.REFUSED
    assert [message for message in messages(report) if POPULAR in message]
    assert output(report, "removed") == ["v0.4.0-rc.1"]
    assert "v0.5.0-rc.1" in git_tags(world)
    assert "v0.4.0-rc.1" not in git_tags(world)


def test_nothing_is_said_to_go_while_a_package_cannot_be_read(world: World, tear_down: TearDown) -> None:
    world.add_token("ghs_blind", TokenKind.ACTIONS, repository=REPOSITORY, permissions={"contents": "write"})
    before = state(world)
    for dry_run in ("true", "false"):
        report = tear_down(token="ghs_blind", dry_run=dry_run)
        assert report.exit_code is ExitCode.UNKNOWN
        assert report.lines == ("Nothing was changed: 2 of 2 packages could not be read.",)
        assert report.outputs["local-commands"] == ""
    assert state(world) == before


def test_what_cannot_be_read_changes_nothing_anywhere(world: World, tear_down: TearDown, simulator: Simulator) -> None:
    digest = world.tags(CPU)["v0.4.0"]
    simulator.faults.add(Fault(path=f"/v2/{CPU}/manifests/{digest}", times=0, answer=404))
    before = state(world)
    report = tear_down()
    assert report.exit_code is ExitCode.UNKNOWN
    assert state(world) == before
    assert any(message.startswith(f"{CPU}: The registry does not have {digest}") for message in messages(report))


def test_a_job_that_may_not_write_contents_is_told_the_permission_before_anything_goes(
    world: World, tear_down: TearDown
) -> None:
    world.add_token(
        "ghs_reader", TokenKind.ACTIONS, repository=REPOSITORY, permissions={"contents": "read", "packages": "write"}
    )
    before = state(world)
    report = tear_down(token="ghs_reader")
    assert report.exit_code is ExitCode.REFUSED
    assert state(world) == before
    [message] = messages(report)
    assert message == (
        'GitHub answered 403, "Resource not accessible by integration", when it was asked whether this token may '
        "change "
        "git tags and releases. Nothing was changed. The token needs the permission contents=write. Grant it under "
        "'permissions:' of the job, or to the app."
    )
    assert output(report, "removed") == []
    assert report.lines[-1] == "The plan has 12 versions in 2 packages, 1 release and 4 git tags. Nothing was changed."
    assert len(report.lines) == 1


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ("v0.4.0", "v0.4.0 is a release, and rc-teardown only removes what comes before one."),
        ("v0.5", "Tag 'v0.5' is a floating tag"),
        ("", "Input 'candidates' is required and was not given."),
    ],
)
def test_what_is_no_candidate_is_refused(
    world: World, tear_down: TearDown, simulator: Simulator, candidates: str, message: str
) -> None:
    before = state(world)
    with pytest.raises(InputError) as caught:
        tear_down(candidates)
    assert message in str(caught.value)
    assert state(world) == before
    assert not [entry for entry in simulator.requests.entries if entry.method not in {"GET", "HEAD"}]


def test_without_a_token_nothing_is_asked(tear_down: TearDown, simulator: Simulator) -> None:
    with pytest.raises(InputError, match="needs a token"):
        tear_down(token="")
    assert not simulator.requests.entries


def test_another_registry_than_githubs_is_refused(tear_down: TearDown, tmp_path: Path) -> None:
    text = CONFIG.replace("ghcr.io", "quay.io")
    (tmp_path / "release.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"quay\.io is not GitHub's registry") as caught:
        tear_down()
    assert str(caught.value.problems[0].place) == "release.yaml:2:11"


# What others do meanwhile


def test_a_git_tag_that_moves_meanwhile_is_left(world: World, tear_down: TearDown, simulator: Simulator) -> None:
    other = commit(the_repository(world), "other")
    simulator.faults.add(
        Fault(
            method="DELETE",
            path=f"/repos/{REPOSITORY}/releases/*",
            steps=(lambda world, _: put(the_repository(world), "v0.5", other),),
        )
    )
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert git_tags(world)["v0.5"] == other
    assert any(
        message.startswith(
            f"The git tag v0.5 still exists. It was moved since the plan was made; now it names {other}."
        )
        for message in messages(report)
    )


def test_a_candidate_that_is_pushed_again_meanwhile_keeps_its_names(
    world: World, tear_down: TearDown, simulator: Simulator
) -> None:
    def again(world: World, _: str) -> None:
        push(world, CUDA, "v0.5.0-rc.1", seed="again")

    simulator.faults.add(Fault(method="DELETE", path="*cuda/versions/*", nth=4, steps=(again,)))
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert messages(report)[0] == (
        f"{CUDA}: v0.5.0-rc.1 was pushed again while this ran, so it is kept. Run it again to make a new plan."
    )
    assert output(report, "removed") == []
    assert {"what": f"tag v0.5.0-rc.1 of {CUDA}", "message": "It was pushed again."} in output(report, "refused")
    assert "v0.5.0-rc.1" in releases(world) & git_tags(world).keys() & names(world, CUDA)
    assert tear_down().exit_code is ExitCode.PASS
    assert "v0.5.0-rc.1" not in names(world, CUDA)


def promote_page(world: World, _: str) -> None:
    """Publish the candidate's release as the final one, as people do on GitHub's page."""
    repository = the_repository(world)
    [page] = [one for one in repository.releases.values() if one.tag == "v0.5.0-rc.1"]
    put(repository, "v0.5.0", git_tags(world)["v0.5.0-rc.1"])
    page.tag, page.prerelease = "v0.5.0", False


def test_a_release_that_is_promoted_meanwhile_is_left(world: World, tear_down: TearDown, simulator: Simulator) -> None:
    steps = (promote_page,)
    simulator.faults.add(Fault(method="GET", path=f"/repos/{REPOSITORY}/releases/*", steps=steps))
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert releases(world) == {"v0.4.0", "v0.5.0"}
    assert {"v0.5.0", "v0.5.0-rc.1"} <= set(git_tags(world))
    assert messages(report)[0] == (
        "The release v0.5.0-rc.1 still exists. It was changed since the plan was made. Run it again to make a new plan."
    )


def test_no_image_goes_once_its_release_is_tagged(world: World, tear_down: TearDown, simulator: Simulator) -> None:
    before = world.tags(CPU)
    simulator.faults.add(Fault(method="DELETE", path="*cuda/versions/*", steps=(promote_page,)))
    report = tear_down()
    assert report.exit_code is ExitCode.UNKNOWN
    assert world.tags(CPU) == before
    assert releases(world) == {"v0.4.0", "v0.5.0"}
    assert messages(report)[0].startswith(
        "v0.5.0 was tagged since the plan was made, so no further image was deleted. Check the new plan first: a "
        "release may share an image with a candidate."
    )


def test_what_somebody_else_deleted_meanwhile_is_told_as_gone(
    world: World, tear_down: TearDown, simulator: Simulator
) -> None:
    def quicker(world: World, _: str) -> None:
        repository = the_repository(world)
        [number] = [one.id for one in repository.releases.values() if one.tag == "v0.5.0-rc.1"]
        del repository.releases[number], repository.git.refs["refs/tags/v0.5.0-rc"]
        put(repository, "v0", git_tags(world)["v0.4.0"])

    simulator.faults.add(Fault(method="DELETE", path="*cpu/versions/*", steps=(quicker,)))
    report = tear_down()
    assert messages(report) == []
    assert report.exit_code is ExitCode.PASS
    assert output(report, "removed") == ["v0.5.0-rc.1"]
    assert report.lines[-1] == (
        "12 of 12 versions deleted, 0 of 1 release deleted, 2 of 4 git tags deleted or moved, 3 already "
        "done by others, 16 remaining tags unchanged."
    )
    # A clone still has them.
    assert report.outputs["local-commands"] == (
        "git tag -d $(git tag -l v0.5 v0.5.0-rc v0.5.0-rc.1)\n"
        "git fetch --force https://github.com/llm-d/llm-d refs/tags/v0:refs/tags/v0"
    )


def test_a_production_tag_that_somebody_moves_meanwhile_is_told(
    world: World, tear_down: TearDown, simulator: Simulator
) -> None:
    before = world.tags(CUDA)["latest"]
    after = world.tags(CUDA)["v0.3.0"]
    simulator.faults.add(Fault(method="DELETE", path="*cuda/versions/*", steps=(tag_step(CUDA, "latest", "v0.3.0"),)))
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert messages(report) == [
        f"{CUDA}:latest named {before} and now names {after}. This run did not change it. Find out which workflow "
        "moved it. protect-latest moves floating tags back."
    ]


def test_a_server_that_fails_between_the_systems_leaves_what_the_next_run_finishes(
    world: World, tear_down: TearDown, simulator: Simulator
) -> None:
    simulator.faults.add(Fault(method="GET", path=f"/repos/{REPOSITORY}/git/ref/*", times=0, answer=401))
    first = tear_down()
    assert first.exit_code is ExitCode.UNKNOWN
    assert any(message.startswith(f"Could not read the git tag v0 of {REPOSITORY}") for message in messages(first))
    assert messages(first)[0].endswith(
        "Run this again without expected-plan to finish: the new plan no longer has what is deleted already. The "
        "git tag of a candidate is deleted last."
    )
    assert "v0.5.0-rc.1" in git_tags(world)
    simulator.faults.clear()
    assert tear_down().exit_code is ExitCode.PASS
    assert not {"v0.5.0-rc.1", "v0.5.0-rc", "v0.5"} & set(git_tags(world))


# Kill and take back


@pytest.mark.parametrize("step", range(1, 15))
def test_a_run_after_a_killed_one_ends_where_one_run_would_have(
    world: World, tear_down: TearDown, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    del world.packages[CPU]
    before, production = git_tags(world), {tag: world.tags(CUDA)[tag] for tag in ("v0.3.0", "v0.4.0", "latest")}
    count = iter(range(1, 1000))
    real = Http.request

    def request(self: Http, method: str, *args: Any, **named: Any) -> Any:
        if method in {"GET", "HEAD"}:
            return real(self, method, *args, **named)
        number = next(count)
        if number == step:
            raise Killed
        found = real(self, method, *args, **named)
        if number == step - 1:
            raise Killed
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Http, "request", request)
        try:
            tear_down()
        except Killed:
            assert whole_package(world, CUDA)
        else:
            assert step == 14
    report = tear_down()
    assert report.exit_code is ExitCode.PASS
    assert names(world, CUDA) == {"v0.3.0", "v0.3", "v0.4.0", "v0.4", "v0", "latest"}
    assert {tag: world.tags(CUDA)[tag] for tag in production} == production
    package = world.package(CUDA)
    assert package is not None
    assert len(package.versions()) == 2 * 6
    assert whole_package(world, CUDA)
    assert releases(world) == {"v0.4.0"}
    gone = {"v0.5.0-rc.1", "v0.5.0-rc", "v0.5"}
    assert git_tags(world) == {tag: sha for tag, sha in before.items() if tag not in gone} | {"v0": before["v0.4.0"]}


@pytest.mark.parametrize("cut", ["image", "release", "git"])
def test_a_signal_leaves_a_truthful_report(
    world: World, tear_down: TearDown, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    kind, name = {
        "image": (Packages, "delete_version"),
        "release": (Releases, "delete"),
        "git": (GitRefs, "delete"),
    }[cut]
    real = getattr(kind, name)
    calls = iter(range(100))

    def stopped(*args: Any) -> Any:
        # The first version that a clean-up deletes is one that it pushed itself, to see whether it may.
        if cut == "image" and next(calls) == 0:
            return real(*args)
        return signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(apply, "WORKERS", 1)
        patch.setattr(kind, name, stopped)
        report = tear_down()
    assert report.exit_code is ExitCode.INTERRUPTED
    undone = sum(len(numbers) for numbers in output(report, "undo")["versions"].values())
    # What was under way when the signal came may have been written down as done, or as nobody knows.
    assert undone == (1 if cut == "image" else 12)
    deleted = int(messages(report)[0].split()[5])
    assert undone - deleted in ({0, 1} if cut == "image" else {0})
    [message] = messages(report)
    assert message == (
        f"Stopped by a signal after {deleted} of 12 deletions of package versions. Run this again without "
        "expected-plan to finish: the new plan no longer has what is deleted already. The output 'undo' "
        "and the undo file list every change."
    )
    assert output(report, "removed") == []
    assert "v0.5.0-rc.1" in git_tags(world)
    undo = output(report, "undo")
    assert bool(undo["releases"]) == (cut != "image")
    assert set(undo["git"]) == ({"v0", "v0.5"} if cut == "git" else set())
    assert tear_down().exit_code is ExitCode.PASS
    assert "v0.5.0-rc.1" not in git_tags(world)


def test_undo_takes_everything_back(world: World, tear_down: TearDown) -> None:
    before = git_tags(world)
    images = {path: world.tags(path) for path in (CUDA, CPU)}
    report = tear_down()
    undo = output(report, "undo")
    assert undo["git"] == {tag: before[tag] for tag in ("v0", "v0.5", "v0.5.0-rc", "v0.5.0-rc.1")}
    assert undo["releases"] == [
        {
            "tag_name": "v0.5.0-rc.1",
            "name": "First try",
            "body": "Known to be slow.",
            "target_commitish": "main",
            "draft": False,
            "prerelease": True,
        }
    ]
    for path, numbers in undo["versions"].items():
        package = world.package(path)
        assert package is not None
        packages = {version.id: version for version in package.versions(deleted=True)}
        assert set(numbers) <= set(packages)
    for path in images:
        assert len(undo["versions"][path]) == 6
    assert f"gh api -X PATCH repos/{REPOSITORY}/git/refs/tags/v0 -f sha={before['v0']} -F force=true" in report.summary
    assert f"gh api -X POST repos/{REPOSITORY}/git/refs -f ref=refs/tags/v0.5 -f sha={before['v0.5']}" in report.summary


def test_local_commands_are_for_clones(tear_down: TearDown) -> None:
    report = tear_down()
    assert report.outputs["local-commands"] == (
        "git tag -d $(git tag -l v0.5 v0.5.0-rc v0.5.0-rc.1)\n"
        "git fetch --force https://github.com/llm-d/llm-d refs/tags/v0:refs/tags/v0"
    )
    assert "In every clone: git tag -d $(git tag -l v0.5 v0.5.0-rc v0.5.0-rc.1)" in report.lines


@pytest.mark.parametrize(
    "given", [{"dry_run": "true"}, {"max_deletions": "1"}, {"expected_plan": "sha256:" + "0" * 64}]
)
def test_no_clone_is_told_to_delete_a_tag_that_is_on_github(tear_down: TearDown, given: dict[str, str]) -> None:
    report = tear_down(**given)

    assert report.outputs["local-commands"] == ""
    assert not [line for line in report.lines if line.startswith("In every clone")]
    assert "git tag -d" not in report.summary


@pytest.mark.parametrize("given", [{"max_deletions": "1"}, {"expected_plan": "sha256:" + "0" * 64}])
def test_a_refused_plan_is_shown_as_a_plan_and_not_as_what_would_go(tear_down: TearDown, given: dict[str, str]) -> None:
    report = tear_down(**given)

    assert not [line for line in report.lines if "would be" in line]
    assert (
        sum(line.startswith((f"{CUDA}: ", f"{CPU}: ")) and " is in the plan. " in line for line in report.lines) == 12
    )
    assert "release v0.5.0-rc.1 is in the plan." in report.lines
    assert "| Why it is in the plan |" in report.summary
    assert report.lines[-1] == (
        "The plan has 12 versions in 2 packages, 1 release and 4 git tags. Nothing was changed."
    )


@pytest.mark.parametrize(("what", "path"), [("release", "*/releases/*"), ("git tag", "*/git/refs/tags/v0.5.0-rc.1")])
def test_what_is_still_there_is_not_said_to_be_missing(
    tear_down: TearDown, simulator: Simulator, what: str, path: str
) -> None:
    simulator.faults.add(Fault(method="DELETE", path=path, times=0, answer=404))

    said = next(m for m in messages(tear_down()) if m.startswith(f"The {what} v0.5.0-rc.1 still exists. GitHub"))

    assert "does not exist" not in said
    assert said.endswith(
        "GitHub still shows it, so the token may see it and not change it. The job needs the permission "
        "'contents: write'."
    )


def test_the_summary_proves_production(world: World, tear_down: TearDown) -> None:
    latest = world.tags(CUDA)["latest"].removeprefix("sha256:")[:12]
    summary = tear_down().summary
    assert "still there" not in summary
    assert "16 remaining tags, unchanged" in summary
    assert f"| `{CUDA}` | `latest` | `{latest}` | `{latest}` |" in summary
    assert "| git |" in summary
    assert "| release |" in summary


def test_what_a_ruleset_keeps_is_not_told_as_gone(world: World, tear_down: TearDown) -> None:
    the_repository(world).tag_rules = (TagRules(("v*.*.*",), ("deletion",)),)
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    refused, waiting = messages(report)
    assert refused.startswith("The git tag v0.5.0-rc still exists. GitHub answered 422")
    assert "Cannot delete this tag" in refused
    assert (
        waiting == "The git tag v0.5.0-rc.1 still exists. It is kept while v0.5.0-rc is there: the next run needs it."
    )
    _, _, still_there = report.summary.partition("**Still there:**")
    assert "| `git tag v0.5.0-rc` | GitHub answered 422" in still_there
    assert "| `git tag v0.5.0-rc.1` | It is kept while v0.5.0-rc is there: the next run needs it. |" in still_there
    told = [line for line in report.lines if line.startswith("git tag ")]
    moved = git_tags(world)["v0.4.0"][:12]
    assert [line.partition(". ")[0] for line in told] == [
        f"git tag v0 was moved to {moved}",
        "git tag v0.5 was deleted",
    ]
    assert report.outputs["local-commands"] == (
        "git tag -d $(git tag -l v0.5)\ngit fetch --force https://github.com/llm-d/llm-d refs/tags/v0:refs/tags/v0"
    )


def test_a_candidates_tag_stays_while_a_name_that_was_made_from_it_does(world: World, tear_down: TearDown) -> None:
    before = git_tags(world)
    the_repository(world).tag_rules = (TagRules(("v0", "v0.5"), ("deletion", "update")),)
    report = tear_down()
    assert report.exit_code is ExitCode.REFUSED
    assert output(report, "removed") == []
    assert messages(report)[-1] == (
        "The git tag v0.5.0-rc.1 still exists. It is kept while v0, v0.5 are there: the next run needs it."
    )
    the_repository(world).tag_rules = ()
    assert tear_down().exit_code is ExitCode.PASS
    gone = {"v0.5.0-rc.1", "v0.5.0-rc", "v0.5"}
    assert git_tags(world) == {tag: sha for tag, sha in before.items() if tag not in gone} | {"v0": before["v0.4.0"]}


def test_a_run_that_changed_nothing_offers_nothing_to_take_back(world: World, tear_down: TearDown) -> None:
    world.add_token(
        "ghs_reads", TokenKind.ACTIONS, repository=REPOSITORY, permissions={"contents": "write", "packages": "read"}
    )
    report = tear_down(token="ghs_reads")
    assert report.exit_code is ExitCode.UNKNOWN
    assert [line for line in report.lines if "take it back" in line or line.startswith(("git tag", "In every"))] == []


def test_a_part_that_two_candidates_share_holds_only_the_one_whose_image_is_there(
    world: World, tear_down: TearDown
) -> None:
    del world.packages[CPU]
    repository = the_repository(world)
    put(repository, "v0.4.0-rc.1", commit(repository, "v0.4.0-rc.1"))
    package = world.package(CUDA)
    assert package is not None
    shared = build_image(BOTH, seed=f"{CUDA} v0.5.0-rc.1", attestations=True, annotations={"for": "v0.4.0-rc.1"})
    world.push(CUDA, shared, ["v0.4.0-rc.1"])
    assert {*shared.root.children} & {*world.version(CUDA, "v0.5.0-rc.1").manifest.children}
    world.version(CUDA, "v0.4.0-rc.1").downloads = 6_000
    report = tear_down("v0.5.0-rc.1, v0.4.0-rc.1")
    assert output(report, "removed") == ["v0.5.0-rc.1"]
    assert "v0.5.0-rc.1" not in git_tags(world)
    assert "v0.4.0-rc.1" in git_tags(world)
    assert whole_package(world, CUDA)


def test_a_clone_of_a_fork_is_brought_up_to_date_by_the_commands(
    world: World, tear_down: TearDown, tmp_path: Path
) -> None:
    def git(folder: Path, *args: str) -> str:
        run = subprocess.run(["git", "-C", str(folder), *args], capture_output=True, text=True, check=True)
        return run.stdout

    def tags(folder: Path) -> dict[str, str]:
        rows = git(folder, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/tags").splitlines()
        return dict(row.split() for row in rows)

    upstream, fork, clone = tmp_path / "upstream", tmp_path / "fork", tmp_path / "clone"
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    git(tmp_path, "init", "--quiet", str(upstream))
    for name in ("v0.3.0", "v0.4.0", "v0.5.0-rc.1"):
        git(upstream, *identity, "commit", "--quiet", "--allow-empty", "-m", name)
        git(upstream, "tag", name)
    for name in ("v0", "v0.5", "v0.5.0-rc"):
        git(upstream, "tag", name, "v0.5.0-rc.1")
    git(tmp_path, "clone", "--quiet", "--bare", str(upstream), str(fork))
    git(tmp_path, "clone", "--quiet", str(fork), str(clone))
    # What the teardown does on GitHub.
    git(upstream, "tag", "--force", "v0", "v0.4.0")
    git(upstream, "tag", "--delete", "v0.5", "v0.5.0-rc", "v0.5.0-rc.1")
    commands = str(tear_down().outputs["local-commands"]).replace(f"https://github.com/{REPOSITORY}", str(upstream))
    assert tags(clone) != tags(upstream)
    subprocess.run(["sh", "-e", "-c", commands], cwd=clone, check=True, capture_output=True)
    assert tags(clone) == tags(upstream)
    # Again, in a clone that lacks the tags: nothing to do, and no error.
    subprocess.run(["sh", "-e", "-c", commands], cwd=clone, check=True, capture_output=True)
    assert tags(clone) == tags(upstream)


def test_a_candidate_in_another_spelling_is_asked_about(world: World, tear_down: TearDown) -> None:
    before = state(world)
    report = tear_down("v0.5.0-rc1")
    assert messages(report) == [
        "v0.5.0-rc1 left nothing: no git tag, no release and no image carries its name. Did you mean v0.5.0-rc.1?"
    ]
    assert state(world) == before


def test_candidates_with_a_blank_between_them_are_refused(tear_down: TearDown) -> None:
    with pytest.raises(InputError, match="Put a comma or a new line between candidates"):
        tear_down("v0.5.0-rc.1 v0.4.0-rc.1")


def test_platforms_with_tags_of_their_own_stay_until_they_are_named(world: World, tear_down: TearDown) -> None:
    package = world.package(CUDA)
    assert package is not None
    parts = {}
    for platform, digest in zip(BOTH, world.version(CUDA, "v0.5.0-rc.1").manifest.children, strict=False):
        found = package.find(digest)
        assert found is not None
        tag = f"v0.5.0-rc.1-{platform.partition('/')[2]}"
        world.put_manifest(CUDA, found.manifest, tag)
        parts[tag] = digest
    report = tear_down()
    assert parts.items() <= world.tags(CUDA).items()
    assert messages(report) == [
        f"{CUDA}: {tag} is kept, because it was not named. Name it too to delete it." for tag in sorted(parts)
    ]
    assert tear_down(",".join(parts)).exit_code is ExitCode.PASS
    assert names(world, CUDA) == {"v0.3.0", "v0.3", "v0.4.0", "v0.4", "v0", "latest"}
    assert len(package.versions()) == 2 * 6


def test_packages_of_a_person_are_taken_back_by_their_own_routes(world: World, tear_down: TearDown) -> None:
    world.accounts["llm-d"].organization = False
    summary = tear_down().summary
    assert "gh api -X POST users/llm-d/packages/container/llm-d-cuda/versions/" in summary
    assert "or by hand, except for the GitHub releases:" in summary


def test_a_run_waits_for_no_limit_longer_than_its_time(world: World, tear_down: TearDown, simulator: Simulator) -> None:
    before = state(world)
    simulator.faults.add(Fault(path=f"/repos/{REPOSITORY}/releases", times=0, answer=429, retry_after=60))
    with pytest.raises(RemoteError, match=r"longer than this run waits \(30 s\)"):
        tear_down(time_budget="30s")
    assert state(world) == before


AWS = "llm-d/llm-d-aws"
RETIRED = (
    CONFIG
    + """\
retired:
  llm-d-aws: {since: v0.5.0, reason: replaced by llm-d-cuda}
"""
)


def test_a_candidate_is_taken_back_in_a_retired_package_too(world: World, tear_down: TearDown, tmp_path: Path) -> None:
    world.add_package(AWS, visibility="public", repository=REPOSITORY)
    push(world, AWS, "v0.4.0")
    push(world, AWS, "v0.5.0-rc.1")
    (tmp_path / "release.yaml").write_text(RETIRED, encoding="utf-8")

    report = tear_down()

    assert report.exit_code is ExitCode.PASS
    assert output(report, "removed") == ["v0.5.0-rc.1"]
    assert "v0.5.0-rc.1" not in names(world, AWS)
    assert "v0.4.0" in names(world, AWS)


def test_a_retired_package_does_not_keep_a_candidate_from_being_released() -> None:
    git = model.Git({"v0.5.0": "b", "v0.5.0-rc.1": "a"})
    tags = {AWS: {"v0.5.0-rc.1": "d"}, CUDA: {"v0.5.0-rc.1": "c", "v0.5.0": "e"}}

    chosen, _ = planning.choose(["released"], model.World(model.Names(), git, tags, retired=frozenset({AWS})))
    without, kept = planning.choose(["released"], model.World(model.Names(), git, tags))

    assert [version.tag for version in chosen] == ["v0.5.0-rc.1"]
    assert without == ()
    assert kept[0].startswith("v0.5.0-rc.1 is kept: llm-d/llm-d-aws holds no v0.5.0 yet.")


def test_a_package_of_the_repository_that_no_list_names_is_reported(world: World, tear_down: TearDown) -> None:
    world.add_account("ada")
    world.accounts["llm-d"].members["ada"] = "admin"
    scopes = ["repo", "write:packages", "delete:packages"]
    world.add_token("ghp_of_ada", login="ada", scopes=scopes)
    world.add_package(AWS, visibility="public", repository=REPOSITORY)
    push(world, AWS, "v0.5.0-rc.1")

    report = tear_down(token="ghp_of_ada", dry_run="true")

    assert (
        "llm-d/llm-d-aws holds v0.5.0-rc.1 and is not in release.yaml, so nothing of it is changed. "
        "Add it to 'retired' if it is not published any more, or to 'images'."
    ) in messages(report)


def test_a_file_of_which_the_registry_has_no_package_is_refused(
    world: World, tear_down: TearDown, tmp_path: Path
) -> None:
    before = git_tags(world)
    (tmp_path / "release.yaml").write_text(CONFIG.replace("llm-d-{image}", "llmd-{image}"), encoding="utf-8")

    with pytest.raises(RemoteError, match=r"The registry has none of the packages of release\.yaml, llm-d/llmd-cuda"):
        tear_down()

    assert git_tags(world) == before
