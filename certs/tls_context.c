/* A context is a name for an SSL_CTX that can be replaced: those who hold it never notice. */
#include "certs/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/addr.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/tls_session.h"

#define SNI_MAX 255

struct tls_context {
	SSL_CTX *ssl_ctx;
	enum cert_role peer_role;
	const char *trunk; /* the only one of its policies; NULL: several, or none */
};

static FILE *keylog;

static void on_keylog(const SSL *ssl, const char *line)
{
	(void)ssl;
	if (!keylog)
		return;
	fprintf(keylog, "%s\n", line);
	fflush(keylog);
}

void tls_keylog_attach(SSL_CTX *c)
{
	if (keylog)
		SSL_CTX_set_keylog_callback(c, on_keylog);
}

enum err tls_context_new(struct tls_context **out, const struct tls_context_cfg *cfg, char *why)
{
	struct tls_context *ctx = mem_zalloc(sizeof(*ctx));
	enum err err = ERR_NOMEM;

	if (ctx)
		err = tls_rules_build(&ctx->ssl_ctx, cfg, why);
	else
		cert_why(why, "no memory to set up TLS");
	if (err) {
		tls_context_free(&ctx);
		return err;
	}
	ctx->peer_role = cfg->peer_role;
	ctx->trunk = cfg->npolicies == 1 ? cfg->policies[0].trunk : NULL;
	*out = ctx;
	return OK;
}

enum err tls_context_add_named(struct tls_context *ctx, const struct tls_context_cfg *cfg,
                               char *why)
{
	return tls_rules_add_named(ctx->ssl_ctx, cfg, why);
}

void tls_context_swap(struct tls_context *a, struct tls_context *b)
{
	struct tls_context was = *a;

	*a = *b;
	*b = was;
}

const char *tls_context_trunk(const struct tls_context *ctx)
{
	return ctx->trunk;
}

void tls_context_free(struct tls_context **ctxp)
{
	struct tls_context *ctx = *ctxp;

	*ctxp = NULL;
	if (!ctx)
		return;
	SSL_CTX_free(ctx->ssl_ctx);
	mem_free(ctx);
}

/* RFC 6066 3: a host name, no address, no trailing dot. */
static enum err set_sni(SSL *ssl, const char *sni)
{
	size_t len = strlen(sni);
	char name[SNI_MAX + 1];
	struct addr address;

	if (addr_parse(&address, sni) == OK)
		return OK;
	if (len > 0 && sni[len - 1] == '.')
		len--;
	if (len == 0 || len > SNI_MAX)
		return ERR_SYNTAX;
	memcpy(name, sni, len);
	name[len] = '\0';
	return SSL_set_tlsext_host_name(ssl, name) == 1 ? OK : ERR_NOMEM;
}

enum err tls_context_ssl(struct tls_context *ctx, const char *sni, SSL **out)
{
	SSL *ssl = SSL_new(ctx->ssl_ctx);
	enum err err;

	if (!ssl)
		return ERR_NOMEM;
	err = tls_session_attach(ssl, ctx->peer_role);
	if (!err && sni && ctx->peer_role == CERT_ROLE_SERVER)
		err = set_sni(ssl, sni);
	if (err) {
		SSL_free(ssl);
		return err;
	}
	if (ctx->peer_role == CERT_ROLE_SERVER) {
		tls_ticket_offer(ssl);
		SSL_set_connect_state(ssl);
	} else {
		SSL_set_accept_state(ssl);
	}
	*out = ssl;
	return OK;
}

enum err tls_keylog_open(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "a");

	if (!f) {
		LOG(LOG_ERROR, KV("event", "tls-keylog"), KV("file", file),
		    KV("result", strerror(errno)));
		if (fd >= 0)
			close(fd);
		return ERR_IO;
	}
	tls_keylog_close();
	keylog = f;
	LOG(LOG_WARN, KV("event", "tls-keylog"), KV("file", file),
	    KV("help", "the secrets of all TLS connections go to this file: never in production"));
	return OK;
}

void tls_keylog_close(void)
{
	if (keylog)
		fclose(keylog);
	keylog = NULL;
}
