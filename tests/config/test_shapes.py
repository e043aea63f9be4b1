from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from release_actions.config.shapes import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    MapOf,
    OrFalse,
    Parsed,
    Record,
    RecordOf,
    Shape,
    Text,
    key,
    load,
    load_file,
    make_duration,
    make_glob,
)
from release_actions.errors import ConfigurationError, Place

WORD = Text("a word", pattern="[a-z]+", example="cuda")


@dataclass(frozen=True, kw_only=True)
class Pet(Record):
    """An animal."""

    kind: str = key(Choice(("cat", "dog")), "What it is.")
    names: tuple[str, ...] = key(ListOf("a list of words", WORD), "What it is called.", default=("tom",))
    lives: int | None = key(Integer(least=1, most=9), "How often it lives.", default=None)
    house_trained: bool = key(Boolean(), "Whether it is clean.", default=True)


PET = RecordOf("a pet", Pet)


def messages(text: str, shape: Shape[Any]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load(text, shape, file="f.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_record_has_its_values_and_its_defaults() -> None:
    pet = load("kind: cat\nlives: 7\nhouse-trained: false\n", PET, file="f.yaml")
    assert pet == Pet(kind="cat", names=("tom",), lives=7, house_trained=False)


def test_a_record_knows_the_places_of_its_keys_afterwards() -> None:
    pet = load("kind: cat\nnames:\n  - tom\n  - tim\n", PET, file="f.yaml")
    assert pet.origin.at("names", 1) == Place("f.yaml", 4, 5)
    assert pet.origin.key_at("names") == Place("f.yaml", 2, 1)
    assert pet.origin.at("lives") == Place("f.yaml", 1, 1)


def test_a_record_made_by_hand_has_no_place() -> None:
    assert Pet(kind="dog").origin.at("kind") == Place("")


def test_every_mistake_is_reported_at_once_from_top_to_bottom() -> None:
    text = "lives: 10\nnames: [Tom, tim, 5]\ncolour: red\nhouse-trainde: true\nhouse-trained: yes\n"
    assert messages(text, PET) == [
        "f.yaml:1:1: A pet needs the key 'kind'. What it is.",
        "f.yaml:1:8: 'lives' is '10', which is not a whole number of at least 1 and at most 9.",
        "f.yaml:2:9: 'names[0]' is 'Tom', which is not a word. Write for example cuda.",
        "f.yaml:2:19: 'names[2]' is '5', which is not a word. Write for example cuda.",
        "f.yaml:3:1: 'colour' is not a key of a pet. Use one of kind, names, lives, house-trained.",
        "f.yaml:4:1: 'house-trainde' is not a key of a pet. Did you mean 'house-trained'?",
        "f.yaml:5:16: 'house-trained' is 'yes', which is not a boolean. Write true or false.",
    ]


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (Text(), "0.10", "0.10"),
        (Text(), "010", "010"),
        (Text(), "true", "true"),
        (Text(), "12:30", "12:30"),
        (Text(), "on", "on"),
        (Text(), "2026-01-28", "2026-01-28"),
        (Text(), "|\n  a\n  b\n", "a\nb\n"),
        (Text(empty=True), "''", ""),
        (WORD, "no", "no"),
        (Text("a version", pattern="[0-9.]+"), "'1.10'", "1.10"),
        (Boolean(), "True", True),
        (Integer(), "7", 7),
        (Integer(), "+7", 7),
        (Integer(), "7.0", 7),
        (Integer(least=-2), "-2", -2),
        (Choice(("on", "off")), "on", "on"),
        (ListOf("a list of words", WORD), "[]", ()),
        (ListOf("a list of words", WORD), "- a\n- b\n", ("a", "b")),
        (MapOf("a mapping", key=WORD, value=Integer()), "{b: 1, a: 2}", {"b": 1, "a": 2}),
        (MapOf("a mapping", key=Text(), value=Integer()), "{0.10: 1, true: 2}", {"0.10": 1, "true": 2}),
        (OrFalse(MapOf("a mapping", key=WORD, value=Integer())), "false", False),
        (OrFalse(MapOf("a mapping", key=WORD, value=Integer())), "{a: 1}", {"a": 1}),
        (make_duration(), "1w2d", timedelta(days=9)),
        (make_duration(), "90m", timedelta(minutes=90)),
        (make_duration(), "15 days", timedelta(days=15)),
        (make_duration(), "1 week 2 days", timedelta(days=9)),
        (make_duration(), "1 hour 30 minutes", timedelta(minutes=90)),
        (make_glob(), "'pr-*'", "pr-*"),
        (make_glob(), "sha-[0-9]?", "sha-[0-9]?"),
        (Parsed(WORD, str.upper), "abc", "ABC"),
    ],
)
def test_a_value_is_read_as_it_was_meant(shape: Shape[Any], text: str, value: object) -> None:
    loaded = load(text, shape, file="f.yaml")
    assert loaded == value
    assert type(loaded) is type(value)


