"""docs/security.md: every hand-over between jobs has a row, and every row names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / ".github" / "workflows"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in PAGE.partition("| From, to |")[2].partition("\n\n")[0].splitlines()[2:]
]
READ = re.compile(r"needs\.(?P<job>\w+)(?:\.outputs\.[\w-]+|\.result|\))")


def jobs(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))["jobs"]
    return found


def test_every_row_names_a_test_of_its_own_which_names_the_row() -> None:
    assert len(ROWS) >= 20
    tests: set[str] = set()
    for row in ROWS:
        assert len(row) == 6, row
        assert all(row), row
        (named,) = re.findall(r"`([^`]+)`", row[5])
        file, _, name = named.partition("::")
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        (source,) = (ast.get_source_segment(text, node) for node in functions if node.name == name)
        assert source, named
        assert f"# Hand-over: {row[0]}.\n" in source, named
        tests.add(named)
    assert len(tests) == len(ROWS)


def test_every_job_whose_results_another_one_reads_has_a_row() -> None:
    rows = {row[0] for row in ROWS}
    for name in ("build-and-publish.yml", "ci-release.yaml", "build-image.yml"):
        for taker, job in jobs(name).items():
            # A command's results travel as those of a build.
            givers = {"build" if giver == "command" else giver for giver in READ.findall(yaml.safe_dump(job))}
            assert {f"{giver}, {taker}" for giver in givers} <= rows, name


def test_nothing_that_is_decided_by_travels_in_an_artifact() -> None:
    for file in (*WORKFLOWS.glob("*build*"), WORKFLOWS / "ci-release.yaml"):
        downloading = {
            name
            for name, job in yaml.safe_load(file.read_text(encoding="utf-8"))["jobs"].items()
            if "download-artifact" in str(job)
        }
        assert downloading <= {"gate"}, "where a report counts by the digest that is the output of its job"


def test_one_program_writes_the_index_of_what_belongs_to_a_digest() -> None:
    steps = jobs("build-and-publish.yml")["sign"]["steps"]
    writers = [step["name"] for step in steps if "cosign sign" in step.get("run", "")]
    attests = [step["with"]["push-to-registry"] for step in steps if "actions/attest@" in step.get("uses", "")]
    assert writers == ["Sign the image and its platforms", "Sign again what is lost"]
    assert attests == [False, False]


def test_a_slot_is_declared_for_every_leg_that_can_be() -> None:
    slots = [f"slot-{number}" for number in range(256)]
    for name in ("build", "command", "scan"):
        assert list(jobs("build-and-publish.yml")[name]["outputs"]) == slots


def test_a_forks_code_is_only_checked_out_where_the_event_brings_it() -> None:
    for file in WORKFLOWS.glob("*build*"):
        allowed = re.findall(r"allow-unsafe-pr-checkout: (.*)", file.read_text(encoding="utf-8"))
        assert set(allowed) <= {"${{ github.event_name == 'pull_request_target' }}"}


def test_the_slsa_table_judges_every_requirement_in_every_column() -> None:
    table = PAGE.partition("| Requirement | From level |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in table]
    assert len(rows) == 13
    assert all(len(row) == 6 and all(row[2:5]) for row in rows)
    # Build level 3 has all of these: slsa.dev/spec/v1.0/requirements.
    assert [row[1] for row in rows[:-1]].count("1") == 4
    assert [row[1] for row in rows[:-1]].count("2") == 2
    assert [row[1] for row in rows[:-1]].count("3") == 6


def test_the_slsa_table_names_every_option_that_changes_who_builds() -> None:
    table = PAGE.partition("| Requirement | From level |")[2].partition("\n\n")[0]
    (level,) = (line for line in table.splitlines() if line.startswith("| **Level** |"))
    fields = {"cache-from", "buildkitd-flags", "driver-opts"}
    setup = next(
        step["with"]
        for step in jobs("build-and-publish.yml")["build"]["steps"]
        if step.get("uses", "").startswith("docker/setup-buildx-action@")
    )
    given = {name for text in map(str, setup.values()) for name in re.findall(r"matrix\.([a-z-]+)", text)}

    # What a project says about the builder: all of it has to be in the row of the level.
    assert given == {"buildkitd-flags", "driver-opts"}
    assert all(f"`{name}`" in level for name in fields)
    assert "`image=`" in table
    assert "`network=host`" in table


def test_no_build_can_ask_for_an_entitlement() -> None:
    steps = jobs("build-and-publish.yml")["build"]["steps"]
    (setup,) = (step["with"] for step in steps if step.get("uses", "").startswith("docker/setup-buildx-action@"))
    builds = [step["with"] for step in steps if step.get("uses", "").startswith("docker/build-push-action@")]

    # Empty flags are `--allow-insecure-entitlement` for all there are (docker/setup-buildx-action, src/context.ts).
    assert setup["buildkitd-flags"] == "${{ matrix.buildkitd-flags || '--oci-worker=auto' }}"
    assert len(builds) == 2
    assert all("allow" not in build for build in builds)
