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
