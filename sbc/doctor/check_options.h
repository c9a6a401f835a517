/* OPTIONS outside of any call (RFC 3261 11), over the connection that stands already, and what its
 * answer tells. Signalling thread. */
#ifndef SBC_DOCTOR_CHECK_OPTIONS_H
#define SBC_DOCTOR_CHECK_OPTIONS_H

#include "sbc/doctor/patient.h"

/* Asks over b, which is open, once a trunk; fn(b) is called when that is over. False: it is not
 * asked, and fn is not called. */
bool options_examine(struct probe *b, void (*fn)(struct probe *b));
void options_dismiss(struct patient *p);

void judge_options(const struct patient *p, struct finding *f);    /* WBX-13 */
void judge_round_trip(const struct patient *p, struct finding *f); /* IPW-06 */
void judge_latency(const struct patient *p, struct finding *f);    /* E8-11 */

#endif
