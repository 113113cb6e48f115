"""Words that a guessed encoding makes, and no language has.

Every language of a Latin alphabet has a few letters beyond ASCII, and no word mixes those of
two: ``Àþuolas`` is neither French nor Icelandic, but a Lithuanian word in the wrong encoding.
"""

import re
import unicodedata
from itertools import pairwise

from newsletter.tables.reading.accents import ALPHABETS, BROKEN_WORD, accented_letters

# Of languages that no encoding is guessed by.
OTHERS = {
    "Icelandic": "áðéíóúýþæö",
    "Faroese": "áðíóúýæø",
    "Norwegian": "æøåéêèòôóàü",
    "Finnish and Estonian": "åäöõüšžé",
    "Latvian": "āčēģīķļņōŗšūž",
    "Lithuanian": "ąčęėįšųūž",
    "Maltese, Welsh, Irish": "ċġħżàèìòùâêîôûŵŷáéíóúäëïöü",
    "Esperanto": "ĉĝĥĵŝŭ",
    "Chinese in Latin letters": "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü",
}
LETTERS = [set(own) for own in (*(own for _, own in ALPHABETS.values()), *OTHERS.values())]
_L = r"[^\W\d_]"
NONSENSE = re.compile(
    "|".join(
        (
            BROKEN_WORD.pattern,
            r"[\u0080-\u009f\ufffd\ue000-\uf8ff]",
            # Signs beside letters or between them.
            rf"{_L}[¤¦§¨¬¯¶¸˘ˇ˝˛¡¿]|[¤¦¨¬¯¸˘ˇ˝˛]{_L}",
            rf"{_L}[‚„‹›†‡‰ˆ˜•¢©®´«»÷×]{_L}|{_L}[‚„](?!\w)",
            r"[©®¾][a-zß-ÿ]",
            # Lines and blocks of DOS beside letters or signs.
            rf"{_L}[\u2500-\u259f]|[\u2500-\u259f](?:{_L}|[^\s\0-\x7f\u2500-\u259f])",
            # Hebrew with letters of an end before others, or points without a letter.
            r"[םןףץ][\u05b0-\u05ea]|[׃׳״][\u05b0-\u05c2]|[\u05b0-\u05c2]{3}",
            # Narrow kana beside Chinese characters, and one of those within a Latin word.
            r"[\uff66-\uff9f][\u4e00-\u9fff]|[\u4e00-\u9fff][\uff66-\uff9f]",
            r"[A-Za-z][\u3000-\u9fff\uac00-\ud7af\ufe30-\ufe4f\uff00-\uffef][a-z]",
        )
    )
)
WORD = re.compile(f"{_L}+")
ALPHABETIC = {"LATIN", "GREEK", "CYRILLIC", "HEBREW", "ARABIC"}


def strange_words(text: str) -> list[str]:
    """Those of ``text`` that are of no language."""
    return [word for word in text.split() if not word.isascii() and _is_strange(word)]


def _is_strange(word: str) -> bool:
    return bool(NONSENSE.search(word)) or any(map(_is_mixed, WORD.findall(word)))


def _is_mixed(letters: str) -> bool:
    """Whether the letters of one word are of two scripts or two languages, or a small one comes
    before a capital beyond ASCII."""
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in letters}
    if scripts != {"LATIN"}:
        return len(scripts & ALPHABETIC) > 1
    accented = accented_letters(letters)
    pairs = pairwise(letters[1:])  # Irish has small ones before a capital: nÉ
    return not any(accented <= own for own in LETTERS) or any(
        before.islower() and letter.isupper() and not letter.isascii() for before, letter in pairs
    )
