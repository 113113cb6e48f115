"""What is kept. One file an idea; importing this package knows every table."""

from newsletter.models.audit import AuditEntry
from newsletter.models.catalog_check import CatalogCheck, CatalogCheckWeek
from newsletter.models.curator import (
    Curator,
    CuratorSession,
    Passkey,
    ProviderIdentity,
    RecoveryCode,
    SignInPolicy,
    Totp,
)
from newsletter.models.dataset import (
    Dataset,
    DiscardedFile,
    Erratum,
    PendingIngest,
    Table,
    Version,
    Withdrawal,
)
from newsletter.models.delivery import Delivery, Notice, Quota, Retry, SendingPermission
from newsletter.models.feedback import FeedbackEvent
from newsletter.models.issue import Issue, IssuePost, IssueVariant
from newsletter.models.post import Post, PostRun
from newsletter.models.process import Process
from newsletter.models.public_change import PublicChange
from newsletter.models.submission import Submission
from newsletter.models.subscriber import Consent, Subscriber, Suppression
from newsletter.models.task import Task
from newsletter.models.upload import Upload, UploadPiece

__all__ = [
    "AuditEntry",
    "CatalogCheck",
    "CatalogCheckWeek",
    "Consent",
    "Curator",
    "CuratorSession",
    "Dataset",
    "Delivery",
    "DiscardedFile",
    "Erratum",
    "FeedbackEvent",
    "Issue",
    "IssuePost",
    "IssueVariant",
    "Notice",
    "Passkey",
    "PendingIngest",
    "Post",
    "PostRun",
    "Process",
    "ProviderIdentity",
    "PublicChange",
    "Quota",
    "RecoveryCode",
    "Retry",
    "SendingPermission",
    "SignInPolicy",
    "Submission",
    "Subscriber",
    "Suppression",
    "Table",
    "Task",
    "Totp",
    "Upload",
    "UploadPiece",
    "Version",
    "Withdrawal",
]
