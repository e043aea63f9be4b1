"""Which packages and rules a run is about: by inputs, by release.yaml, by account."""

from __future__ import annotations

import re
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import responses
from tests.cleanup.command import CUDA, Clean, digests, image, messages, parts

from release_actions import main
from release_actions.errors import ConfigurationError, ExitCode, InputError, RemoteError
from release_actions.runner.workflow import Workflow
from release_actions.simulator import World


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


def test_a_glob_without_a_configuration_says_what_it_would_choose_from(clean: Clean) -> None:
    with pytest.raises(InputError) as caught:
        clean(packages="llm-d-cuda, llm-*", delete_tags="v*-rc.*")
    assert str(caught.value) == (
        "'llm-*' chooses from the packages of release.yaml, which does not exist. Check out the repository first. "
        "Say where the file is with 'config', or set 'owner' to choose from all packages of an account."
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


def test_a_comma_in_a_regular_expression_separates_nothing(world: World, clean: Clean) -> None:
    for tag in ("v0.5.0", "pr-7", "pr-1234", "pr-4321"):
        world.push(CUDA, image(tag), [tag])
    patterns = {"delete_tags": "pr-[0-9]{1,4}", "exclude_tags": "pr-4[0-9]{2,3}\nv.*"}
    assert clean(use_regex="true", **patterns).exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", "pr-4321"}


def test_an_account_is_the_same_in_any_case(world: World, clean: Clean) -> None:
    world.push(CUDA, image("final"), ["v0.5.0"])
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])
    assert clean(owner="LLM-d", packages="llm-d-cuda", delete_tags="*-rc.*").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0"}


DOUBLED = "llm-d/llm-d/llm-d-cuda"


def test_with_an_owner_a_name_is_never_split(world: World, clean: Clean) -> None:
    world.add_package(DOUBLED, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, DOUBLED):
        world.push(path, image(f"final {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])

    report = clean(owner="llm-d", packages="llm-d/llm-d-cuda", delete_tags="*-rc.*")

    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}
    assert set(world.tags(DOUBLED)) == {"v0.5.0"}


def of_ada(world: World) -> str:
    """A token of a member of the account, who may delete packages there."""
    world.add_account("ada")
    world.accounts["llm-d"].members["ada"] = "admin"
    world.add_token("ghp_of_ada", login="ada", scopes=["repo", "write:packages", "delete:packages"])
    return "ghp_of_ada"


def test_with_an_owner_a_glob_is_never_split(world: World, clean: Clean) -> None:
    world.add_package(DOUBLED, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, DOUBLED):
        world.push(path, image(f"final {path}"), ["v0.5.0"])
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])

    report = clean(token=of_ada(world), owner="llm-d", packages="llm-d/*", delete_tags="*-rc.*")

    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.5.0", "v0.5.0-rc.1"}
    assert set(world.tags(DOUBLED)) == {"v0.5.0"}


def test_an_owner_that_is_written_twice_in_a_glob_is_refused_with_the_glob_to_write(world: World, clean: Clean) -> None:
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])

    with pytest.raises(InputError) as caught:
        clean(token=of_ada(world), owner="llm-d", packages="llm-d/llm-d-c*", delete_tags="*-rc.*")

    assert str(caught.value) == (
        "'llm-d/llm-d-c*' matches no package of llm-d. With owner set, write the glob without the account: llm-d-c*."
    )
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.1"}


def test_a_glob_that_two_readings_give_other_packages_for_is_refused(
    world: World, clean: Clean, tmp_path: Path
) -> None:
    (tmp_path / "release.yaml").write_text(
        "repository: llm-d/llm-d\nnamespace: llm-d\nchannels: {release: {name: '{image}{suffix}'}}\n"
        "defaults: {platforms: [linux/amd64]}\n"
        "images: {llm-d-cuda: {}, sub: {channels: {release: {name: llm-d/llm-d-cuda}}}}\n",
        encoding="utf-8",
    )
    world.add_package(DOUBLED, visibility="public", repository="llm-d/llm-d")
    for path in (CUDA, DOUBLED):
        world.push(path, image(f"candidate {path}"), ["v0.5.0-rc.1"])

    with pytest.raises(InputError) as caught:
        clean(packages="llm-d/*", delete_tags="*-rc.*")

    assert str(caught.value) == (
        "'llm-d/*' can mean llm-d/llm-d/llm-d-cuda or llm-d/llm-d-cuda, llm-d/llm-d/llm-d-cuda. Name the packages, or "
        "set owner and write the glob without the account."
    )


