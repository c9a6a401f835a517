"""Certificates for a test, from the certificate authority that we ship for labs."""
import os
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
LAB_CA = os.path.join(TOP, "certs", "lab-ca")


class Authority:
    """One root with its issuing CA, in a directory of its own."""

    def __init__(self, directory, name="Lab"):
        self.directory = directory
        self.root = os.path.join(directory, "root.pem")
        subprocess.run([LAB_CA, directory, "--ca-name", name], check=True, capture_output=True)

    def issue(self, name, *options):
        """The file with key, certificate and chain. Options are lab-ca's: --san, --expired, ..."""
        subprocess.run([LAB_CA, self.directory, name, *options], check=True, capture_output=True)
        return os.path.join(self.directory, name + ".pem")


class Books:
    """What `openssl ca` keeps for the issuing CA: who is revoked, the list that says so, and what OCSP says."""

    def __init__(self, authority):
        self.directory = authority.directory
        with open(self._path("ca.cnf"), "w", encoding="utf-8") as out:
            out.write("[ca]\ndefault_ca = lab\n[lab]\ndatabase = index.txt\ndefault_md = sha256\n"
                      "unique_subject = no\n")
        with open(self._path("index.txt"), "w", encoding="utf-8"):
            pass

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _ca(self, *arguments):
        subprocess.run(["openssl", "ca", "-config", "ca.cnf", "-cert", "issuing.pem", "-keyfile", "issuing.key",
                        *arguments], check=True, capture_output=True, cwd=self.directory)

    def revoke(self, certificate):
        self._ca("-revoke", certificate)

    def crl(self):
        """Its path; written anew each time."""
        self._ca("-gencrl", "-crldays", "9", "-out", "lab.crl")
        return self._path("lab.crl")

    def enter(self, certificate):
        """From now on it is known, and good."""
        self._ca("-valid", certificate)

    def responder(self):
        """Arguments of `openssl ocsp` that answer from these books."""
        return ["openssl", "ocsp", "-index", self._path("index.txt"), "-CA", self._path("issuing.pem"),
                "-rsigner", self._path("issuing.pem"), "-rkey", self._path("issuing.key"), "-ndays", "1"]

    def write_staple(self, certificate):
        """CERTIFICATE.ocsp, for a server to staple."""
        subprocess.run(self.responder() + ["-issuer", self._path("issuing.pem"), "-cert", certificate,
                                           "-respout", certificate + ".ocsp"], check=True, capture_output=True)
