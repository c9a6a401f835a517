/* What DNS says of us and of the provider. dns_asks.c asks, check_dns.c judges. Signalling thread.
 */
#ifndef SBC_DOCTOR_CHECK_DNS_H
#define SBC_DOCTOR_CHECK_DNS_H

#include "sbc/doctor/patient.h"

/* Asks all questions, each a hold of p. p->system and p->own are there. */
void dns_examine(struct patient *p);
/* Ends what is under way, without another call. */
void dns_dismiss(struct patient *p);

/* The domain of an address among those that lead back: 2.0.192.in-addr.arpa and such. Returns buf
 * (DNS_TEXT_MAX). */
const char *dns_reverse_name(const struct addr *a, char *buf);
/* _sips._tcp of name. Returns buf (DNS_TEXT_MAX); "" when it is too long. */
const char *dns_service_name(const char *name, char *buf);

void judge_way_in(const struct patient *p, struct finding *f);       /* WBX-03 */
void judge_addresses(const struct patient *p, struct finding *f);    /* WBX-04 */
void judge_reverse(const struct patient *p, struct finding *f);      /* WBX-09 */
void judge_way_out(const struct patient *p, struct finding *f);      /* WBX-10 */
void judge_contact(const struct patient *p, struct finding *f);      /* WBX-12 */
void judge_own_resolver(const struct patient *p, struct finding *f); /* E8-07 */
void judge_resolvers(const struct patient *p, struct finding *f);    /* CLO-06 */

#endif
