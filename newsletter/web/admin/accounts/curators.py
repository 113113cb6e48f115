"""Owners' page: who is a curator."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length

from newsletter import clock
from newsletter.curators import accounts, identities, logins, password_mail, second_factor
from newsletter.curators.permissions import DUTIES, Permission
from newsletter.errors import Conflict, Invalid, Refused
from newsletter.models.curator import Role
from newsletter.web.admin.flash import flashing, show
from newsletter.web.auth import needs
from newsletter.web.context import installation

blueprint = Blueprint("curators", __name__, url_prefix="/curators")

ROLES = [
    SelectChoice(role.value, f"{role.value.capitalize()}: {duty}") for role, duty in DUTIES.items()
]


class CuratorForm(FlaskForm):
    address = EmailField("E-mail address", [InputRequired("Type an address."), Length(max=320)])
    role = SelectField("Role", choices=ROLES)


@blueprint.get("/")
@needs(Permission.CURATORS)
def index() -> ResponseReturnValue:
    return _page(CuratorForm())


@blueprint.post("/")
@needs(Permission.CURATORS)
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
@needs(Permission.CURATORS)
def change_role(number: int) -> ResponseReturnValue:
    with flashing("The role is changed."), installation().db.write() as session:
        curator = accounts.get(session, number)
        accounts.change_role(session, curator, accounts.role_named(request.form.get("role", "")))
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/remove")
@needs(Permission.CURATORS)
def remove(number: int) -> ResponseReturnValue:
    with flashing("The curator is removed and signed out."), installation().db.write() as session:
        accounts.remove(session, accounts.get(session, number))
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/sign-out")
@needs(Permission.CURATORS)
def sign_out(number: int) -> ResponseReturnValue:
    with flashing("They are signed out everywhere."), installation().db.write() as session:
        logins.end_sessions(session, accounts.get(session, number).id)
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/second-factor")
@needs(Permission.CURATORS)
def require_second_factor() -> ResponseReturnValue:
    """Demand one of everybody, or no longer. Who has none themselves cannot."""
    required = request.form.get("required") == "yes"
    sentence = "A second factor is required." if required else "It is left to each curator."
    with flashing(sentence), installation().db.write() as session:
        if required and not second_factor.has_one(session, current_user.id):
            raise Conflict("Set up your own second factor first.")
        second_factor.require(session, required)
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/second-factor-off")
@needs(Permission.CURATORS)
def drop_second_factor(number: int) -> ResponseReturnValue:
    """For somebody who lost it: the password alone lets them in."""
    with flashing("Their second factor is off."), installation().db.write() as session:
        if number == current_user.id:  # which takes the password
            raise Conflict("Switch your own off on the page of your account.")
        second_factor.drop_all(session, accounts.get(session, number).id)
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/provider-off")
@needs(Permission.CURATORS)
def unbind(number: int) -> ResponseReturnValue:
    """For who has another account at the identity provider now."""
    done = "They are signed out, and come in by the account there that has their address."
    with flashing(done), installation().db.write() as session:
        identities.unbind(session, accounts.get(session, number).id)
        logins.end_sessions(session, number)
    return redirect(url_for("admin.curators.index"))


@blueprint.post("/<int:number>/invite")
@needs(Permission.CURATORS)
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
            "admin/curators.html",
            form=form,
            curators=accounts.everyone(session),
            duties=DUTIES,
            factors=second_factor.of_everybody(session),
            bound=identities.bound_curators(session),
            provider=installation().settings.oidc_name,
            required=second_factor.is_required(session),
        )
