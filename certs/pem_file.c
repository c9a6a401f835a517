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

static enum err no_memory(const char *path, char *why)
{
	cert_why(why, "%s: no memory to read it", path);
	return ERR_NOMEM;
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
		err = no_memory(path, why);
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

/* A file being read, as OpenSSL wants it. Its errors are kept from the queue in the meantime. */
struct pem {
	struct content content;
	BIO *bio;
};

static void pem_close(struct pem *p)
{
	ERR_pop_to_mark();
	BIO_free(p->bio);
	content_free(&p->content);
}

/* pem_close it when OK. */
static enum err pem_open(struct pem *p, const char *path, const char *secret, char *why)
{
	enum err err = content_read(&p->content, path, secret, why);

	if (err)
		return err;
	ERR_set_mark();
	p->bio = BIO_new_mem_buf(p->content.data, (int)p->content.len);
	if (p->bio)
		return OK;
	pem_close(p);
	return no_memory(path, why);
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
			return no_memory(path, why);
		}
	}
	if (at_end_of_pem())
		return OK;
	cert_why(why, "%s: certificate %d in it is damaged", path, sk_X509_num(certs) + 1);
	return ERR_SYNTAX;
}

enum err pem_read_certificates(STACK_OF(X509) * *out, const char *path, char *why)
{
	STACK_OF(X509) * certs;
	struct pem p;
	enum err err = pem_open(&p, path, NULL, why);

	if (err)
		return err;
	certs = sk_X509_new_null();
	err = certs ? parse_certificates(certs, p.bio, path, why) : no_memory(path, why);
	pem_close(&p);
	if (err)
		pem_free_certificates(certs);
	else
		*out = certs;
	return err;
}

/* One in DER, or as many as there are in PEM. NULL at the end of them, or where one is damaged. */
static X509_CRL *next_crl(const struct pem *p, int have)
{
	const unsigned char *der = (const unsigned char *)p->content.data;

	if (strstr(p->content.data, "-----BEGIN "))
		return PEM_read_bio_X509_CRL(p->bio, NULL, NULL, NULL);
	return have ? NULL : d2i_X509_CRL(NULL, &der, (long)p->content.len);
}

static enum err parse_crls(STACK_OF(X509_CRL) * crls, const struct pem *p, const char *path,
                           char *why)
{
	X509_CRL *crl;

	while ((crl = next_crl(p, sk_X509_CRL_num(crls))) != NULL) {
		if (sk_X509_CRL_push(crls, crl) <= 0) {
			X509_CRL_free(crl);
			return no_memory(path, why);
		}
	}
	if (sk_X509_CRL_num(crls) > 0 &&
	    (at_end_of_pem() || !strstr(p->content.data, "-----BEGIN ")))
		return OK;
	cert_why(why, "%s: there is no CRL in it, or it is damaged (PEM: -----BEGIN X509 CRL-----)",
	         path);
	return ERR_SYNTAX;
}

enum err pem_read_crls(STACK_OF(X509_CRL) * *out, const char *path, char *why)
{
	STACK_OF(X509_CRL) * crls;
	struct pem p;
	enum err err = pem_open(&p, path, NULL, why);

	if (err)
		return err;
	crls = sk_X509_CRL_new_null();
	err = crls ? parse_crls(crls, &p, path, why) : no_memory(path, why);
	pem_close(&p);
	if (err)
		sk_X509_CRL_pop_free(crls, X509_CRL_free);
	else
		*out = crls;
	return err;
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

static enum err parse_key(EVP_PKEY **out, const struct pem *p, struct passphrase *phrase,
                          const char *path, char *why)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(p->bio, NULL, on_passphrase, phrase);

	if (key) {
		*out = key;
		return OK;
	}
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
	if (strstr(p->content.data, "PRIVATE KEY-----")) {
		cert_why(why, "%s: the private key in it is damaged", path);
		return ERR_SYNTAX;
	}
	cert_why(why, "%s: there is no private key in it (PEM: -----BEGIN PRIVATE KEY-----)", path);
	return ERR_NOT_FOUND;
}

enum err pem_read_key(EVP_PKEY **out, const char *path, const char *passphrase, char *why)
{
	struct passphrase phrase = { 0 };
	struct pem p;
	enum err err = pem_open(&p, path, "private key", why);

	if (err)
		return err;
	if (passphrase)
		err = content_read(&phrase.content, passphrase, "passphrase", why);
	if (!err)
		err = parse_key(out, &p, &phrase, path, why);
	content_free(&phrase.content);
	pem_close(&p);
	return err;
}