def even(text: str) -> int:
    if int(text) % 2:
        message = "which is odd."
        raise ValueError(message)
    return int(text)


@pytest.mark.parametrize(
    ("shape", "text", "message"),
    [
        (Text(), "", "f.yaml:1:1: The file is empty and should be a text."),
        (Text(), "x: 1", "f.yaml:1:1: The file is a mapping, which is not a text."),
        (Text(), "''", "f.yaml:1:1: The file is '', which is not a text."),
        (Text(empty=True), "", "f.yaml:1:1: The file is empty and should be a text. Write '' for an empty text."),
        (
            Text(),
            "null",
            "f.yaml:1:1: The file is empty and should be a text. Put it in quotes if you mean the text: 'null'.",
        ),
        (
            Text(),
            "{image}",
            "f.yaml:1:1: The file is a mapping, which is not a text. A text that begins with { needs quotes.",
        ),
        (
            Text("a version", pattern="[0-9.]+"),
            "1.10",
            "f.yaml:1:1: The file is '1.10', which YAML takes for a number. Put it in quotes: '1.10'.",
        ),
        (WORD, "true", "f.yaml:1:1: The file is 'true', which YAML takes for a boolean. Put it in quotes: 'true'."),
        (WORD, '"abc\\n"', "f.yaml:1:1: The file is 'abc\\n', which is not a word. Write for example cuda."),
        (
            WORD,
            "'" + "X" * 70 + "'",
            f"f.yaml:1:1: The file is '{'X' * 60}…', which is not a word. Write for example cuda.",
        ),
        (Boolean(), "on", "f.yaml:1:1: The file is 'on', which is not a boolean. Write true or false."),
        (Boolean(), "'true'", "f.yaml:1:1: The file is 'true', which is not a boolean. Write true or false."),
        (Integer(), "'7'", "f.yaml:1:1: The file is '7', which is not a whole number of at least 0."),
        (Integer(), "7.5", "f.yaml:1:1: The file is '7.5', which is not a whole number of at least 0."),
        (Integer(), "0x10", "f.yaml:1:1: The file is '0x10', which is not a whole number of at least 0."),
        (Integer(), "-1", "f.yaml:1:1: The file is '-1', which is not a whole number of at least 0."),
        (Integer(), "1" * 16, f"f.yaml:1:1: The file is '{'1' * 16}', which is not a whole number of at least 0."),
        (
            Integer(),
            "010",
            "f.yaml:1:1: The file is '010', whose leading zero older YAML tools take for octal.",
        ),
        (
            Choice(("release", "dev")),
            "relaese",
            "f.yaml:1:1: The file is 'relaese', which is not one of release, dev. Did you mean 'release'?",
        ),
        (Choice(("release", "dev")), "[dev]", "f.yaml:1:1: The file is a list, which is not one of release, dev."),
        (
            ListOf("a list of words", WORD),
            "a",
            "f.yaml:1:1: The file is 'a', which is not a list of words. Write [a], or one item a line after a dash.",
        ),
        (
            ListOf("a list of words", WORD, least=1),
            "[]",
            "f.yaml:1:1: The file is an empty list. Name at least one.",
        ),
        (
            ListOf("a list of words", WORD, unique=True),
            "[a, b, a]",
            "f.yaml:1:8: '[2]' is 'a', which the list has already. Remove it.",
        ),
        (
            MapOf("a mapping of words", key=WORD, value=Integer()),
            "[a]",
            "f.yaml:1:1: The file is a list, which is not a mapping of words.",
        ),
        (
            MapOf("a mapping of words", key=WORD, value=Integer(), least=1),
            "{}",
            "f.yaml:1:1: The file is an empty mapping. Name at least one.",
        ),
        (
            MapOf("a mapping of words", key=WORD, value=Integer()),
            "{a: 1, B: 2}",
            "f.yaml:1:8: The key 'B' of the file is not a word. Write for example cuda.",
        ),
        (
            MapOf("a mapping of words", key=Text(), value=Integer()),
            "{'': 1}",
            "f.yaml:1:2: The key '' of the file is not a text.",
        ),
        (OrFalse(PET), "true", "f.yaml:1:1: The file is 'true', which is not a pet or false."),
        (
            PET,
            "[]",
            "f.yaml:1:1: The file is a list, which is not a mapping. Its keys are kind, names, lives, house-trained.",
        ),
        (
            make_duration(),
            "30",
            "f.yaml:1:1: The file is '30', which is not a duration. Write for example 30d, 12h or 1w2d.",
        ),
        (
            make_duration(),
            "2d1w",
            "f.yaml:1:1: The file is '2d1w', which is not a duration. Write for example 30d, 12h or 1w2d.",
        ),
        (
            make_glob(),
            "^pr-[0-9]+$",
            "f.yaml:1:1: The file is '^pr-[0-9]+$', which is not a glob over tags. Write for example pr-*.",
        ),
        (Parsed(Text("a number", pattern="[0-9]+"), even), "'5'", "f.yaml:1:1: The file is '5', which is odd."),
    ],
)
def test_a_wrong_value_is_refused_in_these_words(shape: Shape[Any], text: str, message: str) -> None:
    assert messages(text, shape) == [message]


