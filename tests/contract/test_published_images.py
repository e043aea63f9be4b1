"""merge-digests and verify-images on the reference registry, with what real clients pushed, judged by real clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import BOTH, COMMIT, Shop, entry, said
from tests.contract import distribution
from tests.contract.clients import Buildah, ClientError, Crane, Desk, Skopeo, host_of, write_layout

from release_actions.errors import ExitCode
from release_actions.registry.names import digest_of

NO_LABELS = {"required_labels": "none"}


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with distribution.running(tmp_path / "registry") as url:
        yield url


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Shop:
    return Shop(url, tmp_path, token="")


@pytest.fixture
def app(url: str) -> str:
    return f"{host_of(url)}/acme/app"


def pushed_by_digest(desk: Desk, shop: Shop, app: str, *platforms: str) -> dict[str, str]:
    """Push an image for each platform under its digest alone."""
    for platform in platforms:
        layout = write_layout(desk.home / f"layout-{platform.replace('/', '-')}", "by digest", [platform])
        Skopeo(desk).push(layout, f"{app}@{layout.digest}")
        shop.digests.setdefault(app, {})[platform] = layout.digest
    return shop.digests[app]


def inspected(desk: Desk, image: str, *flags: str) -> Any:
    return json.loads(
        desk.run("skopeo", "--insecure-policy", *flags, "inspect", "--tls-verify=false", f"docker://{image}")
    )


def raw(desk: Desk, image: str) -> bytes:
    return desk.run(
        "skopeo", "--insecure-policy", "inspect", "--raw", "--tls-verify=false", f"docker://{image}"
    ).encode()


@pytest.mark.tools("docker-registry", "skopeo")
def test_skopeo_sees_what_was_merged(desk: Desk, shop: Shop, app: str, tmp_path: Path) -> None:
    digests = pushed_by_digest(desk, shop, app, *BOTH)
    with pytest.raises(ClientError):
        Skopeo(desk).tags(app)
    report = shop.merge(entry(app, ["v1.0.0", "sha-0123456"]))
    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    (image,) = json.loads(json.dumps(report.outputs["images"]))
    body = raw(desk, f"{app}:v1.0.0")
    assert digest_of(body) == image["digest"]
    assert [one["digest"] for one in json.loads(body)["manifests"]] == [digests[platform] for platform in BOTH]
    for platform in BOTH:
        system, _, architecture = platform.partition("/")
        seen = inspected(desk, f"{app}:v1.0.0", "--override-os", system, "--override-arch", architecture)
        assert (seen["Os"], seen["Architecture"]) == (system, architecture)
        assert seen["Digest"] == image["digest"]
        assert sorted(seen["RepoTags"]) == ["sha-0123456", "v1.0.0"]
    assert Skopeo(desk).pull(f"{app}:v1.0.0", tmp_path / "pulled") == image["digest"]
    verified = shop.verify(image, **NO_LABELS)
    assert (verified.exit_code, said(verified)) == (ExitCode.PASS, [])
    lock: Any = verified.outputs["lock"]
    assert lock["images"][app]["platforms"] == digests


@pytest.mark.tools("docker-registry", "skopeo")
def test_one_platform_keeps_the_bytes_of_its_build(desk: Desk, shop: Shop, app: str) -> None:
    digest = pushed_by_digest(desk, shop, app, "linux/arm64")["linux/arm64"]
    image = entry(app, platforms=["linux/arm64"])
    assert shop.merge(image).exit_code is ExitCode.PASS
    assert digest_of(raw(desk, f"{app}:v1.0.0")) == digest
    assert shop.verify({**image, "digest": digest}, **NO_LABELS).exit_code is ExitCode.PASS


@pytest.mark.tools("docker-registry", "skopeo")
def test_half_an_image_gets_no_tag(desk: Desk, shop: Shop, app: str) -> None:
    pushed_by_digest(desk, shop, app, "linux/arm64")
    assert shop.merge(entry(app)).exit_code is ExitCode.REFUSED
    with pytest.raises(ClientError):
        inspected(desk, f"{app}:v1.0.0")


@pytest.mark.tools("docker-registry", "skopeo", "crane")
def test_a_child_that_crane_deletes_is_missed(desk: Desk, shop: Shop, app: str) -> None:
    digests = pushed_by_digest(desk, shop, app, *BOTH)
    report = shop.merge(entry(app))
    Crane(desk).delete(f"{app}@{digests['linux/arm64']}")
    found: Any = report.outputs["images"]
    assert said(shop.verify(found[0], **NO_LABELS)) == [
        f"error: {app}: the child for linux/arm64, {digests['linux/arm64']} does not answer."
    ]


@pytest.mark.tools("docker-registry", "skopeo", "crane")
def test_the_index_that_crane_makes_of_the_same_images_is_right_too(desk: Desk, shop: Shop, app: str) -> None:
    digests = pushed_by_digest(desk, shop, app, *BOTH)
    Crane(desk).append(f"{app}:v1.0.0", *(f"{app}@{digest}" for digest in digests.values()))
    report = shop.verify(entry(app), **NO_LABELS)
    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    before = Crane(desk).digest(f"{app}:v1.0.0")
    refused = shop.merge(entry(app))
    assert refused.exit_code is ExitCode.REFUSED
    assert "is published already, built from an unknown commit" in said(refused)[0]
    assert Crane(desk).digest(f"{app}:v1.0.0") == before


@pytest.mark.tools("docker-registry", "buildah", "crane")
def test_what_buildah_builds_is_lifted_out_of_its_lists(desk: Desk, shop: Shop, app: str) -> None:
    buildah = Buildah(desk)
    for number, platform in enumerate(BOTH):
        name = f"built-{number}"
        buildah.build(name, desk.home / name, [platform])
        shop.digests.setdefault(app, {})[platform] = buildah.push(name, f"{app}:{name}")
    report = shop.merge(entry(app))
    assert (report.exit_code, said(report)) == (ExitCode.PASS, [])
    index = json.loads(desk.run("crane", "manifest", f"{app}:v1.0.0"))
    built = [json.loads(desk.run("crane", "manifest", f"{app}@{digest}")) for digest in shop.digests[app].values()]
    assert [one["digest"] for one in index["manifests"]] == [one["manifests"][0]["digest"] for one in built]
    assert [one["platform"]["architecture"] for one in index["manifests"]] == ["amd64", "arm64"]
    for platform in BOTH:
        config = json.loads(desk.run("crane", "config", "--platform", platform, f"{app}:v1.0.0"))
        assert f"{config['os']}/{config['architecture']}" == platform
    found: Any = report.outputs["images"]
    assert said(shop.verify(found[0], revision=COMMIT, **NO_LABELS)) == []
