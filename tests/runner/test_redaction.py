"""No part of a secret is ever shown."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from release_actions.http.client import Http
from release_actions.runner.redaction import SHORTEST_SECRET, Redactor
from release_actions.runner.workflow import Workflow

SECRET = st.text(alphabet="abc", min_size=SHORTEST_SECRET, max_size=12)
"""Three letters, so that secrets begin, end, hold and overlap one another."""


def redactor(*secrets: str) -> Redactor:
    hiding = Redactor()
    hiding.hide(*secrets)
    return hiding


def redacted_by_hand(text: str, secrets: list[str]) -> str:
    """The same by marking every single character of every place."""
    marks = [False] * len(text)
    for secret in secrets:
        for start in range(len(text)):
            if text.startswith(secret, start):
                marks[start : start + len(secret)] = [True] * len(secret)
    runs = itertools.groupby(zip(text, marks, strict=True), key=lambda pair: pair[1])
    return "".join("***" if hidden else "".join(letter for letter, _ in run) for hidden, run in runs)


@given(st.lists(SECRET, max_size=5), st.data())
@example(["aaaaaa", "aaaaaab"], None)
def test_every_character_of_every_secret_is_hidden_and_no_other(secrets: list[str], data: st.DataObject | None) -> None:
    pieces = st.sampled_from([*secrets, "a", "b", "c", " ", "x"])
    text = "".join(data.draw(st.lists(pieces, max_size=12))) if data else "aaaaaab"

    shown = redactor(*secrets).redact(text)

    assert shown == redacted_by_hand(text, secrets)
    assert not any(secret in part for secret in secrets for part in shown.split("***"))


@given(st.permutations(["ghs_token", "ghs_token_of_the_registry", "token_of_another", "the_registry"]))
def test_the_order_in_which_secrets_were_hidden_does_not_count(secrets: list[str]) -> None:
    hiding = Redactor()
    for secret in secrets:
        hiding.hide(secret)

    assert hiding.redact("a ghs_token_of_the_registry, b ghs_token, c ghs_token_of_another") == "a ***, b ***, c ***"


@pytest.mark.parametrize("text", ["", "true", "main", "v1.0"])
def test_a_word_is_not_hidden(text: str) -> None:
    assert redactor(text).redact("true main v1.0") == "true main v1.0"


def test_each_line_of_a_key_is_hidden() -> None:
    hiding = redactor("-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----\n")

    assert hiding.redact("key MIIEvQIBADAN") == "key ***"


def test_a_token_that_a_request_hides_is_not_in_the_log_either(capsys: pytest.CaptureFixture[str]) -> None:
    log = Workflow({})
    with Http(log=log.info, redactor=log.redactor) as http:
        http.hide("token-of-the-registry")

    log.info("sent token-of-the-registry")

    assert capsys.readouterr().out == "sent ***\n"
