import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_actions.config import Config, Package, Recipe, Scan, load_config, load_text
from release_actions.errors import ConfigurationError, Place
from release_actions.versions.grammar import FinalImages, TagScheme, post_spelling_of
from release_actions.versions.history import DEFAULTS, Level

WARNS = Scan(("CRITICAL", "HIGH", "MEDIUM"), gate=(), ignore_unfixed=False, skip_dirs=(), timeout=timedelta(minutes=30))
ROOT = Path(__file__).resolve().parents[2]


def config(text: str) -> Config:
    return load_text(textwrap.dedent(text), file="release.yaml")


def only(text: str) -> Package:
    (package,) = config(text).published
    return package


SMALLEST = """
    repository: Acme/web
    images:
      web: {platforms: [linux/amd64]}
    """


def test_the_smallest_file_has_every_default() -> None:
    found = config(SMALLEST)
    assert found == Config(
        repository="Acme/web",
        registry="ghcr.io",
        namespace="acme",
        tag_prefix=TagScheme(),
        skip={},
        floating_tags=("latest", "v{major}", "v{major}.{minor}"),
        published=(
            Package(
                image="web",
                variant="",
                channel="release",
                registry="ghcr.io",
                name="acme/web",
                platforms=("linux/amd64",),
                runners={"linux/amd64": "ubuntu-24.04"},
                context=".",
                dockerfile="Dockerfile",
                target="",
                build_args={},
                labels={},
                required=True,
                recipe=Recipe(scan=WARNS),
                place=Place("release.yaml", 4, 3),
            ),
        ),
        cleanup=(),
    )
    assert found.packages("dev") == ()
    assert found.images == ("web",)
    assert found.published[0].place == Place("release.yaml", 4, 3)


def test_a_channel_that_cannot_be_is_a_bug_and_no_empty_list() -> None:
    with pytest.raises(ValueError, match="staging"):
        config(SMALLEST).packages("staging")


def test_a_variant_can_have_a_dockerfile_and_a_stage_of_its_own() -> None:
    config = load_text(
        """
        repository: o/r
        defaults: {platforms: [linux/amd64], target: last}
        images:
          a:
            dockerfile: Dockerfile
            variants: {ubuntu: {suffix: ""}, openeuler: {dockerfile: Dockerfile.openEuler, target: slim}}
        """
    )

    built = {package.package: (package.dockerfile, package.target) for package in config.packages("release")}

    assert built == {"a": ("Dockerfile", "last"), "a-openeuler": ("Dockerfile.openEuler", "slim")}


def test_a_variant_can_have_platforms_of_its_own() -> None:
    found = config(
        """
        repository: o/r
        channels: {dev: {name: "{image}{suffix}-dev"}}
        images:
          a:
            platforms: [linux/amd64, linux/arm64]
            runners: {linux/arm64: big-arm, linux/s390x: mainframe}
            channels: {dev: {platforms: [linux/amd64]}}
            variants: {x: {}, y: {platforms: [linux/arm64, linux/s390x]}}
        """
    )
    assert [(package.name, dict(package.runners)) for package in found.published] == [
        ("o/a-x", {"linux/amd64": "ubuntu-24.04", "linux/arm64": "big-arm"}),
        ("o/a-y", {"linux/arm64": "big-arm", "linux/s390x": "mainframe"}),
        ("o/a-x-dev", {"linux/amd64": "ubuntu-24.04"}),
        ("o/a-y-dev", {"linux/arm64": "big-arm", "linux/s390x": "mainframe"}),
    ]


def test_a_package_knows_its_names() -> None:
    package = only("{repository: o/r, namespace: o/team, images: {web: {platforms: [linux/amd64]}}}")
    assert (package.reference, package.owner, package.package) == ("ghcr.io/o/team/web", "o", "team/web")


def test_the_smallest_example_publishes_a_release_and_a_dev_package() -> None:
    found = load_config(ROOT / "examples/single-image/release.yaml")
    assert [(package.channel, package.reference, package.platforms) for package in found.published] == [
        ("release", "ghcr.io/acme/web", ("linux/amd64", "linux/arm64")),
        ("dev", "ghcr.io/acme/web-dev", ("linux/amd64", "linux/arm64")),
    ]
    assert found.published[0].runners == {"linux/amd64": "ubuntu-24.04", "linux/arm64": "ubuntu-24.04-arm"}


