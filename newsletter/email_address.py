"""E-mail addresses: how one is read, kept and compared.

The canonical form keeps the local part as it was typed (a server may tell case
apart, RFC 5321 2.4) and has its domain in lower case and ASCII (IDNA 2008).
"""

import re
from dataclasses import dataclass

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from newsletter.errors import InvalidAddress

LOCAL_PART_OCTETS = 64  # RFC 5321 4.5.3.1.1

# Nearly every address: canonical already, and too short to break a length limit.
# A sender reads one for each message, and the full validation costs 40 µs.
PLAIN = re.compile(
    r"(?=.{6,64}\Z)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*"
    r"@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?P<top>[a-z]{2,})"
)


@dataclass(frozen=True, slots=True)
class Address:
    """One address in canonical form. ``str(address)`` is what goes on the envelope."""

    local: str
    domain: str  # ASCII, lower case, no dot at its end

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server that offers SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


def parse_address(text: str) -> Address:
    """Read one bare address, such as ``ann@example.org``, without asking the DNS.

    Spaces around it are dropped, and so is the root dot of its domain. Raises
    InvalidAddress, whose message says what is wrong without repeating the address.
    """
    plain = PLAIN.fullmatch(text)
    if plain and plain["top"] not in SPECIAL_USE_DOMAIN_NAMES:
        local, _, domain = text.partition("@")
        return Address(local, domain)
    return _validated(text.strip(" \t").removesuffix("."))


def address_key(address: Address | str) -> str:
    """What makes an address unique: the whole of it in lower case, so that
    ``Ann@example.org`` and ``ann@example.org`` are one subscriber. Plus tags
    stay: to their owner they are different addresses."""
    return str(address).lower()


def mailbox_key(address: Address | str) -> str:
    """Whose mailbox it is, as far as can be told: a sub-address (``ann+tag``) and dots before the
    @-sign are left out. For limits on mail alone: two people may seldom share one."""
    local, _, domain = address_key(address).rpartition("@")
    folded = local.partition("+")[0].replace(".", "") or local
    return f"{folded}@{'gmail.com' if domain == 'googlemail.com' else domain}"


def _validated(text: str) -> Address:
    try:
        valid = validate_email(text, check_deliverability=False)
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from error
    if len(valid.local_part.encode()) > LOCAL_PART_OCTETS:
        raise InvalidAddress(
            f"The part before the @-sign is too long: at most {LOCAL_PART_OCTETS} characters."
        )
    return Address(valid.local_part, valid.ascii_domain.lower())
