"""What tests of the command share: how a package is filled, and what is left of it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.killed import Killed

from release_actions.cleanup import journal
from release_actions.github.packages import Packages
from release_actions.registry.client import Registry
from release_actions.runner.report import Report
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.image_factory import Image, attachment, attachment_tag
from release_actions.simulator.oci import OCI_INDEX, parse

TOKEN = "ghs_token_of_the_job"
CUDA = "llm-d/llm-d-cuda"
BOTH = ("linux/amd64", "linux/arm64")


Clean = Callable[..., Report]


@contextlib.contextmanager
def killed_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[None]:
    """The process ends before the step-th change of the package, or after the one before it."""
    count = iter(range(1, 1000))
    real = {name: getattr(kind, name) for kind, name in ((Packages, "delete_version"), (Registry, "put_manifest"))}

    def killed(name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            number = next(count)
            if number == step:
                raise Killed
            found = real[name](*args)
            if number == step - 1:
                raise Killed
            return found

        return call

    with monkeypatch.context() as patch:
        patch.setattr(Packages, "delete_version", killed("delete_version"))
        patch.setattr(Registry, "put_manifest", killed("put_manifest"))
        yield


def image(seed: str, *platforms: str, attestations: bool = False) -> Image:
    return build_image(platforms or BOTH, seed=seed, attestations=attestations)


def digests(world: World, path: str = CUDA) -> set[str]:
    package = world.package(path)
    assert package is not None
    return {version.digest for version in package.versions()}


def deleted_ids(world: World, path: str = CUDA) -> list[int]:
    """Versions that were deleted, without the journals that clean-ups made themselves."""
    package = world.package(path)
    assert package is not None
    return sorted(v.id for v in package.versions(deleted=True) if journal.MARK.encode() not in v.manifest.body)


def parts(made: Image) -> set[str]:
    return {manifest.digest for manifest in made.manifests}


def sign(world: World, digest: str, suffix: str = ".sig") -> str:
    made = attachment(digest, seed=suffix)
    world.push(CUDA, made, [attachment_tag(digest, suffix)])
    return made.root.digest


def messages(report: Report) -> str:
    return "\n".join(str(finding.problem) for finding in report.findings)


def undo(report: Report) -> dict[str, list[int]]:
    found: Any = report.outputs["undo"]
    assert isinstance(found, dict)
    return found


def pulls(world: World, path: str = CUDA) -> bool:
    return all(not world.missing(path, tag) for tag in world.tags(path))


def heads(simulator: Simulator) -> set[str]:
    return {entry.path.rpartition("/")[2] for entry in simulator.requests.select(method="HEAD")}


def nested(inner: Image) -> Image:
    body = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                {"mediaType": OCI_INDEX, "digest": inner.root.digest, "size": len(inner.root.body)},
            ],
        }
    ).encode()
    return Image(inner.blobs, (*inner.manifests, parse(body, OCI_INDEX)))


def new_tag() -> Callable[[World, str], None]:
    """Somebody pushes without end: the list is served from before the push."""
    count = iter(range(1000))

    def step(world: World, _path: str) -> None:
        world.lag(CUDA, 1)
        world.push(CUDA, image("pushed", "linux/amd64"), [f"pushed-{next(count)}"])

    return step


def restores(simulator: Simulator) -> int:
    return sum(entry.path.endswith("/restore") for entry in simulator.requests.entries)
