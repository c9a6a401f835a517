#!/usr/bin/env python3
"""A certificate from an ACME authority (RFC 8555), got and renewed by a stock client. Its hook writes two files; what
is new is taken up by itself."""
import json
import os
import ssl
import subprocess
import urllib.request

from harness import lab, network, process, wait

DIRECTORY_PORT, MANAGEMENT_PORT = 14000, 15000
# The one of docs/CERTIFICATES.md. lego says where it has put key and certificate.
HOOK = """#!/bin/sh -e
install -m 600 "$LEGO_CERT_KEY_PATH" {directory}/us.key
install -m 644 "$LEGO_CERT_PATH" {directory}/us.pem
"""


class Acme(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.start_dns()
        self.start_pebble()
        self.trust = os.path.join(self.directory, "trust")
        os.mkdir(self.trust)
        for name, root in (("lab", self.lab_root()), ("acme", self.acme_root())):
            with open(os.path.join(self.trust, name + ".pem"), "w", encoding="ascii") as out:
                out.write(root)
        self.hook = os.path.join(self.directory, "hook")
        with open(self.hook, "w", encoding="ascii") as out:
            out.write(HOOK.format(directory=self.directory))
        os.chmod(self.hook, 0o755)

    def start_pebble(self):
        """Let's Encrypt's authority for tests; it asks the name's web server whether the client may have it."""
        web = self.authority.issue("acme.lab", "--san", f"IP:{network.DNS}")
        config = os.path.join(self.directory, "pebble.json")
        with open(config, "w", encoding="ascii") as out:
            json.dump({"pebble": {
                "listenAddress": f"{network.DNS}:{DIRECTORY_PORT}", "certificate": web, "privateKey": web,
                "managementListenAddress": f"{network.DNS}:{MANAGEMENT_PORT}", "httpPort": 80, "tlsPort": 443,
                "ocspResponderURL": ""}}, out)
        pebble = process.Process("pebble", ["pebble", "-config", config, "-dnsserver", f"{network.DNS}:53"],
                                 os.path.join(self.directory, "pebble.log"), "dns",
                                 {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"})
        self.addCleanup(pebble.stop)
        pebble.wait_for_line("ACME directory available")
        wait.until("pebble's web server", self.acme_root)

    def lab_root(self):
        with open(self.authority.root, encoding="ascii") as root:
            return root.read()

    def acme_root(self):
        """None while it cannot be had."""
        context = ssl.create_default_context(cafile=self.authority.root)
        with network.inside("dns"):
            try:
                url = f"https://{network.DNS}:{MANAGEMENT_PORT}/roots/0"
                with urllib.request.urlopen(url, timeout=5, context=context) as answer:
                    return answer.read().decode()
            except OSError:
                return None

    def lego(self, *command):
        """lego proves that sbc.lab is ours by a web server of its own at port 80."""
        argv = ["ip", "netns", "exec", "sbc", "lego", "--server", f"https://{network.DNS}:{DIRECTORY_PORT}/dir",
                "--accept-tos", "--email", "us@sbc.lab", "--domains", "sbc.lab", "--http",
                "--http.port", f"{network.SBC_OUTSIDE}:80", "--path", os.path.join(self.directory, "lego"), *command]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False,
                              env=dict(os.environ, LEGO_CA_CERTIFICATES=self.authority.root))
        self.assertEqual(done.returncode, 0, done.stderr[-3000:])

    def configuration(self):
        config = super().configuration()
        config["identities"]["us"] = {"certificate": os.path.join(self.directory, "us.pem"),
                                      "key": os.path.join(self.directory, "us.key")}
        config["trunks"]["provider"]["trust"] = self.trust
        return config

    def shown(self):
        """The certificate that a provider sees, who trusts the ACME authority alone."""
        context = ssl.create_default_context(cafile=os.path.join(self.trust, "acme.pem"))
        context.load_cert_chain(self.authority.issue("provider.lab"))
        with network.tcp_connect("provider", network.SBC_OUTSIDE, 5061) as plain:
            with context.wrap_socket(plain, server_hostname="sbc.lab") as secure:
                return secure.getpeercert()

    def test_got_and_renewed(self):
        self.lego("run", "--run-hook", self.hook)
        self.start_trunkgate()
        first = self.shown()
        self.assertIn("Pebble", str(first["issuer"]))
        self.assertEqual(first["subjectAltName"], (("DNS", "sbc.lab"),))
        self.lego("renew", "--days", "9999", "--no-random-sleep", "--renew-hook", self.hook)
        self.trunkgate.process.wait_for_line("event=reload by=files result=done")
        self.assertNotEqual(self.shown()["serialNumber"], first["serialNumber"])
        self.assertNotIn("result=refused", self.trunkgate.log())


if __name__ == "__main__":
    lab.main()
