"""What an image is built from has to be in the checkout; a path that is missing names the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.builds.path_check import find_missing_paths, find_missing_version_file
from release_actions.config import load_text

FILES = ("docker/Dockerfile.cuda", "docker/Dockerfile.cpu", "web/Dockerfile", "patches/pins.patch")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for name in (*FILES, ".git/HEAD"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("", encoding="utf-8")
    return root


def problems(checkout: Path, image: str) -> list[str]:
    text = f"repository: acme/app\ndefaults: {{platforms: [linux/amd64, linux/arm64]}}\nimages:\n  app: {image}\n"
    config = load_text(text)
    return [str(problem) for problem in find_missing_paths(config, config.packages(), checkout)]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("{dockerfile: docker/Dockerfile.cuda}", ""),
        ("{context: web}", ""),
        (
            "{dockerfile: docker/Dockerfile.cdua}",
            "release.yaml:4:21: There is no file 'docker/Dockerfile.cdua' in the repository: it is the dockerfile of "
            "the image 'app'. Did you mean 'docker/Dockerfile.cuda'?",
        ),
        (
            "{dockerfile: Dockerfile.cpu}",
            "release.yaml:4:21: There is no file 'Dockerfile.cpu' in the repository: it is the dockerfile of the image "
            "'app'. Did you mean 'docker/Dockerfile.cpu'?",
        ),
        (
            "{context: wed, dockerfile: web/Dockerfile}",
            "release.yaml:4:18: There is no folder 'wed' in the repository: it is the context of the image 'app'. Did "
            "you mean 'web'?",
        ),
        (
            "{dockerfile: web/Dockerfile, source: {repository: o/r, ref: main, path: src, patch: patches/pin.patch}}",
            "release.yaml:4:92: There is no file 'patches/pin.patch' in the repository: it is the patch of the image "
            "'app'. Did you mean 'patches/pins.patch'?",
        ),
        ("{context: src/a, source: {repository: o/r, ref: main, path: src}}", ""),
        ("{dockerfile: gone, command: make}", ""),
    ],
)
def test_a_path_that_is_missing_names_the_nearest(checkout: Path, image: str, expected: str) -> None:
    assert problems(checkout, image) == ([expected] if expected else [])


def test_a_link_that_leads_out_of_the_repository_is_refused(checkout: Path) -> None:
    (checkout.parent / "outside").mkdir()
    (checkout / "link").symlink_to(checkout.parent / "outside")

    (problem,) = problems(checkout, "{context: link, dockerfile: web/Dockerfile}")

    assert "'link', the context of the image 'app', leads out of the repository by a link." in problem


def test_a_link_inside_the_repository_is_a_path(checkout: Path) -> None:
    (checkout / "link").symlink_to(checkout / "web")

    assert problems(checkout, "{context: link}") == []


def test_a_folder_that_is_no_checkout_is_not_judged(tmp_path: Path) -> None:
    assert problems(tmp_path, "{dockerfile: gone}") == []


def test_a_version_file_that_is_missing_names_the_nearest(checkout: Path) -> None:
    (checkout / "docker/common-versions").write_text("A=1\n", encoding="utf-8")
    text = """\
repository: acme/app
version-file: docker/comon-versions
defaults: {platforms: [linux/amd64]}
images:
  app: {build-args: {A: "{file.A}"}}
"""

    (problem,) = find_missing_version_file(load_text(text), load_text(text).packages(), checkout)

    assert str(problem) == (
        "release.yaml:2:15: There is no file 'docker/comon-versions' in the repository: it is the version file. Did "
        "you mean 'docker/common-versions'?"
    )


def test_a_version_file_that_no_image_uses_need_not_be_there(checkout: Path) -> None:
    text = "repository: acme/app\nversion-file: gone\ndefaults: {platforms: [linux/amd64]}\nimages: {app: {}}\n"

    assert list(find_missing_version_file(load_text(text), load_text(text).packages(), checkout)) == []
