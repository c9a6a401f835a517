"""A TLS server that only listens: who came, whether the handshake held, and what was said after it."""
import socket
import ssl
import threading

from . import network


class Listener:
    """Takes connections on a provider's port until stop(); keeps all that it was told."""

    def __init__(self, host, address, certificate, root, port=5061):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.load_verify_locations(root)
        self.context.verify_mode = ssl.CERT_REQUIRED
        with network.inside(host):
            self.socket = socket.create_server((address, port))
        self.handshakes, self.refusals, self.received = 0, [], b""
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.socket.accept()
            except OSError:
                return  # stop() closed it
            plain.settimeout(5)
            self._talk(plain)

    def _talk(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as secure:
                self.handshakes += 1
                while chunk := secure.recv(65536):
                    self.received += chunk
        except (ssl.SSLError, OSError) as refusal:
            self.refusals.append(str(refusal))

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)
