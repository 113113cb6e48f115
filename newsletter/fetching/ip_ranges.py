"""Which network addresses may be fetched from: public ones only.

``ipaddress``'s own ``is_private`` and ``is_global`` are not enough: several
IPv6 forms carry an IPv4 address inside and count as global whatever it is.
Each form is unwrapped here and every address in it must be public.
"""

from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)

Address = IPv4Address | IPv6Address

# Reachable from the outside by the registry, but internal where we may run.
CLOSED_IPV4 = tuple(
    IPv4Network(network)
    for network in (
        "100.64.0.0/10",  # shared address space, RFC 6598; clouds keep metadata there
        "168.63.129.16/32",  # Azure's host agent
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890; Oracle keeps metadata there
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
CLOSED_IPV6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments, RFC 2928 (Teredo is unwrapped before)
        "2001:db8::/32",  # documentation, RFC 3849
        "3fff::/20",  # documentation, RFC 9637
    )
)
# Prefixes whose last 32 bits are an IPv4 address.
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
TRANSLATED = IPv6Network("::ffff:0:0:0/96")  # RFC 2765
COMPATIBLE = IPv6Network("::/96")  # RFC 4291 2.5.5.1
ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214 6.1: the middle 32 bits of the address


def is_public(text: str) -> bool:
    """Whether ``text`` is the address of a host on the public Internet.

    False for what is not an IP address at all, for one with a zone
    (``fe80::1%eth0``), and for any form that carries an address that is not.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv4Address):
        return _is_public_ipv4(address)
    if address.scope_id is not None:
        return False
    carried = _carried(address)
    if carried:
        return all(_is_public_ipv4(inner) for inner in carried)
    return _is_public_ipv6(address)


def _is_public_ipv4(address: IPv4Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in CLOSED_IPV4)
    )


def _is_public_ipv6(address: IPv6Address) -> bool:
    return (
        address in GLOBAL_UNICAST
        and address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_site_local
        and not any(address in network for network in CLOSED_IPV6)
        and (not _is_isatap(address) or _is_public_ipv4(_last_32_bits(address)))
    )


def _carried(address: IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses inside ``address``; [] if it is not such a form."""
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if any(address in prefix for prefix in (NAT64, TRANSLATED, COMPATIBLE)):
        return [_last_32_bits(address)]
    return []


def _is_isatap(address: IPv6Address) -> bool:
    return (int(address) >> 32) & 0xFFFF_FFFF in ISATAP


def _last_32_bits(address: IPv6Address) -> IPv4Address:
    return IPv4Address(int(address) & 0xFFFF_FFFF)
