"""Who is credited for what a program picked, and who wrote it too."""

from __future__ import annotations

import pytest

from release_actions.changes.authors import author_of
from release_actions.changes.credit import Originals, add_co_authors, credit_originals, find_picked_by_programs
from release_actions.changes.model import Author, MergedChange, MergedPull
from release_actions.changes.programs import is_program, mark_programs

SHA = "a" * 40
BOB = Author("bob", "Bob")
ORIGINAL = MergedPull(11, "Fix the cache (#11)", BOB, SHA, ("kind/bug",))
KNOWN = Originals({11: ORIGINAL}, {SHA: ORIGINAL})


def picked(title: str, by: str, text: str = "", message: str = "", sources: tuple[str, ...] = ()) -> MergedChange:
    one = MergedChange(title, Author(by), ("b" * 40,), 12, text=text, messages=(message or title,), sources=sources)
    return mark_programs([one], ["acme-backporter"])[0]


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("github-actions[bot]", "github-actions[bot]@users.noreply.github.com"),
        ("my-app[bot]", "my-app@example.com"),
        ("My App", "12+my-app[bot]@users.noreply.github.com"),
        ("My App", "12+my-app[bot]@users.noreply.git.example.com"),
        ("GitHub Actions", "actions@github.com"),
        ("CI", "action@github.com"),
        ("GitHub", "noreply@github.com"),
        ("Mend Renovate", "bot@renovateapp.com"),
        ("Renovate Bot", "renovate@whitesourcesoftware.com"),
        ("dependabot", "support@dependabot.com"),
        ("Mergify", "someone@example.com"),
        ("Kubernetes Prow Robot", "k8s-ci-robot@users.noreply.github.com"),
        ("Kubernetes Submit Queue", "k8s-merge-robot@users.noreply.github.com"),
        ("OpenShift Merge Robot", "openshift-merge-robot@users.noreply.github.com"),
        ("Copybara-Service", "copybara-worker@google.com"),
        ("Istio Automation", "istio-testing-bot@google.com"),
        ("knative-automation", "automation@knative.team"),
        ("Snyk bot", "snyk-bot@snyk.io"),
        ("StepSecurity Bot", "bot@stepsecurity.io"),
        ("pingcap-github-bot", "sre-bot@pingcap.com"),
        ("semantic-release-bot", "semantic-release-bot@martynus.net"),
        ("CodemodService Bot", ""),
    ],
)
def test_a_program_is_known_by_its_name_and_address(name: str, email: str) -> None:
    assert author_of(name, email).bot


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Jan Bot", "jan.bot@example.com"),
        ("Jan Bot", "1+janbot@users.noreply.github.com"),
        ("JesseBot", "jessebot@example.com"),
        ("Zheng Hao", "1+zhenghao-bot@users.noreply.github.com"),
        ("Sylvain Rabot", "sylvain@example.com"),
        ("Kristina Trotsko", "kristina@datarobot.example"),
        ("Henry Jenkins", "henry@example.com"),
        ("Travis Clarke", "travis.clarke@example.com"),
        ("Claude", "claude@example.com"),
        ("Ada Actions", "ada@github.com"),
    ],
)
def test_a_person_whose_name_looks_like_a_programs_is_a_person(name: str, email: str) -> None:
    author = author_of(name, email)
    one = MergedChange("Fix it", author, ("b" * 40,), 7)

    assert not author.bot
    assert mark_programs([one], ["acme-renovate"]) == (one,)


def test_a_program_that_the_configuration_names_is_known_by_the_name_of_its_commits() -> None:
    one = MergedChange("Bump a", author_of("acme-renovate", "it@acme.example"), ("b" * 40,), 7)

    assert mark_programs([one], ["Acme-Renovate"])[0].author.bot


def test_an_account_of_an_enterprise_is_read_from_its_address() -> None:
    assert author_of("Ada", "1+ada_corp@users.noreply.github.com").login == "ada_corp"


