from pathlib import Path

import pytest

from release_actions.config.source import DEEPEST, Kind, MappingNode, ScalarNode, SequenceNode, parse, read_text
from release_actions.errors import ConfigurationError, ExitCode, Place

EVERYWHERE = "Check the indentation, the colons and the quotes of this line and of the line before."


def only(text: str) -> ScalarNode:
    node = parse(f"x: {text}\n", "f.yaml").child("x")
    assert isinstance(node, ScalarNode)
    return node


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("on", Kind.TEXT),
        ("no", Kind.TEXT),
        ("y", Kind.TEXT),
        ("v0", Kind.TEXT),
        ("12:30", Kind.TEXT),
        ("1_000", Kind.TEXT),
        ("2026-01-28", Kind.TEXT),
        ("2026-01-28T09:00:00Z", Kind.TEXT),
        ("0.0.2", Kind.TEXT),
        ("'true'", Kind.TEXT),
        ('"7"', Kind.TEXT),
        ("true", Kind.BOOLEAN),
        ("FALSE", Kind.BOOLEAN),
        ("0.10", Kind.FLOAT),
        ("1e3", Kind.FLOAT),
        (".5", Kind.FLOAT),
        ("-.inf", Kind.FLOAT),
        (".nan", Kind.FLOAT),
        ("010", Kind.INTEGER),
        ("0o17", Kind.INTEGER),
        ("0x1F", Kind.INTEGER),
        ("-7", Kind.INTEGER),
        ("", Kind.NULL),
        ("~", Kind.NULL),
        ("Null", Kind.NULL),
    ],
)
def test_a_scalar_is_what_yaml_1_2_says_and_stays_as_written(text: str, kind: Kind) -> None:
    node = only(text)
    assert node.kind is kind
    assert node.text == text.strip("'\"")


def test_a_block_text_keeps_its_lines() -> None:
    assert only("|\n  true\n  b").text == "true\nb\n"
    assert only("|\n  true").kind is Kind.TEXT


def test_every_value_knows_its_place_and_its_path() -> None:
    text = "images:\n  cüda:\n    platforms: [a, bb]\n    args:\n      - x: 1\n"
    root = parse(text, "r.yaml")
    assert root.place == Place("r.yaml", 1, 1)
    assert root.at("images", "cüda") == Place("r.yaml", 2, 3), "a block mapping stands where its key does"
    assert root.at("images", "cüda", "platforms") == Place("r.yaml", 3, 16)
    assert root.at("images", "cüda", "platforms", 1) == Place("r.yaml", 3, 20)
    assert root.at("images", "cüda", "args", 0, "x") == Place("r.yaml", 5, 12)
    images = root.child("images")
    assert images is not None
    cuda = images.child("cüda")
    assert isinstance(cuda, MappingNode)
    platforms = cuda.child("platforms")
    assert isinstance(platforms, SequenceNode)
    assert [item.path for item in platforms.items] == ["images.cüda.platforms[0]", "images.cüda.platforms[1]"]


def test_a_place_that_the_file_does_not_have_is_the_nearest_it_has() -> None:
    root = parse("a:\n  b: [1]\n", "r.yaml")
    assert root.at("a", "nothing", "below") == Place("r.yaml", 1, 1)
    assert root.at("a", "b", 5) == Place("r.yaml", 2, 6)
    assert root.at("a", "b", 0, "c") == Place("r.yaml", 2, 7)


def test_a_flow_mapping_is_told_from_a_block() -> None:
    root = parse("a: {b: 1}\n", "r.yaml")
    flow = root.child("a")
    assert isinstance(root, MappingNode)
    assert isinstance(flow, MappingNode)
    assert (root.flow, flow.flow) == (False, True)


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_empty_file_is_an_empty_value_at_its_beginning(text: str) -> None:
    node = parse(text, "r.yaml")
    assert node.kind is Kind.NULL
    assert node.place.line == 1


