"""A log of a release: what is in it cannot be changed, left out or moved without the first wrong line being named."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate import makers

from release_actions.gate import log as logs
from release_actions.gate.log import BrokenLogError, Log, read_log
from release_actions.gate.reports import Origin, read_report

RUN = {"id": "77", "attempt": 1}


def filled(lines: int = 4) -> Log:
    """A log with a first line and reports."""
    log = Log().append([logs.begin(makers.REPOSITORY, "", RUN, "ada")], makers.NOW)
    for number in range(1, lines):
        report = read_report(makers.content(tag=f"v0.5.{number}"), Origin.JOB, "audit.json")
        log = log.append([logs.of_report(report, "ada")], makers.NOW + timedelta(minutes=number))
    return log


def test_each_line_holds_the_digest_of_the_bytes_before_it() -> None:
    lines = filled().content().splitlines()

    assert [json.loads(line)["prev"] for line in lines[1:]] == [hashlib.sha256(line).hexdigest() for line in lines[:-1]]
    assert json.loads(lines[0])["prev"] == "0" * 64


def test_a_log_that_was_read_is_the_log_that_was_written() -> None:
    log = filled()

    assert read_log(log.content(), "v0.5.0.jsonl", repository="Acme/Web") == log
    assert read_log(b"", "v0.5.0.jsonl") == Log()


def test_what_is_logged_already_is_not_logged_again() -> None:
    log = filled()
    report = read_report(makers.content(tag="v0.5.1"), Origin.JOB, "audit.json")

    assert log.append([logs.of_report(report, "ada")], makers.NOW + timedelta(days=1)) == log


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_change_of_a_byte_goes_unnoticed_and_no_later_line_is_blamed(data: st.DataObject) -> None:
    content = bytearray(filled().content())
    place = data.draw(st.integers(0, len(content) - 1))
    line = bytes(content[:place]).count(b"\n") + 1
    content[place] = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))

    head = filled().head
    try:
        read = read_log(bytes(content), "v0.5.0.jsonl")
    except BrokenLogError as error:
        number = int(str(error).split()[1])
        assert line <= number <= line + 1
    else:
        # Only the last line has nothing after it that holds its digest: there the head has to be known.
        assert line == len(read.lines)
        assert read.head != head


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_line_that_is_missing_is_noticed(number: int) -> None:
    lines = filled().content().splitlines(keepends=True)

    with pytest.raises(BrokenLogError, match=rf"Line {number + 1} of v0.5.0.jsonl"):
        read_log(b"".join(lines[:number] + lines[number + 1 :]), "v0.5.0.jsonl")


def test_lines_in_another_order_are_noticed() -> None:
    lines = filled().content().splitlines(keepends=True)

    with pytest.raises(BrokenLogError, match=r"Line 2 of v0\.5\.0\.jsonl has the sequence number 2, not 1"):
        read_log(b"".join([lines[0], lines[2], lines[1], lines[3]]), "v0.5.0.jsonl")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (filled().content()[:-1], "is cut off"),
        (filled().content() + b'{"seq', "Line 5 .* is cut off"),
        (b"not JSON\n", "Line 1 .* is not JSON"),
        (b"{}\n", "is not a line of such a log"),
        (filled(1).content().replace(b'"seq":0', b'"seq": 0'), "is not in canonical form"),
        (filled(1).content().replace(b'"actor":"ada"', b'"actor":7'), "is not a line of such a log"),
        (filled(1).content().replace(b"2026-05-04T12:00:00Z", b"yesterday"), "a kind or a time that no such log has"),
        (filled(1).content().replace(b"2026-05-04T12:00:00Z", b"2026-05-04"), "a kind or a time that no such log has"),
        (b"[" * 50_000 + b"\n", "is not JSON"),
    ],
)
def test_a_file_that_is_no_log_is_refused_with_its_line(content: bytes, why: str) -> None:
    with pytest.raises(BrokenLogError, match=why):
        read_log(content, "v0.5.0.jsonl")


def test_the_log_of_another_repository_is_refused() -> None:
    with pytest.raises(BrokenLogError, match="this is the log of acme/web, not of acme/shop"):
        read_log(filled().content(), "v0.5.0.jsonl", repository="acme/shop")


def test_a_line_about_a_report_has_the_digests_that_it_names() -> None:
    outputs = {"lock-digest": "sha256:" + "a" * 64, "plan-digest": "", "tag": "v0.5.0", "other-digest": ["sha256:x"]}
    report = read_report(makers.content(outputs=outputs), Origin.JOB, "verify.json")

    run = logs.of_report(report, "ada").run

    assert {name: value for name, value in run.items() if name.endswith("-digest")} == {
        "lock-digest": "sha256:" + "a" * 64
    }


def test_lines_are_in_the_canonical_form_of_rfc_8785() -> None:
    # The order of keys and the text of this document are those of the RFC's rules, written down by hand.
    document = {"b": [1, True, None], "a": {"é": '\u20ac\n"/'}, "A": ""}

    assert logs.canonical(document) == '{"A":"","a":{"é":"€\\n\\"/"},"b":[1,true,null]}'.encode()
