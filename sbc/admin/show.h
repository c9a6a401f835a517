/* Answers to questions about the running server, as JSON. docs/CONTROL.md describes them.
 * Signalling thread. */
#ifndef SBC_ADMIN_SHOW_H
#define SBC_ADMIN_SHOW_H

#include <jansson.h>
#include "base/buf.h"
#include "sbc/admin/ctl.h"
#include "sbc/admin/history.h"

/* All borrowed. */
struct show_env {
	struct ctl_cfg from;
	const struct history *history;
	uint64_t opened_ms; /* clock_mono_ms() */
};

/* What is still to be said of a list: 32,000 calls at one go would hold up signalling for seconds.
 */
struct show_rest {
	const struct show_list *list; /* NULL: nothing */
	size_t n;                     /* items that have been said */
	struct call_cursor calls;
};

/* Appends one JSON document and a line feed, or of a list its beginning: the rest is show_go_on's.
 * question is a line without its end, which is written to. What cannot be answered is an answer
 * too: {"error": "..."}. Without memory buf_err says so. */
void show_answer(const struct show_env *env, char *question, struct show_rest *rest,
                 struct buf *out);
/* Appends the next items; at the end rest->list is NULL. */
void show_go_on(const struct show_env *env, struct show_rest *rest, struct buf *out);
void show_stop(struct show_rest *rest); /* also before the end */

/* show_call.c. NULL without memory. */
json_t *show_call(const struct call_info *info);
/* id NULL: the call that began or ended last. *out is {"error": ...} when there is none. */
json_t *show_ladder(const struct show_env *env, const char *id);
/* show_certs.c. NULL without memory. */
json_t *show_certs(const struct show_env *env);
/* Of them, those that end within 30 days, or have ended. */
size_t show_certs_ending(const struct show_env *env);
json_t *show_error(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
