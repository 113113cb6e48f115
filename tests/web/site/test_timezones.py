"""The list of time zones."""

from zoneinfo import ZoneInfo

from newsletter.web.site.timezones import grouped, place


def test_zones_stand_under_their_region() -> None:
    groups = grouped()
    assert "Europe/Lisbon" in groups["Europe"]
    assert groups["Other"] == ["UTC"]
    assert not any(zone.startswith(("Etc/", "US/")) for zones in groups.values() for zone in zones)
    assert all(ZoneInfo(zone) for zones in groups.values() for zone in zones)


def test_an_old_name_is_listed_for_who_chose_it() -> None:
    assert "US/Eastern" in grouped("US/Eastern")["Other"]
    assert "US/Eastern" not in grouped()["Other"]
    assert grouped("Europe/Lisbon") == grouped()


def test_a_zone_is_called_by_its_place() -> None:
    assert place("America/New_York") == "New York"
    assert place(ZoneInfo("America/Kentucky/Louisville")) == "Kentucky, Louisville"
    assert place("UTC") == "UTC"
