import json
import zipfile
from pathlib import Path

import openpyxl
import pytest
import yaml
from frictionless import Package
from frictionless.resources import TableResource

from newsletter.catalog.package.dataset_package import read_package
from tests.cli.conftest import RAIN, Shell
from tests.posts import written

ADD = ("--slug", "rain-2", "--title", "Rain, once more", "--license", "CC0-1.0")


def test_adding_a_file_makes_a_draft_and_says_what_to_look_at(shell: Shell) -> None:
    output = shell.done("dataset", "add", "rain.csv", *ADD, "--keyword", "weather")

    assert "5 rows × 3 columns" in output
    assert "! year: " not in output
    assert "Chart: " in output
    assert "Draft: look at https://news.example.org/admin/datasets/rain-2" in output
    assert shell.read("dataset", "show", "rain-2")["state"] == "draft"
    assert "Published" in shell.done("dataset", "publish", "rain-2")
    assert shell.read("dataset", "show", "rain-2")["state"] == "published"


def test_adding_may_publish_at_once(shell: Shell) -> None:
    output = shell.done("dataset", "add", "rain.csv", *ADD, "--publish")

    assert "Published: https://news.example.org/datasets/rain-2" in output
    assert shell.read("dataset", "show", "rain-2")["state"] == "published"


def test_what_a_person_should_look_at_stays_a_draft(shell: Shell) -> None:
    Path("days.csv").write_text("day,n\n01/02/2026,1\n03/04/2026,2\n")

    refused = shell.refused("dataset", "add", "days.csv", *ADD, "--publish")

    assert "rain-2 1.0.0 stays a draft: day: The dates of the column day may be" in refused
    assert shell.read("dataset", "show", "rain-2")["state"] == "draft"
    assert "stays a draft" in shell.refused("dataset", "publish", "rain-2")
    shell.done("dataset", "publish", "rain-2", "--anyway")
    assert shell.read("dataset", "show", "rain-2")["state"] == "published"


@pytest.mark.parametrize("title", ["R", "R" * 80])
def test_titles_are_short_or_long_and_no_source_is_made_up(shell: Shell, title: str) -> None:
    shell.done("dataset", "add", "rain.csv", *ADD[:2], *ADD[4:], "--title", title, "--publish")
    assert shell.read("dataset", "show", "rain-2")["title"] == title
    for form, names in (
        ("datapackage", ("sources",)),
        ("croissant", ("sameAs", "creator")),
        ("jsonld", ("sameAs", "creator")),
        ("dcat", ("references",)),
    ):
        described = json.loads(shell.done("dataset", "describe", "rain-2", "--as", form))
        assert not set(names) & set(described), form


def test_in_the_background_nobody_looks(shell: Shell) -> None:
    done = shell("dataset", "add", "rain.csv", *ADD, "--background", "--anyway")

    assert done.exit_code == 2


def test_adding_says_which_rows_were_rejected(shell: Shell) -> None:
    Path("odd.csv").write_text(RAIN + "Kitale,2022,900,1,2,3\n")
    output = shell.done("dataset", "add", "odd.csv", *ADD)
    assert "1 rows were rejected" in output
    assert "line 7" in output


def test_what_a_cell_means_can_be_stated(shell: Shell) -> None:
    Path("told.csv").write_text("day,n,share,code\n01/02/2026,-999,5%,7\n03/04/2026,2,NA,8\n")
    stated = ("--date-order", "mdy", "--missing", "-999", "--type", "code=string")

    output = shell.done("dataset", "add", "told.csv", *ADD, *stated)

    assert "1 cell NA in share is read as missing." in output
    table = shell.read("dataset", "profile", "rain-2")["told"]
    assert [column["type"] for column in table["columns"]] == [
        *("date", "integer", "integer", "string"),
    ]
    assert table["columns"][0]["statistics"]["min"] == "2026-01-02"
    assert [column["nan_count"] for column in table["columns"]] == [0, 1, 1, 0]
    shell.done("dataset", "export", "rain-2", "out")
    (written,) = read_package(Path("out/rain-2")).tables
    assert [column.unit for column in written.columns] == [None, None, "%", None]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nowhere.csv", *ADD), "There is no file nowhere.csv"),
        (("rain.csv", *ADD[2:], "--slug", "kenya-rain"), "already"),
        (("rain.csv", *ADD[2:], "--slug", "Rain 2"), "cannot be a slug"),
        (("rain.csv", *ADD[:4], "--license", "CC0"), "--license: CC0 is not an SPDX"),
        (("rain.csv", *ADD[:2], *ADD[4:], "--title", "R" * 81), "--title: "),
        (("people.csv", *ADD, "--summary", "short"), "--summary: "),
        (("empty.csv", *ADD), "empty"),
        (("http://127.0.0.1:9/rain.csv", *ADD), "127.0.0.1"),
    ],
)
def test_adding_refuses(shell: Shell, arguments: tuple[str, ...], why: str) -> None:
    Path("empty.csv").touch()
    assert why in shell.refused("dataset", "add", *arguments)
    assert [dataset["slug"] for dataset in shell.read("dataset", "list")] == ["kenya-rain"]


