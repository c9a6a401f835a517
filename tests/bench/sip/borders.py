"""What is measured: each stands between caller and callee, with core 0 for itself."""
import json
import os
import shutil
import socket
import subprocess
import time

import processes

HERE = os.path.dirname(os.path.abspath(__file__))
LAB_CA = os.path.join(HERE, "..", "..", "..", "certs", "lab-ca")
BORDER, CALLER, CALLEE = "127.10.0.1", "127.10.1.1", "127.10.1.2"
START_S = 10


class Border:
    """Processes on one core."""
    address = BORDER
    media = True
    callee_tls = False
    first_rate = 500  # to try
    half_rate = None  # of the calls a second that are its goal

    def __init__(self, work):
        self.work = os.path.join(work, self.name)
        os.makedirs(self.work, exist_ok=True)
        self.processes = []

    def spawn(self, name, argv):
        self.processes.append(processes.start(self.work, name, processes.BORDER_CORE, argv))

    def pids(self):
        return [pid for process in self.processes for pid in processes.with_children(process.pid)]

    def wait_up(self):
        """Until it answers an OPTIONS, whatever it says."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((CALLER, 5070))
            sock.settimeout(0.2)
            for _ in range(START_S * 5):
                if any(process.poll() is not None for process in self.processes):
                    raise processes.Failed(f"{self.name} ended: see {self.work}")
                try:
                    sock.sendto(options("up"), (self.address, 5060))
                    return sock.recv(4096)
                except OSError:
                    time.sleep(0.1)
        raise processes.Failed(f"{self.name} does not answer: see {self.work}")

    def stop(self):
        for process in reversed(self.processes):
            processes.stop(process)
        self.processes = []


def options(number):
    """An OPTIONS with a transaction of its own."""
    return (f"OPTIONS sip:{BORDER} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5070;branch=z9hG4bK{number}\r\n"
            f"From: <sip:up@{CALLER}>;tag=1\r\nTo: <sip:{BORDER}>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\n"
            "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n").encode()


class Trunkgate(Border):
    name = "trunkgate"
    half_rate = 500

    def __init__(self, work, binary):
        super().__init__(work)
        self.binary = shutil.copy2(binary, os.path.join(self.work, "trunkgate"))

    def configuration(self):
        return {
            "control-socket": os.path.join(self.work, "control"),
            "log": {"to": "stderr"},
            "media-workers": 1,
            "max-calls": 10000,
            "max-transactions": 1000000,
            "realms": {"office": {"listen": [f"udp:{self.address}:5060"], "media-ports": "10000-59999"}},
            "phones": {
                "alice": {"realm": "office", "address": CALLER},
                "bob": {"realm": "office", "address": f"{CALLEE}:5060", "numbers": ["4711"]},
            },
            "routes": [{"from": "office", "number": "4711", "to": "bob"}],
        }

    def start(self):
        path = os.path.join(self.work, "trunkgate.yaml")
        with open(path, "w", encoding="utf-8") as out:
            json.dump(self.configuration(), out, indent=2)  # JSON is YAML
        self.spawn("trunkgate", [self.binary, "run", path])
        self.wait_up()


class WithoutMedia(Trunkgate):
    """The same with the anchors' doors shut when it was linked: without_media.c."""
    name = "trunkgate-without-media"
    media = False


class ToTls(Trunkgate):
    """Its callee is a trunk: TLS on a connection that stands, SRTP keys in the descriptions."""
    name = "trunkgate-to-tls"
    first_rate = 300
    half_rate = 400
    callee_tls = True

    def configuration(self):
        config = super().configuration()
        self.pki = os.path.join(self.work, "pki")
        self.issue()
        self.issue("provider.lab")
        config["identities"] = {"us": {"certificate": self.issue("sbc.lab")}}
        config["realms"]["office"]["media-ports"] = "10000-34999"
        config["realms"]["internet"] = {"listen": [f"tls:{BORDER}:5061"], "advertise": "sbc.lab",
                                        "identity": "us", "media-ports": "35000-59999"}
        del config["phones"]["bob"]
        config["trunks"] = {"provider": {"realm": "internet", "domain": "provider.lab", "port": 5061,
                                         "trust": os.path.join(self.pki, "root.pem"), "srtp": "required"}}
        config["routes"] = [{"from": "office", "number": "*", "to": "provider"}]
        return config

    def issue(self, *name):
        subprocess.run([LAB_CA, self.pki, *name], check=True, capture_output=True)
        return os.path.join(self.pki, f"{name[0]}.pem") if name else None

    def start(self):
        hosts = os.path.join(self.work, "hosts")
        with open(hosts, "w", encoding="ascii") as out:
            out.write(f"127.0.0.1 localhost\n{CALLEE} provider.lab\n")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)  # in this mount namespace
        super().start()

    def stop(self):
        super().stop()
        subprocess.run(["umount", "/etc/hosts"], check=True)


class Kamailio(Border):
    name = "kamailio"
    first_rate = 150
    defines = []

    def start(self):
        defines = self.defines if self.media else ["-A", "WITHOUT_MEDIA"]
        if self.media:
            self.spawn("rtpengine", ["rtpengine", "--foreground", "--log-stderr", "--log-level=3", "--table=-1",
                                     "--interface=" + BORDER, "--listen-ng=127.0.0.1:2223", "--num-threads=1",
                                     "--port-min=10000", "--port-max=59999", "--delete-delay=0"])
            time.sleep(1)  # Kamailio asks for it once, when it starts
        self.spawn("kamailio", ["kamailio", "-DD", "-E", "-m", "256", "-M", "16", *defines,
                                "-f", os.path.join(HERE, "kamailio.cfg"), "-Y", self.work])
        self.wait_up()


class KamailioWithoutMedia(Kamailio):
    name = "kamailio-without-media"
    media = False
