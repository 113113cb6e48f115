"""Addresses of pages that show a file."""

import pytest

from newsletter.errors import FetchRefused
from newsletter.fetching.file_addresses import direct_address

GOOGLE = "https://docs.google.com/spreadsheets/d"


@pytest.mark.parametrize(
    ("page", "file"),
    [
        (
            "https://github.com/a/b/blob/main/data/t.csv",
            "https://github.com/a/b/raw/main/data/t.csv",
        ),
        ("https://www.github.com/a/b/blob/v1/t.csv#L3", "https://www.github.com/a/b/raw/v1/t.csv"),
        (
            "https://gist.github.com/a/0123456789abcdef0123",
            "https://gist.github.com/a/0123456789abcdef0123/raw",
        ),
        ("https://gitlab.com/a/b/c/-/blob/main/t.csv", "https://gitlab.com/a/b/c/-/raw/main/t.csv"),
        (
            "https://codeberg.org/a/b/src/branch/main/t.csv",
            "https://codeberg.org/a/b/raw/branch/main/t.csv",
        ),
        (
            "https://huggingface.co/datasets/a/b/blob/main/t.parquet",
            "https://huggingface.co/datasets/a/b/resolve/main/t.parquet",
        ),
        (f"{GOOGLE}/1aB/edit?usp=sharing", f"{GOOGLE}/1aB/export?format=csv"),
        (f"{GOOGLE}/1aB/edit?gid=7#gid=7", f"{GOOGLE}/1aB/export?format=csv&gid=7"),
        (f"{GOOGLE}/e/2PAC/pubhtml?gid=0", f"{GOOGLE}/e/2PAC/pub?output=csv"),
        (
            "https://drive.google.com/file/d/1aB/view?usp=sharing",
            "https://drive.google.com/uc?export=download&id=1aB",
        ),
        (
            "https://www.dropbox.com/scl/fi/x/t.csv?rlkey=y&dl=0",
            "https://www.dropbox.com/scl/fi/x/t.csv?rlkey=y&dl=1",
        ),
        (
            "https://a-my.sharepoint.com/:x:/g/personal/b?e=c",
            "https://a-my.sharepoint.com/:x:/g/personal/b?e=c&download=1",
        ),
        (
            "https://zenodo.org/record/12/files/t.csv?download=1",
            "https://zenodo.org/records/12/files/t.csv",
        ),
        (
            "https://figshare.com/articles/dataset/a/1?file=23",
            "https://ndownloader.figshare.com/files/23",
        ),
    ],
)
def test_a_page_that_shows_one_file_leads_to_it(page: str, file: str) -> None:
    assert direct_address(page) == file
    assert direct_address(file) == file


@pytest.mark.parametrize(
    ("page", "advice"),
    [
        ("https://github.com/a/b", "open the file there"),
        ("https://github.com/a/b/tree/main/data", "open the file there"),
        ("https://huggingface.co/datasets/a/b", "Files and versions"),
        ("https://zenodo.org/records/12", "download button"),
        ("https://figshare.com/articles/dataset/a/1", "download button"),
        ("https://1drv.ms/x/s!abc", "download it there"),
        ("https://www.kaggle.com/datasets/a/b", "download the file there"),
    ],
)
def test_of_other_pages_it_is_said_what_to_give(page: str, advice: str) -> None:
    with pytest.raises(FetchRefused, match=advice):
        direct_address(page)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/github.com/a/b/blob/main/t.csv",
        "https://github.com/a/b/releases/download/v1/t.csv",
        "https://github.com.example.org/a/b",
        "https://raw.githubusercontent.com/a/b/main/t.csv",
        "https://[half/blob/x",
    ],
)
def test_any_other_address_stays_as_it_is(url: str) -> None:
    assert direct_address(url) == url
