/* Values that are more than a word: files, secrets, addresses, names of other objects. One thread.
 */
#include "config/value_kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/mem.h"
#include "base/pattern.h"
#include "config/file.h"

#define SECRET_FILE_MAX 1024 /* bytes */
#define CREDENTIAL      "credential:"
#define DNS_PORT        53   /* RFC 1035 4.2 */
#define SIP_PORT        5060 /* RFC 3261 19.1.2 */
#define SIPS_PORT       5061

char *path_join(const char *folder, const char *path)
{
	if (*path == '/' || strcmp(folder, ".") == 0)
		return mem_strdup(path);
	return mem_printf("%s%s%s", folder, strcmp(folder, "/") == 0 ? "" : "/", path);
}

static bool refuse(struct value_env *env, const struct option *o, const char *text)
{
	const struct kind *kind = &config_kinds[o->kind];

	value_problem(env, o, text, "is not %s; write %s", kind->type, kind->write);
	return false;
}

/* "credential:NAME": where systemd puts it (systemd.exec(5), LoadCredential=). NULL with a problem.
 */
static char *credential_path(struct value_env *env, const struct option *o, const char *text)
{
	const char *name = text + strlen(CREDENTIAL), *folder = getenv("CREDENTIALS_DIRECTORY");
	char *path;

	if (!*name || strchr(name, '/') || *name == '.') {
		value_problem(env, o, text, "is no credential; write credential:NAME");
		return NULL;
	}
	if (!folder) {
		value_problem(env, o, text,
		              "is given by nobody: there is no $CREDENTIALS_DIRECTORY; write "
		              "LoadCredential=%.80s:PATH into the unit",
		              name);
		return NULL;
	}
	path = path_join(folder, name);
	if (!path)
		env->problems->nomem = true;
	return path;
}

/* The full path of text, or NULL with a problem. */
static char *join(struct value_env *env, const struct option *o, const char *text)
{
	char *path;

	if (!*text) {
		refuse(env, o, text);
		return NULL;
	}
	if (strncmp(text, CREDENTIAL, strlen(CREDENTIAL)) == 0 && o->kind != KIND_SOCKET)
		return credential_path(env, o, text);
	path = path_join(env->folder, text);
	if (!path)
		env->problems->nomem = true;
	return path;
}

/* Whether somebody else has it, or can change it. o-r first: what was readable is known. */
static bool is_open_to_all(struct value_env *env, const struct option *o, const char *text,
                           const char *path, mode_t mode)
{
	if (!(mode & (S_IROTH | S_IWOTH)))
		return false;
	value_problem(env, o, text, "can be %s by everybody; chmod o-%s %s",
	              mode & S_IROTH ? "read" : "written", mode & S_IROTH ? "r" : "w", path);
	return true;
}

static bool is_usable(struct value_env *env, const struct option *o, const char *text,
                      const char *path)
{
	bool folder_will_do = o->kind == KIND_TRUST || o->kind == KIND_FOLDER;
	struct stat st;

	if (stat(path, &st) < 0 || access(path, R_OK) < 0) {
		value_problem(env, o, text, "cannot be read: %s; looked for %s", strerror(errno),
		              path);
		return false;
	}
	if (!S_ISREG(st.st_mode) && !(folder_will_do && S_ISDIR(st.st_mode))) {
		value_problem(env, o, text, "is not a file; %s is %s", path,
		              S_ISDIR(st.st_mode) ? "a folder" : "something else");
		return false;
	}
	return o->kind != KIND_KEY_FILE || !is_open_to_all(env, o, text, path, st.st_mode);
}

VALUE_PARSER(file)
{
	char *path;

	if (o->kind == KIND_TRUST && strcmp(text, "system") == 0)
		return value_keep(env, text, field);
	path = join(env, o, text);
	if (!path)
		return false;
	if (!is_usable(env, o, text, path)) {
		mem_free(path);
		return false;
	}
	memcpy(field, &path, sizeof(path));
	return true;
}

