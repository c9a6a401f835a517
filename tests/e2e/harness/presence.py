"""A PBX inside that knows who talks: Kamailio tells who watches its phones what its dialogs are (RFC 4235), by SUBSCRIBE and NOTIFY.
It calls by the border whom it does not know."""
import os

from . import network, process

CONFIG = """debug=2
log_stderror=yes
children=2
disable_tcp=yes
disable_sctp=yes
auto_aliases=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
listen=udp:{pbx}:5060
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "db_text.so"
loadmodule "rr.so"
loadmodule "dialog.so"
loadmodule "presence.so"
loadmodule "presence_dialoginfo.so"
loadmodule "pua.so"
loadmodule "pua_dialoginfo.so"
modparam("presence", "subs_db_mode", 0)
modparam("presence", "publ_cache", 2)
modparam("presence", "server_address", "sip:{pbx}:5060")
modparam("presence", "fetch_rows", 10)
modparam("presence_dialoginfo", "force_single_dialog", 1)
modparam("pua", "db_url", "text:///usr/share/kamailio/dbtext/kamailio")
modparam("pua", "db_mode", 0)
modparam("pua", "outbound_proxy", "sip:{pbx}:5060")
modparam("rr", "append_fromtag", 1)
modparam("pua_dialoginfo", "include_callid", 0)
modparam("pua_dialoginfo", "include_tags", 0)
request_route {{
	if (method == "PUBLISH") {{
		if (t_newtran()) handle_publish();
		exit;
	}}
	if (method == "SUBSCRIBE") {{
		if (t_newtran()) handle_subscribe();
		exit;
	}}
	if (method == "CANCEL") {{
		if (t_check_trans()) t_relay();
		exit;
	}}
	if ($tt != $null) {{
		if (loose_route()) t_relay();
		else if (method == "ACK" && t_check_trans()) t_relay();
		else if (method != "ACK") sl_send_reply("404", "Not here");
		exit;
	}}
	record_route();
	dlg_manage();
	$du = "sip:{sbc}:5060";
	$rd = "{sbc}";
	t_relay();
}}
"""


def start(directory):
    path = os.path.join(directory, "presence.cfg")
    with open(path, "w", encoding="ascii") as out:
        out.write(CONFIG.format(pbx=network.PBX, sbc=network.SBC_INSIDE))
    return process.Process("presence", ["kamailio", "-f", path, "-DD", "-E", "-Y", directory, "-m", "64"],
                           os.path.join(directory, "presence.log"), "pbx")
