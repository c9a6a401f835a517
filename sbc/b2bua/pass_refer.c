/* REFER towards a trunk, and its NOTIFY. Signalling thread. */
#include "sbc/b2bua/pass_refer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/clock.h"
#include "sbc/b2bua/names.h"
#include "sbc/b2bua/refer_to.h"
#include "sbc/trunk/route.h"

/* RFC 3261 19.1.2: for a header in a URI. */
static void escape(const char *text, struct buf *out)
{
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-_.!~*'()", *text))
			buf_add(out, text, 1);
		else
			buf_printf(out, "%%%02X", (unsigned char)*text);
	}
}

/* The phone's dialog with us is that of a call; the trunk has the other one of it. NULL: it is no
 * call of this phone with this trunk. */
static const struct party *replaced_at_trunk(struct call *call, const struct party *trunk,
                                             const struct replaces *r)
{
	struct party *replaced;
	struct call *other = replaces_find(call->border, r, &replaced);
	const struct party *target;

	if (!other || replaced->who.kind != PARTY_PHONE ||
	    replaced->who.phone != call_other(call, trunk)->who.phone)
		return NULL;
	target = call_other(other, replaced);
	return target->who.kind == PARTY_TRUNK && target->who.trunk == trunk->who.trunk &&
	               target->leg
	           ? target
	           : NULL;
}

static enum err add_replaces(const struct party *replaced, struct buf *out)
{
	char value[3 * REPLACES_MAX];
	enum err err = leg_replaces(replaced->leg, value, sizeof(value));

	if (err)
		return err;
	buf_puts(out, "?Replaces=");
	escape(value, out);
	return OK;
}

static bool leads_to(const struct config_route *route, const struct config_party *who)
{
	for (size_t i = 0; i < route->nto; i++) {
		if (party_same(&route->to[i], who))
			return true;
	}
	return false;
}

/* The trunk calls at our cost: nobody is named to it whom the phone itself would not call through
 * it, and by the number that such a call would have. */
static enum err write_called(const struct call *call, const struct party *phone,
                             const struct party *trunk, const char *number, char out[NUMBER_MAX])
{
	const struct route_query q = { .from = &phone->who,
		                       .called = number,
		                       .caller = phone->number,
		                       .at_s = clock_wall_s(),
		                       .handed_on = true };
	const struct config_route *route = route_pick(call->border->cfg.cfg, &q);

	return !route || !leads_to(route, &trunk->who) ||
	               number_by_route(route, NUMBER_CALLED, number, out)
	           ? ERR_REFUSED
	           : OK;
}

/* Whom a REFER names to the trunk: replaced, where it is to take somebody's place, whatever number
 * the phone writes beside that; else a number that the phone could call. */
struct named {
	struct refer_to refer_to;
	const struct party *replaced;
	char number[NUMBER_MAX];
};

static enum err name_target(struct call *call, const struct party *trunk,
                            const struct message *refer, struct named *out)
{
	char asked[NUMBER_MAX];

	out->replaced = NULL;
	if (refer_to_read(refer, &out->refer_to))
		return ERR_SYNTAX;
	if (out->refer_to.has_replaces) {
		out->replaced = replaced_at_trunk(call, trunk, &out->refer_to.replaces);
		if (!out->replaced)
			return ERR_NOT_FOUND;
		memcpy(out->number, out->replaced->number, NUMBER_MAX);
		return OK;
	}
	if (number_read(out->refer_to.user, asked, NUMBER_MAX))
		return ERR_SYNTAX;
	return write_called(call, call_other(call, trunk), trunk, asked, out->number);
}

bool pass_refer_is_trunks(struct call *call, const struct leg *leg, const struct message *refer)
{
	const struct party *from = call_party(call, leg), *to = call_other(call, from);
	struct named named;

	return from->who.kind == PARTY_PHONE && from->realm->transfer != TRANSFER_REFUSE &&
	       to->who.kind == PARTY_TRUNK && to->who.trunk->transfer == TRANSFER_PASS &&
	       name_target(call, to, refer, &named) == OK;
}

enum err pass_refer_add(struct call *call, const struct message *refer, const struct passage *p)
{
	const struct party *trunk =
	    call->caller.who.kind == PARTY_TRUNK ? &call->caller : &call->callee;
	const struct party *from = call_other(call, trunk);
	struct party target = { .who = trunk->who, .realm = trunk->realm };
	struct names names;
	struct named named;
	struct buf uri;
	enum err err = name_target(call, trunk, refer, &named);

	if (err)
		return err;
	memcpy(target.number, named.number, NUMBER_MAX);
	err = names_make(call->border, &names, from, &target);
	buf_init(&uri, 2048);
	buf_puts(&uri, names.request_uri);
	if (!err && named.replaced)
		err = add_replaces(named.replaced, &uri);
	if (!err)
		err = buf_err(&uri);
	if (!err)
		message_add(p->to, "Refer-To", "<%s>", uri.data);
	if (!err && named.refer_to.says_who)
		caller_id_add_referrer(p, &from->who, &from->id, party_shown(from));
	buf_free(&uri);
	return err;
}

bool pass_refer_notifies(const struct call *call, const struct message *notify)
{
	const char *event = message_header(notify, "Event", 0);

	return call->refer_cseq && event && strncasecmp(event, "refer", 5) == 0 &&
	       !isalnum((unsigned char)event[5]);
}
