"""Several products in one repository: a component's tags never count for another, whatever an action does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import COMMIT, TOKEN, Shop, labels, said, world

from release_actions import main
from release_actions.config.grammar import BUILT_AS
from release_actions.errors import ExitCode, InputError
from release_actions.images import inspection, publish
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.accounts import TokenKind
from release_actions.simulator.git import Target

AMD = ("linux/amd64",)
CONFIG = """\
repository: acme/app
defaults: {platforms: [linux/amd64]}
channels:
  dev: {name: "{image}-dev"}
images:
  router: {}
  cli: {}
components:
  router:
    versions: {prefix: router-v}
    images: [router]
  cli:
    versions: {prefix: cli/v}
    images: [cli]
cleanup:
  candidates: {channel: release, delete-released-candidates: true}
"""
RELEASES = ("router-v1.0.0", "router-v1.1.0", "cli/v0.33.0", "cli/v2.0.0")
ADMIN = "ghp_admin"


@pytest.fixture(name="world")
def _world() -> World:
    """acme/app with the releases of both components, each in its own package."""
    made = world()
    made.add_account("root")
    made.add_token(ADMIN, TokenKind.CLASSIC, login="root", scopes=("repo", "write:packages", "delete:packages"))
    repository = made.repository("acme/app")
    assert repository
    for tag in RELEASES:
        commit = repository.git.commit(tag, made.now())
        repository.git.refs[f"refs/tags/{tag}"] = Target(commit.sha, "commit")
        path = f"acme/{'router' if tag.startswith('router') else 'cli'}"
        if made.package(path) is None:
            made.add_package(path, visibility="public", repository="acme/app")
        made.push(path, build_image(AMD, labels=labels(commit.sha), seed=tag), [tag.rpartition("/")[2]])
    return made


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,) * 8)
    (tmp_path / "release.yaml").write_text(CONFIG)
    return Shop.of(simulator, tmp_path)


def judge(shop: Shop, tag: str, existing: Sequence[str] = RELEASES) -> Report:
    return shop.command("validate-tag", tag=tag, mode="check", existing_tags="\n".join(existing))


@pytest.mark.parametrize(
    ("tag", "component", "previous", "image_tags"),
    [
        ("router-v1.2.0", "router", "router-v1.1.0", ["router-v1.2.0"]),
        ("cli/v2.1.0", "cli", "cli/v2.0.0", ["v2.1.0"]),
    ],
)
def test_a_tag_is_judged_by_its_own_history(
    shop: Shop, tag: str, component: str, previous: str, image_tags: list[str]
) -> None:
    report = judge(shop, tag)

    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    names = ("component", "previous-stable", "image-tags")
    assert [report.outputs[name] for name in names] == [component, previous, image_tags]


def test_what_its_own_history_forbids_is_refused_though_another_component_is_there(shop: Shop) -> None:
    # 0.32.0 would open a line below 2.0 of the cli; 2.0.1 of the router leaves out a major version, and is a warning.
    assert judge(shop, "cli/v0.32.0").exit_code is ExitCode.REFUSED
    assert judge(shop, "router-v1.1.0").exit_code is ExitCode.REFUSED
    assert judge(shop, "cli/v1.1.0", ["router-v1.1.0"]).exit_code is ExitCode.PASS


def test_a_release_builds_the_images_of_its_component_alone(shop: Shop) -> None:
    outputs: Any = shop.command("build-matrix", tag="cli/v2.1.0").outputs

    assert [(entry["image"], entry["tags"]) for entry in outputs["images"]] == [("cli", ["v2.1.0"])]


def test_a_push_builds_the_images_of_all_components(shop: Shop) -> None:
    outputs: Any = shop.command("build-matrix").outputs

    assert [entry["image"] for entry in outputs["images"]] == ["router", "cli"]


def test_no_branch_has_the_name_of_a_release_of_any_component(shop: Shop) -> None:
    for branch in ("router-v1.0.0", "v2.0.0"):
        (shop.workspace / "event.json").write_text(json.dumps({"repository": {"full_name": "acme/app"}}))
        environ = {
            **shop.environ,
            "GITHUB_WORKSPACE": str(shop.workspace),
            "GITHUB_REPOSITORY": "acme/app",
            "GITHUB_SHA": COMMIT,
            "GITHUB_REF": f"refs/heads/{branch}",
        }
        outputs: Any = main.main_inner(["build-matrix"], environ, Workflow({})).outputs

        assert all(entry["tags"] == [f"sha-{COMMIT[:7]}"] for entry in outputs["images"])


def test_floating_tags_of_one_component_move_alone(shop: Shop, world: World) -> None:
    report = shop.command("protect-latest", mode="enforce", component="router", token=TOKEN, registry_token=TOKEN)

    assert report.exit_code is ExitCode.PASS, said(report)
    tags = world.tags("acme/router")
    assert {name: tags[name] == tags["router-v1.1.0"] for name in ("latest", "router-v1", "router-v1.1")} == {
        "latest": True,
        "router-v1": True,
        "router-v1.1": True,
    }
    assert set(world.tags("acme/cli")) == {"v0.33.0", "v2.0.0"}


def test_floating_tags_of_a_component_with_a_path_have_none(shop: Shop, world: World) -> None:
    shop.command("protect-latest", mode="enforce", component="cli", token=TOKEN, registry_token=TOKEN)

    tags = world.tags("acme/cli")
    assert {name for name, digest in tags.items() if digest == tags["v2.0.0"]} == {"v2.0.0", "latest", "v2", "v2.0"}
    assert tags["v0.33"] == tags["v0"] == tags["v0.33.0"]


def test_protect_latest_asks_which_component_is_meant(shop: Shop) -> None:
    with pytest.raises(InputError, match="does not say which one is meant"):
        shop.command("protect-latest", token=TOKEN, registry_token=TOKEN)


def test_git_tags_of_a_component_are_not_moved(shop: Shop) -> None:
    with pytest.raises(InputError, match="'component' names one product"):
        shop.command("protect-latest", component="cli", git_tags="true", token=TOKEN, registry_token=TOKEN)


def test_a_release_of_one_component_does_not_make_another_ones_candidate_released(shop: Shop, world: World) -> None:
    for path, tags in (("acme/router", ["router-v1.1.0-rc.1", "router-v2.0.0-rc.1"]), ("acme/cli", ["v1.1.0-rc.1"])):
        for tag in tags:
            world.push(path, build_image(AMD, seed=tag), [tag])

    report = shop.command("ghcr-cleanup", rule="candidates", token=TOKEN, now="2027-01-01T00:00:00Z")

    assert report.exit_code is ExitCode.PASS, said(report)
    assert set(world.tags("acme/router")) == {"router-v1.0.0", "router-v1.1.0", "router-v2.0.0-rc.1"}
    assert set(world.tags("acme/cli")) == {"v0.33.0", "v2.0.0", "v1.1.0-rc.1"}


def test_a_candidate_is_taken_back_in_its_component_alone(shop: Shop, world: World) -> None:
    repository = world.repository("acme/app")
    assert repository
    for path, git_tag in (("acme/router", "router-v2.1.0-rc.1"), ("acme/cli", "cli/v2.1.0-rc.1")):
        commit = repository.git.commit(git_tag, world.now())
        repository.git.refs[f"refs/tags/{git_tag}"] = Target(commit.sha, "commit")
        world.push(path, build_image(AMD, seed=git_tag), [git_tag.rpartition("/")[2]])
    world.add_token("ghs_writer", TokenKind.ACTIONS, repository="acme/app", permissions=WRITES)

    report = shop.command("rc-teardown", candidates="cli/v2.1.0-rc.1", token="ghs_writer")

    assert report.exit_code is ExitCode.PASS, said(report)
    assert "refs/tags/cli/v2.1.0-rc.1" not in repository.git.refs
    assert "refs/tags/router-v2.1.0-rc.1" in repository.git.refs
    assert set(world.tags("acme/cli")) == {"v0.33.0", "v2.0.0"}
    assert "router-v2.1.0-rc.1" in world.tags("acme/router")


WRITES = {"contents": "write", "packages": "write"}


@pytest.mark.parametrize(
    ("action", "given"),
    [("version-audit", {"tag": "router-v1.1.0"}), ("branch-audit", {}), ("perf-gate", {"candidate": "x"})],
)
def test_an_action_that_knows_no_component_says_so(shop: Shop, action: str, given: dict[str, str]) -> None:
    with pytest.raises(InputError, match="has several components, and this run does not say which one is meant"):
        shop.command(action, token=TOKEN, **given)


def test_digests_of_a_component_are_published_under_its_exact_tag(shop: Shop) -> None:
    shop.push("linux/amd64", package="ghcr.io/acme/cli", labels={**labels(), BUILT_AS: "cli:v2.1.0"})
    listed: Any = shop.command("build-matrix", tag="cli/v2.1.0").outputs["images"]
    entry = {key: value for key, value in listed[0].items() if key not in {"promised-labels", "slots", "job"}}

    report = shop.merge(entry)

    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    assert shop.under("v2.1.0", "ghcr.io/acme/cli")
    refused = shop.merge({**entry, "tags": ["v2.1"]})
    assert refused.exit_code is ExitCode.REFUSED
