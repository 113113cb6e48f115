"""What of each row the audit log may hold. What is not named here never gets into it.

Adding one is an entry of ``RECORDED``, or of ``LEFT_OUT`` with the reason. Addresses and names of
readers are in neither: an entry is kept for ever, and they may ask to be forgotten.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter import models
from newsletter.db import Base


@dataclass(frozen=True, slots=True)
class Recorded:
    names: tuple[str, ...]  # the attributes that say which row it is
    fields: tuple[str, ...]  # those whose values are shown before and after
    secrets: tuple[str, ...] = ()  # those of which only that they changed is shown


WORDS = ("title", "summary", "description", "license", "citation", "temporal", "spatial",
         "language", "keywords", "sources", "creators", "changelog", "images", "questions",
         "caveats", "credit", "chart", "chart_alt")  # fmt: skip

RECORDED: Mapping[type[Base], Recorded] = {
    models.Curator: Recorded(("address",), ("role", "failed_logins"), ("password_hash",)),
    models.Totp: Recorded(("curator_id",), ("enabled_at", "failures"), ("salt",)),
    models.Passkey: Recorded(("curator_id", "name"), ("name",)),
    models.ProviderIdentity: Recorded(("curator_id", "issuer"), ("issuer", "subject", "bound_at")),
    models.SendingPermission: Recorded((), ("granted_at",)),
    models.SignInPolicy: Recorded((), ("requires_second_factor",)),
    models.Dataset: Recorded(("slug",), ("slug",)),
    models.Version: Recorded(("title", "number"), ("number", "state", *WORDS)),
    models.Table: Recorded(("name",), ("description", "origin", "rows", "columns")),
    models.Erratum: Recorded(("version_id",), ("note", "corrected_by_id")),
    models.Withdrawal: Recorded(("version_id",), ("reason", "erased_at")),
    models.PendingIngest: Recorded(("dataset_id",), ("note", "number", "is_published")),
    models.Post: Recorded(
        ("slug",), ("state", "title", "question", "author", "license", "version_id", "requires")
    ),
    models.Issue: Recorded(
        ("kind", "date"),
        ("state", "version_id", "post_id", "subject", "preheader", "intro", "pause_reason"),
    ),
    models.Retry: Recorded(("issue_id",), ("state", "reason", "number")),
    models.Submission: Recorded(("id", "kind"), ("state", "decided_by", "post_id")),
    models.Subscriber: Recorded(("id",), ("status", "cadence")),
    models.Suppression: Recorded(("id",), ("reason",)),
    models.Task: Recorded(("id", "title"), ("state", "cancel_requested_at")),
}
LEFT_OUT: Mapping[type[Base], str] = {
    models.AuditEntry: "it is the log",
    models.CatalogCheck: "a machine's findings",
    models.CatalogCheckWeek: "a machine's",
    models.Consent: "evidence of its own, of a person who may be forgotten",
    models.CuratorSession: "the action says that one began or ended",
    models.Delivery: "the ledger is its own record",
    models.DiscardedFile: "bytes; what they were of is recorded",
    models.FeedbackEvent: "what mail servers report",
    models.IssuePost: "follows from the issue",
    models.IssueVariant: "follows from the issue",
    models.Notice: "a mail to one person, with its address",
    models.PostRun: "a record of its own",
    models.Process: "a machine's",
    models.PublicChange: "follows from what is changed",
    models.Quota: "a machine's",
    models.RecoveryCode: "a secret; the action says that they were made or used",
    models.Upload: "bytes; what is made of them is recorded",
    models.UploadPiece: "bytes; what is made of them is recorded",
}
