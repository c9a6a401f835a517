/* The configuration, as the rest of the program reads it. Written once by config_load, then
 * constant. Owner of all that it points to: struct config. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "base/pattern.h"
#include "config/outer.h"

enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS };

const char *transport_name(enum transport t); /* "udp", "tcp", "tls" */

struct config_listener {
	enum transport transport;
	bool mutual; /* TLS that demands a client certificate, whatever the realm says */
	struct addr addr;
};

/* A key with its whole chain, in PEM files. */
struct config_identity {
	char *name;
	char *certificate;
	char *key;             /* the same file as certificate where the option is absent */
	char *passphrase_file; /* the key's; NULL: none */
	const struct config_identity *also; /* with another type of key; NULL: none */
};

enum client_cert { CLIENT_CERT_REQUIRED, CLIENT_CERT_OPTIONAL };
enum latch_mode { LATCH_STRICT, LATCH_LATCH, LATCH_NETWORK };
/* What phones are challenged with: SHA-256 and MD5 (RFC 8760), or MD5 alone. */
enum digest_offer { DIGEST_OFFER_ALL, DIGEST_OFFER_MD5 };

/* What becomes of a REFER. */
enum transfer_policy { TRANSFER_CARRY_OUT, TRANSFER_REFUSE, TRANSFER_PASS };

/* OFFERED: in place of RTP, and once more without to who refuses it; OFFERED_BOTH: beside RTP. */
enum srtp_mode { SRTP_REQUIRED, SRTP_OFF, SRTP_OFFERED, SRTP_OFFERED_BOTH };

struct config_realm {
	char *name;
	struct config_listener *listeners;
	size_t nlisteners;
	/* For Via and Contact: a name, or an address as a URI has it; NULL: outer's, or the
	 * listener's. */
	char *advertise;
	struct addr media_address;   /* bound; default: the first listener's, no port */
	char *media_host;            /* as advertise; NULL: not written */
	struct addr media_advertise; /* written into SDP while outer is not known */
	struct config_outer outer;
	unsigned media_port_low, media_port_high;
	enum srtp_mode srtp; /* of its phones */
	enum latch_mode latch;
	unsigned media_timeout_ms;            /* 0: none */
	unsigned media_keepalive_ms;          /* 0: 15 s */
	unsigned media_dscp, signalling_dscp; /* of what we send */
	enum digest_offer digest;
	unsigned keepalive_ms;         /* between two pings; 0: none */
	unsigned idle_timeout_ms;      /* of a connection that came in and no trunk's; 0: never */
	unsigned handshake_timeout_ms; /* of a connection that came in; 0: 10 s */
	unsigned session_expires_ms;   /* RFC 4028; 0: no session timers */
	unsigned min_se_ms;
	enum transfer_policy transfer;          /* of its phones; never PASS */
	unsigned udp_keepalive_ms;              /* between two to a registered phone; 0: none */
	unsigned max_head, max_body;            /* octets of a message; 0: 16 and 64 KiB */
	unsigned t1_ms, t2_ms, t4_ms;           /* RFC 3261 17.1.1.1 and 17.1.1.2; 0: the RFC's */
	const struct config_identity *identity; /* shown by TLS listeners; NULL: none */
	enum client_cert client_certificate;
	struct addr_net *networks; /* who may speak to us here; none: anybody */
	size_t nnetworks;
};

/* What a call over the limit is answered. */
enum over_limit { OVER_LIMIT_AUTO, OVER_LIMIT_486, OVER_LIMIT_503 };

enum no_yes { NO, YES };

/* An endpoint or PBX inside: known by its address, or by its password (name is the user). */
struct config_phone {
	char *name;
	const struct config_realm *realm;
	struct addr address; /* unset: it registers */
	char *password;      /* NULL: known by address */
	char **numbers;      /* that ring it, besides its name */
	size_t nnumbers;
	char *caller_id;     /* the number it shows outside; NULL: what it sends */
	enum no_yes trusted; /* what it says of its caller's identity is believed (RFC 3325) */
	unsigned answer_timeout_ms; /* from INVITE to a final answer */
	unsigned max_calls;         /* default: the config's */
	unsigned calls_per_second;  /* 0: any number */
	enum over_limit over_limit;
};

