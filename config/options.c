/* The option table. To add an option: a field in config.h, a row here, a line in a test; then
 * regenerate full.yaml and schema.json (tests/unit/config/test_options.c says how). */
#include "config/options.h"

#include "config/options_table.h"

#define SECTION(table) .options = (table), .noptions = ARRAY_LEN(table)
#define OBJECTS(type, field)                      \
	.offset = offsetof(struct config, field), \
	.count_offset = offsetof(struct config, n##field), .size = sizeof(struct type)

static const char *const log_levels[] = { "error", "warn", "info", "debug", NULL };
static const char *const log_targets[] = { "stderr", "journald", NULL };
static const char *const client_certs[] = { "required", "optional", NULL };
static const char *const digest_offers[] = { "all", "md5", NULL };
static const char *const phone_transfers[] = { "carry-out", "refuse", NULL };
static const char *const latch_modes[] = { "strict", "latch", "network", NULL };

static const struct option top[] = {
	{ .key = "control-socket",
	  .kind = KIND_SOCKET,
	  FIELD(config, control_socket),
	  .min = 1,
	  .max = 107, /* sun_path */
	  .standard = "/run/trunkgate/control",
	  .help = "Where the running process listens for local commands (status, calls, reload)." },
	{ .key = "time-zone",
	  .kind = KIND_ZONE,
	  FIELD(config, time_zone),
	  .otherwise = "the machine's",
	  .example = "Europe/Berlin",
	  .help = "The time zone of the routes' hours." },
	{ .key = "media-workers",
	  .kind = KIND_NUMBER,
	  FIELD(config, media_workers),
	  .min = 1,
	  .max = 64,
	  .unit = "threads",
	  .standard = "2",
	  .help = "Threads that carry the media. More than the machine has cores are of no use." },
	{ .key = "media-gather",
	  .kind = KIND_DURATION,
	  FIELD(config, media_gather_ms),
	  .min = 0,
	  .max = 5,
	  .standard = "1ms",
	  .help =
	      "How long a media packet may wait for others while many come one by one, from some 20 calls a "
	      "worker on: to be woken for each costs more than to relay it. 0ms: never." },
	{ .key = "max-calls",
	  .kind = KIND_NUMBER,
	  FIELD(config, max_calls),
	  .min = 1,
	  .max = 32000,
	  .unit = "calls",
	  .standard = "1000",
	  .help =
	      "Calls at the same time. One more is answered 503, so that those that are up stay good. "
	      "Every realm needs at least two media ports a call." },
	{ .key = "calls-per-second",
	  .kind = KIND_NUMBER,
	  FIELD(config, calls_per_second),
	  .min = 1,
	  .max = 1000,
	  .unit = "calls",
	  .otherwise = "any number",
	  .example = "50",
	  .help =
	      "New calls in a second; and beside them as many requests out of calls (MESSAGE and the "
	      "like). One more is answered 503 with Retry-After." },
	{ .key = "max-connections",
	  .kind = KIND_NUMBER,
	  FIELD(config, max_connections),
	  .min = 16,
	  .max = 65535,
	  .unit = "connections",
	  .standard = "4096",
	  .help =
	      "TCP and TLS connections at the same time. One more is closed at once; the last eighth is "
	      "kept for those that the border makes itself." },
	{ .key = "max-connections-per-source",
	  .kind = KIND_NUMBER,
	  FIELD(config, max_connections_per_source),
	  .min = 1,
	  .max = 65535,
	  .unit = "connections",
	  .standard = "256",
	  .help =
	      "Those of them that may come from one address: as many as there are phones behind one NAT." },
	{ .key = "max-transactions",
	  .kind = KIND_NUMBER,
	  FIELD(config, max_transactions),
	  .min = 100,
	  .max = 1000000,
	  .unit = "transactions",
	  .standard = "200000",
	  .help =
	      "SIP requests that are remembered at the same time, coming and going each. Over UDP that is "
	      "32 s for each, so a call takes four or five. One more is answered 503; the last eighth is "
	      "kept for calls that stand." },
};

static const struct option logging[] = {
	{ .key = "level",
	  .kind = KIND_ENUM,
	  FIELD(config, log_level),
	  .names = log_levels,
	  .standard = "info",
	  .help =
	      "How much is logged. error: the operator must act. warn: something is off. info: a call or "
	      "registration began or ended. debug: the rest." },
	{ .key = "to",
	  .kind = KIND_ENUM,
	  FIELD(config, log_target),
	  .names = log_targets,
	  .standard = "stderr",
	  .help = "Where log lines go." },
};

static const struct option identities[] = {
	{ .key = "certificate",
	  .kind = KIND_FILE,
	  .flags = OPTION_REQUIRED,
	  FIELD(config_identity, certificate),
	  .example = "us.pem",
	  .help =
	      "PEM file with our certificate and every intermediate up to the root: the whole chain is sent. "
	      "An intermediate that is missing is looked for in trust: of the trunks, then among the machine's "
	      "roots. credential:NAME instead of a path, here and in other files: a credential of systemd." },
	{ .key = "key",
	  .kind = KIND_KEY_FILE,
	  .flags = OPTION_SHOWN,
	  FIELD(config_identity, key),
	  .otherwise = "the certificate's file",
	  .example = "us.key",
	  .help = "PEM file with the private key." },
	{ .key = "passphrase-file",
	  .kind = KIND_KEY_FILE,
	  FIELD(config_identity, passphrase_file),
	  .otherwise = "the key is not encrypted",
	  .example = "us.passphrase",
	  .help = "A file whose first line opens the private key." },
	{ .key = "also",
	  .kind = KIND_REF,
	  FIELD(config_identity, also),
	  .section = SECTION_IDENTITIES,
	  .otherwise = "it stands alone",
	  .example = "us-rsa",
	  .help =
	      "Another identity with another type of key, offered beside it: RSA beside EC. The peer takes what "
	      "it can." },
};

static const struct option realms[] = {
	{ .key = "listen",
	  .kind = KIND_LISTENER,
	  .flags = OPTION_REQUIRED | OPTION_LIST,
	  LIST(config_realm, listeners),
	  .min = 1,
	  .max = 16,
	  .example = "[ \"udp:203.0.113.5:5060\", \"tls:203.0.113.5:5061\" ]",
	  .help =
	      "Where signalling is heard: transport, address, port. Without a port it is 5060, or 5061 for tls. "
	      "mtls is tls that demands a client certificate, whatever client-certificate says." },
	{ .key = "advertise",
	  .kind = KIND_HOST,
	  FIELD(config_realm, advertise),
	  .max = 253,
	  .otherwise = "the listener's address",
	  .example = "sbc.example.com",
	  .help =
	      "The host that peers see in Via and Contact. For a trunk: our name as our certificate has it. "
	      "stun:SERVER[:PORT] is the address at which a STUN server sees us, for media as well." },
	{ .key = "media-address",
	  .kind = KIND_ADDRESS,
	  FIELD(config_realm, media_address),
	  .otherwise = "the first listener's address",
	  .example = "203.0.113.5",
	  .help = "The address that media sockets are bound to." },
	{ .key = "media-advertise",
	  .kind = KIND_HOST,
	  FIELD(config_realm, media_host),
	  .max = 253,
	  .otherwise = "what STUN says where advertise asks it, else media-address",
	  .example = "198.51.100.7",
	  .help =
	      "The address that we write into SDP: the outer one where a NAT stands in between. A name is looked "
	      "up and followed, stun:SERVER[:PORT] asked again every half minute: new calls have the new address." },
	{ .key = "media-ports",
	  .kind = KIND_PORTS,
	  FIELD(config_realm, media_port_low),
	  .offset2 = offsetof(struct config_realm, media_port_high),
	  .min = 1024,
	  .max = 65535,
	  .standard = "36000-59999", /* WBX-17 */
	  .help =
	      "UDP ports for media: RTP takes an even one, RTCP the odd one above. Open them in the firewall." },
	{ .key = "digest",
	  .kind = KIND_ENUM,
	  FIELD(config_realm, digest),
	  .names = digest_offers,
	  .standard = "all",
	  .help =
	      "How phones prove their passwords: all offers SHA-256 and MD5, the stronger first; "
	      "md5 is for phones that give up when they see another." },
	{ .key = "transfer",
	  .kind = KIND_ENUM,
	  FIELD(config_realm, transfer),
	  .names = phone_transfers,
	  .standard = "carry-out",
	  .help =
	      "What becomes of its phones' REFER: carry-out calls whom they name, by the routes of the "
	      "phone, or joins two calls of theirs; refuse answers 403." },
	{ .key = "keepalive",
	  .kind = KIND_DURATION,
	  .flags = OPTION_OFF,
	  FIELD(config_realm, keepalive_ms),
	  .min = 1000,
	  .max = 280000, /* E8-05 */
	  .standard = "30s",
	  .help =
	      "How often we ping on TCP and TLS connections to and from trunks, so that no NAT or firewall "
	      "forgets them. A peer that has ever answered must answer within 10 s each time, or the "
	      "connection is closed. 0s: never." },
	{ .key = "udp-keepalive",
	  .kind = KIND_DURATION,
	  .flags = OPTION_OFF,
	  FIELD(config_realm, udp_keepalive_ms),
	  .min = 1000,
	  .max = 280000,
	  .standard = "25s", /* RFC 5626 4.4.2: under the 30 s that many NATs give UDP */
	  .help =
	      "How often a phone that registered over UDP gets an empty datagram, so that the NAT before it "
	      "does not forget the way. Some NATs count only what the phone itself sends: then the phone must "
	      "keep it open. 0s: never." },
	{ .key = "max-head",
	  .kind = KIND_NUMBER,
	  FIELD(config_realm, max_head),
	  .min = 4096,
	  .max = 65536,
	  .unit = "octets",
	  .standard = "16384",
	  .help =
	      "The longest head of a message, first line and headers. A longer one is answered 513." },
	{ .key = "max-body",
	  .kind = KIND_NUMBER,
	  FIELD(config_realm, max_body),
	  .min = 4096,
	  .max = 131072,
	  .unit = "octets",
	  .standard = "65536",
	  .help = "The longest body of a message. A longer one is answered 413." },
	{ .key = "idle-timeout",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, idle_timeout_ms),
	  .min = 10000,
	  .max = 86400000,
	  .standard = "2h",
	  .help =
	      "How long a connection that came in, and no trunk's, may carry nothing until it is closed. "
	      "Longer than phones take to register again. One that has brought no message yet has 32 s." },
	{ .key = "handshake-timeout",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, handshake_timeout_ms),
	  .min = 1000,
	  .max = 60000,
	  .standard = "10s",
	  .help = "How long a connection that comes in may take for TLS." },
	{ .key = "session-expires",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, session_expires_ms),
	  .min = 0,
	  .max = 86400000,
	  .standard = "30m", /* RFC 4028 4 */
	  .help =
	      "How long a call stands without either side saying that it still does, where the peer can do "
	      "that (RFC 4028): a call whose other end is gone is hung up by then. 0s: never asked for." },
	{ .key = "min-se",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, min_se_ms),
	  .min = 90000, /* RFC 4028 4 */
	  .max = 86400000,
	  .standard = "90s",
	  .help = "The least of that time that we take from a peer; for less it gets 422." },
	{ .key = "t1",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, t1_ms),
	  .min = 50,
	  .max = 5000,
	  .standard = "500ms", /* RFC 3261 17.1.1.1 */
	  .help =
	      "The time to a peer and back. After it a message over UDP is sent again, after twice that again, "
	      "and so on; after 64 times that a peer that says nothing is given up." },
	{ .key = "t2",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, t2_ms),
	  .min = 500,
	  .max = 60000,
	  .standard = "4s", /* RFC 3261 17.1.2.2 */
	  .help = "The longest wait between two copies; not below t1." },
	{ .key = "t4",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, t4_ms),
	  .min = 500,
	  .max = 60000,
	  .standard = "5s", /* RFC 3261 17.1.2.2 */
	  .help = "How long a message may be under way in the network." },
	{ .key = "srtp",
	  .kind = KIND_ENUM,
	  FIELD(config_realm, srtp),
	  .names = option_srtp_modes,
	  .standard = "off",
	  .help =
	      "Whether its phones speak SRTP; a trunk has an srtp of its own. required: nothing else. offered: a phone "
	      "that refuses it (488, 415, 606) is called without, and one that calls without is heard. offered-both: "
	      "as offered, with RTP as an m-line of its own beside SRTP in one offer. Keys stand in SDP: all "
	      "listeners must be tls, and who is to be called registers, also where its address is known." },
	{ .key = "latch",
	  .kind = KIND_ENUM,
	  FIELD(config_realm, latch),
	  .names = latch_modes,
	  .standard = "latch",
	  .help =
	      "Whose media packets are taken, and where ours go. latch: the first good packet from SDP's address or "
	      "the realm's networks decides, which survives NAT; another source is followed after a re-INVITE that "
	      "names another address, or when its SRTP authenticates. network: whoever is in the realm's networks or near the address in the "
	      "peer's SDP (its /24, or /64), where ports change in mid-call. strict: only the address in the "
	      "peer's SDP." },
	{ .key = "media-timeout",
	  .kind = KIND_DURATION,
	  .flags = OPTION_OFF,
	  FIELD(config_realm, media_timeout_ms),
	  .min = 5000,
	  .max = 86400000,
	  .standard = "60s",
	  .help =
	      "How long a peer that should be sending media may send nothing, on none of its streams and no "
	      "RTCP either, until the call is hung up. On hold it may. 0s: for ever." },
	{ .key = "media-keepalive",
	  .kind = KIND_DURATION,
	  FIELD(config_realm, media_keepalive_ms),
	  .min = 1000,
	  .max = 60000,
	  .standard = "15s", /* RFC 6263 6 */
	  .help =
	      "How long nothing may go to a peer's media, as on hold, until a packet of ours does, so that "
	      "no NAT forgets the way: less than its mappings live." },
	{ .key = "media-dscp",
	  .kind = KIND_NUMBER,
	  FIELD(config_realm, media_dscp),
	  .min = 0,
	  .max = 63,
	  .standard = "46", /* EF; E8-08 */
	  .help = "The DSCP of our media packets." },
	{ .key = "signalling-dscp",
	  .kind = KIND_NUMBER,
	  FIELD(config_realm, signalling_dscp),
	  .min = 0,
	  .max = 63,
	  .standard = "26", /* AF31; E8-08 */
	  .help = "The DSCP of our signalling." },
	{ .key = "identity",
	  .kind = KIND_REF,
	  .flags = OPTION_SHOWN,
	  FIELD(config_realm, identity),
	  .section = SECTION_IDENTITIES,
	  .example = "us",
	  .help = "The identity that TLS listeners show; they need one." },
	{ .key = "client-certificate",
	  .kind = KIND_ENUM,
	  FIELD(config_realm, client_certificate),
	  .names = client_certs,
	  .standard = "required",
	  .help =
	      "Whether a peer that connects over TLS must show a certificate. optional: for phones without one." },
	{ .key = "networks",
	  .kind = KIND_NETWORK,
	  .flags = OPTION_LIST,
	  LIST(config_realm, networks),
	  .min = 1,
	  .max = 256,
	  .otherwise = "anybody",
	  .example = "[ 10.0.0.0/8, \"2001:db8::/32\" ]",
	  .help =
	      "Who may speak to us here; others are dropped without an answer, their media too unless SDP names "
	      "their address." },
};

