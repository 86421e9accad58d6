"""A relay on loopback that makes a good server a bad one: late, stalling, cutting, closing."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Relay", "Trouble", "relay_to"]

_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Trouble:
    """What goes wrong, and how often; chances are for each chunk of up to 64 KiB passed on."""

    delay_seconds: float = 0.01
    stall_chance: float = 0.004
    stall_seconds: float = 40.0  # at most; s3syncd gives up on a request after 32 s
    cut_chance: float = 0.003
    idle_seconds: float = 2.0  # then the connection is closed, as load balancers do


class Relay:
    """Owned by its event loop's thread; the counters may be read from any.

    Attributes:
        port: where it listens.
        is_calm: True passes everything on at once; may be set from any thread.
        counts: how often what happened.
    """

    def __init__(self, target_port: int, trouble: Trouble) -> None:
        self.port = 0
        self.is_calm = False
        self.counts = {"connections": 0, "stalls": 0, "cuts": 0, "closed idle": 0}
        self._target_port = target_port
        self._trouble = trouble
        self._chance = random.Random(1)

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        pumps = [
            asyncio.create_task(self._pump(reader, up_writer, is_request=True)),
            asyncio.create_task(self._pump(up_reader, writer, is_request=False)),
        ]
        with contextlib.suppress(asyncio.CancelledError):  # asyncio's server cannot take it
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        for end in (writer, up_writer):
            end.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_request: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await self._next(reader, is_request=is_request):
                if not self.is_calm and await self._is_cut():
                    return
                writer.write(chunk)
                await writer.drain()

    async def _next(self, reader: asyncio.StreamReader, *, is_request: bool) -> bytes:
        """The next chunk; nothing when the connection has ended or was idle for too long."""
        limit = self._trouble.idle_seconds if is_request else None
        try:
            return await asyncio.wait_for(reader.read(_CHUNK_BYTES), limit)
        except TimeoutError:
            self.counts["closed idle"] += 1
            return b""

    async def _is_cut(self) -> bool:
        trouble = self._trouble
        await asyncio.sleep(trouble.delay_seconds * self._chance.uniform(0.5, 1.5))
        if self._chance.random() < trouble.stall_chance:
            self.counts["stalls"] += 1
            await asyncio.sleep(self._chance.uniform(0.0, trouble.stall_seconds))
        if self._chance.random() < trouble.cut_chance:
            self.counts["cuts"] += 1
            return True
        return False


@contextmanager
def relay_to(target_port: int, trouble: Trouble) -> Iterator[Relay]:
    """Relay to a port of this machine for the length of a block."""
    relay = Relay(target_port, trouble)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(relay.start(), loop).result()
    try:
        yield relay
    finally:
        asyncio.run_coroutine_threadsafe(_stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stop() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
