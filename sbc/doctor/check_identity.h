/* Our identity as the provider will judge it. The judges are pure. Signalling thread. */
#ifndef SBC_DOCTOR_CHECK_IDENTITY_H
#define SBC_DOCTOR_CHECK_IDENTITY_H

#include "sbc/doctor/patient.h"

/* Gathers what the trunk shows as client and its realm as server out of p->files, and loads the
 * provider's roots. What cannot be loaded is said by the judges. */
void identity_examine(struct patient *p);
void identity_dismiss(struct patient *p);

/* What we show to those whom we connect to, and to those who connect to us; NULL: nothing. */
const struct config_identity *identity_as_client(const struct patient *p);
const struct config_identity *identity_as_server(const struct patient *p);

void judge_expiry(const struct patient *p, struct finding *f); /* WBX-05 */
void judge_name(const struct patient *p, struct finding *f);   /* WBX-06 */
void judge_chain(const struct patient *p, struct finding *f);  /* WBX-07 */
void judge_root(const struct patient *p, struct finding *f);   /* WBX-08 */
void judge_usage(const struct patient *p, struct finding *f);  /* WBX-14 */

#endif
