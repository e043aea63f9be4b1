"""Actions and workflows: what a change takes from those who call them."""

from __future__ import annotations

import pytest

from release_actions.errors import ConfigurationError, InputError
from release_actions.surface.actions_files import capture_action, capture_workflow
from release_actions.surface.change import Change, Effect
from release_actions.surface.compare import compare_surfaces
from release_actions.surface.model import Group, Interface, Kind, Surface, is_experimental, read_surface

ACTION = """\
name: Example
inputs:
  tag:
    description: A tag.
    required: true
  mode: {description: How., default: check}
  token:
    default: ${{ github.token }}
outputs:
  digest:
    description: A digest.
runs:
  using: node20
  main: index.js
"""

WORKFLOW = """\
on:
  workflow_call:
    inputs:
      push: {type: boolean, default: true}
      name: {type: string}
    secrets:
      password: {required: false}
    outputs:
      digest: {value: x}
permissions: {}
jobs:
  build:
    permissions: {contents: read, packages: write}
  sign:
    permissions: {packages: read, id-token: write}
  idle: {}
"""


NEW_INPUT = ("input-required", "breaking", "n")


def changes(before: Interface, after: Interface) -> list[Change]:
    return list(compare_surfaces(Surface({"file": before}), Surface({"file": after})))


def action_changes(old: str, new: str) -> list[tuple[str, str, str]]:
    assert old in ACTION
    found = changes(capture_action(ACTION, "file"), capture_action(ACTION.replace(old, new), "file"))
    return [(change.rule, change.effect.value, change.subject.name) for change in found]


def workflow_changes(old: str, new: str) -> list[tuple[str, str, str]]:
    assert old in WORKFLOW
    found = changes(capture_workflow(WORKFLOW, "file"), capture_workflow(WORKFLOW.replace(old, new), "file"))
    return [(change.rule, change.effect.value, change.subject.name) for change in found]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("  mode: {description: How., default: check}\n", "", ("input-removed", "breaking", "mode")),
        ("  tag:\n", "  tags:\n", ("input-renamed", "breaking", "tag")),
        ("default: check", "default: enforce", ("default-changed", "breaking", "mode")),
        ("default: check", "required: true", ("default-changed", "breaking", "mode")),
        ("  digest:\n", "  sha:\n", ("output-removed", "breaking", "digest")),
        ("  digest:\n", "  digests:\n", ("output-renamed", "breaking", "digest")),
        ("node20", "node24", ("runtime-changed", "breaking", "using")),
        ("    required: true\n", "", ("input-optional", "compatible", "tag")),
        ("outputs:\n", "outputs:\n  tags: {description: Tags.}\n", ("output-added", "compatible", "tags")),
        ("inputs:\n", "inputs:\n  new: {default: x}\n", ("input-added", "compatible", "new")),
        ("inputs:\n", "inputs:\n  new: {required: true}\n", ("input-required", "breaking", "new")),
        ("{description: How.,", "{deprecationMessage: Use x.,", ("input-deprecated", "compatible", "mode")),
    ],
)
def test_a_change_of_an_action_is_judged(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert expected in action_changes(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A tag.", "The tag of the release."),
        ("default: check", "default: 'check'"),
        ("main: index.js", "main: dist/index.js"),
        ("required: true", "required: 'true'"),
        ("    required: true\n", "    required: true\n    default: ''\n"),
    ],
)
def test_what_no_caller_can_see_is_no_change_of_an_action(old: str, new: str) -> None:
    assert action_changes(old, new) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("type: boolean, default: true", "type: string, default: 'true'", ("type-changed", "breaking", "push")),
        ("default: true", "default: false", ("default-changed", "breaking", "push")),
        ("{required: false}", "{required: true}", ("secret-required", "breaking", "password")),
        ("      password: {required: false}\n", "", ("secret-removed", "breaking", "password")),
        ("name: {type: string}", "name: {type: string, required: true}", ("input-required", "breaking", "name")),
        # GitHub refuses a caller who leaves out what is required, whatever its default: its own parser says so.
        ("default: true", "default: true, required: true", ("input-required", "breaking", "push")),
        ("name: {type: string}", "name: {type: string}\n      n: {type: boolean, required: true}", NEW_INPUT),
        (
            "packages: read, id-token: write",
            "id-token: write, actions: read",
            ("permission-raised", "breaking", "actions"),
        ),
        ("{contents: read,", "{contents: write,", ("permission-raised", "breaking", "contents")),
        ("{contents: read,", "{", ("permission-removed", "compatible", "contents")),
        ("permissions: {}", "permissions: write-all", ("permission-raised", "breaking", "all")),
        ("packages: write", "packages: read", ("permission-changed", "compatible", "packages")),
    ],
)
def test_a_change_of_a_workflow_is_judged(old: str, new: str, expected: tuple[str, str, str]) -> None:
    assert expected in workflow_changes(old, new)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("packages: read", "packages: write"),  # another job asks for it already
        ("push: {type: boolean, default: true}", "push: {type: boolean, default: True}"),
        ("name: {type: string}", "name: {type: string, default: ''}"),
        ("idle: {}", "idle: {runs-on: ubuntu-24.04}"),
    ],
)
def test_what_no_caller_can_see_is_no_change_of_a_workflow(old: str, new: str) -> None:
    assert workflow_changes(old, new) == []


