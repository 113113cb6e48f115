"""Adding a dataset by the form, and editing it: real files, read for real."""

import io
import re
import zipfile
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from tests.web.admin.conftest import Browser

NEW = "/admin/datasets/new"
WORDS = {
    "slug": "harbour-seals",
    "title": "Seals of the Wadden Sea",
    "summary": "Counts from the air, one row a sandbank and year",
    "description": "Each row is one count of seals on one sandbank, from the air, in one year.",
    "license": "CC-BY-4.0",
    "keywords": "seals, sea ,counts",
    "sources-0-title": "The survey",
    "sources-0-url": "https://example.org/survey",
    "sources-0-publisher": "",
    "creators": "Ann Lee | https://example.org/ann\r\nBo Berg",
    "questions": "How many?\r\nWhere?\r\nSince when?",
    "caveats": "Fog hides seals.",
    "curator": "Ann",
    "version": "1.0.0",
}
CSV = b"bank,year,seals\nNorth,2019,120\nSouth,2019,88\nNorth,2020,131\nSouth,2020,90\n"


def upload(content: bytes = CSV, name: str = "Seal counts.csv") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def submit(browser: Browser, **changes: Any) -> TestResponse:
    """Send the form filled in, but for ``changes``, whose __ stand for hyphens, and let its
    files be read."""
    fields = {name.replace("__", "-"): value for name, value in changes.items()}
    answer = browser.post(NEW, NEW, **(WORDS | fields))
    browser.work()
    return answer


def newest(installation: Installation, slug: str = "harbour-seals") -> dict[str, Any]:
    """What the catalog holds of a dataset."""
    with installation.db.read() as session:
        version = datasets.newest(session, slug)
        written = datasets.package_of(version).model_dump(mode="json")
        table = version.tables[0]
        return written | {
            "rows": table.rows,
            "state": version.state,
            "origin": table.origin,
            "versions": len(version.dataset.versions),
            "notes": table.notes,
            "csv": table.files["csv"]["key"],
            "png": version.chart_png,
        }


