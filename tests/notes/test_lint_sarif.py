"""Findings as SARIF: by OASIS's schema, and in the places where GitHub looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from tests.notes import cleaned
from tests.notes.plants import PLANTS

from release_actions.components.finding import ComponentFinding
from release_actions.notes import sarif
from release_actions.notes.evidence import NotesEvidence, Unreadable
from release_actions.notes.lint import RULES, lint, list_unrun
from release_actions.notes.lint_ignore import NAME

SCHEMA = json.loads((Path(__file__).parents[1] / "contract" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
EVERYTHING = "## One\n\nTODO\n\n" + "".join(
    f"{plant.new}\n" for plant in PLANTS if not plant.plain and len(plant.new) < 999
)


def log_of(text: str, evidence: NotesEvidence, path: str = "notes.md") -> dict[str, Any]:
    found = lint(text, path, evidence)
    log: dict[str, Any] = json.loads(sarif.write(found, list_unrun(evidence), text, path))
    Draft4Validator.check_schema(SCHEMA)
    assert list(Draft4Validator(SCHEMA).iter_errors(log)) == []
    return log


def results(log: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = log["runs"][0]["results"]
    return found


def test_the_schema_refuses_what_is_no_sarif() -> None:
    log = json.loads(sarif.write((), (), "", "notes.md"))
    log["runs"][0]["results"] = [{"ruleId": "x", "level": "fatal"}]
    assert len(list(Draft4Validator(SCHEMA).iter_errors(log))) == 2


def test_all_plants_at_once_are_valid_and_in_their_places() -> None:
    log = log_of(EVERYTHING, cleaned.evidence())
    driver = log["runs"][0]["tool"]["driver"]
    assert len(results(log)) > 30
    for result in results(log):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "notes.md"
        assert 1 <= place["region"]["startLine"] <= EVERYTHING.count("\n") + 1
        assert (result["level"] == "error") == (result["properties"]["certainty"] == "certain")


def test_every_rule_is_described() -> None:
    rules = {rule["id"]: rule for rule in log_of("", NotesEvidence())["runs"][0]["tool"]["driver"]["rules"]}
    assert set(rules) == set(RULES)
    for name, rule in rules.items():
        assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"])
        assert rule["helpUri"].endswith(f"docs/release-notes-lint.md#{name}")


def test_a_wrong_comment_is_a_rule_too() -> None:
    text = "<!-- release-notes-lint: ignore nothing at all -->\nText.\n"
    log = log_of(text, NotesEvidence())
    (result,) = results(log)
    assert log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == NAME


def test_the_place_that_disagrees_is_related() -> None:
    text = "| Component | Version |\n| --- | --- |\n| a/b | `v1` |\n| a/b | `v1` |\n"
    (result,) = results(log_of("## Component Summary\n\n" + text, NotesEvidence()))
    related = result["relatedLocations"][0]
    assert related["physicalLocation"]["region"]["startLine"] == 5
    (result,) = results(log_of(cleaned.LLM_D.replace("v0.14.0", "v0.14.1"), cleaned.evidence(manifest=None)))
    assert "physicalLocation" not in result["relatedLocations"][0]
    assert "notes of v0.4.2:9" in result["relatedLocations"][0]["message"]["text"]


def test_a_path_with_blanks_is_an_address() -> None:
    (result,) = results(log_of("TODO\n", NotesEvidence(), path="my notes/é.md"))
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "my%20notes/%C3%A9.md"


def test_a_finding_keeps_its_fingerprint_when_it_moves() -> None:
    def prints(text: str) -> list[str]:
        return [one["partialFingerprints"]["primaryLocationLineHash"] for one in results(log_of(text, NotesEvidence()))]

    assert prints("TODO: a\n\nTODO: b\n") == prints("New.\n\nTODO: a\n\nMore.\n\nTODO: b\n")
    assert len({one.partition(":")[0] for one in prints("TODO: a\n\nTODO: b\n")}) == 2
    twice = prints("TODO: a\n\nTODO: a\n")
    assert [one.partition(":")[2] for one in twice] == ["1", "2"]


def test_what_could_not_be_read_is_no_result() -> None:
    evidence = cleaned.evidence(tags=Unreadable("Could not list the tags.", "Try again."))
    run = log_of(cleaned.LLM_D, evidence)["runs"][0]
    assert run["results"] == []
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [one["message"]["text"] for one in invocation["toolExecutionNotifications"]]
    assert told == ["Could not list the tags. Try again."]


def test_rules_that_did_not_run_are_told() -> None:
    (invocation,) = log_of(cleaned.LLM_D, NotesEvidence())["runs"][0]["invocations"]
    told = {one["associatedRule"]["id"] for one in invocation["toolExecutionNotifications"]}
    assert told == {one.rule.name for one in list_unrun(NotesEvidence())}
    assert invocation["executionSuccessful"] is True


@pytest.mark.parametrize(("count", "shown"), [(5_001, 5_000), (3, 3)])
def test_no_more_than_github_shows(count: int, shown: int) -> None:
    (one,) = lint("TODO\n", "notes.md", NotesEvidence())
    found: tuple[ComponentFinding, ...] = (one,) * count
    assert len(json.loads(sarif.write(found, (), "TODO\n", "notes.md"))["runs"][0]["results"]) == shown
