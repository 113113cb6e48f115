"""What templates may call: dates and numbers as people read them, and addresses."""

from datetime import date
from urllib.parse import urlsplit

from flask import Flask

from newsletter.catalog import markdown
from newsletter.catalog.describe.facts import license_url
from newsletter.catalog.versions import spreadsheet_files
from newsletter.mailing.plain import long_date
from newsletter.posts.wording import language_name
from newsletter.sizes import readable_size
from newsletter.tables.table_formats import TABLE_FORMATS
from newsletter.text_direction import direction
from newsletter.web.context import installation, public_url
from newsletter.web.site.datasets.facts import dimensions
from newsletter.web.site.form_token import HONEYPOT
from newsletter.web.site.timezones import place


def register(app: Flask) -> None:
    app.add_template_filter(markdown.render, "markdown")
    app.add_template_filter(long_date, "long_date")
    app.add_template_filter(short_date, "short_date")
    app.add_template_filter(readable_size, "readable_size")
    app.add_template_filter(dimensions, "dimensions")
    app.add_template_filter(masked, "masked")
    app.add_template_filter(place, "place")
    app.add_template_filter(host, "host")
    app.add_template_filter(language_name, "language")
    app.add_template_filter(license_url, "license_url")
    app.add_template_filter(direction, "direction")
    app.add_template_global(public_url)
    app.jinja_env.globals["why_no_workbook"] = spreadsheet_files.why_none
    app.jinja_env.globals["can_be_marked"] = spreadsheet_files.can_be_marked
    app.jinja_env.globals["table_formats"] = [(f.name, f.title) for f in TABLE_FORMATS]
    app.jinja_env.globals["honeypot"] = HONEYPOT

    @app.context_processor
    def name_the_site() -> dict[str, str]:
        settings = installation().settings
        return {"site_title": settings.title, "postal_address": settings.postal_address}


def short_date(day: date) -> str:
    """23 Nov 2026."""
    return f"{day.day} {day:%b} {day.year}"


def host(link: str) -> str:
    """The name of the server that a link leads to."""
    return urlsplit(link).hostname or ""


def masked(address: str) -> str:
    """An address that only its owner recognises: a mail with its link may be passed on."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"
