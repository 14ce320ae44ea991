"""The ready configurations for agents: each is of the shape that its program reads, and leads to a server that shows its tools.

Shapes and variables are those of the programs' own documentation: Claude Code ("Environment variable expansion in .mcp.json"), Cursor
("Config interpolation"), VS Code ("MCP configuration reference"), Codex (`mcp_servers` in "Configuration reference"), Claude Desktop. What
they say first is sent as they send it, without the SDK that the server is made with.
"""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import httpx
import msgspec
import pytest

from broker.instance import read_instance

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "docs" / "howto" / "agents.md").read_text()
SNIPPET: Final = re.compile(r"^([A-Z][\w ]+), `([\w./~]+)`:\n```(json|toml)\n(.*?)^```", re.MULTILINE | re.DOTALL)
EDGE: Final = "http://127.0.0.1:8400"
VERSION: Final = "2025-06-18"
HELLO: Final = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "agent", "version": "1"}}
LIMIT_S: Final = 60


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A program may pass over a name that it does not know: the page must have none."""


class Remote(Strict):
    """How Cursor names a server elsewhere."""

    url: str
    headers: dict[str, str]


class TypedRemote(Remote):
    """How Claude Code and VS Code do: without the type they would start a program."""

    type: Literal["http"]


class Cursor(Strict):
    """`.cursor/mcp.json`."""

    servers: dict[str, Remote] = msgspec.field(name="mcpServers")


class ClaudeCode(Strict):
    """`.mcp.json`."""

    servers: dict[str, TypedRemote] = msgspec.field(name="mcpServers")


class Question(Strict):
    """What VS Code asks a person for, once."""

    id: str
    type: Literal["promptString"]
    description: str
    password: Literal[True]


class VsCode(Strict):
    """`.vscode/mcp.json`."""

    servers: dict[str, TypedRemote]
    inputs: list[Question]


class CodexServer(Strict):
    """A server elsewhere in Codex' file."""

    url: str
    bearer_token_env_var: str


class Codex(Strict):
    """`~/.codex/config.toml`."""

    mcp_servers: dict[str, CodexServer]


class Program(Strict):
    """How Claude Desktop names a server that it starts."""

    command: str
    args: list[str]
    env: dict[str, str] = {}


class ClaudeDesktop(Strict):
    """`claude_desktop_config.json`."""

    servers: dict[str, Program] = msgspec.field(name="mcpServers")


class Door(NamedTuple):
    """Where a program connects, and what it sends to say who it is."""

    url: str
    headers: Mapping[str, str]


def _expanded(server: Remote, pattern: str, known: Mapping[str, str]) -> Door:
    """Return the door once variables of this pattern are replaced; none of another kind may be left."""
    headers = {name: re.sub(pattern, lambda found: known[found[1]], value) for name, value in server.headers.items()}
    assert "$" not in server.url + "".join(headers.values())
    return Door(server.url, headers)


def claude_code(text: str, environment: Mapping[str, str]) -> Door:
    """Read as Claude Code does."""
    return _expanded(msgspec.json.decode(text, type=ClaudeCode).servers["anabranch"], r"\$\{(\w+)(?::-[^}]*)?\}", environment)


def cursor(text: str, environment: Mapping[str, str]) -> Door:
    """Read as Cursor does."""
    return _expanded(msgspec.json.decode(text, type=Cursor).servers["anabranch"], r"\$\{env:(\w+)\}", environment)


def vs_code(text: str, environment: Mapping[str, str]) -> Door:
    """Read as VS Code does; the person gives the token."""
    found = msgspec.json.decode(text, type=VsCode)
    return _expanded(found.servers["anabranch"], r"\$\{input:(\w+)\}", {one.id: environment["ANABRANCH_TOKEN"] for one in found.inputs})


def codex(text: str, environment: Mapping[str, str]) -> Door:
    """Read as Codex does."""
    server = msgspec.convert(tomllib.loads(text), type=Codex).mcp_servers["anabranch"]
    return Door(server.url, {"Authorization": f"Bearer {environment[server.bearer_token_env_var]}"})


READERS: Final[dict[str, Callable[[str, Mapping[str, str]], Door]]] = {
    "Claude Code": claude_code,
    "Cursor": cursor,
    "VS Code": vs_code,
    "Codex": codex,
}
FILES: Final = {name: text for name, _, _, text in SNIPPET.findall(TEXT)}


class Instance(NamedTuple):
    """A running one. token: of an agent."""

    place: Path
    url: str
    token: str


