import pytest

from newsletter.charts.labels import label


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("flipper_length_mm", "Flipper length (mm)"),
        ("lifeExp", "Life exp"),
        ("BudgetYear", "Budget year"),
        ("US_Gross", "US Gross"),
        ("unemploymentUSA", "UnemploymentUSA"),
        ("pH", "pH"),
        ("mpg", "MPG"),
        ("co2", "CO2"),
        ("sex", "Sex"),
        ("decimalLatitude", "Latitude"),
        ("2011", "In 2011"),
    ],
)
def test_a_name_is_written_for_people(name: str, text: str) -> None:
    assert label({"name": name, "kind": "float"}) == text
