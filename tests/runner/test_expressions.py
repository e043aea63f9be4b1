from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from release_actions.runner.expression_values import CaseSensitive
from release_actions.runner.expressions import Condition, ExpressionError, Scope, Template

EVALUATOR = Path(__file__).parents[2] / ".ci/validator/node_modules/@actions/expressions/dist/index.js"

CONTEXTS = {
    "github": {
        "ref": "refs/tags/v1.2.3",
        "event": {"commits": [{"id": "abc"}, {"id": "def"}], "forced": False, "count": 7, "body": None},
    },
    "inputs": {"dry-run": "true", "empty": "", "Mixed": "Case"},
    "steps": {"run": {"outputs": {"merge-matrix": '{"include":[{"a":1}]}'}, "outcome": "failure"}},
}
NAMES = frozenset(CONTEXTS)

VALUES = {
    "github.ref": "refs/tags/v1.2.3",
    "GitHub.REF": "refs/tags/v1.2.3",
    "github['ref']": "refs/tags/v1.2.3",
    "inputs.dry-run": "true",
    "inputs.mixed": "Case",
    "inputs.missing": "",
    "github.missing.deeper": "",
    "github.event.commits[1].id": "def",
    "github.event.commits[7].id": "",
    "github.event.forced": "false",
    "github.event.count": "7",
    "github.event.body": "",
    "github.event": "Object",
    "github.event.commits": "Array",
    "steps.run.outputs.merge-matrix": '{"include":[{"a":1}]}',
    "'it''s'": "it's",
    "''": "",
    "1.50": "1.5",
    "-3": "-3",
    "0xff": "255",
    "1e3": "1000",
    "null": "",
    "true": "true",
    "true && 'yes' || 'no'": "yes",
    "false && 'yes' || 'no'": "no",
    "inputs.empty || 'default'": "default",
    "inputs.empty && 'never'": "",
    "!inputs.empty": "true",
    "!!github.event.count": "true",
    "'ABC' == 'abc'": "true",
    "'abc' != 'ABD'": "true",
    "1 == '1'": "true",
    "0 == ''": "true",
    "null == 0": "true",
    "true == 1": "true",
    "true == 'true'": "false",
    "'x' == 1": "false",
    "github.event == github.event": "true",
    "github.event.commits == 2": "false",
    "2 > 10": "false",
    "'2' > '10'": "true",
    "'b' >= 'B'": "true",
    "'x' < 1": "false",
    "1 < 2 == true": "true",
    "true || false && false": "true",
    "(true || false) && false": "false",
    "!true == false": "true",
    "contains(github.ref, 'TAGS')": "true",
    "contains(github.event.commits, 'abc')": "false",
    "contains(fromJSON('[\"a\", \"B\"]'), 'b')": "true",
    "startsWith(github.ref, 'REFS/tags/')": "true",
    "endsWith(github.ref, '.4')": "false",
    "format('{0}-{1}-{{x}}', github.ref, 2)": "refs/tags/v1.2.3-2-{x}",
    "join(fromJSON('[1, true, \"z\"]'), '+')": "1+true+z",
    "join(fromJSON('[1, 2]'))": "1,2",
    "fromJSON(steps.run.outputs.merge-matrix).include[0].a": "1",
    "toJSON(github.event.commits)": json.dumps(CONTEXTS["github"]["event"]["commits"], indent=2),  # type: ignore[index]  # of the table above
    "toJSON(inputs.empty)": '""',
}


@pytest.mark.parametrize(("expression", "value"), VALUES.items())
def test_value(expression: str, value: str) -> None:
    assert Template.read("${{ " + expression + " }}", NAMES).render(Scope(CONTEXTS)) == value


