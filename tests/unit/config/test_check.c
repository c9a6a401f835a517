/* The rules between options: each has a configuration that breaks it, and one beside it that does
 * not. */
#include "world.h"

#include "../alloc.h"

static const struct {
	const char *text, *expected;
} cases[] = {
	/* Identities. */
	{ "identities: { us: { certificate: us.pem } }\n"
	  "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:1: identity 'us': there is no key, so us.pem holds it, which everybody can read; "
	  "write key: FILE, or chmod o-r\n" },
	{ "identities: { us: { certificate: us.key } }\n"
	  "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "" },
	{ "identities: { us: { certificate: us.key, also: us } }\n"
	  "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:1: identity 'us': 'us' is the identity itself; name one that stands alone\n" },
	{ "identities:\n  a: { certificate: us.key, also: b }\n  b: { certificate: us.key, also: c }\n"
	  "  c: { certificate: us.key }\n"
	  "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:2: identity 'a': 'b' has a second one itself; name one that stands alone\n" },
	/* Realms. */
	{ "realms:\n  in: { listen: [ \"udp:10.0.0.1\" ] }\n",
	  "t.yaml:2: realm 'in': no phone or trunk is in it; remove it, or write realm: in at "
	  "one\n" },
	{ "realms: { }\n", "t.yaml:1: realms: is empty; at least one realm is needed\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:0.0.0.0:5060\" ]\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:3: realm 'in': listens on every address, and media needs one; write "
	  "media-address: ADDRESS\n"
	  "t.yaml:3: realm 'in': listens on every address, and peers must learn one; write "
	  "advertise: HOST\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:0.0.0.0:5060\" ]\n    media-address: 10.0.0.1\n"
	  "    advertise: 10.0.0.1\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "" },
	{ "realms:\n  in:\n    listen: [ \"tls:10.0.0.1\" ]\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:3: realm 'in': a tls listener shows a certificate; write identity: NAME\n" },
	{ "realms:\n  in:\n    listen: [ \"mtls:10.0.0.1\" ]\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:3: realm 'in': a tls listener shows a certificate; write identity: NAME\n" },
	{ "realms:\n  in:\n    listen: [ \"tls:10.0.0.1\" ]\n    identity: us\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': identity 'us' is not defined; add it under identities:\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    media-advertise: \"2001:db8::1\"\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': media-address and media-advertise are of different IP versions; "
	  "write two of one\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    srtp: offered\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': SRTP's keys stand in SDP, and a udp or tcp listener would show them to "
	  "everybody; give phones without TLS a realm of their own\n" },
	{ "identities: { us: { certificate: us.pem, key: us.key } }\n"
	  "realms:\n  in:\n    listen: [ \"tls:10.0.0.1\", \"tcp:10.0.0.1\" ]\n    identity: us\n"
	  "    srtp: required\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:6: realm 'in': SRTP's keys stand in SDP, and a udp or tcp listener would show them to "
	  "everybody; give phones without TLS a realm of their own\n" },
	{ "identities: { us: { certificate: us.pem, key: us.key } }\n"
	  "realms:\n  in:\n    listen: [ \"tls:10.0.0.1\", \"mtls:10.0.0.1:5062\" ]\n    identity: us\n"
	  "    srtp: required\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    t1: 5s\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': t2 is 4000 ms and t1 is 5000 ms: copies would come closer together, "
	  "not further apart; raise t2, or lower t1\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    session-expires: 60s\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': session-expires is 60 s and min-se is 90 s: we would refuse what we "
	  "ask for; raise session-expires, or write 0s for no session timers\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    min-se: 1h\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': session-expires is 1800 s and min-se is 3600 s: we would refuse what "
	  "we ask for; raise session-expires, or write 0s for no session timers\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    t2: 500ms\n    t1: 1s\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': t2 is 500 ms and t1 is 1000 ms: copies would come closer together, "
	  "not further apart; raise t2, or lower t1\n" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    media-ports: 36000-36099\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': media-ports 36000-36099 are enough for 50 calls, and max-calls is "
	  "1000; widen the range, or lower max-calls\n" },
	{ "max-calls: 50\nrealms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n"
	  "    media-ports: 36000-36099\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\" ]\n    media-ports: 5000-9999\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:4: realm 'in': media-ports 5000-9999 have port 5060 of a udp listener of realm 'in' "
	  "among them; move one\n" },
	{ "realms:\n  in:\n    listen: [ \"tcp:10.0.0.1\" ]\n    media-ports: 5000-9999\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "" },
	{ "realms:\n  in:\n    listen: [ \"udp:10.0.0.1\", \"tcp:10.0.0.1\", \"udp:10.0.0.1:5060\" "
	  "]\n"
	  "phones: { a: { realm: in, address: 10.0.0.20 } }\n",
	  "t.yaml:3: realm 'in': udp:10.0.0.1:5060 is taken by udp:10.0.0.1:5060 of realm 'in'; "
	  "give one another port\n" },
	{ "realms:\n  a:\n    listen: [ \"udp:10.0.0.1\" ]\n  b:\n    listen: [ \"udp:0.0.0.0\" ]\n"
	  "    media-address: 10.0.0.2\n    advertise: b.example\n"
	  "phones: { p: { realm: a, address: 10.0.0.20 }, q: { realm: b, address: 10.0.0.20 } }\n",
	  "t.yaml:5: realm 'b': udp:0.0.0.0:5060 is taken by udp:10.0.0.1:5060 of realm 'a'; give "
	  "one another port\n" },
	{ "realms:\n  a:\n    listen: [ \"udp:10.0.0.1\" ]\n  b:\n"
	  "    listen: [ \"udp:10.0.0.1:5070\", \"udp:[::]:5060\" ]\n"
	  "    media-address: 10.0.0.1\n    advertise: b.example\n"
	  "    media-ports: 59000-65535\n"
	  "phones: { p: { realm: a, address: 10.0.0.20 }, q: { realm: b, address: 10.0.0.20 } }\n",
	  "t.yaml:8: realm 'b': media-ports 59000-65535 overlap with 36000-59999 of realm 'a' on "
	  "the same address; give each its own\n" },
	/* One realm's media where another one listens, on the same address. */
	{ "realms:\n  a:\n    listen: [ \"udp:10.0.0.1\", \"udp:10.0.0.1:36010\" ]\n"
	  "    media-ports: 10000-19999\n  b:\n    listen: [ \"udp:10.0.0.2\" ]\n"
	  "    media-address: 10.0.0.1\n"
	  "phones: { p: { realm: a, address: 10.0.0.20 }, q: { realm: b, address: 10.0.0.20 } }\n",
	  "t.yaml:5: realm 'b': media-ports 36000-59999 have port 36010 of a udp listener of realm 'a' "
	  "among them; move one\n" },
	{ "realms:\n  a:\n    listen: [ \"udp:0.0.0.0:36010\" ]\n    media-address: 10.0.0.3\n"
	  "    advertise: a.example\n    media-ports: 10000-19999\n"
	  "  b:\n    listen: [ \"udp:10.0.0.2\" ]\n"
	  "phones: { p: { realm: a, address: 10.0.0.20 }, q: { realm: b, address: 10.0.0.20 } }\n",
	  "t.yaml:7: realm 'b': media-ports 36000-59999 have port 36010 of a udp listener of realm 'a' "
	  "among them; move one\n" },
	{ "realms:\n  a:\n    listen: [ \"udp:10.0.0.1\", \"udp:10.0.0.1:36010\", \"udp:[::]:36012\" ]\n"
	  "    media-address: 10.0.0.1\n    advertise: a.example\n    media-ports: 10000-19999\n"
	  "  b:\n    listen: [ \"udp:10.0.0.2\", \"tcp:10.0.0.2:36011\" ]\n"
	  "phones: { p: { realm: a, address: 10.0.0.20 }, q: { realm: b, address: 10.0.0.20 } }\n",
	  "" },
	/* Phones. */
	{ "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\nphones:\n"
	  "  a: { realm: in }\n",
	  "t.yaml:3: phone 'a': anybody could say to be it; write password-file: FILE, or address: "
	  "ADDRESS\n" },
	{ "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\nphones:\n"
	  "  a: { realm: in, password: longenough,\n    password-file: desk.password,\n"
	  "    address: 10.0.0.20 }\n",
	  "t.yaml:4: phone 'a': has a password and a password-file; write one of them\n"
	  "t.yaml:5: phone 'a': is known by its address or by its password, not by both; remove "
	  "one\n" },
	{ "realms: { in: { listen: [ \"udp:10.0.0.1\" ], networks: [ 10.0.0.0/8 ] } }\nphones:\n"
	  "  a: { realm: in, address: 192.0.2.1 }\n  b: { realm: in, address: 10.1.2.3 }\n",
	  "t.yaml:3: phone 'a': 192.0.2.1 is in none of the networks of realm 'in', so it is never "
	  "heard; add it there\n" },
	{ "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\nphones:\n"
	  "  a: { realm: in, address: 10.0.0.20 }\n  b: { realm: in, address: 10.0.0.20 }\n",
	  "t.yaml:4: phone 'b': 10.0.0.20 is phone 'a' already; one phone an address, with all "
	  "numbers\n" },
	{ "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\nphones:\n"
	  "  a: { realm: in, address: 10.0.0.20, numbers: [ \"100\", \"101\" ] }\n"
	  "  b: { realm: in, address: 10.0.0.21, numbers: [ \"101\", a ] }\n"
	  "  c: { realm: in, address: 10.0.0.22, numbers: [ \"102\", \"102\" ] }\n",
	  "t.yaml:4: phone 'b': 101 rings phone 'a'; a number belongs to one phone\n"
	  "t.yaml:4: phone 'b': a rings phone 'a'; a number belongs to one phone\n"
	  "t.yaml:5: phone 'c': 102 rings it already; remove it from numbers\n" },
};

static void each_rule_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		world_says(cases[i].text, cases[i].expected);
}

/* Line 7 is the trunk's, line 8 its further options, line 10 the first route. */
#define BORDER(realm, trunk, routes)                                 \
	"identities: { us: { certificate: us.pem, key: us.key } }\n" \
	"realms:\n"                                                  \
	"  in: { listen: [ \"udp:10.0.0.1\" ] }\n"                   \
	"  out: { " realm " }\n"                                     \
	"phones: { desk: { realm: in, address: 10.0.0.20 } }\n"      \
	"trunks:\n"                                                  \
	"  acme: { realm: out,\n"                                    \
	"    " trunk " }\n"                                          \
	"routes:\n" routes

#define OUT    "listen: [ \"tls:203.0.113.5\" ], identity: us"
#define ACME   "domain: provider.example"
#define ROUTES "  - { from: in, number: \"+*\", to: acme }\n"

static const struct {
	const char *text, *expected;
} trunk_cases[] = {
	{ BORDER(OUT, ACME, ROUTES), "" },
	{ BORDER("listen: [ \"tcp:203.0.113.5\" ]", ACME, ROUTES),
	  "t.yaml:7: trunk 'acme': realm 'out' has no tls listener, and a trunk is SIPS; add "
	  "\"tls:ADDRESS:5061\" there\n" },
	{ BORDER(OUT, ACME ", srtp: off", ROUTES), "" },
	{ BORDER(OUT, "domain: 192.0.2.1", ROUTES),
	  "t.yaml:8: trunk 'acme': a certificate is checked by name, and 192.0.2.1 is an address; "
	  "write verify-names: [ NAME ]\n" },
	{ BORDER(OUT, "domain: 192.0.2.1, verify-names: [ provider.example ]", ROUTES), "" },
	{ BORDER(OUT, ACME ", resolver-domains: [ provider.example ]", ROUTES),
	  "t.yaml:8: trunk 'acme': says which names the trunk's own servers are asked for, and it "
	  "has none; write resolvers:, or remove it\n" },
	{ BORDER(OUT, ACME ", resolvers: [ 192.0.2.53 ], resolver-domains: [ provider.example ]",
	         ROUTES),
	  "" },
	{ BORDER(OUT, ACME, "  - { from: in, number: \"1\", to: desk }\n"),
	  "t.yaml:7: trunk 'acme': no route begins or ends at it; add one under routes:, or remove "
	  "it\n" },
	{ BORDER(OUT, ACME, "  []\n"),
	  "t.yaml:7: trunk 'acme': no route begins or ends at it; add one under routes:, or remove "
	  "it\n" },
	/* The wrong route may have been the one: one mistake, one line. */
	{ BORDER(OUT, ACME, "  - { from: in, number: \"1\", to: acm }\n"),
	  "t.yaml:10: route 1: to 'acm' is not defined; did you mean 'acme'?\n" },
	/* Phones without a certificate beside a trunk: it is known by its own. */
	{ BORDER(OUT ", client-certificate: optional", ACME,
	         "  - { from: acme, number: \"*\", to: desk }\n"),
	  "" },
	{ BORDER(OUT, ACME ", pins: [ us.pem ]", ROUTES), "" },
	{ BORDER(OUT, ACME ", crls: [ us.pem ]", ROUTES), "" },
	{ BORDER(OUT, ACME ",\n    pins: [ us.pem ],\n    crls: [ us.pem ]", ROUTES),
	  "t.yaml:10: trunk 'acme': a pinned key is trusted without an issuer, so there is nobody whose "
	  "list could be believed; remove crls, and take out the pin of a key that is no good any more\n" },
	{ BORDER(OUT ", networks: [ 192.0.2.0/24 ]", ACME ", networks: [ 198.51.100.0/24 ]",
	         ROUTES),
	  "t.yaml:8: trunk 'acme': 198.51.100.0 is in none of the networks of realm 'out', so it is "
	  "never heard; add it there\n" },
	{ BORDER(OUT, "port: 5061", ROUTES),
	  "t.yaml:7: trunk 'acme': domain is missing; for example domain: provider.example\n" },
	{ BORDER(OUT, ACME ", username: us, password-file: desk.password", ROUTES), "" },
	{ BORDER(OUT, ACME ", username: us", ROUTES),
	  "t.yaml:8: trunk 'acme': has a username and no password; write password-file: "
	  "FILE\n" },
	{ BORDER(OUT, ACME ", password-file: desk.password", ROUTES),
	  "t.yaml:8: trunk 'acme': has a password and no user; write username: NAME\n" },
	{ BORDER(OUT, ACME ", auth-realm: \"a \\\"b\"", ROUTES),
	  "t.yaml:8: trunk 'acme': auth-realm 'a \"b' is not a text; write 1 to 128 ASCII "
	  "characters without \" and \\\n" },
	/* Routes. */
	{ BORDER(OUT, ACME, ROUTES "  - { from: acme, number: \"*\", to: acme }\n"),
	  "t.yaml:11: route 2: goes back to where the call comes from; name another phone or "
	  "trunk\n" },
	/* Forms of numbers. */
	{ BORDER(OUT, ACME ", calling-in: plain", ROUTES),
	  "t.yaml:8: trunk 'acme': without a country nobody can tell what a number stands "
	  "for; write country: \"49\" or the like\n" },
	{ BORDER(OUT, ACME ", calling-in: as-is, calling-out: same, digits: international", ROUTES),
	  "" },
	{ BORDER(OUT, ACME, "  - { from: desk, number: \"*\", to: acme, calling-form: e164 }\n"),
	  "t.yaml:10: route 1: without a country nobody can tell what a number stands "
	  "for; write country: \"49\" or the like\n" },
	{ BORDER(OUT, ACME ", country: \"49\", numbers-out: e164, calling-out: as-is",
	         "  - { from: desk, number: \"*\", to: acme, country: \"49\", called-form: plain,\n"
	         "      calling-form: plain }\n"),
	  "t.yaml:10: route 1: plain is read as a local number by trunk 'acme', which has a form "
	  "of its own (numbers-out); write one of the two\n" },
	{ BORDER(OUT, ACME ", country: \"49\", calling-out: e164",
	         "  - { from: desk, number: \"*\", to: acme, country: \"49\", called-form: plain,\n"
	         "      calling-form: plain }\n"),
	  "t.yaml:11: route 1: plain is read as a local number by trunk 'acme', which has a form "
	  "of its own (calling-out, numbers-out); write one of the two\n" },
	{ BORDER(
	      OUT, ACME ", country: \"43\", numbers-out: e164",
	      "  - { from: desk, number: \"*\", to: acme, country: \"49\", called-form: national,\n"
	      "      calling-form: international }\n"),
	  "t.yaml:10: route 1: is written in another dialling plan than trunk 'acme' reads it by "
	  "(numbers-out); write one of the two, or the same country and prefixes for both\n" },
	{ BORDER(
	      OUT, ACME ", country: \"49\", calling-out: e164, international-prefix: \"011\"",
	      "  - { from: desk, number: \"*\", to: acme, country: \"49\", called-form: national,\n"
	      "      calling-form: international }\n"),
	  "t.yaml:11: route 1: is written in another dialling plan than trunk 'acme' reads it by "
	  "(calling-out, numbers-out); write one of the two, or the same country and prefixes for "
	  "both\n" },
	{ BORDER(
	      OUT, ACME ", country: \"49\", numbers-out: e164",
	      "  - { from: desk, number: \"*\", to: acme, country: \"49\", called-form: national,\n"
	      "      calling-form: international }\n"),
	  "" },
	/* What a phone hands on may come back to it; its own calls go on to the next route. */
	{ BORDER(OUT, ACME,
	         "  - { from: desk, number: \"2*\", to: desk }\n"
	         "  - { from: desk, number: \"21\", to: acme }\n"),
	  "" },
	{ BORDER(OUT, ACME,
	         "  - { from: [ acme, desk ], number: \"2*\", to: desk }\n"
	         "  - { from: acme, number: \"21\", to: desk }\n"),
	  "t.yaml:11: route 2: is never reached: the route in line 10 takes all of its calls; put it "
	  "before that one\n" },
	{ BORDER(OUT, ACME, ROUTES "  - { from: out, number: \"*\", to: desk }\n"),
	  "t.yaml:11: route 2: realm 'out' has no phones, so no call comes from it; name a phone or "
	  "trunk\n" },
	{ BORDER(OUT, ACME, ROUTES "  - { from: desk, number: \"+49*\", to: acme }\n"),
	  "t.yaml:11: route 2: is never reached: the route in line 10 takes all of its calls; put it "
	  "before that one\n" },
	{ BORDER(OUT, ACME, ROUTES "  - { from: in, number: \"+*\", to: acme }\n"),
	  "t.yaml:11: route 2: is never reached: the route in line 10 takes all of its calls; put it "
	  "before that one\n" },
	{ BORDER(OUT, ACME, ROUTES "  - { from: in, number: \"*\", to: acme }\n"), "" },
	{ BORDER(OUT, ACME,
	         "  - { from: desk, number: \"+49\", to: acme }\n"
	         "  - { from: in, number: \"+49*\", to: acme }\n"
	         "  - { from: desk, number: \"+48\", to: acme }\n"),
	  "" },
	{ BORDER(OUT, ACME, ROUTES "  - { from: acme, number: \"*\", to: in }\n"),
	  "t.yaml:11: route 2: to 'in' is a realm; a call goes to one phone or trunk\n" },
	{ BORDER(OUT, ACME ", max-calls: 1 }\n  desk: { realm: out, domain: b.example",
	         "  - { from: desk, number: \"+*\", to: acme }\n"),
	  "t.yaml:11: route 1: from 'desk' is the name of more than one phone, trunk or realm; "
	  "rename one\n" },
	/* Whose certificate proves both is neither. */
	{ BORDER(OUT,
	         ACME
	         ", wildcards: yes }\n  b: { realm: out, domain: other.example, wildcards: yes",
	         ROUTES "  - { from: in, number: \"1*\", to: b }\n"),
	  "t.yaml:9: trunk 'b': trunk 'acme' has the same realm and accepts the same certificate, "
	  "that of 'other.example', so that their calls cannot be told apart; give it a realm of its own\n" },
	{ BORDER(OUT, ACME ", wildcards: yes }\n  b: { realm: out, domain: other.example",
	         ROUTES "  - { from: in, number: \"1*\", to: b }\n"),
	  "" },
	{ BORDER(OUT, ACME " }\n  b: { realm: out, domain: Provider.Example",
	         ROUTES "  - { from: in, number: \"1*\", to: b }\n"),
	  "t.yaml:9: trunk 'b': trunk 'acme' has the same realm and accepts the same certificate, "
	  "that of 'Provider.Example', so that their calls cannot be told apart; give it a realm of "
	  "its own\n" },
	{ BORDER(OUT, ACME " }\n  b: { realm: out, domain: b.example",
	         ROUTES "  - { from: in, number: \"1*\", to: b }\n"),
	  "" },
	{ BORDER(OUT, ACME, "  - { from: in, to: acme }\n"),
	  "t.yaml:10: route 1: number is missing; for example number: \"+493012345\"\n" },
	{ BORDER(OUT, ACME, "  - { from: in, number: \"+49 30\", to: acme }\n"),
	  "t.yaml:10: route 1: number '+49 30' is not a number or the beginning of one; write "
	  "digits, letters and + - _ . # !, with a last * for the rest, or /REGULAR EXPRESSION/\n" },
	{ BORDER(
	      OUT, ACME,
	      "  - { from: in, number: \"+49-30*\", to: acme }\n"
	      "  - { from: in, number: [ \"100.*\", \"1-1.0\" ], caller: \"+49.30\", to: acme }\n"),
	  "t.yaml:10: route 1: number '+49-30*' has separators, and a call's number has none when it "
	  "is compared; write +4930*\n"
	  "t.yaml:11: route 2: caller '+49.30' has separators, and a call's number has none when it "
	  "is compared; write +4930\n"
	  "t.yaml:11: route 2: number '1-1.0' has separators, and a call's number has none when it is "
	  "compared; write 110\n"
	  "t.yaml:11: route 2: number '100.*' has separators, and a call's number has none when it is "
	  "compared; write 100*\n" },
	/* No digits alone: they keep what is in them. */
	{ BORDER(
	      OUT, ACME,
	      "  - { from: in, number: [ \"j.smith\", \"a-*\", \"-*\", \"*2-1\" ], to: acme }\n"),
	  "" },
	/* Lists, and what they cover. */
	{ BORDER(OUT, ACME, "  - { from: [ in, acme ], number: \"*\", to: acme }\n"),
	  "t.yaml:10: route 1: goes back to where the call comes from; name another phone or "
	  "trunk\n" },
	{ BORDER(OUT, ACME, "  - { from: in, number: \"*\", to: [ acme, desk, acme ] }\n"),
	  "t.yaml:10: route 1: has one of them twice; name each once\n" },
	{ BORDER(OUT, ACME,
	         "  - { from: in, number: [ \"1*\", \"+*\" ], to: acme }\n"
	         "  - { from: desk, number: [ \"12\", \"+4\" ], to: acme }\n"),
	  "t.yaml:11: route 2: is never reached: the route in line 10 takes all of its calls; put it "
	  "before that one\n" },
	{ BORDER(OUT, ACME,
	         "  - { from: in, number: [ \"1*\", \"+*\" ], to: acme }\n"
	         "  - { from: desk, number: [ \"12\", \"2\" ], to: acme }\n"
	         "  - { from: [ desk, acme ], number: \"12\", to: [] }\n"),
	  "t.yaml:12: route 3: to has 0 elements; write 1 to 8\n" },
	{ BORDER(OUT, ACME,
	         "  - { from: in, number: \"*\", caller: \"1\", to: acme }\n"
	         "  - { from: in, number: \"*\", hours: mon, to: acme }\n"
	         "  - { from: in, number: \"*\", methods: [ MESSAGE ], to: acme }\n"
	         "  - { from: in, number: \"/^1/\", to: acme }\n"
	         "  - { from: in, number: \"12\", to: acme }\n"),
	  "" },
	{ BORDER(OUT, ACME,
	         "  - { from: in, number: \"/^1/\", methods: [ MESSAGE, INVITE ], to: acme }\n"
	         "  - { from: in, number: \"/^1/\", hours: mon, to: acme }\n"),
	  "t.yaml:11: route 2: is never reached: the route in line 10 takes all of its calls; put it "
	  "before that one\n" },
	{ BORDER(OUT, ACME, "  - { from: in, number: \"*\", to: [ acme, desk ], share: [ 1 ] }\n"),
	  "t.yaml:10: route 1: has 1 for 2 in to:; write one for each\n" },
	{ BORDER(OUT, ACME,
	         "  - { from: in, number: \"*\", to: [ acme, desk ], share: [ 0, 0 ] }\n"),
	  "t.yaml:10: route 1: is 0 for all; one must be more, or leave it out\n" },
};

/* What stands in a route beside from: and to:, and what is said of it. */
static const struct {
	const char *option, *expected;
} route_values[] = {
	{ "number: \"/^+49/\"",
	  "number '/^+49/' is no regular expression: quantifier does not follow a repeatable item, behind character 1" },
	{ "number: \"/^(49/\"",
	  "number '/^(49/' is no regular expression: missing closing parenthesis, behind character 4" },
	{ "number: \"/x\"", "number '/x' is not a number or the beginning of one; write digits, "
	                    "letters and + - _ . # !, with a last * for the rest, or /REGULAR "
	                    "EXPRESSION/" },
	{ "number: \"//\"", "number '//' is not a number or the beginning of one; write digits, "
	                    "letters and + - _ . # !, with a last * for the rest, or /REGULAR "
	                    "EXPRESSION/" },
	{ "number: \"/^(0{1,30}){30,}$/\"", "" },
	{ "number: '/^\\+49$/'", "" },
	{ "number: \"1\", hours: mon", "" },
	{ "number: \"1\", hours: \"sat-mon,wed 00:00-24:00\"", "" },
	{ "number: \"1\", hours: \"23:00-01:00\"", "" },
#define HOURS_RULE \
	" is not a time of the week; write days, hours or both, as in mon-fri 08:00-18:00"
	{ "number: \"1\", hours: \"\"", "hours ''" HOURS_RULE },
	{ "number: \"1\", hours: may", "hours 'may'" HOURS_RULE },
	{ "number: \"1\", hours: mon-", "hours 'mon-'" HOURS_RULE },
	{ "number: \"1\", hours: \"mon,\"", "hours 'mon,'" HOURS_RULE },
	{ "number: \"1\", hours: mon08:00-09:00", "hours 'mon08:00-09:00'" HOURS_RULE },
	{ "number: \"1\", hours: \"8:00-09:00\"", "hours '8:00-09:00'" HOURS_RULE },
	{ "number: \"1\", hours: \"08:60-09:00\"", "hours '08:60-09:00'" HOURS_RULE },
	{ "number: \"1\", hours: \"08:00-24:01\"", "hours '08:00-24:01'" HOURS_RULE },
	{ "number: \"1\", hours: \"24:00-01:00\"", "hours '24:00-01:00'" HOURS_RULE },
	{ "number: \"1\", hours: \"08:00-08:00\"", "hours '08:00-08:00'" HOURS_RULE },
	{ "number: \"1\", hours: \"08:00-09:00 mon\"", "hours '08:00-09:00 mon'" HOURS_RULE },
	{ "number: \"1\", share: [ 1001 ]",
	  "share '1001' is not a weight; write a number from 0 to 1000" },
	{ "number: \"1\", methods: [ OPTIONS ]",
	  "methods 'OPTIONS' is none of its values; known here: INVITE, MESSAGE, SUBSCRIBE, "
	  "NOTIFY, PUBLISH, INFO, REFER" },
	{ "number: \"1\", methods: INVITE",
	  "methods takes a list; did you mean methods: [ INVITE ]?" },
};

static void values_of_routes(void **state)
{
	char text[2048], expected[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(route_values); i++) {
		snprintf(text, sizeof(text), BORDER(OUT, ACME, "  - { from: in, to: acme, %s }\n"),
		         route_values[i].option);
		snprintf(expected, sizeof(expected), "t.yaml:10: route 1: %s\n",
		         route_values[i].expected);
		world_says(text, *route_values[i].expected ? expected : "");
	}
}

static void time_zones(void **state)
{
	(void)state;
	world_says(REALM "time-zone: Europe/Berlin\n", "");
	world_says(REALM "time-zone: UTC\n", "");
	world_says(
	    REALM "time-zone: Europe/Nowhere\n",
	    "t.yaml:3: time-zone 'Europe/Nowhere' is not known to this machine; `timedatectl "
	    "list-timezones` lists those that are\n");
	world_says(
	    REALM "time-zone: ../../etc/passwd\n",
	    "t.yaml:3: time-zone '../../etc/passwd' is not a time zone; write its name, as in "
	    "Europe/Berlin\n");
}

static void parse_with_regex(void *arg)
{
	static const char text[] = BORDER(
	    OUT, ACME,
	    "  - { from: [ in ], number: [ \"1\", \"/^2/\" ], hours: mon, to: [ acme, desk ] }\n");
	char *said = NULL;
	size_t size;
	FILE *errors = open_memstream(&said, &size);
	struct config *cfg;
	char file[128];

	(void)arg;
	snprintf(file, sizeof(file), "%s/t.yaml", world);
	if (config_parse(&cfg, file, text, strlen(text), 0, errors) == OK)
		config_free(&cfg);
	fclose(errors);
	free(said);
}

static void each_allocation_of_a_route_fails(void **state)
{
	(void)state;
	assert_true(each_allocation_fails(parse_with_regex, NULL) > 20);
}

static void trunks_and_routes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(trunk_cases); i++)
		world_says(trunk_cases[i].text, trunk_cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_rule_is_said),
		cmocka_unit_test(trunks_and_routes),
		cmocka_unit_test(values_of_routes),
		cmocka_unit_test(time_zones),
		cmocka_unit_test(each_allocation_of_a_route_fails),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
