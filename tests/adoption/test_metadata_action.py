"""Our reading of docker/metadata-action, held to what runs of the action gave (scripts/metadata_action.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import metadata_action as recorded
from release_actions.adoption.events import Event, Occasion
from release_actions.adoption.metadata_action import make_tags

ROOT = Path(__file__).parents[2]
OCCASIONS = {
    "main": Occasion.TRUNK,
    "a branch": Occasion.BRANCH,
    "a release": Occasion.FINAL,
    "a candidate": Occasion.CANDIDATE,
    "a pull request": Occasion.PULL,
    "a night": Occasion.NIGHT,
}
THEIRS = json.loads(recorded.RECORDED.read_text(encoding="utf-8"))
EXAMPLES = {example["name"]: example for example in yaml.safe_load(recorded.EXAMPLES.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", THEIRS)
def test_an_example_gives_the_tags_that_the_action_gave(name: str) -> None:
    example = EXAMPLES[name]

    ours = {
        title: list(make_tags(example["tags"], example.get("flavor", []), make_event(title), recorded.NOW).tags)
        for title in recorded.EVENTS
    }

    assert {title: sorted(tags) for title, tags in ours.items()} == {
        title: sorted(tags) for title, tags in THEIRS[name].items()
    }


def make_event(title: str) -> Event:
    name, ref = recorded.EVENTS[title]
    return Event(OCCASIONS[title], name, ref, "main", "acme/web")
