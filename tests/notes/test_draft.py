"""Notes put on a draft release of the embedded GitHub."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.contract.exchange import Exchange
from tests.notes.histories import REPOSITORY, TOKEN, OnGitHub, Told

from release_actions import main
from release_actions.errors import ExitCode
from release_actions.notes import draft
from release_actions.notes.draft import add_mark, is_edited
from release_actions.simulator import Simulator, World
from release_actions.simulator.faults import Fault
from release_actions.simulator.repositories import Release

NOTES = "## What's Changed\n\n* Fix by @ada in https://github.com/acme/web/pull/1\n"
COMPONENTS = {
    "schema": 1,
    "release": "v1.1.0",
    "components": [{"id": "web", "name": "acme/web", "type": "Image", "version": "v1.1.0"}],
}


@pytest.fixture
def github() -> OnGitHub:
    github = OnGitHub()
    github.tag("v1.0.0", github.commit("start"))
    github.squash(Told(1, "Fix"))
    for tag in ("v1.1.0", "v1.1.0-rc.1", "v0.9.1"):
        github.tag(tag, github.tip("main")[0])
    github.release("v1.0.0")
    return github


@pytest.fixture
def world(github: OnGitHub) -> World:
    return github.world


class Drafts:
    """Runs the command in a workspace with notes."""

    def __init__(
        self, simulator: Simulator, github: OnGitHub, workspace: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.simulator = simulator
        self.github = github
        self.workspace = workspace
        self.capsys = capsys
        self.write(NOTES)

    def write(self, text: str, name: str = "release-notes.md") -> None:
        (self.workspace / name).write_text(text)

    def __call__(self, *flags: str, tag: str = "v1.1.0", code: int = ExitCode.PASS, token: str = TOKEN) -> Any:
        environ = {
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": token,
            "GITHUB_API_URL": self.simulator.api_url,
        }
        refs = dict(self.github.repository.git.refs)
        ended = main.main(["release-notes", "--json", "--mode", "publish-draft", "--tag", tag, *flags], environ)
        told = self.capsys.readouterr()
        assert ended == code, told.err
        assert self.github.repository.git.refs == refs
        return json.loads(told.out) if code == ExitCode.PASS else told.err

    def releases(self, tag: str = "v1.1.0") -> list[Release]:
        return [release for release in self.github.repository.releases.values() if release.tag == tag]

    def content(self, name: str, tag: str = "v1.1.0") -> bytes:
        (release,) = self.releases(tag)
        (asset,) = (asset for asset in release.assets.values() if asset.name == name)
        return self.github.world.blobs[asset.digest]

    def writes(self) -> list[str]:
        """Methods of the requests that change something."""
        return [entry.method for entry in self.simulator.requests.entries if entry.method not in {"GET", "HEAD"}]


@pytest.fixture
def drafts(simulator: Simulator, github: OnGitHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Drafts:
    return Drafts(simulator, github, tmp_path, capsys)


def test_a_draft_is_made_and_a_second_run_changes_nothing(drafts: Drafts) -> None:
    drafts.write(json.dumps(COMPONENTS), "components.json")
    outputs = drafts()
    (made,) = drafts.releases()
    assert (made.draft, made.prerelease, made.published) == (True, False, None)
    assert made.body.startswith(NOTES.rstrip())
    assert made.name == "v1.1.0"
    assert json.loads(drafts.content("components.json")) == COMPONENTS
    assert (outputs["release-id"], outputs["make-latest"], outputs["prerelease"]) == (str(made.id), True, False)
    assert drafts.writes() == ["POST", "POST"]
    again = drafts()
    assert drafts.writes() == ["POST", "POST"]
    assert drafts.releases() == [made]
    assert again == outputs


def test_new_notes_and_components_replace_those_of_the_draft(drafts: Drafts) -> None:
    drafts.write(json.dumps(COMPONENTS), "components.json")
    drafts()
    drafts.write(NOTES + "\nMore.\n")
    drafts.write(json.dumps(COMPONENTS, indent=1), "components.json")
    drafts()
    (made,) = drafts.releases()
    assert "More." in made.body
    assert drafts.content("components.json").startswith(b"{\n")
    assert drafts.writes() == ["POST", "POST", "PATCH", "DELETE", "POST"]


@pytest.mark.parametrize(
    ("tag", "prerelease", "latest"),
    [("v1.1.0", False, True), ("v1.1.0-rc.1", True, False), ("v0.9.1", False, False)],
)
def test_marks_follow_the_tag(
    drafts: Drafts,
    exchanges: list[Exchange],
    tag: str,
    prerelease: bool,  # noqa: FBT001  # a case
    latest: bool,  # noqa: FBT001  # a case
) -> None:
    outputs = drafts(tag=tag)
    (made,) = drafts.releases(tag)
    assert (made.prerelease, outputs["make-latest"]) == (prerelease, latest)
    (made,) = (json.loads(exchange.sent) for exchange in exchanges if exchange.method == "POST")
    # GitHub keeps it with the draft. "legacy", or nothing, would give the badge to what is published last.
    assert made["make_latest"] == str(latest).lower()


def test_a_published_release_is_not_touched(drafts: Drafts, github: OnGitHub) -> None:
    github.release("v1.1.0", "By hand.")
    assert "The release v1.1.0 is published already" in drafts(code=ExitCode.REFUSED)
    assert drafts.writes() == []


def test_several_drafts_are_nobodys_guess(drafts: Drafts, github: OnGitHub) -> None:
    for _ in range(2):
        github.release("v1.1.0", draft=True)
    assert "v1.1.0 has 2 drafts" in drafts(code=ExitCode.REFUSED)
    assert drafts.writes() == []


def test_what_a_person_wrote_is_kept_unless_told(drafts: Drafts) -> None:
    drafts()
    (made,) = drafts.releases()
    made.body = made.body.replace("Fix by", "A fix of everything by").replace("\n", "\r\n")
    drafts.write(NOTES + "\nMore.\n")
    assert "A person edited the draft" in drafts(code=ExitCode.REFUSED)
    assert "everything" in made.body
    drafts("--replace-edits", "true")
    assert "everything" not in made.body


def test_an_empty_draft_is_anybodys(drafts: Drafts, github: OnGitHub) -> None:
    made = github.release("v1.1.0", draft=True)
    drafts()
    assert made.body.startswith(NOTES.rstrip())
    assert drafts.writes() == ["PATCH"]


def test_the_rest_of_long_notes_goes_along(drafts: Drafts) -> None:
    address = "https://github.com/acme/web/releases/download/v1.1.0/release-notes-full.md"
    drafts.write(f"{NOTES}\nThe notes go on with 7 more changes in [release-notes-full.md]({address}).\n")
    drafts.write("left from before\n", "unrelated.md")
    assert "the rest is in release-notes-full.md" in drafts(code=ExitCode.BAD_INPUT)
    assert drafts.writes() == []
    drafts.write("everything\n", "release-notes-full.md")
    drafts()
    assert drafts.content("release-notes-full.md") == b"everything\n"


@pytest.mark.parametrize(
    ("text", "tag", "words"),
    [
        ("", "v1.1.0", "release-notes.md is empty."),
        ("x" * 125_000, "v1.1.0", "GitHub takes 125000 with a release"),
        (NOTES, "v1.2.0", "has no git tag v1.2.0"),
    ],
)
def test_what_cannot_be_a_draft(drafts: Drafts, text: str, tag: str, words: str) -> None:
    drafts.write(text)
    assert words in drafts(tag=tag, code=ExitCode.BAD_INPUT)
    assert drafts.writes() == []


def test_an_upload_that_broke_off_is_made_again(drafts: Drafts, github: OnGitHub) -> None:
    drafts.write(json.dumps(COMPONENTS), "components.json")
    drafts()
    (made,) = drafts.releases()
    (asset,) = made.assets.values()
    asset.digest = "sha256:" + "0" * 64
    drafts()
    assert json.loads(drafts.content("components.json")) == COMPONENTS


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("path", ["/repos/acme/web/releases", "/repos/acme/web/releases/*/assets"])
def test_a_request_without_a_clear_answer_is_looked_after(
    drafts: Drafts,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    after: bool,  # noqa: FBT001  # a case
) -> None:
    monkeypatch.setattr(draft, "PAUSE_SECONDS", (0.0, 0.0))
    drafts.write(json.dumps(COMPONENTS), "components.json")
    reset: Any = {"reset": "after"} if after else {"answer": 503}
    simulator.faults.add(Fault(method="POST", path=path, times=1, **reset))
    drafts()
    (made,) = drafts.releases()
    assert made.draft
    assert json.loads(drafts.content("components.json")) == COMPONENTS


def test_a_fault_that_stays_is_told(drafts: Drafts, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "PAUSE_SECONDS", (0.0,))
    simulator.faults.add(Fault(method="POST", path="/repos/acme/web/releases", times=2, answer=503))
    assert "make a draft release of v1.1.0" in drafts(code=ExitCode.UNKNOWN)
    drafts.write(json.dumps(COMPONENTS), "components.json")
    simulator.faults.add(Fault(method="POST", path="/repos/acme/web/releases/*/assets", times=2, answer=503))
    assert "add components.json" in drafts(code=ExitCode.UNKNOWN)
    drafts()
    assert len(drafts.releases()) == 1


def test_a_token_that_may_not_write_makes_nothing(drafts: Drafts) -> None:
    assert "contents" in drafts(token="ghs_reader", code=ExitCode.UNKNOWN)
    assert drafts.releases() == []


def test_only_a_text_with_its_own_digest_is_unedited() -> None:
    text = add_mark(NOTES)
    assert not is_edited(text)
    assert not is_edited(text.replace("\n", "\r\n"))
    assert not is_edited("")
    assert is_edited(NOTES)
    assert is_edited(text.replace("Fix", "Fix more"))
    assert is_edited(text + "Thanks to all.\n")


def put(drafts: Drafts, name: str, content: bytes) -> None:
    path = drafts.workspace / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_files_are_attached_with_their_checksums_as_sha256sum_reads_them(drafts: Drafts, tmp_path: Path) -> None:
    files = {"app-linux.tar.gz": b"\x1f\x8b\xff", "app-linux.tar.gz.intoto.jsonl": b"{}\n", "b.txt": b"b"}
    for name, content in files.items():
        put(drafts, f"dist/{name}", content)

    drafts("--assets", "dist/*.tar.gz\ndist/**/*.jsonl\ndist/*", "--checksums", "SHA256SUMS")

    (made,) = drafts.releases()
    assert {asset.name for asset in made.assets.values()} == {*files, "SHA256SUMS"}
    assert {name: drafts.content(name) for name in files} == files
    (tmp_path / "dist" / "SHA256SUMS").write_bytes(drafts.content("SHA256SUMS"))
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "dist", capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout.count(b": OK")) == (0, 3)


def test_a_second_run_uploads_only_what_changed(drafts: Drafts) -> None:
    for name in ("a.bin", "b.bin"):
        put(drafts, name, b"\xff" + name.encode())
    drafts("--assets", "*.bin")
    before = len(drafts.writes())
    drafts("--assets", "*.bin")
    assert len(drafts.writes()) == before
    put(drafts, "b.bin", b"\xfe")

    drafts("--assets", "*.bin")

    assert drafts.writes()[before:] == ["DELETE", "POST"]
    assert drafts.content("b.bin") == b"\xfe"


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--assets", "dist/*.zip"), "Input 'assets' has 'dist/*.zip', which matches no file."),
        (("--assets", "../*"), "Input 'assets' has '../*', which leads out of the workspace."),
        (("--assets", "/etc/passwd"), "Input 'assets' has '/etc/passwd', which leads out of the workspace."),
        (("--assets", "link"), "link is a link that leads out of the workspace."),
        (("--assets", "one/a\ntwo/a"), "Input 'assets' matches two files of the name a."),
        (("--assets", "odd/*"), "Input 'assets' matches 'a b', which GitHub would give another name."),
        (("--assets", "components.json"), "Input 'assets' matches components.json, which this action attaches itself."),
        (("--assets", "one/a", "--checksums", "a"), "Input 'checksums' is 'a', which is the name of an asset"),
        (
            ("--assets", "one/a", "--checksums", "x/y"),
            "Input 'checksums' is 'x/y', which is the name of an asset or no",
        ),
        (("--checksums", "SHA256SUMS"), "Input 'checksums' is set, and 'assets' names no file."),
    ],
)
def test_files_that_cannot_be_attached_are_refused_before_anything_is_written(
    drafts: Drafts, flags: tuple[str, ...], words: str
) -> None:
    for name in ("one/a", "two/a", "odd/a b"):
        put(drafts, name, b"x")
    drafts.write(json.dumps(COMPONENTS), "components.json")
    (drafts.workspace / "link").symlink_to("/etc/passwd")

    assert words in drafts(*flags, code=ExitCode.BAD_INPUT)

    assert drafts.writes() == []
