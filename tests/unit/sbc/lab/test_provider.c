/* The lab's provider, found by DNS and called over TLS: whom it lets in, what it answers, that the
 * echo is what was said. */
#include "tests/unit/certs/lab.h"

#include "media/srtp.h"
#include "sbc/lab/kit.h"
#include "sbc/lab/provider.h"
#include "sbc/lab/rtp_end.h"
#include "sbc/sip/sdp.h"
#include "tests/unit/loopback.h"

#define PACKETS 10

enum plan { TALK, PLAIN_RTP, GIVE_UP, WAIT_FOR_STOP };

/* Who calls. */
static struct {
	enum plan plan;
	struct loop *loop;
	struct kit kit;
	struct identity *identity;
	struct trust *trust;
	struct tls_context *tls;
	struct leg *leg;
	struct rtp_end *media;
	struct srtp_key key; /* ours */
	unsigned status, heard;
	bool was_hung_up;
	char failed[CERT_WHY_MAX];
} caller;

static struct provider *provider;
static struct provider_cfg cfg;

static uint16_t free_port(int type)
{
	struct addr a;
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type, 0);

	assert_int_equal(addr_parse(&a, own_loopback()), OK);
	assert_int_equal(bind(fd, &a.sa, addr_len(&a)), 0);
	assert_int_equal(getsockname(fd, &a.sa, &len), 0);
	close(fd);
	return addr_port(&a);
}

static void on_stopped(void *arg)
{
	UNUSED(arg);
}

/* --- the caller's audio --- */

static void send_packet(unsigned n)
{
	struct rtp_header header = { .payload_type = 8, .seq = (uint16_t)n, .timestamp = n * 160 };
	uint8_t payload[160];

	memset(payload, (int)n, sizeof(payload));
	rtp_end_send(caller.media, &header, payload, sizeof(payload));
}

/* The next goes out when the one before is back. */
static void on_rtp(void *arg, const struct rtp_header *header, const uint8_t *payload)
{
	UNUSED(arg);
	assert_int_equal(header->seq, caller.heard);
	assert_int_equal(header->timestamp, caller.heard * 160);
	assert_int_equal(header->payload_len, 160);
	for (size_t i = 0; i < 160; i++)
		assert_int_equal(payload[i], caller.heard);
	if (++caller.heard < PACKETS)
		send_packet(caller.heard);
	else if (caller.plan == WAIT_FOR_STOP)
		provider_stop(provider, on_stopped, NULL);
	else
		leg_bye(caller.leg);
}

