"""Who may approve a path, by OWNERS files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from release_actions.errors import ConfigurationError, InputError
from release_actions.people.from_checkout import read_owners
from release_actions.people.owners import ALIASES, parse_owners
from release_actions.runner import patterns

ROOT = "approvers: [Ada]\nreviewers: [rita]\n"


def test_owners_of_every_folder_on_the_way_up_may_approve() -> None:
    owners = parse_owners({"OWNERS": ROOT, "docs/OWNERS": "approvers: [dora]", "docs/a/OWNERS": "reviewers: [alf]"})

    assert owners.find_approvers("docs/a/page.md") == {"ada", "dora"}
    assert owners.find_approvers("README.md") == {"ada"}


def test_a_folder_with_the_same_beginning_is_another_folder() -> None:
    owners = parse_owners({"doc/OWNERS": "approvers: [dora]"})

    assert owners.find_approvers("docs/page.md") == frozenset()


def test_a_file_without_parents_ends_the_way_up_if_it_names_somebody() -> None:
    alone = "options: {no_parent_owners: true}\n"
    owners = parse_owners(
        {"OWNERS": ROOT, "api/OWNERS": f"{alone}approvers: [alf]", "cmd/OWNERS": f"{alone}reviewers: [carl]"}
    )

    assert owners.find_approvers("api/v1/types.go") == {"alf"}
    # As in Prow: a file that names no approver does not take the others away.
    assert owners.find_approvers("cmd/main.go") == {"ada"}


def test_filters_name_owners_by_the_path_below_the_file() -> None:
    text = "filters:\n  \"\\\\.go$\": {approvers: [gopher]}\n  '^api/': {approvers: [alf]}\n"
    owners = parse_owners({"pkg/OWNERS": text})

    assert owners.find_approvers("pkg/api/types.go") == {"gopher", "alf"}
    assert owners.find_approvers("pkg/main.go") == {"gopher"}
    assert owners.find_approvers("pkg/README.md") == frozenset()


def test_filters_are_not_read_beside_owners_of_everything() -> None:
    owners = parse_owners({"OWNERS": "approvers: [ada]\nfilters:\n  '.*': {approvers: [eve]}\n"})

    assert owners.find_approvers("a.go") == {"ada"}


def test_aliases_mean_their_people_in_any_spelling() -> None:
    owners = parse_owners(
        {
            ALIASES: "aliases:\n  Leads: ['@Lea', lou]\n",
            "OWNERS": "approvers: [leads, ada]",
            f"sub/{ALIASES}": "aliases: {leads: [eve]}",
        }
    )

    assert owners.find_approvers("sub/x") == {"lea", "lou", "ada"}
    assert owners.find_reviewers("x") == {"lea", "lou", "ada"}


def test_unknown_keys_and_empty_files_are_read_as_prow_reads_them() -> None:
    owners = parse_owners({"OWNERS": "emeritus_approvers: [old]\napprovers:\n", "a/OWNERS": "", ALIASES: "aliases:\n"})

    assert owners.find_approvers("a/x") == frozenset()


@pytest.mark.parametrize(
    ("path", "text", "line", "words"),
    [
        ("a/OWNERS", "approvers: ada\n", 1, "approvers is not a list of logins."),
        ("OWNERS", "reviewers: []\napprovers: [{a: b}]\n", 2, "approvers is not a list of logins."),
        ("OWNERS", "- ada\n", 1, "The file is not a mapping such as approvers: [octocat]."),
        ("OWNERS", "filters:\n  '(': {approvers: [ada]}\n", 2, "The filter '(' is not a regular expression"),
        (ALIASES, "aliases: [a]\n", 1, "aliases is not a mapping of aliases to lists of logins."),
        ("OWNERS", "approvers: [ada\n", 2, ""),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_with_its_place(path: str, text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_owners({path: text})

    (problem,) = caught.value.problems
    assert problem.place is not None
    assert (problem.place.file, problem.place.line) == (path, line)
    assert problem.message.startswith(words)


def test_owners_come_from_the_commit_that_is_named(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-C", str(tmp_path), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "OWNERS").write_text("approvers: [ada]\n")
    git("add", "."), git("commit", "--quiet", "-m", "base")
    base = git("rev-parse", "HEAD")
    (tmp_path / "OWNERS").write_text("approvers: [eve]\n")
    git("commit", "--quiet", "-a", "-m", "Let me in")

    assert read_owners(tmp_path, base).find_approvers("x") == {"ada"}
    assert read_owners(tmp_path, "HEAD").find_approvers("x") == {"eve"}


def test_a_filter_that_takes_too_long_ends_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS_PER_MATCH", 0.2)
    owners = parse_owners({"OWNERS": 'filters: {"(a+)+[.]go$": {approvers: [ada]}}'})

    with pytest.raises(InputError) as caught:
        owners.find_approvers("a" * 60)

    assert "'(a+)+[.]go$' takes too long" in str(caught.value)
