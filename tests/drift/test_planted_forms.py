"""Any number of versions, planted in files of all forms: every one is found and patched, and no other byte changes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drift.project import audit_files, scan_files
from tests.drift.test_references import FORMS

from release_actions.drift.audit import Audit
from release_actions.drift.patch import apply_replacements, write_patch

READ_BY_PEOPLE = {"tree link", "table"}
"""Forms that are found and left to people."""

RELEASED = {"v0.4.0": "v0.5.0", "v0.8.0": "v0.9.0", "0.8.0": "0.9.0", "release-0.4": "release-0.5"}
NOISE = st.sampled_from(["", "# v0.4.0 of nothing\n", "\n", "# größer\n\n", "# v0.8.0: tag, version, image\n"])
PLANT = st.tuples(st.sampled_from(sorted(FORMS)), NOISE, NOISE, st.booleans())
Plant = tuple[str, str, str, bool]


def write(plant: Plant, *, is_released: bool = False) -> str:
    """A file with a planted version, the old one or the release's."""
    form, before, after, is_windows = plant
    content = FORMS[form][1].replace("\r\n", "\n")
    if is_released and form not in READ_BY_PEOPLE:
        for old, new in RELEASED.items():
            content = content.replace(old, new)
    text = f"{before}{content}{after}"
    return text.replace("\n", "\r\n") if is_windows else text


def place(plants: list[Plant], *, is_released: bool = False) -> dict[str, str]:
    """Each plant in a folder of its own, under the name that its form needs."""
    return {
        f"part-{number}/{FORMS[plant[0]][0]}": write(plant, is_released=is_released)
        for number, plant in enumerate(plants)
    }


def count_stale(audit: Audit) -> int:
    return sum(1 for item in audit.judged if item.verdict.value == "stale")


@settings(deadline=None, max_examples=60)
@given(st.lists(PLANT, max_size=8))
def test_every_planted_version_of_any_form_is_found_and_patched(plants: list[Plant]) -> None:
    files = place(plants)

    audit = audit_files(files)

    patched = {path: text.encode() for path, text in files.items()}
    for path, text in scan_files(files).files.items():
        changes = [change for change in audit.replacements if change.path == path]
        patched[path] = apply_replacements(text, changes).encode()
    assert patched == {path: text.encode() for path, text in place(plants, is_released=True).items()}
    wanted = sum(len(FORMS[form][2] or [""]) for form, *_ in plants)
    assert len(audit.judged) == wanted
    assert count_stale(audit) == wanted - sum(form == "Dockerfile argument" for form, *_ in plants)


def test_git_applies_the_patch_of_all_forms_at_once(tmp_path: Path) -> None:
    plants: list[Plant] = [(form, "", "", index % 2 == 0) for index, form in enumerate(sorted(FORMS))]
    files = place(plants)
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content.encode())
    diff = write_patch(scan_files(files).files, audit_files(files).replacements)

    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, check=True, capture_output=True)

    expected = place(plants, is_released=True)
    assert {path: (tmp_path / path).read_bytes() for path in files} == {
        path: content.encode() for path, content in expected.items()
    }
    assert write_patch(scan_files(expected).files, audit_files(expected).replacements) == b""
