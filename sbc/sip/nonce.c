/* Nonces: the moment, chance, and our signature of both, in hex. Signalling thread. */
#include "sbc/sip/nonce.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/table.h"

#define TIME_LEN   16
#define CHANCE_LEN 8
#define SIGNED_LEN (TIME_LEN + CHANCE_LEN)

struct used {
	TAILQ_ENTRY(used) link; /* by first use */
	char nonce[NONCE_LEN + 1];
	uint64_t made_ms;
	unsigned long count; /* the highest that was used */
};

struct nonces {
	uint8_t secret[32];
	struct table *by_nonce;
	TAILQ_HEAD(, used) used;
	uint64_t floor_ms; /* what was made before is stale: its count may be forgotten */
};

enum err nonces_new(struct nonces **out)
{
	struct nonces *n = mem_zalloc(sizeof(*n));

	if (!n)
		return ERR_NOMEM;
	TAILQ_INIT(&n->used);
	random_bytes(n->secret, sizeof(n->secret));
	if (table_new(&n->by_nonce, NONCES_MAX)) {
		mem_free(n);
		return ERR_NOMEM;
	}
	*out = n;
	return OK;
}

static void forget(struct nonces *n, struct used *u)
{
	table_remove(n->by_nonce, u->nonce);
	TAILQ_REMOVE(&n->used, u, link);
	mem_free(u);
}

void nonces_free(struct nonces **np)
{
	struct nonces *n = *np;
	struct used *u;

	if (!n)
		return;
	while ((u = TAILQ_FIRST(&n->used)))
		forget(n, u);
	table_free(&n->by_nonce);
	mem_wipe(n, sizeof(*n));
	mem_free(n);
	*np = NULL;
}

/* Writes the signature behind the first SIGNED_LEN characters. */
static void sign(const struct nonces *n, char nonce[NONCE_LEN + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	HMAC(EVP_sha256(), n->secret, sizeof(n->secret), (const unsigned char *)nonce, SIGNED_LEN,
	     mac, &len);
	for (size_t i = 0; i < (NONCE_LEN - SIGNED_LEN) / 2; i++) {
		nonce[SIGNED_LEN + 2 * i] = digits[mac[i] >> 4];
		nonce[SIGNED_LEN + 2 * i + 1] = digits[mac[i] & 15];
	}
	nonce[NONCE_LEN] = '\0';
}

void nonce_make(const struct nonces *n, char out[NONCE_LEN + 1])
{
	uint32_t chance;

	random_bytes(&chance, sizeof(chance));
	snprintf(out, SIGNED_LEN + 1, "%016" PRIx64 "%08" PRIx32, clock_mono_ms(), chance);
	sign(n, out);
}

/* Ours, and young enough. */
static enum err check(const struct nonces *n, const char *nonce, uint64_t *made_ms)
{
	char right[NONCE_LEN + 1], hex[TIME_LEN + 1];
	uint64_t now_ms = clock_mono_ms();

	if (strlen(nonce) != NONCE_LEN)
		return ERR_TIMEOUT;
	memcpy(right, nonce, SIGNED_LEN);
	sign(n, right);
	if (CRYPTO_memcmp(right, nonce, NONCE_LEN) != 0)
		return ERR_TIMEOUT;
	memcpy(hex, nonce, TIME_LEN);
	hex[TIME_LEN] = '\0';
	*made_ms = strtoull(hex, NULL, 16);
	if (*made_ms < n->floor_ms || *made_ms > now_ms || now_ms - *made_ms > NONCE_LIFE_MS)
		return ERR_TIMEOUT;
	return OK;
}

/* Room for one more: those that are too old anyway, then the one that was used first. */
static void make_room(struct nonces *n)
{
	uint64_t now_ms = clock_mono_ms();
	struct used *u;

	while ((u = TAILQ_FIRST(&n->used)) && now_ms - u->made_ms > NONCE_LIFE_MS)
		forget(n, u);
	if (table_count(n->by_nonce) < NONCES_MAX)
		return;
	u = TAILQ_FIRST(&n->used);
	if (u->made_ms >= n->floor_ms)
		n->floor_ms = u->made_ms + 1;
	forget(n, u);
}

static enum err remember(struct nonces *n, const char *nonce, uint64_t made_ms, unsigned long count)
{
	struct used *u = mem_zalloc(sizeof(*u));

	if (!u)
		return ERR_NOMEM;
	make_room(n);
	memcpy(u->nonce, nonce, NONCE_LEN);
	u->made_ms = made_ms;
	u->count = count;
	if (made_ms < n->floor_ms || table_put(n->by_nonce, u->nonce, u)) {
		mem_free(u);
		return ERR_TIMEOUT;
	}
	TAILQ_INSERT_TAIL(&n->used, u, link);
	return OK;
}

enum err nonce_use(struct nonces *n, const char *nonce, const char *nc)
{
	unsigned long count = strtoul(nc, NULL, 16);
	uint64_t made_ms;
	struct used *u;

	if (check(n, nonce, &made_ms))
		return ERR_TIMEOUT;
	u = table_get(n->by_nonce, nonce);
	if (!u)
		return remember(n, nonce, made_ms, count);
	if (count <= u->count)
		return ERR_TIMEOUT;
	u->count = count;
	return OK;
}