/* How our URIs look towards a trunk: sips:… or sip:…;transport=tls */
enum uri_form { URI_SIPS, URI_SIP_TLS };
/* An INVITE without an offer: goes as it is, or with an offer of ours. */
enum delayed_offer { DELAYED_PASS, DELAYED_INVENT };
/* Whether DNS is asked for NAPTR before SRV (RFC 3263 4.1). */
enum naptr_use { NAPTR_NO, NAPTR_YES };

/* The oldest version that is spoken; 0 is what it is without a word. */
enum tls_least { TLS_LEAST_1_2, TLS_LEAST_1_3, TLS_LEAST_1_1 };
/* Whether OCSP is asked about a peer; 0 is what it is without a word. */
enum ocsp_mode { OCSP_MODE_STAPLED, OCSP_MODE_ASK, OCSP_MODE_OFF };
/* Faults of a peer's certificate that are logged alone. */
enum tolerance {
	TOLERATE_EXPIRED,
	TOLERATE_NOT_YET_VALID,
	TOLERATE_WRONG_USAGE,
	TOLERATE_WEAK,
	TOLERATE_NO_STATUS
};

/* The way of a call or message across a trunk. */
enum trunk_way { TRUNK_OUT, TRUNK_IN };
enum number_of { NUMBER_CALLED, NUMBER_CALLING };
/* NUMBERS_SAME: of the calling number, as the called one is written. */
enum number_form {
	NUMBERS_AS_IS,
	NUMBERS_E164,
	NUMBERS_NATIONAL,
	NUMBERS_INTERNATIONAL,
	NUMBERS_PLAIN,
	NUMBERS_SAME
};
enum bare_digits { DIGITS_DIALLED, DIGITS_INTERNATIONAL };

/* How numbers are dialled somewhere, by which one can tell what they stand for. */
struct config_dialling {
	char *country, *area; /* digits; NULL: unknown */
	char *international_prefix, *national_prefix;
	enum bare_digits digits; /* how those are read that have no prefix */
};

/* The first that fits a number writes it anew. */
struct config_number_rule {
	enum trunk_way way;
	enum number_of number;
	struct pattern *match;
	char *replace; /* a template; see pattern_replace */
};

/* Where a caller's number can stand. */
enum caller_id_header { CALLER_ID_FROM, CALLER_ID_PAI, CALLER_ID_PPI, CALLER_ID_RPID };

/* In which calls a caller's location (PIDF-LO) passes between a trunk and the inside. */
enum location_use { LOCATION_EMERGENCY, LOCATION_ALWAYS, LOCATION_NEVER };

/* How a trunk hears who sent a call on before. */
enum diversion_use { DIVERSION_DIVERSION, DIVERSION_HISTORY_INFO, DIVERSION_BOTH, DIVERSION_NONE };

enum rule_action { RULE_SET, RULE_REMOVE, RULE_RENAME, RULE_COPY };
extern const char *const config_rule_methods[]; /* that a rule can be for; then NULL */
/* Whether Trunkgate makes a header itself of what its sender may say, such as Diversion. */
bool config_makes_header(const char *name);

/* What an integrator does to a header; in what order and when, header_rules.c says. */
struct config_header_rule {
	enum trunk_way way;
	enum rule_action action;
	char *header;
	char *to;              /* rename, copy */
	char *value;           /* a template where there is a match; see pattern_replace */
	struct pattern *match; /* NULL: whatever the value is */
	unsigned *methods;     /* of config_rule_methods; none: all */
	size_t nmethods;
	unsigned *statuses; /* of answers, 4 for 4xx; none: requests */
	size_t nstatuses;
};

