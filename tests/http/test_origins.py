from __future__ import annotations

import pytest

from release_actions.errors import InputError
from release_actions.http.origins import Credential, Origin


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://api.github.com", "https://api.github.com"),
        ("https://GHE.example:443/api/v3", "https://ghe.example"),
        ("https://ghe.example:8443/api/v3", "https://ghe.example:8443"),
        ("http://127.0.0.1:41001/x", "http://127.0.0.1:41001"),
        ("http://127.9.9.9/", "http://127.9.9.9"),
        ("http://[::1]:5000/v2/", "http://[::1]:5000"),
        ("http://LocalHost:80", "http://localhost"),
    ],
)
def test_addresses_that_may_be_spoken_to(url: str, shown: str) -> None:
    assert str(Origin.of(url)) == shown


@pytest.mark.parametrize(
    "url",
    [
        "http://ghe.example/api/v3",
        "http://127.0.0.1.example.com/",
        "http://localhost.example.com/",
        "http://127.1/",
        "http://0.0.0.0:80/",
        "http://10.0.0.1/",
    ],
)
def test_plain_http_stays_on_this_machine(url: str) -> None:
    with pytest.raises(InputError, match="is not https") as caught:
        Origin.of(url)
    assert "GITHUB_API_URL (--api-url)" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.github.com",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://",
        "https://host:port/",
        "https://host:0/",
        "https://host:99999/",
        "https://[::1/",
        "http://127.0.0.1\\@example.com/",
        "https://exa mple.com/",
        "https://example.com/\nX: y",
        "https://exämple.com/",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="not of the form https://HOST"):
        Origin.of(url)


def test_a_password_in_an_address_is_refused_without_showing_it() -> None:
    with pytest.raises(InputError) as caught:
        Origin.of("https://bot:hunter2@ghe.example/api/v3")
    assert "ghe.example holds a user name or password" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("other", ["http://localhost:1", "http://127.0.0.1:2", "https://127.0.0.1:1"])
def test_origins_differ_by_scheme_host_and_port(other: str) -> None:
    assert Origin.of(other) != Origin.of("http://127.0.0.1:1")


def test_a_credential_does_not_show_its_secret() -> None:
    bearer = Credential.bearer("https://api.github.com", "ghs_secret")
    basic = Credential.basic("https://ghcr.io", "someone", "ghs_secret")
    assert bearer is not None
    assert bearer.authorization == "Bearer ghs_secret"
    assert basic is not None
    assert basic.authorization == "Basic c29tZW9uZTpnaHNfc2VjcmV0"
    assert "secret" not in repr(bearer) + repr(basic)
    assert "c29tZW9uZTpnaHNfc2VjcmV0" not in repr(basic)
    assert "c29tZW9uZTpnaHNfc2VjcmV0" in basic.secrets


def test_without_a_token_there_is_no_credential() -> None:
    assert Credential.bearer("https://api.github.com", "") is None
    assert Credential.basic("https://ghcr.io", "someone", "") is None


@pytest.mark.parametrize("token", ["ghs_x\n", "ghs_x y", "ghs_\u00e9", "a\r\nX-Evil: 1"])
def test_a_token_with_a_line_break_is_named_as_such_and_not_shown(token: str) -> None:
    with pytest.raises(InputError, match="no token has") as caught:
        Credential.bearer("https://api.github.com", token)
    assert token not in str(caught.value)
