"""validate: every mistake of an adoption at its line, before anything runs."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import moving
from release_actions import main
from release_actions.adoption.peers import PEERS
from release_actions.errors import ExitCode

ROOT = Path(__file__).parents[2]
RELEASE = """\
repository: acme/web
channels:
  dev: {name: "{image}-dev"}
images:
  web:
    platforms: [linux/amd64]
    dockerfile: Dockerfile
cleanup:
  dev-images:
    channel: dev
    delete-tags: [sha-*]
"""
CLEANUP = """\
on: {workflow_dispatch: {}}
permissions: {}
jobs:
  clean-up:
    runs-on: ubuntu-24.04
    permissions: {contents: read, packages: write, pull-requests: read}
    steps:
      - uses: llm-d/release-actions/ghcr-cleanup@v1
        with:
          packages: web
"""
RELEASING = """\
on: {push: {tags: ["v*"]}}
permissions: {}
jobs:
  release:
    permissions:
      actions: read
      attestations: write
      contents: read
      id-token: write
      packages: write
      security-events: write
    uses: llm-d/release-actions/.github/workflows/ci-release.yaml@v1
"""

Validate = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with one image that is adopted without a mistake."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "release.yaml").write_text(RELEASE, encoding="utf-8")
    (tmp_path / "Dockerfile").write_text("FROM scratch AS base\nFROM base AS runtime\nARG FLAVOUR\n", encoding="utf-8")
    write_workflow(tmp_path, CLEANUP, "cleanup.yml")
    write_workflow(tmp_path, RELEASING, "release.yml")
    return tmp_path


@pytest.fixture
def validate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Validate:
    """Run the command, and give its findings."""

    def run(*flags: str, exits: int = ExitCode.REFUSED) -> list[dict[str, Any]]:
        code = main.main(["validate", "--json", *flags], {"GITHUB_WORKSPACE": str(folder)})
        document = json.loads(capsys.readouterr().out)

        assert code == exits, document
        return list(document["findings"])

    return run


def write_workflow(folder: Path, text: str, name: str) -> None:
    file = folder / ".github" / "workflows" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def write_cleanup(folder: Path, *lines: str) -> None:
    """The workflow that cleans up, with more inputs."""
    write_workflow(folder, CLEANUP + "".join(f"          {line}\n" for line in lines), "cleanup.yml")


def test_an_adoption_without_a_mistake_passes(validate: Validate) -> None:
    assert validate(exits=ExitCode.PASS) == []


def test_an_unknown_input_is_an_error_at_its_line(validate: Validate, folder: Path) -> None:
    write_cleanup(folder, "dry-runn: true")

    (finding,) = validate()

    assert finding == {
        "level": "error",
        "rule": "unknown-input",
        "message": "ghcr-cleanup has no input 'dry-runn'.",
        "hint": "Did you mean 'dry-run'?",
        "file": ".github/workflows/cleanup.yml",
        "line": 11,
        "column": 11,
    }


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ("keep-n-tagged: 5", "Write delete-tags and keep-n."),
        ("skip-tags: latest", "Write exclude-tags."),
        ("cut-off: 2w", "Write older-than: 30d and untagged-older-than: 30d."),
        ("keep-last: 3", "Write keep-n."),
        ("min-versions-to-keep: 3", "Write keep-n with delete-tags."),
        ("github-token: x", "Write token."),
    ],
)
def test_a_peers_input_is_answered_with_ours(validate: Validate, folder: Path, written: str, answer: str) -> None:
    write_cleanup(folder, written)

    (finding,) = validate()

    assert finding["rule"] == "unknown-input"
    assert finding["hint"].startswith(answer)


@pytest.mark.parametrize("written", ["untagged_only: false", "ignore-versions: ^(latest|v.*)$"])
def test_a_false_friend_is_refused_by_its_name(validate: Validate, folder: Path, written: str) -> None:
    write_cleanup(folder, written)

    (finding,) = validate()

    assert finding["rule"] == "false-friend"
    assert finding["level"] == "error"


@pytest.mark.parametrize("pattern", ["v[0-9]+", "^v[0-9]+", "latest|edge"])
def test_an_expression_that_protects_less_than_it_says_is_refused(
    validate: Validate, folder: Path, pattern: str
) -> None:
    write_cleanup(folder, "use-regex: true", "delete-tags: ^sha-.*$", f"exclude-tags: {pattern}")

    (finding,) = validate()

    assert (finding["rule"], finding["level"], finding["line"]) == ("false-friend", "error", 13)


@pytest.mark.parametrize("pattern", ["^v[0-9]+$", ".*(?:v[0-9]+).*", "^v.*"])
def test_an_expression_that_names_both_ends_is_accepted(validate: Validate, folder: Path, pattern: str) -> None:
    write_cleanup(folder, "use-regex: true", "delete-tags: ^sha-.*$", f"exclude-tags: {pattern}")

    assert validate(exits=ExitCode.PASS) == []


def test_expressions_in_release_yaml_are_judged_too(validate: Validate, folder: Path) -> None:
    text = RELEASE + "    use-regex: true\n    exclude-tags: ['v[0-9]+']\n"
    (folder / "release.yaml").write_text(text.replace("[sha-*]", "['^sha-.*$']"), encoding="utf-8")

    (finding,) = validate()

    assert (finding["rule"], finding["file"], finding["line"]) == ("false-friend", "release.yaml", 13)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("dry-run: yes", ""),
        ("older-than: 2 days ago UTC", "Did you mean 2d?"),
        ("older-than: 30", "Did you mean 30d?"),
        ("max-share: 50", ""),
        ("keep-n: some", ""),
    ],
)
def test_a_value_that_the_action_refuses_is_found(validate: Validate, folder: Path, written: str, hint: str) -> None:
    write_cleanup(folder, written)

    (finding,) = validate()

    assert (finding["rule"], finding["line"], finding["hint"]) == ("input-value", 11, hint)


def test_an_expression_of_github_is_not_judged(validate: Validate, folder: Path) -> None:
    write_cleanup(folder, "dry-run: ${{ github.event_name != 'schedule' }}")

    assert validate(exits=ExitCode.PASS) == []


def test_names_that_release_yaml_lacks_are_found(validate: Validate, folder: Path) -> None:
    write_cleanup(folder, "rule: dev-image", "channel: devel")
    write_workflow(folder, f"{RELEASING}    with: {{images: wob}}\n", "release.yml")

    assert [(finding["line"], finding["hint"]) for finding in validate()] == [
        (11, "Did you mean 'dev-images'?"),
        (12, "Did you mean 'dev'?"),
        (13, "Did you mean 'web'?"),
    ]


def test_a_job_that_grants_too_little_is_found_where_it_grants(validate: Validate, folder: Path) -> None:
    write_workflow(folder, RELEASING.replace("      packages: write\n", "      packages: read\n"), "release.yml")

    (finding,) = validate()

    assert (finding["rule"], finding["line"]) == ("permissions", 5)
    assert finding["message"].startswith("ci-release.yaml needs packages: write, which the job 'release'")


def test_permissions_of_the_workflow_count_where_the_job_has_none(validate: Validate, folder: Path) -> None:
    head, _, tail = RELEASING.partition("permissions: {}\njobs:\n  release:\n")
    _, _, uses = tail.partition("    uses:")
    for level, findings in (("write-all", 0), ("read-all", 1)):
        text = f"{head}permissions: {level}\njobs:\n  release:\n    uses:{uses}"
        write_workflow(folder, text, "release.yml")

        assert len(validate(exits=ExitCode.REFUSED if findings else ExitCode.PASS)) == findings


def test_a_job_that_says_nothing_of_permissions_is_a_warning(validate: Validate, folder: Path) -> None:
    uses = RELEASING.partition("    uses:")[2]
    write_workflow(folder, f"on: {{push: {{tags: [v*]}}}}\njobs:\n  release:\n    uses:{uses}", "release.yml")

    (finding,) = validate(exits=ExitCode.PASS)

    assert (finding["rule"], finding["level"]) == ("permissions", "warning")
    assert validate("--strict") == [finding]


@pytest.mark.parametrize(
    ("address", "rule", "hint"),
    [
        (
            "llm-d/release-actions/ghcr-cleanupp@v1",
            "unknown-action",
            "Did you mean llm-d/release-actions/ghcr-cleanup?",
        ),
        ("llm-d/release-actions/ghcr-cleanup", "missing-pin", "Write @v1 behind it, or the commit of a release."),
        (
            "llm-d/release-actions/.github/workflows/ci-release.yaml@v1",
            "wrong-kind",
            "Put 'uses:' directly under the job, which then has no 'steps:' and no 'runs-on:'.",
        ),
    ],
)
def test_a_wrong_address_is_found(validate: Validate, folder: Path, address: str, rule: str, hint: str) -> None:
    text = CLEANUP.replace("llm-d/release-actions/ghcr-cleanup@v1", address).replace("          packages: web\n", "")
    write_workflow(folder, text.replace("        with:\n", ""), "cleanup.yml")

    findings = validate()

    assert (findings[0]["rule"], findings[0]["hint"]) == (rule, hint)


@pytest.mark.parametrize(
    ("granted", "inputs", "findings"),
    [
        ("packages: write", [], []),
        ("packages: read", [], ["error"]),
        ("packages: read", ["dry-run: true"], []),
        ("packages: none", ["dry-run: true"], ["warning"]),
        ("packages: none", ["token: ${{ secrets.CLEANER }}"], []),
        ("packages: none", ["token: ${{ secrets.GITHUB_TOKEN }}"], ["error"]),
    ],
)
def test_a_step_needs_what_its_action_needs(
    validate: Validate, folder: Path, granted: str, inputs: list[str], findings: list[str]
) -> None:
    text = CLEANUP.replace("packages: write", granted) + "".join(f"          {line}\n" for line in inputs)
    write_workflow(folder, text, "cleanup.yml")

    found = validate(exits=ExitCode.REFUSED if "error" in findings else ExitCode.PASS)

    assert [(finding["rule"], finding["level"]) for finding in found] == [("permissions", level) for level in findings]


def test_a_repository_of_the_same_name_is_not_this_suite_but_a_fork_is(validate: Validate, folder: Path) -> None:
    steps = "[{uses: other/release-actions/setup-bom@v1}, {uses: acme/release-actions/ghcr-cleanup@v1, with: {x: y}}]"
    write_workflow(folder, f"jobs: {{x: {{permissions: {{packages: write}}, steps: {steps}}}}}\n", "others.yml")

    assert [finding["message"] for finding in validate()] == ["ghcr-cleanup has no input 'x'."]


def test_a_workflow_with_the_wrong_ending_is_named(validate: Validate, folder: Path) -> None:
    write_workflow(folder, RELEASING.replace("ci-release.yaml@", "ci-release.yml@"), "release.yml")

    (finding,) = validate()

    assert finding["hint"] == "Did you mean llm-d/release-actions/.github/workflows/ci-release.yaml?"


def test_a_release_that_no_tag_starts_is_a_warning(validate: Validate, folder: Path) -> None:
    write_workflow(folder, RELEASING.replace('"v*"', '"[0-9]*"'), "release.yml")
    assert [finding["rule"] for finding in validate(exits=ExitCode.PASS)] == []

    write_workflow(folder, RELEASING.replace('"v*"', '"release-*"'), "release.yml")
    assert [finding["rule"] for finding in validate(exits=ExitCode.PASS)] == ["trigger"]


def test_mistakes_in_release_yaml_and_components_are_in_the_same_list(validate: Validate, folder: Path) -> None:
    (folder / "release.yaml").write_text(RELEASE.replace("dockerfile:", "dockerfil:"), encoding="utf-8")
    (folder / "components.yaml").write_text("organisations: [acme]\n", encoding="utf-8")
    write_cleanup(folder, "dry-runn: true")

    assert [finding["rule"] for finding in validate()] == ["unknown-input", "components", "configuration"]


def test_a_schedule_that_a_call_names_is_read(validate: Validate, folder: Path) -> None:
    step = "{uses: llm-d/release-actions/release-tracker@v1, with: {mode: calendar, schedule: dates.yaml}}"
    permissions = "{contents: read, issues: read, pull-requests: read}"
    write_workflow(folder, f"jobs: {{x: {{permissions: {permissions}, steps: [{step}]}}}}\n", "calendar.yml")
    assert [finding["rule"] for finding in validate()] == ["missing-path"]

    (folder / "dates.yaml").write_text("releses: {}\n", encoding="utf-8")

    assert {(finding["rule"], finding["file"]) for finding in validate()} == {("schedule", "dates.yaml")}


def test_paths_targets_and_arguments_are_held_to_the_repository(validate: Validate, folder: Path) -> None:
    text = RELEASE.replace("    dockerfile: Dockerfile\n", "    target: runtme\n    build-args: {FLAVOR: x}\n")
    (folder / "release.yaml").write_text(text, encoding="utf-8")
    assert [(finding["rule"], finding["hint"]) for finding in validate()] == [
        ("dockerfile-target", "Did you mean 'runtime'?"),
        ("dockerfile-argument", "Did you mean 'FLAVOUR'?"),
    ]

    (folder / "release.yaml").write_text(RELEASE.replace("Dockerfile", "Dockrfile"), encoding="utf-8")
    assert [(finding["rule"], finding["hint"]) for finding in validate()] == [
        ("missing-path", "Did you mean 'Dockerfile'?")
    ]


def test_a_repository_that_only_cleans_up_needs_no_configuration(validate: Validate, folder: Path) -> None:
    (folder / "release.yaml").unlink()
    (folder / ".github" / "workflows" / "release.yml").unlink()

    assert validate(exits=ExitCode.PASS) == []

    (folder / "release.yml").write_text(RELEASE, encoding="utf-8")
    write_cleanup(folder, "rule: dev-images")
    (finding,) = validate()
    assert finding["hint"] == "Rename release.yml to release.yaml."


@pytest.mark.parametrize(
    ("uses", "written"),
    [
        ("Chizkiyahu/delete-untagged-ghcr-action@v4", "untagged_only: false"),
        ("actions/delete-package-versions@v5", "ignore-versions: ^latest$"),
        ("snok/container-retention-policy@v3.0.0", "skip-tags: latest"),
    ],
)
def test_a_danger_in_somebody_elses_cleaner_is_a_warning(
    validate: Validate, folder: Path, uses: str, written: str
) -> None:
    step = f"jobs: {{x: {{steps: [{{uses: {uses}, with: {{{written}}}}}]}}}}\n"
    write_workflow(folder, step, "theirs.yml")

    (finding,) = validate(exits=ExitCode.PASS)

    assert (finding["rule"], finding["level"]) == ("false-friend", "warning")


def test_old_names_are_right_where_an_old_version_is_pinned(validate: Validate, folder: Path) -> None:
    uses = "snok/container-retention-policy@0123456789abcdef0123456789abcdef01234567 # v2.2.1"
    step = f"jobs:\n  x:\n    steps:\n      - uses: {uses}\n        with: {{skip-tags: latest}}\n"
    write_workflow(folder, step, "theirs.yml")

    assert validate(exits=ExitCode.PASS) == []


def test_local_actions_are_read_and_broken_files_reported(validate: Validate, folder: Path) -> None:
    action = folder / ".github" / "actions" / "tidy" / "action.yml"
    action.parent.mkdir(parents=True)
    step = "{uses: llm-d/release-actions/ghcr-cleanup@v1, with: {tag: x}}"
    action.write_text(f"runs: {{using: composite, steps: [{step}]}}\n", encoding="utf-8")
    write_workflow(folder, "jobs: [\n", "broken.yml")

    assert [(finding["rule"], finding["file"]) for finding in validate()] == [
        ("unknown-input", ".github/actions/tidy/action.yml"),
        ("unreadable", ".github/workflows/broken.yml"),
    ]


def test_findings_are_sarif_that_its_schema_accepts(validate: Validate, folder: Path) -> None:
    write_cleanup(folder, "dry-runn: true")

    validate("--sarif-file", "out/validate.sarif")

    sarif = json.loads((folder / "out" / "validate.sarif").read_text(encoding="utf-8"))
    schema = json.loads((ROOT / "tests" / "contract" / "sarif-2.1.0.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(sarif)
    (result,) = sarif["runs"][0]["results"]
    assert result["ruleId"] == "unknown-input"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 11, "startColumn": 11}


def test_a_folder_with_nothing_is_bad_input_and_no_pass(tmp_path: Path) -> None:
    assert main.main(["validate"], {"GITHUB_WORKSPACE": str(tmp_path)}) == ExitCode.BAD_INPUT


def test_the_hook_runs_this_command_on_the_files_that_matter() -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert hook["entry"] == "release-actions validate"
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False


def list_examples() -> list[Path]:
    files = sorted((ROOT / "examples").rglob("*.y*ml"))
    return [file for file in files if "uses: llm-d/release-actions" in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("example", list_examples(), ids=lambda file: str(file.relative_to(ROOT / "examples")))
def test_our_own_examples_pass(example: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names in an example's inputs are its reader's, so only what the suite itself knows is asked."""
    write_workflow(tmp_path, example.read_text(encoding="utf-8"), "example.yml")

    main.main(["validate", "--json"], {"GITHUB_WORKSPACE": str(tmp_path)})

    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [each for each in findings if each["level"] == "error" and each["rule"] != "missing-path"] == []


def test_the_page_about_moving_is_what_validate_answers() -> None:
    assert moving.main(["--check"]) == 0


def test_every_input_of_a_peer_says_what_to_do() -> None:
    for peer in PEERS:
        assert all(answer.ours for answer in (*peer.inputs.values(), *peer.old.values())), peer.title
