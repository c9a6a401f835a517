/* Parsing: every kind of value, every way to write it wrongly with the exact line that is said, and
 * every allocation failing in turn. */
#include "world.h"

#include "../alloc.h"
#include "config/document.h"
#include "config/options.h"

static const struct {
	const char *text, *expected;
} cases[] = {
	/* Not what we call YAML. */
	{ "", "t.yaml:1: nothing is written here\n" },
	{ "# only a comment\n", "t.yaml:1: nothing is written here\n" },
	{ "- a\n", "t.yaml:1: this is not a configuration: write KEY: VALUE lines\n" },
	{ "a: &x 1\n", "t.yaml:1: anchors are not used here; write the value out, or quote text "
	               "that begins with &\n" },
	{ "a: b\nc: *x\n",
	  "t.yaml:2: aliases are not used here; write the value out, or quote text "
	  "that begins with *\n" },
	{ "a: !x 1\n", "t.yaml:1: tags are not used here; quote text that begins with !\n" },
	{ "a: !x [ 1 ]\n", "t.yaml:1: tags are not used here; quote text that begins with !\n" },
	{ "a: !x { b: 1 }\n", "t.yaml:1: tags are not used here; quote text that begins with !\n" },
	{ "a: &x [ 1 ]\n", "t.yaml:1: anchors are not used here; write the value out, or quote "
	                   "text that begins with &\n" },
	{ "a: &x { b: 1 }\n", "t.yaml:1: anchors are not used here; write the value out, or quote "
	                      "text that begins with &\n" },
	{ "a: 1\n---\nb: 1\n", "t.yaml:2: a second document begins; remove the ---\n" },
	{ "a:\n\tb: 1\n", "t.yaml:2: not YAML: found character that cannot start any token; was it "
	                  "a tab? indent with spaces; quote text that begins with @, ` or %\n" },
	{ "a: [ 1\nb: 2\n", "t.yaml:2: not YAML: did not find expected ',' or ']'; close the list "
	                    "with ]\n" },
	{ "number: *\n", "t.yaml:1: not YAML: did not find expected alphabetic or numeric "
	                 "character; quote text that begins with * or &\n" },
	{ "a: [[[[[[[[[[1]]]]]]]]]]\n",
	  "t.yaml:1: too many levels; the configuration is nowhere so deep\n" },
	{ "a: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}\n",
	  "t.yaml:1: too many levels; the configuration is nowhere so deep\n" },
	{ "a: \x01\n", "t.yaml:1: not YAML: control characters are not allowed; is it a text "
	               "file?\n" },
	/* Keys. */
	{ REALM "media-worker: 2\n",
	  "t.yaml:3: no option is called 'media-worker'; did you mean 'media-workers'?\n" },
	{ REALM "phone: {}\n", "t.yaml:3: no option is called 'phone'; did you mean 'phones'?\n" },
	{ REALM "log: { lvl: info }\n",
	  "t.yaml:3: log: no option is called 'lvl'; known here: level, to\n" },
	{ REALM "log: { level: info, level: debug }\n",
	  "t.yaml:3: log: 'level' is already there in line 3\n" },
	{ REALM "max-calls: 1\nmax-calls: 2\n",
	  "t.yaml:4: 'max-calls' is already there in line 3\n" },
	{ REALM "phones: {}\n", "t.yaml:3: 'phones' is already there in line 2\n" },
	{ REALM "? [ a ]\n: b\n", "t.yaml:3: a key is a list; write a single value\n" },
	{ "max-calls: 2\n", "t.yaml:1: realms: is missing; at least one realm is needed\n" },
	/* Sections and objects. */
	{ REALM "log: debug\n", "t.yaml:3: log has no options: write KEY: VALUE lines\n" },
	{ REALM "identities: [ a ]\n", "t.yaml:3: identities: write NAME: { OPTIONS } lines\n" },
	{ REALM "routes: { a: b }\n", "t.yaml:3: routes: write a list, each line beginning with "
	                              "-\n" },
	{ REALM "routes: [ a ]\n", "t.yaml:3: route 1 has no options: write KEY: VALUE lines\n" },
	{ REALM "identities: { \"a b\": {} }\n",
	  "t.yaml:3: identity name 'a b' is not possible; a name has 1 to 64 of letters, digits "
	  "and . _ - +\n" },
	{ "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	  "phones:\n  a: { realm: in, address: 10.0.0.20 }\n  a: { realm: in, address: 10.0.0.21 "
	  "}\n",
	  "t.yaml:4: phone 'a' is already there; give this one another name\n" },
	{ REALM "identities: { us: { key: us.key } }\n",
	  "t.yaml:3: identity 'us': certificate is missing; for example certificate: us.pem\n" },
	/* Values. */
	{ REALM "max-calls:\n",
	  "t.yaml:3: max-calls has no value; write one, or leave the line out\n" },
	{ REALM "max-calls: [ 1 ]\n", "t.yaml:3: max-calls is a list; write a single value\n" },
	{ REALM "max-calls: { a: 1 }\n", "t.yaml:3: max-calls is a map; write a single value\n" },
	{ REALM "max-calls: many\n",
	  "t.yaml:3: max-calls 'many' is not a whole number; write digits alone\n" },
	{ REALM "max-calls: -1\n",
	  "t.yaml:3: max-calls '-1' is not a whole number; write digits alone\n" },
	{ REALM "max-calls: 0\n",
	  "t.yaml:3: max-calls '0' is out of range; write 1 to 32000 calls\n" },
	{ REALM "max-calls: 99999999999999999999\n",
	  "t.yaml:3: max-calls '99999999999999999999' is out of range; write 1 to 32000 calls\n" },
	{ REALM "log: { level: inof }\n",
	  "t.yaml:3: log: level 'inof' is none of its values; did you mean 'info'?\n" },
	{ REALM "log: { to: file }\n",
	  "t.yaml:3: log: to 'file' is none of its values; known here: stderr, journald\n" },
	{ REALM "control-socket: \"a\\nb\"\n",
	  "t.yaml:3: control-socket has a control character in it; write it on one line\n" },
	{ REALM "control-socket: \"\"\n",
	  "t.yaml:3: control-socket '' is not a local socket; write "
	  "a path of at most 107 characters\n" },
	{ REALM "identities: { us: { certificate: us.pen, key: roots.pem } }\n",
	  "t.yaml:3: identity 'us': certificate 'us.pen' cannot be read: No such file or "
	  "directory; looked for us.pen\n"
	  "t.yaml:3: identity 'us': key 'roots.pem' can be read by everybody; chmod o-r "
	  "roots.pem\n" },
	{ REALM "identities: { us: { certificate: providers, key: us.key } }\n",
	  "t.yaml:3: identity 'us': certificate 'providers' is not a file; providers is a "
	  "folder\n" },
	/* Trunk options. */
	{ TRUNK "} }\n", "" },
	{ TRUNK "trust: roots.pem, port: 5061, max-calls: 3 } }\n", "" },
	{ TRUNK "trust: system } }\n", "" },
	{ TRUNK "trust: . } }\n", "" },
	{ TRUNK "trust: root.pem } }\n",
	  "t.yaml:6: trunk 'acme': trust 'root.pem' cannot be read: No such file or directory; "
	  "looked for root.pem\n" },
	{ TRUNK "connect-timeout: 5 } }\n",
	  "t.yaml:6: trunk 'acme': connect-timeout '5' has no unit; did you mean '5s'?\n" },
	{ TRUNK "connect-timeout: soon } }\n",
	  "t.yaml:6: trunk 'acme': connect-timeout 'soon' is not a duration; write a number with "
	  "ms, s, m or h, as in 5s\n" },
	{ TRUNK "connect-timeout: 5 sec } }\n",
	  "t.yaml:6: trunk 'acme': connect-timeout '5 sec' is not a duration; write a number with "
	  "ms, s, m or h, as in 5s\n" },
	{ TRUNK "connect-timeout: 2h } }\n",
	  "t.yaml:6: trunk 'acme': connect-timeout '2h' is out of range; write 100ms to 1m\n" },
	{ TRUNK "srtp: no } }\n",
	  "t.yaml:6: trunk 'acme': srtp 'no' is none of its values; known here: required, off, offered, offered-both\n" },
	{ TRUNK "verify-names: sip.provider.example } }\n",
	  "t.yaml:6: trunk 'acme': verify-names takes a list; did you mean verify-names: [ "
	  "sip.provider.example ]?\n" },
	{ TRUNK "pins: [ \"sha256/AAAA\", nowhere.crt ] } }\n",
	  "t.yaml:6: trunk 'acme': pins 'nowhere.crt' cannot be read: No such file or directory; looked for "
	  "nowhere.crt\n"
	  "t.yaml:6: trunk 'acme': pins 'sha256/AAAA' is not a public key; write sha256/ and 44 characters "
	  "of base64, or a path to a certificate\n" },
	{ TRUNK "ciphers: \"ALL;x\" } }\n",
	  "t.yaml:6: trunk 'acme': ciphers 'ALL;x' is not a list of ciphers; write names as OpenSSL has "
	  "them, with : between\n" },
	{ TRUNK "ciphers: \"ALL:-RSA\" } }\n",
	  "t.yaml:6: trunk 'acme': ciphers 'ALL:-RSA' is not a list of ciphers; write names as OpenSSL "
	  "has them, with : between\n" },
	{ TRUNK "tolerate: [ wrong-name ] } }\n",
	  "t.yaml:6: trunk 'acme': tolerate 'wrong-name' is none of its values; did you mean "
	  "'wrong-usage'?\n" },
	{ TRUNK "crls: [ nowhere ] } }\n",
	  "t.yaml:6: trunk 'acme': crls 'nowhere' cannot be read: No such file or directory; looked for "
	  "nowhere\n" },
	{ TRUNK "verify-names: [ ] } }\n",
	  "t.yaml:6: trunk 'acme': verify-names has 0 elements; write 1 to 16\n" },
	{ TRUNK "verify-names: [ a.example,\n 10.0.0.1, -a, a..b, [ x ] ] } }\n",
	  "t.yaml:7: trunk 'acme': an element of verify-names is a list; write a single value\n"
	  "t.yaml:7: trunk 'acme': verify-names '-a' is not a DNS name; write one as in "
	  "sip.example.com\n"
	  "t.yaml:7: trunk 'acme': verify-names '10.0.0.1' is not a DNS name; write one as in "
	  "sip.example.com\n"
	  "t.yaml:7: trunk 'acme': verify-names 'a..b' is not a DNS name; write one as in "
	  "sip.example.com\n" },
	{ TRUNK "resolvers: [ 192.0.2.53, ns.example ] } }\n",
	  "t.yaml:6: trunk 'acme': resolvers 'ns.example' is not an IP address; write one as in "
	  "192.0.2.53 or 192.0.2.53:53\n" },
	{ TRUNK "networks: [ 10.0.0.0/33 ] } }\n",
	  "t.yaml:6: trunk 'acme': networks '10.0.0.0/33' is not a network; write one as in "
	  "10.0.0.0/8 or 2001:db8::/32\n" },
	{ TRUNK "identity: u } }\n",
	  "t.yaml:6: trunk 'acme': identity 'u' is not defined; known here: us\n" },
	{ TRUNK "identity: su } }\n",
	  "t.yaml:6: trunk 'acme': identity 'su' is not defined; did you mean 'us'?\n" },
	{ TRUNK "other-ports: [ 5062, 0, 65536, x, -1 ] } }\n",
	  "t.yaml:6: trunk 'acme': other-ports '-1' is not a port; write a number from 1 to 65535\n"
	  "t.yaml:6: trunk 'acme': other-ports '0' is not a port; write a number from 1 to 65535\n"
	  "t.yaml:6: trunk 'acme': other-ports '65536' is not a port; write a number from 1 to "
	  "65535\n"
	  "t.yaml:6: trunk 'acme': other-ports 'x' is not a port; write a number from 1 to 65535\n" },
	{ TRUNK "demands: [ WBX-05, wbx-06, WBX, E8-x, TOOLONGNAME-1, W-12345 ] } }\n",
	  "t.yaml:6: trunk 'acme': demands 'E8-x' is not a demand; write its ID, as in WBX-05\n"
	  "t.yaml:6: trunk 'acme': demands 'TOOLONGNAME-1' is not a demand; write its ID, as in WBX-05\n"
	  "t.yaml:6: trunk 'acme': demands 'W-12345' is not a demand; write its ID, as in WBX-05\n"
	  "t.yaml:6: trunk 'acme': demands 'WBX' is not a demand; write its ID, as in WBX-05\n"
	  "t.yaml:6: trunk 'acme': demands 'wbx-06' is not a demand; write its ID, as in WBX-05\n" },
	/* A list of maps. */
	{ TRUNK "number-rules: [ { match: '^0(.*)', replace: '+49\\1' } ] } }\n", "" },
	{ TRUNK "number-rules: { match: a } } }\n",
	  "t.yaml:6: trunk 'acme': number-rules takes a list; did you mean number-rules: [ ... ]?\n" },
	{ TRUNK "number-rules: [ a ] } }\n",
	  "t.yaml:6: trunk 'acme': number-rules 1: write KEY: VALUE lines\n" },
	{ TRUNK
	  "number-rules: [ { match: a, replace: b },\n { mach: a, match: a, match: b } ] } }\n",
	  "t.yaml:7: trunk 'acme': number-rules 2: 'match' is already there in line 7\n"
	  "t.yaml:7: trunk 'acme': number-rules 2: no option is called 'mach'; did you mean 'match'?\n"
	  "t.yaml:7: trunk 'acme': number-rules 2: replace is missing; for example replace: "
	  "'+49\\1'\n" },
	{ TRUNK "number-rules: [ { match: '(', replace: b, direction: outt } ] } }\n",
	  "t.yaml:6: trunk 'acme': number-rules 1: direction 'outt' is none of its values; did you mean "
	  "'out'?\n"
	  "t.yaml:6: trunk 'acme': number-rules 1: match '(' is no regular expression: missing "
	  "closing parenthesis, behind character 1\n" },
	{ TRUNK "number-rules: [ { match: '(a)(b)',\n replace: '\\3' } ] } }\n",
	  "t.yaml:6: trunk 'acme': number-rules 1: replace names \\3, and match has 2 pairs of "
	  "parentheses\n" },
	{ TRUNK "number-rules: [ { match: a, replace: 'b\\x' } ] } }\n",
	  "t.yaml:6: trunk 'acme': number-rules 1: replace 'b\\x' has a backslash before something else "
	  "than a digit; write \\\\ for a backslash\n" },
	{ TRUNK "number-rules: [ { match: a, replace: "
	        "12345678901234567890123456789012345678901234567890123456789012345 } ] } }\n",
	  "t.yaml:6: trunk 'acme': number-rules 1: replace "
	  "'12345678901234567890123456789012345678901234567890123456789012345' is longer than 64 "
	  "characters\n" },
	{ TRUNK "country: 1234, national-prefix: \"\", area: x } }\n",
	  "t.yaml:6: trunk 'acme': area 'x' is no prefix; write 1 to 6 digits\n"
	  "t.yaml:6: trunk 'acme': country '1234' is no prefix; write 1 to 3 digits\n" },
	{ TRUNK "numbers-out: e164 } }\n",
	  "t.yaml:6: trunk 'acme': without a country nobody can tell what a number stands for; write "
	  "country: \"49\" or the like\n" },
	{ TRUNK "numbers-out: e164, country: 49 } }\n", "" },
	{ TRUNK "header-rules: [ { action: copy, header: From, to: X-From } ] } }\n", "" },
	{ TRUNK "header-rules: [ { action: sett, header: X-A, value: b } ] } }\n",
	  "t.yaml:6: trunk 'acme': header-rules 1: action 'sett' is none of its values; did you mean "
	  "'set'?\n" },
	{ TRUNK
	  "header-rules: [ { action: set, header: Via, value: b },\n"
	  "{ action: rename, header: X-A, to: call-id }, { action: remove, header: v } ] } }\n",
	  "t.yaml:6: trunk 'acme': header-rules 1: header 'Via' is a part of the protocol, which "
	  "Trunkgate writes itself\n"
	  "t.yaml:7: trunk 'acme': header-rules 2: to 'call-id' is a part of the protocol, which "
	  "Trunkgate writes itself\n"
	  "t.yaml:7: trunk 'acme': header-rules 3: header 'v' is not the name of a header; write the long "
	  "form of its name\n" },
	{ TRUNK "header-rules: [ { action: set, header: From, value: b } ] } }\n",
	  "t.yaml:6: trunk 'acme': header-rules 1: its header is a part of the protocol, which Trunkgate "
	  "writes itself\n" },
	{ TRUNK
	  "header-rules: [ { action: set, header: X-A },\n { action: copy, header: X-A },\n"
	  "{ action: remove, header: X-A, to: X-B }, { action: remove, header: X-A, value: c } ] } "
	  "}\n",
	  "t.yaml:6: trunk 'acme': header-rules 1: has no value to set; write value: TEXT\n"
	  "t.yaml:7: trunk 'acme': header-rules 2: says no header to write; write to: NAME\n"
	  "t.yaml:8: trunk 'acme': header-rules 3: to is for rename and copy alone; remove it\n"
	  "t.yaml:8: trunk 'acme': header-rules 4: value is for set and copy alone; remove it\n" },
	{ TRUNK "header-rules: [ { action: set, header: X-A, value: '\\1' },\n"
	        "{ action: copy, header: X-A, to: X-B, match: a, value: '\\1' },\n"
	        "{ action: set, header: X-A, value: \"a\\r\\nb\", statuses: [ 18, 7xx ] } ] } }\n",
	  "t.yaml:6: trunk 'acme': header-rules 1: value names what a match took, and there is none; write "
	  "match:\n"
	  "t.yaml:7: trunk 'acme': header-rules 2: value names \\1, and match has 0 pairs of "
	  "parentheses\n"
	  "t.yaml:8: trunk 'acme': header-rules 3: statuses '18' is no status; write one as in 180, or "
	  "4xx\n"
	  "t.yaml:8: trunk 'acme': header-rules 3: statuses '7xx' is no status; write one as in 180, or "
	  "4xx\n"
	  "t.yaml:8: trunk 'acme': header-rules 3: value has a control character in it; write it on one "
	  "line\n" },
	{ TRUNK "pass-headers: [ X-A, Contact ], caller-id-in: [ pia ] } }\n",
	  "t.yaml:6: trunk 'acme': caller-id-in 'pia' is none of its values; did you mean 'pai'?\n"
	  "t.yaml:6: trunk 'acme': pass-headers 'Contact' is a part of the protocol, which Trunkgate writes "
	  "itself\n" },
	{ TRUNK "pass-headers: [ diversion, History-Info, Geolocation,\n"
	        "P-Asserted-Identity ] } }\n",
	  "t.yaml:6: trunk 'acme': pass-headers 'Geolocation' is made by Trunkgate itself; write "
	  "location: for it\n"
	  "t.yaml:6: trunk 'acme': pass-headers 'History-Info' is made by Trunkgate itself; write "
	  "diversion: for it\n"
	  "t.yaml:6: trunk 'acme': pass-headers 'diversion' is made by Trunkgate itself; write "
	  "diversion: for it\n"
	  "t.yaml:7: trunk 'acme': pass-headers 'P-Asserted-Identity' is made by Trunkgate itself; "
	  "write caller-id-out: for it\n" },
	{ TRUNK "pass-headers: [ Identity, referred-by ] } }\n",
	  "t.yaml:6: trunk 'acme': pass-headers 'Identity' is made by Trunkgate itself; leave it out\n"
	  "t.yaml:6: trunk 'acme': pass-headers 'referred-by' is made by Trunkgate itself; leave it "
	  "out\n" },
	{ TRUNK "profile: webx } }\n",
	  "t.yaml:6: there is no profile 'webx'; did you mean 'webex'?\n" },
	{ TRUNK "profile: ../webex } }\n",
	  "t.yaml:6: trunk 'acme': profile '../webex' is not a profile; write its file's name "
	  "without .yaml\n" },
	{ TRUNK "profile: [ webex ] } }\n",
	  "t.yaml:6: trunk 'acme': profile is a list; write a single value\n" },
};

static void bad_text_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		world_says(cases[i].text, cases[i].expected);
}

