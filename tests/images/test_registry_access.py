"""Which token may go to which registry."""

from __future__ import annotations

import pytest

from release_actions.images.registry_access import choose_token
from release_actions.runner.context import Context
from release_actions.runner.workflow import Workflow

SERVER = Context(server_url="https://github.example.com")
NAMED = Context(registry_url="http://127.0.0.1:5000")
SAID = "quay.io is not GitHub's registry, so it is read without a token. Set registry-token to one of its own.\n"


@pytest.mark.parametrize("token", ["ghs_of_a_job", "ghp_classic", "github_pat_fine_grained", "0123456789abcdef"])
def test_githubs_token_does_not_leave_github(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    log = Workflow({})
    assert choose_token("quay.io", token, Context(), log, for_github="0123456789abcdef") == ""
    assert capsys.readouterr().out == SAID
    assert choose_token("ghcr.io.example.com", token, Context(), log, for_github="0123456789abcdef") == ""
    assert (
        choose_token("containers.github.example.com.quay.io", token, SERVER, log, for_github="0123456789abcdef") == ""
    )


@pytest.mark.parametrize(
    ("host", "context"), [("ghcr.io", Context()), ("containers.github.example.com", SERVER), ("quay.io", NAMED)]
)
def test_githubs_token_goes_to_githubs_registries_and_where_a_person_says(
    host: str, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    assert choose_token(host, "ghs_of_a_job", context, Workflow({}), for_github="ghs_of_a_job") == "ghs_of_a_job"
    assert capsys.readouterr().out == ""


def test_a_registrys_own_token_goes_to_it_in_silence(capsys: pytest.CaptureFixture[str]) -> None:
    assert choose_token("quay.io", "of-the-robot", Context(), Workflow({}), for_github="ghs_of_a_job") == "of-the-robot"
    assert choose_token("quay.io", "", Context(), Workflow({})) == ""
    assert capsys.readouterr().out == ""
