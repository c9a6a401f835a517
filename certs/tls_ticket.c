/* Resumption without a certificate being shown again: only within one context, which is one trust
 * policy or one listener's, and for the very trunk that was proved (RFC 8446 4.6.1, RFC 5077). The
 * keys belong to the SSL_CTX, so that new files end what was proved under the old ones. No 0-RTT.
 */
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "certs/cert_text.h"
#include "certs/tls_session.h"
#include <openssl/core_names.h>
#include <openssl/evp.h>

#define ROTATE_MS (60 * 60 * 1000) /* a key's life; as long again it still opens */
#define TIMEOUT_S 3600             /* a ticket's */

/* Which key encrypts now, and which one still opens. */
static void rotate(struct tls_ticket_keys *keys)
{
	uint64_t now = clock_mono_ms();

	if (keys->now.made_ms && now - keys->now.made_ms < ROTATE_MS)
		return;
	keys->before = keys->now;
	if (now - keys->before.made_ms >= UINT64_C(2) * ROTATE_MS)
		mem_wipe(&keys->before, sizeof(keys->before));
	random_bytes(&keys->now, sizeof(keys->now));
	keys->now.made_ms = now ? now : 1;
}

static const struct tls_ticket_key *find_key(const struct tls_ticket_keys *keys,
                                             const unsigned char *name)
{
	if (keys->now.made_ms && memcmp(keys->now.name, name, sizeof(keys->now.name)) == 0)
		return &keys->now;
	if (keys->before.made_ms && memcmp(keys->before.name, name, sizeof(keys->before.name)) == 0)
		return &keys->before;
	return NULL;
}

static bool set_mac(EVP_MAC_CTX *mac, const struct tls_ticket_key *key)
{
	char digest[] = "sha256";
	unsigned char secret[sizeof(key->mac)];
	OSSL_PARAM params[] = { OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, secret,
		                                                  sizeof(secret)),
		                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		                OSSL_PARAM_construct_end() };
	bool ok;

	memcpy(secret, key->mac, sizeof(secret));
	ok = EVP_MAC_CTX_set_params(mac, params) == 1;
	mem_wipe(secret, sizeof(secret));
	return ok;
}

/* OpenSSL's: 1 is done, 2 is done with an old key, 0 is not to be opened, -1 is an error. */
static int on_ticket_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                         EVP_MAC_CTX *mac, int encrypt)
{
	const struct tls_session *s = tls_session_of(ssl);
	struct tls_ticket_keys *keys = s ? &s->rules->keys : NULL;
	const struct tls_ticket_key *key;

	if (!keys)
		return 0;
	rotate(keys);
	if (encrypt) {
		key = &keys->now;
		memcpy(name, key->name, sizeof(key->name));
		random_bytes(iv, (size_t)EVP_CIPHER_get_iv_length(EVP_aes_256_cbc()));
	} else {
		key = find_key(keys, name);
		if (!key)
			return 0;
	}
	if (EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->cipher, iv, encrypt, NULL) != 1 ||
	    !set_mac(mac, key))
		return -1;
	return !encrypt && key == &keys->before ? 2 : 1;
}

static struct tls_proof proof_of(const struct tls_session *s)
{
	struct tls_proof proof;

	memset(&proof, 0, sizeof(proof)); /* its holes too: it goes out as it is, encrypted */
	proof.policy = (uint32_t)(s->policy - s->rules->policies);
	proof.proved_s = s->proved_s;
	proof.until_s = s->verdict.until_s;
	snprintf(proof.name, sizeof(proof.name), "%s", s->verdict.name);
	return proof;
}

/* A peer that proved nothing gets a ticket without a proof, which opens nothing. */
static int on_ticket_made(SSL *ssl, void *arg)
{
	const struct tls_session *s = tls_session_of(ssl);
	struct tls_proof proof;

	(void)arg;
	if (!s || !s->policy || SSL_get_SSL_CTX(ssl) != s->ssl_ctx)
		return 1;
	proof = proof_of(s);
	return SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &proof, sizeof(proof));
}

/* Whether what was proved then holds on: not for long, nor beyond the first end in its chain, and
 * not where OCSP is asked each time. */
