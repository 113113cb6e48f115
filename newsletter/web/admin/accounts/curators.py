"""Owners' page: who is a curator."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from newsletter import clock
from newsletter.curators import accounts, password_mail
from newsletter.errors import Invalid, Refused
from newsletter.models.curator import Role
from newsletter.web import auth
from newsletter.web.admin.flash import flashing, show
from newsletter.web.context import installation

blueprint = Blueprint("curators", __name__, url_prefix="/curators")

ROLES = [
    SelectChoice(Role.CURATOR.value, "Curator: datasets and issues"),
    SelectChoice(Role.OWNER.value, "Owner: and other curators"),
]


class CuratorForm(FlaskForm):
    address = EmailField("E-mail address", [InputRequired("Type an address."), Length(max=320)])
    role = SelectField("Role", choices=ROLES)


@blueprint.get("/")
@auth.owners_only
def index() -> ResponseReturnValue:
    return _page(CuratorForm())


@blueprint.post("/")
@auth.owners_only
def add() -> ResponseReturnValue:
    form, opened, now = CuratorForm(), installation(), clock.now()
    if not form.validate():
        return _page(form), 422
    try:
        with opened.db.write() as session:
            role = Role(form.role.data)
            curator = accounts.add_curator(session, str(form.address.data), role, None, now)
            password_mail.owe(session, curator, f"You curate {opened.settings.title}", now)
    except Refused as error:
        concerns_address = Invalid(str(error), {"address": str(error)})
        show(form, concerns_address)
        return _page(form), 422
    flash(f"{curator.address} is added, and gets a link to set a password.", "done")
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/role")
@auth.owners_only
def change_role(number: int) -> ResponseReturnValue:
    with flashing("The role is changed."), installation().db.write() as session:
        wanted = Role.OWNER if request.form.get("role") == Role.OWNER else Role.CURATOR
        accounts.change_role(session, accounts.get(session, number), wanted)
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/remove")
@auth.owners_only
def remove(number: int) -> ResponseReturnValue:
    with flashing("The curator is removed and signed out."), installation().db.write() as session:
        accounts.remove(session, accounts.get(session, number))
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/invite")
@auth.owners_only
def invite(number: int) -> ResponseReturnValue:
    """Send the link to set a password once more."""
    opened = installation()
    with flashing("A new link is on its way."), opened.db.write() as session:
        curator = accounts.get(session, number)
        password_mail.owe(session, curator, "Set your password", clock.now())
    return redirect(url_for("admin.curators.index"))


def _page(form: CuratorForm) -> str:
    with installation().db.read() as session:
        return render_template(
            "admin/curators.html", form=form, curators=accounts.everyone(session)
        )
