"""What an entry of the build matrix says, key by key of the configuration."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from tests.builds.planned import REFS, plan

from release_actions.builds import version_file
from release_actions.builds.event import Build
from release_actions.config import Config, load_text
from release_actions.errors import ConfigurationError, InputError
from release_actions.versions.version import parse

NOW = datetime(2026, 2, 3, 23, 0, tzinfo=timezone.utc)
SHA = "0123456789abcdef0123456789abcdef01234567"
FOUND = REFS["acme/fork", "main"]
OTHER = "fedcba9876543210fedcba9876543210fedcba98"

HEAD = """\
repository: acme/app
version-file: docker/versions
channels:
  dev: {name: "{image}-dev{suffix}"}
  pull-request: {name: "{image}{suffix}", registry: quay.io, namespace: acme-staging}
credentials:
  quay.io: {username: QUAY_USER, password: QUAY_TOKEN}
defaults:
  platforms: [linux/amd64]
  build-args: {CUDA: "{file.CUDA}"}
images:
"""
VERSIONS = version_file.parse("CUDA=12\nREPO=acme/fork\nREF=main\n", "docker/versions")
RUN = Build(sha=SHA, run_id="77", ref_name="main", web="https://github.com/acme/app")
RELEASE = Build(version=parse("v1.2.0"), sha=SHA, run_id="78", ref_name="v1.2.0")


def config(images: str) -> Config:
    return load_text(HEAD + images)


def entries(images: str, build: Build = RUN) -> list[dict[str, Any]]:
    planned = plan(config(images), build, ("all",), NOW, versions=VERSIONS)
    return [job.entry() for job in planned.jobs]


def test_values_come_from_the_file_the_matrix_and_the_run() -> None:
    image = """\
  app:
    variants: {ubuntu: {}}
    build-args:
      ALL: "{image} {variant} {platform} {os} {arch} {tag} {sha} {short-sha} {run-id} {ref-name}"
      JSON: '{"a": {"b": {}}} {{sha}}'
    labels: {x: "cuda {file.CUDA}"}
