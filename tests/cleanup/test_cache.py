from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cleanup.command import BOTH, CUDA, Clean, digests, image

from release_actions.cleanup import cache
from release_actions.cleanup.cache import Cache, open_cache
from release_actions.registry.client import Manifest
from release_actions.registry.media_types import OCI_INDEX, OCI_MANIFEST
from release_actions.registry.names import digest_of
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.image_factory import Image

BODY = b'{"schemaVersion": 2}\n\n{}'


def kept(algorithm: str = "sha256") -> Manifest:
    return Manifest(BODY, OCI_MANIFEST, digest_of(BODY, algorithm))


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_the_exact_bytes_come_back(tmp_path: Path, algorithm: str) -> None:
    cache = Cache(tmp_path / "new")
    assert cache.get(kept(algorithm).digest) is None
    cache.put(kept(algorithm))
    assert cache.get(kept(algorithm).digest) == kept(algorithm)
    assert len([file for file in (tmp_path / "new").rglob("*") if file.is_file()]) == 1


@pytest.mark.parametrize("content", [b"", BODY, OCI_MANIFEST.encode() + b"\n" + BODY + b" ", b"text/html\n" + BODY])
def test_what_is_not_what_its_name_says_is_not_there(tmp_path: Path, content: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put(kept())
    [file] = [file for file in tmp_path.rglob("*") if file.is_file()]
    file.write_bytes(content)
    assert cache.get(kept().digest) is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "sha256").write_text("", encoding="utf-8")
    cache = Cache(tmp_path)
    cache.put(kept())
    assert cache.get(kept().digest) is None


def test_without_a_name_there_is_none() -> None:
    assert open_cache("") is None


def test_what_nobody_asks_for_is_dropped(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    old, used, new = (Manifest(body, OCI_INDEX, digest_of(body)) for body in (b"{}", b"{ }", b"{  }"))
    for manifest in (old, used, new):
        kept.put(manifest)
    (tmp_path / "README").write_text("of somebody", encoding="utf-8")
    long_ago = time.time() - cache.UNUSED - 60
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.name != new.digest.partition(":")[2]:
            os.utime(file, (long_ago, long_ago))
    assert kept.get(used.digest) == used
    kept.prune()
    assert [kept.get(manifest.digest) for manifest in (old, used, new)] == [None, used, new]
    assert (tmp_path / "README").exists()
    kept.drop([new.digest])
    assert kept.get(new.digest) is None


def test_no_more_than_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    kept = Cache(tmp_path)
    found = [Manifest(body, OCI_INDEX, digest_of(body)) for body in (b"1", b"2", b"3", b"4", b"5")]
    for age, manifest in enumerate(found):
        kept.put(manifest)
        [file] = tmp_path.rglob(manifest.digest.partition(":")[2])
        os.utime(file, (time.time() - age * 3600,) * 2)
    kept.prune()
    assert [manifest for manifest in found if kept.get(manifest.digest)] == found[:3]


@pytest.mark.parametrize("shuffles", [False, True])
@pytest.mark.parametrize("tag", ["old-0", ""])
def test_an_image_that_no_run_has_seen_protects_its_parts_wherever_it_is_listed(
    world: World, clean: Clean, simulator: Simulator, tmp_path: Path, tag: str, *, shuffles: bool
) -> None:
    built = build_image(BOTH, seed="built")
    world.push(CUDA, Image(built.blobs, built.manifests[:-1]))
    world.clock.advance(timedelta(days=1))
    for number in range(120):
        world.push(CUDA, image(f"old {number}", *BOTH[:1]), [f"old-{number}"])
    folder = {"manifest_cache": str(tmp_path / "cache"), "delete_untagged": "true"}
    assert clean(days=1, untagged_older_than="30d", **folder).outputs["deleted"] == 0
    # An index over parts that are older than all that the cache has, under a name that is known.
    world.put_manifest(CUDA, built.root, tag)
    world.behavior.shuffles_versions = shuffles
    simulator.requests.clear()

    report = clean(days=2, untagged_older_than="3d", **folder)

    assert {manifest.digest for manifest in built.manifests} <= digests(world)
    assert report.outputs["deleted"] == 0
    read = [entry.path for entry in simulator.requests.select(method="GET") if "/manifests/" in entry.path]
    assert read == [f"/v2/{CUDA}/manifests/{built.root.digest}"]
