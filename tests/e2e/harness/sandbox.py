"""A world for one test: own network, process and mount namespaces, which end with the test."""
import ctypes
import os
import subprocess
import sys
import tempfile

INSIDE = "TRUNKGATE_TEST_SANDBOX"
DIRECTORY = "/run/test"  # what the test leaves, under a name as short in every checkout
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def enter():
    """Starts this program again inside new namespaces; returns only there.

    The test becomes process 1 of its own process namespace. When it is gone, by whatever signal,
    the kernel ends all that it started; with the last process go the network namespaces and links.
    """
    if os.environ.get(INSIDE):
        _private_run_directory()
        _short_directory()
        return
    if os.geteuid() != 0:
        sys.exit("this test makes network namespaces: run it as root, or through tests/run")
    os.environ[INSIDE] = "1"
    unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    os.execvp("unshare", unshare + [sys.executable] + sys.argv)


def _private_run_directory():
    """ip-netns(8) keeps its names in /run/netns: give this test a /run that nobody else sees."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def _short_directory():
    """baresip cuts its recordings' names at 127 octets, a Unix socket's end at 107: a checkout deep in
    the tree would lose some. What goes to DIRECTORY stands where the runner wants it, or in /tmp."""
    kept = os.environ.get("TRUNKGATE_TEST_DIR") or tempfile.mkdtemp(prefix="trunkgate-e2e-")
    os.makedirs(kept, exist_ok=True)
    os.mkdir(DIRECTORY)
    subprocess.run(["mount", "--bind", kept, DIRECTORY], check=True)


def setns(path):
    """Moves the calling thread into the network namespace at path."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if LIBC.setns(fd, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns " + path)
    finally:
        os.close(fd)
