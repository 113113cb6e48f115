"""File names, ordinary and odd, and what the table in each is called."""

ODD_NAMES = {
    "penguins.csv": "penguins",
    "Sales 2024.csv.gz": "sales-2024",
    "my_data.csv": "my_data",
    "my-data.csv": "my-data",
    "UPPER.CSV": "upper",
    "2024.csv": "2024",
    "v1.2 final.csv": "v1-2-final",
    "sales.2023.csv": "sales-2023",
    "Ventes été.csv": "ventes-ete",
    "東京.csv": "dong-jing",
    "Продажи.csv": "prodazhi",
    "مبيعات.csv": "mbyt",
    "📈.csv": "chart_with_upwards_trend",
    "l" * 120 + ".csv": "l" * 100,
    "!!!.csv": "table",
    "con.csv": "con-table",
    "caf%C3%A9.csv": "cafe",
    "data.csv?download=1": "data-csv-download-1",
    "__private__.csv": "private",
    ".csv": "csv",
}
