"""Who reaches the page at an address."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from elseface.common.errors import ElsefaceError

#: Shorter ones could be guessed.
TOKEN_LENGTH = 12


def is_address(host: str) -> bool:
    """Whether it is an IP address, and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this computer reaches it."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_served(name: str, host: str) -> bool:
    """Whether the Host that a request names is what is served on `host`, or an address: a page of
    another site whose name was made to lead here names that site instead."""
    try:
        name = urlsplit(f"//{name}").hostname or ""
    except ValueError:
        return False
    if is_loopback(name):
        return True
    return not is_loopback(host) and (name == host.lower() or is_address(name))


def check_token(host: str, token: str) -> None:
    """A token is a must where other computers reach the page.

    Raises
    ------
    ElsefaceError
        When it is missing or too short.
    """
    if not token and not is_loopback(host):
        raise ElsefaceError(f"--host {host}: other computers reach it, so give --token, a password")
    if token and len(token) < TOKEN_LENGTH:
        raise ElsefaceError(f"--token: give at least {TOKEN_LENGTH} characters, at random")