static bool holds_on(const struct tls_rules *rules, const SSL_SESSION *session,
                     const struct tls_proof *proof)
{
	const struct peer_policy *p = &rules->policies[proof->policy];
	int64_t now_s = clock_wall_s();

	return p->ocsp != OCSP_ASK && proof->until_s > now_s && proof->proved_s <= now_s &&
	       now_s - proof->proved_s < TIMEOUT_S &&
	       SSL_SESSION_get_protocol_version(session) >= tls_version_number(p->min_version);
}

static void take_over(struct tls_session *s, const struct tls_proof *proof)
{
	s->standing = TLS_RESUMED;
	s->proved_s = proof->proved_s;
	s->policy = &s->rules->policies[proof->policy];
	s->verdict = (struct peer_verdict){ .fault = PEER_OK, .until_s = proof->until_s };
	snprintf(s->verdict.name, sizeof(s->verdict.name), "%s", proof->name);
}

static SSL_TICKET_RETURN on_ticket_shown(SSL *ssl, SSL_SESSION *session, const unsigned char *name,
                                         size_t len, SSL_TICKET_STATUS status, void *arg)
{
	struct tls_session *s = tls_session_of(ssl);
	struct tls_proof proof;
	void *data = NULL;
	size_t size = 0;

	(void)name;
	(void)len;
	(void)arg;
	if (!s || (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) ||
	    SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 || size != sizeof(proof))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	memcpy(&proof, data, sizeof(proof));
	if (proof.policy >= s->rules->npolicies || !holds_on(s->rules, session, &proof))
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	proof.name[sizeof(proof.name) - 1] = '\0';
	take_over(s, &proof);
	/* In TLS 1.3 each is used once: another one follows. */
	return SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION
	           ? SSL_TICKET_RETURN_USE_RENEW
	           : SSL_TICKET_RETURN_USE;
}

/* Ours to keep, for the next connection. One is enough, and of TLS 1.3 it is used once
 * (RFC 8446 C.4). A copy: OpenSSL
 * spoils the session of a connection that breaks. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
	const struct tls_session *s = tls_session_of(ssl);
	struct tls_proof proof;

	if (!s || !s->policy)
		return 0;
	proof = proof_of(s);
	if (!holds_on(s->rules, session, &proof))
		return 0;
	SSL_SESSION_free(s->rules->kept);
	s->rules->kept = SSL_SESSION_dup(session);
	s->rules->kept_proof = proof;
	return 0;
}

bool tls_ticket_setup(SSL_CTX *c, enum cert_role peer_role)
{
	SSL_CTX_set_timeout(c, TIMEOUT_S);
	if (peer_role == CERT_ROLE_SERVER) {
		SSL_CTX_set_session_cache_mode(c,
		                               SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(c, on_session);
		return true;
	}
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	return SSL_CTX_set_num_tickets(c, 1) == 1 &&
	       SSL_CTX_set_tlsext_ticket_key_evp_cb(c, on_ticket_key) == 1 &&
	       SSL_CTX_set_session_ticket_cb(c, on_ticket_made, on_ticket_shown, NULL) == 1;
}

void tls_ticket_offer(SSL *ssl)
{
	struct tls_session *s = tls_session_of(ssl);
	SSL_SESSION *kept = s->rules->kept, *offered = NULL;

	if (kept && holds_on(s->rules, kept, &s->rules->kept_proof))
		offered = SSL_SESSION_dup(kept);
	if (offered && SSL_set_session(ssl, offered) == 1)
		s->offered = s->rules->kept_proof;
	if (!offered || SSL_SESSION_get_protocol_version(offered) >= TLS1_3_VERSION) {
		SSL_SESSION_free(kept);
		s->rules->kept = NULL;
	}
	SSL_SESSION_free(offered);
}

void tls_ticket_finish(SSL *ssl)
{
	struct tls_session *s = tls_session_of(ssl);

	if (SSL_session_reused(ssl) && s->peer_role == CERT_ROLE_SERVER)
		take_over(s, &s->offered);
	/* A ticket was good, but the handshake went the long way, without any certificate. */
	if (!SSL_session_reused(ssl) && s->standing == TLS_RESUMED)
		tls_session_reset(s);
}
