"""Every defect that is planted in clean notes is found: by its rule, in its line, and by no other rule."""

from __future__ import annotations

import pytest
from tests.notes import cleaned
from tests.notes.plants import PLANTS, PUMP, Plant, plant_defect

from release_actions.components.finding import Certainty, ComponentFinding
from release_actions.notes.evidence import NotesEvidence
from release_actions.notes.lint import RULES, lint
from release_actions.notes.lint_ignore import NAME


def line_of(plant: Plant, text: str) -> int:
    """The line that has to be told of."""
    lines = text.split("\n")
    if plant.line:
        return next(number for number, line in enumerate(lines, 1) if line.startswith(plant.line))
    clean = (cleaned.PLAIN if plant.plain else cleaned.LLM_D).split("\n")
    return next(number for number, (line, other) in enumerate(zip(lines, clean, strict=False), 1) if line != other)


def told(found: tuple[ComponentFinding, ...]) -> list[tuple[str, int]]:
    return [(finding.rule, finding.place.line if finding.place else 0) for finding in found]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.kind)
def test_a_planted_defect_is_found_where_it_is_and_nothing_else(plant: Plant) -> None:
    text, known = plant_defect(plant)
    found = lint(text, "notes.md", known)
    assert told(found) == [(plant.rule, line_of(plant, text))]
    (finding,) = found
    assert finding.certainty is (Certainty.CERTAIN if plant.certain else Certainty.SUSPICIOUS)
    assert finding.message.endswith(".")
    assert finding.hint.endswith(".")


def test_each_kind_is_another_one_and_there_are_many() -> None:
    assert len({plant.kind for plant in PLANTS}) == len(PLANTS) >= 80


def test_every_rule_has_a_plant() -> None:
    planted = {plant.rule for plant in PLANTS}

    assert {*RULES, NAME} - planted == set(), "add a plant to tests/notes/plants.py"
    assert planted - {*RULES, NAME} == set(), "tests/notes/plants.py plants what no rule reports"


@pytest.mark.parametrize("text", [cleaned.LLM_D, cleaned.PLAIN], ids=["llm-d", "plain"])
def test_nothing_is_told_of_clean_notes(text: str) -> None:
    assert lint(text, "notes.md", cleaned.evidence() if text is cleaned.LLM_D else PUMP) == ()
    assert lint(text, "notes.md", NotesEvidence()) == ()
    assert lint(text.replace("\n", "\r\n"), "notes.md", NotesEvidence()) == ()
