"""What build jobs left, as JSON or as a folder of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from release_actions.errors import InputError
from release_actions.images import built_digests
from release_actions.images.built_digests import Claim
from release_actions.images.manifests import Platform

AMD, ARM = Platform("linux", "amd64"), Platform("linux", "arm64")
APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
LINE = f"{APP}@{A} linux/amd64\n"


def wrong(given: str, folder: Path = Path()) -> list[str]:
    with pytest.raises(InputError) as error:
        built_digests.read(given, folder)
    return [str(problem) for problem in error.value.problems]


def test_json_and_a_folder_say_the_same(tmp_path: Path) -> None:
    told = built_digests.read(
        json.dumps({APP: {"linux/amd64": A, "linux/arm64": B}, WEB: {"linux/amd64": B}}), tmp_path
    )
    (tmp_path / "digest-0").mkdir()
    (tmp_path / "digest-0" / "0").write_text(LINE)
    (tmp_path / "digest-1").write_text(f"\n{APP}@{B}   linux/arm64\r\n{WEB}@{B} linux/amd64")
    left = built_digests.read("digests", tmp_path)
    assert [(one.package, one.platform, one.digest) for one in left] == [
        (one.package, one.platform, one.digest) for one in told
    ]
    assert [str(one.place) for one in left] == ["digests/digest-0/0:1", "digests/digest-1:2", "digests/digest-1:3"]


def test_a_package_gets_its_own_claims_once() -> None:
    claims = [Claim(WEB, AMD, A), Claim(APP, ARM, B), Claim(APP, AMD, A), Claim(APP, AMD, A)]
    assert built_digests.select_package(claims, APP) == (Claim(APP, AMD, A), Claim(APP, ARM, B))


def test_an_empty_folder_claims_nothing(tmp_path: Path) -> None:
    assert built_digests.read("digests", tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "Input 'digests' begins like a JSON object and is not JSON."),
        (json.dumps({APP: A}), f"Input 'digests' has no platforms under '{APP}'."),
        (json.dumps({APP: {"linux/amd64": "x"}}), "Input 'digests' has 'x', which is not a digest."),
        (json.dumps({APP: {"amd64": A}}), "Input 'digests' has 'amd64', which is not a platform."),
    ],
)
def test_mistakes_in_json(text: str, message: str) -> None:
    assert wrong(text) == [f'{message} Write {{"ghcr.io/llm-d/llm-d-cuda": {{"linux/amd64": "sha256:…"}}}}.']


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert wrong("digests", tmp_path / "digests") == [
        "Input 'digests' names the folder digests, which does not exist. Either no build job uploaded a digest, "
        "or they were downloaded to another folder."
    ]


def test_a_folder_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "built/digests").mkdir(parents=True)

    assert "Did you mean 'built/digests'?" in wrong("digests", tmp_path / "digests")[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "digests/0: digests/0 is empty."),
        (b" \n", "digests/0: digests/0 is empty."),
        (b"sha256:12\n", "digests/0:1: This line has no digest."),
        (LINE.encode() + b"\xff\xfe\n", "digests/0:2: This line has no digest."),
        (f"{APP}@sha256:12 linux/amd64".encode(), "digests/0:1: This line has 'sha256:12', which is not a digest."),
        (f"{APP}@{A} amd64".encode(), "digests/0:1: This line has 'amd64', which is not a platform."),
        (LINE.encode() * 1000, "digests/0: digests/0 has more than 65536 bytes."),
    ],
)
def test_mistakes_in_a_file(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "0").write_bytes(content)
    hint = " Each line is PACKAGE@DIGEST PLATFORM, as in ghcr.io/llm-d/llm-d-cuda@sha256:… linux/amd64."
    assert wrong("digests", tmp_path) == [message + hint]


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text(LINE)
    folder = tmp_path / "digests"
    folder.mkdir()
    (folder / "0").symlink_to(outside)
    assert wrong("digests", folder)[0].startswith("digests/0 is not a file with digests but a link or a device.")


def test_linked_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "0").write_text(LINE)
    folder = tmp_path / "digests"
    folder.mkdir()
    (folder / "linked").symlink_to(tmp_path / "outside")
    assert built_digests.read("digests", folder) == ()
