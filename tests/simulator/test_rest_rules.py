"""Rulesets for tags, and immutable releases, as GitHub's API lets one meet them."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from release_actions.simulator import InProcess
from release_actions.simulator.seed import world_from_dict

REPOSITORY = "llm-d/llm-d"
SEED: dict[str, Any] = {
    "accounts": {"llm-d": {"type": "organization"}},
    "tokens": [
        {"token": "ghs_job", "kind": "actions", "repository": REPOSITORY, "permissions": {"contents": "write"}},
    ],
    "repositories": {
        REPOSITORY: {
            "commits": [{"id": "c1", "message": "one"}, {"id": "c2", "message": "two"}],
            "tags": {"v0.5.0-rc.1": {"commit": "c1"}, "v0.4.0": {"commit": "c1"}, "other": {"commit": "c1"}},
            "releases": [{"tag": "v0.4.0", "immutable": True}],
            "tag-rules": [{"tags": ["v0.5*"], "restricts": ["creation", "update", "deletion"]}],
            "immutable-releases": True,
        }
    },
}
RULES = "Repository rule violations found"


@pytest.fixture
def simulator() -> InProcess:
    return InProcess(world_from_dict(SEED))


def ask(simulator: InProcess, method: str, path: str, **body: Any) -> requests.Response:
    session = simulator.mount(requests.Session())
    url = f"{simulator.api_url}/repos/{REPOSITORY}/{path}"
    return session.request(method, url, json=body or None, headers={"Authorization": "Bearer ghs_job"})


def sha(simulator: InProcess, tag: str) -> str:
    return str(ask(simulator, "GET", f"git/ref/tags/{tag}").json()["object"]["sha"])


def head(simulator: InProcess) -> str:
    return str(ask(simulator, "GET", "git/ref/heads/main").json()["object"]["sha"])


def test_a_ruleset_refuses_what_it_restricts_and_nothing_else(simulator: InProcess) -> None:
    new = {"ref": "refs/tags/v0.5.0", "sha": head(simulator)}
    for method, path, body, words in (
        ("POST", "git/refs", new, "Cannot create ref due to creations being restricted."),
        ("PATCH", "git/refs/tags/v0.5.0-rc.1", {"sha": head(simulator)}, "Cannot update this protected ref."),
        ("DELETE", "git/refs/tags/v0.5.0-rc.1", {}, "Cannot delete this tag"),
    ):
        answer = ask(simulator, method, path, **body)
        assert answer.status_code == 422
        assert answer.json()["message"] == f"{RULES}\n\n{words}\n\n"
    assert sha(simulator, "v0.5.0-rc.1") != head(simulator)
    assert ask(simulator, "PATCH", "git/refs/tags/other", sha=head(simulator)).status_code == 200
    assert ask(simulator, "DELETE", "git/refs/tags/other").status_code == 204


def test_publishing_makes_no_tag_that_a_ruleset_forbids(simulator: InProcess) -> None:
    answer = ask(simulator, "POST", "releases", tag_name="v0.5.0")
    assert answer.status_code == 422
    assert RULES in answer.json()["errors"][0]["message"]
    assert ask(simulator, "GET", "releases/tags/v0.5.0").status_code == 404


def test_the_tag_of_an_immutable_release_stays_until_the_release_goes_and_never_comes_back(
    simulator: InProcess,
) -> None:
    before = sha(simulator, "v0.4.0")
    release = ask(simulator, "GET", "releases/tags/v0.4.0").json()
    assert release["immutable"] is True
    assert ask(simulator, "DELETE", "git/refs/tags/v0.4.0").status_code == 422
    assert ask(simulator, "PATCH", "git/refs/tags/v0.4.0", sha=head(simulator), force=True).status_code == 422
    assert sha(simulator, "v0.4.0") == before
    assert ask(simulator, "PATCH", f"releases/{release['id']}", draft=True).status_code == 422
    assert ask(simulator, "PATCH", f"releases/{release['id']}", body="New words").status_code == 200
    assert ask(simulator, "DELETE", f"releases/{release['id']}").status_code == 204
    assert ask(simulator, "DELETE", "git/refs/tags/v0.4.0").status_code == 204
    again = ask(simulator, "POST", "git/refs", ref="refs/tags/v0.4.0", sha=before)
    assert again.json()["message"] == f"{RULES}\n\nCannot create ref due to creations being restricted.\n\n"
    published = ask(simulator, "POST", "releases", tag_name="v0.4.0")
    assert published.json()["errors"][0]["message"] == "tag_name was used by an immutable release"


def test_a_release_becomes_immutable_when_it_is_published(simulator: InProcess) -> None:
    draft = ask(simulator, "POST", "releases", tag_name="other", draft=True).json()
    assert draft["immutable"] is False
    published = ask(simulator, "PATCH", f"releases/{draft['id']}", draft=False).json()
    assert published["immutable"] is True
    upload = simulator.mount(requests.Session()).post(
        published["upload_url"].partition("{")[0],
        params={"name": "notes.txt"},
        data=b"late",
        headers={"Authorization": "Bearer ghs_job", "Content-Type": "text/plain"},
    )
    assert upload.status_code == 422
    assert "immutable release" in upload.json()["message"]
