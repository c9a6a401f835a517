/* sbc/sip/sdp_attr.c */
#include "sbc/sip/sdp_attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/err.h"

static void test_crosses(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "ptime", "20" },
		{ "rtcp-fb", "96 nack pli" },
		{ "rtcp-rsize", NULL },
		{ "extmap", "3 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time" },
		{ "rtpmap", "107 vnd.onvif.metadata/90000" },
		{ "fmtp", "97 sprop-parameter-sets=Z0IACpZTBYmI,aMljiA==" },
		{ "fmtp", "98 config=400024203fc0" },
		{ "T38FaxUdpEC", "t38UDPRedundancy" },
		{ "floorid", "1 mstrm:11" },
		{ "confid", "4321" },
		{ "content", "slides" },
		{ "X-vendor", "H.264 1.0 2.1.3 a:b" },
		{ "imageattr", "97 send [x=800,y=640,sar=1.1,q=0.6]" },
		{ "X-flag", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (!sdp_attribute_crosses(cases[i].name, cases[i].value))
			fail_msg("%s", cases[i].name);
	}
}

static void test_stays(void **state)
{
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "candidate", "1 1 UDP 1 x 4000 typ host" },
		{ "ICE-ufrag", "abcd" },
		{ "ice-options", "trickle" },
		{ "rtcp", "4001" },
		{ "rtcp-mux", NULL },
		{ "crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:x" },
		{ "fingerprint", "sha-256 00" },
		{ "setup", "actpass" },
		{ "dtls-id", "1" },
		{ "group", "BUNDLE 0 1" },
		{ "mid", "0" },
		{ "ssrc", "1 cname:desk" },
		{ "msid", "a b" },
		{ "acap", "1 key-mgmt:mikey" },
		{ "sctp-port", "5000" },
		{ "X-a", "10.1.2.3" },
		{ "X-a", "from=10.1.2.3;to" },
		{ "X-a", "pbx.office.example" },
		{ "X-a", "(pbx-1.local)" },
		{ "X-a", "desk@office" },
		{ "X-a", "fe80::1" },
		{ "X-a", "00:04:f2:a1:b2:c3" },
		{ "X-a", "mac=0004f2a1b2c3;x" },
		{ "fmtp", "96 host=pbx.local" },
		{ "pbx.local", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		if (sdp_attribute_crosses(cases[i].name, cases[i].value))
			fail_msg("%s:%s", cases[i].name, cases[i].value ? cases[i].value : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crosses),
		cmocka_unit_test(test_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