/* RFC 7469 2.4: the base64 of 32 octets has 43 characters and an equals sign. */
VALUE_PARSER(pin)
{
	static const char prefix[] = "sha256/";
	const char *hash = text + strlen(prefix);

	if (strncmp(text, prefix, strlen(prefix)) != 0)
		return value_parse_file(env, o, text, field);
	if (strlen(hash) != 44 || hash[43] != '=' ||
	    strspn(hash, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") != 43)
		return refuse(env, o, text);
	return value_keep(env, text, field);
}

VALUE_PARSER(socket)
{
	char *path = join(env, o, text);

	if (!path)
		return false;
	if (strlen(path) > o->max) {
		refuse(env, o, text);
		mem_free(path);
		return false;
	}
	memcpy(field, &path, sizeof(path));
	return true;
}

static bool secret_is_good(struct value_env *env, const struct option *o, const char *text,
                           size_t len)
{
	if (memchr(text, '\n', len) || memchr(text, '\0', len)) {
		value_problem(env, o, NULL, "has more than one line; write the password alone");
		return false;
	}
	if (len < o->min || len > o->max) {
		value_problem(env, o, NULL, "has %zu characters; a password has %u to %u", len,
		              o->min, o->max);
		return false;
	}
	return true;
}

VALUE_PARSER(secret)
{
	if (env->mode & S_IROTH) {
		value_problem(env, o, NULL,
		              "stands in a file that everybody can read; chmod o-r %s, or use "
		              "password-file",
		              env->file);
		return false;
	}
	return secret_is_good(env, o, text, strlen(text)) && value_keep(env, text, field);
}

/* The password in content of len bytes, without the line's end. */
static bool keep_secret(struct value_env *env, const struct option *o, const char *path,
                        char *content, size_t len, mode_t mode, void *field)
{
	if (is_open_to_all(env, o, NULL, path, mode))
		return false;
	while (len > 0 && (content[len - 1] == '\n' || content[len - 1] == '\r'))
		len--;
	if (!secret_is_good(env, o, content, len))
		return false;
	content[len] = '\0';
	return value_keep(env, content, field);
}

VALUE_PARSER(secret_file)
{
	char *path = join(env, o, text), *content;
	const char *why;
	size_t len;
	mode_t mode;
	enum err err;
	bool kept = false;

	if (!path)
		return false;
	err = file_read(path, SECRET_FILE_MAX, &content, &len, &mode, &why);
	if (err == OK) {
		kept = keep_secret(env, o, path, content, len, mode, field);
		mem_wipe(content, len);
		mem_free(content);
	} else if (err == ERR_NOMEM) {
		env->problems->nomem = true;
	} else {
		value_problem(env, o, text, "cannot be read: %s; looked for %s", why, path);
	}
	mem_free(path);
	return kept;
}

/* at: where in text the address is. */
static bool read_address(struct addr *out, struct value_env *env, const struct option *o,
                         const char *text, const char *at)
{
	enum err err = addr_parse_ours(out, at);

	if (err == ERR_NOT_FOUND) {
		value_problem(env, o, text, "names an interface that this machine does not have");
		return false;
	}
	return err ? refuse(env, o, text) : true;
}

VALUE_PARSER(address)
{
	struct addr addr;

	if (!read_address(&addr, env, o, text, text))
		return false;
	if (o->kind == KIND_DNS_SERVER && !addr_port(&addr))
		addr_set_port(&addr, DNS_PORT);
	else if (o->kind == KIND_ADDRESS && addr_port(&addr)) {
		value_problem(env, o, text, "has a port; write the address alone");
		return false;
	}
	if (addr_is_any(&addr)) {
		value_problem(env, o, text, "is every address; write one that peers can reach");
		return false;
	}
	memcpy(field, &addr, sizeof(addr));
	return true;
}

VALUE_PARSER(network)
{
	struct addr_net net;

	if (addr_net_parse(&net, text) != OK)
		return refuse(env, o, text);
	memcpy(field, &net, sizeof(net));
	return true;
}

VALUE_PARSER(listener)
{
	struct config_listener listener = { .mutual = strncmp(text, "mtls:", 5) == 0 };
	const char *name = text + listener.mutual, *colon = strchr(name, ':');
	size_t len = colon ? (size_t)(colon - name) : 0;
	unsigned t = TRANSPORT_UDP;

	while (t <= TRANSPORT_TLS && (strlen(transport_name((enum transport)t)) != len ||
	                              strncmp(transport_name((enum transport)t), name, len) != 0))
		t++;
	if (t > TRANSPORT_TLS)
		return refuse(env, o, text);
	if (!read_address(&listener.addr, env, o, text, colon + 1))
		return false;
	listener.transport = (enum transport)t;
	if (!addr_port(&listener.addr))
		addr_set_port(&listener.addr, t == TRANSPORT_TLS ? SIPS_PORT : SIP_PORT);
	memcpy(field, &listener, sizeof(listener));
	return true;
}

/* Both ends are digits alone and fit. */
static bool parse_range(const char *text, unsigned *low, unsigned *high)
{
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits + 1;

	if (digits == 0 || digits > 5 || text[digits] != '-' || !*rest || strlen(rest) > 5 ||
	    rest[strspn(rest, "0123456789")])
		return false;
	*low = (unsigned)strtoul(text, NULL, 10);
	*high = (unsigned)strtoul(rest, NULL, 10);
	return true;
}

VALUE_PARSER(ports)
{
	unsigned low, high;

	if (!parse_range(text, &low, &high))
		return refuse(env, o, text);
	if (low < o->min || high > o->max) {
		value_problem(env, o, text, "is out of range; write ports from %u to %u", o->min,
		              o->max);
		return false;
	}
	if (low >= high) {
		value_problem(env, o, text, "does not go up; did you mean '%u-%u'?", high, low);
		return false;
	}
	if (low % 2) {
		value_problem(env, o, text,
		              "begins with an odd port, and RTP takes even ones; did you mean "
		              "'%u-%u'?",
		              low + 1, high);
		return false;
	}
	memcpy(field, &low, sizeof(low));
	/* The end lies where the option says, seen from the beginning. */
	memcpy((char *)field + (o->offset2 - o->offset), &high, sizeof(high));
	return true;
}

static void offer_names(struct suggestion *s, const struct value_env *env, enum section_id section)
{
	size_t n = section_count(env->cfg, section);

	for (size_t i = 0; i < n && !problems_full(env->problems); i++) {
		const char *name = section_name(env->cfg, section, i);

		if (name)
			suggestion_offer(s, name);
	}
}

static void *find(const struct value_env *env, enum section_id section, const char *name)
{
	return env->names[section] ? table_get(env->names[section], name) : NULL;
}

VALUE_PARSER(ref)
{
	const struct section *section = &config_sections[o->section];
	void *object = find(env, o->section, text);
	char hint[SUGGESTION_HINT_MAX], none[80];
	struct suggestion s;

	if (object) {
		memcpy(field, &object, sizeof(object));
		return true;
	}
	suggestion_init(&s, text);
	offer_names(&s, env, o->section);
	snprintf(none, sizeof(none), "add it under %s:", section->key);
	value_problem(env, o, text, "is not defined; %s", suggestion_hint(&s, none, hint));
	return false;
}

static const struct {
	enum section_id section;
	enum party_kind kind;
} party_kinds[] = {
	{ SECTION_PHONES, PARTY_PHONE },
	{ SECTION_TRUNKS, PARTY_TRUNK },
	{ SECTION_REALMS, PARTY_REALM },
};

static bool no_party(struct value_env *env, const struct option *o, const char *text)
{
	char hint[SUGGESTION_HINT_MAX];
	struct suggestion s;

	suggestion_init(&s, text);
	for (size_t i = 0; i < ARRAY_LEN(party_kinds); i++) {
		if (party_kinds[i].kind != PARTY_REALM || o->flags & OPTION_REALMS)
			offer_names(&s, env, party_kinds[i].section);
	}
	value_problem(env, o, text, "is not defined; %s",
	              suggestion_hint(&s, "add it under phones: or trunks:", hint));
	return false;
}

static void set_party(struct config_party *party, enum party_kind kind, const void *object)
{
	party->kind = kind;
	switch (kind) {
	case PARTY_REALM:
		party->realm = object;
		break;
	case PARTY_PHONE:
		party->phone = object;
		break;
	case PARTY_TRUNK:
		party->trunk = object;
		break;
	}
}

VALUE_PARSER(party)
{
	struct config_party party = { 0 };
	unsigned found = 0;

	for (size_t i = 0; i < ARRAY_LEN(party_kinds); i++) {
		void *object = find(env, party_kinds[i].section, text);

		if (object && found++ == 0)
			set_party(&party, party_kinds[i].kind, object);
	}
	if (found == 0)
		return no_party(env, o, text);
	if (found > 1) {
		value_problem(env, o, text,
		              "is the name of more than one phone, trunk or realm; rename one");
		return false;
	}
	if (party.kind == PARTY_REALM && !(o->flags & OPTION_REALMS)) {
		value_problem(env, o, text, "is a realm; a call goes to one phone or trunk");
		return false;
	}
	memcpy(field, &party, sizeof(party));
	return true;
}

VALUE_PARSER(regex)
{
	struct pattern *p;
	char why[160];
	enum err err = pattern_new(&p, text, why, sizeof(why));

	if (err == ERR_NOMEM)
		env->problems->nomem = true;
	else if (err)
		value_problem(env, o, text, "is no regular expression: %s", why);
	else
		memcpy(field, &p, sizeof(p));
	return err == OK;
}

VALUE_PARSER(template)
{
	if (strlen(text) > o->max) {
		value_problem(env, o, text, "is longer than %u characters", o->max);
		return false;
	}
	if (template_groups(text) < 0) {
		value_problem(env, o, text,
		              "has a backslash before something else than a digit; write \\\\ for "
		              "a backslash");
		return false;
	}
	return value_keep(env, text, field);
}

/* A map has options in place of a text. */
VALUE_PARSER(map)
{
	(void)field;
	return refuse(env, o, text);
}
