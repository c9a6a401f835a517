/* Who is who among the parties of calls. Signalling thread. */
#include "sbc/b2bua/call_internal.h"

bool party_same(const struct config_party *a, const struct config_party *b)
{
	return a->kind == b->kind &&
	       (a->kind == PARTY_TRUNK ? a->trunk == b->trunk : a->phone == b->phone);
}

const struct config_phone *party_phone(const struct config_party *who)
{
	return who->kind == PARTY_PHONE ? who->phone : NULL;
}

enum srtp_mode party_srtp(const struct config_party *who)
{
	return who->kind == PARTY_TRUNK ? who->trunk->srtp : who->phone->realm->srtp;
}

struct party *call_party(struct call *call, const struct leg *leg)
{
	return leg == call->caller.leg ? &call->caller : &call->callee;
}

struct party *call_other(struct call *call, const struct party *p)
{
	return p == &call->caller ? &call->callee : &call->caller;
}
