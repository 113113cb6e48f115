"""Each table is in the audit log or left out with a reason, and no secret is in it."""

import pytest

from newsletter import models
from newsletter.audit.recorded import LEFT_OUT, RECORDED
from newsletter.db import Base

PRIVATE = {"password_hash", "key_hash", "address_key", "address_hash", "name", "arguments", "email"}
ALL = sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: model.__name__)
assert models


@pytest.mark.parametrize("model", ALL, ids=lambda model: model.__name__)
def test_each_table_is_recorded_or_left_out_with_a_reason(model: type[Base]) -> None:
    assert (model in RECORDED) != bool(LEFT_OUT.get(model))


@pytest.mark.parametrize("model", RECORDED, ids=lambda model: model.__name__)
def test_what_is_recorded_is_there_and_no_secret(model: type[Base]) -> None:
    recorded = RECORDED[model]
    there = {attribute.key for attribute in model.__mapper__.column_attrs}
    assert {*recorded.names, *recorded.fields, *recorded.secrets} <= there
    shown = {*recorded.names, *recorded.fields}
    not_of_readers = {"name"} if model in (models.Table, models.Passkey) else set()
    assert shown & PRIVATE <= not_of_readers
