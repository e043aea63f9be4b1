"""The parts of reading workflows: filters, matrices, scripts and templates."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from release_actions.adoption.events import SHA, Event, Occasion, compile_filter
from release_actions.adoption.inference import settle_occasions
from release_actions.adoption.matrices import list_combinations
from release_actions.adoption.publications import normalize_name, split_reference
from release_actions.adoption.shell_outputs import read_outputs
from release_actions.adoption.templates import Form, make_argument, make_dev_template, make_float, read_exact
from release_actions.adoption.unknown import Evaluator, UnknownValues, list_unknown
from release_actions.surface.yaml_tree import read_tree

NOW = datetime(2026, 2, 3, 9, tzinfo=timezone.utc)
TRUNK = Event(Occasion.TRUNK, "push", "refs/heads/main", "main", "acme/web")


@pytest.mark.parametrize(
    ("text", "name", "matches"),
    [
        ("v*", "v1.2.3", True),
        ("v*", "release/v1", False),
        ("**", "feature/a", True),
        ("*", "feature/a", False),
        ("v[0-9]+.[0-9]+.[0-9]+", "v1.20.3", True),
        ("v[0-9]+.[0-9]+.[0-9]+", "v1.2.3-rc.1", False),
        ("releases/**-alpha", "releases/1/2-alpha", True),
        ("v1.?", "v1.", True),
        ("[", "a", False),
    ],
)
def test_filters_are_read_as_github_documents_them(text: str, name: str, *, matches: bool) -> None:
    assert bool(compile_filter(text).matches_whole(name)) is matches


@pytest.mark.parametrize(
    ("script", "outputs"),
    [
        ('echo "name=acme/web" >> $GITHUB_OUTPUT', {"name": "acme/web"}),
        ('echo name=${GITHUB_SHA::7} >> "$GITHUB_OUTPUT"', {"name": SHA[:7]}),
        (f'echo "short=$(echo {SHA} | cut -c1-7)" >> $GITHUB_OUTPUT', {"short": SHA[:7]}),
        ('a="Acme/Web"\na="${a,,}"\necho "name=$a" >> $GITHUB_OUTPUT', {"name": "acme/web"}),
        ('a="${NONE:-fallback}"\necho "name=$a" >> $GITHUB_OUTPUT', {"name": "fallback"}),
        ('a="x/y"\necho "name=${a//\\//-}" >> $GITHUB_OUTPUT', {"name": "x-y"}),
        ('echo "version=$(git describe)" >> $GITHUB_OUTPUT', {}),
        ('if true; then\n  echo "name=a" >> $GITHUB_OUTPUT\nfi', {}),
        ('echo "name=$UNKNOWN" >> $GITHUB_OUTPUT', {}),
    ],
)
def test_a_script_gives_only_what_it_certainly_sets(script: str, outputs: dict[str, str]) -> None:
    assert read_outputs(script, {"GITHUB_SHA": SHA})[0] == outputs


@pytest.mark.parametrize(
    ("matrix", "combinations"),
    [
        ("{a: [1, 2], b: [x]}", [{"a": "1", "b": "x"}, {"a": "2", "b": "x"}]),
        ("{a: [1, 2], exclude: [{a: 2}]}", [{"a": "1"}]),
        ("{a: [1, 2], include: [{a: 1, c: y}]}", [{"a": "1", "c": "y"}, {"a": "2"}]),
        ("{a: [1], include: [{a: 3, c: y}]}", [{"a": "1"}, {"a": "3", "c": "y"}]),
        ("{include: [{c: y}, {c: z}]}", [{"c": "y"}, {"c": "z"}]),
        (f"{{a: {list(range(20))}, b: {list(range(20))}}}", None),
        ("${{ fromJSON(needs.plan.outputs.matrix) }}", None),
    ],
)
def test_a_matrix_is_expanded_as_github_does(matrix: str, combinations: list[dict[str, Any]] | None) -> None:
    strategy = read_tree(f"matrix: {matrix}", "w.yml")
    reads: list[str] = []
    needs = {"plan": {"outputs": UnknownValues("needs.plan.outputs", {}, reads)}}

    assert list_combinations(strategy, Evaluator({"needs": needs}, reads)) == combinations


def test_a_condition_on_the_unknown_is_assumed_and_kept() -> None:
    reads: list[str] = []
    evaluator = Evaluator({"vars": UnknownValues("vars", {"ON": "yes"}, reads), "github": {"ref": "x"}}, reads)

    assert evaluator.holds("vars.ON == 'yes'")
    assert not evaluator.holds("vars.ON == 'no'")
    assert evaluator.holds("vars.OTHER == 'yes'")
    assert not evaluator.holds("github.ref == 'y' && vars.OTHER == 'yes'")
    assert evaluator.assumed == ["vars.OTHER == 'yes'"]
    assert list_unknown(evaluator.render("a-${{ vars.OTHER }}")) == ("vars.OTHER",)


def test_references_are_written_with_their_registry() -> None:
    assert normalize_name("Acme/Web") == "docker.io/acme/web"
    assert normalize_name("ghcr.io/acme/web") == "ghcr.io/acme/web"
    assert split_reference("ghcr.io/acme/web:1.2") == ("ghcr.io/acme/web", "1.2")
    assert split_reference("localhost:5000/web") == ("localhost:5000/web", "latest")


def test_tags_of_a_release_become_forms_and_floats() -> None:
    alpine = read_exact("7.8.9-alpine", "v7.8.9", "v")
    plain = read_exact("v7.8.9", "v7.8.9", "v")

    assert alpine is not None
    assert (alpine.form, alpine.keeps_prefix) == (Form("", "-alpine"), False)
    assert plain is not None
    assert (plain.form, plain.keeps_prefix) == (Form(), True)
    assert read_exact("7.8", "v7.8.9", "v") is None
    assert make_float("v7.8-alpine", "v7.8.9", "v") == "v{major}.{minor}-alpine"
    assert make_float("stable", "v7.8.9", "v") == "stable"


@pytest.mark.parametrize(
    ("tag", "template"),
    [
        ("main", "{branch}"),
        (f"sha-{SHA[:7]}", "sha-{short-sha}"),
        (f"main-{SHA}", "{branch}-{sha}"),
        ("nightly-20260203", "nightly-{date}"),
        ("2026-02-03", "{iso-date}"),
        ("mainline", "mainline"),
        ("2026.02", None),
    ],
)
def test_tags_of_builds_become_templates(tag: str, template: str | None) -> None:
    assert make_dev_template(tag, TRUNK, NOW) == template


def test_arguments_become_templates_or_are_left_to_a_person() -> None:
    release = Event(Occasion.FINAL, "push", "refs/tags/v7.8.9", "main", "acme/web")

    assert make_argument(SHA, release) == "{sha}"
    assert make_argument("v7.8.9", release) == "{ref-name}"
    assert make_argument("7.8.9", release) is None
    assert make_argument("--flag {x}", release) == "--flag {{x}}"


def test_a_template_is_said_under_as_few_occasions_as_give_it_to_the_same_builds() -> None:
    assert settle_occasions({"trunk": {"edge", "{branch}"}, "branch": {"{branch}"}}) == {
        "branch": ["{branch}"],
        "trunk": ["edge"],
    }
    assert settle_occasions({"trunk": {"canary"}, "schedule": {"canary"}}) == {"every": ["canary"]}
    assert settle_occasions({"schedule": {"nightly"}, "by-hand": {"nightly"}}) == {"trunk": ["nightly"]}
