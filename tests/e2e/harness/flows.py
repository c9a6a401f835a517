"""Ladders played between Trunkgate and SIPp, all of a test's at the same time."""
import dataclasses
import functools
import os
import select

from . import lab, ladder, network, sipp, stunnel, wait

CALLS = 3
# Of the first game. Who speaks TLS is behind a tunnel: it calls by one door of that, from a port of its own, and is called by another.
PHONE_PORT, THIRD_PORT, TRUNK_PORT, PLAIN_PORT, AWAY_PORT, AWAY_FROM_PORT = 7000, 7500, 8000, 9000, 9500, 10000
PHONE_NUMBER, THIRD_NUMBER, TRUNK_NUMBER = 1000, 2000, 3000
HASTY_PORT = 5070
MEDIA_PORT = 20000  # SIPp opens some, though its packets are none; it finds few that are free by itself
METHODS = ["INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH"]
PASSWORD = "circle-of-life"  # in trunk.password
ASKED_FOR = os.environ.get("TRUNKGATE_TEST_FLOWS", "")  # a word of the flows to play; all


@dataclasses.dataclass
class Game:
    """A flow, and who plays it."""
    i: int
    name: str
    flow: ladder.Flow
    caller: str
    callee: str

    def kind(self, side):
        return {"a": self.caller, "b": self.callee, "c": "phone"}[side]

    def behind(self, side):
        """Whether a tunnel is before it."""
        return self.kind(side) in ("provider", "pbx")

    def says_port(self, side):
        first = side == "a" or side == "b" and self.caller != "phone"
        return self.i + (TRUNK_PORT if self.kind(side) == "provider" else PHONE_PORT if first else THIRD_PORT)

    def port(self, side):
        """Where it listens, who calls as well."""
        return self.i + (AWAY_FROM_PORT if side == "a" else PLAIN_PORT) if self.behind(side) else self.says_port(side)

    def number(self):
        return self.i + (TRUNK_NUMBER if self.callee == "provider" else THIRD_NUMBER if self.caller == "phone" else PHONE_NUMBER)

    def target(self, side):
        hasty = "hasty" in self.flow.words
        return f"127.0.0.1:{AWAY_PORT + self.i}" if self.behind(side) else f"{network.SBC_INSIDE}:{HASTY_PORT if hasty else 5060}"


