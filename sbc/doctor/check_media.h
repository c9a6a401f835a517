/* The way of the media: our ports, the address that peers are told, STUN, a SIP ALG in between, the
 * largest packet. udp_probes.c asks, check_media.c judges. Signalling thread. */
#ifndef SBC_DOCTOR_CHECK_MEDIA_H
#define SBC_DOCTOR_CHECK_MEDIA_H

#include "sbc/doctor/patient.h"

/* Binds each port once, and lets go of it. */
void media_examine_ports(struct patient *p);
/* The rest, each a hold of p; after it is known where the provider is. */
void media_examine(struct patient *p);
void media_dismiss(struct patient *p);

void judge_media(const struct patient *p, struct finding *f); /* WBX-17, E8-03, CLO-02, IPW-01 */
void judge_stun(const struct patient *p, struct finding *f);  /* E8-04, ATT-05, IPW-03 */
void judge_alg(const struct patient *p, struct finding *f);   /* E8-06, CLO-05 */
void judge_mtu(const struct patient *p, struct finding *f);   /* E8-10 */

#endif
