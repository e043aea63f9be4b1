"""The patch is one that git takes, writes versions and nothing else, and has nothing left to write afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drift.project import CHART, CUDA, ROUTER, audit_files, scan_files

from release_actions.drift.patch import Replacement, apply_replacements, write_patch
from release_actions.drift.reference import Text


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], input=given, check=True, capture_output=True).stdout


def apply(folder: Path, files: dict[str, str]) -> dict[str, str]:
    """The files after `git apply` of the audit's patch, and that the patch is empty then."""
    git(folder, "init", "--quiet")
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode("utf-8", "surrogateescape"))
    git(folder, "apply", "--whitespace=nowarn", "-", given=patch_of(files))
    return {path: (folder / path).read_bytes().decode("utf-8", "surrogateescape") for path in files}


def patch_of(files: dict[str, str]) -> bytes:
    return write_patch(scan_files(files).files, audit_files(files).replacements)


FILES = {
    "a.yaml": f"images:\r\n  - name: \"{CUDA}\"   # ours\r\n    newTag:   'v0.4.0'   # bump me\r\n",
    "no end.md": f"{CUDA}:v0.4.0",
    "charts/engine-router/Chart.yaml": "name: engine-router\nversion: 0.8.0\nappVersion: v0.8.0\n",
    "sub/ä.sh": f"# ä \udcff\ndocker run {ROUTER}:v0.8.0 && docker run {CUDA}:v0.4.0\n"
    + "x\n" * 20
    + f"{CUDA}:latest\n",
}


def test_git_applies_the_patch_and_only_versions_change(tmp_path: Path) -> None:
    after = apply(tmp_path, FILES)

    expected = {
        path: content.replace("v0.4.0", "v0.5.0").replace("0.8.0", "0.9.0").replace(":latest", ":v0.5.0")
        for path, content in FILES.items()
    }
    assert after == expected
    assert patch_of(after) == b""


UNCHANGED = {
    "comment": ("a.sh", f"# {CUDA}:v0.4.0\n", "it is in a comment"),
    "digest": ("a.sh", f"{CUDA}:v0.4.0@sha256:{'a' * 64}\n", "the digest beside it would no longer belong to the tag"),
    "no tag": ("Dockerfile", f"FROM {CUDA}\n", "there is no tag to replace"),
    "newer": ("a.sh", f"{CUDA}:v0.6.0\n", "a person has to decide"),
    "table": ("a.md", "| engine-cuda | v0.4.0 |\n", "it is text for readers"),
}


@pytest.mark.parametrize("kind", UNCHANGED)
def test_what_the_patch_leaves_is_listed_with_the_reason(kind: str) -> None:
    path, content, why = UNCHANGED[kind]

    audit = audit_files({path: content})

    assert audit.replacements == ()
    assert [(item.place.file, item.why) for item in audit.unchanged] == [(path, why)]


def test_replacements_that_overlap_are_refused() -> None:
    text = Text("a", "0123456789")

    with pytest.raises(ValueError, match="overlap"):
        apply_replacements(text, [Replacement("a", 0, 4, "x"), Replacement("a", 3, 5, "y")])


PLANTS = (
    lambda indent, token: f"{indent}- image: {CUDA}:{token}\n",
    lambda indent, token: f"{indent}- repository: {CUDA}\n{indent}  tag: '{token}'\n",
    lambda indent, token: f"{indent}- newTag: {token} # pinned\n{indent}  name: {CUDA}\n",
    lambda indent, token: f"{indent}- {{name: engine-cuda, tag: {token}}}\n",
)
"""Ways to write a version of the engine into a list of YAML."""

NOISE = st.sampled_from(
    [
        "- name: other\n",
        "- image: docker.io/library/redis:7\n",
        "# a comment\n",
        "\n",
        "- {{ if .Values.on }}\n",
        "- key: 'v0.4.0'\n",
        f"- url: https://example.org/{CHART}\n",
        "- text: |\n    tag v0.4.0 of nothing\n",
    ]
)


PLANT = st.tuples(st.sampled_from(range(len(PLANTS))), st.sampled_from(["v0.4.0", "latest", "v0.5.0-rc.1"]))


@settings(deadline=None)
@given(st.lists(st.one_of(PLANT, NOISE), max_size=12))
def test_every_planted_version_is_found_and_no_other_byte_changes(parts: list[tuple[int, str] | str]) -> None:
    before = "".join(part if isinstance(part, str) else PLANTS[part[0]]("", part[1]) for part in parts)
    expected = "".join(part if isinstance(part, str) else PLANTS[part[0]]("", "v0.5.0") for part in parts)

    audit = audit_files({"values.yaml": before})

    text = scan_files({"values.yaml": before}).files.get("values.yaml", Text("values.yaml", before))
    assert apply_replacements(text, audit.replacements) == expected
    assert len(audit.findings) == sum(1 for part in parts if not isinstance(part, str))


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=400))
def test_random_prose_has_no_findings(prose: str) -> None:
    assert audit_files({"README.md": prose, "values.yaml": prose}).findings == ()