def test_an_owner_that_is_written_twice_is_refused_with_the_name_to_write(world: World, clean: Clean) -> None:
    world.push(CUDA, image("candidate"), ["v0.5.0-rc.1"])

    with pytest.raises(InputError) as caught:
        clean(owner="llm-d", packages="llm-d/llm-d-cuda", delete_tags="*-rc.*")

    assert str(caught.value) == (
        "The token sees no package 'llm-d/llm-d-cuda' of the account 'llm-d'. With owner set, write the name without "
        "the account: llm-d-cuda."
    )
    assert set(world.tags(CUDA)) == {"v0.5.0-rc.1"}


def test_a_name_with_a_slash_means_the_package_that_exists(world: World, clean: Clean) -> None:
    path = "llm-d/charts/web"
    world.add_package(path, visibility="public", repository="llm-d/llm-d")
    for tag in ("a", "b"):
        world.push(path, image(tag), [tag])

    assert clean(packages="charts/web", delete_tags="a").exit_code is ExitCode.PASS

    assert set(world.tags(path)) == {"b"}


@pytest.mark.parametrize("exist", [True, False])
def test_a_name_that_two_packages_or_none_have_is_refused(world: World, clean: Clean, *, exist: bool) -> None:
    if exist:
        for path in (CUDA, DOUBLED):
            world.add_package(path, visibility="public", repository="llm-d/llm-d") if path != CUDA else None
            world.push(path, image(path), ["a"])

    with pytest.raises(InputError) as caught:
        clean(packages="llm-d/llm-d-cuda" if exist else "charts/web", delete_tags="a")

    if exist:
        assert str(caught.value) == (
            "'llm-d/llm-d-cuda' can mean llm-d/llm-d-cuda or llm-d/llm-d/llm-d-cuda. Both packages exist. For the "
            "package 'llm-d-cuda' of the account 'llm-d', set owner to 'llm-d' and write 'llm-d-cuda'. For the package "
            "'llm-d/llm-d-cuda' of the account 'llm-d', set owner to 'llm-d'."
        )
        assert set(world.tags(CUDA)) == set(world.tags(DOUBLED)) == {"a"}
    else:
        assert str(caught.value) == (
            "'charts/web' can mean charts/web or llm-d/charts/web. The token sees neither package. For the package "
            "'web' of the account 'charts', set owner to 'charts' and write 'web'. For the package 'charts/web' of "
            "the account 'llm-d', set owner to 'llm-d'."
        )


def test_tags_without_a_prefix_are_ranked_as_releases(world: World, clean: Clean) -> None:
    for tag in ("1.4.0", "1.4.1", "1.5.0", "1.5.1", "1.5.2", "main"):
        world.push(CUDA, image(tag), [tag])

    report = clean(delete_tags="1.*", keep_n_per_line="1")

    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"1.4.1", "1.5.2", "main"}


def test_each_package_is_asked_for_its_own_prefix(world: World, clean: Clean) -> None:
    chart = "llm-d/chart"
    world.add_package(chart, visibility="public", repository="llm-d/llm-d")
    for prefix, path in (("v", CUDA), ("", chart)):
        for number in ("0.9.0", "0.10.0", "0.10.0-rc.2"):
            world.push(path, image(f"{path} {number}"), [f"{prefix}{number}"])

    report = clean(packages="llm-d-cuda, chart", delete_tags="v0.*, 0.*", keep_n="1")

    assert report.exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v0.10.0", "v0.10.0-rc.2"}
    assert set(world.tags(chart)) == {"0.10.0", "0.10.0-rc.2"}


