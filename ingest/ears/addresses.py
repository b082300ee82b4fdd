"""Where satellites are listened for."""

from __future__ import annotations

import ipaddress

from memex.errors import InvalidRequest


def address_of(text: str) -> tuple[str, int]:
    """Host and port of "127.0.0.1:10300" or "[::1]:10300". Raises `InvalidRequest`."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not 0 <= int(port) < 65536:
        raise InvalidRequest(
            f"[listen] wyoming is an address such as 127.0.0.1:10300, not {text!r}.", "Mend it."
        )
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
