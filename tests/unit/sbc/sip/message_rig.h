/* Messages for tests of what is read out of them. */
#ifndef TESTS_UNIT_SBC_SIP_MESSAGE_RIG_H
#define TESTS_UNIT_SBC_SIP_MESSAGE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "sbc/sip/message.h"

#define HEAD_REST                                               \
	"From: \"A. Desk\" <sip:desk@10.0.0.9:5070>;tag=f1\r\n" \
	"To: <sips:+4930@provider.lab>\r\nCall-ID: c1@10.0.0.9\r\n"

static inline struct message *parse(const char *text)
{
	struct message *m = NULL;

	if (message_parse(&m, text, strlen(text)) != OK)
		fail_msg("not read: %s", text);
	return m;
}

/* An INVITE with that Via and more headers. */
static inline struct message *invite(const char *via, const char *more)
{
	char text[8192];

	snprintf(text, sizeof(text),
	         "INVITE sip:100@b SIP/2.0\r\nVia: %s\r\n" HEAD_REST "CSeq: 7 INVITE\r\n%s\r\n",
	         via, more);
	return parse(text);
}

#define VIA "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bKx"

static inline int begin(void **state)
{
	(void)state;
	message_library_open();
	return 0;
}

#endif
