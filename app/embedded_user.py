"""Whose programs the embedded PostgreSQL's are: the server refuses to be root.

An ordinary user runs them directly. For root they run in a user namespace of their own, where
root is called something else and every file stays root's; where that is forbidden, as in many
containers, as the user nobody, who then owns the data.
"""

import asyncio
import os
import shutil
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Any, NamedTuple

NOBODY = 65534
_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


class Account(NamedTuple):
    """How the server's programs are started: what goes before them, and who they become."""

    before: tuple[str, ...] = ()
    user: int | None = None

    @property
    def uid(self) -> int:
        """Who the files must belong to, as we see it."""
        return os.geteuid() if self.user is None else self.user

    async def start(self, *command: str, **options: Any) -> Process:
        """Start a program; raises `OSError` where this account cannot."""
        if self.user is not None:
            options |= {"user": self.user, "group": self.user, "extra_groups": []}
        return await asyncio.create_subprocess_exec(*self.before, *command, **options)

    def let_in(self, folder: Path) -> None:
        """Let the server pass through `folder` to its own data, without reading what is in it."""
        if self.user is not None:
            folder.chmod(folder.stat().st_mode | 0o011)

    def give(self, path: Path) -> None:
        """Make `path`, and everything in it, the server's, where we are root and it is not."""
        if os.geteuid() != 0 or path.stat().st_uid == self.uid:
            return
        os.chown(path, self.uid, self.uid)
        for root, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(root, name), self.uid, self.uid, follow_symlinks=False)


async def account() -> Account:
    """The account for whoever we are."""
    if os.geteuid() != 0:
        return Account()
    if shutil.which(_NAMESPACE[0]):
        trial = await asyncio.create_subprocess_exec(
            *_NAMESPACE, "true", stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
        if await trial.wait() == 0:
            return Account(before=_NAMESPACE)
    return Account(user=NOBODY)
