/* What a leg does for its owner in its dialog: requests that are none of its own, such as INFO; and
 * who that is. Signalling thread. */
#include <stdio.h>
#include <string.h>
#include "sbc/b2bua/extensions.h"
#include "sbc/b2bua/leg_internal.h"

static const char *const passed[] = { "INFO", "MESSAGE" };

/* Its bit in leg->peer_takes_no; 0: no method that is passed. */
static unsigned bit_of(const char *method)
{
	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		if (strcmp(passed[i], method) == 0)
			return 1U << i;
	}
	return 0;
}

void leg_pass_note_allow(struct leg *leg, const struct message *m)
{
	leg->peer_takes_no = 0;
	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		if (!extension_in(m, "Allow", passed[i]))
			leg->peer_takes_no |= 1U << i;
	}
}

bool leg_peer_takes(const struct leg *leg, const char *method)
{
	return (leg->peer_takes_no & bit_of(method)) == 0;
}

void leg_allow(const struct leg *leg, char out[LEG_ALLOW_MAX])
{
	size_t len = (size_t)snprintf(out, LEG_ALLOW_MAX, "%s", LEG_ALLOW_OWN);

	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		if (leg_peer_takes(leg, passed[i]) && len < LEG_ALLOW_MAX)
			len += (size_t)snprintf(out + len, LEG_ALLOW_MAX - len, ", %s", passed[i]);
	}
}

enum err leg_pass(struct leg *leg, const char *method, struct message **out)
{
	if (leg->state == LEG_NEW || leg_leaves(leg) || !dialog_has_peer(leg->fork->dialog))
		return ERR_NOT_NOW;
	return dialog_request(leg->fork->dialog, method, out);
}

enum err leg_pass_send(struct leg_request **out, struct leg *leg, struct message *m,
                       void (*on_end)(void *, const struct message *, const char *), void *arg)
{
	return leg_request_pass(out, leg, leg->fork->dialog, m, on_end, arg);
}

void leg_pass_forget(struct leg_request **rqp)
{
	leg_request_end(*rqp);
	*rqp = NULL;
}

void leg_hand_over(struct leg *leg, const struct leg_handler *handler, const struct target *target)
{
	leg->handler = *handler;
	leg->target = *target;
}

bool leg_is_dialog(const struct leg *leg, const char *call_id, const char *local_tag,
                   const char *remote_tag)
{
	return dialog_is(leg->fork->dialog, call_id, local_tag, remote_tag);
}

const char *leg_contact(const struct leg *leg)
{
	return dialog_contact(leg->fork->dialog);
}

enum err leg_replaces(const struct leg *leg, char *out, size_t size)
{
	const struct dialog *dlg = leg->fork->dialog;
	int n = snprintf(out, size, "%s;to-tag=%s;from-tag=%s", dialog_call_id(dlg),
	                 dialog_remote_tag(dlg), dialog_local_tag(dlg));

	return n < 0 || (size_t)n >= size ? ERR_LIMIT : OK;
}
