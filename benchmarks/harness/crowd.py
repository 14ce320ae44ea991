"""The load generator, a process of its own: `python -m benchmarks.harness.crowd JSON`. It prints one JSON object when it is done.

mode `saturate`: asks for a round by one byte on the control port, waits until every client has all frames of it, asks for the next.
mode `watch`: prints `ready`, takes frames until a line comes on its input (with a number: until so many came, a minute at most), and
reports the time from each frame's due instant to its arrival; all samples count. mode `hold`: keeps connections open the same way. mode
`follow`: `benchmarks.harness.followers`.
"""

import json
import os
import resource
import select
import socket
import sys
import time
from typing import Any, Final

import psutil

from benchmarks.harness.followers import Followers
from benchmarks.harness.sockets import Client, Crowd

DUE: Final = b"due-"
"""Stands before the due instant (ns of the monotonic clock) in a frame's id."""
_PATIENCE_S: Final = 60.0


def saturate(crowd: Crowd, options: dict[str, Any]) -> dict[str, Any]:
    """Return deliveries per second, the server's CPU time for each, and how busy this process was itself."""
    control = socket.create_connection(("127.0.0.1", options["control"]))
    control.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or a round waits for the acknowledgement of the one before
    server = psutil.Process(options["pid"])
    per_turn, clients = options["per_turn"], len(crowd.clients)
    _rounds(crowd, control, per_turn, options["seconds"] / 5)
    own, theirs, began = time.process_time(), _cpu_s(server), time.perf_counter()
    delivered = _rounds(crowd, control, per_turn, options["seconds"]) * per_turn * clients
    seconds = time.perf_counter() - began
    return {
        "deliveries_per_s": delivered / seconds,
        "cpu_us": (_cpu_s(server) - theirs) / delivered * 1e6,
        "crowd_busy": (time.process_time() - own) / seconds,
    }


def _rounds(crowd: Crowd, control: socket.socket, per_turn: int, seconds: float) -> int:
    rounds = 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        control.sendall(bytes((per_turn,)))
        wanted = per_turn * len(crowd.clients)
        deadline = time.perf_counter() + _PATIENCE_S
        while wanted > 0:
            wanted -= sum(crowd.events(1.0))
            if time.perf_counter() > deadline:
                raise TimeoutError(f"{wanted} deliveries never came")
        rounds += 1
    return rounds


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def watch(crowd: Crowd, _options: dict[str, Any]) -> dict[str, Any]:
    """Return all latencies (ms, sorted, as quantiles), and what came."""
    late: list[float] = []

    def seen(_client: Client, frame: bytes) -> None:
        at = frame.find(DUE, 0, 200)
        if at >= 0:
            late.append((time.monotonic_ns() - int(frame[at + 4 : frame.index(b'"', at)])) / 1e6)

    own, began = time.process_time(), time.perf_counter()
    wanted = int(_until_told(crowd, seen) or 0)
    deadline = time.monotonic() + _PATIENCE_S
    while len(late) < wanted and time.monotonic() < deadline:
        for _ in crowd.events(0.1, seen):
            pass
    late.sort()
    return {
        "samples": len(late),
        "quantiles": {str(share): late[min(len(late) - 1, int(len(late) * share))] for share in (0.5, 0.9, 0.99, 0.999)} if late else {},
        "crowd_busy": (time.process_time() - own) / (time.perf_counter() - began),
    }


def hold(crowd: Crowd, _options: dict[str, Any]) -> dict[str, Any]:
    """Return how many frames came to the client that got the fewest, and who is still there."""
    before = {client: client.frames for client in crowd.clients.values()}
    _until_told(crowd, lambda _client, _frame: None)
    settle(crowd, 1.0)
    return {"clients": len(crowd.clients), "fewest": min(client.frames - before.get(client, 0) for client in crowd.clients.values())}


def _until_told(crowd: Crowd, seen: Any) -> str:  # noqa: ANN401  because it is a callback of the crowd
    """Take frames until a line comes; return it."""
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for _ in crowd.events(0.1, seen):
            pass
    return sys.stdin.readline().strip()


def hello(streams: list[str], number: int) -> bytes:
    """Return the frame that subscribes a client to its stream, one after the other of those named."""
    wants = [{"stream": streams[number % len(streams)]}]
    return json.dumps({"type": "sync", "payload": {"action": "subscribe", "data": {"streams": wants}}}).encode()


def settle(crowd: Crowd, seconds: float) -> None:
    """Take what the handshakes and snapshots bring, until it is quiet."""
    while sum(crowd.events(seconds)):
        pass


def main() -> None:
    """Open the connections and do what the mode says."""
    options = json.loads(sys.argv[1])
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.nice(options.get("nice", 0))
    crowd = Crowd(options["port"], options.get("headers", ""))
    if options["mode"] == "follow":
        print(json.dumps(Followers(crowd, options).run()), flush=True)
        return
    crowd.open(options["clients"], lambda number: hello(options["streams"], number))
    settle(crowd, 0.5)
    print(json.dumps({"saturate": saturate, "watch": watch, "hold": hold}[options["mode"]](crowd, options)), flush=True)


if __name__ == "__main__":
    main()
