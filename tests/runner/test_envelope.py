from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import jsonschema
import pytest

from release_actions.errors import Place
from release_actions.runner import envelope
from release_actions.runner.context import Context
from release_actions.runner.envelope import Envelope, RunOfWorkflow, Verdict
from release_actions.runner.report import Finding, Level

NOON = datetime(2026, 8, 20, 14, 0, tzinfo=timezone(timedelta(hours=2)))
ERROR = Finding.of(Level.ERROR, "It is wrong.", hint="Mend it.", place=Place("a.yaml", 3, 1), rule="wrong")
WARNING = Finding.of(Level.WARNING, "It is odd.", rule="odd")
VALIDATOR = jsonschema.Draft202012Validator(
    envelope.schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)


def whole(**more: Any) -> Envelope:
    return Envelope("some-check", Verdict.FAIL, NOON, findings=(ERROR, WARNING), **more)


def test_a_report_says_what_is_judged_by_what_and_when() -> None:
    context = Context(
        repository="acme/server",
        server_url="https://github.com",
        environ={"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_WORKFLOW": "Release"},
    )
    made = whole(
        tag="v0.8.0",
        commit="a" * 40,
        configuration=envelope.digest_of(b"repository: acme/server\n"),
        run=RunOfWorkflow.of(context),
        details={"numbers": [1, 2]},
    )

    document = json.loads(made.text())

    VALIDATOR.validate(document)
    assert list(document) == [
        "report",
        "schema-version",
        "verdict",
        "tag",
        "commit",
        "as-of",
        "configuration",
        "run",
        "findings",
        "numbers",
    ]
    assert document["as-of"] == "2026-08-20T12:00:00Z"
    assert document["run"]["url"] == "https://github.com/acme/server/actions/runs/77"
    assert document["run"]["attempt"] == 2
    assert document["findings"][0] == {
        "rule": "wrong",
        "level": "error",
        "message": "It is wrong.",
        "hint": "Mend it.",
        "place": {"file": "a.yaml", "line": 3, "column": 1},
    }
    assert document["findings"][1]["place"] is None


def test_away_from_a_runner_nothing_is_made_up() -> None:
    document = whole(run=RunOfWorkflow.of(Context())).document()

    VALIDATOR.validate(document)
    assert document["run"] == {"repository": "", "workflow": "", "id": "", "attempt": 0, "url": ""}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("verdict", "ok"),
        ("schema-version", 2),
        ("commit", "main"),
        ("configuration", "md5:1"),
        ("findings", [{"rule": "x"}]),
        ("report", "Some Check"),
    ],
)
def test_the_schema_refuses_what_is_no_report(key: str, value: Any) -> None:
    document = {**whole().document(), key: value}

    assert not VALIDATOR.is_valid(document)


def test_every_key_of_the_frame_is_required() -> None:
    document = whole().document()

    assert all(not VALIDATOR.is_valid({k: v for k, v in document.items() if k != key}) for key in document)


def test_a_number_that_json_does_not_have_is_a_mistake_of_the_check() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        whole(details={"share": float("nan")}).text()


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [((), Verdict.PASS), ((WARNING,), Verdict.WARN), ((WARNING, ERROR), Verdict.FAIL)],
)
def test_the_loudest_finding_decides(findings: tuple[Finding, ...], verdict: Verdict) -> None:
    assert envelope.verdict_of(findings) is verdict
