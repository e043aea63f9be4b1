"""The lines of other tools and projects that list a change, and those that only look like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.notes.reading import read

PULL = "https://github.com/acme/web/pull/7"
ADA = "[@ada](https://github.com/ada)"
SEVEN = f"[#7]({PULL})"
COMMIT = "[0123abc](https://github.com/acme/web/commit/0123abc)"

CREDITED = (
    f"* Fix it by @ada in {PULL}",
    f"1. Fix it by @ada in {PULL}",
    f"12) Fix it by @ada in {PULL}",
    f"- [x] Fix it by @ada in {PULL}",
    f"* Fix it by {ADA} in {SEVEN}",
    f"* Fix it by {ADA} and [@bob](https://github.com/bob) in {PULL}",
    f"- Fix it ({SEVEN}, {ADA}) [SIG Node]",
    f"- Fix it ({SEVEN}, {ADA} and [@bob](https://github.com/bob)) [SIG Node and SIG Testing]",
    f"- Fix it ({SEVEN}, {ADA}, [@bob](https://github.com/bob))",
    "- Fix it (#7, @ada, @bob) [SIG Node] [SIG Testing]",
    "- Fix it (#7, #8, @ada)",
    "- Fix it (#7 @ada)",
    f"- Fix it ({SEVEN} by [ada](https://github.com/ada))",
    "- Fix it (#7 by @ada)",
    "- Fix it (#7, thanks @ada)",
    "* Fix it (@ada, #7)",
    "* Fix it (@ada in #7)",
    f"* Fix it ({ADA} in {SEVEN})",
    "* Fix it (#7) @ada",
    "* Fix it (#7) - @ada",
    "* Fix it (#7) (@ada)",
    "* Fix it (#7) by @ada",
    f"* Fix it ({SEVEN}) by {ADA}.",
    "* Fix it (#7), thanks @ada!",
    "* Fix it #7 by @ada",
    "* Fix it [#7] @ada",
    "* Fix it @ada (#7)",
    "* Fix it by @ada (#7)",
    "* Fix it - @ada (#7)",
    "* Fix it - @ada - #7",
    "* Fix it, @ada, #7",
    "* Fix it (@ada) (#7)",
    f"* Fix it. PR {SEVEN} by {ADA}.",
    f"- {SEVEN} [`0123abc`](https://github.com/acme/web/commit/0123abc) Thanks {ADA}! - Fix it",
    "* #7: Fix it - @ada",
    f"* {SEVEN} Fix it ({ADA})",
    f"* {SEVEN} - Fix it (@ada)",
    f"- Fix it. ({SEVEN}, [@ada])",
    f"- Fix it ({SEVEN}, [@ada][1])",
    f"- Fix it ({SEVEN},{ADA})",
    f"- Fix it({SEVEN}, {ADA})",
    f"- Fix it ({SEVEN}[#8](https://github.com/acme/web/pull/8), {ADA})",
    "- Fix it (#7, @ada, #8, @bob)",
    f"* Fix it [7]({PULL}) (@ada)",
    f"* {COMMIT} {SEVEN} Fix it (@ada)",
    "- Fix it (#7,\n  @ada)",
    "* Fix it (#7, @ada) \N{WARNING SIGN}",
)
UNCREDITED = (
    "* Fix it (#7)",
    f"- Fix it ({SEVEN})",
    "- Fix it [#7]",
    f"- Fix it {SEVEN}",
    "* [#7] Fix it",
    f"* {SEVEN} Fix it",
    f"* {SEVEN}: Fix it",
    "* #7: Fix it",
    "* #7 - Fix it",
    f"* **{SEVEN}** - Fix it",
    f"* Fix it ({SEVEN}) ({COMMIT}), closes [#8](https://github.com/acme/web/issues/8)",
    f"* Fix it ({SEVEN}) ({COMMIT})",
    "* Fix it (#7), closes #8",
    "* 0123abc Fix it (#7)",
    f"* {COMMIT}: Fix it (#7)",
    "3. Fix it (#7).",
    f"* {COMMIT} {SEVEN} Fix it",
    f"* Fix it ([7]({PULL}))",
    f"* Fix it {SEVEN}[#8](https://github.com/acme/web/pull/8)",
    "* Fix it (#7) \N{WARNING SIGN}",
    "* Fix it (#7): It waits no more.",
)


@pytest.mark.parametrize("line", CREDITED)
def test_a_line_is_read_with_its_account(line: str) -> None:
    (change,) = read(f"{line}\n", "n.md").changes

    assert (change.title.rstrip("."), change.login, change.number, change.credited) == ("Fix it", "ada", 7, True)


@pytest.mark.parametrize("line", UNCREDITED)
def test_a_line_that_credits_no_account_is_read(line: str) -> None:
    (change,) = read(f"{line}\n", "n.md").changes

    assert (change.title.strip("."), change.login, change.number, change.credited) == ("Fix it", "", 7, False)


@pytest.mark.parametrize(
    "line", ["* Fix it (#7) by ada", f"* Fix it ({SEVEN}) by Ada Lovelace", f"* Fix it by Ada in {PULL}"]
)
def test_a_name_without_an_account_is_credited_to_no_account(line: str) -> None:
    (change,) = read(line, "n.md").changes

    assert (change.title, change.login, change.number, change.credited) == ("Fix it", "", 7, True)


@pytest.mark.parametrize("login", ["ada_corp", "ada-l", "ada\\_corp", "renovate[bot]", "a1"])
@pytest.mark.parametrize(
    "form", [f"* Fix it by @{{}} in {PULL}", "* Fix it (#7, @{})", "* Fix it @{} (#7)", "1. Fix it (#7) @{}"]
)
def test_an_account_is_read_whole(login: str, form: str) -> None:
    (change,) = read(form.format(login), "n.md").changes

    assert change.login == login.replace("\\", "")


@pytest.mark.parametrize("login", ["ada_corp", "ada"])
def test_a_contributor_of_an_enterprise_is_read_whole(login: str) -> None:
    (contributor,) = read(f"* @{login} made their first contribution in {PULL}", "n.md").contributors

    assert (contributor.login, contributor.number) == (login, 7)


@pytest.mark.parametrize(
    "line",
    [
        "* See issue 7 of acme",
        "* Thanks to @ada and @bob",
        "* Faster by 7 percent",
        "* `#7` is a colour",
        "* Part 7 (of 9)",
        "* Use the anchor #7 or #8 in links to pages",
    ],
)
def test_a_sentence_lists_no_change(line: str) -> None:
    assert read(line, "n.md").changes == ()


TITLES = st.text(alphabet="abc XYZ:()-_*`.,!", min_size=1, max_size=40).filter(
    lambda text: text.strip() and text[-1].isalnum()
)


@settings(max_examples=150, deadline=None)
@given(
    TITLES, st.integers(1, 10**9 - 1), st.sampled_from(["ada", "ada_corp", "a-b", "x[bot]"]), st.sampled_from(CREDITED)
)
def test_number_and_account_are_read_behind_any_title(title: str, number: int, login: str, form: str) -> None:
    line = form.replace("Fix it", f"W {title.strip()}").replace("#7", f"#{number}").replace("pull/7", f"pull/{number}")
    line = line.replace("@ada", f"@{login}").replace("[ada]", f"[{login}]")

    changes = read(line, "n.md").changes

    assert [(change.number, change.login) for change in changes] == [(number, login)]


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="* 1.#7@ab()[]-,:/\\_", max_size=300))
def test_any_line_is_read_within_a_moment(text: str) -> None:
    for change in read(f"* {text}", "n.md").changes:
        assert change.number
