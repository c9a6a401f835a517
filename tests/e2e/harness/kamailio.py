"""Kamailio with its TLS module: a SIP server of others, with a certificate of its own for each port it speaks from or to.

Each of its processes loads every profile again, which costs it seconds of processor time: so there are few of them, and
who starts it waits long.

A request that comes over TLS is answered 486. One by UDP goes on by TLS to the port of the border that its user names.
"""
import os

from . import network, process

CONFIG = """debug=2
log_stderror=yes
children=1
tcp_children=2
enable_tls=yes
auto_aliases=no
disable_sctp=yes
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
{listens}
loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "tls.so"
modparam("tls", "config", "{tls}")
modparam("tls", "xavp_cfg", "tls")
request_route {{
	if (proto == UDP) {{
		$xavp(tls=>server_id) = $rU;
		$du = "sip:{target}:" + $rU + ";transport=tls";
		t_relay();
		exit;
	}}
	if (method != "ACK") sl_send_reply("486", "Busy Here");
}}
"""
PROFILE = """[{kind}:{address}:{port}]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {certificate}
certificate = {certificate}
ca_list = {root}
"""
# Taken by its name: an address and a port here would be Kamailio's own.
CLIENT = PROFILE.replace("[{kind}:{address}:{port}]", "[client:any]\nserver_id = {port}\nserver_name = n{port}.lab")
DEFAULT = PROFILE.replace(":{address}:{port}", ":default")


def start(directory, address, servers, clients):
    """servers: {port: (certificate, root)} that it listens with; clients: {port of the border: (certificate, root)}."""
    first = dict(zip(("certificate", "root"), next(iter(servers.values()))))
    profiles = [DEFAULT.format(kind=kind, **first) for kind in ("server", "client")]
    profiles += [PROFILE.format(kind="server", address=address, port=port, certificate=certificate, root=root)
                 for port, (certificate, root) in servers.items()]
    profiles += [CLIENT.format(port=port, certificate=certificate, root=root)
                 for port, (certificate, root) in clients.items()]
    listens = [f"listen=udp:{address}:5060"] + [f"listen=tls:{address}:{port}" for port in servers]
    config, tls = (os.path.join(directory, name) for name in ("kamailio.cfg", "kamailio-tls.cfg"))
    with open(tls, "w", encoding="ascii") as out:
        out.write("\n".join(profiles))
    with open(config, "w", encoding="ascii") as out:
        out.write(CONFIG.format(listens="\n".join(listens), tls=tls, target=network.SBC_OUTSIDE))
    return process.Process("kamailio", ["kamailio", "-f", config, "-DD", "-E", "-Y", directory, "-m", "64"],
                           os.path.join(directory, "kamailio.log"), "provider")
