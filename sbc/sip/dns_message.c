/* DNS messages, written and read. Every octet of an answer is a stranger's: each read is checked
 * against the message's end, and compression pointers only ever go back. Any thread. */
#include "sbc/sip/dns_message.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "base/random.h"

#define HEADER_LEN 12
#define CLASS_IN   1
#define TYPE_OPT   41

/* RFC 1035 4.1.1 */
#define FLAG_ANSWER    0x8000
#define MASK_OPCODE    0x7800
#define FLAG_TRUNCATED 0x0200
#define FLAG_RECURSE   0x0100
#define MASK_RCODE     0x000f

enum rcode {
	RCODE_OK = 0,
	RCODE_NOT_UNDERSTOOD = 1,
	RCODE_NO_NAME = 3,
	RCODE_NOT_DONE = 4,
	RCODE_REFUSED = 5
};

/* What is left to read. A read behind the end sets bad, and gives 0 from then on. */
struct reader {
	const uint8_t *data;
	size_t len, at;
	bool bad;
};

struct record {
	char owner[DNS_TEXT_MAX];
	unsigned type, class;
	uint32_t ttl_s;
	size_t begin, end; /* of its data */
};

const char *dns_status_text(enum dns_status status)
{
	switch (status) {
	case DNS_FOUND:
		return "found";
	case DNS_ALIAS:
		return "the name's aliases do not end";
	case DNS_NO_RECORD:
		return "the name has no such record";
	case DNS_NO_NAME:
		return "the name does not exist";
	case DNS_FAILED:
		return "the DNS server failed";
	case DNS_REFUSED:
		return "the DNS server refuses to answer us";
	case DNS_SILENT:
		return "the DNS server does not answer";
	}
	return "the look-up failed";
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* What we ask for and believe in: printable, no blank, no dot within a label. */
static bool is_name_char(char c)
{
	return c > ' ' && c < 0x7f && c != '.' && c != '\\';
}

enum err dns_question_set(struct dns_question *q, enum dns_type type, const char *name)
{
	size_t len = strlen(name), label = 0;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len >= DNS_TEXT_MAX)
		return ERR_SYNTAX;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.' ? label == 0 : !is_name_char(name[i]))
			return ERR_SYNTAX;
		label = name[i] == '.' ? 0 : label + 1;
		if (label > 63)
			return ERR_SYNTAX;
		q->name[i] = lower(name[i]);
	}
	q->name[len] = '\0';
	q->type = type;
	q->edns = false;
	random_bytes(&q->id, sizeof(q->id));
	return OK;
}

static uint8_t *put16(uint8_t *to, unsigned value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return to + 2;
}

/* RFC 6891 6.1.2: the root, a size in place of a class, version 0, no flags, no options. */
static uint8_t *put_opt(uint8_t *message, uint8_t *to)
{
	put16(message + 10, 1); /* one additional record */
	*to++ = 0;
	to = put16(to, TYPE_OPT);
	to = put16(to, DNS_UDP_SIZE);
	memset(to, 0, 6);
	return to + 6;
}

size_t dns_question_write(const struct dns_question *q, uint8_t out[DNS_QUERY_MAX])
{
	const char *label = q->name;
	uint8_t *to = out;

	memset(out, 0, HEADER_LEN);
	to = put16(to, q->id);
	to = put16(to, FLAG_RECURSE);
	put16(to, 1); /* one question */
	to = out + HEADER_LEN;
	while (*label) {
		size_t len = strcspn(label, ".");

		*to++ = (uint8_t)len;
		memcpy(to, label, len);
		to += len;
		label += len;
		label += *label == '.';
	}
	*to++ = 0;
	to = put16(to, q->type);
	to = put16(to, CLASS_IN);
	if (q->edns)
		to = put_opt(out, to);
	return (size_t)(to - out);
}

static unsigned get8(struct reader *r)
{
	if (r->at >= r->len) {
		r->bad = true;
		return 0;
	}
	return r->data[r->at++];
}

static unsigned get16(struct reader *r)
{
	unsigned high = get8(r);

	return high << 8 | get8(r);
}

static uint32_t get32(struct reader *r)
{
	uint32_t high = get16(r);

	return high << 16 | get16(r);
}

