#!/usr/bin/env python3
"""cmake --install puts everything where a Debian admin looks, and what was put there works: the binary, the
profiles that it looks for, the unit, the man page, and the first configuration that README.md shows."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import pki, sandbox, sbc

EXPECTED = (
    "sbin/trunkgate",
    "share/trunkgate/providers/webex.yaml",
    "share/trunkgate/schema.json",
    "share/trunkgate/lab-ca",
    "share/doc/trunkgate/README.md",
    "share/doc/trunkgate/CHANGELOG.md",
    "share/doc/trunkgate/LICENSE",
    "share/doc/trunkgate/ARCHITECTURE.md",
    "share/doc/trunkgate/examples/minimal.yaml",
    "share/doc/trunkgate/examples/full.yaml",
    "share/man/man8/trunkgate.8",
    "lib/systemd/system/trunkgate.service",
    "lib/sysusers.d/trunkgate.conf",
)
EXECUTABLE = ("sbin/trunkgate", "share/trunkgate/lab-ca")
README_LINES = 30  # of YAML, at most


def run(*command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.mkdtemp(dir="/run")
        cls.addClassCleanup(shutil.rmtree, cls.work)
        cls.destination = os.path.join(cls.work, "root")
        done = run("cmake", "--install", sbc.BUILD, env=dict(os.environ, DESTDIR=cls.destination))
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        with open(os.path.join(sbc.BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
            prefix = re.search(r"^CMAKE_INSTALL_PREFIX:PATH=(.*)$", cache.read(), re.M).group(1)
        cls.prefix = cls.destination + prefix

    def path(self, name):
        return os.path.join(self.prefix, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as text:
            return text.read()

    def trunkgate(self, *arguments):
        return run(self.path("sbin/trunkgate"), *arguments,
                   env=dict(os.environ, TRUNKGATE_DATADIR=self.path("share/trunkgate")))

    def test_all_is_there(self):
        for name in EXPECTED:
            self.assertTrue(os.path.isfile(self.path(name)), name)
            self.assertEqual(os.access(self.path(name), os.X_OK), name in EXECUTABLE, name)

    def test_nothing_else_is_touched(self):
        """What is in /etc is the admin's, and all lies below the prefix."""
        stray = [os.path.join(folder, name) for folder, _, names in os.walk(self.destination) for name in names
                 if not os.path.join(folder, name).startswith(self.prefix + "/")]
        self.assertEqual(stray, [])
        self.assertFalse(os.path.exists(os.path.join(self.prefix, "etc")))

    def test_binary_runs(self):
        done = self.trunkgate("--version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"^trunkgate [0-9]+\.[0-9]+\.[0-9]+$")

    def test_unit_names_the_binary(self):
        unit = self.read("lib/systemd/system/trunkgate.service")
        binary = self.prefix[len(self.destination):] + "/sbin/trunkgate"
        self.assertIn(f"ExecStart={binary} run /etc/trunkgate/trunkgate.yaml\n", unit)
        self.assertNotIn("@", re.sub(r"@(system-service|privileged)", "", unit))
        for line in ("User=trunkgate", "RuntimeDirectory=trunkgate", "ProtectSystem=strict",
                     "AmbientCapabilities=CAP_NET_BIND_SERVICE", "NoNewPrivileges=yes"):
            self.assertIn(line + "\n", unit)

    def test_man_page_is_well_formed(self):
        groff = shutil.which("groff")
        if not groff:
            self.skipTest("groff is not here")
        done = run(groff, "-man", "-Tascii", "-ww", "-z", self.path("share/man/man8/trunkgate.8"))
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_readme_configuration(self):
        """The first configuration that a user copies is right, and short."""
        text = re.search(r"^```yaml\n(.*?)^```", self.read("share/doc/trunkgate/README.md"), re.M | re.S).group(1)
        self.assertLess(len(text.splitlines()), README_LINES)
        folder = os.path.join(self.work, "etc")
        identity = pki.Authority(folder).issue("sbc.example.com")
        for name in ("sbc.pem", "sbc.key"):
            shutil.copy2(identity, os.path.join(folder, name))
        configuration = os.path.join(folder, "trunkgate.yaml")
        with open(configuration, "w", encoding="utf-8") as out:
            out.write(text)
        done = self.trunkgate("check", configuration)
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    sandbox.enter()
    unittest.main(verbosity=2)