@pytest.mark.tools("node")
def test_values_are_those_of_githubs_own_evaluator() -> None:
    if not EVALUATOR.is_file():
        reason = "needs `npm ci` in .ci/validator"
        if os.environ.get("RELEASE_ACTIONS_REQUIRE_TOOLS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    script = """
        import { readFileSync } from "node:fs";
        import { pathToFileURL } from "node:url";
        const path = pathToFileURL(process.argv.at(-1));
        const { data, Evaluator, Lexer, Parser } = await import(path);
        const { contexts, expressions } = JSON.parse(readFileSync(0, "utf8"));
        const given = JSON.parse(JSON.stringify(contexts), data.reviver);
        const values = expressions.map((text) => {
          const tokens = new Lexer(text).lex().tokens;
          const tree = new Parser(tokens, Object.keys(contexts), []).parse();
          return new Evaluator(tree, given).evaluate().coerceString();
        });
        console.log(JSON.stringify(values));
    """
    ended = subprocess.run(
        ["node", "--input-type=module", "--eval", script, str(EVALUATOR)],
        input=json.dumps({"contexts": CONTEXTS, "expressions": list(VALUES)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ended.stderr
    assert dict(zip(VALUES, json.loads(ended.stdout), strict=True)) == VALUES


def test_expressions_stand_in_the_middle_of_a_text() -> None:
    text = "a ${{ inputs.dry-run }}, b ${{ '}}' }}, c $${{ 1 }} }} end"
    assert Template.read(text, NAMES).render(Scope(CONTEXTS)) == "a true, b }}, c $1 }} end"


def test_env_tells_names_apart_by_case() -> None:
    scope = Scope({"env": CaseSensitive({"Name": "x"})})
    assert Template.read("${{ env.Name }}|${{ env.NAME }}", frozenset({"env"})).render(scope) == "x|"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("secrets.TOKEN", "there is no context 'secrets' here"),
        ("hashFiles('**')", "there is no function hashFiles() here"),
        ("success()", "there is no function success() here"),
        ("github.event.commits.*.id", "'*' is not the name of a property"),
        ("inputs.a +", "'+' has no meaning in it"),
        ("inputs.a ==", "it ends too early"),
        ("(inputs.a", "')' is missing"),
        ("inputs.a inputs.b", "'inputs' was not expected"),
        ("", "it ends too early"),
        ('"double"', "'\"' has no meaning in it"),
        ("contains('a')", "contains() does not take 1 arguments"),
    ],
)
def test_what_is_not_supported_is_named_before_anything_runs(expression: str, reason: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        Template.read("${{ " + expression + " }}", NAMES)
    assert f"The expression '{expression}' cannot be evaluated: {reason}" in str(caught.value)


def test_an_expression_that_is_not_closed() -> None:
    with pytest.raises(ExpressionError, match="it is not closed with }}"):
        Template.read("x ${{ inputs.a }", NAMES)


@pytest.mark.parametrize("expression", ["fromJSON('{')", "format('{1}', 'a')", "format('{x}', 'a')"])
def test_an_argument_that_a_function_cannot_take_names_the_expression(expression: str) -> None:
    template = Template.read("${{ " + expression + " }}", NAMES)
    with pytest.raises(ExpressionError) as caught:
        template.render(Scope(CONTEXTS))
    assert f"The expression '{expression}' cannot be evaluated" in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("", {"success"}),
        ("success()", {"success"}),
        ("failure()", {"failure"}),
        ("cancelled()", {"cancelled"}),
        ("always()", {"success", "failure", "cancelled"}),
        ("!cancelled()", {"success", "failure"}),
        ("${{ failure() || success() }}", {"success", "failure"}),
        ("inputs.dry-run == 'true'", {"success"}),
        ("inputs.dry-run == 'false'", set()),
        ("always() && steps.run.outcome == 'failure'", {"success", "failure", "cancelled"}),
    ],
)
def test_condition(condition: str, runs: set[str]) -> None:
    read = Condition.read(condition, NAMES)
    assert {status for status in ("success", "failure", "cancelled") if read.holds(Scope(CONTEXTS, status))} == runs


def test_a_condition_is_one_expression() -> None:
    # On the platform a text around an expression is always true, which nobody means.
    with pytest.raises(ExpressionError, match="a condition is one expression"):
        Condition.read("${{ inputs.a }} == 'b'", NAMES)
