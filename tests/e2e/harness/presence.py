"""A PBX inside that knows who talks: Kamailio tells who watches its phones what its dialogs are (RFC 4235), by SUBSCRIBE and NOTIFY.
It calls by the border whom it does not know."""
from . import pbx

CONFIG = pbx.HEAD + """loadmodule "pv.so"
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
""" + pbx.IN_DIALOG + """	record_route();
	dlg_manage();
	$du = "sip:{sbc}:5060";
	$rd = "{sbc}";
	t_relay();
}}
"""


def start(directory):
    return pbx.start(directory, "presence", CONFIG)
