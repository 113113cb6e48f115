"""The names of the months, and which month each is."""

# Twelve of each language, long and short; where one begins with the other, both are listed.
NAMES = {
    "English": "january|jan february|feb march|mar april|apr may june|jun july|jul august|aug"
    " september|sept|sep october|oct november|nov december|dec",
    "German": "januar|j\u00e4nner februar|feber m\u00e4rz|m\u00e4r|maerz april mai juni juli august"
    " september oktober|okt november dezember|dez",
    "French": "janvier|janv f\u00e9vrier|f\u00e9vr|f\u00e9v|fevrier mars avril|avr mai juin"
    " juillet|juil ao\u00fbt|aout septembre octobre novembre d\u00e9cembre|d\u00e9c|decembre",
    "Spanish": "enero|ene febrero marzo abril|abr mayo junio julio agosto|ago"
    " septiembre|setiembre octubre noviembre diciembre|dic",
    "Italian": "gennaio|gen febbraio marzo aprile maggio|mag giugno|giu luglio|lug agosto"
    " settembre|set ottobre|ott novembre dicembre",
    "Portuguese": "janeiro fevereiro|fev mar\u00e7o abril maio junho julho agosto setembro"
    " outubro|out novembro dezembro",
    "Dutch": "januari februari maart|mrt april mei juni juli augustus september oktober november"
    " december",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november"
    " december",
    "Danish": "januar februar marts april maj juni juli august september oktober november december",
    "Norwegian": "januar februar mars april mai juni juli august september oktober november"
    " desember|des",
    "Polish": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia wrze\u015bnia"
    " pa\u017adziernika listopada grudnia",
}
MONTHS = {
    name: number
    for year in NAMES.values()
    for number, month in enumerate(year.split(), start=1)
    for name in month.split("|")
}


def month_number(name: str) -> str:
    """SQL of a month's number from that of its name in lower case; null for no month."""
    listed = ", ".join(f"'{known}': {number}" for known, number in MONTHS.items())
    return f"MAP {{{listed}}}[{name}]"
