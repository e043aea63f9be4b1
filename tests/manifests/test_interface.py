"""interface.json lists what users rely on, and a planted break of any part of it is found."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import interface
import manifests
import schema as schemas
from release_actions.config import shapes
from release_actions.config.shapes import Boolean, Record, RecordOf, key
from release_actions.config.shapes.records import Key
from release_actions.surface.change import Effect
from release_actions.surface.compare import OFF, compare_surfaces
from release_actions.surface.model import Group, Interface, Kind, Surface, is_experimental, read_surface

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ".github/workflows/ci-release.yaml"


def test_the_file_is_current() -> None:
    assert interface.main(["--check"]) == 0


def test_every_public_action_workflow_and_schema_is_in_it() -> None:
    surface = interface.capture(ROOT)

    actions = {name for name in manifests.canonical(ROOT) if name not in manifests.INTERNAL}
    assert {f"{name}/action.yml" for name in actions - {manifests.ROOT_ACTION}} < set(surface.interfaces)
    assert {f"schema/{file.name}" for file in (ROOT / "schema").iterdir()} < set(surface.interfaces)
    assert RELEASE in surface.interfaces
    assert surface.interfaces["release-actions"].elements(Group.EXIT_CODES)["3"] == {"meaning": "unknown"}
    assert "images.*.platforms[]" in surface.interfaces["schema/release.schema.json"].elements(Group.KEYS)


def test_it_says_which_actions_do_nothing_to_those_who_call_workflows() -> None:
    surface = interface.capture(ROOT)

    assert surface.interfaces["validate-tag/action.yml"].notes["used-by-workflows"] is True
    assert surface.interfaces["api-guard/action.yml"].notes["used-by-workflows"] is False


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for path in [*interface.public_paths(ROOT), *(f"actions/{name}/action.yml" for name in manifests.canonical(ROOT))]:
        if (ROOT / path).is_file():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, tmp_path / path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "rule"),
    [
        ("validate-tag/action.yml", "  mode:\n", "  modus:\n", "input-renamed"),
        ("validate-tag/action.yml", "default: release\n", "default: check\n", "default-changed"),
        ("release-notes/action.yml", "Needs contents read and", "Needs contents write and", "permission-raised"),
        (RELEASE, "packages: write", "packages: write\n      issues: write", "permission-raised"),
        ("schema/release.schema.json", '"retired"', '"gone"', "key-removed"),
        ("schema/report.schema.json", '"verdict"', '"judgement"', "key-removed"),
    ],
)  # fmt: skip
def test_a_planted_break_is_found(copy: Path, file: str, old: str, new: str, rule: str) -> None:
    before = interface.capture(copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new), encoding="utf-8")

    found = compare_surfaces(before, interface.capture(copy))

    assert (rule, Effect.BREAKING, file) in {(one.rule, one.effect, one.subject.address) for one in found}


def test_a_new_input_of_a_workflow_begins_as_experimental_and_graduates() -> None:
    def workflow(*names: str) -> Surface:
        inputs = {name: {"type": "string", "required": False, "default": ""} for name in names}
        return Surface({RELEASE: Interface(Kind.WORKFLOW, {Group.INPUTS: inputs})})

    first, trial, both = workflow("tag"), workflow("tag", "experimental-x"), workflow("tag", "experimental-x", "x")

    assert interface.find_unmarked(first, workflow("tag", "x")) == [
        f"The new input 'x' of {RELEASE} has to begin with experimental- for one release."
    ]
    assert interface.find_unmarked(first, trial) == interface.find_unmarked(trial, both) == []


def keys(**defaults: str | None) -> Surface:
    """A release.yaml with keys, `__` in place of a dot, and their defaults."""
    elements = {name.replace("__", ".").replace("_", "-"): {"default": default} for name, default in defaults.items()}
    return Surface({interface.CONFIGURATION: Interface(Kind.CONFIGURATION, {Group.KEYS: elements})})


@pytest.mark.parametrize(
    ("new", "sentences"),
    [
        (keys(images="", images__push=None), 1),
        (keys(images="", push=None), 1),
        (keys(images="", images__experimental_push=None), 0),
        (keys(images="", experimental_a="", experimental_a__b=""), 0),
        (keys(images="", push=None, push__mode=None), 1),  # what is below it goes with it
        (keys(images="", tracker__mode="on"), 0),  # no workflow of ours reads it
    ],
)
def test_a_new_key_that_workflows_read_begins_as_experimental(new: Surface, sentences: int) -> None:
    assert len(interface.find_unmarked(keys(images="", tracker=None), new)) == sentences


def test_what_graduates_is_as_off_as_its_trial_was() -> None:
    trial = keys(images="", images__experimental_push="no")

    assert interface.find_unmarked(trial, keys(images="", images__push="no")) == []
    assert interface.find_unmarked(trial, keys(images="", images__push="yes")) == [
        "The key 'images.push' of schema/release.schema.json has another default than its trial had."
    ]


def test_the_sections_that_no_workflow_reads_are_sections() -> None:
    known = interface.capture(ROOT).interfaces[interface.CONFIGURATION].elements(Group.KEYS)

    assert set(known) >= interface.INERT_SECTIONS


def test_what_is_written_is_what_is_read_back() -> None:
    text = (ROOT / "interface.json").read_text(encoding="utf-8")

    assert compare_surfaces(read_surface(text, "interface.json"), interface.capture(ROOT)) == ()
    assert json.loads(text)["schema-version"] == 1


@dataclass(frozen=True, kw_only=True)
class Planted(Record):
    """A file with a key that may still change."""

    name: bool = key(Boolean(), "A promise.")
    experimental_x: bool = key(Boolean(), "No promise yet.", default=False)


PLANTED = RecordOf("a file", Planted)


def trials(shape: RecordOf[Any]) -> list[tuple[str, Key[Any]]]:
    """Every experimental key of a file, with the path of the record that has it."""
    return [
        (path, wanted)
        for path, record in schemas.records(shape)
        for wanted in record.keys
        if is_experimental(wanted.name)
    ]


@pytest.mark.parametrize("subject", schemas.SUBJECTS, ids=lambda subject: subject.schema_file.name)
def test_an_experimental_key_is_off_by_default(subject: schemas.Subject) -> None:
    assert [
        (path, wanted.name) for path, wanted in trials(subject.shape) if wanted.required or wanted.default not in OFF
    ] == []


def test_an_experimental_input_is_off_by_default() -> None:
    surface = interface.capture(ROOT)

    found = compare_surfaces(surface, surface)

    assert [change.message for change in found if change.rule == "experimental-on"] == []


def test_an_experimental_key_that_is_written_off_says_what_is_said_without_it() -> None:
    loaded = [shapes.load(text, PLANTED, file="f") for text in ("{name: true}", "{name: true, experimental-x: false}")]

    assert loaded[0] == loaded[1]
    assert [wanted.name for _, wanted in trials(PLANTED)] == ["experimental-x"]