def test_a_permission_that_read_all_covered_is_not_raised() -> None:
    before = capture_workflow(WORKFLOW.replace("permissions: {}", "permissions: read-all"), "file")
    after = capture_workflow(WORKFLOW.replace("idle: {}", "idle: {permissions: {actions: read}}"), "file")

    assert {change.effect for change in changes(before, after)} == {Effect.COMPATIBLE}


DRAFT, DRY = "contents: for publish-draft", "packages: for a dry run"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"contents": "read"}, ("breaking", "contents")),
        ({"contents": "read"}, {"contents": "write"}, ("breaking", "contents")),
        ({"contents": "write"}, {"contents": "read"}, ("compatible", "contents")),
        ({"contents": "read"}, {}, ("compatible", "contents")),
        # One use needs more than the others, or the others catch up with it.
        ({"contents": "read", DRAFT: "read"}, {"contents": "read", DRAFT: "write"}, ("breaking", DRAFT)),
        ({"contents": "read", DRAFT: "write"}, {"contents": "write"}, ("breaking", "contents")),
        ({"packages": "write", DRY: "read"}, {"packages": "write"}, ("breaking", DRY)),
        ({"packages": "write", DRY: "read"}, {"packages": "write", DRY: "write"}, ("breaking", DRY)),
        # A use that nobody knew may be new, or may be one that needs more now.
        ({}, {DRAFT: "write"}, ("unclear", DRAFT)),
        ({"contents": "write"}, {"contents": "write", DRAFT: "write"}, ("compatible", DRAFT)),
        ({DRAFT: "write"}, {"contents: for drafts": "write"}, ("compatible", "contents: for drafts")),
        ({DRAFT: "read"}, {"contents: for drafts": "write"}, ("breaking", "contents: for drafts")),
        ({"packages": "write", DRY: "read"}, {"packages": "write", "packages: dry": "read"}, ("compatible", DRY)),
    ],
)
def test_a_change_of_what_an_actions_token_needs_is_judged(
    before: dict[str, str], after: dict[str, str], expected: tuple[str, str]
) -> None:
    found = changes(make_action(before), make_action(after))

    assert expected in {(change.effect.value, change.subject.name) for change in found}


def make_action(permissions: dict[str, str]) -> Interface:
    levels = {name: {"level": level} for name, level in permissions.items()}
    return Interface(Kind.ACTION, {Group.PERMISSIONS: levels})


def test_the_words_say_what_becomes_of_a_caller_who_grants_less() -> None:
    (action,) = changes(make_action({}), make_action({"contents": "read"}))
    (workflow,) = (
        change
        for change in changes(
            capture_workflow(WORKFLOW, "file"),
            capture_workflow(WORKFLOW.replace("idle: {}", "idle: {permissions: {actions: read}}"), "file"),
        )
        if change.effect is Effect.BREAKING
    )

    assert action.message == "The permission 'contents' of file has to be read, and callers granted none."
    assert action.hint.startswith("The action fails in the job of a caller who grants less.")
    assert workflow.hint.startswith("GitHub refuses the whole workflow of a caller who grants less.")


@pytest.mark.parametrize("events", ["on: workflow_call", "on: [push, workflow_call]", "on: {workflow_call: }"])
def test_a_workflow_without_inputs_can_be_called_too(events: str) -> None:
    interface = capture_workflow(f"{events}\njobs: {{}}\n", "file")

    assert not any(interface.groups.values())