struct config_trunk {
	char *name;
	char *profile; /* NULL: none */
	const struct config_realm *realm;
	char *domain;  /* a name or IPv4 address; looked up, and the host of our Request-URIs */
	unsigned port; /* 0: from SRV, else no SRV look-up */
	char *lookup;  /* looked up in DNS; NULL: domain */
	char *sni;     /* asked for in the handshake; NULL: domain */
	char **verify_names; /* that the peer's certificate may have; default: domain */
	size_t nverify_names;
	const struct config_identity *identity; /* as client; default: the realm's */
	const struct config_identity
	    *server_identity;  /* when it asks for a name of it; NULL: none */
	enum no_yes send_root; /* also where the identity's file has it not */
	char *trust;           /* PEM file or directory of roots, or "system" */
	char **pins;           /* public keys; with one trust counts for nothing */
	size_t npins;
	char **crls; /* files or directories */
	size_t ncrls;
	enum ocsp_mode ocsp;
	enum tls_least tls_least;
	char *ciphers;         /* TLS 1.2 and below, as OpenSSL writes them; NULL: ours */
	unsigned verify_depth; /* intermediates at most; 0: 10 */
	enum no_yes wildcards;
	enum tolerance *tolerate;
	size_t ntolerate;
	char *username;   /* for digest; NULL: none */
	char *password;   /* set where username is */
	char *auth_realm; /* the only one that is answered; NULL: any */
	enum srtp_mode srtp;
	unsigned *srtp_suites; /* in the order of the option's names; none: the usual ones */
	size_t nsrtp_suites;
	char **plain_media; /* protocols beside required SRTP; none: Webex's */
	size_t nplain_media;
	char **codecs; /* of audio, in order; none: all */
	size_t ncodecs;
	unsigned ptime_ms; /* 0: the other side's */
	enum uri_form uri_form;
	enum delayed_offer delayed_offer;
	enum transfer_policy transfer;   /* of who speaks with it */
	enum no_yes transfer_from_trunk; /* its own are carried out */
	unsigned max_loss;               /* of 1000 packets; more is marked; 1000: none is */
	unsigned max_jitter_ms, max_round_trip_ms; /* more is marked; 0: none is */
	char *stun;                                /* a server that the doctor asks; NULL: none */
	unsigned stun_port;
	enum no_yes ask_options;
	unsigned *other_ports; /* that the doctor tries as well */
	size_t nother_ports;
	char **demands; /* IDs that the doctor looks at; none: what any SIPS trunk needs */
	size_t ndemands;
	char *provider_roots;   /* that it takes our chain for: file, directory or "system" */
	struct addr *resolvers; /* DNS servers; none: the system's */
	size_t nresolvers;
	char **resolver_domains; /* that they are asked for; none: all */
	size_t nresolver_domains;
	enum naptr_use naptr;
	struct addr_net
	    *networks; /* where its calls come from; none: anywhere, by certificate alone */
	size_t nnetworks;
	struct config_number_rule *number_rules;
	size_t nnumber_rules;
	enum number_form numbers_out, numbers_in, calling_out, calling_in;
	struct config_dialling dialling;
	enum caller_id_header *caller_id_in; /* where it is looked for; none: in From */
	size_t ncaller_id_in;
	enum caller_id_header *caller_id_out; /* where it is written besides From */
	size_t ncaller_id_out;
	enum no_yes trusted; /* with numbers that are withheld (RFC 3325) */
	enum location_use location;
	enum diversion_use diversion;
	struct config_header_rule *header_rules;
	size_t nheader_rules;
	char **pass_headers; /* that cross besides those of the policy */
	size_t npass_headers;
	unsigned max_calls;        /* default: the config's */
	unsigned calls_per_second; /* 0: any number */
	enum over_limit over_limit;
	unsigned drain_after_ms; /* of a reload; 0: never */
	char **redirect_domains; /* besides its domain */
	size_t nredirect_domains;
	unsigned connect_timeout_ms; /* for one address: TCP and TLS */
	unsigned target_timeout_ms;  /* for one address: the first answer */
	unsigned answer_timeout_ms;  /* from INVITE to a final answer */
};

