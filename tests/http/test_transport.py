"""What a server may take of time and memory, and whose certificates are trusted."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.http.certificates import issue, serving_tls
from tests.http.loopback import Reply, serving

from release_actions.errors import RemoteError
from release_actions.http import transport
from release_actions.http.client import Http

MIB = 1024 * 1024

DRIPS = {
    "in its status line": [b"H"] * 1000,
    "in its headers": [b"HTTP/1.1 200 OK\r\n", *[b"X-Header: 1\r\n"] * 50],
    "in one header": [b"HTTP/1.1 200 OK\r\nX: ", *[b"1"] * 1000],
    "in its body": [b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", *[b"x"] * 1000],
    "in a body without end": [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 1000],
    "in chunks": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 1000],
    "in the size of a chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"0"] * 1000],
}


@pytest.fixture
def http() -> Iterator[Http]:
    with Http(sleep=lambda _: None, tries=1) as session:
        yield session


def read(http: Http, url: str, longest: int = MIB) -> bytes:
    return http.request("GET", url, what="read the thing", credential=None, longest=longest).body


@contextlib.contextmanager
def dripping(pieces: list[bytes]) -> Iterator[str]:
    """A server that sends one piece after the other, with a pause that is no timeout."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    for piece in pieces:
                        connection.sendall(piece)
                        if ended.wait(0.05):
                            return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


class TestTime:
    @pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS.keys())
    def test_a_server_that_sends_a_byte_now_and_then_does_not_hold_a_run(
        self, http: Http, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
    ) -> None:
        monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.3)
        began = time.monotonic()

        with dripping(pieces) as url, pytest.raises(RemoteError) as caught:
            read(http, url)

        assert time.monotonic() - began < 5
        assert f"Could not read the thing: {url} did not end its answer within " in str(caught.value)

    def test_a_server_that_says_nothing_is_given_up_earlier(self, http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("release_actions.http.exchange.TIMEOUT", (1.0, 0.2))

        with dripping([b""] * 1000) as url, pytest.raises(RemoteError, match="did not answer within 60 s"):
            read(http, url)

    def test_a_slow_answer_within_the_time_is_read(self, http: Http) -> None:
        with dripping([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", *[b"x"] * 5]) as url:
            assert read(http, url) == b"xxxxx"

    def test_a_connection_is_used_again_with_a_time_of_its_own(
        self, http: Http, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(transport, "ANSWER_SECONDS", 1.0)
        with serving(lambda asked: Reply(body=asked.headers["Connection"].encode())) as server:
            for _ in range(3):
                assert read(http, server.url) == b"keep-alive"
                time.sleep(0.5)

    def test_a_long_answer_takes_linear_time(self, http: Http) -> None:
        body = b"x" * (60 * MIB)
        with serving(lambda _: Reply(body=body)) as server:
            began = time.monotonic()
            with urllib.request.urlopen(server.url) as answer:
                answer.read()
            plain = time.monotonic() - began
            began = time.monotonic()

            received = read(http, server.url, longest=64 * MIB)

        assert len(received) == len(body)
        assert time.monotonic() - began < 8 * plain + 2


class TestSize:
    def test_an_answer_of_the_longest_length_is_read_and_a_byte_more_is_not(self, http: Http) -> None:
        with serving(lambda asked: Reply(body=b"x" * (MIB + (asked.path == "/more")))) as server:
            assert len(read(http, server.url)) == MIB
            with pytest.raises(RemoteError, match="but the answer is longer than 1 MiB"):
                read(http, f"{server.url}/more")

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "gzip, gzip"])
    def test_a_small_answer_that_unpacks_to_a_large_one_is_not_unpacked(self, http: Http, encoding: str) -> None:
        packed = zlib.compress(bytes(200 * MIB)) if encoding == "deflate" else gzip.compress(bytes(200 * MIB))
        if encoding == "gzip, gzip":
            packed = gzip.compress(packed)
        with serving(lambda _: Reply(body=packed, headers={"Content-Encoding": encoding})) as server:
            tracemalloc.start()
            try:
                with pytest.raises(RemoteError, match="but the answer is longer than 1 MiB"):
                    read(http, server.url)
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()

        assert peak < 20 * MIB

    def test_the_body_of_a_redirect_is_limited_too(self, http: Http) -> None:
        with (
            serving(lambda _: Reply(302, bytes(2 * MIB), {"Location": "/there"})) as server,
            pytest.raises(RemoteError, match="but the answer is longer than 1 MiB"),
        ):
            read(http, server.url)


class TestCertificates:
    VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        for name in self.VARIABLES:
            monkeypatch.delenv(name, raising=False)
        transport.load_trusted_certificates.cache_clear()
        yield
        transport.load_trusted_certificates.cache_clear()

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
    def test_a_file_of_certificates_that_is_named_is_trusted(
        self, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        trusted, served = issue(tmp_path)
        monkeypatch.setenv(variable, str(trusted))

        with serving_tls(served) as url:
            assert read(http, url) == b"[]"

    def test_a_certificate_of_nobody_known_is_refused_and_the_hint_names_the_variable(
        self, http: Http, tmp_path: Path
    ) -> None:
        _, served = issue(tmp_path)

        with serving_tls(served) as url, pytest.raises(RemoteError) as caught:
            read(http, url)

        assert str(caught.value) == (
            f"Could not read the thing: {url} has a certificate that is not trusted here. "
            "Behind a company's proxy, name the file of its certificates in SSL_CERT_FILE."
        )

    def test_a_certificate_of_another_authority_does_not_help(
        self, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folders = [tmp_path / "one", tmp_path / "other"]
        for folder in folders:
            folder.mkdir()
        (_, served), (other, _) = (issue(folder) for folder in folders)
        monkeypatch.setenv("SSL_CERT_FILE", str(other))

        with serving_tls(served) as url, pytest.raises(RemoteError, match="has a certificate that is not trusted here"):
            read(http, url)

    def test_public_authorities_stay_trusted_beside_a_named_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trusted, _ = issue(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))

        subjects = [str(certificate["subject"]) for certificate in transport.load_trusted_certificates().get_ca_certs()]

        assert any("Test authority" in subject for subject in subjects)
        assert len(subjects) > 100