BIG, ARM = ("linux/amd64", "vllm-runner"), ("linux/arm64", "vllm-runner-arm")


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (
            "release",
            [
                ("llm-d/llm-d-cuda", "cuda", "rhel", "docker/Dockerfile.cuda", "runtime", [BIG, ARM]),
                ("llm-d/llm-d-cuda-ubuntu", "cuda", "ubuntu", "docker/Dockerfile.cuda", "runtime", [BIG, ARM]),
                ("llm-d/llm-d-rocm", "rocm", "", "docker/Dockerfile.rocm", "", [BIG]),
                ("llm-d/llm-d-xpu", "xpu", "", "docker/Dockerfile.xpu", "", [BIG]),
                ("llm-d/llm-d-cpu", "cpu", "", "docker/Dockerfile.cpu", "", [BIG]),
                (
                    "llm-d/llm-d-rdma-tools",
                    "rdma-tools",
                    "",
                    "docker/Dockerfile.rdma-tools",
                    "",
                    [("linux/amd64", "ubuntu-latest")],
                ),
                (
                    "llm-d/llm-d-xpu-sglang",
                    "sglang-xpu",
                    "",
                    ".cache/sglang-src/docker/xpu.Dockerfile",
                    "",
                    [("linux/amd64", "xpu")],
                ),
            ],
        ),
        (
            "dev",
            [
                ("llm-d/llm-d-cuda-dev", "cuda", "rhel", "docker/Dockerfile.cuda", "runtime", [BIG, ARM]),
                ("llm-d/llm-d-cuda-dev-ubuntu", "cuda", "ubuntu", "docker/Dockerfile.cuda", "runtime", [BIG, ARM]),
                ("llm-d/llm-d-rocm-dev", "rocm", "", "docker/Dockerfile.rocm", "", [BIG]),
                ("llm-d/llm-d-xpu-dev", "xpu", "", "docker/Dockerfile.xpu", "", [("linux/amd64", "xpu")]),
                ("llm-d/llm-d-cpu-dev", "cpu", "", "docker/Dockerfile.cpu", "", [BIG]),
                (
                    "llm-d/llm-d-rdma-tools-dev",
                    "rdma-tools",
                    "",
                    "docker/Dockerfile.rdma-tools",
                    "",
                    [("linux/amd64", "ubuntu-latest")],
                ),
                (
                    "llm-d/llm-d-xpu-sglang-dev",
                    "sglang-xpu",
                    "",
                    ".cache/sglang-src/docker/xpu.Dockerfile",
                    "",
                    [("linux/amd64", "xpu")],
                ),
            ],
        ),
    ],
)
def test_llm_ds_packages_have_their_real_names(channel: str, expected: list[Any]) -> None:
    found = load_config(ROOT / "examples/llm-d/release.yaml").packages(channel)
    rows = [(p.name, p.image, p.variant, p.dockerfile, p.target, [*p.runners.items()]) for p in found]
    assert rows == expected
    assert all(tuple(package.runners) == package.platforms and package.required for package in found)


def test_llm_ds_release_and_dev_builds_have_the_same_arguments() -> None:
    found = load_config(ROOT / "examples/llm-d/release.yaml")
    of = {
        channel: {(p.image, p.variant): p.build_args for p in found.packages(channel)} for channel in ("release", "dev")
    }
    assert of["release"] == of["dev"]
    ubuntu = of["release"]["cuda", "ubuntu"]
    assert {name: value for name, value in ubuntu.items() if "{" not in value} == {
        "TARGETOS": "ubuntu",
        "BUILD_BASE_IMAGE_SUFFIX": "ubuntu24.04",
        "FINAL_BASE_IMAGE_SUFFIX": "ubuntu24.04",
    }
    assert ubuntu["VLLM_COMMIT_SHA"] == of["dev"]["cpu", ""]["VLLM_COMMIT_SHA"] == "{file.VLLM_COMMIT_SHA}"


