"""Faults from a file: every key has its effect, every mistake its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.simulator.callers import PACKAGE, VERSIONS, Caller

from release_actions.errors import ConfigurationError, InputError
from release_actions.simulator import InProcess, World, build_image
from release_actions.simulator.fault_file import faults_from_list, faults_named
from release_actions.simulator.faults import PRESETS, Fault

EXAMPLE = Path(__file__).parents[2] / "examples" / "simulator" / "faults.yaml"


def test_a_fault_with_every_key() -> None:
    told = {
        "on": "GET|HEAD /v2/*",
        "name": "all",
        "server": "registry",
        "nth": 2,
        "times": 3,
        "probability": 0.5,
        "seed": "s",
        "in-a-row": 4,
        "latency": 0.25,
        "answer": 429,
        "retry-after": 5,
        "secondary-limit": True,
        "reset": "after",
        "truncate": True,
        "lag": 6,
        "tag-lag": 7,
    }
    assert faults_from_list([told]) == (
        Fault(
            "all",
            "GET|HEAD",
            "/v2/*",
            nth=2,
            times=3,
            probability=0.5,
            seed="s",
            in_a_row=4,
            latency=0.25,
            answer=429,
            retry_after=5,
            secondary=True,
            reset="after",
            truncate=True,
            lag=6,
            tag_lag=7,
            server="registry",
        ),
    )


def test_a_secondary_limit_is_a_403_unless_it_says_429() -> None:
    (fault,) = faults_from_list([{"on": "* *", "secondary-limit": True}])
    assert (fault.answer, fault.secondary, fault.method, fault.path) == (403, True, "*", "*")


@pytest.mark.parametrize(
    ("happening", "tags"),
    [
        ({"push": {"package": PACKAGE, "tags": ["v2"], "platforms": ["linux/arm64"], "content": "x"}}, {"v1", "v2"}),
        ({"tag": {"package": PACKAGE, "tag": "latest", "to": "v1"}}, {"v1", "latest"}),
        ({"delete": {"package": PACKAGE, "version": "v1"}}, set()),
        ({"vanish": True}, {"v1"}),
        ({"advance": 90}, {"v1"}),
    ],
    ids=["push", "tag", "delete", "vanish", "advance"],
)
def test_what_happens_before_a_request(world: World, happening: dict[str, Any], tags: set[str]) -> None:
    world.push(PACKAGE, build_image(seed="1"), ["v1"])
    start = world.now()
    call = Caller(InProcess(world, faults=faults_from_list([{"on": f"GET {VERSIONS}", "before": [happening]}])))
    call.versions()
    assert set(world.tags(PACKAGE)) == tags
    assert (world.now() > start) == ("advance" in happening)


def test_the_version_that_a_request_names_vanishes(world: World) -> None:
    world.push(PACKAGE, build_image(seed="1"), ["v1"])
    call = Caller(InProcess(world, faults=faults_from_list([{"on": "DELETE *", "before": [{"vanish": True}]}])))
    assert call.rest("DELETE", f"{VERSIONS}/{world.version(PACKAGE, 'v1').id}").status_code == 404


def test_a_name_is_a_preset_with_its_seed_or_a_file(tmp_path: Path) -> None:
    assert [fault.seed for fault in faults_named("flaky", seed="7")] == ["7"] * len(PRESETS["flaky"])
    (tmp_path / "mine.json").write_text('[{"on": "* *", "latency": 1}]', encoding="utf-8")
    assert faults_named("mine.json", folder=tmp_path) == (Fault(latency=1.0),)


def test_a_name_that_is_neither_tells_the_nearest() -> None:
    with pytest.raises(InputError, match="neither a preset of faults nor a file") as error:
        faults_named("flakey")
    assert error.value.hint == "Did you mean 'flaky'?"


def test_the_example_loads() -> None:
    assert len(faults_named(str(EXAMPLE))) == 4


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("- on: GET /x\n  latence: 1\n", "mine.yaml:2:3", "'latence' is not a key of a fault."),
        ("- on: GET\n  latency: 1\n", "mine.yaml:1:7", "'[0].on' is 'GET', which is not a request."),
        ("- on: GET /x\n  latency: soon\n", "mine.yaml:2:12", "'[0].latency' is 'soon', which is not a number"),
        ("- on: GET /x\n  probability: -1\n", "mine.yaml:2:16", "'[0].probability' is '-1', which is not a prob"),
        ("- on: GET /x\n  answer: 200\n", "mine.yaml:2:11", "'[0].answer' is '200'"),
        ("- on: GET /x\n  reset: now\n", "mine.yaml:2:10", "'[0].reset' is 'now'"),
        ("- on: GET /x\n", "mine.yaml:1:3", "A fault needs 'latency' or 'before'"),
        ("- on: GET /x\n  before:\n    - push: {}\n", "mine.yaml:3:13", "A push needs the key 'package'."),
        ("on: GET /x\n", "mine.yaml:1:1", "a mapping, which is not a list of faults"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, place: str, message: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        faults_named("mine.yaml", folder=tmp_path)
    assert [str(problem.place) for problem in error.value.problems if message in problem.message] == [place]