static const struct {
	const char *options, *expected; /* of a realm, in line 2 */
} realm_cases[] = {
	{ "", "" },
	{ ", media-ports: 36000", "media-ports '36000' is not a range of ports; write the lowest "
	                          "and the highest, as in 36000-59999" },
	{ ", media-ports: 36000-", "media-ports '36000-' is not a range of ports; write the lowest "
	                           "and the highest, as in 36000-59999" },
	{ ", media-ports: 36000-59999x",
	  "media-ports '36000-59999x' is not a range of ports; write the lowest and the highest, "
	  "as in 36000-59999" },
	{ ", media-ports: 80-59999",
	  "media-ports '80-59999' is out of range; write ports from 1024 to 65535" },
	{ ", media-ports: 36000-70000",
	  "media-ports '36000-70000' is out of range; write ports from 1024 to 65535" },
	{ ", media-ports: 59998-36000",
	  "media-ports '59998-36000' does not go up; did you mean '36000-59998'?" },
	{ ", media-ports: 36001-59999",
	  "media-ports '36001-59999' begins with an odd port, and RTP takes even ones; did you "
	  "mean '36002-59999'?" },
	{ ", media-address: 10.0.0.1:80",
	  "media-address '10.0.0.1:80' has a port; write the address alone" },
	{ ", media-address: 0.0.0.0",
	  "media-address '0.0.0.0' is every address; write one that peers can reach" },
	/* 0 is off; what is shorter than can be meant is a slip of the unit. */
	{ ", media-timeout: 0s, keepalive: 0ms, udp-keepalive: 0m", "" },
	{ ", media-timeout: 5s, keepalive: 1s, udp-keepalive: 1000ms", "" },
	{ ", media-timeout: 60ms", "media-timeout '60ms' is out of range; did you mean '60s'?" },
	{ ", udp-keepalive: 25ms", "udp-keepalive '25ms' is out of range; did you mean '25s'?" },
	{ ", keepalive: 999ms", "keepalive '999ms' is out of range; write 1s to 280s, or 0s" },
	{ ", media-timeout: 4s", "media-timeout '4s' is out of range; write 5s to 24h, or 0s" },
	{ ", media-timeout: 25h", "media-timeout '25h' is out of range; write 5s to 24h, or 0s" },
	{ ", t4: 5ms", "t4 '5ms' is out of range; did you mean '5s'?" },
	{ ", media-advertise: us.example", "" },
	{ ", media-advertise: 192.0.2.1", "" },
	{ ", media-advertise: \"192.0.2.1:80\"",
	  "media-advertise '192.0.2.1:80' is not a host; write a DNS name, an IP address without "
	  "a port, or stun:SERVER" },
	{ ", advertise: \"stun:stun.example:3479\"", "" },
	{ ", advertise: \"stun:stun.example:\"",
	  "advertise 'stun:stun.example:' is not a host; write a DNS name, an IP address without a "
	  "port, or stun:SERVER" },
	{ ", advertise: \"stun:a.example\", media-advertise: b.example",
	  "advertise and media-advertise ask two for our address; write the same at both, or leave "
	  "media-advertise out" },
	{ ", advertise: \"stun:a.example\", media-advertise: \"stun:a.example:3478\"", "" },
	{ ", advertise: sbc.example.com", "" },
	{ ", advertise: \"2001:db8::1\"", "" },
	{ ", advertise: \"us.example:5060\"",
	  "advertise 'us.example:5060' is not a host; write a "
	  "DNS name, an IP address without a port, or stun:SERVER" },
	{ ", advertise: \"192.0.2.1:5060\"",
	  "advertise '192.0.2.1:5060' is not a host; write a "
	  "DNS name, an IP address without a port, or stun:SERVER" },
	{ ", latch: lach", "latch 'lach' is none of its values; did you mean 'latch'?" },
	{ ", networks: [ 0.0.0.0/0 ]", "" },
};

