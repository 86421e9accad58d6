"""The proxy of the tests itself."""

from __future__ import annotations

import socket

from tests.faults.proxy import fault_proxy


def test_a_black_hole_does_not_wait_for_those_who_were_quicker() -> None:
    with socket.create_server(("127.0.0.1", 0)) as upstream:
        port = upstream.getsockname()[1]
        with fault_proxy(f"http://127.0.0.1:{port}") as proxy:
            proxy.freeze()  # its place among those not accepted is taken now
            proxy.freeze()
