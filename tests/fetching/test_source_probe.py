import socket

import pytest

from newsletter.fetching.http_exchange import FetchLimits, Validators
from newsletter.fetching.source_probe import Answer, Asker, State
from tests.fetching.web import ETAG, MODIFIED, Page, Web

AGENT = "dataset-daily/0 (+https://news.example.org)"
PATIENT = FetchLimits(seconds=60, silence=30)
IMPATIENT = FetchLimits(seconds=60, silence=0.3)


def ask(web: Web, path: str, previous: Validators | None = None) -> Answer:
    return Asker(AGENT, frozenset({web.host}), PATIENT).ask(web.url(path), previous)


def test_it_asks_by_head_alone_and_says_who_asks(web: Web) -> None:
    web.pages["/a.csv"] = Page(headers={"ETag": ETAG, "Last-Modified": MODIFIED})
    answer = ask(web, "/a.csv")
    assert answer.state is State.THERE
    assert answer.validators == Validators(ETAG, MODIFIED)
    ((method, _, headers),) = web.seen
    assert (method, headers["user-agent"]) == ("HEAD", AGENT)


@pytest.mark.parametrize("status", [404, 405, 501, 503])
def test_a_server_that_refuses_head_is_asked_for_a_few_bytes(web: Web, status: int) -> None:
    web.pages["/a.csv"] = Page(206, head=status)
    assert ask(web, "/a.csv").state is State.THERE
    assert [method for method, _, _ in web.seen] == ["HEAD", "GET"]
    assert web.seen[1][2]["range"] == "bytes=0-511"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (404, State.GONE),
        (410, State.GONE),
        (401, State.CLOSED),
        (403, State.CLOSED),
        (429, State.CLOSED),
        (500, State.SILENT),
        (503, State.SILENT),
        (416, State.THERE),
    ],
)
def test_it_tells_what_an_answer_means(web: Web, status: int, state: State) -> None:
    web.pages["/a.csv"] = Page(status)
    answer = ask(web, "/a.csv")
    assert answer.state is state
    assert answer.is_heard
    assert state is State.THERE or str(status) in answer.sentence


def test_permanent_redirects_are_the_new_address(web: Web) -> None:
    web.pages["/old"] = Page(301, {"Location": "/newer"})
    web.pages["/newer"] = Page(308, {"Location": "/newest"})
    web.pages["/newest"] = Page()
    assert ask(web, "/old").moved_to == web.url("/newest")


def test_only_what_comes_before_a_passing_redirect_is_permanent(web: Web) -> None:
    web.pages["/latest"] = Page(302, {"Location": "/old"})
    web.pages["/old"] = Page(301, {"Location": "/today"})
    web.pages["/today"] = Page()
    assert ask(web, "/latest").moved_to is None
    web.pages["/older"] = Page(301, {"Location": "/latest"})
    assert ask(web, "/older").moved_to == web.url("/latest")


def test_a_redirect_to_an_inner_address_is_not_followed(web: Web) -> None:
    inner = Web()
    try:
        web.pages["/trap"] = Page(301, {"Location": inner.url("/")})
        answer = ask(web, "/trap")
        assert answer.state is State.SILENT
        assert "not on the public Internet" in answer.sentence
        assert inner.seen == []
    finally:
        inner.server_close()


def test_redirects_that_lead_round_end(web: Web) -> None:
    web.pages["/round"] = Page(301, {"Location": "/round"})
    assert ask(web, "/round").state is State.SILENT


def test_it_asks_whether_it_has_changed(web: Web) -> None:
    web.pages["/a.csv"] = Page(headers={"ETag": ETAG})
    assert ask(web, "/a.csv", Validators(ETAG, MODIFIED)).not_modified
    assert web.seen[0][2]["if-modified-since"] == MODIFIED
    assert not ask(web, "/a.csv", Validators('"v0"')).not_modified


def test_silence_and_a_closed_door_are_not_heard(web: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        host = f"127.0.0.1:{mute.getsockname()[1]}"
        answer = Asker(AGENT, frozenset({host}), IMPATIENT).ask(f"http://{host}/")
    assert (answer.state, answer.is_heard) == (State.SILENT, False)
    assert "silent" in answer.sentence
    closed = Asker(AGENT, frozenset({host}), IMPATIENT).ask(f"http://{host}/")
    assert (closed.state, closed.is_heard) == (State.SILENT, False)


@pytest.mark.parametrize(
    ("errno", "state"),
    [(socket.EAI_NONAME, State.NO_HOST), (socket.EAI_AGAIN, State.SILENT)],
)
def test_a_name_that_is_not_there_is_not_one_that_could_not_be_asked(
    errno: int, state: State
) -> None:
    def resolve(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(errno, "no")

    asker = Asker(AGENT, limits=PATIENT, resolve=resolve)
    assert asker.ask("http://gone.example/").state is state
