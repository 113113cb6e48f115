import pytest

from newsletter.catalog.licenses import OF_CODE, OF_DATA, license_problem


@pytest.mark.parametrize("offered", [OF_DATA, OF_CODE])
def test_what_forms_offer_is_a_licence_and_is_offered_once(
    offered: tuple[tuple[str, str], ...],
) -> None:
    ids = [spdx_id for spdx_id, _ in offered]
    assert len(set(ids)) == len(ids)
    assert [license_problem(spdx_id) for spdx_id in ids] == [None] * len(ids)


def test_a_licence_has_one_name_wherever_it_is_offered() -> None:
    of_data, of_code = dict(OF_DATA), dict(OF_CODE)
    both = of_data.keys() & of_code.keys()
    assert both
    assert {spdx_id: of_data[spdx_id] for spdx_id in both} == {i: of_code[i] for i in both}
