"""Destinations in two reference registries: what a plain client pulls from each is the same image, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.commands.published import BOTH, Shop, entry, said
from tests.contract.distribution import running
from tests.e2e.reference_registry import crane

from release_actions.errors import ExitCode
from release_actions.http.client import Http
from release_actions.images import inspection, publish
from release_actions.registry.client import Registry
from release_actions.simulator import build_image

pytestmark = pytest.mark.tools("docker-registry", "crane")


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Two empty registries."""
    for module in (publish, inspection):
        monkeypatch.setattr(module, "PAUSES", (0.0,))
    with running(tmp_path / "first") as first, running(tmp_path / "second") as second:
        yield first.removeprefix("http://"), second.removeprefix("http://")


def list_destinations(hosts: tuple[str, str]) -> list[Any]:
    """An image in the first registry, in another package there, and in the second registry."""
    first, second = (f"{host}/acme" for host in hosts)
    at = f"{first}/app"
    copies = [entry(package, **{"copy-of": at}) for package in (f"{first}/mirror", f"{second}/other/app")]
    return [entry(at), *copies]


def build(hosts: tuple[str, str], folder: Path) -> Shop:
    """Both platforms, pushed to the first registry by digest."""
    shop = Shop(f"http://{hosts[0]}", folder, token="")
    for platform in BOTH:
        shop.push(platform, package=f"{hosts[0]}/acme/app", attestations=True)
    return shop


def test_every_destination_has_one_digest_that_a_plain_client_pulls(hosts: tuple[str, str], tmp_path: Path) -> None:
    shop, images = build(hosts, tmp_path), list_destinations(hosts)

    merged = shop.merge(*images)
    verified = shop.verify(*merged.outputs["images"])  # type: ignore[misc]  # the list of the images

    assert (said(merged), said(verified)) == ([], [])
    names = [image["package"] for image in images]
    assert len({crane("digest", f"{name}:v1.0.0") for name in names}) == 1
    for number, name in enumerate(names):
        crane("pull", f"{name}:v1.0.0", str(tmp_path / f"{number}.oci"), "--format=oci")
    layouts = [sorted(path.name for path in tmp_path.glob(f"{number}.oci/blobs/sha256/*")) for number in range(3)]
    assert layouts[0] == layouts[1] == layouts[2]
    assert len(layouts[0]) > len(BOTH)


def test_a_release_of_another_commit_in_the_second_registry_leaves_the_first_without_a_tag(
    hosts: tuple[str, str], tmp_path: Path
) -> None:
    shop, images = build(hosts, tmp_path), list_destinations(hosts)
    other = Registry(Http(), f"http://{hosts[1]}")
    image = build_image(BOTH[:1], labels={"org.opencontainers.image.revision": "f" * 40})
    for content in image.blobs.values():
        other.put_blob("acme/other/app", content)
    for manifest in image.manifests:
        other.put_manifest("acme/other/app", manifest.digest, manifest.body, manifest.media_type)
    other.put_manifest("acme/other/app", "v1.0.0", image.root.body, image.root.media_type)

    merged = shop.merge(*images)

    assert merged.exit_code is ExitCode.REFUSED
    registry = Registry(Http(), f"http://{hosts[0]}")
    assert registry.head_manifest("acme/app", "v1.0.0") is None
    assert registry.head_manifest("acme/mirror", "v1.0.0") is None
    assert other.head_manifest("acme/other/app", "v1.0.0").digest == image.root.digest  # type: ignore[union-attr]


def test_a_registry_that_is_not_there_keeps_the_tag_from_the_others(hosts: tuple[str, str], tmp_path: Path) -> None:
    shop, images = build(hosts, tmp_path), list_destinations(hosts)
    gone = entry("127.0.0.1:1/acme/app", **{"copy-of": images[0]["package"]})

    merged = shop.merge(*images, gone)

    assert merged.exit_code is ExitCode.UNKNOWN
    assert Registry(Http(), f"http://{hosts[0]}").tags("acme/app") in {None, ()}
    assert Registry(Http(), f"http://{hosts[1]}").tags("acme/other/app") is None