def test_an_anchor_is_followed() -> None:
    text = WORKFLOW.replace("{contents: read, packages: write}", "&needed {contents: read, packages: write}")
    text = text.replace("idle: {}", "idle: {permissions: *needed}")

    assert changes(capture_workflow(WORKFLOW, "file"), capture_workflow(text, "file")) == []


def test_a_file_that_is_gone_and_one_that_is_new() -> None:
    before = Surface({"old": capture_action(ACTION, "old")})
    after = Surface({"new": capture_workflow(WORKFLOW, "new")})

    found = compare_surfaces(before, after)

    assert [(change.rule, change.effect.value) for change in found] == [
        ("interface-added", "compatible"),
        ("interface-removed", "breaking"),
    ]
    assert [str(change.message) for change in found][1] == "old is gone, or cannot be called any more."


def test_a_change_has_the_line_of_the_declaration() -> None:
    after = ACTION.replace("default: check", "default: enforce")

    (change,) = changes(capture_action(ACTION, "action.yml"), capture_action(after, "action.yml"))

    assert str(change.subject.place) == "action.yml:6:3"
    assert change.message == "The default of the input 'mode' of file was 'check' and is 'enforce'."


def test_what_is_experimental_may_change() -> None:
    before = ACTION.replace("  mode:", "  experimental-mode:").replace("default: check", "default: ''")
    after = before.replace("  experimental-mode: {description: How., default: ''}\n", "")

    found = changes(capture_action(before, "file"), capture_action(after, "file"))

    assert [(change.rule, change.effect) for change in found] == [("input-removed", Effect.COMPATIBLE)]


def test_what_is_experimental_has_to_be_off() -> None:
    assert ("experimental-on", "breaking", "experimental-mode") in action_changes("  mode:", "  experimental-mode:")


def test_what_graduates_keeps_its_old_name_for_one_release() -> None:
    before = ACTION.replace("  mode:", "  experimental-mode:").replace("default: check", "default: ''")
    both = before.replace("inputs:\n", "inputs:\n  mode: {default: ''}\n")
    only = before.replace("experimental-mode", "mode")

    assert [change.rule for change in changes(capture_action(before, "f"), capture_action(both, "f"))] == [
        "input-added"
    ]
    assert "alias-missing" in [c.rule for c in changes(capture_action(before, "f"), capture_action(only, "f"))]
    assert [c.effect for c in changes(capture_action(both, "f"), capture_action(only, "f"))] == [Effect.COMPATIBLE]


@pytest.mark.parametrize(("old", "new"), [("  mode:", "  Mode:"), ("  digest:", "  DIGEST:")])
def test_another_case_of_a_name_is_the_same_name_to_github(old: str, new: str) -> None:
    assert action_changes(old, new) == []


def test_a_manifest_may_have_either_of_the_names_that_github_finds() -> None:
    manifest, other = capture_action(ACTION, "f"), capture_action(ACTION.replace("default: check", "default: x"), "f")

    for old, new in (("action.yml", "action.yaml"), ("a/action.yaml", "a/action.yml")):
        assert compare_surfaces(Surface({old: manifest}), Surface({new: manifest})) == ()
        changed = compare_surfaces(Surface({old: manifest}), Surface({new: other}))
        assert [change.rule for change in changed] == ["default-changed"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("experimental-x", True),
        ("images.*.experimental-x", True),
        ("experimental-x.y", True),
        ("x-experimental", False),
    ],
)
def test_the_name_says_what_is_experimental(name: str, *, expected: bool) -> None:
    assert is_experimental(name) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x", "runs.using"),
        ("- x", "runs.using"),
        ("a: [", "not YAML"),
        ("a: &a [*b]", "not YAML"),
    ],
)
def test_what_is_no_manifest_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        capture_action(text, "file")


def test_a_captured_surface_is_read_back() -> None:
    surface = Surface({"a": capture_action(ACTION, "a"), "b": capture_workflow(WORKFLOW, "b")})

    assert read_surface(surface.text(), "file") == surface


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema-version": 2, "interfaces": {}}',
        '{"schema-version": 1, "interfaces": {"a": {"kind": "x"}}}',
        '{"schema-version": 1, "interfaces": {"a": {"kind": "workflow", "permissions": {"contents": {}}}}}',
        '{"schema-version": 1, "interfaces": {"a": {"kind": "action", "permissions": {"x": {"level": "admin"}}}}}',
    ],
)
def test_what_is_no_captured_surface_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="file"):
        read_surface(text, "file")
