"""Reading back what was written into a mail."""

from email.header import decode_header, make_header
from email.utils import parseaddr


def read_mailbox(value: bytes) -> tuple[str, str]:
    """By the older parser: the newer one puts spaces between encoded-words of a name."""
    name, address = parseaddr(value.decode().replace("\r\n", ""))
    return str(make_header(decode_header(name))), address


def single_spaced(text: str) -> str:
    return " ".join(filter(None, text.split(" ")))
