/* libFuzzer: any text is a configuration or a list of problems, and nothing else happens.
 * Corpus: tests/fuzz/corpus/config. */
#include <assert.h>
#include <stdio.h>
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static FILE *errors;
	struct config *cfg = NULL;
	enum err err;

	if (!errors)
		errors = fopen("/dev/null", "w");
	if (!errors)
		return 0;
	/* A folder without files: what is read is the text alone. */
	err = config_parse(&cfg, "/nonexistent/fuzz.yaml", (const char *)data, size, 0, errors);
	assert((err == OK) == (cfg != NULL));
	config_free(&cfg);
	return 0;
}
