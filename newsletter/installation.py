"""One installed newsletter: its settings, and what they open."""

from dataclasses import dataclass

from newsletter.db import Database
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tokens import Signer


@dataclass(frozen=True)
class Installation:
    settings: Settings
    db: Database
    signer: Signer
    storage: Storage

    @classmethod
    def open(cls, settings: Settings) -> "Installation":
        """Open the database and the storage; neither is touched before it is used."""
        return cls(
            settings=settings,
            db=Database(settings.database_url),
            signer=Signer(settings.secret_key),
            storage=Storage.from_url(settings.storage_url),
        )
