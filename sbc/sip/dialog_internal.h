/* A dialog as dialog.c (what is known of it) and dialog_send.c (what goes out in it) see it. */
#ifndef SBC_SIP_DIALOG_INTERNAL_H
#define SBC_SIP_DIALOG_INTERNAL_H

#include <sys/queue.h>
#include "sbc/sip/dialog.h"

#define DIALOG_ROUTES_MAX 16

/* What the dialogs of one INVITE have in common. Theirs together: the last one frees it. */
struct family {
	struct dialogs *dialogs;
	void *owner;
	char local_tag[TAG_LEN + 1];
	char *call_id;
	char *local, *remote; /* header values without tag */
	char *contact;        /* ours */
	char *request_uri;    /* of our INVITE; NULL: it was theirs */
	LIST_HEAD(, dialog) members;
};

struct dialog {
	LIST_ENTRY(dialog) link;
	struct family *family;
	char *remote_tag;    /* NULL: not known yet */
	char *remote_target; /* NULL: the family's Request-URI, if any */
	char *routes[DIALOG_ROUTES_MAX];
	size_t nroutes;
	uint32_t local_cseq, remote_cseq;
	struct flow flow;
};

#endif
