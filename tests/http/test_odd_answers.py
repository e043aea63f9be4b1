"""Whatever a server says, the end is an answer or an error in words."""

from __future__ import annotations

import dataclasses
import json

import pytest
import responses
from hypothesis import example, given, settings
from hypothesis import strategies as st

from release_actions.errors import RemoteError
from release_actions.http import client, waiting
from release_actions.http.answer import Response, read_message
from release_actions.http.links import find_next_page, resolve_address
from release_actions.http.origins import Origin

HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
ANSWER = Response("GET", "https://api.github.com/x", 403, "Forbidden", {}, b"", "read it")


LEAF = st.none() | st.integers() | st.text(st.characters(min_codepoint=0, max_codepoint=0xFFFF))
JSON = st.recursive(
    LEAF, lambda of: st.lists(of) | st.dictionaries(st.sampled_from(["message", "errors", "code", "detail"]), of)
)


@example(b'{"message": "half a pair \\ud800"}')
@settings(deadline=None)
@given(st.binary(max_size=200) | JSON.map(json.dumps).map(str.encode))
def test_words_of_any_body_are_one_line_that_can_be_printed(body: bytes) -> None:
    words = read_message(body)
    words.encode()
    assert len(words.splitlines()) <= 1


@settings(deadline=None)
@given(
    HEADER,
    st.sampled_from(
        [
            "",
            "Mon, 21 Sep 2026 14:14:00 GMT",
            "Fri, 31 Dec 9999 23:59:59 -2359",
            "Mon, 01 Jan 0001 00:00:00 +2359",
            "9" * 12,
        ]
    ),
)
def test_any_retry_after_is_seconds_or_nothing(noise: str, value: str) -> None:
    for header in (noise, value, value + noise):
        seconds = waiting.retry_after(dataclasses.replace(ANSWER, headers={"Retry-After": header}), 1_790_000_000.0)
        assert seconds is None or 0 <= seconds <= 1e9


@settings(deadline=None)
@given(st.integers(0, 10**13).map(str), st.integers(0, 10**13).map(str) | HEADER)
def test_any_limit_is_an_error_with_a_date(reset: str, retry_after: str) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset, "Retry-After": retry_after}
    for given_headers in (headers, {**headers, "Retry-After": ""}):
        with responses.RequestsMock() as web:
            web.get(ANSWER.url, status=429, headers=given_headers)
            with pytest.raises(RemoteError, match=r"until \d{4}-\d{2}-\d{2} "):
                client.Http(max_wait=0.5).request("GET", ANSWER.url, what="read it", credential=None)


@settings(deadline=None)
@given(
    HEADER,
    st.sampled_from(["<http://[::1{}>; rel=next", "<{}>; rel=next", '<{}>; rel="prev next"', "{}; rel=next", "{}"]),
)
def test_any_link_is_an_address_or_an_error(noise: str, form: str) -> None:
    response = dataclasses.replace(ANSWER, headers={"Link": form.format(noise)})
    try:
        found = find_next_page(response)
    except RemoteError as error:
        words = str(error)
        assert (
            "without saying where it is" in words or "an address that may not be spoken to" in words
        )  # either end is right
    else:
        assert found is None or Origin.of(found).scheme in {"http", "https"}


@settings(deadline=None)
@given(HEADER)
def test_any_redirect_is_to_a_safe_address_or_an_error(noise: str) -> None:
    try:
        address = resolve_address(ANSWER, noise, "redirects to")
    except RemoteError as error:
        assert "redirects to an address that may not be spoken to" in str(error)  # noqa: PT017  # either end is right
    else:
        origin = Origin.of(address)
        assert origin.scheme == "https" or origin.loopback


def as_go_writes_it(nanoseconds: int) -> str:
    """A duration by the rules of Go's `time.Duration.String`."""
    if nanoseconds == 0:
        return "0s"
    for unit, size in (("ns", 1), ("\u00b5s", 1_000), ("ms", 1_000_000)):
        if nanoseconds < size * 1000 and nanoseconds < 1_000_000_000:
            whole, rest = divmod(nanoseconds, size)
            return f"{whole}" + (f".{rest:0{len(str(size)) - 1}}".rstrip("0") if rest else "") + unit
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{seconds}" + (f".{rest:09}".rstrip("0") if rest else "") + "s"
    return (f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else "") + text


@example(63_500_000_000)
@example(880_092)
@settings(deadline=None)
@given(st.integers(0, 10**15) | st.integers(0, 10**6))
def test_any_duration_that_go_writes_is_read(nanoseconds: int) -> None:
    refusal = dataclasses.replace(ANSWER, message=f"x: retry-after: {as_go_writes_it(nanoseconds)}, allowed: 5/minute")

    seconds = waiting.wait_in_words(refusal)

    assert seconds == pytest.approx(nanoseconds / 1e9)
    assert waiting.describe_allowance(refusal) == 5


@settings(deadline=None)
@given(st.text("retry-after: 0123456789.nuµms,h", max_size=40))
def test_any_words_of_a_refusal_are_seconds_or_nothing(noise: str) -> None:
    for words in (noise, f"retry-after: {noise}"):
        seconds = waiting.wait_in_words(dataclasses.replace(ANSWER, message=words))
        assert seconds is None or 0 <= seconds <= 1e9
