"""The list of images that build-matrix hands on, in each of its forms, and every mistake in it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.builds.planned import plan

from release_actions.builds import entry_list, matrix, version_file
from release_actions.builds.matrix import Build
from release_actions.config import load_config
from release_actions.config.grammar import BUILT_AS
from release_actions.errors import InputError
from release_actions.images import image_list
from release_actions.images.manifests import Platform
from release_actions.versions.version import parse

ROOT = Path(__file__).parents[2]
ENTRY = {"package": "ghcr.io/acme/app", "tags": ["v1.0.0"], "platforms": ["linux/arm64", "linux/amd64"]}
HINT = "Pass build-matrix's output images as it is."


def wrong(value: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        image_list.read(value if isinstance(value, str) else json.dumps(value))
    assert all(problem.hint == HINT for problem in error.value.problems)
    return [problem.message for problem in error.value.problems]


def test_all_forms_are_read_alike() -> None:
    forms = [[ENTRY], {"include": [ENTRY]}, ENTRY]
    found = [image_list.read(json.dumps(form)) for form in forms]
    assert found[0] == found[1] == found[2]
    (image,) = found[0]
    assert (image.package, image.registry, image.name) == ("ghcr.io/acme/app", "ghcr.io", "acme/app")
    assert image.tags == ("v1.0.0",)
    assert image.platforms == (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert (image.required, image.digest, image.entry) == (True, None, ENTRY)


def test_what_build_matrix_gives_is_read() -> None:
    config = load_config(ROOT / "examples/llm-d/release.yaml")
    now = datetime(2026, 2, 3, tzinfo=timezone.utc)
    versions = version_file.load(ROOT / "examples/llm-d/docker/common-versions", name="common-versions")
    planned = plan(config, Build(version=parse("v0.5.0")), ("all",), now, versions=versions)
    entries = [publication.entry() for publication in planned.publications]
    found = image_list.read(json.dumps(entries))
    assert found == image_list.read(json.dumps(matrix.make_strategy_matrix(entries)))
    expected = [(one.package.reference, one.package.platforms, one.package.required) for one in planned.publications]
    assert len(expected) > 1
    assert [(one.package, set(map(str, one.platforms)), one.required) for one in found] == [
        (package, set(platforms), required) for package, platforms, required in expected
    ]


@pytest.mark.parametrize(("length", "mistakes"), [(255, 0), (256, 1)])
def test_a_name_has_up_to_255_characters(length: int, mistakes: int) -> None:
    entry = {**ENTRY, "package": f"ghcr.io/{'a' * length}"}

    assert len(list(image_list.find_mistakes(entry))) == mistakes


def test_a_port_belongs_to_the_registry() -> None:
    (image,) = image_list.read(json.dumps([{**ENTRY, "package": "localhost:5000/a/b/c"}]))
    assert (image.registry, image.name) == ("localhost:5000", "a/b/c")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{", "Input 'image-list' is not JSON."),
        ([], "Input 'image-list' names no image."),
        ({"include": []}, "Input 'image-list' names no image."),
        (3, "Input 'image-list' names no image."),
        ([1], "Entry 1 of 'image-list' is not an object."),
        ([{**ENTRY, "package": "app"}], "Entry 1 of 'image-list' has no package of the form REGISTRY/NAME: 'app'."),
        (
            [{**ENTRY, "package": "g/A"}],
            "Entry 1 of 'image-list' has no package of the form REGISTRY/NAME: 'g/A'. Registries take lower-case "
            "letters only. Write a.",
        ),
        ([{**ENTRY, "tags": []}], "Entry 1 of 'image-list' has no list of tags under 'tags'."),
        ([{**ENTRY, "tags": "v1"}], "Entry 1 of 'image-list' has no list of tags under 'tags'."),
        ([{**ENTRY, "tags": ["a b"]}], "Entry 1 of 'image-list' names 'a b', which is not a tag."),
        ([{**ENTRY, "platforms": [1]}], "Entry 1 of 'image-list' has no list of platforms under 'platforms'."),
        ([{**ENTRY, "platforms": ["amd64"]}], "Entry 1 of 'image-list' names 'amd64', which is not a platform."),
        ([{**ENTRY, "required": "no"}], "Entry 1 of 'image-list' has 'required' that is neither true nor false."),
        ([{**ENTRY, "digest": "sha256:1"}], "Entry 1 of 'image-list' has a 'digest' that is not a digest: 'sha256:1'."),
        ([ENTRY, ENTRY], "'image-list' names ghcr.io/acme/app twice."),
    ],
)
def test_each_mistake_is_named(value: Any, message: str) -> None:
    assert wrong(value) == [message]


def test_all_mistakes_are_told_at_once() -> None:
    assert len(wrong([{}, {**ENTRY, "tags": ["a b"]}])) == 4


WHOLE = {**ENTRY, "name": "app", "required": False, "scan": True, "promised-labels": {"x": "1"}}


def many(count: int) -> list[dict[str, Any]]:
    """Entries that have all in common but what they are."""
    return [{**WHOLE, "package": f"ghcr.io/acme/app-{number}", "built-as": f"{number}:v1"} for number in range(count)]


def test_a_long_list_is_written_shorter_and_read_as_the_same() -> None:
    entries = [*many(3), {**many(4)[3], "scan": False}, {**many(5)[4], "scan": False}]

    short: Any = entry_list.shorten(entries, 100)

    assert [entry.get("like") for entry in short] == [None, 1, 1, None, 4]
    assert short[1] == {key: value for key, value in short[1].items() if key in entry_list.OWN_FIELDS or key == "like"}
    found = image_list.read(json.dumps(short))
    assert [image.entry for image in found] == entries
    assert [image.promised_labels for image in found][:2] == [
        {"x": "1", BUILT_AS: "0:v1"},
        {"x": "1", BUILT_AS: "1:v1"},
    ]


def test_a_list_that_fits_is_written_as_it_is() -> None:
    entries = many(3)
    length = entry_list.measure(entries)

    assert entry_list.shorten(entries, length) == entries
    assert entry_list.shorten(entries, length - 1) != entries


def test_what_an_image_is_is_never_filled_in_from_another() -> None:
    # A platform, tag or digest of another entry would be taken for this one's.
    bare = {"package": "ghcr.io/acme/web", "like": 1}
    assert wrong([{**WHOLE, "digest": f"sha256:{'0' * 64}", "built-as": "app:v1"}, bare]) == [
        "Entry 2 of 'image-list' has no list of tags under 'tags'.",
        "Entry 2 of 'image-list' has no list of platforms under 'platforms'.",
    ]
    (_, image) = image_list.read(json.dumps([{**WHOLE, "built-as": "app:v1"}, {**ENTRY, **bare}]))
    assert (image.digest, image.built_as, image.required) == (None, "", False)


@pytest.mark.parametrize("number", [0, 2, 3, -1, "1", True, None, 1.0])
def test_an_entry_is_like_one_before_it(number: Any) -> None:
    (message, *_) = wrong([ENTRY, {**ENTRY, "package": "ghcr.io/acme/web", "like": number}])
    assert message.startswith("Entry 2 of 'image-list' is like entry ")


def test_a_copy_is_promised_what_its_original_is() -> None:
    copy: dict[str, Any] = {**ENTRY, "package": "ghcr.io/acme/copy", "copy-of": ENTRY["package"]}

    for entries in ([{**WHOLE, "built-as": "app:v1"}, copy], [copy, {**WHOLE, "built-as": "app:v1"}]):
        promises = {image.package: image.promised_labels for image in image_list.read(json.dumps(entries))}
        assert promises["ghcr.io/acme/copy"] == promises["ghcr.io/acme/app"] == {"x": "1", BUILT_AS: "app:v1"}
