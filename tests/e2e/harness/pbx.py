"""A PBX inside: Kamailio as registrar and proxy of two phones. What it does not know goes to the border, over UDP; it stays in
the path of every dialog by Record-Route."""
import os

from . import network, process

HEAD = """debug=2
log_stderror=yes
children=2
disable_tcp=yes
disable_sctp=yes
auto_aliases=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
listen=udp:{pbx}:5060
"""
# CANCEL, and all that is in a dialog.
IN_DIALOG = """	if (method == "CANCEL") {{
		if (t_check_trans()) t_relay();
		exit;
	}}
	if ($tt != $null) {{
		if (loose_route()) t_relay();
		else if (method == "ACK" && t_check_trans()) t_relay();
		else if (method != "ACK") sl_send_reply("404", "Not here");
		exit;
	}}
"""
CONFIG = HEAD + """loadmodule "pv.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
""" + IN_DIALOG + """	if (method == "REGISTER") {{
		save("location");
		exit;
	}}
	record_route();
	if (!lookup("location")) {{
		if ($si == "{sbc}") {{
			sl_send_reply("404", "Not Found");
			exit;
		}}
		$du = "sip:{sbc}:5060";
		$rd = "{sbc}";
	}}
	t_relay();
}}
"""


def start(directory, name="pbx", config=CONFIG):
    path = os.path.join(directory, name + ".cfg")
    with open(path, "w", encoding="ascii") as out:
        out.write(config.format(pbx=network.PBX, sbc=network.SBC_INSIDE))
    return process.Process(name, ["kamailio", "-f", path, "-DD", "-E", "-Y", directory, "-m", "64"],
                           os.path.join(directory, name + ".log"), "pbx")
