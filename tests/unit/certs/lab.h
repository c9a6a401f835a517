/* A laboratory for the tests of certs/: a directory with certificates from certs/lab-ca, and a log
 * that is kept. */
#ifndef TESTS_UNIT_CERTS_LAB_H
#define TESTS_UNIT_CERTS_LAB_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include "certs/identity.h"
#include "certs/peer_check.h"
#include "certs/trust.h"
#include "tests/unit/alloc.h"

#define UNUSED(x) ((void)(x))
/* A policy with one name. */
#define POLICY(t, roots, n)                                               \
	{                                                                 \
		.trunk = (t), .trust = (roots), .names = (n), .nnames = 1 \
	}

static struct {
	char dir[64];
	char log[8192]; /* lines since lab_log_clear */
	size_t log_used;
	char why[CERT_WHY_MAX];
} lab;

static inline void lab_on_log(void *arg, enum log_level level, const char *line)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	int n = snprintf(lab.log + lab.log_used, sizeof(lab.log) - lab.log_used, "%s %s\n",
	                 names[level], line);

	UNUSED(arg);
	if (n > 0 && (size_t)n < sizeof(lab.log) - lab.log_used)
		lab.log_used += (size_t)n;
}

static inline void lab_log_clear(void)
{
	lab.log_used = 0;
	lab.log[0] = '\0';
}

/* DIR/name; eight may be in use at once. */
static inline const char *lab_path(const char *name)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", lab.dir, name);
	return path;
}

/* Runs a shell's command line within the laboratory; $LAB is lab-ca. Gives the exit code. */
static inline int lab_shell(const char *command)
{
	char line[2048];
	int status;

	snprintf(line, sizeof(line),
	         "cd %s && LAB=" SOURCE_DIR "/certs/lab-ca && { %s ; } >>shell.log 2>&1", lab.dir,
	         command);
	status = system(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int lab_open(void)
{
	snprintf(lab.dir, sizeof(lab.dir), "/tmp/trunkgate-certs.XXXXXX");
	if (!mkdtemp(lab.dir))
		return -1;
	log_capture(lab_on_log, NULL);
	return lab_shell("$LAB . && $LAB evil --ca-name Evil");
}

static inline int lab_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	UNUSED(st);
	UNUSED(type);
	UNUSED(ftw);
	return remove(path);
}

static inline void lab_close(void)
{
	log_capture(NULL, NULL);
	nftw(lab.dir, lab_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void lab_write(const char *name, const char *text)
{
	FILE *f = fopen(lab_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static inline struct trust *lab_trust_of(const char *roots)
{
	const struct trust_cfg cfg = { .roots = roots };
	struct trust *t = NULL;

	if (trust_load(&t, &cfg, lab.why) != OK)
		fail_msg("%s", lab.why);
	return t;
}

static inline struct trust *lab_trust(const char *file)
{
	return lab_trust_of(lab_path(file));
}

static inline struct identity *lab_identity(const char *file)
{
	const struct identity_cfg cfg = { .name = "test", .certificate = lab_path(file) };
	struct identity *id = NULL;

	if (identity_load(&id, &cfg, lab.why) != OK)
		fail_msg("%s", lab.why);
	return id;
}

/* All certificates of a file in its order. */
static inline STACK_OF(X509) * lab_certificates(const char *file)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	BIO *bio = BIO_new_file(lab_path(file), "r");
	X509 *cert;

	assert_non_null(bio);
	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		sk_X509_push(certs, cert);
	ERR_clear_error();
	BIO_free(bio);
	return certs;
}

static inline void lab_free_certificates(STACK_OF(X509) * certs)
{
	sk_X509_pop_free(certs, X509_free);
}

#define assert_has(text, part)                                            \
	do {                                                              \
		if (!strstr((text), (part)))                              \
			fail_msg("\"%s\" is not in: %s", (part), (text)); \
	} while (0)
#define assert_has_not(text, part)                                    \
	do {                                                          \
		if (strstr((text), (part)))                           \
			fail_msg("\"%s\" is in: %s", (part), (text)); \
	} while (0)

#endif
