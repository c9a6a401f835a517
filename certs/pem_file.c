/* A file is read whole into memory of ours, which is wiped afterwards: it may hold a key. */
#include "certs/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "certs/cert_text.h"

#define FILE_MAX (4 << 20) /* the bundle of all public roots has a quarter of a MiB */

struct content {
	char *data;
	size_t len;
};

static void content_free(struct content *c)
{
	if (c->data)
		mem_wipe(c->data, c->len);
	mem_free(c->data);
	c->data = NULL;
}

static enum err read_all(int fd, struct content *c, const char *path, char *why)
{
	size_t have = 0;

	while (have < c->len) {
		ssize_t n = read(fd, c->data + have, c->len - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			cert_why(why, "%s: cannot be read: %s", path, strerror(errno));
			return ERR_IO;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return OK;
}

/* A group may read a key (Debian's ssl-cert), the rest of the world may not. */
static enum err check_file(const struct stat *st, const char *secret, const char *path, char *why)
{
	if (!S_ISREG(st->st_mode)) {
		cert_why(why, "%s: is not a file", path);
		return ERR_IO;
	}
	if (st->st_size > FILE_MAX) {
		cert_why(why, "%s: is larger than 4 MiB, that is no file of certificates", path);
		return ERR_SYNTAX;
	}
	if (secret && (st->st_mode & (S_IROTH | S_IWOTH))) {
		cert_why(why, "%s: everybody on this machine can %s the %s: chmod 600 %s", path,
		         st->st_mode & S_IROTH ? "read" : "write", secret, path);
		return ERR_REFUSED;
	}
	return OK;
}

/* secret: what it is that not everybody may read; NULL: no secret. */
static enum err content_read(struct content *c, const char *path, const char *secret, char *why)
{
	/* O_NONBLOCK: a FIFO must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	enum err err = OK;

	memset(c, 0, sizeof(*c));
	if (fd < 0 || fstat(fd, &st) < 0) {
		cert_why(why, "%s: cannot be opened: %s", path, strerror(errno));
		err = ERR_IO;
		goto out;
	}
	err = check_file(&st, secret, path, why);
	if (err)
		goto out;
	c->len = (size_t)st.st_size;
	c->data = mem_zalloc(c->len + 1);
	if (!c->data) {
		cert_why(why, "%s: no memory to read it", path);
		err = ERR_NOMEM;
		goto out;
	}
	err = read_all(fd, c, path, why);
out:
	if (err)
		content_free(c);
	if (fd >= 0)
		close(fd);
	return err;
}

void pem_free_certificates(STACK_OF(X509) * certs)
{
	sk_X509_pop_free(certs, X509_free);
}

static bool at_end_of_pem(void)
{
	unsigned long e = ERR_peek_last_error();

	return ERR_GET_LIB(e) == ERR_LIB_PEM && ERR_GET_REASON(e) == PEM_R_NO_START_LINE;
}

static enum err parse_certificates(STACK_OF(X509) * certs, BIO *bio, const char *path, char *why)
{
	X509 *cert;

	while ((cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			cert_why(why, "%s: no memory to read it", path);
			return ERR_NOMEM;
		}
	}
	if (at_end_of_pem())
		return OK;
	cert_why(why, "%s: certificate %d in it is damaged", path, sk_X509_num(certs) + 1);
	return ERR_SYNTAX;
}

enum err pem_read_certificates(STACK_OF(X509) * *out, const char *path, char *why)
{
	STACK_OF(X509) *certs = NULL;
	BIO *bio = NULL;
	struct content c;
	enum err err = content_read(&c, path, NULL, why);

	if (err)
		return err;
	ERR_set_mark();
	certs = sk_X509_new_null();
	bio = BIO_new_mem_buf(c.data, (int)c.len);
	if (certs && bio) {
		err = parse_certificates(certs, bio, path, why);
	} else {
		cert_why(why, "%s: no memory to read it", path);
		err = ERR_NOMEM;
	}
	ERR_pop_to_mark();
	BIO_free(bio);
	content_free(&c);
	if (err) {
		pem_free_certificates(certs);
		return err;
	}
	*out = certs;
	return OK;
}

/* One in DER, or as many as there are in PEM. NULL at the end of them, or where one is damaged. */
static X509_CRL *next_crl(const struct content *c, BIO *bio, int have)
{
	const unsigned char *der = (const unsigned char *)c->data;

	if (strstr(c->data, "-----BEGIN "))
		return PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
	return have ? NULL : d2i_X509_CRL(NULL, &der, (long)c->len);
}

static enum err parse_crls(STACK_OF(X509_CRL) * crls, const struct content *c, BIO *bio,
                           const char *path, char *why)
{
	X509_CRL *crl;

	while ((crl = next_crl(c, bio, sk_X509_CRL_num(crls))) != NULL) {
		if (sk_X509_CRL_push(crls, crl) <= 0) {
			X509_CRL_free(crl);
			cert_why(why, "%s: no memory to read it", path);
			return ERR_NOMEM;
		}
	}
	if (sk_X509_CRL_num(crls) > 0 && (at_end_of_pem() || !strstr(c->data, "-----BEGIN ")))
		return OK;
	cert_why(why, "%s: there is no CRL in it, or it is damaged (PEM: -----BEGIN X509 CRL-----)",
	         path);
	return ERR_SYNTAX;
}

enum err pem_read_crls(STACK_OF(X509_CRL) * *out, const char *path, char *why)
{
	STACK_OF(X509_CRL) *crls = NULL;
	BIO *bio = NULL;
	struct content c;
	enum err err = content_read(&c, path, NULL, why);

	if (err)
		return err;
	ERR_set_mark();
	crls = sk_X509_CRL_new_null();
	bio = BIO_new_mem_buf(c.data, (int)c.len);
	if (crls && bio) {
		err = parse_crls(crls, &c, bio, path, why);
	} else {
		cert_why(why, "%s: no memory to read it", path);
		err = ERR_NOMEM;
	}
	ERR_pop_to_mark();
	BIO_free(bio);
	content_free(&c);
	if (err) {
		sk_X509_CRL_pop_free(crls, X509_CRL_free);
		return err;
	}
	*out = crls;
	return OK;
}

struct passphrase {
	struct content content;
	bool asked;
};

/* Nobody sits at a daemon's terminal: gives the file's first line, or nothing. */
static int on_passphrase(char *buf, int size, int writing, void *arg)
{
	struct passphrase *p = arg;
	size_t len = p->content.data ? strcspn(p->content.data, "\r\n") : 0;

	(void)writing;
	p->asked = true;
	if (len == 0 || len > (size_t)size)
		return -1;
	memcpy(buf, p->content.data, len);
	return (int)len;
}

static enum err parse_key(EVP_PKEY **out, const struct content *c, struct passphrase *phrase,
                          const char *path, char *why)
{
	BIO *bio = BIO_new_mem_buf(c->data, (int)c->len);

	if (!bio) {
		cert_why(why, "%s: no memory to read it", path);
		return ERR_NOMEM;
	}
	*out = PEM_read_bio_PrivateKey(bio, NULL, on_passphrase, phrase);
	BIO_free(bio);
	if (*out)
		return OK;
	if (phrase->asked && phrase->content.data) {
		cert_why(why,
		         "%s: the passphrase that is given for it does not open the private key",
		         path);
		return ERR_REFUSED;
	}
	if (phrase->asked) {
		cert_why(why,
		         "%s: the private key has a passphrase: write passphrase-file, or take it "
		         "off with openssl pkey",
		         path);
		return ERR_REFUSED;
	}
	if (strstr(c->data, "PRIVATE KEY-----")) {
		cert_why(why, "%s: the private key in it is damaged", path);
		return ERR_SYNTAX;
	}
	cert_why(why, "%s: there is no private key in it (PEM: -----BEGIN PRIVATE KEY-----)", path);
	return ERR_NOT_FOUND;
}

enum err pem_read_key(EVP_PKEY **out, const char *path, const char *passphrase, char *why)
{
	struct passphrase phrase = { 0 };
	EVP_PKEY *key = NULL;
	struct content c;
	enum err err = content_read(&c, path, "private key", why);

	if (err)
		return err;
	if (passphrase)
		err = content_read(&phrase.content, passphrase, "passphrase", why);
	if (!err) {
		ERR_set_mark();
		err = parse_key(&key, &c, &phrase, path, why);
		ERR_pop_to_mark();
	}
	content_free(&phrase.content);
	content_free(&c);
	if (!err)
		*out = key;
	return err;
}
