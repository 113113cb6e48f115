"""Pictures of odd tables, on their page and in their mail: ``python -m development.odd_pictures``.

Five datasets are made, each odd in its own way, read as any file is, and looked at on a desktop,
on a phone and in the dark, side by side in one picture of docs/screens for the page and one for
the mail.
"""

import json
import random
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import click
import yaml
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from newsletter import clock, migrations
from newsletter.catalog.sync import sync
from newsletter.cli import demo
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.services.planning import plan_dataset
from newsletter.services.previews import preview_of
from newsletter.web.server import demo_app

SCREENS = Path("docs/screens")
VIEWS = (("desktop", 1000, "light"), ("phone", 390, "light"), ("dark", 1000, "dark"))
HEIGHT = 1700  # CSS pixels that are kept of each
SCALE = 0.62  # of the picture, beside a screen
GAP = 24
FIRST_MONDAY = date(2026, 11, 30)
SAID = ("data", "table", "row", "column", "seen", "in", "the", "open")
HEBREW = (
    "עיר,مدينة,όνομα,תושבים,שנה\n"
    "ירושלים,القدس,Ιερουσαλήμ,981711,1948\nתל אביב,تل أبيب,Τελ Αβίβ,474530,1909\n"
    "חיפה,حيفا,Χάιφα,290306,1761\nבאר שבע,بئر السبع,Μπερ Σεβά,214162,1900\n"
    "אשדוד,أسدود,Ασντόντ,226827,1956\nנתניה,نتانيا,Νετάνια,233104,1929\n"
    "אילת,إيلات,Εϊλάτ,55728,1951\nצפת,صفد,Σαφέντ,38035,1517\n"
    "טבריה,طبريا,Τιβεριάδα,48472,20\nעכו,عكا,Άκρα,51420,1517\nיפו,يافا,Γιάφα,46000,1510\n"
    "רמלה,الرملة,Ράμλα,79132,716\n"
)


def main() -> None:
    """Make all pictures again."""
    with TemporaryDirectory(prefix="odd-") as folder, _site(Path(folder)) as installation:
        slugs = _bring(installation, Path(folder) / "datasets")
        mails = _mails(installation, slugs)
        with sync_playwright() as playwright:
            path = shutil.which("chromium")
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            for slug in slugs:
                _shoot(browser, f"{installation.settings.base_url}/datasets/{slug}", slug, "page")
                _shoot(browser, mails[slug].as_uri(), slug, "mail")
            browser.close()


def tables() -> dict[str, tuple[str, str, str, str]]:
    """Of each dataset the title, its language, its file's name and what is in it."""
    chance = random.Random(14)  # noqa: S311
    return {
        "odd-no-chart": ("Words for snow", "en", "words.csv", _words()),
        "odd-wide": ("A survey of 1,000 questions", "en", "answers.csv", _wide(chance)),
        "odd-geojson": ("Lighthouses by the sea", "en", "lights.geojson", _lights(chance)),
        "odd-hebrew": ("ערים בשלוש שפות", "he", "cities.csv", HEBREW),
        "odd-ids": ("Posts by their 19 digits", "en", "posts.csv", _posts(chance)),
    }


def _words() -> str:
    words = ("snjór", "snö", "sne", "lumi", "Schnee", "neige", "nieve", "neve", "sníh", "śnieg")
    tongues = ("Icelandic", "Swedish", "Danish", "Finnish", "German", "French", "Spanish",
               "Italian", "Czech", "Polish")  # fmt: skip
    return "language,word\n" + "".join(
        f"{tongue},{word}\n" for tongue, word in zip(tongues, words, strict=True)
    )


def _wide(chance: random.Random) -> str:
    header = ",".join(["person", *(f"question_{at}" for at in range(1, 1000))])
    rows = (
        ",".join([str(person), *(str(chance.randint(1, 5)) for _ in range(999))])
        for person in range(1, 121)
    )
    return "\n".join([header, *rows]) + "\n"


def _lights(chance: random.Random) -> str:
    places = [(chance.uniform(-10, 12), chance.uniform(48, 66)) for _ in range(60)]
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(x, 4), round(y, 4)]},
            "properties": {"name": f"Light {at}", "height_m": chance.randint(8, 60),
                           "built": chance.randint(1700, 1960)},
        }
        for at, (x, y) in enumerate(places, start=1)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features})


def _posts(chance: random.Random) -> str:
    rows = []
    for at in range(40):
        text = " ".join(chance.choice(SAID) for _ in range(chance.choice((6, 60))))
        link = f"https://example.org/p/{at}" if at % 2 else f"https://example.org/photos/{at}.jpg"
        rows.append(f'{1234567890123456789 + at},{link},"{text}\nSecond line.",{at * at}\n')
    return "post_id,link,text,likes\n" + "".join(rows)


def _bring(installation: Installation, root: Path) -> list[str]:
    for slug, (title, language, name, content) in tables().items():
        folder = root / slug / "data"
        folder.mkdir(parents=True)
        (folder / name).write_text(content, "utf-8")
        package = {
            "title": title,
            "summary": "Made to see how a table of this kind is shown",
            "description": f"A table that is odd in one way, to be looked at. Its name is {title}.",
            "license": "CC0-1.0",
            "language": language,
            "keywords": ["odd tables"],
            "sources": [{"title": "Made for this picture", "url": "https://example.org/"}],
            "tables": [{"file": f"data/{name}"}],
        }
        (root / slug / "dataset.yaml").write_text(yaml.safe_dump(package, allow_unicode=True))
    for step in sync(installation.db, installation.storage, root, clock.now()):
        click.echo(f"{step.slug}: {step.done} {step.note}")
    return list(tables())


def _mails(installation: Installation, slugs: list[str]) -> dict[str, Path]:
    files = {}
    for week, slug in enumerate(slugs):
        day = FIRST_MONDAY + timedelta(weeks=week)
        with installation.db.write() as session:
            plan_dataset(session, installation.settings, day, slug, clock.now())
        mail = preview_of(installation, day.isoformat())
        if mail.problem:
            raise Refused(f"{slug}: {mail.problem}")
        files[slug] = installation.settings.home / f"{slug}.html"
        files[slug].write_text(mail.html, "utf-8")
    return files


def _shoot(browser: Browser, address: str, slug: str, what: str) -> None:
    pictures = []
    for _, width, scheme in VIEWS:
        page = browser.new_page(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        page.goto(address, wait_until="networkidle")
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            click.echo(f"{slug} {what}: {wide} px wide on {width}")
        shot = Image.open(BytesIO(page.screenshot(full_page=True)))
        kept = shot.crop((0, 0, shot.width, min(shot.height, HEIGHT)))
        pictures.append(kept.resize((round(kept.width * SCALE), round(kept.height * SCALE))))
        page.close()
    height = max(picture.height for picture in pictures)
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    sheet = Image.new("RGB", (width, height), "#8a929b")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    sheet.save(SCREENS / f"{slug}-{what}.webp", quality=72, method=6)


@contextmanager
def _site(folder: Path) -> Iterator[Installation]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        settings = demo.settings_for(folder / "home", {"PORT": str(port)})
        installation = Installation.open(settings)
        migrations.upgrade(installation.db)
        app = demo_app(installation)
        server = make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno())
        Thread(target=server.serve_forever, daemon=True).start()
        yield installation
        server.shutdown()
        installation.db.close()


if __name__ == "__main__":
    main()
