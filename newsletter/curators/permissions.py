"""Who may do what: one table of roles and permissions.

Each route of the admin names the permission that it needs (``web.auth.needs``), and is refused
to whom the table does not give it. Adding one is a ``Permission``, its place in ``MAY``, and the
routes that name it; a test tries every role on every route.
"""

from collections.abc import Mapping
from enum import StrEnum

from newsletter.models.curator import Role


class Permission(StrEnum):
    """As a sentence has it: "only who may ... can do that"."""

    LOOK = "see the catalog, the calendar and the tasks"
    ACCOUNT = "change their own account"
    DRAFT = "write drafts of datasets and posts"
    PUBLISH = "publish, correct and withdraw datasets and posts"
    WORDS = "write the words of issues"
    ANSWER = "read and answer what readers bring"
    SEND = "plan, send, stop and resume issues"
    SUBSCRIBERS = "see, import and export subscribers"
    CURATORS = "decide who is a curator"
    AUDIT = "read the audit log"


P = Permission
AUTHOR = frozenset({P.LOOK, P.ACCOUNT, P.DRAFT})
EDITOR = AUTHOR | {P.PUBLISH, P.WORDS, P.ANSWER}
SENDER = EDITOR | {P.SEND, P.SUBSCRIBERS}
OWNER = SENDER | {P.CURATORS, P.AUDIT}

MAY: Mapping[Role, frozenset[Permission]] = {
    Role.AUTHOR: AUTHOR,
    Role.EDITOR: EDITOR,
    Role.SENDER: SENDER,
    Role.OWNER: OWNER,
}
# In a form, the least first.
DUTIES: Mapping[Role, str] = {
    Role.AUTHOR: "writes drafts of datasets and posts",
    Role.EDITOR: "publishes them too, writes the words of issues, answers readers",
    Role.SENDER: "plans and sends issues too, sees subscribers",
    Role.OWNER: "decides who is a curator too, reads the audit log",
}


def refusal(permission: Permission) -> str:
    """Why somebody is refused, and who is not."""
    roles = [role.value for role in Role if permission in MAY[role]]
    listed = " or ".join([", ".join(roles[:-1]), roles[-1]] if roles[1:] else roles)
    article = "an" if listed[0] in "aeo" else "a"
    return f"To {permission.value} takes {article} {listed}. Ask an owner."
