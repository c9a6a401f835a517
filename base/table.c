/* A hash table of chains with a limit; the hash is SipHash-2-4 under a key of chance, since the
 * keys come from the wire. It doubles when full. One thread at a time. */
#include "base/table.h"

#include <stdint.h>
#include <string.h>
#include "base/mem.h"
#include "base/random.h"

#define MIN_SLOTS 16

struct entry {
	struct entry *next;
	uint64_t hash;
	const char *key;
	void *value;
};

struct table {
	struct entry **slots;
	size_t nslots; /* a power of two */
	size_t count, limit;
	uint64_t k0, k1;
};

static uint64_t rotl(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012), words in the machine's order. */
static uint64_t hash_key(const struct table *t, const char *key)
{
	size_t len = strlen(key), left = len;
	uint64_t word, v[4] = { t->k0 ^ 0x736f6d6570736575, t->k1 ^ 0x646f72616e646f6d,
		                t->k0 ^ 0x6c7967656e657261, t->k1 ^ 0x7465646279746573 };

	for (;; key += 8, left -= 8) {
		word = 0;
		memcpy(&word, key, left < 8 ? left : 8);
		if (left < 8)
			word |= (uint64_t)len << 56;
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
		if (left < 8)
			break;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

enum err table_new(struct table **out, size_t limit)
{
	struct table *t = mem_zalloc(sizeof(*t));

	if (!t)
		return ERR_NOMEM;
	t->slots = mem_zalloc(MIN_SLOTS * sizeof(*t->slots));
	if (!t->slots) {
		mem_free(t);
		return ERR_NOMEM;
	}
	t->nslots = MIN_SLOTS;
	t->limit = limit;
	random_bytes(&t->k0, sizeof(t->k0));
	random_bytes(&t->k1, sizeof(t->k1));
	*out = t;
	return OK;
}

void table_free(struct table **tablep)
{
	struct table *t = *tablep;

	if (!t)
		return;
	for (size_t i = 0; i < t->nslots; i++) {
		while (t->slots[i]) {
			struct entry *e = t->slots[i];

			t->slots[i] = e->next;
			mem_free(e);
		}
	}
	mem_free(t->slots);
	mem_free(t);
	*tablep = NULL;
}

/* Where the pointer to key's entry is, or would be. */
static struct entry **find(const struct table *t, const char *key, uint64_t hash)
{
	struct entry **at = &t->slots[hash & (t->nslots - 1)];

	while (*at && ((*at)->hash != hash || strcmp((*at)->key, key) != 0))
		at = &(*at)->next;
	return at;
}

/* Without memory the table stays as it is: slower, not wrong. */
static void resize(struct table *t, size_t nslots)
{
	struct entry **slots = mem_zalloc(nslots * sizeof(*slots));

	if (!slots)
		return;
	for (size_t i = 0; i < t->nslots; i++) {
		struct entry *e = t->slots[i], *next;

		for (; e; e = next) {
			struct entry **head = &slots[e->hash & (nslots - 1)];

			next = e->next;
			e->next = *head;
			*head = e;
		}
	}
	mem_free(t->slots);
	t->slots = slots;
	t->nslots = nslots;
}

enum err table_put(struct table *t, const char *key, void *value)
{
	uint64_t hash = hash_key(t, key);
	struct entry **at = find(t, key, hash), *e;

	if (*at)
		return ERR_EXISTS;
	if (t->count >= t->limit)
		return ERR_LIMIT;
	e = mem_zalloc(sizeof(*e));
	if (!e)
		return ERR_NOMEM;
	e->hash = hash;
	e->key = key;
	e->value = value;
	*at = e;
	if (++t->count > t->nslots)
		resize(t, t->nslots * 2);
	return OK;
}

void *table_get(const struct table *t, const char *key)
{
	struct entry *e = *find(t, key, hash_key(t, key));

	return e ? e->value : NULL;
}

void *table_remove(struct table *t, const char *key)
{
	struct entry **at = find(t, key, hash_key(t, key)), *e = *at;
	void *value;

	if (!e)
		return NULL;
	value = e->value;
	*at = e->next;
	mem_free(e);
	t->count--;
	return value;
}

size_t table_count(const struct table *t)
{
	return t->count;
}

size_t table_limit(const struct table *t)
{
	return t->limit;
}
