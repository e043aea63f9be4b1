"""A file in the workspace is written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.errors import InputError
from release_actions.runner.files import check_workspace_file, write_result_file, write_workspace_file
from release_actions.runner.report import Level


def test_a_file_gets_its_folders_and_keeps_its_line_ends(tmp_path: Path) -> None:
    write_workspace_file(tmp_path / "a" / "b.txt", "a/b.txt", "one\r\ntwo\n")

    assert (tmp_path / "a" / "b.txt").read_bytes() == b"one\r\ntwo\n"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_a_file_that_cannot_be_written_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(InputError) as caught:
        write_workspace_file(tmp_path / "file" / "x", "The lock file/x", "", hint="Set lock-file.")

    assert str(caught.value) == "The lock file/x could not be written: File exists. Set lock-file."


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "undo.json"
    file.write_text("before")

    def fill(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fill)
    with pytest.raises(InputError, match=r"undo\.json could not be written: No space left on device\."):
        write_workspace_file(file, "undo.json", "after")

    assert file.read_text() == "before"


def test_a_link_that_an_earlier_job_left_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("theirs", encoding="utf-8")
    for name in ("lock.json", "lock.json.part"):
        (tmp_path / name).symlink_to(victim)

    write_workspace_file(tmp_path / "lock.json", "lock.json", "ours")

    assert (tmp_path / "lock.json").read_text(encoding="utf-8") == "ours"
    assert victim.read_text(encoding="utf-8") == "theirs"


def test_a_folder_in_the_place_of_a_file_is_found_beforehand(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="out could not be written: it is a folder"):
        check_workspace_file(tmp_path, "out")


def test_finding_out_whether_a_file_can_be_written_leaves_it_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("before")

    check_workspace_file(tmp_path / "report.json", "report.json")

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"report.json": "before"}


def test_a_result_that_cannot_be_written_is_a_finding_and_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    (finding,) = write_result_file(tmp_path / "file" / "x", "file/x", "")

    assert (finding.level, finding.problem.message) == (Level.ERROR, "file/x could not be written: File exists.")
    assert write_result_file(tmp_path / "x", "x", "") == ()