def test_llm_ds_clean_up_is_about_its_dev_packages_only() -> None:
    found = load_config(ROOT / "examples/llm-d/release.yaml")
    (rule,) = found.cleanup
    assert found.namespace == "llm-d"
    assert rule.packages == tuple(package.name for package in found.packages("dev"))
    assert (rule.name, rule.settings.keep_n, rule.settings.older_than, rule.settings.delete_untagged) == (
        "dev-images",
        7,
        None,
        True,
    )
    assert rule.settings.untagged_older_than == timedelta(days=2)
    assert rule.settings.delete_tags == ("sha-*", "pr-*", "nightly-*")
    assert rule.settings.exclude_tags == ("latest", "main")


def test_the_examples_stay_short() -> None:
    lines = {
        name: len((ROOT / f"examples/{name}/release.yaml").read_text().splitlines())
        for name in ("llm-d", "single-image")
    }
    assert lines["llm-d"] < 135
    assert lines["single-image"] < 25


def test_what_an_image_says_is_added_to_the_defaults_or_replaces_them() -> None:
    package = only("""
        repository: o/r
        defaults:
          platforms: [linux/amd64]
          runners: {linux/amd64: big, linux/riscv64: risky}
          context: src
          target: base
          required: false
          build-args: {A: 1, B: default}
          labels: {x: 1, y: default}
        images:
          web:
            platforms: [linux/riscv64, linux/arm64]
            runners: {linux/arm64: arm}
            target: final
            required: true
            build-args: {B: image, C: image}
            labels: {y: image}
            variants:
              alpine: {build-args: {C: 0.10}}
        """)
    assert package.platforms == ("linux/riscv64", "linux/arm64")
    assert package.runners == {"linux/riscv64": "risky", "linux/arm64": "arm"}
    assert (package.context, package.dockerfile, package.target) == ("src", "src/Dockerfile", "final")
    assert package.build_args == {"A": "1", "B": "image", "C": "0.10"}
    assert package.labels == {"x": "1", "y": "image"}
    assert package.required
    assert package.name == "o/web-alpine"


def test_a_dockerfile_may_be_outside_the_context() -> None:
    package = only("{repository: o/r, images: {a: {platforms: [linux/amd64], context: sub, dockerfile: docker/D}}}")
    assert (package.context, package.dockerfile) == ("sub", "docker/D")


def test_defaults_decide_where_an_image_says_nothing() -> None:
    package = only("""
        repository: o/r
        defaults: {platforms: [linux/amd64], dockerfile: D, required: false}
        images: {a: {}}
        """)
    assert (package.platforms, package.dockerfile, package.required) == (("linux/amd64",), "D", False)


def test_a_suffix_stands_where_the_channel_puts_it() -> None:
    found = config("""
        repository: o/r
        channels:
          release: {name: "{image}{suffix}-x"}
          dev: {name: "dev/{image}-x{suffix}"}
        images:
          a:
            platforms: [linux/amd64]
            variants: {rhel: {suffix: ""}, ubuntu: {}, slim: {suffix: .slim}}
        """)
    assert [package.name for package in found.published] == [
        "o/a-x",
        "o/a-ubuntu-x",
        "o/a.slim-x",
        "o/dev/a-x",
        "o/dev/a-x-ubuntu",
        "o/dev/a-x.slim",
    ]


def test_an_image_is_special_in_a_channel() -> None:
    found = config("""
        repository: o/r
        channels: {dev: {name: "{image}-dev"}}
        images:
          debug:
            platforms: [linux/amd64, linux/arm64]
            channels:
              release: false
              dev: {name: debug, platforms: [linux/amd64], runners: {linux/amd64: special}}
          app:
            platforms: [linux/amd64]
            channels: {dev: false}
        """)
    assert [(p.channel, p.name, p.platforms, p.runners["linux/amd64"]) for p in found.published] == [
        ("release", "o/app", ("linux/amd64",), "ubuntu-24.04"),
        ("dev", "o/debug", ("linux/amd64",), "special"),
    ]


@pytest.mark.parametrize(
    ("lines", "templates"),
    [
        ("versions: {prefix: ''}", ("latest", "{major}", "{major}.{minor}")),
        ("versions: {prefix: router-v}", ("latest", "router-v{major}", "router-v{major}.{minor}")),
        ("floating-tags: []", ()),
        ("floating-tags: [stable, 'v{major}-lts']", ("stable", "v{major}-lts")),
    ],
)
def test_floating_tags_follow_the_prefix_unless_they_are_listed(lines: str, templates: tuple[str, ...]) -> None:
    found = config(f"repository: o/r\n{lines}\nimages: {{a: {{platforms: [linux/amd64]}}}}")
    assert found.floating_tags == templates


