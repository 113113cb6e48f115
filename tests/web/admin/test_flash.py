from newsletter.installation import Installation
from tests.web.admin.conftest import Browser

# Characters that do not repeat themselves, so that they do not become few bytes.
LONG = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(5000))


def test_what_is_quoted_at_length_does_not_lose_the_session(
    owner: Browser, seeded: Installation
) -> None:
    for _ in range(20):
        # What is posted, and refused with a sentence that quotes it, one after the other.
        answer = owner.post("/admin/issues/posts", date=LONG, post="penguins-who-is-who")
        assert answer.status_code == 302
        for header in answer.headers.getlist("Set-Cookie"):
            assert len(header) < 4096
    page = owner.get("/admin/")
    assert page.status_code == 200
