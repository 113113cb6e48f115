"""How often one visitor may try to get in: counted in this process's memory, beside the
tries that are counted by account in the database (newsletter.curators.logins)."""

from flask_limiter import Limiter

from newsletter.web.context import client_address

limiter = Limiter(client_address, storage_uri="memory://", key_prefix="admin")
