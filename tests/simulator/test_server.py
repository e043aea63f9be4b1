"""The servers on loopback: ports, kept connections, cut lines, and the end."""

from __future__ import annotations

import http.client
import socket
import threading
from urllib.parse import urlsplit

import pytest
from tests.simulator.callers import ADA, PACKAGE, VERSIONS, Caller

from release_actions.errors import ExitCode, InputError
from release_actions.simulator import Simulator, World, build_image
from release_actions.simulator.faults import Fault

ROUTE = "/orgs/{org}/packages/{package_type}/{package_name}/versions"


def connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)


def test_two_origins_on_loopback(simulator: Simulator) -> None:
    assert simulator.api_url != simulator.registry_url
    for url in (simulator.api_url, simulator.registry_url):
        assert url.startswith("http://127.0.0.1:")
    assert simulator.environment() == {
        "GITHUB_API_URL": simulator.api_url,
        "RELEASE_ACTIONS_REGISTRY_URL": simulator.registry_url,
    }


def test_a_connection_is_kept_over_requests_with_and_without_bodies(simulator: Simulator) -> None:
    connection = connect(simulator.registry_url)
    kept = set()
    for method, body in (("GET", None), ("POST", b"body"), ("HEAD", None), ("DELETE", b"x" * 100_000), ("GET", None)):
        connection.request(method, "/v2/llm-d/x/manifests/v1", body=body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status in {401, 405}
        kept.add(connection.sock)
    connection.close()
    assert len(kept) == 1


def test_a_client_that_waits_for_a_word_gets_it_once(simulator: Simulator) -> None:
    parts = urlsplit(simulator.api_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as line:
        line.sendall(b"POST /_simulator/clock?advance=1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n")
        line.sendall(b"Content-Length: 2\r\nConnection: close\r\n\r\n")
        word = line.recv(1000)
        line.sendall(b"{}")
        text = word
        while chunk := line.recv(1000):
            text += chunk
    assert text.count(b"HTTP/1.1 100 Continue") == 1
    assert text.count(b"HTTP/1.1 200 OK") == 1


def test_a_line_is_cut_without_a_word(world: World) -> None:
    with Simulator(world, faults=[Fault(reset="before")]) as simulator:
        connection = connect(simulator.api_url)
        connection.request("GET", "/users/ada")
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            connection.getresponse()
        connection.close()
        connection.request("GET", "/users/ada")
        assert connection.getresponse().status == 200
        connection.close()


def test_half_a_body_ends_the_connection(world: World) -> None:
    with Simulator(world, faults=[Fault(truncate=True)]) as simulator:
        connection = connect(simulator.api_url)
        connection.request("GET", "/users/ada")
        with pytest.raises(http.client.IncompleteRead):
            connection.getresponse().read()
        connection.close()


def test_times_are_the_worlds(simulator: Simulator) -> None:
    connection = connect(simulator.api_url)
    connection.request("GET", "/users/ada")
    assert connection.getresponse().getheader("Date") == "Tue, 03 Feb 2026 09:00:00 GMT"
    connection.close()


@pytest.mark.parametrize("second", [False, True])
def test_a_port_that_is_taken_is_told(world: World, simulator: Simulator, *, second: bool) -> None:
    taken = urlsplit(simulator.api_url).port or 0
    with pytest.raises(InputError, match=f"The simulator cannot listen on port {taken}") as error:
        Simulator(world, api_port=0 if second else taken, registry_port=taken)
    assert error.value.exit_code == ExitCode.BAD_INPUT


def test_a_port_that_cannot_be_is_told(world: World) -> None:
    with pytest.raises(InputError, match="The simulator cannot listen on port 70000: "):
        Simulator(world, api_port=70000)


def test_after_the_end_nobody_answers_and_ports_are_free(world: World) -> None:
    simulator = Simulator(world)
    kept = connect(simulator.api_url)
    kept.request("GET", "/users/ada")
    kept.getresponse().read()
    simulator.stop()
    simulator.stop()
    with pytest.raises(ConnectionRefusedError):
        connect(simulator.api_url).connect()
    kept.close()
    ports = [urlsplit(url).port or 0 for url in (simulator.api_url, simulator.registry_url)]
    with Simulator(world, api_port=ports[0], registry_port=ports[1]) as again:
        assert again.api_url == simulator.api_url


def test_many_clients_at_once(world: World, simulator: Simulator) -> None:
    failures: list[object] = []

    def work(number: int) -> None:
        call = Caller(simulator)
        try:
            for step in range(5):
                call.push(build_image(seed=f"{number} {step}"), f"t{number}-{step}")
        except Exception as error:  # noqa: BLE001  # shown below
            failures.append(error)
        finally:
            call.session.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(world.tags(PACKAGE)) == 40
    assert [tag for tag in world.tags(PACKAGE) if world.missing(PACKAGE, tag)] == []
    assert simulator.requests.count(method="PUT", status=201, client="classic ada") == 40 * 4
    assert 1 <= simulator.requests.most_in_flight <= 8


def test_the_log_knows_routes_statuses_and_clients_but_no_secret(simulator: Simulator) -> None:
    call = Caller(simulator)
    call.rest("GET", f"{VERSIONS}?per_page=5")
    call.rest("GET", "/nowhere", None)
    call.registry("GET", f"/v2/{PACKAGE}/tags/list")
    call.session.close()
    entries = simulator.requests.entries
    assert [entry[:4] for entry in entries] == [
        ("api", "GET", ROUTE, 200),
        ("api", "GET", "", 404),
        ("registry", "GET", "/v2/{name}/tags/list", 200),
    ]
    assert (entries[0].path, entries[0].client, entries[1].client) == (
        f"{VERSIONS}?per_page=5",
        "classic ada",
        "anonymous",
    )
    assert ADA not in repr(entries)
    assert simulator.requests.kinds(lambda entry: entry.origin == "api") == {
        ("api", "GET", "", 404): 1,
        ("api", "GET", ROUTE, 200): 1,
    }
    simulator.requests.clear()
    assert simulator.requests.entries == ()
