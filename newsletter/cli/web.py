"""The process that serves pages."""

import click

from newsletter.cli.context import open_and_upgrade_installation, speak_up
from newsletter.web.server import serve


@click.command("web")
def web_command() -> None:
    """Serve the site and the admin."""
    speak_up()
    serve(open_and_upgrade_installation())


COMMANDS = (web_command,)
