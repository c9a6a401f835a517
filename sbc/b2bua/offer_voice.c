/* Whether a description is another one than the last shows once it is written: under the version
 * that it has if it is. Signalling thread. */
#include "sbc/b2bua/offer_voice.h"

#include <string.h>
#include "base/mem.h"
#include "base/random.h"
#include "sbc/sip/message.h"

void voice_close(struct voice *v)
{
	mem_wipe_text(&v->told);
	mem_wipe_text(&v->before);
	memset(v, 0, sizeof(*v));
}

/* RFC 3264 5: a signed 64 bit number, with room to rise. */
void voice_open(struct voice *v)
{
	voice_close(v);
	random_bytes(&v->session_id, sizeof(v->session_id));
	v->session_id >>= 2;
	v->version = v->session_id;
}

enum err voice_continue(struct voice *v, const struct voice *from)
{
	char *told = from->told ? mem_strdup(from->told) : NULL;

	if (from->told && !told)
		return ERR_NOMEM;
	voice_close(v);
	*v = (struct voice){ .session_id = from->session_id,
		             .version = from->version,
		             .told = told };
	return OK;
}

static enum err write_text(const struct sdp *in, const struct sdp_out *with, char **text)
{
	struct buf out;
	enum err err;

	buf_init(&out, MESSAGE_MAX);
	err = sdp_write(in, with, &out);
	if (!err)
		err = buf_take(&out, text);
	buf_wipe(&out);
	return err;
}

/* What stands behind the version of one of ours: "v=0", "o=- ID VERSION IN IP4 ...". */
static const char *behind_version(const char *text)
{
	for (unsigned words = 0; *text && words < 3; text++)
		words += *text == ' ';
	return text;
}

enum err voice_say(struct voice *v, const struct sdp *in, struct sdp_out *with, struct buf *out)
{
	char *text;
	enum err err;

	with->session_id = v->session_id;
	with->version = v->version + (v->told != NULL);
	err = write_text(in, with, &text);
	if (err)
		return err;
	mem_wipe_text(&v->before);
	v->news = !v->told || strcmp(behind_version(v->told), behind_version(text)) != 0;
	if (v->news) {
		v->before = v->told;
		v->told = text;
		v->version = with->version;
	} else {
		mem_wipe_text(&text);
	}
	buf_puts(out, v->told);
	return buf_err(out);
}

void voice_take_back(struct voice *v)
{
	if (!v->news)
		return;
	v->news = false;
	mem_wipe_text(&v->told);
	v->told = v->before;
	v->before = NULL;
	v->version -= v->told != NULL;
}
