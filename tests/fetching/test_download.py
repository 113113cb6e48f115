import gzip
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from requests import adapters

from newsletter.errors import FetchRefused
from newsletter.fetching.download import Fetched, fetch
from newsletter.fetching.http_exchange import FetchLimits, Validators

CSV = b"a,b\n1,2\n"
QUICK = FetchLimits(bytes=100_000, seconds=5, silence=3)

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """A web server on loopback that answers by path and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str) -> str:
        return f"http://data.example:{self.port}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        self.server.answers[self.path.partition("?")[0]](self)

    def log_message(self, *_: object) -> None:
        pass


def reply(status: int = 200, body: bytes = CSV, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def everything_is_here(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def get(
    server: Server,
    path: str,
    into: Path,
    limits: FetchLimits = QUICK,
    previous: Validators | None = None,
) -> Fetched:
    allowed = frozenset({f"data.example:{server.port}"})
    return fetch(server.url(path), into, limits, allowed, previous, everything_is_here)


class Canary:
    """Sockets on both loopbacks that count who comes."""

    def __init__(self) -> None:
        self.port, self._sockets = self._listen()

    @staticmethod
    def _listen() -> tuple[int, list[socket.socket]]:
        first = socket.create_server(("127.0.0.1", 0))
        port = first.getsockname()[1]
        sockets = [first]
        if socket.has_dualstack_ipv6():
            sockets.append(socket.create_server(("::1", port), family=socket.AF_INET6))
        for listening in sockets:
            listening.setblocking(False)
        return port, sockets

    @property
    def visits(self) -> int:
        count = 0
        for listening in self._sockets:
            try:
                while True:
                    listening.accept()[0].close()
                    count += 1
            except BlockingIOError:
                continue
        return count

    def close(self) -> None:
        for listening in self._sockets:
            listening.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    with closing(Canary()) as listening:
        yield listening


def test_it_downloads_a_file(server: Server, tmp_path: Path) -> None:
    server.answers["/files/birds.csv"] = reply(
        Content_Type="text/csv; charset=utf-8", ETag='"v1"', Last_Modified="yesterday"
    )

    fetched = get(server, "/files/birds.csv?year=2026", tmp_path)

    assert fetched.path is not None
    assert fetched.path.read_bytes() == CSV
    assert fetched.path.parent == tmp_path
    assert fetched.path.suffix == ".csv"
    assert fetched.filename == "birds.csv"
    assert fetched.content_type == "text/csv"
    assert fetched.bytes == len(CSV)
    assert (fetched.etag, fetched.last_modified) == ('"v1"', "yesterday")
    assert fetched.final_url == server.url("/files/birds.csv?year=2026")
    assert not fetched.not_modified
    _, headers = server.seen[0]
    assert headers["host"] == f"data.example:{server.port}"
    assert headers["user-agent"].startswith("dataset-daily/")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="my birds.csv"', "my birds.csv"),
        ("attachment; filename*=UTF-8''v%C3%B6gel.csv", "vögel.csv"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\x\\\\y.csv"', "y.csv"),
        ('attachment; filename=".."', "data"),
        ('attachment; filename="東京.csv"'.encode().decode("latin-1"), "東京.csv"),
        ("attachment", "data"),
    ],
)
def test_it_names_the_file_as_the_server_does_but_without_a_path(
    server: Server, tmp_path: Path, header: str, name: str
) -> None:
    server.answers["/data"] = reply(Content_Disposition=header)

    fetched = get(server, "/data", tmp_path)

    assert fetched.filename == name
    assert fetched.path is not None
    assert fetched.path.parent == tmp_path


def test_it_asks_whether_the_file_has_changed(server: Server, tmp_path: Path) -> None:
    server.answers["/a.csv"] = reply(304, b"", ETag='"v1"')

    fetched = get(server, "/a.csv", tmp_path, previous=Validators('"v1"', "yesterday"))

    assert fetched.not_modified
    assert fetched.path is None
    _, headers = server.seen[0]
    assert headers["if-none-match"] == '"v1"'
    assert headers["if-modified-since"] == "yesterday"
    assert list(tmp_path.iterdir()) == []


def test_it_follows_redirects_by_hand(server: Server, tmp_path: Path) -> None:
    server.answers["/old"] = reply(301, b"", Location="/new.csv")
    server.answers["/new.csv"] = reply()

    fetched = get(server, "/old", tmp_path)

    assert fetched.final_url == server.url("/new.csv")
    assert [path for path, _ in server.seen] == ["/old", "/new.csv"]


def test_it_gives_up_on_a_ring_of_redirects(server: Server, tmp_path: Path) -> None:
    server.answers["/ring"] = reply(302, b"", Location="/ring")

    with pytest.raises(FetchRefused, match="more than 5 times"):
        get(server, "/ring", tmp_path)

    assert len(server.seen) == 6


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "401 Unauthorized: it asks for a login"),
        (403, "403 Forbidden"),
        (404, "404 Not Found: check it in a browser"),
        (410, "410 Gone"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error: try again later"),
        (304, "304 Not Modified"),
        (204, "204 No Content"),
        (299, "answered 299"),
    ],
)
def test_it_says_what_the_server_answered(
    server: Server, tmp_path: Path, status: int, says: str
) -> None:
    server.answers["/a.csv"] = reply(status, b"")

    with pytest.raises(FetchRefused, match=says):
        get(server, "/a.csv", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_it_stops_at_the_byte_limit_that_the_header_announces(
    server: Server, tmp_path: Path
) -> None:
    server.answers["/big.csv"] = reply(body=b"x" * 100_001)

    with pytest.raises(FetchRefused, match="over the limit of 100,000 bytes"):
        get(server, "/big.csv", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_it_stops_at_the_byte_limit_when_the_header_is_silent(
    server: Server, tmp_path: Path
) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not handler.wfile.closed:
            try:
                handler.wfile.write(b"x" * 65536)
            except OSError:
                return  # the reader has had enough

    server.answers["/endless"] = endless

    with pytest.raises(FetchRefused, match="over the limit"):
        get(server, "/endless", tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip"])
def test_it_stops_a_content_encoding_bomb(server: Server, tmp_path: Path, encoding: str) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    if encoding == "gzip, gzip":
        bomb = gzip.compress(bomb)
    server.answers["/bomb"] = reply(body=bomb, Content_Encoding=encoding)

    with pytest.raises(FetchRefused, match="over the limit"):
        get(server, "/bomb", tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_it_undoes_a_content_encoding_that_it_did_not_ask_for(
    server: Server, tmp_path: Path
) -> None:
    server.answers["/a.csv"] = reply(body=gzip.compress(CSV), Content_Encoding="gzip")

    fetched = get(server, "/a.csv", tmp_path)

    assert fetched.path is not None
    assert fetched.path.read_bytes() == CSV
    assert fetched.bytes == len(CSV)
    assert server.seen[0][1]["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (reply(body=b"not gzip", Content_Encoding="gzip"), "damaged"),
        (reply(body=CSV, Content_Length="5000"), "broke off"),
    ],
)
def test_it_keeps_no_half_file(server: Server, tmp_path: Path, answer: Answer, says: str) -> None:
    server.answers["/a.csv"] = answer

    with pytest.raises(FetchRefused, match=says):
        get(server, "/a.csv", tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("drips", [b"X", b"HTTP/1.1 200 OK\r\n\r\nX"], ids=["headers", "body"])
def test_it_ends_a_drip_that_never_falls_silent(tmp_path: Path, drips: bytes) -> None:
    stop = threading.Event()

    def drip(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(drips)
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=drip, args=(listening,), daemon=True)
        thread.start()
        limits = FetchLimits(seconds=0.5, silence=30)
        port = listening.getsockname()[1]
        with pytest.raises(FetchRefused, match=r"over 0\.5 seconds"):
            fetch(f"http://localhost:{port}/", tmp_path, limits, frozenset({"localhost"}))
        stop.set()
        thread.join()

    assert list(tmp_path.iterdir()) == []


def test_it_says_when_a_server_falls_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        limits = FetchLimits(seconds=30, silence=0.2)
        port = listening.getsockname()[1]
        with pytest.raises(FetchRefused, match=r"silent for 0\.2 seconds"):
            fetch(f"http://localhost:{port}/", tmp_path, limits, frozenset({"localhost"}))


def test_it_says_when_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(FetchRefused, match="could not be reached"):
        fetch(f"http://localhost:{port}/", tmp_path, QUICK, frozenset({f"localhost:{port}"}))


def test_it_says_when_a_name_is_unknown(tmp_path: Path) -> None:
    def nothing(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(FetchRefused, match=r"data\.example was not found"):
        fetch("http://data.example/a.csv", tmp_path, QUICK, resolve=nothing)


# A loopback, a private or a metadata address, spelled so that a careless check lets it by.
HOSTS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "127.0.0.1.",
    "127.255.255.254",
    "127.000.000.001",
    "127.0.0.1%00",
    "127%2e0%2e0%2e1",
    "%31%32%37.0.0.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0x7F.1",
    "0x7f.0.0.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0.0.01",
    "0",
    "0.0.0.0",
    "0x0",
    "00.00.00.00",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ip6-localhost",
    "①②⑦.⓪.⓪.①",
    "１２７.０.０.１",
    "127。0。0。1",
    "127．0．0．1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "ｌｏｃａｌｈｏｓｔ",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:127.0.0.1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:0001::1]",
    "[2001:0:7f00:1:8000:63bf:80ff:fffe]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[::1%25lo]",
    "[fec0::1]",
    "[fc00::1]",
    "[ff02::1]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "[::ffff:169.254.169.254]",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
]
SPELLINGS = [f"http://{host}:{{port}}/" for host in HOSTS] + [
    "http://user@127.0.0.1:{port}/",
    "http://example.com@127.0.0.1:{port}/",
    "http://example.com:80@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}@127.0.0.1:{port}/",
    "http://@127.0.0.1:{port}/",
    "http://example.com#@127.0.0.1:{port}/",
    "http://example.com?@127.0.0.1:{port}/",
    "http://example.com\\@127.0.0.1:{port}/",
    "http://127.0.0.1:{port}\\@example.com/",
    "http:\\\\127.0.0.1:{port}/",
    "http:///127.0.0.1:{port}/",
    "http:127.0.0.1:{port}/",
    "//127.0.0.1:{port}/",
    "127.0.0.1:{port}",
    "http://127.0.0.1:{port} @example.com/",
    "http://127.0.0.1\t:{port}/",
    "http://exa\nmple.com@127.0.0.1:{port}/",
    "http://[127.0.0.1]:{port}/",
    "http://[::1:{port}/",
    "https://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}/",
    "ftp://127.0.0.1:{port}/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/_GET",
    "data:text/csv,a",
    "javascript:alert(1)",
    "http://",
    "",
    "http://" + "a" * 5000,
]


def careful_resolver(host: str, port: int) -> list[str]:
    """The system's resolver for numbers and local names; other names do not exist."""
    try:
        flags = socket.AI_NUMERICHOST if "localhost" not in host.lower() else 0
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:
        raise OSError from error
    return [str(entry[4][0]) for entry in found]


