/* A folder with the files that configurations of the tests name, and what config_parse says of a
 * text that stands in it. */
#ifndef TESTS_UNIT_CONFIG_WORLD_H
#define TESTS_UNIT_CONFIG_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "base/mem.h"
#include "config/config.h"

/* A configuration that is good, for single mistakes to be put in. Two lines, so that what a test
 * appends begins in line 3. */
#define REALM                                                \
	"realms: { in: { listen: [ \"udp:10.0.0.1\" ] } }\n" \
	"phones: { desk: { realm: in, address: 10.0.0.20 } }\n"

/* The same with a trunk; what is appended goes on with the trunk's options in line 6. */
#define TRUNK                                                                                    \
	"identities: { us: { certificate: us.pem, key: us.key } }\n"                             \
	"realms: { out: { listen: [ \"tls:203.0.113.5\" ], identity: us } }\n"                   \
	"routes: [ { from: acme, number: \"*\", to: acme2 }, { from: acme2, number: \"*\", to: " \
	"acme } ]\n"                                                                             \
	"trunks: { acme2: { realm: out, domain: two.example }, acme: {\n"                        \
	"    realm: out, domain: provider.example,\n"

static char world[64];

static inline void world_file(const char *name, const char *text, mode_t mode)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", world, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline int world_begin(void **state)
{
	char path[128];

	(void)state;
	strcpy(world, "/tmp/trunkgate-test-XXXXXX");
	assert_non_null(mkdtemp(world));
	snprintf(path, sizeof(path), "%s/providers", world);
	assert_int_equal(mkdir(path, 0700), 0);
	setenv("TRUNKGATE_DATADIR", SOURCE_DIR "/config", 1);
	world_file("us.pem", "certificate\n", 0644);
	world_file("us.key", "key\n", 0600);
	world_file("roots.pem", "roots\n", 0644);
	world_file("desk.password", "long and random\n", 0600);
	return 0;
}

static inline int world_end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", world);
	return system(command);
}

/* Parses text as if it stood in FOLDER/t.yaml; gives what was said, with FOLDER/ taken out. */
static inline char *world_parse(struct config **out, const char *text, mode_t mode)
{
	char file[128], prefix[80], *said = NULL, *hit;
	size_t size;
	FILE *errors = open_memstream(&said, &size);
	enum err err;

	snprintf(file, sizeof(file), "%s/t.yaml", world);
	snprintf(prefix, sizeof(prefix), "%s/", world);
	*out = NULL;
	err = config_parse(out, file, text, strlen(text), mode, errors);
	fclose(errors);
	while ((hit = strstr(said, prefix)) != NULL)
		memmove(hit, hit + strlen(prefix), strlen(hit + strlen(prefix)) + 1);
	assert_int_equal(err, *said ? ERR_SYNTAX : OK);
	assert_true((*out != NULL) == (err == OK));
	return said;
}

/* text must give exactly these lines. */
static inline void world_says(const char *text, const char *expected)
{
	struct config *cfg;
	char *said = world_parse(&cfg, text, 0);

	if (strcmp(said, expected) != 0)
		print_error("for:\n%s\n", text);
	assert_string_equal(said, expected);
	free(said);
	config_free(&cfg);
}

static inline char *read_whole(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 256 * 1024);

	if (!f)
		print_error("no %s\n", path);
	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 256 * 1024 - 1, f) > 0);
	fclose(f);
	return text;
}

#endif
