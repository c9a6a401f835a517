/* Our own side for an examination: the trunks as the daemon would have them, and its TLS listeners,
 * opened here where it does not run. Signalling thread. */
#ifndef SBC_DOCTOR_OWN_SIDE_H
#define SBC_DOCTOR_OWN_SIDE_H

#include "sbc/doctor/patient.h"

struct own_side;

/* Opens what can be opened; what cannot is told to the patients. cfg outlives it. */
MUST_USE enum err own_side_open(struct own_side **out, const struct config *cfg, struct loop *loop);
void own_side_close(struct own_side **op);
/* What p needs to know of it. */
void own_side_tell(struct own_side *o, struct patient *p);

#endif
