#!/usr/bin/env python3
"""The flows of calls, as ladders between SIPp on UDP and SIPp behind TLS: each called by the phone and by the provider, first over
a network without loss, where a message too many is a failure, then with one datagram in twenty lost each way; and without loss
from provider to provider, from phone to phone, and by phones on TCP and TLS."""
import os
import select

from harness import lab, ladder, network, sipp, stunnel
from ladders import FLOWS

CALLS = 3
SECONDS = 60
# Of the first flow. A provider is behind a tunnel: it calls by one door of that, from a port of its own, and is called by another.
PHONE_PORT, THIRD_PORT, TRUNK_PORT, PLAIN_PORT, AWAY_PORT, AWAY_FROM_PORT = 7000, 7500, 8000, 9000, 9500, 10000
PHONE_NUMBER, THIRD_NUMBER, TRUNK_NUMBER = 100, 300, 500
HASTY_PORT = 5070
OUT, IN = ("phone", "provider"), ("provider", "phone")
MOVE = {"the caller's media move", "the callee's media move"}
METHODS = ["INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH"]
ASKED_FOR = os.environ.get("TRUNKGATE_TEST_FLOWS", "")  # a word of the flows to play; all


def sip_ports(pair):
    """Where the sides are, as they say."""
    return {"a": TRUNK_PORT if pair[0] == "provider" else PHONE_PORT,
            "b": TRUNK_PORT if pair[1] == "provider" else THIRD_PORT if pair[0] == "phone" else PHONE_PORT, "c": THIRD_PORT}


