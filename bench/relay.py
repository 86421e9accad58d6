"""A relay on loopback that counts what a client sends: proof that an idle daemon asks nothing."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Relay", "relay_to"]

_CHUNK_BYTES = 64 * 1024


class Relay:
    """Owned by its event loop's thread; the counters may be read from any."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.sent_bytes = 0
        self.connections = 0
        self._target_port = target_port

    async def start(self) -> asyncio.Server:
        """Listen on a free port."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        await asyncio.gather(
            self._pump(reader, up_writer, is_from_client=True),
            self._pump(up_reader, writer, is_from_client=False),
        )

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_from_client: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while chunk := await reader.read(_CHUNK_BYTES):
                self.sent_bytes += len(chunk) if is_from_client else 0
                writer.write(chunk)
                await writer.drain()
        writer.close()


@contextmanager
def relay_to(target_port: int) -> Iterator[Relay]:
    """Relay to a port of this machine for the length of a block."""
    relay = Relay(target_port)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="relay", daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(relay.start(), loop).result()
    try:
        yield relay
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
