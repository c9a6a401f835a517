/* A JSON object that is being filled. A failure sticks: put all in, then ask once. One thread. */
#ifndef SBC_ADMIN_FIELDS_H
#define SBC_ADMIN_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct fields {
	json_t *object; /* NULL: something failed */
};

void fields_init(struct fields *f);
/* Takes value; NULL is a failure. */
void fields_put(struct fields *f, const char *key, json_t *value);
/* NULL becomes null. What is not UTF-8 is made so: texts come from the wire. */
void fields_text(struct fields *f, const char *key, const char *text);
void fields_count(struct fields *f, const char *key, uint64_t n);
/* Hands the object over; NULL when something failed. */
json_t *fields_take(struct fields *f);

/* Appends value, which it takes, to array; false when that failed. */
bool fields_append(json_t *array, json_t *value);

#endif
