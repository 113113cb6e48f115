"""Which encoding a few accents are of, told by the alphabets of Europe.

A handful of bytes beyond ASCII is too little for statistics of letters. But
all the accented letters of a text in one language belong to its alphabet:
``Dvořák`` of Windows-1250 reads as ``Dvoøák`` in Windows-1252, and no Western
language writes both of these.
"""

import re

WESTERN, CENTRAL, TURKISH = ("cp1252",), ("cp1250", "iso8859_2"), ("cp1254",)
# The letters beyond ASCII of each language, and the encodings that have them.
ALPHABETS = {
    "French": (WESTERN, "àâæçéèêëîïôœùûüÿ"),
    "Spanish": (WESTERN, "áéíñóúü"),
    "Portuguese": (WESTERN, "ãâáàçéêíõóôúü"),
    "German": (WESTERN, "äöüß"),
    "Italian": (WESTERN, "àèéìîòù"),
    "Dutch": (WESTERN, "áàäéèëíïóöúü"),
    "Danish": (WESTERN, "æøåé"),
    "Swedish": (WESTERN, "åäöé"),
    "Catalan": (WESTERN, "àçéèíïóòúü"),
    "Turkish": (TURKISH, "çğıöşüâîû"),
    "Czech": (CENTRAL, "áčďéěíňóřšťúůýž"),
    "Slovak": (CENTRAL, "áäčďéíĺľňóôŕšťúýž"),
    "Polish": (CENTRAL, "ąćęłńóśźż"),
    "Hungarian": (CENTRAL, "áéíóöőúüű"),
    "Romanian": (CENTRAL, "ăâîşţ"),
    "Croatian": (CENTRAL, "čćđšž"),
}
# Without this letter a text is hardly of that language.
TELLING = {"Romanian": "ă"}
# What a Western word has not, where another encoding's letter often stands.
NOT_WESTERN = re.compile(r"õ(?!e)|ã(?![oeis]|\b)|ì\w|ù[^\W_]|[èò][aeiouáéíóúý]|þ\b|\bð|\bÈ[a-zß-ÿ]")
# A sign in the middle of a word, or a pound of letters: the word is of another encoding.
BROKEN_WORD = re.compile(r"[^\W\d_][£¥¦§¨ª¬¯±²³¸¹º¿¼½¾][^\W\d_]|£[a-zß-ÿ]")
# A sign that begins a word, a control, or three beyond ASCII in a row.
NOT_LATIN = re.compile(r"[©®¾¦¶][^\W\d_]|[\u0080-\u009f\u00ad]|[^\0-\x7f]{3}")
NO_LETTERS = set("ªºµ") | {"i\u0307"}  # ordinals, and what İ is in lower case


def encoding_of_accents(sample: bytes) -> str | None:
    """The one encoding under which the accented letters of ``sample`` are of one language.

    Signs alone, such as ``£`` and ``µ``, are no letters: they are left to others.
    Western comes first, as the likeliest; None if none fits, or if others do
    that read it differently.
    """
    if _fits(sample, "cp1252"):
        return "cp1252"
    western = sample.decode("cp1252", "replace")
    if not accented_letters(western) and not BROKEN_WORD.search(western):
        return None
    others = [name for name in (*CENTRAL, *TURKISH) if _fits(sample, name)]
    readings = {sample.decode(name) for name in others}
    return others[0] if len(readings) == 1 else None


def _fits(sample: bytes, encoding: str) -> bool:
    try:
        text = sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    if BROKEN_WORD.search(text) or NOT_LATIN.search(text):
        return False
    if encoding in WESTERN and NOT_WESTERN.search(text):
        return False
    letters = accented_letters(text)
    return bool(letters) and any(
        encoding in encodings
        and letters <= set(own)
        and TELLING.get(language, "") in "".join(letters)
        for language, (encodings, own) in ALPHABETS.items()
    )


def accented_letters(text: str) -> set[str]:
    """Those beyond ASCII, each small; signs that count as letters are none."""
    letters = {sign.lower() for sign in text if sign.isalpha() and not sign.isascii()}
    return letters - NO_LETTERS