class Flows(lab.LabTest):
    def setUp(self):
        super().setUp()
        self.flows = {name: ladder.Flow(text) for name, text in FLOWS.items()}
        self.index = {name: i for i, name in enumerate(FLOWS)}

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path + ".xml", "w", encoding="ascii") as out:
            out.write(text)
        return path

    def start_tunnels(self, pair):
        """Those of this caller, of whom providers have a certificate: one for all whose trunk is as the others'. And the doors of
        a provider who is called, with all names on one certificate."""
        tunnels = []
        if pair[0] == "provider":
            shared = self.authority.issue("provider.lab")
            tunnels.append(stunnel.clients(self.directory, "provider", network.SBC_OUTSIDE, "sbc.lab", self.authority.root, [
                (self.authority.issue(f"f{i}.lab") if self.flows[name].options["trunk"] else shared, AWAY_PORT + i)
                for name, i in self.index.items()]))
        elif pair[0] == "pbx":
            tunnels.append(stunnel.clients(self.directory, "pbx", network.SBC_INSIDE, "sbc.lab", self.authority.root,
                                           [(None, AWAY_PORT + i) for i in self.index.values()]))
        if pair[1] == "provider":
            certificate = self.authority.issue("doors.lab", "--san", ",".join(f"DNS:f{i}.lab" for i in self.index.values()))
            tunnels.append(stunnel.servers(self.directory, "provider", network.PROVIDER, self.authority.root,
                                           [(certificate, TRUNK_PORT + i, PLAIN_PORT + i) for i in self.index.values()]))
        for tunnel in tunnels:
            self.addCleanup(tunnel.stop)

    def configure(self, loses):
        """Two phones and a trunk for each flow. Providers call by one trunk, where theirs has no options of its own."""
        config = self.configuration()
        realms, phones, trunks, routes = config["realms"], {}, config["trunks"], []
        config.update({"phones": phones, "routes": routes})
        trunks["provider"].update({"lookup": network.PROVIDER, "plain-media": ["udptl", "UDP/BFCP"]})
        realms["office"]["t1"] = f"{ladder.T1_MS if loses else ladder.CALM_T1_MS}ms"
        if loses:
            realms["office"]["t2"] = f"{ladder.T2_MS}ms"
        realms["hasty"] = {**realms["office"], "listen": [f"udp:{network.SBC_INSIDE}:{HASTY_PORT}"], "t1": "50ms", "media-ports": "38000-39999"}
        realms["office"].update({"identity": "us", "client-certificate": "optional"})
        realms["office"]["listen"].append(f"tls:{network.SBC_INSIDE}:5061")
        for name, address in (("desk", network.DESK), ("pbx", network.PBX)):
            phones[name] = {"realm": "office", "address": address}
        for name, flow in self.flows.items():
            i = self.index[name]
            for phone, port, number in (("phone", PHONE_PORT, PHONE_NUMBER), ("third", THIRD_PORT, THIRD_NUMBER)):
                phones[f"{phone}{i}"] = {"realm": "hasty" if "hasty" in flow.words else "office",
                                         "address": f"{network.PHONE}:{port + i}", "numbers": [str(number + i)]}
            trunks[f"trunk{i}"] = {**trunks["provider"], "domain": f"f{i}.lab", "port": TRUNK_PORT + i, **flow.options["trunk"]}
            caller = f"trunk{i}" if flow.options["trunk"] else "provider"
            for callers, number, callee in (([f"phone{i}", f"trunk{i}", "desk", "pbx"], THIRD_NUMBER + i, f"third{i}"),
                                            ([caller], PHONE_NUMBER + i, f"phone{i}"),
                                            (["provider", "desk", "pbx"], TRUNK_NUMBER + i, f"trunk{i}"),
                                            ([f"phone{i}"], "*", f"trunk{i}")):
                routes.append({"from": callers, "number": str(number), "to": callee, "methods": METHODS, **flow.options["route"]})
        return config

    def start_side(self, name, side, pair, scenario, lenient):  # pylint: disable=too-many-arguments,too-many-positional-arguments
        """One SIPp."""
        i, kind, calls = self.index[name], {**dict(zip("ab", pair)), "c": "phone"}[side], side == "a"
        hasty, behind = "hasty" in self.flows[name].words, kind in ("provider", "pbx")
        port = sip_ports(pair)[side] if not behind else AWAY_FROM_PORT if calls else PLAIN_PORT  # it listens when it calls, too
        options = ["-t", "u1" if kind == "phone" else "t1", "-i", "127.0.0.1" if behind else ladder.KINDS[kind][0], "-p", str(port + i),
                   "-m", str(CALLS), "-timeout", str(SECONDS), "-timeout_error", "-key", "third", str(THIRD_NUMBER + i)]
        if lenient:
            options += ["-default_behaviors", "bye,pingreply"]
        if calls:
            number = TRUNK_NUMBER if pair[1] == "provider" else THIRD_NUMBER if pair[0] == "phone" else PHONE_NUMBER
            border = f"127.0.0.1:{AWAY_PORT + i}" if behind else f"{network.SBC_INSIDE}:{HASTY_PORT if hasty else 5060}"
            options += ["-s", str(number + i), "-r", "4", border]
        program = sipp.start(self.directory, f"{i}{side}", kind, self.write(f"{i}{side}", scenario), *options)
        self.addCleanup(program.stop)
        return program

    def errors(self, program):
        """The first that SIPp had to say of them."""
        try:
            with open(os.path.join(self.directory, program.split()[-1] + "-errors"), encoding="utf-8", errors="replace") as errors:
                return errors.read(1000)
        except FileNotFoundError:
            return ""

    def play(self, *pair, loses=False):
        played = {name: flow for name, flow in self.flows.items() if ASKED_FOR in name and not (loses and "lossless" in flow.words) and
                  (not flow.played or "-".join(pair) in flow.played)}
        self.start_tunnels(pair)
        self.start_trunkgate(self.configure(loses))
        if loses:
            self.lose_datagrams()
        ears = [network.udp_socket(kind, ladder.KINDS[kind][0], ladder.MOVED_PORT) for kind in set(pair)] if MOVE <= played.keys() else []
        started = []
        for name, flow in played.items():
            ends = {side: (kind, sip_ports(pair)[side] + self.index[name]) for side, kind in zip("abc", pair + ("phone",))}
            lenient = loses or "unordered" in flow.words
            for side, scenario in sorted(flow.scenarios(ends, lenient).items(), reverse=True):
                started.append((name, self.start_side(name, side, pair, scenario, lenient)))
        failed = [f"{name}: {program.name}\n{self.errors(program.name)}" for name, program in started if program.wait_exit(SECONDS + 30)]
        self.assertFalse(failed, "\n".join(failed))
        self.trunkgate.wait_no_calls()
        for ear in ears:
            with ear:
                self.assertTrue(select.select([ear], [], [], 0)[0], f"no media of ours went after {ear.getsockname()}")

    def test_phone_calls(self):
        self.play(*OUT)

    def test_provider_calls(self):
        self.play(*IN)

    def test_phone_calls_with_loss(self):
        self.play(*OUT, loses=True)

    def test_provider_calls_with_loss(self):
        self.play(*IN, loses=True)

    def test_provider_calls_provider(self):
        self.play("provider", "provider")

    def test_phone_calls_phone(self):
        self.play("phone", "phone")

    def test_phone_on_tcp_calls(self):
        self.play("desk", "provider")

    def test_phone_on_tls_calls(self):
        self.play("pbx", "provider")


if __name__ == "__main__":
    lab.main()
