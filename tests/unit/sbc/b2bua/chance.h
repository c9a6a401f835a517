/* What the rooms of test_call_random.c share: chance that can be repeated, what is counted, and the
 * messages that come. */
#ifndef TESTS_UNIT_SBC_B2BUA_CHANCE_H
#define TESTS_UNIT_SBC_B2BUA_CHANCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/mem.h"
#include "sbc/b2bua/call_internal.h"

#define SDP       "v=0\r\n"
#define OTHER_SDP "v=1\r\n"

static struct {
	uint64_t seed, state;
	unsigned nlegs, noffers, nslots, nrequests, ntxns; /* that are there now */
	unsigned calls, legs;                              /* that ever were */
	bool no_time; /* whoever is offered another session has another one on the way */
	struct timers *timers;
	struct border border;
	struct message *ringing, *ringing_sdp, *ok, *ok_sdp, *busy, *pending, *gone, *invite,
	    *invite_sdp, *update_sdp, *ack, *ack_sdp;
} t;

static inline unsigned chance(unsigned below)
{
	t.state ^= t.state << 13;
	t.state ^= t.state >> 7;
	t.state ^= t.state << 17;
	return (unsigned)((t.state >> 11) % below);
}

static inline bool one_in(unsigned n)
{
	return chance(n) == 0;
}

/* head: whole lines, of what the test is about */
static inline struct message *make(const char *first, const char *method, const char *head,
                                   const char *body)
{
	char text[1024];
	struct message *m;

	snprintf(text, sizeof(text),
	         "%s\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
	         "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 %s\r\n"
	         "%s%s\r\n%s",
	         first, method, head, *body ? "Content-Type: application/sdp\r\n" : "", body);
	assert_int_equal(message_parse(&m, text, strlen(text)), OK);
	return m;
}

static inline void make_all(void)
{
	t.ringing = make("SIP/2.0 180 Ringing", "INVITE", "", "");
	t.ringing_sdp = make("SIP/2.0 183 Session Progress", "INVITE", "", SDP);
	t.ok = make("SIP/2.0 200 OK", "INVITE", "", "");
	t.ok_sdp = make("SIP/2.0 200 OK", "INVITE", "", SDP);
	t.busy = make("SIP/2.0 486 Busy Here", "INVITE", "", "");
	t.pending = make("SIP/2.0 491 Request Pending", "INVITE", "", "");
	t.gone = make("SIP/2.0 481 Call Does Not Exist", "INVITE", "", "");
	t.invite = make("INVITE sip:a@b SIP/2.0", "INVITE", "", "");
	t.invite_sdp = make("INVITE sip:a@b SIP/2.0", "INVITE", "", SDP);
	t.update_sdp = make("UPDATE sip:a@b SIP/2.0", "UPDATE", "", SDP);
	t.ack = make("ACK sip:a@b SIP/2.0", "ACK", "", "");
	t.ack_sdp = make("ACK sip:a@b SIP/2.0", "ACK", "", SDP);
}

static inline void free_all(void)
{
	struct message **all[] = { &t.ringing,    &t.ringing_sdp, &t.ok,   &t.ok_sdp,
		                   &t.busy,       &t.pending,     &t.gone, &t.invite,
		                   &t.invite_sdp, &t.update_sdp,  &t.ack,  &t.ack_sdp };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		message_free(all[i]);
}

#endif
