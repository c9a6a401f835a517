/* `trunkgate lab call`: a phone that calls, plays a tone, listens, and says what it heard. */
#ifndef SBC_LAB_PHONE_H
#define SBC_LAB_PHONE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"

struct phone;

struct phone_cfg {
	const char *number, *from;
	struct addr via, listen;
	unsigned tone_ms;
	uint16_t media_low, media_high;
	bool talks; /* prints what happens while it happens */
};

/* What became of the call. */
struct phone_result {
	unsigned status;   /* of the final answer; 0: none came */
	char why[256];     /* why no call came of it, or how it ended early; "": all went well */
	const char *codec; /* NULL: it was not answered */
	uint64_t sent, received, lost; /* packets; lost on the way there and back */
	uint32_t jitter_us;
	bool heard_tone; /* audio went both ways */
};

/* Calls at once; fn(arg) is called when all is over. Borrows cfg's texts. On failure why
 * (CERT_WHY_MAX bytes) says what is in the way. */
MUST_USE enum err phone_new(struct phone **out, struct loop *loop, const struct phone_cfg *cfg,
                            void (*fn)(void *arg), void *arg, char *why);
void phone_hang_up(struct phone *p); /* before its time */
void phone_free(struct phone **pp);  /* NULL is fine */
void phone_result(const struct phone *p, struct phone_result *out);

int phone_main(int argc, char **argv); /* gives the exit status */

#endif
