"""What answers at an address of data that were withdrawn: 410, with what was there and why it is
gone; as JSON where the address is of a JSON document.
"""

from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request

from newsletter.catalog import datasets
from newsletter.catalog.describe.published import citation
from newsletter.catalog.versions import withdrawals
from newsletter.errors import Withdrawn
from newsletter.models.dataset import Version
from newsletter.web.context import installation, public_url
from newsletter.web.responses.cors import open_to_all

GONE = 410
OF_DATASETS = {"datasets", "files", "charts", "rows", "descriptions", "versions", "made_with"}


def register(app: Flask) -> None:
    app.register_error_handler(Withdrawn, _answer)


def described(version: Version) -> dict[str, Any]:
    """A withdrawn version for programs."""
    withdrawal = version.withdrawal
    return {
        "slug": version.dataset.slug,
        "version": version.number,
        "title": version.title,
        "published": version.published_at.isoformat() if version.published_at else None,
        "withdrawn": withdrawal.withdrawn_at.isoformat() if withdrawal else None,
        "reason": withdrawal.reason if withdrawal else "",
        "url": public_url("datasets.page", slug=version.dataset.slug, number=version.number),
    }


def _answer(error: Withdrawn) -> Response:
    settings = installation().settings
    with installation().db.read() as session:
        dataset = datasets.get(session, error.slug)
        gone = [
            version
            for version in withdrawals.withdrawn(dataset)
            if error.number in ("", version.number)
        ]
        current = next(iter(datasets.published_versions(dataset)), None)
        citations = {version.number: citation(version, settings) for version in gone}
        make = _document if request.path.endswith(".json") else _page
        response = make(error, gone, current, citations)
    response.status_code = GONE
    response.cache_control.no_cache = True  # for a day it can be undone
    return open_to_all(response)


def _page(
    error: Withdrawn, gone: list[Version], current: Version | None, citations: dict[str, str]
) -> Response:
    return make_response(
        render_template(
            "site/tombstone.html",
            slug=error.slug,
            number=error.number,
            gone=gone,
            current=current,
            citations=citations,
            is_made_from_it=request.blueprint not in OF_DATASETS,
        )
    )


def _document(
    error: Withdrawn, gone: list[Version], current: Version | None, citations: dict[str, str]
) -> Response:
    return jsonify(
        {
            "error": str(error),
            "withdrawn": [
                described(version)
                | {"citation": citations[version.number], "files": _files(version)}
                for version in gone
            ],
            "current": current.number if current else None,
        }
    )


def _files(version: Version) -> list[dict[str, Any]]:
    return [
        {"table": table.name, "format": kind, "bytes": file["bytes"], "sha256": file["sha256"]}
        for table in version.tables
        for kind, file in table.files.items()
    ]
