/* libFuzzer: any octets are a session description or none; what is one is written anew for the
 * other side, where it can be read, and nothing of the sender's address is left. Corpus:
 * tests/fuzz/corpus/sdp. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/sip/message.h"
#include "sbc/sip/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct addr ours;

/* The same payload types are read again; one that is listed twice may be another codec then. */
static void check_formats(const struct sdp_media *was, const struct sdp_media *is)
{
	assert(is->formats.n == was->formats.n && is->formats.cut == was->formats.cut);
	for (size_t i = 0; i < is->formats.n; i++)
		assert(is->formats.list[i].type == was->formats.list[i].type);
}

static void check_written(const struct sdp *was, const struct buf *text, const struct sdp_out *with)
{
	struct sdp *again;

	if (sdp_read(&again, text->data, text->len) != OK)
		abort();
	assert(sdp_nmedia(again) == with->nmedia);
	for (size_t i = 0; i < with->nmedia; i++) {
		const struct sdp_media *m = sdp_media_at(again, i);

		assert(m->rejected == with->media[i].rejected);
		assert(strcmp(m->kind, sdp_media_at(was, i)->kind) == 0);
		if (m->rejected)
			continue;
		assert(addr_equal(&m->rtp, &ours));
		assert(!addr_is_set(&m->rtcp));
		assert(m->proto == with->media[i].proto);
		assert(m->ncrypto == with->media[i].ncrypto);
		assert(!m->has_keys_elsewhere);
		assert(m->mux == with->media[i].mux);
		assert(m->sends == sdp_media_at(was, i)->sends);
		check_formats(sdp_media_at(was, i), m);
	}
	sdp_free(&again);
}

static void write_anew(const struct sdp *sdp)
{
	static const struct sdp_crypto key = { .tag = 1,
		                               .suite = "AES_CM_128_HMAC_SHA1_80",
		                               .key_len = 30 };
	struct sdp_out_media media[SDP_MEDIA_MAX] = { { 0 } };
	struct sdp_out with = {
		.session_id = 7, .version = 8, .media = media, .nmedia = sdp_nmedia(sdp)
	};
	struct buf out;

	assert(with.nmedia <= SDP_MEDIA_MAX);
	for (size_t i = 0; i < with.nmedia; i++) {
		const struct sdp_media *m = sdp_media_at(sdp, i);

		assert(m->kind && m->ncrypto <= SDP_CRYPTO_MAX);
		media[i].rejected = m->rejected || m->proto == SDP_OTHER;
		media[i].port = addr_port(&ours);
		media[i].mux = m->mux;
		media[i].feedback = m->feedback;
		media[i].proto = m->proto == SDP_RTP    ? SDP_SRTP
		                 : m->proto == SDP_SRTP ? SDP_RTP
		                                        : m->proto;
		media[i].crypto = &key;
		media[i].ncrypto = media[i].proto == SDP_SRTP;
	}
	with.addr = ours;
	buf_init(&out, 4 * MESSAGE_MAX);
	if (sdp_write(sdp, &with, &out) == OK)
		check_written(sdp, &out, &with);
	buf_free(&out);
}

/* The lines the other way round, each of them twice where there is room. */
static void write_twice(struct sdp *sdp)
{
	struct sdp_out_media media[SDP_MEDIA_MAX] = { { 0 } };
	uint8_t pick[SDP_MEDIA_MAX], of[SDP_MEDIA_MAX];
	struct sdp_out with = {
		.session_id = 7, .version = 8, .addr = ours, .media = media, .of = of
	};
	struct buf out;
	size_t n = sdp_nmedia(sdp);

	for (size_t i = 0; i < n; i++)
		pick[i] = (uint8_t)(n - 1 - i);
	sdp_pick(sdp, pick, n);
	for (; with.nmedia < 2 * n && with.nmedia < SDP_MEDIA_MAX; with.nmedia++) {
		const struct sdp_media *m = sdp_media_at(sdp, with.nmedia / 2);

		of[with.nmedia] = (uint8_t)(with.nmedia / 2);
		media[with.nmedia] = (struct sdp_out_media){ .rejected = m->rejected,
			                                     .port = addr_port(&ours),
			                                     .feedback = m->feedback,
			                                     .proto = m->proto };
	}
	buf_init(&out, 4 * MESSAGE_MAX);
	if (sdp_write(sdp, &with, &out) == OK) {
		struct sdp *again;

		assert(sdp_read(&again, out.data, out.len) == OK);
		assert(sdp_nmedia(again) == with.nmedia);
		sdp_free(&again);
	}
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;
	struct sdp *sdp;

	if (!is_open) {
		message_library_open();
		if (addr_parse(&ours, "198.51.100.7:36000") != OK)
			abort();
		is_open = true;
	}
	if (size > MESSAGE_MAX || sdp_read(&sdp, (const char *)data, size) != OK)
		return 0;
	write_anew(sdp);
	write_twice(sdp);
	sdp_free(&sdp);
	return 0;
}
