"""Where the embedded servers keep their data, their sockets and their programs.

An ordinary user has everything in `.pari/` of the checkout. PostgreSQL refuses to run as root, so
for root it runs as a system user of its own, which may be unable to enter the checkout: data and a
copy of the programs then lie under /var/lib/pari, and `.pari/` only says where.
"""

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

CODE = Path(__file__).resolve().parents[2]
STATE_OF_ROOT = Path("/var/lib/pari")
ACCOUNT = "_pari"
# A Unix socket's path may have 107 bytes; PostgreSQL's needs 20 of them for its own file.
LONGEST_SOCKET_FOLDER = 85
_SBIN = "/usr/sbin:/sbin:/usr/bin:/bin"


@dataclass(frozen=True)
class Place:
    """The folders of one set of servers.

    `account` is the system user that the servers run as, or "" when they run as this user.
    """

    profile: str
    checkout: Path
    folder: Path
    sockets: Path
    account: str

    @property
    def guardian_socket(self) -> Path:
        """Where the guardian listens."""
        return self.sockets / "guardian"

    @property
    def start_lock(self) -> Path:
        """Held by a command while it connects to the guardian or starts one."""
        return self.folder / "start.lock"

    @property
    def guardian_lock(self) -> Path:
        """Held by the guardian as long as it lives."""
        return self.folder / "guardian.lock"

    def log(self, name: str) -> Path:
        """Return the path of a log file."""
        return self.folder / f"{name}.log"

    def end_of_log(self, name: str, lines: int = 12) -> str:
        """Return the last lines of a log, for a message to a person."""
        try:
            text = self.log(name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "(no log)"
        return "\n".join(text.splitlines()[-lines:])

    def create(self) -> None:
        """Create the folders, and for root the system user; does nothing when all is there."""
        if not self.account:
            self.folder.mkdir(parents=True, exist_ok=True)
            _private_folder(self.sockets)
            return
        uid, gid = user_ids(self.account) or _create_account(self.account)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder, self.sockets):
            folder.mkdir(mode=0o700, exist_ok=True)
            os.chown(folder, uid, gid)
        note = self.checkout / ".pari" / "where"
        note.parent.mkdir(exist_ok=True)
        note.write_text(f"{self.folder.parent}\n", encoding="utf-8")


def find_place(profile: str, checkout: Path = CODE) -> Place:
    """Return the folders for `profile` of the checkout, for the user who asks."""
    checkout = checkout.resolve()
    mark = hashlib.sha256(str(checkout).encode()).hexdigest()[:12]
    if os.geteuid() == 0:
        folder = STATE_OF_ROOT / mark / profile
        return Place(profile, checkout, folder, folder / "run", ACCOUNT)
    folder = checkout / ".pari" / profile
    sockets = folder / "run"
    if len(os.fsencode(sockets)) > LONGEST_SOCKET_FOLDER:
        sockets = Path(tempfile.gettempdir()) / f"pari-{os.geteuid()}-{mark}-{profile}"
    return Place(profile, checkout, folder, sockets, "")


def user_ids(account: str) -> tuple[int, int] | None:
    """Return the user and group id of a system user, or None when there is none."""
    try:
        entry = pwd.getpwnam(account)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _create_account(account: str) -> tuple[int, int]:
    useradd = shutil.which("useradd", path=_SBIN)
    if useradd:
        command = [useradd, "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", account]
        subprocess.run(command, check=False, capture_output=True)
    ids = user_ids(account)  # another command may have been quicker; that is as good
    if ids is None:
        raise PermissionError(
            f"PostgreSQL does not run as root and the system user {account} cannot be created; "
            "create it, run as an ordinary user, or set DATABASE_URL and REDIS_URL"
        )
    return ids


def _private_folder(folder: Path) -> None:
    """Create a folder that only we may enter; refuse one that somebody else made."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} belongs to somebody else; remove it first")
    folder.chmod(0o700)
