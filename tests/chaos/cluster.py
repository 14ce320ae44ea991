"""Real brokers as processes: one, or three with replication, each with two more doors that a proxy can shut."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Self

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from broker.connection import KafkaSettings
from broker.launch import Jvm
from broker.ports import free_port
from broker.prepare import PROPERTIES, prepare_archive, prepare_jvm, prepare_template, write_properties
from broker.reach import quiet_clients
from broker.ready import port_opens
from broker.spawn import spawn
from tests.chaos.disks import SmallDisk
from tests.chaos.proxy import Proxy

DOORS: Final = ("worker", "edge")
"""Listeners behind a proxy, by who uses them."""
_CLUSTER_ID: Final = "Y2hhb3MtY2hhb3MtY2hhbw"
_START_S: Final = 90.0
_THREE: Final = """
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
default.replication.factor=3
min.insync.replicas=2
replica.lag.time.max.ms=5000
"""


class Broker:
    """One broker process: broker and controller in one. ports: of its direct door, its controller and its doors behind proxies."""

    def __init__(self, number: int, folder: Path) -> None:
        self.number = number
        self.folder = folder
        self.port, self.controller = free_port(), free_port()
        self._inner = {door: free_port() for door in DOORS}
        self.proxies = {door: Proxy(free_port(), port) for door, port in self._inner.items()}
        self.disk: SmallDisk | None = None
        self._process: asyncio.subprocess.Process | None = None

    def configure(self, voters: str, brokers: int) -> None:
        """Write its properties: those of every embedded broker, and then what differs (the last line about a name holds)."""
        write_properties(self.folder, (self.port, self.controller))
        doors = [("PLAINTEXT", self.port, self.port)]
        doors += [(door.upper(), self._inner[door], self.proxies[door].port) for door in DOORS]
        protocols = ["CONTROLLER:PLAINTEXT", *(f"{name}:PLAINTEXT" for name, _, _ in doors)]
        more = [
            f"node.id={self.number}",
            f"controller.quorum.voters={voters}",
            "listeners="
            + ",".join(f"{name}://127.0.0.1:{inner}" for name, inner, _ in doors)
            + f",CONTROLLER://127.0.0.1:{self.controller}",
            "advertised.listeners=" + ",".join(f"{name}://127.0.0.1:{outer}" for name, _, outer in doors),
            "listener.security.protocol.map=" + ",".join(protocols),
        ]
        with (self.folder / PROPERTIES).open("a", encoding="utf-8") as file:
            file.write("\n" + "\n".join(more) + "\n" + (_THREE if brokers > 1 else ""))

    def format(self, template: Path) -> None:
        """Make its data directory from the formatted template."""
        shutil.copytree(template, self.folder / "data")
        meta = self.folder / "data" / "meta.properties"
        own = {"cluster.id": _CLUSTER_ID, "node.id": str(self.number), "directory.id": f"Y2hhb3MtYnJva2V{self.number}LWRpcw"}
        lines = (line.partition("=") for line in meta.read_text().splitlines())
        meta.write_text("".join(f"{name}={own.get(name, value)}\n" if sign else f"{name}\n" for name, sign, value in lines))

    async def start(self, jvm: Jvm, archive: Path | None) -> None:
        """Start the process."""
        with (self.folder / "kafka.log").open("ab") as log:
            before = () if self.disk is None else self.disk.before
            self._process = await spawn([*before, *jvm.broker(320, jvm.use(archive), PROPERTIES)], self.folder, log)

    @property
    def lives(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.returncode is None

    def tell(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        if self.lives and self._process is not None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """End it as a power failure of its process would."""
        if self._process is not None and self.lives:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def move_to(self, spare_bytes: int) -> SmallDisk:
        """Put its data on a disk with little room. The process must not run."""
        if self.disk is None:
            self.disk = SmallDisk(self.folder / "data", spare_bytes)
            await self.disk.begin()
        return self.disk


class Cluster:
    """Brokers that make one Kafka; `async with`."""

    def __init__(self, folder: Path, brokers: int = 1) -> None:
        self.brokers = [Broker(number, folder / f"broker-{number}") for number in range(1, brokers + 1)]
        self._jvm: Jvm | None = None
        self._archive: Path | None = None

    @property
    def cramped(self) -> bool:
        """Tell whether a broker has a disk with little room: it keeps it."""
        return any(broker.disk is not None for broker in self.brokers)

    def bootstrap(self, door: str = "") -> str:
        """Return where clients begin; door: "" for the direct one."""
        ports = [broker.proxies[door].port if door else broker.port for broker in self.brokers]
        return ",".join(f"127.0.0.1:{port}" for port in ports)

    def settings(self, prefix: str, door: str = "") -> KafkaSettings:
        """Return how a client reaches the cluster through a door."""
        return KafkaSettings(bootstrap=self.bootstrap(door), topic_prefix=prefix)

    def doors(self, name: str) -> list[Proxy]:
        """Return every broker's proxy of a door."""
        return [broker.proxies[name] for broker in self.brokers]

    async def __aenter__(self) -> Self:
        self._jvm = await asyncio.to_thread(prepare_jvm)
        template = await asyncio.to_thread(prepare_template, self._jvm)
        self._archive = await asyncio.to_thread(prepare_archive, self._jvm, template)
        voters = ",".join(f"{broker.number}@127.0.0.1:{broker.controller}" for broker in self.brokers)
        for broker in self.brokers:
            broker.configure(voters, len(self.brokers))
            broker.format(template)
            for proxy in broker.proxies.values():
                await proxy.start()
        await asyncio.gather(*(self.start(broker) for broker in self.brokers))
        await self.until_whole()
        return self

    async def __aexit__(self, *_: object) -> None:
        for broker in self.brokers:
            await broker.kill()
            if broker.disk is not None:
                await broker.disk.end()
            for proxy in broker.proxies.values():
                await proxy.stop()

    async def start(self, broker: Broker) -> None:
        """Start one broker and wait until it answers."""
        assert self._jvm is not None
        await broker.start(self._jvm, self._archive)
        async with asyncio.timeout(_START_S):
            await port_opens("127.0.0.1", broker.port)

    async def heal(self) -> None:
        """Undo every fault: brokers run, doors are open."""
        for broker in self.brokers:
            if broker.disk is not None:
                broker.disk.free()
            broker.tell(signal.SIGCONT)
            for proxy in broker.proxies.values():
                proxy.delay_ms = 0
                if proxy.state != "open":
                    proxy.become("open")
            if not broker.lives:
                await self.start(broker)
        await self.until_whole()

    async def until_whole(self) -> None:
        """Wait until all brokers are members and every partition has its leader and all its replicas in sync."""
        async with asyncio.timeout(_START_S):
            while not await self._whole():  # noqa: ASYNC110  because the event is in Kafka
                await asyncio.sleep(0.2)

    async def _whole(self) -> bool:
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with self._admin() as admin:
                brokers = (await admin.describe_cluster())["brokers"]
                parts = [part for topic in await admin.describe_topics() for part in topic["partitions"]]
            return len(brokers) == len(self.brokers) and all(
                part["leader"] >= 0 and len(part["isr"]) == len(part["replicas"]) for part in parts
            )
        return False

    async def leader(self, topic: str, partition: int) -> Broker:
        """Return the broker that leads a partition."""
        async with self._admin() as admin:
            (found,) = await admin.describe_topics([topic])
        number = next(part["leader"] for part in found["partitions"] if part["partition"] == partition)
        return next(broker for broker in self.brokers if broker.number == number)

    async def coordinator(self, group: str) -> Broker:
        """Return the broker that coordinates a consumer group."""
        async with self._admin() as admin:
            number = await admin.find_coordinator(group)
        return next(broker for broker in self.brokers if broker.number == number)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap(), request_timeout_ms=5_000)
        try:
            with quiet_clients():
                async with asyncio.timeout(10):
                    await admin.start()
            yield admin
        finally:
            await admin.close()
