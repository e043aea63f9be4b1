"""Components of a file: each is read as a file of its own, and what two of them could confuse is a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.config import Config, load_config, load_text
from release_actions.errors import ConfigurationError, InputError, PolicyError

CONFIG = """\
repository: acme/app
defaults: {platforms: [linux/amd64]}
channels:
  dev: {name: "{image}-dev"}
versions:
  release-branch: main
  first-candidate: 1
path-groups: {lib: [lib/**]}
images:
  router: {path-groups: [lib]}
  debug: {}
  cli: {}
notes: {bots: hide}
components:
  router:
    versions: {prefix: router-v, release-branch: "router-{major}.{minor}", skip: {router-v1.0.0: broken}}
    images: [router, debug]
    image-tag: "{version}"
    notes: {paths: [router/**]}
    retired: {old: {since: router-v2.0.0, reason: gone}}
  cli:
    versions: {prefix: cli/v}
    images: [cli]
    floating-tags: [newest]
cleanup:
  all: {channel: release, delete-released-candidates: true}
"""


def parts(text: str = CONFIG) -> dict[str, Config]:
    return {part.component: part for part in load_text(text).parts}


def mistakes(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        load_text(text)
    return [str(problem) for problem in error.value.problems]


def test_a_component_has_its_own_tags_images_branches_and_notes() -> None:
    router, cli = parts()["router"], parts()["cli"]

    assert (router.images, cli.images) == (("router", "debug"), ("cli",))
    assert (router.tag_prefix, cli.tag_prefix) == ("router-v", "cli/v")
    assert (router.release_branches, cli.release_branches) == (("router-{major}.{minor}",), ("main",))
    assert (router.notes.paths, router.notes.bots, cli.notes.paths, cli.notes.bots) == (
        ("router/**",),
        "hide",
        (),
        "hide",
    )
    assert (router.skip, dict(cli.skip)) == ({"router-v1.0.0": "broken"}, {})
    assert [package.name for package in router.retired] == ["acme/old"]


def test_what_the_file_says_holds_where_a_component_says_nothing() -> None:
    assert {part.first_candidate for part in parts().values()} == {1}


def test_floating_tags_and_exact_tags_are_the_components() -> None:
    router, cli = parts()["router"], parts()["cli"]

    assert router.floating_tags == ("latest", "{major}", "{major}.{minor}")
    assert cli.floating_tags == ("newest",)
    assert (router.tag_prefix.image_tag, cli.tag_prefix.image_tag) == ("{version}", "{tag}")


def test_the_whole_file_has_every_image_and_knows_whose_tags_a_package_has() -> None:
    whole = load_text(CONFIG)

    assert whole.images == ("router", "debug", "cli")
    assert {name: whole.schemes_of(f"acme/{name}") for name in ("router", "cli", "cli-dev", "old")} == {
        "router": ("router-v",),
        "cli": ("cli/v",),
        "cli-dev": ("cli/v",),
        "old": ("router-v",),
    }
    assert [rule.packages for rule in whole.cleanup] == [("acme/router", "acme/debug", "acme/cli", "acme/old")]
    assert not any(part.cleanup for part in whole.parts)


def test_a_file_without_components_has_no_parts(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG.partition("components:")[0])

    config = load_config(tmp_path / "release.yaml", tag="v1.0.0")

    assert (config.component, config.parts, config.tag_prefix) == ("", (), "v")


@pytest.mark.parametrize(
    ("component", "tag", "expected"),
    [
        ("cli", "", "cli"),
        ("", "router-v1.2.0", "router"),
        ("", "refs/tags/cli/v0.33.1", "cli"),
        ("", "cli/v0.33.1-rc.1", "cli"),
        ("", "router-v1.2", "router"),
        ("cli", "router-v1.2.0", "cli"),
    ],
)
def test_a_component_is_chosen_by_its_key_or_by_its_tag(
    tmp_path: Path, component: str, tag: str, expected: str
) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG)

    assert load_config(tmp_path / "release.yaml", component=component, tag=tag).component == expected


def test_a_tag_of_no_component_is_refused(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG)

    with pytest.raises(PolicyError) as error:
        load_config(tmp_path / "release.yaml", name="release.yaml", tag="v1.0.0")

    assert error.value.problems[0].message == (
        "The tag 'v1.0.0' is of no component of release.yaml: their release tags begin with 'router-v', 'cli/v'."
    )


@pytest.mark.parametrize(
    ("component", "message"), [("", "does not say which one is meant"), ("web", "not a component")]
)
def test_an_action_that_does_not_know_which_component_is_meant_stops(
    tmp_path: Path, component: str, message: str
) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG)

    with pytest.raises(InputError, match=message):
        load_config(tmp_path / "release.yaml", component=component)


def test_a_component_of_a_file_without_any_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG.partition("components:")[0])

    with pytest.raises(InputError, match="has no components"):
        load_config(tmp_path / "release.yaml", component="cli")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("images: [cli]", "images: [cli, debug]", "The image 'debug' is in the components 'router' and 'cli'."),
        ("images: [router, debug]", "images: [router]", "The image 'debug' is in no component."),
        ("images: [cli]", "images: [cli, wbe]", "'wbe' is not an image."),
        ("{prefix: cli/v}", "{first-candidate: 0}", "The component 'cli' has no prefix."),
        ("{prefix: cli/v}", "{prefix: router-v}", "A tag could be a release of 'router' and of 'cli'."),
        (
            "  release-branch: main",
            "  prefix: v",
            "'versions.prefix' is about releases, and each component has its own.",
        ),
        ("cleanup:", "retired: {x: {since: v1.0.0, reason: y}}\ncleanup:", "'retired' is about releases"),
        ("  cli: {}", "  cli: {channels: {release: {name: router}}}", "and so is the image 'router'."),
        ("{router-v1.0.0: broken}", "{v1.0.0: broken}", "'v1.0.0' does not begin with 'router-v'"),
        ("since: router-v2.0.0", "since: cli/v2.0.0", "cli/v2.0.0"),
        ("floating-tags: [newest]", "floating-tags: ['v{major}.{minor}.{patch}']", "would name a single release."),
    ],
)
def test_what_components_could_confuse_is_a_mistake(old: str, new: str, expected: str) -> None:
    assert old in CONFIG

    assert any(expected in mistake for mistake in mistakes(CONFIG.replace(old, new))), mistakes(
        CONFIG.replace(old, new)
    )


def test_a_mistake_of_a_component_has_its_place_and_one_of_the_file_is_reported_once() -> None:
    own = CONFIG.replace('release-branch: "router-{major}.{minor}"', 'release-branch: "router-{mayor}"')
    shared = CONFIG.replace("release-branch: main", 'release-branch: "x-{mayor}"').replace(
        ', release-branch: "router-{major}.{minor}"', ""
    )

    assert mistakes(own)[0].startswith("release.yaml:16:")
    assert len(mistakes(shared)) == 1
    assert mistakes(shared)[0].startswith("release.yaml:6:")