"""
    (entry,) = entries(image)
    assert entry["build-args"] == (
        "CUDA=12\n"
        f"ALL=app ubuntu linux/amd64 linux amd64 sha-0123456 {SHA} 0123456 77 main\n"
        'JSON={"a": {"b": {}}} {sha}'
    )
    assert entry["labels"] == (
        "org.opencontainers.image.source=https://github.com/acme/app\n"
        f"org.opencontainers.image.revision={SHA}\n"
        "org.opencontainers.image.version=sha-0123456\n"
        "org.opencontainers.image.title=app-ubuntu\n"
        "x=cuda 12\n"
        "io.github.llm-d.release-actions.built-as=app/ubuntu:sha-0123456"
    )


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("gpu", "gpu"),
        ("'self-hosted, linux,ARM64'", ["self-hosted", "linux", "ARM64"]),
        ("'group: big'", "group: big"),
    ],
)
def test_a_runner_has_one_label_or_all_of_several(labels: str, expected: object) -> None:
    (entry,) = entries(f"  app: {{runners: {{linux/amd64: {labels}}}}}\n")
    assert entry["runner"] == expected


@pytest.mark.parametrize("labels", ["','", "'a,'", "'a, ,b'", "',a'", "' '"])
def test_a_runner_without_a_label_is_refused(labels: str) -> None:
    with pytest.raises(ConfigurationError):
        config(f"  app: {{runners: {{linux/amd64: {labels}}}}}\n")


def test_an_override_of_a_source_is_looked_up_too() -> None:
    image = (
        "  app: {source: {repository: acme/fork, ref: '{file.REF}', path: src}, build-args: {C: '{source-commit}'}}\n"
    )
    planned = plan(
        config(image),
        Build(sha=SHA, overrides={"REF": "topic"}),
        ("all",),
        NOW,
        versions=VERSIONS,
        resolve=lambda repository, ref: {("acme/fork", "topic"): OTHER}[repository, ref],
    )
    entry = planned.jobs[0].entry()
    assert (entry["source-ref"], entry["source-commit"]) == ("topic", OTHER)
    assert entry["build-args"] == f"CUDA=12\nC={OTHER}"


def test_release_and_dev_builds_get_the_same_arguments() -> None:
    image = "  app: {build-args: {A: '{file.REPO}', B: literal, C: '{platform}'}}\n"
    assert (
        entries(image)[0]["build-args"]
        == entries(image, RELEASE)[0]["build-args"]
        == ("CUDA=12\nA=acme/fork\nB=literal\nC=linux/amd64")
    )


def test_a_missing_value_is_told_where_it_is_named_and_all_of_them_at_once() -> None:
    image = "  app: {variants: {x: {build-args: {A: '{file.CUDDA}'}}}, labels: {l: '{file.NONE}'}}\n"
    with pytest.raises(ConfigurationError) as caught:
        entries(image)
    assert [str(problem) for problem in caught.value.problems] == [
        "release.yaml:12:40: docker/versions has no value CUDDA. Did you mean 'CUDA'?",
        "release.yaml:12:71: docker/versions has no value NONE. Use one of CUDA, REPO, REF.",
    ]


def test_a_missing_value_of_the_defaults_is_told_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan(config("  a: {}\n  b: {}\n"), RUN, ("all",), NOW, versions=version_file.parse("", "docker/versions"))
    assert str(caught.value) == "release.yaml:10:22: docker/versions has no value CUDA."


def test_an_override_replaces_a_value_of_the_file_and_a_build_argument() -> None:
    image = "  app: {build-args: {A: '{file.REPO}', B: literal}}\n"
    build = Build(sha=SHA, overrides={"REPO": "me/mine", "B": "x=y"})
    (entry,) = entries(image, build)
    assert entry["build-args"] == "CUDA=12\nA=me/mine\nB=x=y"


def test_an_override_that_nothing_uses_is_an_error() -> None:
    with pytest.raises(InputError) as caught:
        entries("  app: {}\n", Build(sha=SHA, overrides={"REPOO": "me/mine", "CUDA": "13"}))
    assert str(caught.value) == (
        "Input 'overrides' sets REPOO, but no image of this build uses it. "
        "Names of build arguments and of values from the version file: CUDA, REF, REPO."
    )


RECIPE = """\
  app:
    secrets: {token: APP_TOKEN, key: APP_KEY}
    prebuild: {target: builder, secrets: {aws: AWS_KEY}}
    cache-from: [type=gha, "type=registry,ref=x:cache"]
    cache-to: ["type=gha,mode=max"]
    no-cache: true
    provenance: max
    driver-opts: [network=host]
    buildkitd-flags: --debug