def test_there_are_enough_spellings() -> None:
    assert len(set(SPELLINGS)) >= 60


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_reaches_an_inner_address(
    canary: Canary, tmp_path: Path, spelling: str
) -> None:
    with pytest.raises(FetchRefused):
        fetch(spelling.format(port=canary.port), tmp_path, QUICK, resolve=careful_resolver)

    assert canary.visits == 0


def test_the_canary_sees_a_visit_when_its_host_is_allowed(canary: Canary, tmp_path: Path) -> None:
    with pytest.raises(FetchRefused, match="silent"):
        fetch(
            f"http://127.1:{canary.port}/",
            tmp_path,
            FetchLimits(seconds=5, silence=0.2),
            frozenset({f"127.1:{canary.port}"}),
        )

    assert canary.visits == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{port}/",
        "//127.0.0.1:{port}/",
        "http://[::1]:{port}/",
        "http://data.example@127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "http://[",
        "\\\\127.0.0.1:{port}/",
    ],
)
def test_a_redirect_does_not_lead_inside(
    server: Server, canary: Canary, tmp_path: Path, location: str
) -> None:
    server.answers["/go"] = reply(302, b"", Location=location.format(port=canary.port))

    def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host == "data.example" else careful_resolver(host, port)

    allowed = frozenset({f"data.example:{server.port}"})
    with pytest.raises(FetchRefused):
        fetch(server.url("/go"), tmp_path, QUICK, allowed, resolve=resolver)

    assert canary.visits == 0
    assert len(server.seen) == 1


