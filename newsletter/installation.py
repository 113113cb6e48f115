"""One installed newsletter: its settings, and what they open."""

from dataclasses import dataclass
from functools import cached_property

from newsletter.db import Database
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tokens import Signer


@dataclass(frozen=True)
class Installation:
    settings: Settings
    db: Database
    storage: Storage

    @classmethod
    def open(cls, settings: Settings) -> "Installation":
        """Open the database and the storage; neither is touched before it is used."""
        return cls(
            settings=settings,
            db=Database(settings.database_url),
            storage=Storage.from_url(settings.storage_url),
        )

    @cached_property
    def signer(self) -> Signer:
        """Made when it is first needed, as it may make the key (``Settings.signing_key``)."""
        return Signer(self.settings.signing_key)
