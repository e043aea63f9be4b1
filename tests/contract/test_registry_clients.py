"""skopeo, crane and buildah push to and pull from the simulator's registry, and from the reference registry alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contract import distribution
from tests.contract.clients import Buildah, ClientError, Crane, Desk, Layout, Skopeo, host_of, write_layout
from tests.contract.simulated import PASSWORD, world

from release_actions.simulator import Simulator

PLATFORMS = ("linux/amd64", "linux/arm64")


@dataclass(frozen=True)
class Place:
    """A registry and the desk of a client that is logged in there."""

    host: str
    desk: Desk
    simulator: Simulator | None = None

    def image(self, name: str) -> str:
        return f"{self.host}/llm-d/{name}"


@pytest.fixture
def ghcr(tmp_path: Path) -> Iterator[Place]:
    with Simulator(world()) as simulator:
        host = host_of(simulator.registry_url)
        yield Place(host, Desk(tmp_path / "desk", {host: PASSWORD}), simulator)


@pytest.fixture(params=["simulator", pytest.param("reference", marks=pytest.mark.tools("docker-registry"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "simulator":
        yield request.getfixturevalue("ghcr")
        return
    with distribution.running(tmp_path / "reference") as url:
        yield Place(host_of(url), Desk(tmp_path / "desk"))


@pytest.fixture(params=[pytest.param(each, marks=pytest.mark.tools(each.__name__.lower())) for each in (Skopeo, Crane)])
def kind(request: pytest.FixtureRequest) -> type[Skopeo | Crane]:
    found: type[Skopeo | Crane] = request.param
    return found


@pytest.fixture
def single(tmp_path: Path) -> Layout:
    return write_layout(tmp_path / "single", "single")


@pytest.fixture
def multi(tmp_path: Path) -> Layout:
    return write_layout(tmp_path / "multi", "multi", PLATFORMS)


def test_images_come_back_as_they_went(
    place: Place, kind: type[Skopeo | Crane], single: Layout, multi: Layout, tmp_path: Path
) -> None:
    client = kind(place.desk)
    for layout in (single, multi):
        image = place.image(f"gateway:{layout.folder.name}")
        client.push(layout, image)
        assert client.pull(image, tmp_path / f"back-{layout.folder.name}") == layout.digest
    assert sorted(client.tags(place.image("gateway"))) == ["multi", "single"]


def test_the_children_of_an_index_are_pulled_by_digest(
    place: Place, kind: type[Skopeo | Crane], multi: Layout, tmp_path: Path
) -> None:
    client = kind(place.desk)
    client.push(multi, place.image("gateway:v1"))
    for n, child in enumerate(multi.children):
        assert client.pull(place.image(f"gateway@{child}"), tmp_path / str(n)) == child


def test_a_copy_to_another_repository_has_the_same_digest(
    place: Place, kind: type[Skopeo | Crane], multi: Layout, tmp_path: Path
) -> None:
    client = kind(place.desk)
    client.push(multi, place.image("gateway:v1"))
    client.copy(place.image("gateway:v1"), place.image("nested/copy:v1"))
    assert client.pull(place.image("nested/copy:v1"), tmp_path / "back") == multi.digest


def test_a_moved_tag_leaves_the_old_image_to_its_digest(
    place: Place, kind: type[Skopeo | Crane], single: Layout, multi: Layout, tmp_path: Path
) -> None:
    client = kind(place.desk)
    client.push(single, place.image("gateway:latest"))
    client.push(multi, place.image("gateway:latest"))
    assert client.pull(place.image("gateway:latest"), tmp_path / "new") == multi.digest
    assert client.pull(place.image(f"gateway@{single.digest}"), tmp_path / "old") == single.digest
    assert client.tags(place.image("gateway")) == ["latest"]


@pytest.mark.tools("crane")
def test_crane_tags_and_puts_an_index_over_what_is_there(place: Place, single: Layout, tmp_path: Path) -> None:
    crane = Crane(place.desk)
    other = write_layout(tmp_path / "other", "other", ["linux/arm64"])
    crane.push(single, place.image("gateway:v1-amd64"))
    crane.push(other, place.image("gateway:v1-arm64"))
    crane.tag(place.image("gateway:v1-amd64"), "also")
    assert crane.digest(place.image("gateway:also")) == single.digest
    crane.append(place.image("gateway:v1"), place.image("gateway:v1-amd64"), place.image("gateway:v1-arm64"))
    assert crane.pull(place.image("gateway:v1"), tmp_path / "back") == crane.digest(place.image("gateway:v1"))


@pytest.mark.tools("buildah", "crane")
def test_buildah_builds_pushes_and_pulls_a_multi_platform_image(place: Place, tmp_path: Path) -> None:
    buildah = Buildah(place.desk)
    buildah.build("gateway", tmp_path / "context", PLATFORMS)
    digest = buildah.push("gateway", place.image("gateway:v1"))
    crane = Crane(place.desk)
    assert crane.digest(place.image("gateway:v1")) == digest
    assert crane.pull(place.image("gateway:v1"), tmp_path / "back") == digest
    assert buildah.pull(place.image("gateway:v1"))


def test_the_versions_are_what_was_pushed(ghcr: Place, kind: type[Skopeo | Crane], multi: Layout) -> None:
    kind(ghcr.desk).push(multi, ghcr.image("gateway:v1"))
    assert ghcr.simulator is not None
    package = ghcr.simulator.world.package("llm-d/gateway")
    assert package is not None
    tags = {version.digest: version.tags for version in package.versions()}
    assert tags == {multi.digest: ["v1"], **{child: [] for child in multi.children}}


@pytest.mark.tools("crane")
def test_crane_copies_by_mounting(ghcr: Place, multi: Layout) -> None:
    crane = Crane(ghcr.desk)
    crane.push(multi, ghcr.image("gateway:v1"))
    assert ghcr.simulator is not None
    ghcr.simulator.requests.clear()
    crane.copy(ghcr.image("gateway:v1"), ghcr.image("copy:v1"))
    uploads = [entry for entry in ghcr.simulator.requests.entries if "/blobs/uploads" in entry.path]
    assert uploads
    assert {(entry.method, entry.status, "mount=" in entry.path) for entry in uploads} == {("POST", 201, True)}


def test_deleting_is_refused_and_nothing_is_gone(
    ghcr: Place, kind: type[Skopeo | Crane], single: Layout, tmp_path: Path
) -> None:
    client = kind(ghcr.desk)
    client.push(single, ghcr.image("gateway:v1"))
    with pytest.raises(ClientError, match=r"405|UNSUPPORTED|unsupported"):
        client.delete(ghcr.image(f"gateway@{single.digest}"))
    assert client.pull(ghcr.image("gateway:v1"), tmp_path / "back") == single.digest


@pytest.mark.parametrize("password", ["", "ghp_unknown"])
def test_nobody_pushes_without_a_token(
    ghcr: Place, kind: type[Skopeo | Crane], single: Layout, tmp_path: Path, password: str
) -> None:
    stranger = kind(Desk(tmp_path / "stranger", {ghcr.host: password} if password else {}))
    with pytest.raises(ClientError, match=r"(?i)denied|unauthorized|authentication|forbidden"):
        stranger.push(single, ghcr.image("gateway:v1"))
    assert ghcr.simulator is not None
    assert ghcr.simulator.world.package("llm-d/gateway") is None


def test_everybody_pulls_what_is_public(
    ghcr: Place, kind: type[Skopeo | Crane], single: Layout, tmp_path: Path
) -> None:
    kind(ghcr.desk).push(single, ghcr.image("gateway:v1"))
    stranger = kind(Desk(tmp_path / "stranger"))
    with pytest.raises(ClientError, match=r"(?i)denied|unauthorized|authentication|forbidden"):
        stranger.pull(ghcr.image("gateway:v1"), tmp_path / "refused")
    assert ghcr.simulator is not None
    package = ghcr.simulator.world.package("llm-d/gateway")
    assert package is not None
    package.visibility = "public"
    assert stranger.pull(ghcr.image("gateway:v1"), tmp_path / "back") == single.digest
