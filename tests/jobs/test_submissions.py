"""An upload that cannot be removed keeps no other."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from newsletter.installation import Installation
from newsletter.jobs import JobRun, purge_unused_uploads
from newsletter.submissions.form import OFFERED, OFFERED_FOR
from tests import factories
from tests.jobs.conftest import NOW


def test_an_upload_that_cannot_be_removed_keeps_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = installation.storage
    keys = [factories.store(storage, bytes([n]), OFFERED) for n in range(3)]
    old = (NOW - OFFERED_FOR - timedelta(hours=1)).timestamp()
    for key in keys:
        os.utime(storage.path(key), (old, old))
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if path.name == keys[0]:
            raise PermissionError(path.name)
        real(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink)
    run = JobRun()
    purge_unused_uploads(installation, NOW, run)
    assert [storage.exists(key) for key in keys] == [True, False, False]
    assert run.failed_items == [f"the upload {keys[0]}"]