@dataclass(frozen=True, kw_only=True)
class Trip(Record):
    """A journey."""

    train: str | None = key(WORD, "By train.", default=None)
    plane: str | None = key(WORD, "By plane.", default=None)
    seat: str | None = key(WORD, "Which seat.", default=None)
    luggage: Mapping[str, str] = key(MapOf("luggage", key=WORD, value=WORD), "What goes along.", default={})


@pytest.mark.parametrize(
    ("shape", "text", "message"),
    [
        (
            RecordOf("a trip", Trip, one_of=("train", "plane")),
            "seat: a",
            "f.yaml:1:1: A trip needs 'train' or 'plane'. Leaving both out does not mean everything.",
        ),
        (
            RecordOf("a trip", Trip, one_of=("train", "plane")),
            "train: a\nplane: b",
            "f.yaml:2:1: A trip takes only one of 'train' or 'plane'. Keep one of them.",
        ),
        (
            RecordOf("a trip", Trip, any_of=("train", "plane")),
            "{}",
            "f.yaml:1:1: A trip needs 'train' or 'plane'. Leaving both out does not mean everything.",
        ),
        (
            RecordOf("a trip", Trip, needs={"seat": ("train",)}),
            "seat: a",
            "f.yaml:1:1: 'seat' of a trip only has a meaning together with 'train'. Add 'train', or remove it.",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(shape: Shape[Any], text: str, message: str) -> None:
    assert messages(text, shape) == [message]


def test_keys_that_go_together_are_taken() -> None:
    shape = RecordOf("a trip", Trip, one_of=("train", "plane"), needs={"seat": ("train",)})
    assert load("train: a\nseat: b", shape, file="f.yaml") == Trip(train="a", seat="b")
    both = RecordOf("a trip", Trip, any_of=("train", "plane"))
    assert load("train: a\nplane: b", both, file="f.yaml") == Trip(train="a", plane="b")


def test_a_file_is_called_as_the_user_calls_it(tmp_path: Path) -> None:
    file = tmp_path / "pet.yaml"
    file.write_text("kind: cow\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_file(file, PET, name="pet.yaml")
    assert str(caught.value) == "pet.yaml:1:7: 'kind' is 'cow', which is not one of cat, dog."
    file.write_text("kind: dog\n", encoding="utf-8")
    assert load_file(file, PET).kind == "dog"


def test_a_schema_describes_every_key_and_allows_no_other() -> None:
    assert PET.schema() == {
        "type": "object",
        "additionalProperties": False,
        "required": ["kind"],
        "properties": {
            "kind": {"enum": ["cat", "dog"], "description": "What it is."},
            "names": {
                "type": "array",
                "items": {"type": "string", "pattern": "^(?:[a-z]+)$", "minLength": 1},
                "description": "What it is called.",
            },
            "lives": {"type": "integer", "minimum": 1, "maximum": 9, "description": "How often it lives."},
            "house-trained": {"type": "boolean", "default": True, "description": "Whether it is clean."},
        },
    }
