/* Signalling decides which slot a session has, so that both halves agree on it without a word back.
 * RFC 3711 3.2.1, 9.1; RFC 4568 7.1.4. */
#include "media/sessions.h"

#include <string.h>
#include "base/mem.h"
#include "media/rtp.h"

static void swap_all(struct srtp_session *a[SESSIONS_MAX], struct srtp_session *b[SESSIONS_MAX])
{
	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		struct srtp_session *t = a[i];

		a[i] = b[i];
		b[i] = t;
	}
}

bool sessions_apply(struct sessions *s, struct sessions_change *change, uint64_t now_ms)
{
	struct srtp_session *was = s->now;

	for (unsigned i = 0; i < SESSIONS_MAX; i++) {
		struct srtp_session *old = s->all[i];

		if (!change->all[i])
			continue;
		if (s->before == old)
			s->before = NULL;
		if (was == old)
			was = NULL;
		s->all[i] = change->all[i];
		change->all[i] = old;
	}
	s->now = change->slot < SESSIONS_MAX ? s->all[change->slot] : NULL;
	if (s->now == was)
		return false;
	s->before = was;
	s->before_until_ms = now_ms + SESSION_WAIT_MS;
	return true;
}

void sessions_renew(struct sessions *s, struct sessions_change *change)
{
	swap_all(s->all, change->all);
	s->now = s->before = NULL;
}

void sessions_free(struct srtp_session *all[SESSIONS_MAX])
{
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		srtp_session_free(&all[i]);
}

/* A wrong key may leave the packet in pieces (RFC 7714: it is decrypted before the tag is known).
 */
static enum err unprotect_either(struct sessions *s, uint8_t *packet, size_t *len, bool rtcp,
                                 uint64_t now_ms)
{
	uint8_t copy[RTP_PACKET_MAX];
	size_t was = *len;
	enum err err;

	if (was <= sizeof(copy))
		memcpy(copy, packet, was);
	err = srtp_session_unprotect(s->now, packet, len, rtcp);
	if (!err && s->before_until_ms > now_ms + SESSION_LATE_MS)
		s->before_until_ms = now_ms + SESSION_LATE_MS;
	if ((err != ERR_AUTH && err != ERR_SYNTAX) || was > sizeof(copy))
		return err;
	memcpy(packet, copy, was);
	*len = was;
	s->late = !srtp_session_unprotect(s->before, packet, len, rtcp);
	return s->late ? OK : err;
}

enum err sessions_unprotect(struct sessions *s, uint8_t *packet, size_t *len, bool rtcp,
                            uint64_t now_ms)
{
	s->late = false;
	if (s->before && now_ms < s->before_until_ms)
		return unprotect_either(s, packet, len, rtcp, now_ms);
	s->before = NULL;
	return srtp_session_unprotect(s->now, packet, len, rtcp);
}

void session_keys_init(struct session_keys *k)
{
	mem_wipe(k, sizeof(*k));
	k->now = k->settled = SESSION_NONE;
}

static uint8_t slot_of(const struct session_keys *k, enum srtp_suite suite,
                       const struct srtp_key *key)
{
	uint8_t i = 0;

	while (i < SESSIONS_MAX &&
	       (k->slots[i].suite != suite ||
	        memcmp(k->slots[i].key.bytes, key->bytes, srtp_key_len(suite)) != 0 ||
	        k->slots[i].key.mki_len != key->mki_len ||
	        memcmp(k->slots[i].key.mki, key->mki, key->mki_len) != 0))
		i++;
	return i;
}

/* A free one, else one of an exchange that is over; else one that was tried in this one, which only
 * the peer's may lose. */
static uint8_t find_room(const struct session_keys *k, bool outbound)
{
	uint8_t best = SESSION_NONE;

	for (uint8_t i = 0; i < SESSIONS_MAX; i++) {
		if (k->slots[i].suite == SRTP_NONE)
			return i;
		if (i == k->now || i == k->settled || (outbound && k->slots[i].tried))
			continue;
		if (best == SESSION_NONE || !k->slots[i].tried)
			best = i;
	}
	return best;
}

enum err session_keys_use(struct session_keys *k, enum srtp_suite suite, const struct srtp_key *key,
                          bool outbound, struct sessions_change *change)
{
	uint8_t slot = suite == SRTP_NONE ? SESSION_NONE : slot_of(k, suite, key);
	enum err err;

	if (suite != SRTP_NONE && slot == SESSION_NONE) {
		slot = find_room(k, outbound);
		if (slot == SESSION_NONE)
			return ERR_LIMIT;
		err = srtp_session_new(&change->all[slot], suite, key, outbound);
		if (err)
			return err;
		k->slots[slot].suite = suite;
		k->slots[slot].key = *key;
	}
	if (slot < SESSIONS_MAX)
		k->slots[slot].tried = true;
	k->now = change->slot = slot;
	return OK;
}

void session_keys_settle(struct session_keys *k)
{
	k->settled = k->now;
	for (unsigned i = 0; i < SESSIONS_MAX; i++)
		k->slots[i].tried = false;
}
