/* The examination: facts are gathered stage by stage, of all trunks at the same time; then each
 * demand of the trunk's profile gets its finding. Owner of the patients: doctor_examine. */
#include "sbc/doctor/doctor.h"

#include <string.h>
#include "base/mem.h"
#include "sbc/doctor/check_dns.h"
#include "sbc/doctor/check_identity.h"
#include "sbc/doctor/check_media.h"
#include "sbc/doctor/check_options.h"
#include "sbc/doctor/check_tls.h"
#include "sbc/doctor/own_side.h"

struct doctor {
	const struct config *cfg;
	struct loop *loop;
	struct resolver *system;
	struct own_side *own_side;
	struct timer deadline;
	struct patient *patients;
	size_t n, nactive;
};

/* Every line that there is. general: also for a trunk that names no demands. */
static const struct check {
	const char *id;
	bool general;
	void (*judge)(const struct patient *p, struct finding *f);
} checks[] = {
	{ "WBX-03", true, judge_way_in },      { "WBX-04", true, judge_addresses },
	{ "WBX-05", true, judge_expiry },      { "WBX-06", true, judge_name },
	{ "WBX-07", false, judge_chain },      { "WBX-08", false, judge_root },
	{ "WBX-09", false, judge_reverse },    { "WBX-10", true, judge_way_out },
	{ "WBX-11", true, judge_version },     { "WBX-12", true, judge_contact },
	{ "WBX-13", true, judge_options },     { "WBX-14", true, judge_usage },
	{ "WBX-15", true, judge_handshake },   { "WBX-16", true, judge_reach },
	{ "WBX-17", true, judge_media },       { "E8-01", false, judge_version },
	{ "E8-03", false, judge_media },       { "E8-04", false, judge_stun },
	{ "E8-06", false, judge_alg },         { "E8-07", false, judge_own_resolver },
	{ "E8-10", true, judge_mtu },          { "E8-11", false, judge_latency },
	{ "E8-12", false, judge_issuers },     { "E8-13", false, judge_handshake },
	{ "ATT-01", false, judge_reach },      { "ATT-05", false, judge_stun },
	{ "CLO-01", false, judge_reach },      { "CLO-02", false, judge_media },
	{ "CLO-05", false, judge_alg },        { "CLO-06", true, judge_resolvers },
	{ "CLO-07", false, judge_stapling },   { "IPW-01", false, judge_media },
	{ "IPW-03", false, judge_stun },       { "IPW-05", false, judge_handshake },
	{ "IPW-06", false, judge_round_trip },
};

static void on_deadline(void *arg)
{
	struct doctor *d = arg;

	loop_stop(d->loop);
}

static void on_media_known(struct patient *p)
{
	struct doctor *d = p->doctor;

	if (--d->nactive == 0)
		loop_stop(d->loop);
}

/* Where the provider is leads on. */
static void on_probed(struct patient *p)
{
	p->next = on_media_known;
	patient_hold(p);
	media_examine(p);
	patient_release(p);
}

/* What DNS said leads on. */
static void on_asked(struct patient *p)
{
	p->next = on_probed;
	patient_hold(p);
	tls_examine(p);
	patient_release(p);
}

static enum err open_resolver(struct patient *p, struct resolver *system)
{
	const struct config_trunk *t = p->trunk;
	enum err err;

	p->system = system;
	if (t->nresolvers == 0)
		return OK;
	err = resolver_new(&p->own, p->loop, t->resolvers, t->nresolvers);
	if (!err)
		resolver_limit(p->own, t->resolver_domains, t->nresolver_domains, system);
	return err;
}

static const struct check *find_check(const char *id)
{
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (strcmp(checks[i].id, id) == 0)
			return &checks[i];
	}
	return NULL;
}

static bool is_demanded(const struct config_trunk *t,
                        void (*judge)(const struct patient *p, struct finding *f))
{
	for (size_t i = 0; i < t->ndemands; i++) {
		const struct check *check = find_check(t->demands[i]);

		if (check && check->judge == judge)
			return true;
	}
	for (size_t i = 0; t->ndemands == 0 && i < ARRAY_LEN(checks); i++) {
		if (checks[i].general && checks[i].judge == judge)
			return true;
	}
	return false;
}