"""


def test_an_entry_says_how_docker_buildx_is_called() -> None:
    (entry,) = entries(RECIPE)
    expected = {
        "secrets": "token=APP_TOKEN\nkey=APP_KEY",
        "prebuild-target": "builder",
        "prebuild-secrets": "aws=AWS_KEY",
        "cache-from": "type=gha\ntype=registry,ref=x:cache",
        "cache-to": "type=gha,mode=max",
        "no-cache": True,
        "provenance": "mode=max",
        "driver-opts": "network=host",
        "buildkitd-flags": "--debug",
    }
    assert {name: entry[name] for name in expected} == expected


def test_defaults_hold_and_an_image_can_switch_them_off() -> None:
    head = HEAD.replace(
        "defaults:\n",
        "defaults:\n  prebuild: {target: builder}\n  provenance: min\n  no-cache: true\n  cache-from: [a]\n"
        "  secrets: {s: S}\n  command: make\n  driver-opts: [d]\n  buildkitd-flags: f\n  cache-to: [b]\n",
    )
    loaded = load_text(head + "  a: {}\n  b: {prebuild: false, provenance: none, no-cache: false, cache-from: [c]}\n")
    one, other = (job.entry() for job in plan(loaded, RUN, ("all",), NOW, versions=VERSIONS).jobs)
    names = ("prebuild-target", "provenance", "no-cache", "cache-from", "cache-to", "secrets", "command")
    assert [one[name] for name in names] == ["builder", "mode=min", True, "a", "b", "s=S", "make"]
    assert [other[name] for name in names] == ["", "false", False, "c", "b", "s=S", "make"]
    assert (one["driver-opts"], one["buildkitd-flags"]) == ("d", "f")


def test_a_source_is_resolved_and_an_unpinned_one_is_told() -> None:
    image = "  app: {source: {repository: '{file.REPO}', ref: '{file.REF}', path: src, patch: p.patch}}\n"
    planned = plan(config(image), RUN, ("all",), NOW, versions=VERSIONS)
    entry = planned.jobs[0].entry()
    names = ("source-repository", "source-ref", "source-commit", "source-path", "source-patch")
    assert [entry[name] for name in names] == ["acme/fork", "main", FOUND, "src", "p.patch"]
    assert planned.publications[0].entry()["source-commit"] == FOUND
    assert [str(finding.problem) for finding in planned.findings] == [
        f"release.yaml:12:50: The source of the image 'app' is 'main', which can move; it is built from {FOUND}. "
        "Name a commit."
    ]


def test_a_version_that_a_shell_would_expand_is_an_error_where_it_is_used() -> None:
    versions = version_file.parse('V="$(date)"\nUNUSED=$(id)\n', "docker/versions")

    with pytest.raises(ConfigurationError) as caught:
        plan(config("  app: {build-args: {V: '{file.V}'}}\n"), RUN, ("all",), NOW, versions=versions)

    told = [str(problem) for problem in caught.value.problems if "not plain text" in problem.message]
    assert len(told) == 1
    assert told[0].startswith("docker/versions:1: The value of V is not plain text")


def test_a_pinned_source_has_nothing_to_tell() -> None:
    image = f"  app: {{source: {{repository: 'https://github.com/acme/fork.git', ref: {OTHER}, path: src}}}}\n"
    planned = plan(config(image), RUN, ("all",), NOW, versions=VERSIONS)
    assert planned.findings == ()
    entry = planned.jobs[0].entry()
    assert (entry["source-repository"], entry["source-commit"]) == ("acme/fork", OTHER)


def test_every_platform_of_an_image_gets_what_its_ref_named_at_one_time() -> None:
    moving = iter([OTHER, SHA])
    image = "  app: {platforms: [linux/amd64, linux/arm64], source: {repository: acme/fork, ref: main, path: src}}\n"
    planned = plan(config(image), RUN, ("all",), NOW, versions=VERSIONS, resolve=lambda *_: next(moving))
    assert [job.entry()["source-commit"] for job in planned.jobs] == [OTHER, OTHER]


def test_arguments_labels_and_caches_can_name_the_source() -> None:
    image = """\
  app:
    source: {repository: acme/fork, ref: main, path: src}
    build-args: {COMMIT: "{source-commit}"}
    labels: {org.acme.source: "{source-repository}@{source-ref}"}
    cache-from: ["type=registry,ref={package}:cache-{arch}-{source-commit}"]
