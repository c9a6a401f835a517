/* Whether the provider can be reached, how hands are shaken with it, and what a peer sees of our
 * own listener. tls_probes.c connects, check_tls.c judges. Signalling thread. */
#ifndef SBC_DOCTOR_CHECK_TLS_H
#define SBC_DOCTOR_CHECK_TLS_H

#include "sbc/doctor/patient.h"

/* Connects to everything at once, each a hold of p. After DNS: what that found is used. */
void tls_examine(struct patient *p);
void tls_dismiss(struct patient *p);

void judge_reach(const struct patient *p, struct finding *f);     /* WBX-16, ATT-01, CLO-01 */
void judge_version(const struct patient *p, struct finding *f);   /* WBX-11, E8-01 */
void judge_handshake(const struct patient *p, struct finding *f); /* WBX-15, E8-13, IPW-05 */
void judge_issuers(const struct patient *p, struct finding *f);   /* E8-12 */
void judge_stapling(const struct patient *p, struct finding *f);  /* CLO-07 */
/* More of WBX-03, where the way to our listener is known. */
void judge_listener(const struct patient *p, struct finding *f);

#endif