static void make_offer(char *out, size_t size)
{
	static const char base64[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char key[41] = "";
	struct addr ours;

	for (size_t i = 0; i < 10; i++) {
		const uint8_t *p = caller.key.bytes + 3 * i;

		key[4 * i] = base64[p[0] >> 2];
		key[4 * i + 1] = base64[(p[0] & 3) << 4 | p[1] >> 4];
		key[4 * i + 2] = base64[(p[1] & 15) << 2 | p[2] >> 6];
		key[4 * i + 3] = base64[p[2] & 63];
	}
	rtp_end_address(caller.media, &ours);
	snprintf(out, size,
	         "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
	         "m=audio %u RTP/%s 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:%s\r\n",
	         addr_port(&ours), caller.plan == PLAIN_RTP ? "AVP" : "SAVP", key);
}

static void start_talking(const struct message *m)
{
	struct srtp_key theirs = { .mki_len = 0 };
	const struct sdp_media *media;
	struct sdp *sdp;
	size_t len;
	const char *text = message_body(m, &len);

	assert_int_equal(sdp_read(&sdp, text, len), OK);
	media = sdp_media_at(sdp, 0);
	assert_int_equal(media->ncrypto, 1);
	memcpy(theirs.bytes, media->crypto[0].key, media->crypto[0].key_len);
	assert_int_equal(
	    rtp_end_protect(caller.media, SRTP_AES_CM_128_HMAC_SHA1_80, &theirs, &caller.key), OK);
	rtp_end_aim(caller.media, &media->rtp);
	sdp_free(&sdp);
	send_packet(0);
}

/* --- the caller's signalling --- */

static void on_event(void *arg, struct leg *leg, enum leg_event event, const struct message *m,
                     const char *why)
{
	UNUSED(arg);
	switch (event) {
	case LEG_PROGRESS:
		assert_int_equal(message_status(m), 180);
		if (caller.plan == GIVE_UP)
			leg_cancel(leg);
		return;
	case LEG_ANSWER:
		caller.status = message_status(m);
		start_talking(m);
		return;
	case LEG_FAIL:
		caller.status = m ? message_status(m) : 0;
		snprintf(caller.failed, sizeof(caller.failed), "%s", why ? why : "");
		break;
	case LEG_BYE:
		caller.was_hung_up = true;
		break;
	case LEG_LOST:
	case LEG_GONE:
	case LEG_OFFER:
	case LEG_FETCH:
	case LEG_WITHDRAWN:
	case LEG_CHANGED:
	case LEG_REFUSED:
	case LEG_ANSWERED:
	case LEG_MOVED:
	case LEG_FREE:
	case LEG_CANCEL:
	case LEG_ACK:
	case LEG_NO_ACK:
		break;
	}
	loop_stop(caller.loop);
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	UNUSED(arg);
	assert_true(message_to_tag(request)[0]);
	leg_on_request(caller.leg, txn, request);
}

static void caller_open(const char *identity)
{
	static const char *const names[] = { "provider.lab" };
	struct stack_handler handler = { .on_request = on_request };
	struct peer_policy policy = { .trunk = "provider", .names = names, .nnames = 1 };
	struct tls_context_cfg tls = { .peer_role = CERT_ROLE_SERVER,
		                       .policies = &policy,
		                       .npolicies = 1 };
	struct kit_cfg kit = { .listener = { .transport = TRANSPORT_UDP },
		               .resolver = cfg.dns,
		               .media_low = 45200,
		               .media_high = 45299 };

	caller.trust = lab_trust("root.pem");
	if (identity)
		caller.identity = lab_identity(identity);
	policy.trust = caller.trust;
	tls.identity = caller.identity;
	assert_int_equal(tls_context_new(&caller.tls, &tls, lab.why), OK);
	assert_int_equal(addr_parse(&kit.listener.addr, own_loopback()), OK);
	assert_int_equal(kit_open(&caller.kit, caller.loop, &kit, lab.why), OK);
	stack_set_handler(caller.kit.stack, &handler);
}

static void call(enum plan plan)
{
	struct rtp_end_cfg media = { .loop = caller.loop,
		                     .ports = caller.kit.ports,
		                     .address = caller.kit.listener.addr,
		                     .on_rtp = on_rtp };
	struct target target = { .realm = caller.kit.realm,
		                 .transport = TRANSPORT_TLS,
		                 .host = "provider.lab",
		                 .srv = true,
		                 .tls = caller.tls,
		                 .sni = "provider.lab",
		                 .resolver = caller.kit.resolver,
		                 .connect_timeout_ms = 5000 };
	struct leg_uac_cfg uac = { .from = "<sips:alice@sbc.lab>",
		                   .to = "<sips:100@provider.lab>",
		                   .request_uri = "sips:100@provider.lab",
		                   .contact = "sips:alice@127.0.0.1",
		                   .target = &target };
	struct leg_handler handler = { .on_event = on_event };
	struct message *invite;
	char offer[600];

	caller.plan = plan;
	srtp_key_generate(&caller.key);
	assert_int_equal(rtp_end_new(&caller.media, &media), OK);
	make_offer(offer, sizeof(offer));
	assert_int_equal(leg_new_uac(&caller.leg, &caller.kit.legs, &uac, &handler), OK);
	assert_int_equal(leg_invite(caller.leg, &invite), OK);
	message_set_body(invite, "application/sdp", offer, strlen(offer));
	assert_int_equal(leg_send(caller.leg, invite), OK);
	message_free(&invite);
	loop_run(caller.loop);
}

static int setup(void **state)
{
	static char identity[256], trust[256];

	UNUSED(state);
	memset(&caller, 0, sizeof(caller));
	snprintf(identity, sizeof(identity), "%s", lab_path("provider.lab.pem"));
	snprintf(trust, sizeof(trust), "%s", lab_path("root.pem"));
	cfg = (struct provider_cfg){ .domain = "provider.lab",
		                     .identity = identity,
		                     .trust = trust,
		                     .peer_name = "sbc.lab",
		                     .media_low = 45300,
		                     .media_high = 45399 };
	if (addr_parse(&cfg.listen, own_loopback()) || addr_parse(&cfg.dns, own_loopback()))
		return -1;
	addr_set_port(&cfg.listen, free_port(SOCK_STREAM));
	addr_set_port(&cfg.dns, free_port(SOCK_DGRAM));
	return loop_new(&caller.loop) || provider_new(&provider, caller.loop, &cfg, lab.why) ? -1
	                                                                                     : 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	leg_free(&caller.leg);
	rtp_end_free(&caller.media);
	kit_close(&caller.kit);
	tls_context_free(&caller.tls);
	trust_free(&caller.trust);
	identity_free(&caller.identity);
	provider_free(&provider);
	loop_free(&caller.loop);
	return 0;
}

static int setup_all(void **state)
{
	UNUSED(state);
	return lab_open() || lab_shell("$LAB . provider.lab && $LAB . sbc.lab && $LAB . other.lab");
}

static int teardown_all(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

static void test_echo(void **state)
{
	UNUSED(state);
	caller_open("sbc.lab.pem");
	call(TALK);
	assert_int_equal(caller.status, 200);
	assert_int_equal(caller.heard, PACKETS);
	assert_false(caller.was_hung_up);
}

static void test_plain_rtp_is_refused(void **state)
{
	UNUSED(state);
	caller_open("sbc.lab.pem");
	call(PLAIN_RTP);
	assert_int_equal(caller.status, 488);
}

static void test_caller_gives_up(void **state)
{
	UNUSED(state);
	caller_open("sbc.lab.pem");
	call(GIVE_UP);
	assert_int_equal(caller.status, 487);
}

static void test_stop_hangs_up(void **state)
{
	UNUSED(state);
	caller_open("sbc.lab.pem");
	call(WAIT_FOR_STOP);
	assert_int_equal(caller.heard, PACKETS);
	assert_true(caller.was_hung_up);
}

/* In TLS 1.3 the client hears of it only after its own handshake: the connection is closed. */
static void test_strangers_stay_out(void **state)
{
	UNUSED(state);
	caller_open("other.lab.pem");
	call(TALK);
	assert_int_equal(caller.status, 0);
	assert_string_not_equal(caller.failed, "");
	assert_has(lab.log, "other.lab");
}

static void test_no_certificate_no_entry(void **state)
{
	UNUSED(state);
	caller_open(NULL);
	call(TALK);
	assert_int_equal(caller.status, 0);
	assert_string_not_equal(caller.failed, "");
}

static void refuses(const char *word)
{
	struct provider *other = NULL;

	assert_int_not_equal(provider_new(&other, caller.loop, &cfg, lab.why), OK);
	assert_null(other);
	assert_has(lab.why, word);
}

static void test_what_is_in_the_way(void **state)
{
	struct addr dns = cfg.dns;
	const char *domain = cfg.domain, *identity = cfg.identity;

	UNUSED(state);
	refuses("DNS: cannot listen");
	addr_set_port(&cfg.dns, free_port(SOCK_DGRAM));
	refuses("cannot listen on tls");
	cfg.domain = "no domain";
	refuses("no domain");
	cfg.domain = domain;
	cfg.identity = "/nowhere.pem";
	refuses("/nowhere.pem");
	cfg.identity = identity;
	cfg.trust = "/nowhere.pem";
	refuses("/nowhere.pem");
	cfg.dns = dns;
}

static void open_once(void *arg)
{
	struct provider *p = NULL;
	enum err err;

	UNUSED(arg);
	err = provider_new(&p, caller.loop, &cfg, lab.why);
	if (err) {
		assert_true(mem_has_failed());
		assert_null(p);
	}
	provider_free(&p);
}

static void test_no_memory(void **state)
{
	UNUSED(state);
	provider_free(&provider);
	assert_int_equal(srtp_library_open(), OK); /* slow, and not ours to starve */
	assert_true(each_allocation_fails(open_once, NULL) > 20);
	srtp_library_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_echo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_plain_rtp_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_caller_gives_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop_hangs_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_strangers_stay_out, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_certificate_no_entry, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