class FlowTest(lab.LabTest):
    ladders = {}  # {name: text}
    seconds = 60

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as out:
            out.write(text)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def start_tunnels(self, games):
        """Those of callers, of whom providers have a certificate: one for all whose trunk is as the others'. And the doors of
        providers who are called, with all names on one certificate."""
        callers = {kind: [game for game in games if game.caller == kind] for kind in ("provider", "pbx")}
        called = [game for game in games if game.callee == "provider"]
        tunnels = []
        if callers["provider"]:
            shared = self.authority.issue("provider.lab")
            tunnels.append(stunnel.clients(self.directory, "provider", network.SBC_OUTSIDE, "sbc.lab", self.authority.root, [
                (self.authority.issue(f"f{game.i}.lab") if game.flow.options["trunk"] else shared, AWAY_PORT + game.i)
                for game in callers["provider"]]))
        if callers["pbx"]:
            tunnels.append(stunnel.clients(self.directory, "pbx", network.SBC_INSIDE, "sbc.lab", self.authority.root,
                                           [(None, AWAY_PORT + game.i) for game in callers["pbx"]]))
        if called:
            certificate = self.authority.issue("doors.lab", "--san", ",".join(f"DNS:f{game.i}.lab" for game in called))
            tunnels.append(stunnel.servers(self.directory, "provider", network.PROVIDER, self.authority.root,
                                           [(certificate, TRUNK_PORT + game.i, PLAIN_PORT + game.i) for game in called]))
        for tunnel in tunnels:
            self.addCleanup(tunnel.stop)

    def configure_realms(self, realms, hasty, loses):
        realms["office"].update({"t1": f"{ladder.T1_MS if loses else ladder.CALM_T1_MS}ms", "t2": f"{ladder.T2_MS if loses else 4000}ms"})
        for realm in realms.values():
            realm["media-timeout"] = "0s"  # for there are no packets
        if hasty:
            realms["hasty"] = {**realms["office"], "listen": [f"udp:{network.SBC_INSIDE}:{HASTY_PORT}"], "t1": "50ms",
                               "media-ports": "38000-39999"}
        realms["office"].update({"identity": "us", "client-certificate": "optional"})
        realms["office"]["listen"].append(f"tls:{network.SBC_INSIDE}:5061")

    def configure(self, games, loses):
        """Two phones and a trunk for each game. Providers call by one trunk, where theirs has no options of its own."""
        config = self.configuration()
        phones, trunks, routes = {}, config["trunks"], []
        config.update({"phones": phones, "routes": routes})
        self.configure_realms(config["realms"], any("hasty" in game.flow.words for game in games), loses)
        self.write("trunk.password", PASSWORD)
        trunks["provider"].update({"lookup": network.PROVIDER, "plain-media": ["udptl", "UDP/BFCP"]})
        for name in ("desk", "pbx"):
            phones[name] = {"realm": "office", "address": ladder.KINDS[name][0]}
        for game in games:
            i, options = game.i, game.flow.options
            for name, port, number in (("phone", PHONE_PORT, PHONE_NUMBER), ("third", THIRD_PORT, THIRD_NUMBER)):
                phones[f"{name}{i}"] = {"realm": "hasty" if "hasty" in game.flow.words else "office",
                                        "address": f"{network.PHONE}:{port + i}", "numbers": [str(number + i)]}
            trunks[f"trunk{i}"] = {**trunks["provider"], "domain": f"f{i}.lab", "port": TRUNK_PORT + i, **options["trunk"]}
            for callers, number, callee in (([f"phone{i}", f"trunk{i}", "desk", "pbx"], THIRD_NUMBER + i, f"third{i}"),
                                            ([f"trunk{i}" if options["trunk"] else "provider"], PHONE_NUMBER + i, f"phone{i}"),
                                            (["provider", "desk", "pbx"], TRUNK_NUMBER + i, f"trunk{i}"),
                                            ([f"phone{i}"], "*", f"trunk{i}")):
                routes.append({"from": callers, "number": str(number), "to": callee, "methods": METHODS, **options["route"]})
        return config

    def start_side(self, game, side, loses):
        """One SIPp: its game, its port, its process."""
        name, kind = f"{game.i}{side}", game.kind(side)
        self.write(f"{name}.xml", game.flow.scenario(side, kind, game.says_port(side), loses))
        options = ["-t", "u1" if kind == "phone" else "t1", "-i", "127.0.0.1" if game.behind(side) else ladder.KINDS[kind][0],
                   "-p", str(game.port(side)), "-mp", str(MEDIA_PORT + 24 * game.i + 8 * "abc".index(side)),
                   "-m", str(CALLS), "-timeout", str(self.seconds), "-timeout_error",
                   "-key", "third", str(THIRD_NUMBER + game.i), "-trace_logs", "-log_file", self.path(f"{name}-told")]
        if loses:
            options += ["-default_behaviors", "bye,pingreply"]
        if game.flow.calls(side):
            options += ["-s", str(game.number()), "-r", "4"] + game.flow.hears(side) * ["-inf", self.path(f"{game.i}-told.csv")]
            options.append(game.target(side))
        program = sipp.start(self.directory, name, kind, self.path(name), *options)
        self.addCleanup(program.stop)
        return game, game.port(side), program

    def told(self, game):
        """What the sides of a game told of their calls, once all have; the file for SIPp to read that."""
        def lines():
            found = []
            for side in "ab":
                if os.path.exists(self.path(f"{game.i}{side}-told")):
                    with open(self.path(f"{game.i}{side}-told"), encoding="ascii") as told:
                        found += told.read().splitlines()
            return len(found) == CALLS and found
        self.write(f"{game.i}-told.csv", "\n".join(["SEQUENTIAL"] + wait.until(f"{game.name}: its calls are told of", lines)) + "\n")

    def errors(self, program):
        """The first that SIPp had to say of them."""
        try:
            with open(self.path(program.split()[-1] + "-errors"), encoding="utf-8", errors="replace") as errors:
                return errors.read(1000)
        except FileNotFoundError:
            return ""

    def play(self, *pairs, loses=False):
        """All ladders that these callers and callees play."""
        flows = {name: ladder.Flow(text) for name, text in self.ladders.items() if ASKED_FOR in name}
        games = [(name, flow, *pair) for pair in pairs for name, flow in flows.items()
                 if not (loses and "lossless" in flow.words) and "-".join(pair) in flow.played]
        games = [Game(i, *game) for i, game in enumerate(games)]
        if not games:
            self.skipTest("no flow of that name")
        self.start_tunnels(games)
        self.start_trunkgate(self.configure(games, loses))
        if loses:
            self.lose_datagrams()
        movers = {game.kind(side) for game in games for side in game.flow.steps if game.flow.moves(side)}
        ears = [network.udp_socket(kind, ladder.KINDS[kind][0], ladder.MOVED_PORT) for kind in movers]
        started = [self.start_side(game, side, loses) for game in games for side in game.flow.steps if not game.flow.calls(side)]
        for game, port, program in started:
            wait.until(f"{game.name}: {program.name} to listen", functools.partial(program.listens, port))
        callers = [(game, side) for game in games for side in game.flow.steps if game.flow.calls(side)]
        for game, side in sorted(callers, key=lambda caller: caller[0].flow.hears(caller[1])):
            if game.flow.hears(side):
                self.told(game)
            started.append(self.start_side(game, side, loses))
        failed = [f"{game.name}, {game.caller} to {game.callee}: {program.name}\n{self.errors(program.name)}"
                  for game, _, program in started if program.wait_exit(self.seconds + 30)]
        self.assertFalse(failed, "\n".join(failed))
        self.trunkgate.wait_no_calls()
        for ear in ears:
            with ear:
                self.assertTrue(select.select([ear], [], [], 0)[0], f"no media of ours went after {ear.getsockname()}")
