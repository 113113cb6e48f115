"""Asking for a subscription. The answer never tells whether an address is known."""

from flask import Blueprint, render_template, request

from newsletter import clock
from newsletter.audience import subscriptions
from newsletter.audience.subscriptions import ConsentGiven
from newsletter.errors import InvalidAddress
from newsletter.web.context import accept, client_address, installation
from newsletter.web.responses.even_time import evenly
from newsletter.web.site import form_token

blueprint = Blueprint("subscribe", __name__)

# What the form says beside its button, kept with each consent. New words, new consent:
# past ones keep the sentence that was shown.
WORDING = "One dataset every Monday, by e-mail. You confirm by a link, and leave with one click."


@blueprint.app_context_processor
def word_the_form() -> dict[str, str]:
    return {"wording": WORDING}


@blueprint.get("/subscribe")
def form() -> str:
    return render_template("site/subscribe.html")


@blueprint.post("/subscribe")
def ask() -> tuple[str, int] | str:
    typed = request.form.get("email", "")
    if form_token.is_by_a_program(request.form):
        return render_template("site/asked.html")
    given = ConsentGiven(form="site", wording=WORDING, ip=client_address())
    site = installation()
    try:
        with evenly(), site.db.write() as session:
            subscriptions.subscribe(session, site.signer, typed, given, clock.now())
    except InvalidAddress as error:
        return render_template("site/subscribe.html", typed=typed, problem=str(error)), 422
    accept()
    return render_template("site/asked.html")