def test_a_byte_order_mark_at_the_start_is_no_part_of_the_text() -> None:
    assert parse("\ufeffa: 1\n", "r.yaml").at("a") == Place("r.yaml", 1, 4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "r.yaml:3:1: The key 'a' is given twice, first in line 1. Keep one of them."),
        ("a: &x 1", "r.yaml:1:4: '&x' is a YAML anchor, which is not supported. Write the values out."),
        ("<<: {a: 1}", "r.yaml:1:1: '<<' is a YAML merge key, which is not supported. Write the keys out."),
        ("a: !!str 1", "r.yaml:1:4: '!!str' is a YAML tag, which is not supported. Leave it out."),
        ("a: !x 1", "r.yaml:1:4: '!x' is a YAML tag, which is not supported. Leave it out."),
        ("a: 1\n---\nb: 2", "r.yaml:2:1: A second YAML document begins here. Keep everything in one document."),
        (
            "[a]: 1",
            "r.yaml:1:1: A key has to be a text, and this is a list. A text that begins with { or [ needs quotes.",
        ),
        (
            "a: 'x\n",
            "r.yaml:2:1: This is not YAML: while scanning a quoted scalar, found unexpected end of stream. "
            + EVERYWHERE,
        ),
        (
            "a: b: c",
            "r.yaml:1:5: This is not YAML: mapping values are not allowed in this context. " + EVERYWHERE,
        ),
        (
            "a:\n\tb: 1",
            "r.yaml:2:1: This is not YAML: while scanning for the next token, found character that cannot start any "
            "token. YAML does not allow tabs in the indentation. Use spaces.",
        ),
        (
            "name: {image}-dev",
            "r.yaml:1:14: This is not YAML: while parsing a block mapping, did not find expected key. "
            "A text that begins with { or [ needs quotes.",
        ),
        (
            "a: @x",
            "r.yaml:1:4: This is not YAML: while scanning for the next token, found character that cannot start any "
            "token. A text that begins with one of * & ! % @ ` | > needs quotes.",
        ),
        (
            "a: 1\nb: \x07",
            "r.yaml:2:4: The character U+0007 is not allowed in YAML. "
            "Remove it, or write it as an escape in double quotes.",
        ),
        (
            "a: x\ufeffy",
            "r.yaml:1:5: The character U+FEFF is not allowed in YAML. "
            "Remove it, or write it as an escape in double quotes.",
        ),
        ("[" * 10_000, f"r.yaml:1:{DEEPEST + 2}: This is nested more than {DEEPEST} levels deep. Check the brackets."),
    ],
)
def test_what_tools_read_differently_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "r.yaml")
    assert str(caught.value) == message
    assert caught.value.exit_code is ExitCode.BAD_INPUT


def test_all_that_is_refused_is_reported_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse("a: &x 1\na: *x\n", "r.yaml")
    assert [str(problem) for problem in caught.value.problems] == [
        "r.yaml:1:4: '&x' is a YAML anchor, which is not supported. Write the values out.",
        "r.yaml:2:4: '*x' is a YAML alias, which is not supported. Write the value out.",
        "r.yaml:2:1: The key 'a' is given twice, first in line 1. Keep one of them.",
    ]


def test_a_file_is_read_as_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes("a: ü\n".encode())
    assert read_text(file) == "a: ü\n"


def test_a_file_that_is_not_there_is_named_with_the_hint(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_text(tmp_path / "r.yaml", name="r.yaml", hint="Make one.")
    assert str(caught.value) == "r.yaml does not exist. Make one."


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_text(tmp_path, name="r.yaml")
    assert str(caught.value) == "r.yaml cannot be read: Is a directory."


def test_another_encoding_is_refused_at_its_first_byte(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_bytes("a: x\nb: ü\n".encode("latin-1"))
    with pytest.raises(ConfigurationError) as caught:
        read_text(file, name="r.yaml")
    assert str(caught.value) == "r.yaml:2:4: The file is not UTF-8. Save it as UTF-8."
