"""Programs of a group start together and end together, whatever happens to any of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.embedded.places import CODE
from config.supervisor import Group, Program, ProgramEnded, free_port, supervise

SLEEP = "import time; time.sleep(60)"
# Ends by no polite request, and has a child of its own.
STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", {SLEEP!r}])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""
NOTE = f"import os, sys; open(sys.argv[1], 'w').write(str(os.getpid())); {SLEEP}"
GROUP = f"""
import sys
from config.supervisor import Program, supervise
sleep = [sys.executable, "-c", {SLEEP!r}]
note = [sys.executable, "-c", {NOTE!r}, sys.argv[1]]
sys.exit(supervise([Program("one", sleep), Program("two", note)]))
"""


def python(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", code, *words]


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(claim: Callable[[], object], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def pid_in(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text())
    return int(file.read_text())


def test_all_end_when_one_ends_and_its_status_is_returned():
    begun = time.monotonic()
    failing = Program("failing", python("import sys; sys.exit(7)"))
    assert supervise([Program("steady", python(SLEEP)), failing]) == 7
    assert time.monotonic() - begun < 15


def test_an_end_that_claims_success_is_none():
    assert supervise([Program("brief", python("pass"))]) == 1


def test_what_ignores_the_request_is_killed_with_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr("config.supervisor._STOP_SECONDS", 0.5)
    note = tmp_path / "pid"
    with Group() as group:
        parent = group.start(Program("stubborn", python(STUBBORN, str(note))))
        child = pid_in(note)
        assert is_alive(parent)
        assert is_alive(child)
    assert not is_alive(parent)
    wait_until(lambda: not is_alive(child))


def test_leaving_the_block_by_an_error_leaves_no_program():
    started: list[int] = []

    def fail():
        with Group() as group:
            started.append(group.start(Program("steady", python(SLEEP))))
            raise ValueError("of the caller")

    with pytest.raises(ValueError, match="of the caller"):
        fail()
    assert not is_alive(started[0])


def test_check_tells_which_program_has_ended():
    with Group() as group:
        group.start(Program("steady", python(SLEEP)))
        group.check()
        group.start(Program("brief", python("import sys; sys.exit(3)")))
        with pytest.raises(ProgramEnded, match="brief has ended with status 3"):
            wait_until(lambda: group.check())


def test_a_program_writes_to_its_log_and_reads_its_environment(tmp_path):
    log = tmp_path / "log"
    code = "import os; print(os.environ['PARI_WORD'], flush=True)"
    supervise([Program("brief", python(code), {"PARI_WORD": "heard"}, log)])
    assert log.read_text() == "heard\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_ends_all_with_success(tmp_path, number):
    note = tmp_path / "pid"
    group = subprocess.Popen(python(GROUP, str(note)), cwd=CODE)
    program = pid_in(note)
    group.send_signal(number)
    assert group.wait(20) == 0
    assert not is_alive(program)


def test_programs_end_when_their_supervisor_is_killed(tmp_path):
    note = tmp_path / "pid"
    group = subprocess.Popen(python(GROUP, str(note)), cwd=CODE)
    program = pid_in(note)
    os.kill(group.pid, signal.SIGKILL)
    group.wait()
    wait_until(lambda: not is_alive(program))


def test_a_free_port_is_one_that_nobody_listens_on():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < free_port(near=port) < port + 100
