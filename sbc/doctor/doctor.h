/* `trunkgate doctor`: says, before the first call, what would fail, and why. */
#ifndef SBC_DOCTOR_DOCTOR_H
#define SBC_DOCTOR_DOCTOR_H

#include <stddef.h>
#include <stdio.h>
#include "base/err.h"
#include "config/config.h"
#include "sbc/doctor/patient.h"

/* Examines trunks, all at once, and fills a report for each; doctor_free_reports them. cfg outlives
 * the reports. Takes at most DOCTOR_MS. */
#define DOCTOR_MS 40000
MUST_USE enum err doctor_examine(const struct config *cfg, const struct config_trunk *const *trunks,
                                 size_t n, const struct examination *exam, struct report *reports);
void doctor_free_reports(struct report *reports, size_t n);

/* The command line; config_file where none is named. Gives an exit status: 0 all is well, 1 there
 * is a warning, 2 something fails, the command line included. */
int doctor_main(int argc, char **argv, const char *config_file);

#endif
