/* config/config.c: which file is taken, and what its place and its mode mean. */
#include "world.h"

#include "../alloc.h"
#include "config/document.h"

static void a_password_in_an_open_file_is_refused(void **state)
{
	const char *text = "realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n"
	                   "phones: { desk: { realm: in, password: long and random } }\n";
	struct config *cfg;
	char *said = world_parse(&cfg, text, 0644);

	(void)state;
	assert_string_equal(said, "t.yaml:2: phone 'desk': password stands in a file that "
	                          "everybody can read; chmod o-r t.yaml, or use password-file\n");
	free(said);
	said = world_parse(&cfg, text, 0640);
	assert_string_equal(said, "");
	free(said);
	config_free(&cfg);
}

static enum err load(const char *name, char **said)
{
	struct config *cfg = NULL;
	char path[128];
	size_t size;
	FILE *errors = open_memstream(said, &size);
	enum err err;

	snprintf(path, sizeof(path), "%s/%s", world, name);
	err = config_load(&cfg, path, errors);
	fclose(errors);
	config_free(&cfg);
	return err;
}

static void a_file_is_loaded_or_refused(void **state)
{
	char *big = calloc(1, DOCUMENT_SIZE_MAX + 2), *said;

	(void)state;
	world_file("good.yaml", REALM, 0644);
	assert_int_equal(load("good.yaml", &said), OK);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(load("none.yaml", &said), ERR_NOT_FOUND);
	assert_non_null(strstr(said, "/none.yaml: cannot be read: No such file or directory\n"));
	free(said);
	assert_int_equal(load("providers", &said), ERR_UNSUPPORTED);
	assert_non_null(strstr(said, "/providers: cannot be read: it is a folder\n"));
	free(said);
	world_file("open.yaml", REALM, 0666);
	assert_int_equal(load("open.yaml", &said), ERR_REFUSED);
	assert_non_null(strstr(said, "/open.yaml: everybody can write to it; chmod o-w "));
	free(said);
	assert_non_null(big);
	memset(big, '#', DOCUMENT_SIZE_MAX + 1);
	world_file("big.yaml", big, 0600);
	assert_int_equal(load("big.yaml", &said), ERR_LIMIT);
	free(said);
	world_says(big, "t.yaml: is bigger than 1024 KiB; is it the right file?\n");
	free(big);
}

/* A file named without a folder lies in the current one, and so do the paths in it. */
static void a_bare_name_is_here(void **state)
{
	const char *text = REALM "control-socket: control\n";
	struct config *cfg = NULL;

	(void)state;
	assert_int_equal(config_parse(&cfg, "t.yaml", text, strlen(text), 0, stderr), OK);
	assert_string_equal(cfg->control_socket, "control");
	assert_string_equal(cfg->file, "t.yaml");
	config_free(&cfg);
	assert_int_equal(config_parse(&cfg, "/t.yaml", text, strlen(text), 0, stderr), OK);
	assert_string_equal(cfg->control_socket, "/control");
	config_free(&cfg);
}

static void load_once(void *arg)
{
	char *said;
	enum err err = load("good.yaml", &said);

	(void)arg;
	assert_int_equal(err, mem_has_failed() ? ERR_NOMEM : OK);
	free(said);
}

static void each_allocation_of_load_can_fail(void **state)
{
	(void)state;
	world_file("good.yaml", REALM, 0600);
	assert_true(each_allocation_fails(load_once, NULL) > 5);
}

static void transports_have_names(void **state)
{
	(void)state;
	assert_string_equal(transport_name(TRANSPORT_UDP), "udp");
	assert_string_equal(transport_name(TRANSPORT_TCP), "tcp");
	assert_string_equal(transport_name(TRANSPORT_TLS), "tls");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_in_an_open_file_is_refused),
		cmocka_unit_test(a_file_is_loaded_or_refused),
		cmocka_unit_test(a_bare_name_is_here),
		cmocka_unit_test(each_allocation_of_load_can_fail),
		cmocka_unit_test(transports_have_names),
	};

	return cmocka_run_group_tests(tests, world_begin, world_end);
}
