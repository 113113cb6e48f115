from dataclasses import replace
from pathlib import Path

import pytest

from newsletter.catalog.checks.documents import document_findings
from newsletter.catalog.checks.findings import Weight
from newsletter.catalog.describe.facts import DatasetFacts
from newsletter.catalog.describe.published import facts_of
from newsletter.db import Database
from newsletter.settings import Settings
from newsletter.storage import Storage
from tests import factories


@pytest.fixture
def facts(sqlite_db: Database, tmp_path: Path, settings: Settings) -> DatasetFacts:
    with sqlite_db.write() as session:
        return facts_of(factories.dataset(session, Storage(tmp_path / "storage")), settings)


def told(facts: DatasetFacts) -> list[str]:
    found = list(document_findings(facts))
    assert all((f.about, f.weight) == ("document", Weight.WRONG) for f in found)
    return [f.sentence for f in found]


def test_whole_documents_say_nothing(facts: DatasetFacts) -> None:
    assert told(facts) == []


def test_each_format_says_what_it_lacks(facts: DatasetFacts) -> None:
    assert told(replace(facts, citation="")) == ["its Croissant lacks citeAs."]
    assert told(replace(facts, sources=(), creators=())) == []  # nobody has to know
    assert told(replace(facts, keywords=())) == [
        "its JSON-LD lacks keywords.",
        "its DCAT lacks keyword.",
    ]


def test_what_a_list_lacks_is_told_once(facts: DatasetFacts) -> None:
    (table,) = facts.tables
    bare = replace(table, columns=tuple(replace(c, name="") for c in table.columns))
    sentences = told(replace(facts, tables=(bare,)))
    assert "its Data Package lacks resources.schema.fields.name." in sentences
    assert "its JSON-LD lacks variableMeasured.name." in sentences


def test_a_table_without_columns_is_found(facts: DatasetFacts) -> None:
    hollow = replace(facts.tables[0], columns=())
    assert "its Croissant lacks recordSet.field." in told(replace(facts, tables=(hollow,)))


def test_a_format_that_cannot_be_made_stops_no_other(facts: DatasetFacts) -> None:
    (table,) = facts.tables
    odd = replace(table, columns=(replace(table.columns[0], type="colour"), *table.columns[1:]))
    (sentence,) = told(replace(facts, tables=(odd,)))
    assert sentence == "Croissant cannot be made of it: KeyError 'colour'."
