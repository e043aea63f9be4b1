"""What the legs of a matrix hand on: every value says what it is about, and a contradiction refuses all of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.errors import InputError, PolicyError
from release_actions.images.image_list import SLOT_COUNT, parse_entry
from release_actions.images.manifests import Platform
from release_actions.images.slots import list_promises, read_slots

APP, WEB = "ghcr.io/acme/app", "ghcr.io/acme/web"
A, B = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
AMD, ARM = Platform("linux", "amd64"), Platform("linux", "arm64")


def entry(package: str, slots: dict[str, int], job: str = "build") -> Any:
    return {"package": package, "tags": ["v1"], "platforms": list(slots), "slots": slots, "job": job}


PLAN = [
    parse_entry(entry(APP, {"linux/amd64": 0, "linux/arm64": 1})),
    parse_entry(entry(WEB, {"linux/amd64": 2}, job="command")),
]
PROMISES = list_promises(PLAN)
FIRST, SECOND, THIRD = f"0 {APP} linux/amd64 {A} 1", f"1 {APP} linux/arm64 {B} 2", f"2 {WEB} linux/amd64 {B} 1"


def results(build: dict[str, str], command: dict[str, str]) -> str:
    jobs = {"build": {"result": "success", "outputs": build}, "command": {"result": "failure", "outputs": command}}
    return json.dumps(jobs)


def refused(text: str, attempt: int = 2) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read_slots(text, PROMISES, attempt, "build-results")
    return [problem.message for problem in caught.value.problems]


def test_values_that_the_plan_promised_are_read() -> None:
    text = results({"slot-0": FIRST, "slot-1": SECOND, "slot-3": ""}, {"slot-2": THIRD, "other": "x"})

    values = read_slots(text, PROMISES, 2, "build-results")

    assert [(v.promise.package, v.promise.platform, v.digest, v.attempt) for v in values] == [
        (APP, AMD, A, 1),
        (APP, ARM, B, 2),
        (WEB, AMD, B, 1),
    ]


def test_jobs_that_were_skipped_have_said_nothing() -> None:
    assert read_slots('{"build": {"result": "skipped", "outputs": {}}, "command": {}}', PROMISES, 1, "x") == ()


@pytest.mark.parametrize(
    ("build", "command", "message"),
    [
        (
            {"slot-0": SECOND},
            {},
            f"Slot 0 of the job build is about '1 {APP} linux/arm64', but the plan gave the slot to",
        ),
        ({"slot-0": FIRST.replace(APP, WEB)}, {}, f"Slot 0 of the job build is about '0 {WEB} linux/amd64'"),
        ({"slot-0": FIRST.replace("amd64", "arm64")}, {}, f"Slot 0 of the job build is about '0 {APP} linux/arm64'"),
        ({"slot-9": f"9 {APP} linux/amd64 {A} 1"}, {}, "Slot 9 of the job build has the value"),
        ({"slot-2": THIRD}, {}, "Slot 2 of the job build has a value, but the plan gave the slot to the job command."),
        ({}, {"slot-0": FIRST}, "Slot 0 of the job command has a value, but the plan gave the slot to the job build."),
        (
            {"slot-0": FIRST.replace(" 1", " 3")},
            {},
            "Slot 0 of the job build is from attempt '3', and this is attempt 2",
        ),
        ({"slot-0": FIRST.replace(" 1", " 0")}, {}, "Slot 0 of the job build is from attempt '0'"),
        ({"slot-0": FIRST.replace(A, "latest")}, {}, "Slot 0 of the job build has 'latest', which is not a digest."),
        ({"slot-0": "x"}, {}, "Slot 0 of the job build has 'x', which is not SLOT PACKAGE PLATFORM DIGEST ATTEMPT."),
    ],
)
def test_a_value_that_the_plan_did_not_promise_is_refused(
    build: dict[str, str], command: dict[str, str], message: str
) -> None:
    # Hand-over: build, merge.
    (said,) = refused(results(build, command))

    assert said.startswith(message)


def test_every_contradiction_is_reported() -> None:
    assert len(refused(results({"slot-0": SECOND, "slot-1": FIRST, "slot-9": "x"}, {}))) == 3


def test_two_values_of_one_slot_are_refused() -> None:
    other = FIRST.replace(A, B)
    text = f'{{"build": {{"outputs": {{"slot-0": "{FIRST}"}}}}, "build": {{"outputs": {{"slot-0": "{other}"}}}}}}'

    assert refused(text) == ["Slot 0 of the job build has two different values."]


@pytest.mark.parametrize("text", ["", "x", "[]x", "[1]", '{"build": 1}', '{"build": {"outputs": 1}}', "null"])
def test_results_of_another_form_are_an_error(text: str) -> None:
    with pytest.raises(InputError, match="Input 'build-results' is not the results of jobs"):
        read_slots(text, PROMISES, 1, "build-results")


@given(st.dictionaries(st.sampled_from([f"slot-{n}" for n in range(4)]), st.text(max_size=60)))
def test_whatever_a_job_writes_is_read_or_refused(outputs: dict[str, str]) -> None:
    try:
        values = read_slots(results(outputs, {}), PROMISES, 1, "build-results")
    except PolicyError:
        return
    assert {value.promise.slot for value in values} <= {0, 1}


def test_the_longest_results_of_every_slot_fit_into_one_variable() -> None:
    # What one string of a program's environment may hold, on Linux.
    most = 128 * 1024
    package = f"ghcr.io/{'n' * 255}"
    build = {f"slot-{n}": f"{n} {package} linux/s390x/abcdef {A} 50" for n in range(SLOT_COUNT)}
    nothing = dict.fromkeys(build, "")
    jobs = {name: {"result": "success", "outputs": outputs} for name, outputs in (("b", build), ("c", nothing))}

    # As GitHub's toJSON writes it, with the name of the variable.
    text = f"INPUT_BUILD_RESULTS={json.dumps(jobs, indent=2)}"

    assert len(text) < most