def test_adding_without_a_licence_is_wrong_usage(shell: Shell) -> None:
    assert shell("dataset", "add", "rain.csv", *ADD[:4]).exit_code == 2


def test_the_list_is_for_people_and_for_programs(shell: Shell) -> None:
    assert shell.read("dataset", "list") == [
        {
            "slug": "kenya-rain",
            "version": "1.0.0",
            "state": "published",
            "title": "Rain in Kenya",
            "rows": 5,
            "license": "CC0-1.0",
        }
    ]
    header, row = shell.done("dataset", "list").splitlines()
    assert header.split() == ["slug", "version", "state", "title", "rows", "license"]
    assert row.startswith("kenya-rain  1.0.0")


def test_an_empty_catalog_says_so(empty: Shell) -> None:
    empty.done("db", "upgrade")
    assert "none" in empty.done("dataset", "list")


def test_showing_one_names_its_tables(shell: Shell) -> None:
    (table,) = shell.read("dataset", "show", "kenya-rain")["tables"]
    assert (table["name"], table["rows"], table["columns"]) == ("rain", 5, 3)
    assert table["sha256"] in shell.done("dataset", "show", "kenya-rain")


def test_a_profile_has_a_line_for_each_column(shell: Shell) -> None:
    output = shell.done("dataset", "profile", "kenya-rain")
    assert [line.split()[0] for line in output.splitlines()[2:5]] == ["station", "year", "rain_mm"]
    assert shell.read("dataset", "profile", "kenya-rain")["rain"]["rows"] == 5


@pytest.mark.parametrize(
    ("format_", "mark"),
    [
        ("datapackage", "https://datapackage.org/profiles/2.0/datapackage.json"),
        ("croissant", "http://mlcommons.org/croissant/1.1"),
        ("jsonld", "https://schema.org/"),
        ("dcat", "dcat:Dataset"),
    ],
)
def test_it_is_described_in_each_format(shell: Shell, format_: str, mark: str) -> None:
    document = json.loads(shell.done("dataset", "describe", "kenya-rain", "--as", format_))
    assert mark in document.values()


def test_an_unknown_format_is_wrong_usage(shell: Shell) -> None:
    assert shell("dataset", "describe", "kenya-rain", "--as", "word").exit_code == 2


def test_an_export_is_a_data_package_that_reads(shell: Shell) -> None:
    shell.done("dataset", "export", "kenya-rain", "out")
    (rain,) = Package("out/kenya-rain/datapackage.json").resources
    assert isinstance(rain, TableResource)
    rows = rain.read_rows()
    assert [row["rain_mm"] for row in rows] == [781, 624, 1012, None, 1340]


