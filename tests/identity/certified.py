"""A provider that others wrote and certified, as a process, and a person's browser there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import requests

SCRIPT = Path(__file__).with_suffix(".mjs")
CLIENT, SECRET = "newsletter", "a secret of the provider"
NODE = Path(sys.executable).with_name("node")


@contextmanager
def certified_provider(people: Mapping[str, Mapping[str, object]], back: str) -> Iterator[str]:
    """Its issuer, while it runs."""
    command = [str(NODE), str(SCRIPT), json.dumps(people), back]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            issuer = process.stdout.readline().strip()
            assert issuer, "run `make check` once, which installs it"
            yield issuer
        finally:
            process.kill()


def answer_of(address: str, person: str, back: str) -> str:
    """Where the provider leads a browser that comes by ``address``, once ``person`` has signed in
    and agreed."""
    with requests.Session() as session:
        answer = session.get(address, allow_redirects=False)
        for _ in range(10):
            location = urljoin(answer.url, answer.headers.get("location", ""))
            if location.startswith(back):
                return location
            if answer.is_redirect:
                answer = session.get(location, allow_redirects=False)
            else:
                form = re.search(r'name="prompt" value="(\w+)"', answer.text)
                assert form is not None, answer.text
                typed = {"prompt": form[1], "login": person, "password": "any"}
                answer = session.post(answer.url, data=typed, allow_redirects=False)
    raise AssertionError(f"It never came back: {answer.url}")
