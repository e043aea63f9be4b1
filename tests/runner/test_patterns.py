"""No expression of a user hangs a run, and each matches as Python's `re` does."""

from __future__ import annotations

import re
import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.errors import InputError
from release_actions.runner import patterns
from release_actions.runner.patterns import Pattern

HANGS = [
    (r"(a+)+b", "a" * 60),
    (r"(a|a)*b", "a" * 60),
    (r"(a|aa)+$", "a" * 80 + "!"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60),
    (r"(.*,){20}x", "1," * 60),
]


def in_a_thread(act: Callable[[], Any]) -> Any:
    """What an act returns or raises in a thread that is not the main one."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(act())
        except InputError as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    assert results, "it hangs"
    if isinstance(results[0], InputError):
        raise results[0]
    return results[0]


def here(act: Callable[[], Any]) -> Any:
    return act()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS_PER_MATCH", 0.5)


@pytest.mark.parametrize("where", [here, in_a_thread])
@pytest.mark.parametrize(("expression", "text"), HANGS)
def test_an_expression_that_tries_every_way_ends_with_an_error(
    where: Callable[[Callable[[], Any]], Any], expression: str, text: str
) -> None:
    pattern = Pattern(expression)
    began = time.monotonic()

    with pytest.raises(InputError) as caught:
        where(lambda: pattern.matches_whole(text))

    assert time.monotonic() - began < 10
    assert f"The pattern {expression!r} takes too long on {text[:60]!r}." in str(caught.value)
    assert "a+ instead of (a+)+" in caught.value.hint


@pytest.mark.parametrize("method", ["matches_whole", "is_in", "find"])
def test_every_way_to_match_is_limited(method: str) -> None:
    with pytest.raises(InputError, match="takes too long"):
        getattr(Pattern(r"(a+)+b"), method)("a" * 60)


def test_many_slow_matches_end_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS_PER_PATTERN", 0.3)
    pattern = Pattern(r"(a+)+b")
    began = time.monotonic()

    with pytest.raises(InputError, match="takes too long"):
        any(pattern.matches_whole("a" * 19) for _ in range(10_000))

    assert time.monotonic() - began < 5


def test_a_long_expression_is_not_compiled() -> None:
    with pytest.raises(InputError, match="has 2001 characters") as caught:
        Pattern("a" * 2001)
    assert caught.value.hint == "Write one of at most 2000."


@pytest.mark.parametrize("where", [here, in_a_thread])
@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([r"(v)?[0-9]+", r"pr-([0-9]+)", r"(a)|(b)", r"^x(.*)$", r"([^-]*)-(.*)", "(\u00e9|\\n)"]),
    st.text("v0123pr-abx\n\u00e9\ud7ff", max_size=12),
)
def test_it_matches_as_re_does(where: Callable[[Callable[[], Any]], Any], expression: str, text: str) -> None:
    pattern, plain = Pattern(expression, re.MULTILINE), re.compile(expression, re.MULTILINE)

    found = where(lambda: (pattern.matches_whole(text), pattern.is_in(text), pattern.find(text)))

    expected = [(match.start(1), tuple(group or "" for group in match.groups())) for match in plain.finditer(text)]
    assert found == (bool(plain.fullmatch(text)), bool(plain.search(text)), expected)


def test_another_alarm_is_put_back() -> None:
    def theirs(*_: object) -> None: ...

    before = signal.signal(signal.SIGALRM, theirs)
    try:
        assert Pattern("a").is_in("cat")
        assert signal.getsignal(signal.SIGALRM) is theirs
    finally:
        signal.signal(signal.SIGALRM, before)


def test_what_is_no_expression_says_so() -> None:
    with pytest.raises(re.error):
        Pattern("(")
    assert Pattern("(a)(b)").groups == 2
