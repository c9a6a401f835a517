/* A store of roots. What is named is read at once. Of the system's, its file is read at once too,
 * unless it may be late, and its folder whenever a chain asks for a name in it (OpenSSL's lookups).
 */
#include "certs/trust.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/identity.h"
#include "certs/pem_file.h"
#include "certs/trust_pin.h"

struct trust {
	unsigned refs;
	X509_STORE *store;
	unsigned certificates, roots; /* put in by us */
	unsigned crls;
	bool is_system;
	bool is_late; /* the system's roots are still to be read */
	unsigned char (*pins)[SHA256_DIGEST_LENGTH];
	size_t npins;
};

struct folder {
	const char *const *endings; /* of the files that count, then NULL */
	enum err (*add)(struct trust *t, const char *path, char *why);
};

static enum err no_memory(const char *where, char *why)
{
	cert_why(why, "%s: no memory to load it", where);
	return ERR_NOMEM;
}

static enum err add_file(struct trust *t, const char *path, char *why)
{
	STACK_OF(X509) *certs = NULL;
	enum err err = pem_read_certificates(&certs, path, why);

	if (err)
		return err;
	for (int i = 0; i < sk_X509_num(certs) && !err; i++) {
		X509 *cert = sk_X509_value(certs, i);

		/* One that is there already is fine. */
		if (X509_STORE_add_cert(t->store, cert) != 1)
			err = no_memory(path, why);
		t->certificates++;
		if (X509_get_extension_flags(cert) & EXFLAG_SS)
			t->roots++;
	}
	pem_free_certificates(certs);
	return err;
}

static enum err add_crl_file(struct trust *t, const char *path, char *why)
{
	STACK_OF(X509_CRL) *crls = NULL;
	enum err err = pem_read_crls(&crls, path, why);

	for (int i = 0; !err && i < sk_X509_CRL_num(crls); i++) {
		if (X509_STORE_add_crl(t->store, sk_X509_CRL_value(crls, i)) != 1)
			err = no_memory(path, why);
		t->crls++;
	}
	sk_X509_CRL_pop_free(crls, X509_CRL_free);
	return err;
}

static bool is_wanted(const char *const *endings, const char *name)
{
	const char *ending = strrchr(name, '.');

	for (; name[0] != '.' && ending && *endings; endings++) {
		if (strcmp(ending, *endings) == 0)
			return true;
	}
	return false;
}

static enum err add_directory(struct trust *t, const struct folder *folder, const char *where,
                              char *why)
{
	DIR *dir = opendir(where);
	struct dirent *entry;
	enum err err = OK;

	if (!dir) {
		cert_why(why, "%s: cannot be opened: %s", where, strerror(errno));
		return ERR_IO;
	}
	while (!err && (entry = readdir(dir)) != NULL) {
		char *path;

		if (!is_wanted(folder->endings, entry->d_name))
			continue;
		path = mem_printf("%s/%s", where, entry->d_name);
		err = path ? folder->add(t, path, why) : no_memory(where, why);
		mem_free(path);
	}
	closedir(dir);
	return err;
}

/* OpenSSL's own rule: the environment first, then what it was built with. */
static const char *system_path(const char *variable, const char *built_in)
{
	const char *set = secure_getenv(variable);

	return set ? set : built_in;
}

static const char *system_file(void)
{
	return system_path(X509_get_default_cert_file_env(), X509_get_default_cert_file());
}

static const char *system_dir(void)
{
	return system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
}

enum err trust_path(char **out, const char *text)
{
	struct stat st;

	*out = NULL;
	if (strncmp(text, "sha256/", strlen("sha256/")) == 0)
		return OK;
	if (strcmp(text, "system") == 0) {
		text = stat(system_file(), &st) == 0 ? system_file() : system_dir();
		if (stat(text, &st) != 0)
			return OK;
	}
	*out = mem_strdup(text);
	return *out ? OK : ERR_NOMEM;
}

static enum err add_system(struct trust *t, bool late, char *why)
{
	const char *file = system_file(), *dir = system_dir();
	struct stat st;

	if (stat(file, &st) != 0 && stat(dir, &st) != 0) {
		cert_why(why,
		         "system: this machine has no roots (neither %s nor %s is there): install "
		         "the package ca-certificates",
		         file, dir);
		return ERR_NOT_FOUND;
	}
	t->is_system = true;
	t->is_late = late;
	if (late)
		return OK;
	return X509_STORE_set_default_paths(t->store) == 1 ? OK : no_memory("system", why);
}