enum party_kind { PARTY_REALM, PARTY_PHONE, PARTY_TRUNK };

/* A realm stands for all of its phones. */
struct config_party {
	enum party_kind kind;
	union {
		const struct config_realm *realm;
		const struct config_phone *phone;
		const struct config_trunk *trunk;
	};
};

/* What a number looks like: it itself, its beginning with a last '*', or a regular expression. */
struct config_pattern {
	char *text;            /* as written */
	struct pattern *regex; /* of /.../; NULL: another form */
};

/* When: from to until, in minutes of the day, on days (bit 0: Sunday). Where until is not above
 * from, it is on the day after. */
struct config_hours {
	unsigned days, from, until;
};

/* Requests out of a dialog that a route can take; names as in SIP. */
enum config_method {
	ROUTE_INVITE,
	ROUTE_MESSAGE,
	ROUTE_SUBSCRIBE,
	ROUTE_NOTIFY,
	ROUTE_PUBLISH,
	ROUTE_INFO,
	ROUTE_REFER
};
extern const char *const config_methods[]; /* then NULL */

/* What becomes of a 3xx of the one that is called. */
enum redirects { REDIRECTS_FOLLOW, REDIRECTS_PASS, REDIRECTS_REFUSE };

/* Tried from the first to the last; the first that fits is taken. */
struct config_route {
	struct config_party *from; /* any of them */
	size_t nfrom;
	struct config_pattern *number; /* the dialled user part: like any of them */
	size_t nnumber;
	struct config_pattern *caller; /* the caller's: like any of them; none: any number */
	size_t ncaller;
	struct config_hours *hours; /* in any of them; none: always */
	size_t nhours;
	enum config_method *methods; /* none: INVITE alone */
	size_t nmethods;
	struct config_party *to; /* phones and trunks, in the order in which they are tried */
	size_t nto;
	unsigned *share; /* of the calls, to be the first of them; none: that order */
	size_t nshare;
	struct config_number_rule *number_rules; /* for its calls, before those of a trunk */
	size_t nnumber_rules;
	enum number_form called_form, calling_form; /* of what no rule wrote */
	struct config_dialling dialling;            /* of who calls */
	enum no_yes emergency;
	enum redirects redirects;
	unsigned line; /* in the file, for messages */
};

struct config {
	char *file;
	enum log_level log_level;
	enum log_target log_target;
	char *control_socket;
	char *time_zone; /* of the routes' hours; NULL: the machine's */
	unsigned media_workers;
	unsigned media_gather_ms;
	unsigned max_calls;
	unsigned calls_per_second; /* 0: any number */
	unsigned max_connections, max_connections_per_source;
	unsigned max_transactions; /* those that come, and as many that we begin */
	struct config_identity *identities;
	size_t nidentities;
	struct config_realm *realms;
	size_t nrealms;
	struct config_phone *phones;
	size_t nphones;
	struct config_trunk *trunks;
	size_t ntrunks;
	struct config_route *routes;
	size_t nroutes;
};

/* Reads and checks file. Problems, all of them, go to errors, a line each:
 * "FILE:LINE: what is wrong; what was probably meant". ERR_SYNTAX when there was one. */
MUST_USE enum err config_load(struct config **out, const char *file, FILE *errors);
/* The same for text that stood in file: relative paths start at its folder. mode: the file's
 * permissions, 0 for unknown. Borrows text. */
MUST_USE enum err config_parse(struct config **out, const char *file, const char *text, size_t len,
                               mode_t mode, FILE *errors);
void config_free(struct config **cfgp); /* wipes passwords; NULL is fine */

/* Lines about what is allowed, and may yet be meant otherwise: "FILE:LINE: hint: ..." */
void config_print_hints(const struct config *cfg, FILE *out);

/* Every option with its default, range and help, as YAML comments and values, or as JSON Schema. */
MUST_USE enum err config_print_full(FILE *out);
MUST_USE enum err config_print_schema(FILE *out);

#endif