def test_an_export_brought_in_elsewhere_is_the_same_dataset(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shell.done("dataset", "export", "kenya-rain", "out")
    other = Shell(tmp_path_factory.mktemp("other"))
    assert other.done("sync", "out").splitlines()[0] == "+ kenya-rain added"
    mine, theirs = (s.read("dataset", "show", "kenya-rain") for s in (shell, other))
    assert mine == theirs


def test_an_export_says_no_more_than_a_person_would(shell: Shell) -> None:
    shell.done("dataset", "export", "kenya-rain", "out")
    folder = Path("out/kenya-rain")
    written = yaml.safe_load((folder / "dataset.yaml").read_text())
    assert list(written)[:4] == ["title", "summary", "description", "license"]
    assert written["version"] == "1.0.0"
    assert "caveats" not in written
    assert read_package(folder).tables[0].file == "rain.csv"


def test_an_export_replaces_nothing(shell: Shell) -> None:
    Path("out/kenya-rain").mkdir(parents=True)
    Path("out/kenya-rain/notes.txt").write_text("mine")
    assert "already" in shell.refused("dataset", "export", "kenya-rain", "out")
    assert [path.name for path in Path("out/kenya-rain").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "command", [("show",), ("profile",), ("describe", "--as", "dcat"), ("export", "out")]
)
def test_a_dataset_that_is_not_there_is_refused(shell: Shell, command: tuple[str, ...]) -> None:
    name, *more = command
    output = shell.refused("dataset", name, "nothing", *more)
    assert "newsletter dataset list" in output


def test_synchronising_again_changes_nothing(shell: Shell) -> None:
    shell.done("dataset", "export", "kenya-rain", "out")
    folder = Path("out/kenya-rain")
    folder.rename("out/rain-again")
    printed = shell.done("sync", "out").splitlines()
    assert printed[0] == "+ rain-again added"
    assert printed[1].startswith("rain-again: 5 rows × 3 columns")
    assert printed[-1].startswith("Chart: ")
    assert shell.done("sync", "out") == "= rain-again unchanged\n"


def test_a_folder_that_cannot_be_taken_stops_no_other(shell: Shell) -> None:
    shell.done("dataset", "export", "kenya-rain", "out")
    Path("out/kenya-rain").rename("out/rain-again")
    Path("out/broken").mkdir()
    Path("out/broken/dataset.yaml").write_text("title: [")
    result = shell("sync", "out")
    assert result.exit_code == 1
    assert "! broken refused" in result.stdout
    assert "+ rain-again added" in result.stdout
    assert "1 of them could not be taken" in result.stderr


def test_posts_come_after_the_dataset_of_their_folder(shell: Shell) -> None:
    shell.done("dataset", "export", "kenya-rain", "out")
    Path("out/kenya-rain").rename("out/rain-again")
    posts = Path("out/rain-again/posts")
    posts.mkdir()
    (posts / "01-good.md").write_bytes(written.markdown("```python\n1\n```\n"))
    (posts / "02-bad.md").write_text("No front matter.")
    result = shell("sync", "out")
    assert result.exit_code == 1
    added, *_, good, bad = result.stdout.splitlines()
    assert added == "+ rain-again added"
    assert good.startswith("+ rain-again/01-good.md added: Version 1.0.0 has no table penguins")
    assert bad.startswith("! rain-again/02-bad.md refused: The post has no front matter")


def test_synchronising_what_holds_no_dataset_is_refused(shell: Shell) -> None:
    Path("nothing").mkdir()
    assert "dataset.yaml" in shell.refused("sync", "nothing")


def test_a_workbook_becomes_all_its_tables_or_the_one_that_is_chosen(shell: Shell) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "North Sea"
    for sheet in (book.worksheets[0], book.create_sheet("Baltic"), book.create_sheet("Words")):
        sheet.append(["bank", "seals"])
    book["North Sea"].append(["Sand", 120])  # too little for a chart
    for count in (88, 90, 97):
        book["Baltic"].append([f"Rock {count}", count])
    book.save("seals.xlsx")

    output = shell.done("dataset", "add", "seals.xlsx", *ADD)
    assert "rain-2/north-sea: 1 rows × 2 columns." in output
    assert "Words was left out: The file has a header but no rows" in output
    tables = shell.read("dataset", "show", "rain-2")["tables"]
    assert [(t["name"], t["rows"]) for t in tables] == [("north-sea", 1), ("baltic", 3)]

    one = ("--slug", "rain-3", *ADD[2:])
    refused = shell.refused("dataset", "add", "seals.xlsx", *one, "--sheet", "Arctic")
    assert "holds no table 'Arctic': choose one of North Sea, Baltic, Words." in refused
    shell.done("dataset", "add", "seals.xlsx", *one, "--table", "Baltic")
    (table,) = shell.read("dataset", "show", "rain-3")["tables"]
    assert (table["name"], table["rows"]) == ("seals", 3)


def test_how_a_file_is_read_can_be_stated(shell: Shell) -> None:
    with zipfile.ZipFile("odd.zip", "w") as archive:
        archive.writestr("a.txt", "Plzeň~1,5\n".encode("cp1250"))
        archive.writestr("b.txt", "Brno~2,25\n")
    stated = ("--encoding", "cp1250", "--delimiter", "~", "--decimal", ",", "--header", "0")

    assert "2 rows × 3 columns, read as cp1250" in shell.done(
        "dataset", "add", "odd.zip", "--stack", *ADD, *stated
    )
    columns = shell.read("dataset", "profile", "rain-2")["odd"]["columns"]
    assert [column["type"] for column in columns] == ["string", "string", "number"]
    refused = shell.refused("dataset", "add", "odd.zip", *ADD, "--delimiter", "~~")
    assert refused.strip().endswith("--delimiter: must be one character, tab or space.")


def test_an_export_is_left_to_a_worker_where_that_is_asked_for(shell: Shell) -> None:
    assert "Task" in shell.done("dataset", "export", "kenya-rain", "out", "--background")
    assert not Path("out").exists()
    shell.done("worker", "--once")
    assert sorted(path.name for path in Path("out/kenya-rain").iterdir()) == [
        *("datapackage.json", "dataset.yaml", "rain.csv"),
    ]


def test_a_dataset_needs_no_chart(shell: Shell) -> None:
    shell.done("dataset", "add", "rain.csv", *ADD, "--chart", "none", "--name", "wet")

    assert [t["name"] for t in shell.read("dataset", "show", "rain-2")["tables"]] == ["wet"]
    shell.done("dataset", "export", "rain-2", "out")
    assert read_package(Path("out/rain-2")).chart == {}
    assert not list(Path("out/rain-2").rglob("chart.*"))


def test_a_chart_may_be_stated_in_a_file(shell: Shell) -> None:
    spec = {"mark": "bar", "encoding": {"x": {"field": "rain_mm", "type": "quantitative"}}}
    Path("spec.json").write_text(json.dumps(spec))

    shell.done("dataset", "add", "rain.csv", *ADD, "--chart", "spec.json")

    shell.done("dataset", "export", "rain-2", "out")
    assert read_package(Path("out/rain-2")).chart == spec
    for text in ("[1]", "{"):
        Path("spec.json").write_text(text)
        assert shell("dataset", "add", "rain.csv", *ADD, "--chart", "spec.json").exit_code == 2


def test_the_proposed_charts_are_listed_and_chosen(shell: Shell) -> None:
    rows = "".join(f"{n % 17 + 0.5},{n * 7 % 23 + 0.5}\n" for n in range(30))
    Path("seals.csv").write_text(f"size,weight\n{rows}")
    assert "! size" not in shell.done("dataset", "add", "seals.csv", *ADD)

    listed = shell.done("dataset", "chart", "rain-2").splitlines()
    assert listed[0] == ("* 1 of seals: Size and Weight are measures: how they go together.")
    assert len(listed) == 3

    shell.done("dataset", "chart", "rain-2", "2")
    assert [r["is_drawn"] for r in shell.read("dataset", "chart", "rain-2")] == [
        False, True, False
    ]  # fmt: skip
    assert "has no chart" in shell.done("dataset", "chart", "rain-2", "none")
    assert not any(r["is_drawn"] for r in shell.read("dataset", "chart", "rain-2"))
    shell.done("dataset", "chart", "rain-2", "automatic")
    assert shell.read("dataset", "chart", "rain-2")[0]["is_drawn"]
    assert "no chart 9" in shell.refused("dataset", "chart", "rain-2", "9")


def test_each_command_prints_alerts_with_their_columns(shell: Shell) -> None:
    text = "station,height\n" + "".join(f"s{n % 4},{n % 9}\n" for n in range(20)) + "s1,90000\n"
    Path("high.csv").write_text(text)

    for command in (
        ("dataset", "add", "high.csv", *ADD),
        ("dataset", "profile", "rain-2"),
        ("dataset", "update", "kenya-rain", "high.csv"),
    ):
        assert "! height: A long tail of high values" in shell.done(*command)
