"""Each kind of version gets its own verdict, and what cannot be compared gets none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.drift.project import CATALOGUE, CHART, CUDA, DEV, ROUTER, audit_files, verdicts

from release_actions.drift.audit import Rules
from release_actions.drift.catalogue import Kind, Wanted
from release_actions.drift.classes import ON_TRUNK
from release_actions.versions.history import Level

TAGS = {
    "v0.5.0": ("ok", ""),
    "v0.4.9": ("stale", "v0.5.0"),
    "0.5.0": ("stale", "v0.5.0"),
    "v0.6.0": ("ahead", ""),
    "v0.5.0.post1": ("ahead", ""),
    "v0.5.0-rc.1": ("candidate", "v0.5.0"),
    "v0.6.0-rc.1": ("candidate", "v0.5.0"),
    "v0.5.0-beta.1": ("dev-tag", "v0.5.0"),
    "latest": ("floating", "v0.5.0"),
    "main": ("floating", "v0.5.0"),
    "v0.5": ("floating", "v0.5.0"),
    "v0": ("floating", "v0.5.0"),
    "sha-0123abc": ("dev-tag", "v0.5.0"),
    "pr-12": ("dev-tag", "v0.5.0"),
    "nightly": ("dev-tag", "v0.5.0"),
    "some-branch": ("dev-tag", "v0.5.0"),
    "v0.4.0-gpu": ("stale", "v0.5.0-gpu"),
    "v0.5.0-gpu": ("ok", ""),
    "latest-gpu": ("floating", "v0.5.0-gpu"),
    "${TAG}": ("unknown", ""),
    "{{ .Values.tag }}": ("unknown", ""),
    "<version>": ("unknown", ""),
    "v${VERSION}": ("unknown", ""),
    "$(TAG)": ("unknown", ""),
}


@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_of_an_image_has_its_verdict(tag: str) -> None:
    found = verdicts({"deploy/a.yaml": f"apiVersion: v1\nimage: {CUDA}:{tag}\n"})

    assert [(verdict, instead) for _, verdict, instead in found] == [TAGS[tag]]


def test_an_image_without_a_tag_is_latest_in_a_manifest_and_nothing_in_prose() -> None:
    files = {"a.yaml": f"apiVersion: v1\nimage: {CUDA}\n", "README.md": f"The image {CUDA} is large.\n"}

    assert verdicts(files) == [("", "floating", "v0.5.0")]


REFS = {
    "v0.5.0": "ok",
    "v0.4.0": "stale",
    "release-0.5": "ok",
    "release-0.6": "ahead",
    "main": "branch",
    "HEAD": "branch",
    "0123456789abcdef0123456789abcdef01234567": "unknown",
    "feature-x": "unknown",
    "${REF}": "unknown",
}


@pytest.mark.parametrize("ref", REFS)
def test_a_ref_of_a_repository_has_its_verdict(ref: str) -> None:
    found = verdicts({"kustomization.yaml": f"- https://github.com/acme/engine/config?ref={ref}\n"})

    assert [verdict for _, verdict, _ in found] == [REFS[ref]]


def test_a_link_for_readers_may_lead_to_the_newest_page() -> None:
    found = verdicts({"README.md": "[x](https://github.com/acme/engine/blob/main/docs/x.md)\n"})

    assert [verdict for _, verdict, _ in found] == ["unknown"]


def test_a_chart_keeps_its_own_spelling_of_the_version() -> None:
    found = verdicts({"a.md": f"helm pull oci://{CHART} --version 0.8.0\nhelm pull oci://{CHART} --version v0.8.0\n"})

    assert found == [("0.8.0", "stale", "0.9.0"), ("v0.8.0", "stale", "v0.9.0")]


def test_a_candidate_is_right_while_that_candidate_is_released() -> None:
    wanted = {**CATALOGUE.wanted, "cuda": Wanted("cuda", "cuda", "v0.5.0-rc.2", is_release=True)}
    catalogue = replace(CATALOGUE, wanted=wanted)

    found = verdicts({"a.txt": f"{CUDA}:v0.5.0-rc.1\n{CUDA}:v0.5.0-rc.2\n{CUDA}:v0.4.0\n"}, catalogue)

    assert [verdict for _, verdict, _ in found] == ["stale", "ok", "stale"]


def test_versions_of_four_numbers_are_compared_as_numbers() -> None:
    wanted = {
        **CATALOGUE.wanted,
        "router": Wanted("router", "router", "v0.6.8.10", templates={Kind.IMAGE: "{version}"}),
    }
    catalogue = replace(CATALOGUE, wanted=wanted)

    found = verdicts({"a.txt": f"{ROUTER}:v0.6.8.9\n{ROUTER}:v0.6.8.10\n{ROUTER}:v0.6.8.11\n"}, catalogue)

    assert [verdict for _, verdict, _ in found] == ["stale", "ok", "ahead"]


def test_a_component_of_unknown_version_is_reported_when_files_disagree() -> None:
    files = {"a.txt": "ghcr.io/acme/engine-sim:v0.7.0\n", "b.txt": "ghcr.io/acme/engine-sim:v0.7.1\n"}

    findings = audit_files(files).findings

    assert [(finding.rule, finding.message) for finding in findings] == [
        ("mixed", "acme/engine-sim is named in 2 versions: 0.7.0, 0.7.1.")
    ]


def test_a_component_of_unknown_version_in_one_version_is_no_finding() -> None:
    files = {"a.txt": "ghcr.io/acme/engine-sim:v0.7.0\n", "b.txt": "ghcr.io/acme/engine-sim:0.7.0\n"}

    assert audit_files(files).findings == ()


def test_trunk_may_use_what_trunk_builds() -> None:
    levels = {verdict.value: level for verdict, level in ON_TRUNK.items()}
    files = {"a.txt": f"{DEV}:main\n{CUDA}:latest\n{CUDA}:v0.4.0\n"}

    findings = audit_files(files, Rules(levels)).findings

    assert [(finding.rule, finding.level) for finding in findings] == [
        ("dev-package", Level.INFO),
        ("floating", Level.INFO),
        ("stale", Level.ERROR),
    ]


HARMLESS = {
    "comment": ("deploy/a.yaml", f"# image: {CUDA}:v0.4.0\n"),
    "comment at the end": ("deploy/a.sh", f"run # was {CUDA}:v0.4.0\n"),
    "example": ("examples/a.yaml", f"image: {CUDA}:v0.4.0\n"),
    "test": ("pkg/version_test.go", f'image := "{CUDA}:v0.4.0"\n'),
    "proposal": ("docs/proposals/x.md", f"{CUDA}:v0.4.0\n"),
    "experiment": ("cmd/experimental/run.sh", f"run {CUDA}:v0.4.0\n"),
    "page for contributors": ("docs/development/release.md", f"{CUDA}:v0.4.0\n"),
    "form of an issue": (".github/ISSUE_TEMPLATE/release.md", f"{CUDA}:v0.4.0\n"),
    "what is only shown": ("docs/images.md", f"Use a tag (e.g. `{CUDA}:v0.4.0`).\n"),
    "part about trunk": (
        "docs/install.md",
        "# Install\n\n## The latest development version\n\n### Uninstall\n\n"
        "kubectl delete -k https://github.com/acme/engine/config?ref=main\n",
    ),
    "part about trunk in another language": ("docs/i.md", f"## 安装 {{#install-nightly}}\n\n{CUDA}:sha-0123456\n"),
    "workflow that pushes": (".github/workflows/a.yml", f"docker push {CUDA}:latest\n"),
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_misleads_readers_at_most_is_information(kind: str) -> None:
    path, content = HARMLESS[kind]

    findings = audit_files({path: content}).findings

    assert [finding.level for finding in findings] == [Level.INFO]


@pytest.mark.parametrize(
    "content",
    [
        f"## Nightly images\n\n## Releases\n\n{CUDA}:latest\n",
        f"```sh\n# nightly\n```\n\n{CUDA}:latest\n",
        f"## Nightly images\n\n{CUDA}:v0.4.0\n",
    ],
    ids=["the part before", "a comment in code", "an old release"],
)
def test_a_heading_is_about_its_own_part_and_what_moves(content: str) -> None:
    findings = audit_files({"docs/install.md": content}).findings

    assert [finding.level for finding in findings] == [Level.ERROR]


def test_a_base_manifest_whose_tag_a_kustomization_replaces_is_information() -> None:
    files = {
        "base/deployment.yaml": f"apiVersion: v1\nimage: {CUDA}:latest\n",
        "base/kustomization.yaml": f"images:\n- name: {CUDA}\n  newTag: v0.5.0\n",
    }

    assert [(finding.rule, finding.level) for finding in audit_files(files).findings] == [("floating", Level.INFO)]


def test_conflict_markers_and_moving_tags_of_others_are_reported() -> None:
    marker = "<" * 7 + " HEAD\na\n" + "=" * 7 + "\nb\n" + ">" * 7 + " branch\n"
    files = {"a.md": f"Title\n=======\n{marker}", "b.yaml": "image: busybox:latest\n"}

    findings = audit_files(files).findings

    assert [(str(finding.place), finding.rule, finding.level) for finding in findings] == [
        ("a.md:3:1", "conflict-marker", Level.ERROR),
        ("b.yaml:1:8", "third-party-floating", Level.INFO),
    ]


def test_an_underlined_heading_is_no_conflict() -> None:
    assert audit_files({"a.rst": "<<<<<<< \nTitle\n=======\n"}).findings == ()
