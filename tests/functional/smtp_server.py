"""A real SMTP server as its own process: keeps each message as a file.

    python smtp_server.py FOLDER

Prints its port once it listens. Each message becomes FOLDER/<n>.eml, complete
or not there at all, with the envelope in two headers on top.
"""

import asyncio
import itertools
import sys
from pathlib import Path

from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session


class Keeper:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers = itertools.count(1)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whoever is ``gone`` is not known here."""
        if address.startswith("gone"):
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        head = f"X-From: {envelope.mail_from}\r\nX-To: {','.join(envelope.rcpt_tos)}\r\n"
        assert isinstance(envelope.original_content, bytes)
        draft = self.folder / "draft"
        draft.write_bytes(head.encode() + envelope.original_content)
        draft.rename(self.folder / f"{next(self.numbers)}.eml")
        return "250 2.0.0 kept"


async def main() -> None:
    loop = asyncio.get_running_loop()
    controller = UnthreadedController(
        Keeper(Path(sys.argv[1])), hostname="127.0.0.1", port=0, loop=loop, enable_SMTPUTF8=True
    )
    server = await loop.create_server(controller._factory_invoker, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