def test_a_name_is_resolved_once_and_rebinding_gains_nothing(
    canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    dialled: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"] if len(asked) == 1 else ["127.0.0.1"]

    def no_network(address: tuple[str, int], *_: object) -> socket.socket:
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", no_network)
    with pytest.raises(FetchRefused, match="could not be reached"):
        fetch(f"http://rebind.example:{canary.port}/", tmp_path, QUICK, resolve=rebinding)

    assert asked == ["rebind.example"]
    assert dialled == ["8.8.8.8"]
    assert canary.visits == 0


def test_one_inner_address_among_public_ones_is_enough_to_refuse(
    canary: Canary, tmp_path: Path
) -> None:
    def mixed(_host: str, _port: int) -> Sequence[str]:
        return ["8.8.8.8", "127.0.0.1"]

    with pytest.raises(FetchRefused, match="not on the public Internet"):
        fetch(f"http://mixed.example:{canary.port}/", tmp_path, QUICK, resolve=mixed)

    assert canary.visits == 0


def test_it_tries_the_next_address_when_one_does_not_answer(server: Server, tmp_path: Path) -> None:
    server.answers["/a.csv"] = reply()

    fetched = fetch(
        server.url("/a.csv"),
        tmp_path,
        QUICK,
        frozenset({"data.example"}),
        resolve=lambda *_: ["::1", "127.0.0.1"],
    )

    assert fetched.bytes == len(CSV)


def test_it_takes_no_proxy_or_password_from_the_environment(
    server: Server, canary: Canary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine data.example login ann password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{canary.port}")
    server.answers["/a.csv"] = reply()

    get(server, "/a.csv", tmp_path)

    assert canary.visits == 0
    assert "authorization" not in server.seen[0][1]


def test_tls_checks_the_name_though_the_address_is_pinned(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=data.example -addext subjectAltName=DNS:data.example"
        " -addext keyUsage=critical,digitalSignature,keyCertSign"
    )
    subprocess.run(
        [*command.split(), "-keyout", key, "-out", cert], check=True, capture_output=True
    )
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.answers["/a.csv"] = reply()
    monkeypatch.setattr(adapters, "DEFAULT_CA_BUNDLE_PATH", str(cert))
    into = tmp_path / "into"
    into.mkdir()

    def get_from(host: str) -> Fetched:
        url = f"https://{host}:{server.port}/a.csv"
        return fetch(url, into, QUICK, frozenset({host}), resolve=everything_is_here)

    assert get_from("data.example").bytes == len(CSV)
    with pytest.raises(FetchRefused, match=r"certificate of other\.example does not hold"):
        get_from("other.example")
    assert asked == ["data.example", "other.example"]
