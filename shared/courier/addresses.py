"""Which addresses may be called. A partner chooses the URL, so it must not lead into our own networks.

Public unicast addresses alone, and the private networks that the settings name (a leased line to a partner, a sandbox).
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_NAT64: Final = IPv6Network("64:ff9b::/96")
_OURS: Final = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # a cloud's own service of metadata at a public number (Azure's wire server)
        "192.0.0.0/24",  # IETF's own; another cloud's metadata is at .192, and older Pythons call it global
        "192.88.99.0/24",  # relays of 6to4, given up by RFC 7526
        "fec0::/10",  # site-local, given up by RFC 3879 and routed inside some networks all the same
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment routing within one network (RFC 9602)
        "64:ff9b:1::/48",  # translation to IPv4 within one network (RFC 8215)
    )
)
"""Not to be called although ``is_global`` says nothing against it."""


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks as the settings write them, separated by commas.

    Raises:
        ValueError: one is no network.
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_be_called(address: Address, allowed: Sequence[Network], *, encrypted: bool = True) -> bool:
    """Whether a connection to this address leads out of our networks, or into one that is allowed.

    What is not encrypted goes into those that are allowed alone: a leased line, and not the public network.
    """
    real = _embedded(address)
    if _lies_in(real, allowed):
        return True
    if not encrypted or _lies_in(real, _OURS):
        return False
    return real.is_global and not real.is_multicast and not real.is_reserved


def _lies_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does: that is where the packets arrive."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
