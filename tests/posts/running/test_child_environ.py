from pathlib import Path

from newsletter.posts.running.child_environ import for_code, for_installer

OURS = {
    "PATH": "/bin",
    "HOME": "/home/ada",
    "SECRET_KEY": "s",
    "DATABASE_URL": "s",
    "NEWSLETTER_MAIL_URL": "s",
    "AWS_SECRET_ACCESS_KEY": "s",
    "PYTHONPATH": "/work",
    "PIP_INDEX_URL": "https://pypi.example.org/simple",
    "PIP_CERT": "/certs.pem",
    "SSL_CERT_FILE": "/certs.pem",
    "https_proxy": "http://proxy.example.org",
}


def test_code_gets_a_path_and_a_home_of_its_own(tmp_path: Path) -> None:
    found = for_code("/env/bin:/bin", tmp_path, MPLCONFIGDIR="/fonts")
    assert found == {
        "PATH": "/env/bin:/bin",
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path / "tmp"),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONUTF8": "1",
        "MPLCONFIGDIR": "/fonts",
    }
    assert (tmp_path / "tmp").is_dir()


def test_an_installer_finds_its_index_and_no_secret() -> None:
    found = for_installer(OURS)
    assert "s" not in found.values()
    assert "PYTHONPATH" not in found
    assert found["PIP_INDEX_URL"] == "https://pypi.example.org/simple"
    assert found["PIP_CERT"] == found["SSL_CERT_FILE"] == "/certs.pem"
    assert found["https_proxy"] == "http://proxy.example.org"


def test_uv_is_told_of_the_index_that_pip_was_told_of() -> None:
    assert for_installer(OURS)["UV_DEFAULT_INDEX"] == "https://pypi.example.org/simple"
    own = OURS | {"UV_DEFAULT_INDEX": "https://uv.example.org/simple"}
    assert for_installer(own)["UV_DEFAULT_INDEX"] == "https://uv.example.org/simple"
