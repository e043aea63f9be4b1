"""A growing file among the files of a release: two writers, a killed upload, a missing part."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from release_actions.errors import InputError, PartialError, RemoteError
from release_actions.github.assets import Assets
from release_actions.github.numbered_assets import TRIES, NumberedAssets
from release_actions.github.releases import Asset, Releases
from release_actions.github.releases import Release as ReadRelease
from release_actions.http.client import Http
from release_actions.simulator import Simulator
from release_actions.simulator.repositories import Release
from release_actions.simulator.seed import world_from_dict

NAME = "v1.0.0.jsonl"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    world = world_from_dict(
        {
            "accounts": {"acme": {"type": "organization", "members": {"ada": "admin"}}, "ada": {}},
            "tokens": [{"token": "ghp_ada", "login": "ada", "scopes": ["repo"]}],
            "repositories": {
                "acme/app": {
                    "commits": [{"id": "base", "message": "base"}],
                    "releases": [{"tag": "v1.0.0", "draft": True}],
                }
            },
        }
    )
    with Simulator(world) as running:
        yield running


@pytest.fixture
def release(simulator: Simulator) -> Release:
    (made,) = simulator.world.repositories["acme/app"].releases.values()
    return made


@pytest.fixture
def file(simulator: Simulator) -> Iterator[NumberedAssets]:
    with Http() as http:
        yield open_file(http, simulator)


def open_file(http: Http, simulator: Simulator, tag: str = "v1.0.0") -> NumberedAssets:
    releases = Releases(http, simulator.api_url, "acme/app", token="ghp_ada")
    assets = Assets(http, simulator.api_url, "acme/app", token="ghp_ada")
    return NumberedAssets(releases, assets, tag, sleep=lambda _seconds: None)


def names(release: Release) -> list[str]:
    return sorted(asset.name for asset in release.assets.values())


def test_each_writer_adds_a_file_and_none_is_replaced(file: NumberedAssets, release: Release) -> None:
    file.change(NAME, lambda before: before + b"one\n")
    file.change(NAME, lambda before: before + b"two\nthree\n")
    file.change(NAME, lambda before: before)

    assert names(release) == [f"{NAME}.000001", f"{NAME}.000002"]
    assert file.read(NAME) == b"one\ntwo\nthree\n"


def test_of_two_writers_one_reads_again(file: NumberedAssets, release: Release) -> None:
    seen: list[bytes] = []

    def edit(before: bytes) -> bytes:
        seen.append(before)
        if len(seen) == 1:
            file.change(NAME, lambda other: other + b"other\n")
        return before + b"own\n"

    assert file.change(NAME, edit) == b"other\nown\n"
    assert seen == [b"", b"other\n"]
    assert len(names(release)) == 2


def test_a_file_that_never_stands_still_ends_the_writer(file: NumberedAssets, release: Release) -> None:
    def edit(before: bytes) -> bytes:
        file.change(NAME, lambda other: other + b"other\n")
        return before + b"own\n"

    with pytest.raises(PartialError, match=f"each of the {TRIES} times"):
        file.change(NAME, edit)
    assert len(names(release)) == TRIES


def test_a_part_that_is_missing_is_named(file: NumberedAssets, release: Release) -> None:
    for line in (b"one\n", b"two\n"):
        file.change(NAME, lambda before, line=line: before + line)  # type: ignore[misc]  # bound
    first = next(number for number, asset in release.assets.items() if asset.name.endswith("1"))
    del release.assets[first]

    with pytest.raises(RemoteError, match="its part 1 is missing"):
        file.change(NAME, lambda before: before + b"three\n")
    assert names(release) == [f"{NAME}.000002"]


def test_an_upload_that_was_killed_is_named_with_what_to_delete(
    file: NumberedAssets, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = ReadRelease(1, "v1.0.0", assets=(Asset(2, f"{NAME}.000001", whole=False),))
    monkeypatch.setattr(Releases, "all", lambda _self: (killed,))

    with pytest.raises(RemoteError) as caught:
        file.change(NAME, lambda before: before + b"one\n")

    assert str(caught.value) == (
        f"Could not read {NAME} of the release v1.0.0: its part 1 was not uploaded whole. "
        f"Delete {NAME}.000001, of which nothing was written, and repeat."
    )


def test_a_refusal_that_is_no_race_is_passed_on(simulator: Simulator, file: NumberedAssets) -> None:
    with pytest.raises(ValueError, match="what was written is changed"):
        file.change(NAME, lambda _before: b"x") and file.change(NAME, lambda _before: b"y")
    with Http() as http, pytest.raises(InputError, match=r"has no release v2\.0\.0"):
        open_file(http, simulator, "v2.0.0").read(NAME)