/* A name, in lower case; "" is the root. A label that we would not ask for makes it bad. */
static void get_name(struct reader *r, char out[DNS_TEXT_MAX])
{
	size_t back = 0, lowest = r->at, n = 0;
	unsigned len;

	out[0] = '\0';
	while ((len = get8(r)) != 0) {
		if ((len & 0xc0) == 0xc0) {
			size_t to = (len & 0x3f) << 8 | get8(r);

			/* Only back, and further each time: it ends. */
			back = back ? back : r->at;
			if (to >= lowest || r->bad) {
				r->bad = true;
				return;
			}
			r->at = lowest = to;
			continue;
		}
		if (len > 63 || n + len + 2 > DNS_TEXT_MAX) {
			r->bad = true;
			return;
		}
		if (n > 0)
			out[n++] = '.';
		for (; len > 0; len--) {
			char c = (char)get8(r);

			if (!is_name_char(c)) {
				r->bad = true;
				return;
			}
			out[n++] = lower(c);
		}
		out[n] = '\0';
	}
	if (back)
		r->at = back;
}

/* A character string (RFC 1035 3.3); one too long for out becomes "". */
static void get_text(struct reader *r, char *out, size_t size)
{
	size_t len = get8(r);

	out[0] = '\0';
	if (len > r->len - r->at) {
		r->bad = true;
		return;
	}
	if (len < size) {
		memcpy(out, r->data + r->at, len);
		out[len] = '\0';
	}
	r->at += len;
}

/* The record's head; r stands behind its data afterwards. An owner that is no name of ours is "".
 */
static bool get_record(struct reader *r, struct record *out)
{
	get_name(r, out->owner);
	out->type = get16(r);
	out->class = get16(r);
	out->ttl_s = get32(r);
	if (out->ttl_s & 0x80000000) /* RFC 2181 8 */
		out->ttl_s = 0;
	out->end = get16(r);
	out->begin = r->at;
	if (r->bad || out->end > r->len - r->at)
		return false;
	r->at = out->end += out->begin;
	return true;
}

/* A reader of one record's data, which may point back into the message. */
static struct reader data_of(const struct reader *r, const struct record *rec)
{
	return (struct reader){ .data = r->data, .len = rec->end, .at = rec->begin };
}

static bool get_addr(struct reader *r, const struct record *rec, struct addr *out)
{
	const uint8_t *data = r->data + rec->begin;
	size_t len = rec->end - rec->begin;

	memset(out, 0, sizeof(*out));
	if (rec->type == DNS_TYPE_A && len == 4) {
		out->v4.sin_family = AF_INET;
		memcpy(&out->v4.sin_addr, data, 4);
		return true;
	}
	if (rec->type == DNS_TYPE_AAAA && len == 16) {
		out->v6.sin6_family = AF_INET6;
		memcpy(&out->v6.sin6_addr, data, 16);
		return true;
	}
	return false;
}

/* RFC 2782 */
static bool get_srv(struct reader *r, struct dns_srv *out)
{
	out->priority = (uint16_t)get16(r);
	out->weight = (uint16_t)get16(r);
	out->port = (uint16_t)get16(r);
	get_name(r, out->target);
	return !r->bad;
}

/* RFC 3403 4.1 */
static bool get_naptr(struct reader *r, struct dns_naptr *out)
{
	char regexp[2];

	out->order = (uint16_t)get16(r);
	out->preference = (uint16_t)get16(r);
	get_text(r, out->flags, sizeof(out->flags));
	get_text(r, out->service, sizeof(out->service));
	get_text(r, regexp, sizeof(regexp));
	get_name(r, out->replacement);
	return !r->bad;
}

/* False: it is broken, and left out; the others count. */
static bool get_data(const struct reader *r, const struct record *rec, struct dns_rr *out)
{
	struct reader data = data_of(r, rec);

	memset(out, 0, sizeof(*out));
	if (rec->type == DNS_TYPE_SRV)
		return get_srv(&data, &out->srv);
	if (rec->type == DNS_TYPE_NAPTR)
		return get_naptr(&data, &out->naptr);
	if (rec->type == DNS_TYPE_PTR) {
		get_name(&data, out->name);
		return !data.bad;
	}
	return get_addr(&data, rec, &out->addr);
}

static void limit_ttl(struct dns_reply *out, uint32_t ttl_s)
{
	out->ttl_s = ttl_s < out->ttl_s ? ttl_s : out->ttl_s;
}

