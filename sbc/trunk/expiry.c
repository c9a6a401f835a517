/* One record a certificate: for which end of validity which mark was said last. */
#include "sbc/trunk/expiry.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#define LOOK_MS (60 * 60 * 1000)

static const int marks_days[] = { 30, 14, 7, 3, 1 };

struct said {
	int64_t not_after_s;
	unsigned mark; /* how many of the marks are passed; one more: it is over */
};

struct expiry {
	const struct config *cfg;
	const struct trunk_tls *tls;
	struct timers *timers;
	struct timer look;
	struct said *own;   /* by identity */
	struct said *peers; /* by trunk */
};

static unsigned mark_of(int64_t days_left)
{
	unsigned n = 0;

	while (n < ARRAY_LEN(marks_days) && days_left <= marks_days[n])
		n++;
	return days_left < 0 ? n + 1 : n;
}

static void say(const char *kind, const char *name, const struct cert_info *info, int64_t days)
{
	char day[CERT_DAY_MAX];

	LOG(days <= marks_days[2] ? LOG_ERROR : LOG_WARN, KV(kind, name),
	    KV("event", days < 0 ? "certificate-expired" : "certificate-expires"),
	    KV("subject", info->subject), KV("issuer", info->issuer),
	    KV("expires_on", cert_day_text(info->not_after_s, day)), KVN("days_left", days));
}

/* True: it is another one than last time. */
static bool look_at(struct said *said, const char *kind, const char *name,
                    const struct cert_info *info)
{
	int64_t days = cert_days_left(info, clock_wall_s());
	unsigned mark = mark_of(days);
	bool is_new = said->not_after_s != info->not_after_s;

	if (mark > (is_new ? 0 : said->mark))
		say(kind, name, info, days);
	*said = (struct said){ .not_after_s = info->not_after_s, .mark = mark };
	return is_new;
}

static void say_early(const char *name, const struct cert_info *info)
{
	char day[CERT_DAY_MAX];

	LOG(LOG_ERROR, KV("identity", name), KV("event", "certificate-not-yet-valid"),
	    KV("subject", info->subject), KV("valid_from", cert_day_text(info->not_before_s, day)),
	    KV("help", "peers will refuse it: is this machine's clock right?"));
}

static void look_at_own(struct expiry *e, size_t i)
{
	const struct identity *id = trunk_tls_identity(e->tls, i);
	const char *name = e->cfg->identities[i].name;
	struct cert_info info;
	bool is_new;

	cert_info_read(&info, identity_first_to_end(id));
	is_new = look_at(&e->own[i], "identity", name, &info);
	cert_info_read(&info, identity_leaf(id));
	if (is_new && info.not_before_s > clock_wall_s())
		say_early(name, &info);
}

void expiry_look(struct expiry *e)
{
	for (size_t i = 0; i < e->cfg->nidentities; i++)
		look_at_own(e, i);
	for (size_t i = 0; i < e->cfg->ntrunks; i++) {
		const struct peer_seen *seen = trunk_tls_peer(e->tls, i);

		if (seen->seen_s)
			look_at(&e->peers[i], "trunk", e->cfg->trunks[i].name, &seen->info);
	}
}

static void on_look(void *arg)
{
	struct expiry *e = arg;

	expiry_look(e);
	timer_start(e->timers, &e->look, LOOK_MS, on_look, e);
}

enum err expiry_open(struct expiry **out, const struct config *cfg, struct timers *timers,
                     const struct trunk_tls *tls)
{
	struct expiry *e = mem_zalloc(sizeof(*e));

	if (!e)
		return ERR_NOMEM;
	e->cfg = cfg;
	e->tls = tls;
	e->timers = timers;
	e->own = mem_zalloc(cfg->nidentities * sizeof(*e->own));
	e->peers = mem_zalloc(cfg->ntrunks * sizeof(*e->peers));
	if (!e->own || !e->peers) {
		expiry_close(&e);
		return ERR_NOMEM;
	}
	on_look(e);
	*out = e;
	return OK;
}

void expiry_close(struct expiry **ep)
{
	struct expiry *e = *ep;

	*ep = NULL;
	if (!e)
		return;
	timer_stop(&e->look);
	mem_free(e->own);
	mem_free(e->peers);
	mem_free(e);
}
