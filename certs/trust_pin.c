/* A pin is the SHA-256 of a public key as certificates carry it (RFC 7469 2.4). */
#include "certs/trust_pin.h"

#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/identity.h"
#include "certs/pem_file.h"
#include "certs/trust.h"

#define PREFIX     "sha256/"
#define BASE64_LEN 44 /* of 32 octets, with one "=" */

bool trust_key_digest(X509 *cert, unsigned char digest[SHA256_DIGEST_LENGTH])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (len <= 0)
		return false;
	SHA256(der, (size_t)len, digest);
	OPENSSL_free(der);
	return true;
}

const char *trust_pin_text(X509 *cert, char *buf)
{
	unsigned char digest[SHA256_DIGEST_LENGTH], text[BASE64_LEN + 1];

	if (!trust_key_digest(cert, digest)) {
		snprintf(buf, TRUST_PIN_MAX, "unreadable");
		return buf;
	}
	EVP_EncodeBlock(text, digest, sizeof(digest));
	snprintf(buf, TRUST_PIN_MAX, PREFIX "%s", (const char *)text);
	return buf;
}

static enum err read_hash(unsigned char digest[SHA256_DIGEST_LENGTH], const char *text, char *why)
{
	unsigned char bytes[SHA256_DIGEST_LENGTH + 1]; /* the padding decodes to a zero */

	if (strlen(text) != BASE64_LEN || text[BASE64_LEN - 1] != '=' ||
	    text[BASE64_LEN - 2] == '=' ||
	    EVP_DecodeBlock(bytes, (const unsigned char *)text, BASE64_LEN) != sizeof(bytes)) {
		cert_why(why, PREFIX "%s: is not the base64 of a SHA-256", text);
		return ERR_SYNTAX;
	}
	memcpy(digest, bytes, SHA256_DIGEST_LENGTH);
	return OK;
}

/* The key of the file's first certificate. */
static enum err read_certificate(unsigned char digest[SHA256_DIGEST_LENGTH], const char *path,
                                 char *why)
{
	STACK_OF(X509) *certs = NULL;
	enum err err = pem_read_certificates(&certs, path, why);

	if (err)
		return err;
	if (sk_X509_num(certs) == 0 || !trust_key_digest(sk_X509_value(certs, 0), digest)) {
		cert_why(why,
		         "%s: there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)",
		         path);
		err = ERR_NOT_FOUND;
	}
	pem_free_certificates(certs);
	return err;
}

enum err trust_pins_read(unsigned char (**out)[SHA256_DIGEST_LENGTH], char *const *pins,
                         size_t npins, char *why)
{
	unsigned char(*made)[SHA256_DIGEST_LENGTH] = mem_array(NULL, npins, sizeof(*made));
	enum err err = OK;

	if (!made) {
		cert_why(why, "%s: no memory to keep it", pins[0]);
		return ERR_NOMEM;
	}
	for (size_t i = 0; !err && i < npins; i++) {
		if (strncmp(pins[i], PREFIX, strlen(PREFIX)) == 0)
			err = read_hash(made[i], pins[i] + strlen(PREFIX), why);
		else
			err = read_certificate(made[i], pins[i], why);
	}
	if (err)
		mem_free(made);
	else
		*out = made;
	return err;
}