/* Follows the aliases of q->name through the answers, and takes the records of the last name. */
static enum err take_answers(struct dns_reply *out, const struct dns_question *q,
                             const struct reader *from, unsigned count, struct reader *after)
{
	char name[DNS_TEXT_MAX];
	unsigned aliases = 0;
	bool is_alias;

	snprintf(name, sizeof(name), "%s", q->name);
	out->ttl_s = DNS_TTL_MAX_S;
	do {
		struct reader r = *from;
		struct record rec;
		char next[DNS_TEXT_MAX];

		is_alias = false;
		out->nrecords = 0;
		for (unsigned i = 0; i < count; i++) {
			if (!get_record(&r, &rec))
				return ERR_SYNTAX;
			if (rec.class != CLASS_IN || strcmp(rec.owner, name) != 0)
				continue;
			if (rec.type == (unsigned)q->type && out->nrecords < DNS_RECORDS_MAX &&
			    get_data(&r, &rec, &out->records[out->nrecords])) {
				out->nrecords++;
				limit_ttl(out, rec.ttl_s);
			} else if (rec.type == DNS_TYPE_CNAME && !is_alias) {
				struct reader data = data_of(&r, &rec);

				get_name(&data, next);
				is_alias = !data.bad && next[0];
				limit_ttl(out, rec.ttl_s);
			}
		}
		*after = r;
		is_alias = is_alias && out->nrecords == 0;
		if (is_alias)
			snprintf(name, sizeof(name), "%s", next);
	} while (is_alias && ++aliases < DNS_ALIASES_MAX);
	if (out->nrecords > 0)
		out->status = DNS_FOUND;
	else if (aliases > 0)
		out->status = DNS_ALIAS;
	else
		out->status = DNS_NO_RECORD;
	if (aliases > 0)
		snprintf(out->alias, sizeof(out->alias), "%s", name);
	return OK;
}

/* RFC 2308 5: a denial lasts as the SOA says. True: there is one. */
static bool take_denial(struct dns_reply *out, struct reader *r, unsigned count)
{
	struct record rec;

	for (unsigned i = 0; i < count; i++) {
		struct reader data;
		char skipped[DNS_TEXT_MAX];
		uint32_t minimum_s;

		if (!get_record(r, &rec))
			break;
		if (rec.type != DNS_TYPE_SOA || rec.class != CLASS_IN)
			continue;
		data = data_of(r, &rec);
		get_name(&data, skipped);
		get_name(&data, skipped);
		data.at += 16; /* serial, refresh, retry, expire */
		minimum_s = get32(&data);
		if (data.bad)
			break;
		limit_ttl(out, rec.ttl_s);
		limit_ttl(out, minimum_s);
		limit_ttl(out, DNS_NEGATIVE_MAX_S);
		return true;
	}
	return false;
}

static bool same_question(struct reader *r, const struct dns_question *q)
{
	char name[DNS_TEXT_MAX];
	unsigned type, class;

	get_name(r, name);
	type = get16(r);
	class = get16(r);
	return !r->bad && strcmp(name, q->name) == 0 && type == (unsigned)q->type &&
	       class == CLASS_IN;
}

enum err dns_reply_read(struct dns_reply *out, const struct dns_question *q, const uint8_t *data,
                        size_t len)
{
	struct reader r = { .data = data, .len = len }, after;
	unsigned id = get16(&r), flags = get16(&r), questions = get16(&r), answers = get16(&r),
	         authorities = get16(&r);
	bool denied;
	enum rcode rcode = (enum rcode)(flags & MASK_RCODE);
	enum err err;

	get16(&r); /* additional records are not believed */
	memset(out, 0, offsetof(struct dns_reply, records));
	if (r.bad || id != q->id || !(flags & FLAG_ANSWER) || (flags & MASK_OPCODE))
		return ERR_REFUSED;
	out->not_understood = rcode == RCODE_NOT_UNDERSTOOD || rcode == RCODE_NOT_DONE;
	/* Who does not understand the question need not repeat it. */
	if (!(out->not_understood && questions == 0) && (questions != 1 || !same_question(&r, q)))
		return ERR_REFUSED;
	if (flags & FLAG_TRUNCATED) {
		out->truncated = true;
		return OK;
	}
	switch (rcode) {
	case RCODE_OK:
	case RCODE_NO_NAME:
		break;
	case RCODE_NOT_DONE:
	case RCODE_REFUSED:
		out->status = DNS_REFUSED;
		return OK;
	case RCODE_NOT_UNDERSTOOD:
	default:
		out->status = DNS_FAILED;
		return OK;
	}
	after = r;
	err = take_answers(out, q, &r, answers, &after);
	if (err || out->status == DNS_FOUND)
		return err;
	/* Aliases that end in a denial are one: an SOA, or a name that does not exist. */
	denied = take_denial(out, &after, authorities);
	if (denied && out->status == DNS_ALIAS)
		out->status = DNS_NO_RECORD;
	if (rcode == RCODE_NO_NAME)
		out->status = DNS_NO_NAME;
	if (!denied && out->status != DNS_ALIAS)
		out->ttl_s = 0;
	return OK;
}
