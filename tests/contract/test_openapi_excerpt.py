"""The script that cuts the excerpt keeps every rule of a schema and nothing else, or stops."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.contract.description import EXCERPT

import update_openapi_excerpt as script

DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {
        path: {
            "parameters": [{"$ref": "#/components/parameters/page"}],
            method: {
                "operationId": f"{method} {path}",
                "description": "prose",
                "parameters": [],
                "responses": {
                    "200": {
                        "description": "prose",
                        "headers": {"Link": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/thing"}}},
                    },
                    "404": {"$ref": "#/components/responses/gone"},
                },
            },
        }
        for method, path in [("get", "/things")]
    },
    "components": {
        "parameters": {"page": {"name": "page", "in": "query", "description": "prose", "schema": {"type": "integer"}}},
        "responses": {"gone": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}}},
        "schemas": {
            "thing": {
                "type": "object",
                "description": "prose",
                "required": ["description"],
                "properties": {"description": {"type": "string", "nullable": True, "example": "prose"}},
            },
            "error": {"allOf": [{"$ref": "#/components/schemas/inner"}, {"title": "prose", "minProperties": 1}]},
            "inner": {"type": "object", "additionalProperties": {"type": "string", "x-own": "prose"}},
            "unused": {"type": "object"},
        },
    },
}


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(script, "routes", lambda: [("get", "/things")])
    return script.excerpt(DESCRIPTION, "1.2.3", "sha512-x", script.routes())


def test_rules_stay_and_prose_goes(cut: dict[str, Any]) -> None:
    assert "prose" not in json.dumps(cut)
    assert cut["components"]["schemas"] == {
        "thing": {
            "type": "object",
            "required": ["description"],
            "properties": {"description": {"type": "string", "nullable": True}},
        },
        "error": {"allOf": [{"$ref": "#/components/schemas/inner"}, {"minProperties": 1}]},
        "inner": {"type": "object", "additionalProperties": {"type": "string"}},
    }


def test_an_operation_has_its_parameters_answers_and_headers(cut: dict[str, Any]) -> None:
    operation = cut["paths"]["/things"]["get"]
    assert operation["parameters"] == [
        {"name": "page", "in": "query", "required": False, "schema": {"type": "integer"}}
    ]
    assert operation["responses"]["200"]["headers"] == ["Link"]
    assert operation["responses"]["404"]["content"]["application/json"] == {
        "schema": {"$ref": "#/components/schemas/error"}
    }


def test_a_keyword_without_a_rule_stops_it() -> None:
    with pytest.raises(script.CannotCutError, match="patternProperties"):
        script.schema({"patternProperties": {}}, "thing")


def test_a_route_that_github_lacks_stops_it() -> None:
    with pytest.raises(script.CannotCutError, match="GET /nothing"):
        script.excerpt(DESCRIPTION, "1.2.3", "sha512-x", [("get", "/nothing")])


@pytest.mark.parametrize("node", [{}, [], {"a": ["b" * 70, {"c": None, "d": 'e"\n'}, "f" * 70]}, [[True], 1.5]])
def test_it_is_written_as_json(node: Any) -> None:
    assert json.loads(script.written(node)) == node


def test_the_committed_excerpt_is_in_the_scripts_form() -> None:
    text = EXCERPT.read_text(encoding="utf-8")
    assert script.written(json.loads(text)) + "\n" == text


def test_a_stale_excerpt_is_told(
    monkeypatch: pytest.MonkeyPatch, cut: dict[str, Any], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "EXCERPT", tmp_path / "excerpt.json")
    monkeypatch.setattr(script, "download", lambda version: (DESCRIPTION, "1.2.3", f"sha512-{version[:0]}x"))
    assert script.main([]) == 0
    assert json.loads(script.EXCERPT.read_text(encoding="utf-8")) == cut
    assert script.main(["--check"]) == 0
    script.EXCERPT.write_text(script.EXCERPT.read_text(encoding="utf-8").replace("thing", "think"), encoding="utf-8")
    assert script.main(["--check"]) == 1
    assert "is stale" in capsys.readouterr().err


def test_another_package_under_the_same_version_is_told(
    monkeypatch: pytest.MonkeyPatch, cut: dict[str, Any], tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(script, "EXCERPT", tmp_path / "excerpt.json")
    script.EXCERPT.write_text(script.written(cut), encoding="utf-8")
    monkeypatch.setattr(script, "download", lambda _: (DESCRIPTION, "1.2.3", "sha512-other"))
    assert script.main(["--check"]) == 3
    assert "is not the package it was" in capsys.readouterr().err
