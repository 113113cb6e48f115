"""Whom limits count: the address of a visitor whose request came by way of proxies.

Each proxy adds the address of whoever asked it at the end of X-Forwarded-For. What stands before
the word of the first proxy that is ours is a claim of the visitor's.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

ON_THIS_MACHINE: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
HOPS_AT_MOST = 10
WITH_PORT = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?|(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}")
HOW = (
    "give networks of your proxies, such as 127.0.0.1, 10.0.0.0/8, or how many there are "
    f"one behind the other, from 0 to {HOPS_AT_MOST}"
)


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Those in ``networks``; or, whatever their addresses are, so many ``hops``."""

    networks: tuple[Network, ...] = ON_THIS_MACHINE
    hops: int = 0

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """Such as ``127.0.0.1, 10.0.0.0/8`` or ``2``; empty: this machine's. Raises ValueError."""
        if not text.strip():
            return cls()
        if text.strip().isdigit():
            if int(text) > HOPS_AT_MOST:
                raise ValueError(HOW)
            return cls((), int(text))
        try:
            parts = [part.strip() for part in text.split(",") if part.strip()]
            return cls(tuple(ip_network(part, strict=False) for part in parts))
        except ValueError as error:
            raise ValueError(HOW) from error

    def knows(self, peer: str) -> bool:
        """Whether ``peer`` is one of them, and may say who asks."""
        return self.hops > 0 or self._is_ours(peer)

    def visitor(self, peer: str, forwarded: str) -> str:
        """Who asks, when ``peer`` has connected and ``forwarded`` is in X-Forwarded-For."""
        peer = _address(peer) or peer
        chain = [_address(entry) for entry in forwarded.split(",")] if forwarded.strip() else []
        if self.hops:
            return _at(chain, len(chain) - self.hops) or peer
        visitor = peer
        for address in reversed(chain):
            if address is None or not self._is_ours(visitor):
                break
            visitor = address
        return visitor

    def _is_ours(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(ip_address(address) in n for n in self.networks)


def _at(chain: Sequence[str | None], place: int) -> str | None:
    return chain[place] if place >= 0 else None


def _address(entry: str) -> str | None:
    """An entry of X-Forwarded-For as an IP address: some proxies add the port, or write IPv4 as
    IPv6. None: it is none."""
    text = entry.strip().strip('"')
    if with_port := WITH_PORT.fullmatch(text):
        text = with_port[1] or with_port[2]
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
