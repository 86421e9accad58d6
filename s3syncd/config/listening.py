"""What an address to listen on means: `host:port`, or `unix:/path` of a socket."""

from __future__ import annotations

from ipaddress import ip_address

__all__ = ["address_of", "is_exposed"]

_UNIX = "unix:"


def address_of(listen: str | None) -> tuple[str, int] | None:
    """Give host (IPv6 without brackets) and port; None for a socket, and where nobody listens."""
    if listen is None or listen.startswith(_UNIX):
        return None
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)


def is_exposed(listen: str | None) -> bool:
    """Whether other machines may reach it."""
    address = address_of(listen)
    if address is None:
        return False
    try:
        return not ip_address(address[0]).is_loopback
    except ValueError:
        return address[0].lower() != "localhost"
