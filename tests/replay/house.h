/* The whole house without its doors: what `trunkgate run` wires, on the scripted network and under
 * a clock that stands until it is turned. */
#ifndef TESTS_REPLAY_HOUSE_H
#define TESTS_REPLAY_HOUSE_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "base/loop.h"

struct house;

struct house_counts {
	size_t calls, dialogs, ports, clients, servers, slots, subscriptions;
	size_t pings; /* of the net */
};

#define HOUSE_PLACES 48
/* Houses that stand beside each other have a place each: media ports are the kernel's own. */
void house_set_place(unsigned place);
/* yaml: the configuration, which stands in folder. NULL: it does not stand, and stderr says why. */
struct house *house_open(const char *yaml, const char *folder, struct loop *loop);
void house_close(struct house *h);
/* Turns the clock; every timer sees its own moment. */
void house_advance(struct house *h, uint64_t ms);
void house_shut(struct house *h);
/* As `trunkgate reload`; why (CERT_WHY_MAX bytes). */
MUST_USE enum err house_reload(struct house *h, char *why);
bool house_is_empty(const struct house *h); /* what house_shut waits for has come */
void house_count(struct house *h, struct house_counts *out);

#endif
