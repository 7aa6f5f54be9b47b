"""Mail to staff, and to people of a breach: the settings' submission server, its password sealed in the home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from primum.ground.disc import Disc, write_durably
from primum.ground.home import Home
from primum.ground.settings import Settings
from primum.identity import SealedBox

if TYPE_CHECKING:
    from primum.ground.outbound import Submission

_PURPOSE = "smtp-password"
_FILE = "smtp.sealed"

Send = Callable[[Sequence[str], str, str, datetime], None]


def keep_mail_password(disc: Disc, home: Home, secrets: SealedBox, password: str) -> None:
    """Seal the submission server's password in the home."""
    write_durably(disc, home.folder / _FILE, secrets.seal(_PURPOSE, password.encode()))


def mailer(home: Home, settings: Settings, secrets: SealedBox) -> Send | None:
    """Return what sends a notice; None in a demo, which mails nobody, and where no server is set."""
    way = mail_way(home, settings, secrets)
    return way.send if way is not None else None


def mail_way(home: Home, settings: Settings, secrets: SealedBox) -> Submission | None:
    """Return the way by which mail leaves; None in a demo, which mails nobody, and where no server is set."""
    if not settings.smtp_host:
        return None
    from primum.ground.outbound import submission  # noqa: PLC0415 (the mail library, for who mails)

    file = home.folder / _FILE
    password = secrets.open(_PURPOSE, file.read_bytes()).decode() if file.exists() else ""
    return submission(settings, password, demo=home.demo)
