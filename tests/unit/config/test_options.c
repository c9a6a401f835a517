/* The option table: whole in itself, and the same as the files that are made from it.
 * After a change of the table: TRUNKGATE_WRITE_GENERATED=1 ctest -R config/options */
#include "world.h"

#include <jansson.h>
#include "config/options.h"
#include "config/value.h"

static void is_whole(const struct option *o)
{
	assert_non_null(o->help);
	assert_true(o->standard || o->example || o->kind == KIND_MAP);
	assert_true(o->kind != KIND_ENUM || o->names);
	assert_true(!(o->flags & OPTION_LIST) || (o->min > 0 && o->max >= o->min));
	assert_true(o->kind != KIND_REF || o->section != SECTION_TOP);
	assert_true(strspn(o->key, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(o->key));
	assert_true((o->kind == KIND_MAP) == (o->group != NULL));
	if (!o->group)
		return;
	assert_true(o->flags & OPTION_LIST);
	assert_true(o->group->noptions <= OPTIONS_MAX && o->group->size > 0);
	for (size_t i = 0; i < o->group->noptions; i++) {
		is_whole(&o->group->options[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(o->group->options[k].key, o->group->options[i].key);
	}
}

static void each_option_is_whole(void **state)
{
	(void)state;
	for (unsigned id = 0; id < NSECTIONS; id++) {
		const struct section *s = &config_sections[id];

		assert_true(s->noptions > 0 && s->noptions <= OPTIONS_MAX);
		for (size_t i = 0; i < s->noptions; i++) {
			const struct option *o = &s->options[i];

			assert_ptr_equal(option_find((enum section_id)id, o->key), o);
			is_whole(o);
		}
	}
}

static void each_kind_is_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NKINDS; i++) {
		assert_non_null(config_kinds[i].parse);
		assert_non_null(config_kinds[i].type);
		assert_non_null(config_kinds[i].write);
		assert_true(config_kinds[i].size > 0);
	}
}

static void unknown_names_are_none(void **state)
{
	(void)state;
	assert_null(option_find(SECTION_TOP, "listen"));
	assert_int_equal(section_find("phone"), NSECTIONS);
	assert_int_equal(section_find("phones"), SECTION_PHONES);
}

/* Compares what print makes with a file of the source tree, or writes the file anew. */
static void same_as_file(enum err (*print)(FILE *out), const char *path)
{
	const char *write = getenv("TRUNKGATE_WRITE_GENERATED");
	char *made = NULL, *kept;
	size_t size;
	FILE *out = open_memstream(&made, &size);

	assert_int_equal(print(out), OK);
	fclose(out);
	if (write && *write) {
		out = fopen(path, "w");
		assert_non_null(out);
		assert_int_equal(fwrite(made, 1, size, out), size);
		assert_int_equal(fclose(out), 0);
	}
	kept = read_whole(path);
	assert_string_equal(made, kept);
	free(made);
	free(kept);
}

static void full_is_the_table(void **state)
{
	(void)state;
	same_as_file(config_print_full, SOURCE_DIR "/config/full.yaml");
}

static void schema_is_the_table(void **state)
{
	json_t *schema;

	(void)state;
	same_as_file(config_print_schema, SOURCE_DIR "/config/schema.json");
	schema = json_load_file(SOURCE_DIR "/config/schema.json", JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(schema);
	assert_string_equal(json_string_value(json_object_get(schema, "$schema")),
	                    "https://json-schema.org/draft/2020-12/schema");
	json_decref(schema);
}

static void full_loads(void **state)
{
	char *text = read_whole(SOURCE_DIR "/config/full.yaml");

	(void)state;
	world_says(text, "");
	free(text);
}

static void a_full_disk_is_said(void **state)
{
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	if (!out)
		skip();
	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(config_print_full(out), ERR_IO);
	assert_int_equal(config_print_schema(out), ERR_IO);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_whole),   cmocka_unit_test(each_kind_is_whole),
		cmocka_unit_test(unknown_names_are_none), cmocka_unit_test(full_is_the_table),
		cmocka_unit_test(schema_is_the_table),    cmocka_unit_test(full_loads),
		cmocka_unit_test(a_full_disk_is_said),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