def test_versions_to_skip_keep_their_reasons() -> None:
    found = config("""
        repository: o/r
        versions:
          skip:
            v0.4.0: broken on arm64
            v0.6.4.post1: 17
        images: {a: {platforms: [linux/amd64]}}
        """)
    assert found.skip == {"v0.4.0": "broken on arm64", "v0.6.4.post1": "17"}
    assert found.origin.key_at("versions", "skip", "v0.6.4.post1") == Place("release.yaml", 6, 5)


def test_every_rule_about_tags_has_a_level_and_off_is_a_word() -> None:
    found = config("""
        repository: o/r
        versions:
          release-branch: releases/v{major}.{minor}.{patch}
          prerelease-branch: main
          rules: {gap: off, signed-tag: error}
        images: {a: {platforms: [linux/amd64]}}
        """)
    assert found.levels == {**DEFAULTS, "gap": Level.OFF, "signed-tag": Level.ERROR}
    assert (found.release_branches, found.prerelease_branch) == (("releases/v{major}.{minor}.{patch}",), "main")
    plain = config("repository: o/r\nimages: {a: {platforms: [linux/amd64]}}")
    assert (plain.levels, plain.release_branches, plain.prerelease_branch) == (DEFAULTS, (), "")
    assert (plain.tag_prefix, post_spelling_of(plain.tag_prefix), plain.first_candidate) == ("v", ".post", None)


def test_a_project_says_how_it_writes_its_tags_and_where_it_releases_from() -> None:
    found = config("""
        repository: o/r
        versions:
          prefix: router-v
          post-spelling: four-numbers
          first-candidate: 0
          final: promote
          release-branch:
            - releases/v{major}.{minor}.{patch}
            - releases/v{major}.{minor}.{newest}
          skip: {router-v0.9.0.1: broken}
        images: {a: {platforms: [linux/amd64]}}
        """)

    assert (found.tag_prefix, post_spelling_of(found.tag_prefix), found.first_candidate) == ("router-v", ".", 0)
    assert found.final_images is FinalImages.PROMOTE
    assert found.release_branches == ("releases/v{major}.{minor}.{patch}", "releases/v{major}.{minor}.{newest}")
    assert found.skip == {"router-v0.9.0.1": "broken"}


def test_a_clean_up_rule_names_packages_in_full() -> None:
    found = config("""
        repository: o/r
        channels: {dev: {name: "{image}-dev"}}
        images: {a: {platforms: [linux/amd64]}, b: {platforms: [linux/amd64]}}
        cleanup:
          some:
            packages: ["*-dev", b, gone-since-long, "b*"]
            delete-tags: ["v*-rc.*"]
            exclude-tags: [keep, sha256:*]
            older-than: 1w2d
          all-dev: {channel: dev, delete-untagged: true, untagged-older-than: 12h}
        """)
    some, every = found.cleanup
    assert some.packages == ("o/a-dev", "o/b-dev", "o/b", "o/gone-since-long")
    assert (some.settings.delete_tags, some.settings.exclude_tags) == (("v*-rc.*",), ("keep", "sha256:*"))
    assert (some.settings.keep_n, some.settings.older_than, some.settings.delete_untagged) == (
        None,
        timedelta(days=9),
        False,
    )
    assert some.place == Place("release.yaml", 6, 3)
    assert every.packages == ("o/a-dev", "o/b-dev")
    assert (every.settings.delete_tags, every.settings.delete_untagged, every.settings.untagged_older_than) == (
        (),
        True,
        timedelta(hours=12),
    )


def test_a_file_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_config(tmp_path / "release.yaml", name="release.yaml")
    assert str(caught.value) == (
        "release.yaml does not exist. Check out the repository first, or say where the file is with 'config'."
    )


def test_yaml_is_read_by_version_1_2() -> None:
    text = "{repository: o/r, images: {on: {platforms: [linux/amd64], build-args: {A: no, B: 12:30, C: 010}}}}"
    assert yaml.safe_load(text)["images"] != {"on": {}}, "YAML 1.1 reads a boolean there"
    package = only(text)
    assert package.image == "on"
    assert package.build_args == {"A": "no", "B": "12:30", "C": "010"}
