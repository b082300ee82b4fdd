"""Which machines are asked at all, and how long they may take to answer.

A name is resolved once, and the connection goes to an address that was looked at:
no second answer of the DNS can slip in between.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

import httpcore2
from httpcore2 import SOCKET_OPTION, NetworkBackend, NetworkStream, SyncBackend

from ingest.podcasts.errors import AddressRefused

Address = IPv4Address | IPv6Address

_NAT64: Final = IPv6Network("64:ff9b::/96")
_COMPATIBLE: Final = IPv6Network("::/96")
_BROADCAST: Final = IPv4Network("240.0.0.0/4")
_HERE: Final = ("localhost", "local", "internal", "lan", "home.arpa", "intranet", "onion")
"""Endings of names that mean something in the own network only."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the open Internet: not private, loopback,
    link-local, multicast or reserved, nor an IPv6 address that wraps such a one.
    """
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not (
        address.is_private
        or address.is_multicast
        or address.is_reserved
        or address.is_unspecified
        or (isinstance(address, IPv4Address) and address in _BROADCAST)
        or (isinstance(address, IPv6Address) and address.is_site_local)
    )


def _wrapped(address: Address) -> IPv4Address | None:
    """The IPv4 address to which an IPv6 one leads."""
    if not isinstance(address, IPv6Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def is_public_name(host: str) -> bool:
    """What can be told without asking the DNS, which behind a proxy nobody here
    asks: False for addresses that are not public, however they are written, and
    for names of the own network.
    """
    host = host.strip("[]").rstrip(".").lower()
    address = _literal(host)
    if address is not None:
        return is_public(address)
    return "." in host and not any(host == end or host.endswith("." + end) for end in _HERE)


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 2130706433
    except (OSError, ValueError):
        return None


class Overdue(httpcore2.ReadTimeout):
    """Patience ended although the server still sends: asking again at once is of no use."""


class Deadline:
    """The moment at which patience ends, and what is left until then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def renew(self) -> None:
        """Start again from now."""
        self._end = time.monotonic() + self.seconds

    def within(self, timeout: float | None) -> float:
        """A timeout that ends no later. Raises `Overdue`."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise Overdue(f"not done within {self.seconds:g} s")
        return left if timeout is None else min(timeout, left)


class Guard(NetworkBackend):
    """Opens connections, to public addresses only unless `anywhere` is set."""

    def __init__(self, deadline: Deadline, *, anywhere: bool) -> None:
        self._deadline = deadline
        self._anywhere = anywhere
        self._network = SyncBackend()
        self.reached: Address | None = None
        """Where the last connection went."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Raises `AddressRefused` besides the errors of httpcore."""
        failure: httpcore2.ConnectError | httpcore2.ConnectTimeout | None = None
        for address in self._allowed(host, port):
            limit = self._deadline.within(timeout)
            try:
                stream = self._network.connect_tcp(
                    str(address), port, limit, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                self.reached = address
                return _Timed(stream, self._deadline)
        raise failure or httpcore2.ConnectError("the name has no address")

    def _allowed(self, host: str, port: int) -> list[Address]:
        """The addresses of a host that may be asked, in the system's order."""
        found = _resolve(host, port)
        allowed = [each for each in found if self._anywhere or is_public(each)]
        if found and not allowed:
            raise AddressRefused(
                f"{host} leads into a private network ({found[0]}), where a feed has no business.",
                "A server of your own is asked when the feed's own address is on it.",
            )
        return allowed


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore2.ConnectError(f"its name is not known ({error})") from error
    return list(dict.fromkeys(ipaddress.ip_address(each[4][0]) for each in found))


class _Timed(NetworkStream):
    """A connection whose every step ends at the deadline: drips do not prolong it."""

    def __init__(self, stream: NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return self._stream.read(max_bytes, self._deadline.within(timeout))
        except httpcore2.ReadTimeout:
            self._deadline.within(None)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.within(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        limit = self._deadline.within(timeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, limit), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
