/* libFuzzer: any text where a URI is expected. What is one comes out the same when a request to it
 * is written and read again. Corpus: tests/fuzz/corpus/uri. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "sbc/sip/message.h"

#define HEAD                                                                              \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.1>;tag=1\r\n" \
	"To: <sip:b@192.0.2.2>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"  \
	"Content-Length: 0\r\n\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err read_request_to(const char *uri, struct message **out)
{
	struct buf text;
	enum err err;

	buf_init(&text, 2 * MESSAGE_MAX);
	buf_printf(&text, "OPTIONS %s SIP/2.0\r\n" HEAD, uri);
	err = buf_err(&text) ? ERR_LIMIT : message_parse(out, text.data, text.len);
	buf_free(&text);
	return err;
}

static void write_and_read_again(const char *text, const struct uri *meant)
{
	struct message *m;
	struct uri again;

	if (read_request_to(text, &m))
		return;
	if (!message_problem(m, NULL) && message_request_uri(m, &again)) {
		assert(again.sips == meant->sips && again.tel == meant->tel);
		assert(again.port == meant->port && again.has_transport == meant->has_transport);
		assert(strcmp(again.user, meant->user) == 0);
		assert(strcmp(again.host, meant->host) == 0);
	}
	message_free(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool is_open;
	struct message *m;
	struct uri uri;
	char *text = malloc(size + 1);

	if (!is_open)
		message_library_open();
	is_open = true;
	if (!text || read_request_to("sip:b@192.0.2.2", &m))
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	if (message_parse_uri(m, text, &uri)) {
		assert(uri.port < 65536 && strlen(uri.user) <= size && strlen(uri.host) <= size);
		write_and_read_again(text, &uri);
	}
	message_free(&m);
	free(text);
	return 0;
}