static void realm_values(void **state)
{
	char text[1024], expected[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(realm_cases); i++) {
		const char *said = realm_cases[i].expected;

		snprintf(text, sizeof(text),
		         "realms:\n  in: { listen: [ \"udp:10.0.0.1\" ]%s }\n"
		         "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
		         realm_cases[i].options);
		snprintf(expected, sizeof(expected), "%s%s%s",
		         *said ? "t.yaml:2: realm 'in': " : "", said, *said ? "\n" : "");
		world_says(text, expected);
	}
}

static const struct {
	const char *options, *expected; /* of a phone, in line 2 */
} phone_cases[] = {
	{ "password: longenough", "" },
	{ "password: short", "password has 5 characters; a password has 8 to 128" },
	{ "password-file: desk.password", "" },
	{ "password-file: desk.pasword", "password-file 'desk.pasword' cannot be read: No such "
	                                 "file or directory; looked for desk.pasword" },
	{ "password-file: providers",
	  "password-file 'providers' cannot be read: it is a folder; looked for providers" },
	{ "password-file: us.pem", "password-file can be read by everybody; chmod o-r us.pem" },
	{ "password-file: open.password",
	  "password-file can be written by everybody; chmod o-w open.password" },
	{ "password-file: us.key", "password-file has 3 characters; a password has 8 to 128" },
	{ "password-file: two.lines",
	  "password-file has more than one line; write the password alone" },
	{ "password-file: big", "password-file 'big' cannot be read: it is too big; looked for "
	                        "big" },
	{ "password-file: \"credential:desk.password\"", "" },
	{ "password-file: \"credential:other\"",
	  "password-file 'credential:other' cannot be read: No such file or directory; looked for "
	  "other" },
	{ "password-file: \"credential:../desk.password\"",
	  "password-file 'credential:../desk.password' is no credential; write credential:NAME" },
	{ "password-file: /dev/null", "password-file '/dev/null' cannot be read: it is not a plain "
	                              "file; looked for /dev/null" },
	{ "password: longenough, caller-id: \"+49 30\"",
	  "caller-id '+49 30' is not a number or user; write digits, letters and + - _ . * # ! "
	  "without spaces" },
	{ "password: longenough, numbers: [ \"+49*\" ]",
	  "numbers '+49*' ends in *; only a route's number stands for many" },
	{ "password: longenough, numbers: [ *97 ]", NULL },
	{ "password: longenough, numbers: [ \"*97\", \"#1\", desk.2 ]", "" },
	{ "password: longenough, numbers: [ \"+49-30-1\" ]",
	  "numbers '+49-30-1' has separators, and a call's number has none when it is compared; "
	  "write +49301" },
};

