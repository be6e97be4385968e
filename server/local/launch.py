"""Become another program that ends with its parent, without root's identity where that is asked for.

Run as a plain script, ``launch.py PARENT SIGNAL ACCOUNT -- COMMAND...``, so that no code runs between
``fork`` and ``exec`` of a parent that has threads. On Linux the kernel sends SIGNAL to the program
when PARENT dies, even by ``kill -9``; elsewhere only an orderly stop of the parent ends it.

PostgreSQL refuses to run as root. Dropping to an ordinary account alone would lock it out of a
checkout below a private folder such as ``/root``, and opening those folders to everyone is not ours
to do: the program keeps the one capability to pass file permissions (``CAP_DAC_OVERRIDE``), also where
it asks before it opens: ``access()`` looks away from capabilities unless told not to.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys
from contextlib import suppress

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    parent, signal_number, account, _separator, *command = sys.argv[1:]
    if account:
        _leave_root(account)
    if sys.platform == "linux":
        _prctl(PR_SET_PDEATHSIG, int(signal_number))
        if os.getppid() != int(parent):
            sys.exit("the parent ended before its program could start")
    os.execv(command[0], command)  # noqa: S606 - an argument list, no shell


def _leave_root(account: str) -> None:
    entry = pwd.getpwnam(account)
    _prctl(PR_SET_KEEPCAPS, 1)
    # A container may withhold this from its root; only a checkout below a private folder then suffers.
    with suppress(PermissionError):
        _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    _keep_file_access()
    os.environ.update(HOME="/", USER=account, LOGNAME=account)


def _keep_file_access() -> None:
    mask = 1 << CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    # Two sets of (effective, permitted, inheritable): capabilities 0-31 and 32-63.
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "this system does not let root keep its access to files")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE)


def _prctl(option: int, first: int, second: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *(ctypes.c_ulong(value) for value in (first, second, 0, 0))) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


if __name__ == "__main__":
    main()
