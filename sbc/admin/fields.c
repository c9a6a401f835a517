/* A JSON object that is being filled. One thread. */
#include "sbc/admin/fields.h"

#include <string.h>
#include "base/mem.h"
#include "base/text.h"

void fields_init(struct fields *f)
{
	f->object = json_object();
}

void fields_put(struct fields *f, const char *key, json_t *value)
{
	if (!f->object) {
		json_decref(value);
		return;
	}
	if (json_object_set_new(f->object, key, value) == 0)
		return;
	json_decref(f->object);
	f->object = NULL;
}

/* It came from a peer, and is no UTF-8. */
static json_t *as_utf8(const char *text)
{
	char *copy = mem_strdup(text);
	json_t *value;

	if (!copy)
		return NULL;
	text_make_safe(copy);
	value = json_string(copy);
	mem_free(copy);
	return value;
}

void fields_text(struct fields *f, const char *key, const char *text)
{
	json_t *value;

	if (!text) {
		fields_put(f, key, json_null());
		return;
	}
	value = json_string(text);
	fields_put(f, key, value ? value : as_utf8(text));
}

void fields_count(struct fields *f, const char *key, uint64_t n)
{
	fields_put(f, key, json_integer((json_int_t)n));
}

json_t *fields_take(struct fields *f)
{
	json_t *object = f->object;

	f->object = NULL;
	return object;
}

bool fields_append(json_t *array, json_t *value)
{
	return json_array_append_new(array, value) == 0;
}