static void phone_values(void **state)
{
	char text[1024], expected[512], big[2000];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	world_file("big", big, 0600);
	world_file("open.password", "long and random\n", 0602);
	world_file("two.lines", "one two three\nfour\n", 0600);
	setenv("CREDENTIALS_DIRECTORY", world, 1);
	for (size_t i = 0; i < ARRAY_LEN(phone_cases); i++) {
		const char *said = phone_cases[i].expected;

		snprintf(text, sizeof(text),
		         "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
		         "phones: { desk: { realm: in, %s } }\n",
		         phone_cases[i].options);
		if (said)
			snprintf(expected, sizeof(expected), "%s%s%s",
			         *said ? "t.yaml:2: phone 'desk': " : "", said, *said ? "\n" : "");
		else
			snprintf(expected, sizeof(expected),
			         "t.yaml:2: aliases are not used here; write the value out, or "
			         "quote text that begins with *\n");
		world_says(text, expected);
	}
}

static void credentials_need_systemd(void **state)
{
	(void)state;
	unsetenv("CREDENTIALS_DIRECTORY");
	world_says(
	    "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	    "phones: { desk: { realm: in, password-file: \"credential:desk\" } }\n",
	    "t.yaml:2: phone 'desk': password-file 'credential:desk' is given by nobody: there "
	    "is no $CREDENTIALS_DIRECTORY; write LoadCredential=desk:PATH into the unit\n");
}

static void a_listener_is_read_or_refused(void **state)
{
	static const char *const good[] = { "udp:10.0.0.1",          "tcp:10.0.0.1:5060",
		                            "udp:[::1]:5060",        "tcp:::1",
		                            "tcp:[fe80::1%lo]:5061", "udp:fe80::1%lo" };
	static const char *const bad[] = {
		"10.0.0.1:5060", "mudp:10.0.0.1:5060", "udp",      "udp:", "UDP:10.0.0.1",
		"udp:host:5060", "udp:10.0.0.1:70000", ":10.0.0.1"
	};
	char text[256], expected[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good) + ARRAY_LEN(bad); i++) {
		bool is_good = i < ARRAY_LEN(good);
		const char *listener = is_good ? good[i] : bad[i - ARRAY_LEN(good)];

		snprintf(text, sizeof(text),
		         "realms: { in: { listen: [ \"%s\" ] } }\n"
		         "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
		         listener);
		snprintf(expected, sizeof(expected),
		         "t.yaml:1: realm 'in': listen '%s' is not a listener; write transport "
		         "(udp, tcp, tls, mtls), address and port, as in udp:192.0.2.1:5060\n",
		         listener);
		world_says(text, is_good ? "" : expected);
	}
	world_says("realms: { in: { listen: [ \"udp:fe80::1%none\" ] } }\n"
	           "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	           "t.yaml:1: realm 'in': listen 'udp:fe80::1%none' names an interface that this "
	           "machine does not have\n");
}

static void all_problems_are_said_in_order(void **state)
{
	(void)state;
	world_says("max-cals: 1\nrealms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    latch: x\n"
	           "phones:\n  a: { realm: im, address: nowhere }\n",
	           "t.yaml:1: no option is called 'max-cals'; did you mean 'max-calls'?\n"
	           "t.yaml:5: realm 'in': latch 'x' is none of its values; known here: strict, "
	           "latch, network\n"
	           "t.yaml:7: phone 'a': address 'nowhere' is not an IP address; write one as in "
	           "192.0.2.1 or 192.0.2.1:5080\n"
	           "t.yaml:7: phone 'a': realm 'im' is not defined; did you mean 'in'?\n");
}

static void minimal_is_read(void **state)
{
	char *text = read_whole(SOURCE_DIR "/config/minimal.yaml"), *said;
	struct config *cfg;
	char path[128];

	(void)state;
	said = world_parse(&cfg, text, 0644);
	assert_string_equal(said, "");
	assert_int_equal(cfg->log_level, LOG_INFO);
	assert_int_equal(cfg->max_calls, 1000);
	assert_string_equal(cfg->control_socket, "/run/trunkgate/control");
	assert_int_equal(cfg->nrealms, 2);
	assert_int_equal(cfg->realms[0].nlisteners, 2);
	assert_int_equal(cfg->realms[0].listeners[1].transport, TRANSPORT_TCP);
	assert_int_equal(addr_port(&cfg->realms[0].listeners[1].addr), 5060);
	assert_int_equal(cfg->realms[0].media_port_low, 36000);
	assert_int_equal(cfg->realms[0].media_port_high, 59999);
	assert_int_equal(cfg->realms[0].nnetworks, 1);
	assert_int_equal(addr_port(&cfg->realms[0].media_address), 0);
	assert_true(
	    addr_same_host(&cfg->realms[0].media_address, &cfg->realms[0].listeners[0].addr));
	assert_string_equal(cfg->realms[1].advertise, "sbc.example.com");
	assert_ptr_equal(cfg->realms[1].identity, &cfg->identities[0]);
	assert_string_equal(cfg->phones[0].password, "long and random");
	assert_string_equal(cfg->phones[0].numbers[0], "+493012345");
	assert_int_equal(cfg->trunks[0].nverify_names, 1);
	assert_string_equal(cfg->trunks[0].verify_names[0], "callservice.ciscospark.com");
	assert_ptr_equal(cfg->trunks[0].identity, &cfg->identities[0]);
	assert_int_equal(cfg->trunks[0].max_calls, 1000);
	assert_int_equal(cfg->trunks[0].answer_timeout_ms, 180000);
	assert_string_equal(cfg->trunks[0].trust, "system");
	assert_int_equal(cfg->routes[0].from->kind, PARTY_REALM);
	assert_ptr_equal(cfg->routes[0].to->trunk, &cfg->trunks[0]);
	assert_ptr_equal(cfg->routes[1].to->phone, &cfg->phones[0]);
	assert_string_equal(cfg->routes[1].number->text, "+493012345");
	assert_int_equal(cfg->routes[1].line, 28);
	snprintf(path, sizeof(path), "%s/us.pem", world);
	assert_string_equal(cfg->identities[0].certificate, path);
	config_free(&cfg);
	assert_null(cfg);
	config_free(&cfg);
	free(said);
	free(text);
}

static void too_many_are_refused(void **state)
{
	char *text = calloc(1, 64 * 1024), *end = text, *said;
	struct config *cfg;
	size_t lines = 0;

	(void)state;
	assert_non_null(text);
	end += sprintf(end, "realms: {");
	for (unsigned i = 0; i < 101; i++)
		end += sprintf(end, " r%u: {},", i);
	sprintf(end, " }\n");
	world_says(text, "t.yaml:1: realms: has 101; at most 100 are possible\n");
	end = text + sprintf(text, REALM);
	for (unsigned i = 0; i < 200; i++)
		end += sprintf(end, "wrong%u: x\n", i);
	said = world_parse(&cfg, text, 0);
	for (const char *c = said; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 101);
	assert_non_null(
	    strstr(said, "\nt.yaml: there are more problems; these are the first 100\n"));
	free(said);
	free(text);
}

static void long_values_are_refused(void **state)
{
	char text[4096], value[SCALAR_MAX + 2], expected[512];

	(void)state;
	memset(value, 'a', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	snprintf(text, sizeof(text), REALM "control-socket: %s\n", value);
	world_says(text, "t.yaml:3: control-socket is longer than 1024 characters\n");
	snprintf(text, sizeof(text), REALM "control-socket: %.108s\n", value);
	snprintf(expected, sizeof(expected),
	         "t.yaml:3: control-socket '%.80s' is not a local socket; write a path of at most "
	         "107 characters\n",
	         value);
	world_says(text, expected);
	snprintf(text, sizeof(text), REALM "identities: { %.65s: {} }\n", value);
	snprintf(expected, sizeof(expected),
	         "t.yaml:3: identity name '%.65s' is not possible; a name has 1 to 64 of letters, "
	         "digits and . _ - +\n",
	         value);
	world_says(text, expected);
}

struct attempt {
	const char *text;
	enum err err;
};

static void parse_once(void *arg)
{
	struct attempt *a = arg;
	struct config *cfg = NULL;
	char file[128];
	FILE *errors = fopen("/dev/null", "w");

	assert_non_null(errors);
	snprintf(file, sizeof(file), "%s/t.yaml", world);
	a->err = config_parse(&cfg, file, a->text, strlen(a->text), 0, errors);
	assert_true((cfg != NULL) == (a->err == OK));
	assert_true(!mem_has_failed() || a->err == ERR_NOMEM);
	config_free(&cfg);
	fclose(errors);
}

static void each_allocation_can_fail(void **state)
{
	char *minimal = read_whole(SOURCE_DIR "/config/minimal.yaml");
	struct attempt good = { .text = minimal };
	struct attempt rules = { .text = TRUNK "number-rules: [ { match: '(a)', replace: b },"
		                               " { match: c, replace: d } ] } }\n" };
	struct attempt bad = { .text = "a: 1\n" TRUNK "profile: none, identity: x } }\n" };

	(void)state;
	assert_true(each_allocation_fails(parse_once, &good) > 50);
	assert_int_equal(good.err, OK);
	assert_true(each_allocation_fails(parse_once, &rules) > 50);
	assert_int_equal(rules.err, OK);
	assert_true(each_allocation_fails(parse_once, &bad) > 20);
	assert_int_equal(bad.err, ERR_SYNTAX);
	free(minimal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_text_is_said),
		cmocka_unit_test(realm_values),
		cmocka_unit_test(phone_values),
		cmocka_unit_test(credentials_need_systemd),
		cmocka_unit_test(a_listener_is_read_or_refused),
		cmocka_unit_test(all_problems_are_said_in_order),
		cmocka_unit_test(minimal_is_read),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(long_values_are_refused),
		cmocka_unit_test(each_allocation_can_fail),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