static enum err begin(struct doctor *d, struct patient *p)
{
	enum err err = open_resolver(p, d->system);

	if (err)
		return err;
	own_side_tell(d->own_side, p);
	identity_examine(p);
	media_examine_ports(p);
	p->media.wants_alg = is_demanded(p->trunk, judge_alg);
	p->media.wants_mtu = is_demanded(p->trunk, judge_mtu);
	p->next = on_asked;
	patient_hold(p);
	dns_examine(p);
	patient_release(p);
	return OK;
}

static void close_patient(struct patient *p)
{
	p->next = NULL;
	media_dismiss(p);
	tls_dismiss(p);
	dns_dismiss(p);
	identity_dismiss(p);
	resolver_free(&p->own);
}

static void judge(const struct patient *p, const char *id, struct finding *f)
{
	const struct check *check = find_check(id);

	f->id = id;
	if (p->starved) {
		finding_say(f, VERDICT_FAIL, "there is not memory enough to look");
		return;
	}
	finding_say(f, VERDICT_SKIP, "the doctor has no check for it");
	if (check)
		check->judge(p, f);
}

static size_t general_ids(const char *ids[ARRAY_LEN(checks)])
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		if (checks[i].general)
			ids[n++] = checks[i].id;
	}
	return n;
}

static enum err write_report(const struct patient *p, struct report *r)
{
	const struct config_trunk *t = p->trunk;
	const char *general[ARRAY_LEN(checks)];
	size_t n = t->ndemands ? t->ndemands : general_ids(general);

	*r = (struct report){ .name = t->name, .domain = t->domain, .profile = t->profile };
	r->findings = mem_zalloc(n * sizeof(*r->findings));
	if (!r->findings)
		return ERR_NOMEM;
	r->nfindings = n;
	for (size_t i = 0; i < n; i++)
		judge(p, t->ndemands ? t->demands[i] : general[i], &r->findings[i]);
	return OK;
}

void doctor_free_reports(struct report *reports, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mem_free(reports[i].findings);
}

static enum err examine(struct doctor *d, struct report *reports)
{
	enum err err = OK;

	d->nactive = d->n;
	timer_start(loop_timers(d->loop), &d->deadline, DOCTOR_MS, on_deadline, d);
	for (size_t i = 0; !err && i < d->n; i++)
		err = begin(d, &d->patients[i]);
	if (!err && d->nactive > 0)
		loop_run(d->loop);
	for (size_t i = 0; !err && i < d->n; i++)
		err = write_report(&d->patients[i], &reports[i]);
	return err;
}

enum err doctor_examine(const struct config *cfg, const struct config_trunk *const *trunks,
                        size_t n, const struct examination *exam, struct report *reports)
{
	struct doctor d = { .cfg = cfg, .n = n };
	enum err err = loop_new(&d.loop);

	memset(reports, 0, n * sizeof(*reports));
	if (err)
		return err;
	err = resolver_new(&d.system, d.loop, NULL, 0);
	if (!err)
		err = own_side_open(&d.own_side, cfg, d.loop);
	d.patients = err ? NULL : mem_zalloc(n * sizeof(*d.patients));
	if (!err && !d.patients)
		err = ERR_NOMEM;
	for (size_t i = 0; !err && i < n; i++)
		d.patients[i] = (struct patient){
			.doctor = &d, .loop = d.loop, .exam = exam, .trunk = trunks[i]
		};
	if (!err)
		err = examine(&d, reports);
	for (size_t i = 0; d.patients && i < n; i++)
		close_patient(&d.patients[i]);
	timer_stop(&d.deadline);
	own_side_close(&d.own_side);
	resolver_free(&d.system);
	mem_free(d.patients);
	loop_free(&d.loop);
	if (err) {
		doctor_free_reports(reports, n);
		memset(reports, 0, n * sizeof(*reports));
	}
	return err;
}
