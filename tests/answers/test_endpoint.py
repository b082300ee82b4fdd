"""A judge elsewhere: here, a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from memex.endpoint import Endpoint, EndpointFailed
from memex.errors import InvalidRequest
from memex.protocols import Message

ASKED = (Message("system", "Say yes or no."), Message("user", "Is it?"))


@dataclass
class Server:
    """What it answers, and what it was sent."""

    url: str
    status: int = 200
    reply: bytes = b'{"choices": [{"message": {"role": "assistant", "content": "No. It is not."}}]}'
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.requests.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.reply)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 (its name)
            """Nothing."""

    serving = HTTPServer(("127.0.0.1", 0), Handler)
    made = Server(f"http://127.0.0.1:{serving.server_port}/v1")
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield made
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_it_is_asked_by_the_interface_of_openai(server: Server) -> None:
    judge = Endpoint(server.url, "large", "secret")
    assert judge.choose(ASKED, ("yes", "no")) == "no"
    ((path, headers, body),) = server.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == "Bearer secret"
    assert body["model"] == "large"
    assert body["messages"] == [
        {"role": "system", "content": "Say yes or no."},
        {"role": "user", "content": "Is it?"},
    ]
    assert judge.is_here
    assert "secret" not in repr(judge)


def test_without_a_key_none_is_sent(server: Server) -> None:
    Endpoint(server.url, "large").choose(ASKED, ("yes", "no"))
    ((_, headers, _),) = server.requests
    assert "Authorization" not in headers


@pytest.mark.parametrize("content", [None, "", "perhaps", "I would say no"])
def test_what_is_no_verdict_is_none(server: Server, content: str | None) -> None:
    server.reply = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
    assert Endpoint(server.url, "large").choose(ASKED, ("yes", "no")) is None


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.status, server.headers = 307, {"Location": server.url + "/elsewhere"}
    with pytest.raises(EndpointFailed, match="HTTP 307"):
        Endpoint(server.url, "large", "secret").choose(ASKED, ("yes", "no"))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("status", "reply", "said"),
    [
        (401, b"{}", "MEMEX_JUDGE_KEY"),
        (404, b"{}", "the name of the model"),
        (200, b"<html>", "interface of OpenAI"),
        (200, b'{"choices": []}', "interface of OpenAI"),
        (200, b"x" * (2 << 20), "more than a verdict"),
    ],
)
def test_failures_say_what_to_do(server: Server, status: int, reply: bytes, said: str) -> None:
    server.status, server.reply = status, reply
    with pytest.raises(EndpointFailed) as caught:
        Endpoint(server.url, "large").choose(ASKED, ("yes", "no"))
    assert said in str(caught.value)


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(EndpointFailed, match="does not answer"):
        Endpoint("http://127.0.0.1:9/v1", "large").choose(ASKED, ("yes", "no"))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/v1",
        "http://192.168.0.7:8080/v1",
        "http://localhost.example.org/v1",
        "ftp://localhost/v1",
        "https://",
        "example.org",
        "https://name:word@example.org/v1",
        "https://example.org/v1?key=1",
        "https://example.org/a b",
        "https://example.org:99999/v1",
    ],
)
def test_addresses_that_are_not_asked(url: str) -> None:
    with pytest.raises(InvalidRequest, match="not asked"):
        Endpoint(url, "large")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("https://example.org/v1", False),
        ("http://localhost:8080/v1", True),
        ("http://[::1]:8080/v1", True),
        ("http://127.0.0.2/v1", True),
    ],
)
def test_addresses_that_may_be_asked(url: str, here: bool) -> None:
    assert Endpoint(url, "large").is_here is here
