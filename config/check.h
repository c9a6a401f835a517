/* What one option alone cannot say: the rules between options and objects. One thread. */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/marks.h"
#include "config/problem.h"

struct check {
	const struct config *cfg;
	const struct marks *marks;
	struct problems *problems;
	const char *file; /* the configuration's own */
};

/* Fills in what absent options mean where that depends on others (config.h: "default: ..."). What
 * could not be parsed is left as it is. */
MUST_USE enum err config_derive(struct config *cfg);
/* Adds what is useless or unsafe to problems. Goes on where values are missing because they could
 * not be parsed, and does not speak of those again. */
void config_check(const struct check *ck);

/* Parts of config_check. */
void check_realms(const struct check *ck);
void check_phones(const struct check *ck);
void check_trunks(const struct check *ck);
void check_routes(const struct check *ck);

/* An option that says how numbers are written, which needs to know the country. */
struct form_option {
	const char *key;
	enum number_form form;
};
void check_forms(const struct check *ck, enum section_id section, size_t i,
                 const struct form_option *forms, size_t n);

/* For the parts: whether an option is written (perhaps wrongly), and a problem at it, or at its
 * object where it is not; key NULL: at the object. */
bool check_written(const struct check *ck, enum section_id section, size_t i, const char *key);
void check_problem(const struct check *ck, enum section_id section, size_t i, const char *key,
                   const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