const struct section config_sections[NSECTIONS] = {
	[SECTION_TOP] = { .shape = SHAPE_ONE, SECTION(top) },
	[SECTION_LOG] = { .key = "log",
	                  .one = "log",
	                  .shape = SHAPE_ONE,
	                  SECTION(logging),
	                  .help = "The log." },
	[SECTION_IDENTITIES] = { .key = "identities",
	                         .one = "identity",
	                         .shape = SHAPE_MAP,
	                         SECTION(identities),
	                         OBJECTS(config_identity, identities),
	                         .max = 100,
	                         .example = "us",
	                         .help = "Who we are: keys with their certificates." },
	[SECTION_REALMS] = { .key = "realms",
	                     .one = "realm",
	                     .shape = SHAPE_MAP,
	                     SECTION(realms),
	                     OBJECTS(config_realm, realms),
	                     .max = 100,
	                     .required = true,
	                     .example = "border",
	                     .help =
	                         "The sides of the border: one for the phones, one for each network with trunks." },
	[SECTION_PHONES] = { .key = "phones",
	                     .one = "phone",
	                     .shape = SHAPE_MAP,
	                     SECTION(phone_options),
	                     OBJECTS(config_phone, phones),
	                     .max = 10000,
	                     .example = "desk",
	                     .help = "Phones and PBXs on the inside." },
	[SECTION_TRUNKS] = { .key = "trunks",
	                     .one = "trunk",
	                     .shape = SHAPE_MAP,
	                     SECTION(trunk_options),
	                     OBJECTS(config_trunk, trunks),
	                     .max = 100,
	                     .example = "acme",
	                     .help = "Connections to providers, always SIPS." },
	[SECTION_ROUTES] = { .key = "routes",
	                     .one = "route",
	                     .shape = SHAPE_LIST,
	                     SECTION(route_options),
	                     OBJECTS(config_route, routes),
	                     .max = 2000,
	                     .help =
	                         "Where calls go. Tried from the first to the last; the first that fits is taken." },
};

_Static_assert(ARRAY_LEN(trunk_options) <= OPTIONS_MAX && ARRAY_LEN(realms) <= OPTIONS_MAX,
               "the parser keeps an array of OPTIONS_MAX lines");
_Static_assert(offsetof(struct config_identity, name) == 0 &&
                   offsetof(struct config_realm, name) == 0 &&
                   offsetof(struct config_phone, name) == 0 &&
                   offsetof(struct config_trunk, name) == 0,
               "section_name takes the name for the first field");
