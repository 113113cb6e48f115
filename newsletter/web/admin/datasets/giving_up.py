"""Taking data back: a draft is deleted, what is published withdrawn, and put back within a day."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import HiddenField, TextAreaField

from newsletter import clock
from newsletter.catalog import datasets, discarding
from newsletter.curators.permissions import Permission
from newsletter.errors import Conflict, Refused
from newsletter.services.datasets import dataset_save, withdrawing
from newsletter.web.admin.flash import flashing, show
from newsletter.web.auth import STALE, needs, shows_again
from newsletter.web.context import installation

blueprint = Blueprint("giving_up", __name__, url_prefix="/datasets")

WHOLE = ""  # instead of a version's number


class WithdrawalForm(FlaskForm):
    number = HiddenField(default=WHOLE)
    reason = TextAreaField("Why")


@blueprint.get("/<slug>/withdraw")
@needs(Permission.PUBLISH)
def ask(slug: str) -> ResponseReturnValue:
    return _page(slug, WithdrawalForm(number=request.args.get("number", WHOLE)))


@blueprint.post("/<slug>/withdraw")
@needs(Permission.PUBLISH)
def withdraw(slug: str) -> ResponseReturnValue:
    form = WithdrawalForm()
    number = form.number.data or None
    try:
        with installation().db.write() as session:
            gone = withdrawing.withdraw(session, slug, form.reason.data or "", clock.now(), number)
            numbers = gone.numbers
    except Refused as error:
        show(form, error)
        return _page(slug, form), 422
    flash(f"{slug} {numbers} is withdrawn. For a day it can be put back.", "done")
    return redirect(url_for("admin.datasets.show", slug=slug))


@shows_again(withdraw)
def withdraw_again(slug: str) -> str:
    form = WithdrawalForm()
    form.form_errors.append(STALE)
    return _page(slug, form)


@blueprint.post("/<slug>/restore")
@needs(Permission.PUBLISH)
def restore(slug: str) -> ResponseReturnValue:
    """Make public again what was withdrawn within the last day."""
    number = request.form.get("number") or None
    with flashing("It is public again."), installation().db.write() as session:
        withdrawing.restore(session, slug, clock.now(), number)
    return redirect(url_for("admin.datasets.show", slug=slug))


@blueprint.get("/<slug>/delete")
@needs(Permission.DRAFT)
def ask_to_delete(slug: str) -> ResponseReturnValue:
    with installation().db.read() as session:
        draft = datasets.newest(session, slug)
        try:
            dataset_save.refuse_deleting(session, slug)
            problem = ""
        except Conflict as error:
            problem = str(error)
        return render_template(
            "admin/delete_draft.html",
            version=draft,
            problem=problem,
            files=len(discarding.keys_of(draft)),
            has_others=len(draft.dataset.versions) > 1,
        )


@blueprint.post("/<slug>/delete")
@needs(Permission.DRAFT)
def delete(slug: str) -> ResponseReturnValue:
    """Delete the draft, and the dataset with it if it was never published."""
    with flashing("The draft is deleted."), installation().db.write() as session:
        dataset_save.delete_draft(session, slug, clock.now())
        if datasets.find(session, slug) is None:
            return redirect(url_for("admin.datasets.index"))
    return redirect(url_for("admin.datasets.show", slug=slug))


def _page(slug: str, form: WithdrawalForm) -> str:
    """What is chosen and what that means: another choice is another page."""
    effects, problem = None, ""
    with installation().db.read() as session:
        version = datasets.newest(session, slug)
        try:
            effects = withdrawing.effects_of(session, slug, form.number.data or None)
        except Conflict as error:
            problem = str(error)
        return render_template(
            "admin/withdraw.html",
            form=form,
            version=version,
            numbers=[one.number for one in datasets.published_versions(version.dataset)],
            effects=effects,
            problem=problem,
        )
