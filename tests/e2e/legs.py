"""Our workflows as act can play them: one job for each leg of a matrix that hands results on through slots.

On GitHub the legs of a matrix share the outputs of their job, and each fills its own slot. In act the first leg that
ends is the only one with outputs. So the copy that act gets has the job several times, each for one entry of the
matrix, and the jobs that follow read all of them. Nothing else differs: `joined` undoes it, and a test holds the two
equal.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

LEGS = 14
"""Copies of a job: as many as the largest plan of the tests has entries."""

CALL = r"toJSON\(needs\.[\w-]+\)"
RESULTS = re.compile(rf"format\('\{{\{{(?P<keys>[^']*)\}}\}}', (?P<arguments>{CALL}(?:, {CALL})*)\)")
ENDED = re.compile(r"\(needs\.(?P<job>\w+)\.result == 'success' \|\| needs\.(?P=job)\.result == 'skipped'\)")
MATRIX = re.compile(r"\$\{\{ fromJSON\((?P<entries>.*)\) \}\}")
ABSENT = """fromJSON('{"absent":true}')"""


def has_slots(job: Mapping[str, Any]) -> bool:
    """Whether a job is a matrix whose legs fill slots."""
    return "strategy" in job and any(name.startswith("slot-") for name in job.get("outputs", {}))


def split(workflow: Mapping[str, Any], legs: int = LEGS) -> dict[str, Any]:
    """A workflow with one job for each leg."""
    slotted = [name for name, job in workflow["jobs"].items() if has_slots(job)]
    jobs: dict[str, Any] = {}
    for name, job in workflow["jobs"].items():
        if name in slotted:
            jobs.update({f"{name}-{leg}": leg_of(job, leg) for leg in range(legs)})
        else:
            jobs[name] = copy.deepcopy(job)
    for job in jobs.values():
        if isinstance(job.get("needs"), list):
            job["needs"] = [one for need in job["needs"] for one in copies(need, slotted, legs)]
        assert job.get("needs") not in slotted, "write it as a list"
    return {**workflow, "jobs": {name: replaced(job, slotted, legs) for name, job in jobs.items()}}


def copies(job: str, slotted: list[str], legs: int) -> list[str]:
    """The jobs that a job became."""
    return [f"{job}-{leg}" for leg in range(legs)] if job in slotted else [job]


def read(job: str) -> str:
    """The results of a job. act leaves the outputs of one that was skipped as the expressions that they are."""
    return f"(needs.{job}.result == 'skipped' && '{{}}' || toJSON(needs.{job}))"


def leg_of(job: Mapping[str, Any], leg: int) -> dict[str, Any]:
    """A job for one entry of its matrix."""
    found = copy.deepcopy(dict(job))
    match = MATRIX.fullmatch(job["strategy"]["matrix"])
    assert match
    entry = f"fromJSON({match['entries']}).include[{leg}]"
    one = '{{"include":[{0}]}}'
    found["strategy"]["matrix"] = f"${{{{ fromJSON(format('{one}', toJSON({entry} || {ABSENT}))) }}}}"
    condition = job["if"].removeprefix("${{ ").removesuffix(" }}")
    found["if"] = f"${{{{ {condition} && contains(toJSON({entry}), 'slot') }}}}"
    found["outputs"] = dict(list(job["outputs"].items())[: 2 * LEGS])
    return found


def replaced(value: Any, slotted: list[str], legs: int) -> Any:
    """A value in which what reads a job reads all of its copies."""

    def results(match: re.Match[str]) -> str:
        names = re.findall(r"needs\.(\w+)", match["arguments"])
        pairs = [(name, one) for name in names for one in copies(name, slotted, legs)]
        keys = ",".join(f'"{name}":{{{number}}}' for number, (name, _) in enumerate(pairs))
        return f"format('{{{{{keys}}}}}', {', '.join(read(one) for _, one in pairs)})"

    def ended(match: re.Match[str]) -> str:
        if match["job"] not in slotted:
            return match[0]
        found = copies(match["job"], slotted, legs)
        return "(" + " && ".join(match[0].replace(f"needs.{match['job']}.", f"needs.{one}.") for one in found) + ")"

    if isinstance(value, dict):
        return {key: replaced(one, slotted, legs) for key, one in value.items()}
    if isinstance(value, list):
        return [replaced(one, slotted, legs) for one in value]
    return ENDED.sub(ended, RESULTS.sub(results, value)) if isinstance(value, str) else value


def joined(workflow: Mapping[str, Any], original: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow that was split, with each leg put back: equal to the original if `split` changed nothing else.

    Raises `AssertionError` when two legs of a job differ in more than their number.
    """
    slotted = [name for name, job in original["jobs"].items() if has_slots(job)]
    jobs: dict[str, Any] = {}
    for name, job in workflow["jobs"].items():
        base, _, leg = name.rpartition("-")
        if base not in slotted:
            jobs[name] = together(job, slotted)
            continue
        whole = together(job, slotted)
        assert whole["strategy"].pop("matrix").count(f".include[{leg}]") == 1
        assert whole["if"].endswith(f".include[{leg}]), 'slot') }}}}")
        whole["strategy"]["matrix"] = original["jobs"][base]["strategy"]["matrix"]
        condition, _, _ = whole["if"].partition(" && contains(toJSON(fromJSON(")
        whole["if"] = condition + " }}"
        whole["outputs"] = original["jobs"][base]["outputs"]
        assert jobs.setdefault(base, whole) == whole
    return {**workflow, "jobs": jobs}


def together(value: Any, slotted: list[str]) -> Any:
    """A value in which what reads all copies of a job reads the job."""
    if isinstance(value, dict):
        found = {key: together(one, slotted) for key, one in value.items()}
        if isinstance(found.get("needs"), list):
            found["needs"] = list(dict.fromkeys(re.sub(r"-\d+$", "", need) for need in found["needs"]))
        return found
    if isinstance(value, list):
        return [together(one, slotted) for one in value]
    if not isinstance(value, str):
        return value
    for name in slotted:
        ended = f"(needs.{name}.result == 'success' || needs.{name}.result == 'skipped')"
        one = re.escape(ended).replace(re.escape(f"needs.{name}."), rf"needs\.{name}-\d+\.")
        value = re.sub(rf"\({one}(?: && {one})*\)", ended, value)
    value = re.sub(r"\(needs\.([\w-]+)\.result == 'skipped' && '\{\}' \|\| (toJSON\(needs\.\1\))\)", r"\2", value)
    match = RESULTS.search(value)
    if match:
        names = list(dict.fromkeys(re.findall(r"needs\.(\w+)", match["arguments"])))
        keys = ",".join(f'"{name}":{{{number}}}' for number, name in enumerate(names))
        calls = ", ".join(f"toJSON(needs.{name})" for name in names)
        value = value.replace(match[0], f"format('{{{{{keys}}}}}', {calls})")
    return value
