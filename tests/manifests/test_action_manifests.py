"""What every action's manifest has to be, read from the files that users get."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

import manifests
from release_actions.main import ACTIONS
from release_actions.rehearsal.action_file import Action, Input, Output, Step, read
from release_actions.runner import inputs

ROOT = Path(__file__).parents[2]
MANIFESTS = {name: read(file.parent) for name, file in manifests.canonical(ROOT).items()}

TOKEN_DEFAULT = "${{ github.token }}"
"""The one default that is an expression. Away from a runner the command reads GITHUB_TOKEN instead."""

OWN_WORDS = {
    ("cut-branch", "mode"): "it has modes of its own",
    ("cut-branch", "commit"): "it is where the branch begins, before there is a tag",
    ("judge-images", "mode"): "it has modes of its own",
    ("judge-scan", "report"): "it reads a scanner's report, the others write their own",
    ("verify-provenance", "commit"): "it is what an attestation has to name",
    ("merge-digests", "dry-run"): "it pushes, and deletes nothing anyway",
    ("promote", "dry-run"): "it adds a tag, and deletes nothing anyway",
    ("perf-gate", "mode"): "it has modes of its own",
    ("perf-gate", "commit"): "it is what was measured, not where a tag would be put",
    ("protect-latest", "mode"): "it has modes of its own",
    ("protect-latest", "settle-time"): "it waits for tags that it moved, ghcr-cleanup for what others push",
    ("api-guard", "mode"): "it has modes of its own",
    ("api-guard", "head"): "it is what is compared, not where notes end",
    ("api-guard", "exclude"): "it compares files, version-audit reads them for versions",
    ("release-gate", "commit"): "it is what is released, whatever the run is on",
    ("release-gate", "mode"): "it has modes of its own",
    ("release-gate", "token"): "it reads runs and pushes a log, others read tags and packages",
    ("branch-audit", "mode"): "it has modes of its own",
    ("release-tracker", "mode"): "it has modes of its own",
    ("release-tracker", "pull-request"): "it is what is judged, not what is built",
    ("version-audit", "mode"): "it has modes of its own",
    ("version-audit", "sarif-file"): "it writes one in every mode, release-notes in one",
    ("version-audit", "scan"): "it reads files, judge-images reads scans of images",
    ("release-notes", "mode"): "the same",
    ("ghcr-cleanup", "mode"): "it knows other modes than protect-latest",
    ("rc-teardown", "mode"): "the same",
    ("ghcr-cleanup", "token"): "the same token also goes to the registry, and has to be allowed to delete",
    ("rc-teardown", "token"): "the same, and it deletes releases and git tags as well",
}
"""Action and input whose first sentence differs from the other actions' -> why."""

SECRETS = {"build-secrets", "registry-credentials"}
"""Inputs that are secret and are not called a token."""

SCRIPT = """\
set -u
for root in "$GITHUB_ACTION_PATH/.." "$GITHUB_ACTION_PATH/../.."; do
  if [ -f "$root/release-actions" ]; then exec sh "$root/release-actions" {}; fi
done
echo "::error::The launcher of release-actions is missing. Use the action from its repository, not a copied folder." >&2
exit 3
"""
ROOT_SCRIPT = 'exec sh "$GITHUB_ACTION_PATH/release-actions" {}'


def command(name: str) -> Any:
    return importlib.import_module("release_actions.commands." + name.replace("-", "_"))


