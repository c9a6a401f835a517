/* Whether more comes by a UDP socket than can be served, told by how long its messages waited in
 * the system's queue. A stream has no need of it: TCP slows its peer down. Signalling thread. */
#ifndef SBC_SIP_OVERLOAD_H
#define SBC_SIP_OVERLOAD_H

#include <stdbool.h>
#include <stdint.h>

/* Waiting so long is too long: a twentieth of T1, so that nobody sends anything twice for it. */
#define OVERLOAD_LATE_MS 10
/* So long without one message in time, and it is no burst. */
#define OVERLOAD_PATIENCE_MS 100
/* So long without a late one, and it is over. */
#define OVERLOAD_CALM_MS 1000

enum overload_change { OVERLOAD_SAME, OVERLOAD_BEGINS, OVERLOAD_ENDS };

/* Embedded in a connection. Zeroed: all is well. */
struct overload {
	bool on;
	bool late;             /* the message at hand */
	uint64_t all_late_ms;  /* since when each was; 0: the last one was not */
	uint64_t last_late_ms; /* when one was */
	uint64_t shed;         /* calls, since it began */
};

/* A message comes to hand that waited so long. */
enum overload_change overload_note(struct overload *o, uint64_t waited_ms);
/* Whether the message at hand is to be refused if it begins a call. */
bool overload_sheds(const struct overload *o);

#endif
