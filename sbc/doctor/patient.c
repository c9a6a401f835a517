/* What all checks share. */
#include "sbc/doctor/patient.h"

#include <assert.h>
#include <stdio.h>

void patient_hold(struct patient *p)
{
	p->pending++;
}

void patient_release(struct patient *p)
{
	assert(p->pending > 0);
	if (--p->pending == 0 && p->next)
		p->next(p);
}

static const struct config_listener *first_tls(const struct config_realm *realm)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_TLS)
			return &realm->listeners[i];
	}
	return NULL;
}

const char *patient_host(const struct patient *p, char *buf, size_t size)
{
	const struct config_listener *l = first_tls(p->trunk->realm);

	if (p->trunk->realm->advertise)
		snprintf(buf, size, "%s", p->trunk->realm->advertise);
	else if (l)
		addr_host(&l->addr, buf, size);
	else
		snprintf(buf, size, "?");
	return buf;
}

const char *patient_stun(const struct patient *p, unsigned *port)
{
	const struct config_outer *outer = &p->trunk->realm->outer;

	*port = p->trunk->stun ? p->trunk->stun_port : outer->port;
	return p->trunk->stun ? p->trunk->stun : outer->port ? outer->host : NULL;
}

const char *patient_domain(const struct patient *p)
{
	return p->trunk->lookup ? p->trunk->lookup : p->trunk->domain;
}

bool patient_listens(const struct patient *p, unsigned port)
{
	const struct config_realm *realm = p->trunk->realm;

	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_TLS &&
		    (port == 0 || addr_port(&realm->listeners[i].addr) == port))
			return true;
	}
	return false;
}

bool patient_is_limited(const struct patient *p)
{
	return resolver_is_limited(p->trunk->resolver_domains, p->trunk->nresolver_domains,
	                           patient_domain(p));
}