@pytest.fixture(params=list(MANIFESTS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def action(name: str) -> Action:
    return MANIFESTS[name]


@pytest.mark.parametrize("program", sorted(ROOT.glob("actions/*/main.py")), ids=lambda file: file.parent.name)
def test_the_program_runs_the_command_of_its_folder(program: Path) -> None:
    text = program.read_text(encoding="utf-8")

    assert f'main(["{program.parent.name}", *sys.argv[1:]])' in text
    assert text.startswith(f'"""Runs {program.parent.name} ')


@pytest.fixture
def step(action: Action) -> Step:
    (only,) = action.steps
    return only


def shared_inputs() -> list[tuple[str, dict[str, Input]]]:
    """Name of an input that several actions have, and its declarations by action."""
    found: dict[str, dict[str, Input]] = defaultdict(dict)
    for name, action in MANIFESTS.items():
        for item in action.inputs:
            found[item.name][name] = item
    return [(name, items) for name, items in found.items() if len(items) > 1]


def place_of(action: Action, item: Input | Output | None = None) -> str:
    """What to look for in which file, for the person who reads a failure."""
    file = action.file.relative_to(ROOT).as_posix()
    return f"{file}: {item.name}" if item else file


def first_sentence(text: str) -> str:
    return re.split(r"(?<=\.) ", " ".join(text.split()), maxsplit=1)[0]


def test_every_action_has_a_manifest_and_every_manifest_is_an_action() -> None:
    assert set(MANIFESTS) == set(ACTIONS)


def test_generated_files_are_current() -> None:
    wanted = manifests.copies(ROOT) | manifests.documents(ROOT)
    assert {path: path.read_bytes() for path in wanted} == wanted
    assert manifests.strays(ROOT) == []


def test_an_internal_action_has_no_public_address() -> None:
    assert set(MANIFESTS) > manifests.INTERNAL
    for name in manifests.INTERNAL:
        assert not (ROOT / name).exists()
        texts = [file.read_text(encoding="utf-8") for file in (ROOT / "actions" / name).iterdir() if file.is_file()]
        assert not any(f"llm-d/release-actions/{name}" in text for text in texts), name


def test_no_link_is_in_the_index() -> None:
    # A runner may follow a link, keep it, or leave a text file, and a dangling one breaks every action of a repository.
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: no index to look at")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "--stage"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(listed) > len(MANIFESTS)
    assert [line for line in listed if line.startswith("120000")] == []


def test_inputs_are_the_commands(name: str, action: Action) -> None:
    described = {(item.name, item.required) for item in action.inputs}
    declared = {(spec.name, spec.required) for spec in inputs.specs(command(name).Inputs)}

    assert len(described) == len(action.inputs)
    assert declared - described == set(), f"describe it in {place_of(action)}, then run python scripts/manifests.py"
    assert described - declared == set(), f"add a field to Inputs of {name}, or remove it from {place_of(action)}"


def test_defaults_are_the_commands(name: str, action: Action) -> None:
    specs = {spec.name: spec for spec in inputs.specs(command(name).Inputs)}
    for item in action.inputs:
        default, spec = item.default.text, specs[item.name]
        if "${{" in default:
            assert (default, spec.default, spec.secret) == (TOKEN_DEFAULT, "", True), item.name
        elif default:
            assert spec.parse(default) == spec.default, item.name
        elif spec.default:
            assert "When empty" in item.description, f"{item.name} is {spec.default!r} when empty"


def test_a_secret_has_no_default_that_could_be_read(name: str, action: Action) -> None:
    secret = {spec.name for spec in inputs.specs(command(name).Inputs) if spec.secret}
    assert secret == {item.name for item in action.inputs if "token" in item.name or item.name in SECRETS}


def test_outputs_are_the_commands(name: str, action: Action) -> None:
    assert [output.name for output in action.outputs] == list(command(name).OUTPUTS)
    assert {output.value.text for output in action.outputs} == {
        f"${{{{ steps.run.outputs.{output} }}}}" for output in command(name).OUTPUTS
    }


def test_each_input_is_passed_on_once(action: Action, step: Step) -> None:
    expected = [(inputs.variable_of(item.name), f"${{{{ inputs.{item.name} }}}}") for item in action.inputs]
    passed = [(key, text.text) for key, text in step.environment.items()]
    assert passed == expected, f"{place_of(action)}: run python scripts/manifests.py"


def test_the_step_only_calls_the_launcher(name: str, step: Step) -> None:
    expected = ROOT_SCRIPT if name == manifests.ROOT_ACTION else SCRIPT
    assert step.script.text == expected.format(name)
    assert (step.id, step.shell.text, step.directory.text) == ("run", "sh", "")
    assert step.name


def test_no_expression_is_pasted_into_a_script(step: Step) -> None:
    assert "${{" not in step.script.text


def test_each_output_says_when_it_is_empty(action: Action) -> None:
    assert [place_of(action, item) for item in action.outputs if "empty" not in item.description.lower()] == []


def test_descriptions_are_sentences(action: Action) -> None:
    items: list[Input | Output] = [*action.inputs, *action.outputs]
    texts = {place_of(action): action.description} | {place_of(action, item): item.description for item in items}
    assert [place for place, text in texts.items() if not text.endswith(".") or "\n" in text] == []


def test_what_a_marketplace_shows(action: Action) -> None:
    # The marketplace cuts descriptions at 125 characters and takes these colours only.
    assert len(action.description) <= 125
    assert action.author == "llm-d"
    assert action.branding["color"] in {"white", "black", "yellow", "blue", "green", "orange", "red", "purple"}
    assert action.branding["icon"]


def test_names_are_different() -> None:
    assert len({action.name for action in MANIFESTS.values()}) == len(MANIFESTS)


@pytest.mark.parametrize(("name", "items"), shared_inputs())
def test_a_shared_input_has_the_same_words(name: str, items: dict[str, Input]) -> None:
    words = {a: first_sentence(item.description) for a, item in items.items() if (a, name) not in OWN_WORDS}
    usual = Counter(words.values()).most_common(1)[0][0]
    assert {place_of(MANIFESTS[a], items[a]): text for a, text in words.items() if text != usual} == {}, (
        f"write {usual!r}, or say in OWN_WORDS why not"
    )
    for action, item in items.items():
        if (action, name) in OWN_WORDS:
            assert first_sentence(item.description) not in words, "needs no exception any more"


NOT_ABOUT_A_TAG = frozenset({"changed-files", "fetch", "overrides", "pull-request", "build-commit"})
"""Inputs of build-matrix that mean nothing for a release tag."""

OF_A_CHECK = frozenset({"report", "report-digest"})
"""A plan is no check whose report a gate reads."""


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_release_plan_has_what_its_two_actions_have_in_the_same_words(kind: str) -> None:
    def words(*names: str) -> dict[str, str]:
        items: list[Input | Output] = [item for name in names for item in getattr(MANIFESTS[name], kind)]
        return {item.name: first_sentence(item.description) for item in items}

    both = words("validate-tag", "build-matrix")
    assert words(manifests.ROOT_ACTION) == {
        name: text for name, text in both.items() if name not in NOT_ABOUT_A_TAG | OF_A_CHECK
    }