def stored_note(page: TestResponse) -> str:
    found = re.search(r'name="tables-0-stored" type="hidden" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def seals(installation: Installation, curator: Browser) -> Browser:
    """A curator who has added the seals."""
    assert submit(curator, tables__0__file=upload()).status_code == 302
    return curator


def test_it_adds_a_draft_from_an_uploaded_file(installation: Installation, seals: Browser) -> None:
    made = newest(installation)
    assert (made["rows"], made["state"]) == (4, VersionState.DRAFT)
    assert made["keywords"] == ["seals", "sea", "counts"]
    assert made["creators"] == [
        {"name": "Ann Lee", "url": "https://example.org/ann"},
        {"name": "Bo Berg", "url": None},
    ]
    assert made["questions"] == ["How many?", "Where?", "Since when?"]
    assert made["sources"][0]["publisher"] is None
    assert [table["name"] for table in made["tables"]] == ["seal-counts"]
    assert [column["type"] for column in made["tables"][0]["columns"]] == [
        "string",
        "integer",
        "integer",
    ]


def test_then_it_asks_what_the_columns_mean(seals: Browser) -> None:
    assert "say what each column means</a>" in seals.get("/admin/datasets/harbour-seals/").text
    page = seals.get("/admin/datasets/harbour-seals/edit").text
    for name in ("bank", "year", "seals"):
        assert f"<code>{name}</code>" in page


@pytest.mark.parametrize(
    ("field", "value", "beside", "sentence"),
    [
        ("slug", "Not A Slug", "slug", "lower-case letters and digits"),
        ("title", "T" * 81, "title", "at most 80 characters"),
        ("summary", "", "summary", "is missing: add it"),
        ("keywords", "Seals", "keywords", "Line 1: must be lower case"),
        ("questions", "One?", "questions", "write 3 to 6 of them"),
        ("creators", "Ann\r\nBo | nowhere", "creators", "Line 2: must be a web address"),
        ("sources-0-url", "ftp://x", "sources-0-url", "must be a web address"),
        ("temporal", "long ago", "temporal", "must be a year"),
        ("chart", "{", "chart", "This is not JSON, line 1."),
        ("chart", "[]", "chart", "Write one object"),
        ("version", "1", "version", "must be like 1.0.0"),
    ],
)
def test_each_complaint_stands_beside_its_field_and_nothing_typed_is_lost(
    curator: Browser, field: str, value: str, beside: str, sentence: str
) -> None:
    page = submit(curator, tables__0__file=upload(), **{field.replace("-", "__"): value})
    assert page.status_code == 422
    problem = re.search(rf'id="{beside}-problem">([^<]*)<', page.text)
    assert problem is not None, "no complaint beside the field"
    assert sentence in problem[1]
    kept = WORDS | {field: value}
    for name in ("title", "license", "sources-0-title"):
        assert re.search(rf'name="{name}"[^>]* value="{re.escape(kept[name])}"', page.text)
    assert f">\r\n{kept['description']}</textarea>" in page.text


def test_a_file_that_came_with_a_refused_form_is_not_asked_for_again(
    installation: Installation, curator: Browser
) -> None:
    refused = submit(curator, title="T" * 81, tables__0__file=upload())
    assert "<strong>Seal counts.csv</strong> (uploaded)" in refused.text
    assert submit(curator, tables__0__stored=stored_note(refused)).status_code == 302
    assert newest(installation)["rows"] == 4


def test_a_note_of_a_file_that_we_did_not_sign_is_nothing(curator: Browser) -> None:
    ours = stored_note(submit(curator, title="", tables__0__file=upload()))
    for note in ("A" * 80, "../../secret_key", ours[:-5] + "AAAAA"):
        page = submit(curator, tables__0__stored=note)
        assert page.status_code == 422
        assert 'id="tables-0-file-problem">Choose a file' in page.text


def test_a_form_without_a_file_says_so_beside_the_file(curator: Browser) -> None:
    page = submit(curator)
    assert page.status_code == 422
    assert 'id="tables-0-file-problem">Choose a file, or give its web address.' in page.text


def test_a_file_that_is_no_table_is_refused_beside_the_file(
    installation: Installation, curator: Browser
) -> None:
    answer = submit(curator, tables__0__file=upload(b"\x00\x01\x02\x03" * 50, "noise.bin"))
    assert answer.location == "/admin/datasets/harbour-seals/"
    shown = curator.get(answer.location).text
    assert "noise.bin could not be read" in shown
    assert '<p class="verdict bad" role="alert">This is not a' in shown
    page = curator.get("/admin/datasets/harbour-seals/edit").text
    assert 'id="tables-0-file-problem">This is not a' in page
    assert "<strong>noise.bin</strong> (uploaded)" in page
    for name in ("title", "license", "sources-0-title"):
        assert f'value="{WORDS[name]}"' in page
    edit(curator, tables__0__file=upload())
    assert newest(installation)["rows"] == 4


def test_an_address_that_resolves_inside_is_refused_beside_it(curator: Browser) -> None:
    submit(curator, tables__0__url="http://127.0.0.1:9/data.csv")
    page = curator.get("/admin/datasets/harbour-seals/edit").text
    assert 'id="tables-0-url-problem">127.0.0.1 is not on the public Internet' in page
    assert 'value="http://127.0.0.1:9/data.csv"' in page


def test_what_is_no_address_is_refused_at_once(curator: Browser) -> None:
    page = submit(curator, tables__0__url="ftp://example.org/data.csv")
    assert page.status_code == 422
    assert 'id="tables-0-url-problem">Only addresses that begin with' in page.text


def test_a_slug_that_is_taken_is_refused_beside_it(seals: Browser) -> None:
    page = submit(seals, tables__0__file=upload())
    assert page.status_code == 422
    assert 'id="slug-problem">There is a dataset' in page.text


def test_new_words_keep_the_data_as_it_was_read(installation: Installation, seals: Browser) -> None:
    before = newest(installation)
    answer = edit(seals, title="Seals, counted from the air")
    assert answer.location == "/admin/datasets/harbour-seals/"
    after = newest(installation)
    assert after["title"] == "Seals, counted from the air"
    assert {name: after[name] for name in ("csv", "png", "origin", "versions")} == {
        name: before[name] for name in ("csv", "png", "origin", "versions")
    }


def test_the_column_dictionary_is_kept(installation: Installation, seals: Browser) -> None:
    edit(seals, tables__0__columns__2__unit="heads", tables__0__columns__2__description="Counted.")
    column = newest(installation)["tables"][0]["columns"][2]
    assert (column["name"], column["unit"], column["description"]) == ("seals", "heads", "Counted.")


def test_another_type_reads_the_column_anew(installation: Installation, seals: Browser) -> None:
    edit(seals, tables__0__columns__1__type="string")
    assert newest(installation)["tables"][0]["columns"][1]["type"] == "string"


def test_a_new_file_keeps_what_was_said_of_the_columns_that_stay(
    installation: Installation, seals: Browser
) -> None:
    edit(seals, tables__0__columns__0__description="The sandbank.")
    wider = b"bank,year,seals,fog\nNorth,2019,120,1\nSouth,2019,88,0\nNorth,2021,140,0\n"
    edit(seals, tables__0__file=upload(wider, "again.csv"))
    after = newest(installation)
    columns = after["tables"][0]["columns"]
    assert columns[0]["description"] == "The sandbank."
    assert [c["name"] for c in columns] == ["bank", "year", "seals", "fog"]


def test_the_data_of_a_published_version_does_not_change_under_its_number(
    installation: Installation, seals: Browser
) -> None:
    seals.post("/admin/datasets/harbour-seals/publish", "/admin/datasets/harbour-seals/")
    more = CSV + b"North,2021,140\n"
    answer = edit(seals, tables__0__file=upload(more), note="The year 2021.")
    assert answer.status_code == 302
    after = newest(installation)
    assert (after["version"], after["rows"], after["versions"]) == ("1.1.0", 5, 2)
    assert after["changelog"][-1]["note"] == "The year 2021."


def test_a_second_table_is_added_and_removed(installation: Installation, seals: Browser) -> None:
    edit(seals, tables__1__file=upload(b"bank,metres\nNorth,12\nSouth,9\n", "banks.csv"))
    assert [t["name"] for t in newest(installation)["tables"]] == ["seal-counts", "banks"]
    edit(seals, tables__1__remove="y")
    assert [t["name"] for t in newest(installation)["tables"]] == ["seal-counts"]


def test_the_slug_of_the_address_counts_not_the_posted_one(
    installation: Installation, seals: Browser
) -> None:
    edit(seals, slug="stolen", title="Seals, once more")
    assert newest(installation)["title"] == "Seals, once more"
    with installation.db.read() as session:
        assert datasets.find(session, "stolen") is None


def test_a_draft_without_a_licence_is_saved_and_says_what_it_lacks(curator: Browser) -> None:
    submit(curator, license="", tables__0__file=upload())
    page = curator.get("/admin/datasets/harbour-seals/")
    assert "It cannot be published yet:" in page.text
    assert "It has no license" in page.text
    refused = curator.post(
        "/admin/datasets/harbour-seals/publish", "/admin/datasets/harbour-seals/"
    )
    assert "cannot be published yet" in curator.get(refused.location).text


def test_its_page_shows_what_the_profile_found(seals: Browser) -> None:
    page = seals.get("/admin/datasets/harbour-seals/").text
    assert "4 rows × 3 columns" in page
    assert "The first 4 rows" in page
    assert "<td>North</td>" in page


def test_what_a_file_says_is_text_on_its_page(curator: Browser) -> None:
    hostile = b"<script>alert(1)</script>,n\n<img src=x onerror=alert(1)>,1\n{{ config }},2\n"
    submit(curator, tables__0__file=upload(hostile, "<b>x</b>.csv"))
    for path in ("/admin/datasets/harbour-seals/", "/admin/datasets/harbour-seals/edit"):
        page = curator.get(path).text
        assert "<script>" not in page
        assert "<img src=x" not in page
        assert "<b>x" not in page
    assert "{{ config }}" in curator.get("/admin/datasets/harbour-seals/").text


def edit(browser: Browser, **changes: Any) -> TestResponse:
    """Open the edit form, change some fields, and send it as a browser would."""
    path = "/admin/datasets/harbour-seals/edit"
    fields = typed(browser.get(path).text)
    fields |= {name.replace("__", "-"): value for name, value in changes.items()}
    answer = browser.send(path, **fields)
    browser.work()
    return answer


def typed(page: str) -> dict[str, Any]:
    """What the form of a page would send as it stands."""
    reader = FormReader()
    reader.feed(page.partition("<main")[2])
    return reader.fields


class FormReader(HTMLParser):
    """Collects the fields of a form with their values; files and empty boxes send nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("type") not in ("file", "checkbox"):
            self.fields[found.get("name") or ""] = found.get("value") or ""
        elif tag in ("textarea", "select"):
            self.name = found["name"] or ""
            self.fields[self.name] = ""
        elif tag == "option" and "selected" in found:
            self.fields[self.name] = found["value"] or ""

    def handle_data(self, data: str) -> None:
        if self.lasttag == "textarea" and self.name:
            self.fields[self.name] += data.removeprefix("\r\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self.name = ""


NORTH = [["Sand 0", 120], ["Sand 1", 121], ["Sand 2", 122]]
SOUTH = [["Sand 0", 88], ["Sand 1", 89], ["Sand 2", 90]]


def two_sheets() -> FileStorage:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "North"
    for sheet, count in ((book.worksheets[0], 120), (book.create_sheet("South"), 88)):
        sheet.append(["bank", "seals"])
        for more in range(3):
            sheet.append([f"Sand {more}", count + more])
    raw = io.BytesIO()
    book.save(raw)
    return upload(raw.getvalue(), "seals.xlsx")


def tables_of(installation: Installation) -> list[tuple[str, Any]]:
    with installation.db.read() as session:
        tables = datasets.newest(session, "harbour-seals").tables
        return [(table.name, table.preview) for table in tables]


def test_a_workbook_becomes_all_its_tables(installation: Installation, curator: Browser) -> None:
    assert submit(curator, tables__0__file=two_sheets()).status_code == 302
    assert tables_of(installation) == [("north", NORTH), ("south", SOUTH)]


def test_a_sheet_can_be_chosen(installation: Installation, curator: Browser) -> None:
    chosen = {"tables__0__file": two_sheets(), "tables__0__read__table": "South"}
    assert submit(curator, **chosen).status_code == 302
    assert tables_of(installation) == [("seals", SOUTH)]


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are(curator: Browser) -> None:
    chosen = {"tables__0__file": two_sheets(), "tables__0__read__table": "West"}
    submit(curator, **chosen)
    page = curator.get("/admin/datasets/harbour-seals/edit")
    assert "holds no table &#39;West&#39;: choose one of North, South." in page.text
    assert 'value="West"' in page.text


def test_how_a_file_is_read_can_be_said_in_the_form(
    installation: Installation, curator: Browser
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "Plzeň~1,5\n".encode("cp1250"))
        archive.writestr("b.txt", "Brno~2\n")
    file = upload(packed.getvalue(), "seals.zip")
    reading = {"stack": "y", "encoding": "cp1250", "delimiter": "~", "decimal": ",", "header": "0"}
    fields = {f"tables__0__read__{name}": value for name, value in reading.items()}
    assert submit(curator, tables__0__file=file, **fields).status_code == 302
    assert tables_of(installation) == [("seals", [["a.txt", "Plzeň", 1.5], ["b.txt", "Brno", 2.0]])]


def test_a_described_table_is_not_replaced_by_several(
    installation: Installation, seals: Browser
) -> None:
    path = "/admin/datasets/harbour-seals/edit"
    columns = {"tables-0-columns-0-name": "bank", "tables-0-columns-0-type": "string"}
    form = WORDS | columns | {"tables-0-name": "seal-counts", "tables-0-file": two_sheets()}
    seals.post(path, path, **form)
    seals.work()
    page = seals.get(path).text
    sentence = "The file holds several tables: choose one of North, South."
    assert f'id="tables-0-read-table-problem">{sentence}' in page
    assert [name for name, _ in tables_of(installation)] == ["seal-counts"]
