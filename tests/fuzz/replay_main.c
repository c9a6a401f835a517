/* Runs a fuzz target over files, without a fuzzer: what was once found stays found, in every build.
 * Arguments: files and directories (their files, not deeper). */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The fuzz target; the name is libFuzzer's. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0;

	if (!in) {
		perror(path);
		return 1;
	}
	for (;;) {
		uint8_t *grown = realloc(data, size + 65536);
		size_t got;

		if (!grown)
			abort();
		data = grown;
		got = fread(data + size, 1, 65536, in);
		size += got;
		if (got == 0)
			break;
	}
	fclose(in);
	printf("%s: %zu bytes\n", path, size);
	fflush(stdout); /* the last line names the file on which the target fell */
	/* A block of exactly that size: a sanitizer sees every byte read behind it. */
	data = realloc(data, size ? size : 1);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return 0;
}

static int run_directory(const char *path)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, NULL, alphasort);
	int failed = n < 0;

	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			failed |= run_file(file);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			failed |= run_directory(argv[i]);
		else
			failed |= run_file(argv[i]);
	}
	return failed;
}
