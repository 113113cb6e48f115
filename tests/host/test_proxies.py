"""Who asks, by way of which proxies."""

import pytest

from newsletter.host.proxies import TrustedProxies

NGINX, DOCKER, CDN, ANN, LIAR = "127.0.0.1", "172.17.0.1", "198.51.100.9", "203.0.113.7", "1.1.1.1"


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "visitor"),
    [
        # By default this machine's alone.
        ("", NGINX, ANN, ANN),
        ("", NGINX, f"{LIAR}, {ANN}", ANN),
        ("", DOCKER, ANN, DOCKER),
        ("", ANN, LIAR, ANN),
        ("", "::1", "2001:db8::7", "2001:db8::7"),
        ("", "::ffff:127.0.0.1", ANN, ANN),
        # As some proxies write an address.
        ("", NGINX, f"{ANN}:4711", ANN),
        ("", NGINX, "[2001:DB8::7]:443", "2001:db8::7"),
        ("", NGINX, '"[2001:db8::7]"', "2001:db8::7"),
        ("", NGINX, f"::ffff:{ANN}", ANN),
        ("", NGINX, "fe80::1%eth0", "fe80::1"),
        # A chain: the CDN, then a proxy of ours.
        (f"{NGINX}, 198.51.100.0/24", NGINX, f"{LIAR}, {ANN}, {CDN}", ANN),
        (f"{NGINX}, 198.51.100.0/24", NGINX, f"{ANN}:4711, {CDN}:443", ANN),
        (f"{NGINX}, 198.51.100.0/24", NGINX, LIAR, LIAR),
        (f"{NGINX}, 198.51.100.0/24", ANN, f"{LIAR}, {CDN}", ANN),
        ("2", NGINX, f"{LIAR}, {ANN}, {CDN}", ANN),
        ("2", DOCKER, f"{ANN}, {CDN}", ANN),
        ("1", DOCKER, f"{LIAR}, {ANN}", ANN),
        # Who comes past a proxy says nothing that counts.
        ("2", ANN, LIAR, ANN),
        ("0", NGINX, LIAR, NGINX),
        # Words that are no addresses.
        ("", NGINX, "unknown", NGINX),
        ("", NGINX, f"{ANN}, unknown", NGINX),
        ("1", NGINX, f"{ANN}, _hidden", NGINX),
        ("", NGINX, ",,,", NGINX),
        ("", NGINX, "", NGINX),
    ],
)
def test_the_first_address_that_no_proxy_of_ours_has_is_the_visitors(
    trusted: str, peer: str, forwarded: str, visitor: str
) -> None:
    assert TrustedProxies.parse(trusted).visitor(peer, forwarded) == visitor


@pytest.mark.parametrize("text", ["everybody", "11", "-1", "10.0.0.0/33", "127.0.0.1;::1", "1.5"])
def test_anything_else_is_refused_with_what_it_takes(text: str) -> None:
    with pytest.raises(ValueError, match="give networks of your proxies"):
        TrustedProxies.parse(text)


def test_a_long_header_takes_no_time() -> None:
    assert TrustedProxies().visitor(NGINX, "[" + ":" * 200_000) == NGINX