@pytest.mark.parametrize(
    "text",
    [
        "Backport of #11",
        "Backports #11.",
        "Backport PR #11",
        "This is a manual cherry-pick of #11",
        "This PR is a clean cherry-pick of #11",
        "Cherry-picked from #11",
        "Original PR: #11",
        "**Backport of #11**",
        "(cherry picked from #11)",
    ],
)
def test_the_text_of_a_commit_names_what_it_ports_too(text: str) -> None:
    one = picked("On the branch", "mergify[bot]", message=f"On the branch (#12)\n\n{text}\n")

    assert [change.number for change in credit_originals([one], KNOWN)] == [11]


def test_one_commit_of_several_that_ports_something_is_not_the_whole_change() -> None:
    one = MergedChange(
        "Two things", Author("x[bot]", bot=True), ("b" * 40, "c" * 40), 12, messages=("A\n\nBackport of #11", "B")
    )

    assert credit_originals([one], KNOWN) == (one,)


@pytest.mark.parametrize("by", ["mergify[bot]", "github-actions[bot]", "k8s-infra-cherrypick-robot", "acme-backporter"])
@pytest.mark.parametrize(
    ("title", "text", "message", "sources"),
    [
        ("Fix the cache (backport #11)", "", "", ()),
        ("[release-1.0] Fix the cache (#11)", "", "", ()),
        ("On the branch", "This is an automated cherry-pick of #11", "", ()),
        ("Fix the cache", "", f"Fix the cache\n\n(cherry picked from commit {SHA})", (SHA,)),
    ],
)
def test_a_pick_by_a_program_is_its_authors(
    by: str, title: str, text: str, message: str, sources: tuple[str, ...]
) -> None:
    one = picked(title, by, text, message, sources)

    (credited,) = credit_originals([one], KNOWN)

    assert (credited.title, credited.author, credited.number) == ("Fix the cache", BOB, 11)
    assert credited.labels == ("kind/bug",)


def test_a_pick_by_a_person_is_left_as_it_is() -> None:
    one = picked("Fix the cache (backport #11)", "ada")

    assert find_picked_by_programs([one]) == ()
    assert credit_originals([one], KNOWN) == (one,)


def test_what_a_program_wrote_stays_its_own() -> None:
    bump = picked("Bump a from 1 to 2 (backport #13)", "mergify[bot]")
    by_program = MergedPull(13, "Bump a from 1 to 2", Author("dependabot[bot]", bot=True))

    assert credit_originals([bump], Originals({13: by_program})) == (bump,)


def test_a_pick_whose_original_is_not_known_is_its_co_authors() -> None:
    message = "Fix the cache (backport #99)\n\nCo-authored-by: Bob <1+bob@users.noreply.github.com>"

    (credited,) = credit_originals([picked("Fix the cache (backport #99)", "mergify[bot]", "", message)], Originals())

    assert credited.author == BOB


def test_several_picks_in_one_credit_everybody() -> None:
    two = MergedPull(14, "Fix the queue", Author("eve"))
    one = picked("Backport #11 and #14", "mergify[bot]")

    (credited,) = credit_originals([one], Originals({11: ORIGINAL, 14: two}))

    assert (credited.number, credited.author, credited.others) == (12, BOB, (Author("eve"),))


def test_co_authors_are_people_and_each_once() -> None:
    message = (
        "Fix (#1)\n\nCo-authored-by: Bob <1+bob@users.noreply.github.com>\n"
        "Co-authored-by: Bob <1+bob@users.noreply.github.com>\n"
        "Co-authored-by: Ada <1+ada@users.noreply.github.com>\n"
        "Co-authored-by: Copilot <198982749+Copilot@users.noreply.github.com>\n"
        "Co-authored-by: Eve Example <eve@example.com>\n"
    )
    one = MergedChange("Fix", Author("ada", "Ada"), ("1" * 40,), 1, messages=(message,))

    (credited,) = add_co_authors([one], ())

    assert credited.others == (BOB, Author("", "Eve Example"))


@pytest.mark.parametrize(
    ("login", "expected"),
    [
        ("dependabot", True),
        ("Renovate[bot]", True),
        ("app/mergify", True),
        ("ada", False),
        ("", False),
        ("acme-bot", True),
    ],
)
def test_programs_are_known_by_one_list(login: str, *, expected: bool) -> None:
    assert is_program(login, ["acme-bot"]) is expected