def test_a_prefix_of_the_configuration_counts_for_a_package_that_is_named(
    world: World, clean: Clean, tmp_path: Path
) -> None:
    (tmp_path / "release.yaml").write_text(CONFIG.replace("channels:", "versions: {prefix: rel.v}\nchannels:"))
    for tag in ("rel.v0.9.0", "rel.v0.10.0"):
        world.push(CUDA, image(tag), [tag])

    assert clean(delete_tags="rel.v*", keep_n_per_line="1").exit_code is ExitCode.PASS

    assert set(world.tags(CUDA)) == {"rel.v0.9.0", "rel.v0.10.0"}


def test_a_rule_that_would_keep_none_of_what_it_should_rank_is_refused(world: World, clean: Clean) -> None:
    for tag in ("build-1", "build-2", "v1.0.0"):
        world.push(CUDA, image(tag), [tag])

    report = clean(delete_tags="build-*", keep_n_per_line="1")

    assert report.exit_code is ExitCode.REFUSED
    assert messages(report) == (
        "llm-d/llm-d-cuda: keep-n-per-line of inputs keeps releases, and the rule also selects 2 tags that are not, "
        "such as build-1. Nothing was changed. Tags of releases look like this here: vX.Y.Z. To delete these "
        "tags, also set keep-n: 0 keeps none of them, 1 keeps the newest. To keep them, let delete-tags select "
        "only releases."
    )
    assert set(world.tags(CUDA)) == {"build-1", "build-2", "v1.0.0"}
    assert clean(delete_tags="build-*", keep_n_per_line="1", keep_n="0").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"v1.0.0"}


def test_a_rule_that_keeps_what_was_pushed_last_over_a_higher_number_is_refused(world: World, clean: Clean) -> None:
    for tag in ("1.9", "1.10", "1.8"):
        world.push(CUDA, image(tag), [tag])

    report = clean(delete_tags="1.*", keep_n="1")

    assert report.exit_code is ExitCode.REFUSED
    assert messages(report) == (
        "llm-d/llm-d-cuda: keep-n of inputs keeps 1.8, which was pushed last, and deletes 1.10, whose number is "
        "higher. Nothing was changed. These tags are not versions of three numbers, so keep-n ranks them by when their "
        "image was pushed. Name those to keep in exclude-tags, or those to delete in delete-tags without keep-n."
    )
    assert set(world.tags(CUDA)) == {"1.8", "1.9", "1.10"}
    assert (report.outputs["plan"], report.lines[-1]) == ([], "Nothing was changed.")
    assert not [line for line in report.lines if "deleted" in line]
    assert clean(delete_tags="1.*", keep_n="1", exclude_tags="1.10").exit_code is ExitCode.REFUSED
    assert clean(delete_tags="1.9").exit_code is ExitCode.PASS
    assert set(world.tags(CUDA)) == {"1.8", "1.10"}


@pytest.mark.parametrize(
    "tags",
    [
        ("1.8", "1.9", "1.10"),
        ("2026.01.30-a", "2026.02.01-b"),
        ("cuda-12.4", "rocm-6.2"),
        ("sha-9", "sha-10", "sha-8"),
    ],
)
def test_numbers_that_agree_with_the_pushes_are_ranked_by_these(
    world: World, clean: Clean, tags: tuple[str, ...]
) -> None:
    for tag in tags:
        world.push(CUDA, image(tag), [tag])

    assert clean(delete_tags="*", keep_n="1").exit_code is ExitCode.PASS

    assert set(world.tags(CUDA)) == {tags[-1]}


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


def test_a_rule_takes_the_floating_tags_off_a_retired_package(configured: World, clean: Clean, tmp_path: Path) -> None:
    aws = "llm-d/llm-d-aws"
    configured.add_package(aws, visibility="public", repository="llm-d/llm-d")
    configured.push(aws, image("last"), ["v0.4.0", "latest", "v0"])
    retired = "retired:\n  llm-d-aws: {since: v0.5.0, reason: replaced by llm-d-cuda}\n"
    rule = "  retired-floats: {packages: [llm-d-aws], delete-tags: [latest, v0], untag: true}\n"
    (tmp_path / "release.yaml").write_text(CONFIG + rule + retired, encoding="utf-8")

    report = clean(packages="", rule="retired-floats")

    assert report.exit_code is ExitCode.PASS
    assert set(configured.tags(aws)) == {"v0.4.0"}
    assert digests(configured, aws) == parts(image("last"))


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