@pytest.fixture(scope="session")
def instance(place: Path) -> Instance:
    """Give the running instance with a token that is made as the page says."""
    (line,) = re.findall(r"^\$ (anabranch token --agent agent-7 --project my-project --ttl 8h)$", TEXT, re.MULTILINE)
    command = [str(place / ".venv" / "bin" / "anabranch"), *line.split()[1:]]
    token = subprocess.run(command, cwd=place, capture_output=True, text=True, check=True, timeout=LIMIT_S).stdout.strip()
    known = read_instance(place / ".anabranch")
    assert known is not None
    return Instance(place, known.url or "", token)


def test_every_program_has_its_file() -> None:
    """Each snippet of the section is read by one of the tests below."""
    section = TEXT.split("\n## Configure an agent\n")[1].split("\n## ")[0]
    assert FILES.keys() == READERS.keys()
    assert len(re.findall(r"^```(?:json|toml)$", section, re.MULTILINE)) == len(READERS) + 1


@pytest.mark.parametrize("program", READERS)
def test_a_configuration_over_http_leads_to_the_tools(program: str, instance: Instance) -> None:
    """With the token from where the page puts it."""
    door = READERS[program](FILES[program], {"ANABRANCH_TOKEN": instance.token})
    assert door.url.startswith(EDGE)
    with httpx.Client(headers=door.headers, trust_env=False, timeout=LIMIT_S) as http:
        assert tools_of(_by_http(http, door.url.replace(EDGE, instance.url))) == promised()


def _by_http(http: httpx.Client, url: str) -> "Talk":
    http.headers["Accept"] = "application/json, text/event-stream"

    def say(message: dict[str, Any]) -> Any:  # noqa: ANN401  as the protocol has it
        answer = http.post(url, json=message)
        assert answer.status_code in {200, 202}, answer.text
        http.headers["MCP-Protocol-Version"] = VERSION
        if session := answer.headers.get("mcp-session-id"):
            http.headers["MCP-Session-Id"] = session
        if "id" not in message:
            return None
        streamed = answer.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data:") for line in answer.text.splitlines() if line.startswith("data:")] if streamed else [answer.text]
        return next(found for line in lines if line.strip() and (found := json.loads(line)).get("id") == message["id"])

    return say


@pytest.mark.parametrize("token", [True, False], ids=["with a token", "without"])
def test_the_command_speaks_over_stdio(instance: Instance, tmp_path: Path, *, token: bool) -> None:
    """Started as written, but for the paths, from anywhere, in the little environment that such programs give."""
    (text,) = re.findall(r"^As a program.*?\n```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    program = msgspec.json.decode(text, type=ClaudeDesktop).servers["anabranch"]
    words = [word.replace("/path/to/", f"{instance.place}/") for word in (program.command, *program.args)]
    assert not [word for word in words if "/path/to" in word]
    environment = {
        "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
        **program.env,
        **({"ANABRANCH_TOKEN": instance.token} if token else {}),
    }
    with _by_stdio(words, tmp_path, environment) as say:
        assert tools_of(say) == promised()


def test_the_program_in_python_works(instance: Instance, tmp_path: Path) -> None:
    """As it stands, with another address: its claim is answered, whatever there is to claim."""
    (code,) = re.findall(r"^```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    (tmp_path / "agent.py").write_text(code.replace(EDGE, instance.url))
    run = "import asyncio, os, agent; asyncio.run(agent.work(os.environ['ANABRANCH_TOKEN']))"
    command = [str(instance.place / ".venv" / "bin" / "python"), "-c", run]
    environment = {**os.environ, "ANABRANCH_TOKEN": instance.token}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr


Talk = Callable[[dict[str, Any]], Any]
"""Sends a message; returns the answer, None to a notice."""


def tools_of(say: Talk) -> set[str]:
    """Return the names of the tools that a server shows after a greeting."""
    hello = say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": HELLO})["result"]
    assert hello["protocolVersion"] == VERSION
    assert "tools" in hello["capabilities"]
    say({"jsonrpc": "2.0", "method": "notifications/initialized"})
    return {tool["name"] for tool in say({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})["result"]["tools"]}


def promised() -> set[str]:
    """Return the tools that the page's first table names."""
    table = TEXT.split("| tool | does |")[1].split("\n\n")[0]
    return {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")}


@contextmanager
def _by_stdio(words: list[str], folder: Path, environment: dict[str, str]) -> Iterator[Talk]:
    """Run a program and talk with it, a message a line; it ends when its input does."""
    with subprocess.Popen(words, cwd=folder, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def say(message: dict[str, Any]) -> Any:  # noqa: ANN401  as the protocol has it
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" not in message:
                return None
            return next(found for line in process.stdout if (found := json.loads(line)).get("id") == message["id"])

        try:
            yield say
            process.communicate(timeout=LIMIT_S)
            assert process.returncode == 0
        finally:
            process.kill()
