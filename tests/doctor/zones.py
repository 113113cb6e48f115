"""A real DNS server on loopback, which answers from a table.

    with serving({"example.net": {"TXT": ["v=spf1 -all"], "MX": ["10 mx.example.net."]}}) as dns:
        dns.texts("example.net")

A name that is not in the table does not exist; ``SERVFAIL`` and ``SILENT`` in place of
its records are faults. A CNAME is followed, as a resolver does.
"""

import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset

from newsletter.doctor.dns_lookup import Dns

SERVFAIL = {"SERVFAIL": [""]}
SILENT = {"SILENT": [""]}
Zones = Mapping[str, Mapping[str, Sequence[str]]]


class _Server(socketserver.ThreadingUDPServer):
    zones: Zones
    asked: list[tuple[str, str]]


class _Question(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        octets, socket = self.request
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True), question.rdtype
        self.server.asked.append((name, dns.rdatatype.to_text(kind)))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        self._fill(answer, name, dns.rdatatype.to_text(kind))
        if self.server.zones.get(name.lower()) is not SILENT:
            socket.sendto(answer.to_wire(max_size=65535), self.client_address)

    def _fill(self, answer: dns.message.Message, name: str, kind: str) -> None:
        records = self.server.zones.get(name.lower())
        if records is None:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif records is SERVFAIL:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif "CNAME" in records:
            answer.answer.append(_rrset(name, "CNAME", records["CNAME"]))
            self._fill(answer, records["CNAME"][0].removesuffix("."), kind)
        elif kind in records:
            answer.answer.append(_rrset(name, kind, records[kind]))


def _rrset(name: str, kind: str, texts: Sequence[str]) -> dns.rrset.RRset:
    quoted = [_quoted(text) for text in texts] if kind == "TXT" else texts
    return dns.rrset.from_text_list(dns.name.from_text(name), 300, "IN", kind, list(quoted))


def _quoted(text: str) -> str:
    """As strings of at most 255 octets, which is all that one may hold."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text) or 1, 255))


@contextmanager
def asking(zones: Zones) -> Iterator[tuple[dns.resolver.Resolver, list[tuple[str, str]]]]:
    """A resolver that asks the server, and what it asked."""
    with _Server(("127.0.0.1", 0), _Question) as server:
        server.zones, server.asked = zones, []
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = server.server_address[1]
        try:
            yield resolver, server.asked
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serving(zones: Zones, seconds: float = 20.0) -> Iterator[Dns]:
    with asking(zones) as (resolver, _):
        yield Dns(resolver, seconds)