static enum err check_roots(const struct trust *t, const char *where, char *why)
{
	if (t->roots > 0)
		return OK;
	if (t->certificates > 0)
		cert_why(
		    why,
		    "%s: there is no root in it, only certificates that others signed (%u): add the "
		    "root that they end at",
		    where, t->certificates);
	else
		cert_why(why,
		         "%s: there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)",
		         where);
	return ERR_NOT_FOUND;
}

/* A file, or a folder of them. */
static enum err add_path(struct trust *t, const struct folder *folder, const char *where, char *why)
{
	struct stat st;

	if (stat(where, &st) != 0) {
		cert_why(why, "%s: cannot be opened: %s", where, strerror(errno));
		return ERR_IO;
	}
	return S_ISDIR(st.st_mode) ? add_directory(t, folder, where, why)
	                           : folder->add(t, where, why);
}

static enum err add_roots(struct trust *t, const char *where, bool late, char *why)
{
	static const char *const endings[] = { ".pem", ".crt", ".cer", NULL };
	static const struct folder folder = { endings, add_file };
	enum err err;

	if (strcmp(where, "system") == 0)
		return add_system(t, late, why);
	err = add_path(t, &folder, where, why);
	return err ? err : check_roots(t, where, why);
}

static enum err add_crls(struct trust *t, const char *where, char *why)
{
	static const char *const endings[] = { ".crl", ".pem", NULL };
	static const struct folder folder = { endings, add_crl_file };

	return add_path(t, &folder, where, why);
}

static enum err fill(struct trust *t, const struct trust_cfg *cfg, char *why)
{
	enum err err = OK;

	if (cfg->npins == 0)
		err = add_roots(t, cfg->roots, cfg->late, why);
	for (size_t i = 0; !err && i < cfg->ncrls; i++)
		err = add_crls(t, cfg->crls[i], why);
	if (!err && cfg->npins > 0)
		err = trust_pins_read(&t->pins, cfg->pins, cfg->npins, why);
	if (!err)
		t->npins = cfg->npins;
	return err;
}

enum err trust_load(struct trust **out, const struct trust_cfg *cfg, char *why)
{
	struct trust *t = mem_zalloc(sizeof(*t));
	enum err err;

	assert(!cfg->npins || !cfg->ncrls); /* the configuration refuses both */
	if (!t)
		return no_memory(cfg->roots ? cfg->roots : "trust", why);
	t->refs = 1;
	ERR_set_mark();
	t->store = X509_STORE_new();
	err = t->store ? fill(t, cfg, why) : no_memory(cfg->roots ? cfg->roots : "trust", why);
	ERR_pop_to_mark();
	if (err) {
		trust_free(&t);
		return err;
	}
	*out = t;
	return OK;
}

struct trust *trust_ref(struct trust *trust)
{
	trust->refs++;
	return trust;
}

void trust_free(struct trust **trustp)
{
	struct trust *t = *trustp;

	*trustp = NULL;
	if (!t || --t->refs > 0)
		return;
	X509_STORE_free(t->store);
	mem_free(t->pins);
	mem_free(t);
}

X509_STORE *trust_store(const struct trust *trust)
{
	return trust->store;
}

bool trust_is_system(const struct trust *trust)
{
	return trust->is_system;
}

bool trust_has_crls(const struct trust *trust)
{
	return trust->crls > 0;
}

bool trust_has_pins(const struct trust *trust)
{
	return trust->npins > 0;
}

bool trust_is_pinned(const struct trust *trust, X509 *leaf)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (!trust_key_digest(leaf, digest))
		return false;
	for (size_t i = 0; i < trust->npins; i++) {
		if (memcmp(trust->pins[i], digest, sizeof(digest)) == 0)
			return true;
	}
	return false;
}

X509 *trust_find_issuer(struct trust *trust, X509 *cert)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509 *issuer = NULL;

	ERR_set_mark();
	if (trust->is_late && X509_STORE_set_default_paths(trust->store) == 1)
		trust->is_late = false;
	if (ctx && X509_STORE_CTX_init(ctx, trust->store, cert, NULL) == 1 &&
	    X509_STORE_CTX_get1_issuer(&issuer, ctx, cert) == 1 &&
	    X509_verify(cert, X509_get0_pubkey(issuer)) != 1) {
		X509_free(issuer); /* a namesake */
		issuer = NULL;
	}
	X509_STORE_CTX_free(ctx);
	ERR_pop_to_mark();
	return issuer;
}