"""
    (entry,) = entries(image)
    assert entry["build-args"].splitlines()[-1] == f"COMMIT={FOUND}"
    assert entry["labels"].splitlines()[-2] == "org.acme.source=acme/fork@main"
    assert entry["cache-from"] == f"type=registry,ref=ghcr.io/acme/app-dev:cache-amd64-{FOUND}"


def test_a_placeholder_of_a_source_needs_one() -> None:
    with pytest.raises(ConfigurationError) as caught:
        entries("  app: {build-args: {COMMIT: '{source-commit}'}}\n")
    assert str(caught.value) == (
        "release.yaml:12:30: '{source-commit}' is a value of 'source', and the image 'app' has no source. "
        "Add 'source', or remove the placeholder."
    )


SCAN = (
    "scan",
    "scan-severities",
    "scan-gate",
    "scan-ignore-unfixed",
    "scan-skip-dirs",
    "scan-timeout",
    "scan-category",
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{}", [True, "CRITICAL,HIGH,MEDIUM", "", False, "", "1800s", "app-dev"]),
        (
            "{scan: {critical: gate, high: gate, medium: off, unknown: warn, ignore-unfixed: true, "
            "skip-dirs: [/root/.cache, '**/lib'], timeout: 1h}}",
            [
                True,
                "CRITICAL,HIGH,UNKNOWN",
                "CRITICAL,HIGH",
                True,
                "/root/.cache,**/lib",
                "3600s",
                "app-dev",
            ],
        ),
        ("{scan: false}", [False, "", "", False, "", "", ""]),
        ("{scan: {critical: off, high: off, medium: off}}", [False, "", "", False, "", "", ""]),
    ],
)
def test_a_published_image_says_how_it_is_scanned(said: str, expected: list[object]) -> None:
    planned = plan(config(f"  app: {said}\n"), RUN, ("all",), NOW, versions=VERSIONS)
    entry = planned.publications[0].entry()
    assert [entry[name] for name in SCAN] == expected


def test_every_package_of_a_run_has_a_category_of_its_own() -> None:
    planned = plan(config("  app: {variants: {x: {}, y: {}}}\n  b: {}\n"), RELEASE, ("all",), NOW, versions=VERSIONS)
    categories = [one.entry()["scan-category"] for one in planned.publications]
    # The release channel of a file that does not describe it.
    assert categories == ["app-x", "app-y", "b"]


def test_the_defaults_scan_and_secrets_can_be_switched_off_for_an_image() -> None:
    text = HEAD.replace("defaults:", "defaults:\n  scan: {critical: gate}\n  secrets: {s: S}") + (
        "  a: {}\n  b: {scan: false, secrets: false}\n  c: {secrets: {t: T}}\n"
    )
    planned = plan(load_text(text), RUN, ("all",), NOW, versions=VERSIONS)
    assert [one.entry()["scan-gate"] for one in planned.publications] == ["CRITICAL", "", "CRITICAL"]
    assert [job.entry()["secrets"] for job in planned.jobs] == ["s=S", "", "s=S\nt=T"]


@pytest.mark.parametrize(
    ("repository", "ref", "message"),
    [
        ("file:///etc", "main", "'file:///etc' is not a repository on GitHub. Write owner/name."),
        ("o/r", "--upload-pack=x", "'--upload-pack=x' is not a commit, tag or branch. Write one."),
    ],
)
def test_a_source_that_git_could_take_for_something_else_is_refused(repository: str, ref: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        entries(f"  app: {{source: {{repository: '{repository}', ref: '{ref}', path: src}}}}\n")
    assert caught.value.problems[0].message + " " + caught.value.hint == message


def test_a_command_is_passed_on_as_it_is() -> None:
    assert entries("  app: {command: 'make image-build DEVICE=hpu'}\n")[0]["command"] == "make image-build DEVICE=hpu"


def test_pull_requests_go_to_their_own_registry_with_its_own_secrets() -> None:
    planned = plan(config("  app: {}\n"), Build(sha=SHA, pull=3), ("all",), NOW, versions=VERSIONS)
    entry, publication = planned.jobs[0].entry(), planned.publications[0].entry()
    assert planned.channel == "pull-request"
    for found in (entry, publication):
        assert found["package"] == "quay.io/acme-staging/app"
        assert (found["registry"], found["username-secret"], found["password-secret"]) == (
            "quay.io",
            "QUAY_USER",
            "QUAY_TOKEN",
        )
    assert publication["tags"] == ["sha-0123456", "pr-3"]


def test_the_jobs_own_token_logs_in_where_no_secret_is_named() -> None:
    (entry,) = entries("  app: {}\n")
    assert (entry["registry"], entry["username-secret"], entry["password-secret"]) == ("ghcr.io", "", "")


def test_pull_requests_build_as_dev_does_except_for_what_they_say() -> None:
    images = """\
  one:
    channels:
      dev: {name: odd, platforms: [linux/arm64], runners: {linux/arm64: big}, required: false}
  two:
    channels: {dev: {runners: {linux/amd64: big}, required: false}, pull-request: {name: "two-x", required: true}}
  three: {channels: {pull-request: false}}
  four: {channels: {dev: false}}
"""
    found = config(images).packages("pull-request")
    assert [(p.name, p.runners, p.required) for p in found] == [
        ("acme-staging/one", {"linux/arm64": "big"}, False),
        ("acme-staging/two-x", {"linux/amd64": "big"}, True),
    ]


def test_clean_up_and_releases_never_look_at_the_packages_of_pull_requests() -> None:
    loaded = load_text(HEAD + "  app: {}\ncleanup: {all: {packages: ['*'], delete-untagged: true}}\n")
    assert {package.channel for package in loaded.published} == {"release", "dev"}
    assert loaded.cleanup[0].packages == ("acme/app", "acme/app-dev")


def test_an_image_need_not_be_required_in_every_channel() -> None:
    image = "  app: {channels: {dev: {required: false}}}\n"
    assert entries(image)[0]["required"] is False
    assert entries(image, RELEASE)[0]["required"] is True
