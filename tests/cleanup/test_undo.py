from __future__ import annotations

import json
from pathlib import Path

import pytest

from release_actions.cleanup import journal, undo, undo_record
from release_actions.cleanup.contents import Contents
from release_actions.cleanup.restoring import LONG_AGO
from release_actions.cleanup.selection import Version
from release_actions.cleanup.undo import Entry
from release_actions.errors import InputError
from release_actions.images.graph import Graph
from release_actions.images.manifests import parse
from release_actions.registry.media_types import OCI_INDEX
from release_actions.registry.names import Digest, digest_of

ONE = Entry(7, Digest("sha256:" + "1" * 64), ("v1", "latest"))
TWO = Entry(8, Digest("sha256:" + "2" * 64), ())
TAKEN = Entry(7, ONE.digest, ("rc.1",), stays=True)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "undo.json"
    undo.write(path, {"o/a": [ONE, TWO, TAKEN], "o/b": []})
    assert undo.read(path) == {"o/a": [ONE, TWO, TAKEN], "o/b": []}
    assert [entry.name for entry in path.parent.iterdir()] == ["undo.json"]


def test_later_entries_join_earlier_ones_and_each_stays_once() -> None:
    moved = Entry(7, ONE.digest, ())
    assert undo.join_entries({"o/a": [ONE, TWO]}, {"o/a": [moved], "o/b": [TWO]}) == {"o/a": [moved, TWO], "o/b": [TWO]}


def test_tags_that_several_runs_took_off_one_version_add_up() -> None:
    later = Entry(7, ONE.digest, ("rc.2",), stays=True)
    both = Entry(7, ONE.digest, ("rc.1", "rc.2"), stays=True)
    assert undo.join_entries({"o/a": [ONE, TAKEN]}, {"o/a": [later]}) == {"o/a": [ONE, both]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        json.dumps({"form": "other", "packages": {}}),
        json.dumps({"form": undo.FORM, "packages": {"o/a": [{"id": 1}]}}),
        json.dumps({"form": undo.FORM, "packages": {"o/a": [{"id": "1", "digest": ONE.digest, "tags": []}]}}),
        json.dumps({"form": undo.FORM, "packages": {"o/a": [{"id": 1, "digest": "x", "tags": []}]}}),
        json.dumps({"form": undo.FORM, "packages": {"o/a": [{"id": 1, "digest": ONE.digest, "tags": ["a b"]}]}}),
        json.dumps({"form": undo.FORM, "packages": {"a": [{"id": 1, "digest": ONE.digest, "tags": []}]}}),
        json.dumps({"form": undo.FORM, "packages": {"o/../a": [{"id": 1, "digest": ONE.digest, "tags": []}]}}),
    ],
)
def test_another_file_is_never_taken_for_one(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not the undo file of a clean-up"):
        undo.read(path)


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be read: No such file"):
        undo.read(tmp_path / "absent.json")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="could not be written: "):
        undo.write(tmp_path / "file" / "undo.json", {})


def test_a_journal_is_nothing_to_bring_back() -> None:
    body = journal.write(["sha256:" + "1" * 64])
    digest = digest_of(body)
    mine, theirs = (
        Version(number, Digest(one), (), LONG_AGO, LONG_AGO) for number, one in ((1, digest), (2, "sha256:" + "2" * 64))
    )
    contents = Contents((mine, theirs), Graph.of([parse(body, digest, OCI_INDEX)]))
    assert [entry.id for entry in undo_record.make_entries((mine, theirs), contents)] == [2]
