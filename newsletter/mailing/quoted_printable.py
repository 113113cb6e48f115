"""Quoted-printable (RFC 2045 6.7), written so that the wire needs nothing more.

Beyond the RFC, no line begins with a dot or with "From ": what is encoded here
goes through SMTP's dot-stuffing (RFC 5321 4.5.2) and an mbox unchanged.
"""

LINE = 76
SOFT_BREAK = b"=\r\n"
_LITERAL = {*b" \t", *range(33, 127)} - {ord("=")}
_ATOMS = [bytes([i]) if i in _LITERAL else b"=%02X" % i for i in range(256)]


def quoted_printable(text: str) -> bytes:
    """``text`` in lines of at most 76 octets ending in CRLF.

    The last line is left open where ``text`` does not end in a newline.
    """
    lines = text.replace("\r\n", "\n").encode().split(b"\n")
    return b"\r\n".join(map(_encoded_line, lines))


def _encoded_line(line: bytes) -> bytes:
    atoms = [_ATOMS[octet] for octet in line]
    if line.endswith((b" ", b"\t")):  # a relay may strip it
        atoms[-1] = _escaped(line[-1])
    chunks: list[bytes] = []
    chunk = b""
    for i, atom in enumerate(atoms):
        if len(chunk) + len(atom) >= LINE:
            chunks.append(chunk)
            chunk = b""
        if not chunk and (atom == b"." or line.startswith(b"From ", i)):
            atom = _escaped(line[i])
        chunk += atom
    return SOFT_BREAK.join([*chunks, chunk])


def _escaped(octet: int) -> bytes:
    return b"=%02X" % octet
