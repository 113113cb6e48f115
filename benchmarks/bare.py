"""The least that Flask can be asked for: what a page is measured against."""

from flask import Flask

app = Flask("bare")


@app.get("/")
def hello() -> str:
    return "hello"
