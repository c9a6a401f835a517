/* Runs scenarios (README.md): replay [-v|-a] FILE|DIRECTORY... -a: with every allocation failing in
 * turn. Each in a process of its own. A file whose first line begins with "# fails: TEXT" must
 * fail, and say TEXT. Which failed is said once more at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/buf.h"
#include "media/srtp.h"
#include "sbc/sip/message.h"
#include "tests/replay/house.h"
#include "tests/replay/script.h"

#define FAILS "fails: "

/* Exit codes of a child. */
#define NO_MORE 3 /* the scenario makes fewer allocations than asked to */

static char folder[] = "/tmp/trunkgate-replay.XXXXXX";
#define CHILDREN_MAX 8

static bool verbose, starve;
static unsigned passed, failed;
static struct buf failures; /* what is said of them, once more */

/* A scenario under way. */
struct child {
	char *path;
	pid_t pid;
	FILE *from; /* what it says */
};
static struct child children[CHILDREN_MAX];
static size_t oldest, nchildren;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* What configurations refer to: certificates, and the password of a trunk. */
static bool make_files(void)
{
	char line[512];

	if (!mkdtemp(folder))
		return false;
	snprintf(line, sizeof(line),
	         "umask 077; cd %s; echo 'Circle of Life' >acme.password; "
	         "%s/certs/lab-ca . us --cn sbc.lab >log 2>&1",
	         folder, SOURCE_DIR);
	if (system(line) != 0)
		return false;
	/* The machine's own roots are none of ours, and a hundred and fifty of them take longer to
	 * read than a scenario to run. */
	snprintf(line, sizeof(line), "%s/root.pem", folder);
	return setenv("SSL_CERT_FILE", line, 1) == 0 && setenv("SSL_CERT_DIR", folder, 1) == 0;
}

/* n: the allocation that fails, 0 for none. */
static struct child child_start(const char *path, unsigned n)
{
	struct child c = { .path = strdup(path) };
	unsigned place = (unsigned)((oldest + nchildren) % CHILDREN_MAX);
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) || (fflush(NULL), c.pid = fork()) < 0)
		abort();
	if (c.pid == 0) {
		/* Another replay of this machine may run as well. */
		house_set_place((unsigned)getppid() % (HOUSE_PLACES / CHILDREN_MAX) * CHILDREN_MAX +
		                place);
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		close(fds[0]);
		alarm(60);
		if (n == 0)
			script_run(path, folder, verbose);
		else if (!script_starve(path, folder, n))
			exit(NO_MORE);
		exit(0);
	}
	close(fds[1]);
	c.from = fdopen(fds[0], "r");
	return c;
}

/* What the child says, to free; its status in *status. */
static char *child_end(struct child *c, int *status)
{
	char *said = NULL;
	size_t size = 0;

	if (getdelim(&said, &size, '\0', c->from) < 0) {
		free(said);
		said = strdup("");
	}
	fclose(c->from);
	waitpid(c->pid, status, 0);
	return said;
}

/* path without the tree that all are in */
static const char *shown(const char *path)
{
	const char *at = strstr(path, "tests/replay/");

	return at ? at + strlen("tests/replay/") : path;
}

static void fails(const char *path, const char *said)
{
	buf_printf(&failures, "FAIL %s\n%.*s\n", shown(path), (int)strcspn(said, "\n"), said);
	failed++;
}

static void judge(const char *path, const char *title, const char *said, int status)
{
	bool ok;

	if (strncmp(title, FAILS, strlen(FAILS)) == 0)
		ok = WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
		     strstr(said, title + strlen(FAILS));
	else
		ok = status == 0 && strncmp(title, "RFC ", 4) == 0;
	printf("%-4s %-44s %s\n", ok ? "ok" : "FAIL", shown(path), title);
	if (!ok || verbose)
		puts(said);
	if (ok)
		passed++;
	else
		fails(path, said);
}

/* As many at a time as there are processors. */
static bool is_full(void)
{
	long most = sysconf(_SC_NPROCESSORS_ONLN);

	return nchildren >= CHILDREN_MAX || (nchildren > 0 && (long)nchildren >= most);
}

static void start(const char *path, unsigned n)
{
	children[(oldest + nchildren) % CHILDREN_MAX] = child_start(path, n);
	nchildren++;
}

/* The oldest, out of the row; to free with what it says. */
static struct child take_oldest(char **said, int *status)
{
	struct child c = children[oldest];

	*said = child_end(&c, status);
	oldest = (oldest + 1) % CHILDREN_MAX;
	nchildren--;
	return c;
}

static void end_oldest(void)
{
	struct commands commands;
	int status;
	char *said;
	struct child c = take_oldest(&said, &status);

	if (lines_read(&commands, c.path)) {
		judge(c.path, commands.title ? commands.title : "", said, status);
		lines_free(&commands);
	} else {
		fails(c.path, strerror(errno));
	}
	free(said);
	free(c.path);
}

/* They are told of in their order. */
static void run_file(const char *path)
{
	while (is_full())
		end_oldest();
	start(path, 0);
}

/* Every allocation of the scenario fails once. */
static void starve_file(const char *path)
{
	unsigned started = 0, ended = 0;
	bool over = false;

	while (!over || nchildren > 0) {
		char *said;
		int status;
		struct child c;

		while (!over && !is_full())
			start(path, ++started);
		c = take_oldest(&said, &status);
		if (!over && status != 0) {
			bool good = WIFEXITED(status) && WEXITSTATUS(status) == NO_MORE;

			over = true;
			printf("%-4s %s: %u allocations failed\n%s", good ? "ok" : "FAIL", path,
			       ended, good ? "" : said);
			if (good)
				passed++;
			else
				fails(path, said);
		}
		ended++;
		free(said);
		free(c.path);
	}
}

static void run_path(const char *path);

/* All scenarios in it and below, by name. */
static void run_directory(const char *path)
{
	struct dirent **entries = NULL;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *dot = strrchr(entries[i]->d_name, '.');
		char below[4096];

		snprintf(below, sizeof(below), "%s/%s", path, entries[i]->d_name);
		if (dot ? strcmp(dot, ".replay") == 0 : entries[i]->d_type == DT_DIR)
			run_path(below);
		free(entries[i]);
	}
	free(entries);
}

static void run_path(const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		run_directory(path);
	else if (starve)
		starve_file(path);
	else
		run_file(path);
}

int main(int argc, char **argv)
{
	int first = 1;

	if (argc > 1 && argv[1][0] == '-') {
		verbose = strcmp(argv[1], "-v") == 0;
		starve = strcmp(argv[1], "-a") == 0;
		first = 2;
	}
	buf_init(&failures, 1 << 20);
	if (!make_files()) {
		fprintf(stderr, "replay: could not make the files in %s\n", folder);
		return 1;
	}
	/* What every scenario needs, once: it takes as long as a scenario does. */
	message_library_open();
	if (srtp_library_open() != OK)
		return 1;
	for (int i = first; i < argc; i++)
		run_path(argv[i]);
	while (nchildren > 0)
		end_oldest();
	srtp_library_close();
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	if (failures.len)
		fputs(failures.data, stdout);
	printf("%u scenarios as they should be, %u not\n", passed, failed);
	buf_free(&failures);
	return failed || !passed;
}
