/* The commands of a scenario. */
#include "tests/replay/script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "sbc/sip/message.h"
#include "tests/replay/house.h"
#include "tests/replay/names.h"
#include "tests/replay/seen.h"
#include "tests/replay/net.h"
#include "tests/replay/vars.h"

#define WORDS_MAX 16
#define DRAIN_MS  64000                      /* every transaction is over by then: twice 64 x T1 */
#define HERE      SOURCE_DIR "/tests/replay" /* what a scenario names without a leading / is here */
#define DEFAULT   "border.yaml"

static struct {
	const char *folder; /* of certificates */
	const struct command *now;
	struct loop *loop;
	struct house *house;
	char *yaml;
	char *log;
	size_t log_size;
	FILE *log_file;
	unsigned starve;  /* the allocation that fails; 0: none */
	bool is_starving; /* the count has begun */
	jmp_buf starved;  /* where fail() goes once it has */
} run;

/* What fail() may jump over stays within sight of the leak checker. */
static void *keep(void *p)
{
	static void *kept[4096];
	static size_t n;

	kept[n++ % ARRAY_LEN(kept)] = p;
	return p;
}

static void show(FILE *out)
{
	fputs("  what went over the wire:\n", out);
	net_print_ladder(out);
	if (!run.log_file)
		return;
	fflush(run.log_file);
	fprintf(out, "  the log:\n%s", run.log);
}

void fail(const char *fmt, ...)
{
	va_list args;

	if (run.starve)
		longjmp(run.starved, 1);
	printf("%s:%u: ", run.now ? run.now->file : "-", run.now ? run.now->line : 0);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	if (run.loop)
		show(stdout);
	fflush(stdout);
	_exit(1);
}

static void on_complaint(const char *what, const char *text)
{
	fail("%s:\n%s", what, text);
}

static void on_log(void *arg, enum log_level level, const char *line)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	(void)arg;
	fprintf(run.log_file, "  %-5s %s\n", names[level], line);
}

/* The house stands from the first command on that needs it. */
static struct house *house(void)
{
	if (!run.house)
		run.house = house_open(run.yaml, run.folder, run.loop);
	if (!run.house)
		fail("the configuration does not stand");
	return run.house;
}

static struct peer *peer_of(const char *name)
{
	struct peer *p = name ? net_peer(name, false) : NULL;

	if (!p)
		fail("there is no peer %s", name ? name : "");
	return p;
}

/* ".name" for the peer's own variables: {.name} is {PEER.name}. */
static char *expand(const char *text, const struct peer *p)
{
	return vars_expand(text, p ? p->name : "");
}

/* path: a buffer for the answer. */
static const char *shared_file(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s%s", name[0] == '/' ? "" : HERE "/", name);
	return path;
}

static char *slurp(const char *name)
{
	char path[1024], *text = NULL;
	size_t size = 0;
	FILE *in = fopen(shared_file(name, path, sizeof(path)), "r");

	if (!in || getdelim(&text, &size, '\0', in) < 0)
		fail("cannot read %s", path);
	fclose(in);
	return text;
}

/* --- commands --- */

static void do_config(char **w, size_t n)
{
	if (run.house)
		fail("config comes before all that needs it");
	free(run.yaml);
	run.yaml = n > 1 ? slurp(w[1]) : strdup(run.now->block);
}

static void own_variables(const struct peer *p)
{
	char name[64], text[ADDR_TEXT_MAX];

	snprintf(name, sizeof(name), "%s.addr", p->name);
	vars_set(name, addr_text(&p->addr, text, sizeof(text)));
	snprintf(name, sizeof(name), "%s.host", p->name);
	vars_set(name, addr_host(&p->addr, text, sizeof(text)));
	snprintf(name, sizeof(name), "%s.sbc", p->name);
	vars_set(name, addr_text(&p->ours, text, sizeof(text)));
	snprintf(name, sizeof(name), "%s.transport", p->name);
	vars_set(name, p->transport == TRANSPORT_UDP   ? "UDP"
	               : p->transport == TRANSPORT_TCP ? "TCP"
	                                               : "TLS");
}

/* peer NAME udp|tcp|tls ADDR at OURS [trunk NAME] [outside] [unmarked] */
static void do_peer(char **w, size_t n)
{
	struct peer *p;

	if (n < 6 || strcmp(w[4], "at") != 0)
		fail(
		    "peer NAME udp|tcp|tls ADDRESS at OUR-ADDRESS [trunk NAME] [outside] [unmarked]");
	p = net_peer(w[1], true);
	p->transport = strcmp(w[2], "udp") == 0   ? TRANSPORT_UDP
	               : strcmp(w[2], "tcp") == 0 ? TRANSPORT_TCP
	                                          : TRANSPORT_TLS;
	if (addr_parse(&p->addr, w[3]) || addr_parse(&p->ours, w[5]))
		fail("not an address");
	for (size_t i = 6; i < n; i++) {
		if (strcmp(w[i], "outside") == 0)
			p->outside = true;
		else if (strcmp(w[i], "unmarked") == 0)
			p->unmarked = true;
		else if (strcmp(w[i], "trunk") == 0 && i + 1 < n)
			snprintf(p->trunk, sizeof(p->trunk), "%s", w[++i]);
		else
			fail("what is %s?", w[i]);
	}
	own_variables(p);
}

static void do_inside(char **w, size_t n)
{
	for (size_t i = 1; i < n; i++)
		net_add_marker(w[i]);
}

static void do_text(char **w, size_t n)
{
	char *text;

	if (n != 2)
		fail("text NAME");
	/* Without the last line's end, so that it can stand within a line. */
	text = strdup(run.now->block);
	if (*text)
		text[strlen(text) - 1] = '\0';
	vars_add_text(w[1], text);
	free(text);
}

static void do_set(char **w, size_t n)
{
	char *value;

	if (n != 3)
		fail("set NAME VALUE");
	value = expand(w[2], NULL);
	vars_set(w[1], value);
	free(value);
}

static void settle(void)
{
	house_advance(house(), 0);
}

static void do_connect(char **w, size_t n)
{
	(void)n;
	(void)house();
	net_connect(peer_of(w[1]));
}

static void do_close(char **w, size_t n)
{
	(void)n;
	net_close(peer_of(w[1]));
	settle();
}

static void do_on_connect(char **w, size_t n)
{
	static const char *const names[] = { "open", "refuse", "hang", "fail-tls" };

	for (int i = 0; n == 3 && i < 4; i++) {
		if (strcmp(w[2], names[i]) == 0) {
			peer_of(w[1])->on_connect = (enum on_connect)i;
			return;
		}
	}
	fail("on-connect PEER open|refuse|hang|fail-tls");
}

/* datagrams PEER go|fail: whether the system sends what is for it */
static void do_datagrams(char **w, size_t n)
{
	if (n != 3 || (strcmp(w[2], "go") != 0 && strcmp(w[2], "fail") != 0))
		fail("datagrams PEER go|fail");
	peer_of(w[1])->unreachable = w[2][0] == 'f';
}

/* named PEER NAME: what the last connection to it asked for, and its certificate was checked for */
static void do_named(char **w, size_t n)
{
	struct peer *p = peer_of(n > 1 ? w[1] : NULL);

	if (n != 3 || strcmp(p->named, w[2]) != 0)
		fail("the connection to %s was made for \"%s\"", p->name, p->named);
}

/* hosts: the block is /etc/hosts */
static void do_hosts(char **w, size_t n)
{
	(void)w;
	(void)n;
	names_hosts(run.folder, run.now->block);
}

static void send_text(struct peer *p, const char *text)
{
	(void)house();
	if (run.starve && !run.is_starving)
		mem_fail_nth(run.starve);
	run.is_starving = true;
	if (!p->outside && !p->unmarked)
		wire_mark(text, net_add_marker);
	net_send(p, text);
	settle();
}

/* send PEER TEXT [NAME=VALUE ...], or the block is the text */
static void do_send(char **w, size_t n)
{
	struct peer *p = peer_of(n > 1 ? w[1] : NULL);
	const char *text = n > 2 ? vars_text(w[2]) : run.now->block;
	char *expanded, *message;

	if (!text)
		fail("there is no text %s", w[2]);
	for (size_t i = 3; i < n; i++) {
		char *equals = strchr(w[i], '='), *value;

		if (!equals)
			fail("NAME=VALUE, not %s", w[i]);
		*equals = '\0';
		value = expand(equals + 1, p);
		vars_set(w[i], value);
		free(value);
	}
	expanded = keep(expand(text, p));
	message = keep(wire_build(expanded));
	send_text(p, message);
	free(message);
	free(expanded);
}

static void do_resend(char **w, size_t n)
{
	struct peer *p = peer_of(n > 1 ? w[1] : NULL);
	char *copy = keep(strdup(p->last_sent ? p->last_sent : ""));

	send_text(p, copy);
	free(copy);
}

/* octets PEER FILE: as they are, below tests/ */
static void do_octets(char **w, size_t n)
{
	struct peer *p = peer_of(n > 1 ? w[1] : NULL);
	char path[1024], data[MESSAGE_MAX];
	size_t len = 0;
	FILE *in;

	if (n != 3)
		fail("octets PEER FILE");
	(void)house();
	snprintf(path, sizeof(path), SOURCE_DIR "/tests/%s", w[2]);
	in = fopen(path, "r");
	if (in) {
		len = fread(data, 1, sizeof(data), in);
		fclose(in);
	}
	if (!len)
		fail("cannot read %s", path);
	net_octets(p, data, len);
	settle();
}

/* pong PEER: it answers a ping of ours (RFC 5626 3.5.1) */
static void do_pong(char **w, size_t n)
{
	net_octets(peer_of(n > 1 ? w[1] : NULL), "\r\n", 2);
	settle();
}

static void check_line(const struct peer *p, char *line, const char *message)
{
	bool not = line[0] == '!';
	char *name = line + not, *colon = strchr(name, ':'), *value;

	if (name[0] == '~') {
		char *pattern = NULL;

		if (asprintf(&pattern, "*%s*", name + 1 + strspn(name + 1, " ")) < 0)
			abort();
		(void)keep(pattern);
		if (pattern_match(pattern, message, p->name) == not )
			fail("%s%s:\n%s",
			     not ? "this is in what came: " : "not in what came: ", name + 2,
			     message);
		free(pattern);
		return;
	}
	if (colon)
		*colon = '\0';
	value = keep(wire_header(message, name));
	if (not &&value)
		fail("%s is there:\n%s", name, message);
	if (!not &&!value)
		fail("%s is not there:\n%s", name, message);
	if (!not &&colon && !pattern_match(colon + 1 + strspn(colon + 1, " "), value, p->name))
		fail("%s is \"%s\", not%s", name, value, colon + 1);
	free(value);
}

static void expect_nothing(void)
{
	for (struct peer *p = net_next_peer(NULL); p; p = net_next_peer(p)) {
		char *text = keep(net_receive(p));

		if (text)
			fail("nobody expected this at %s:\n%s", p->name, text);
	}
}

/* expect PEER START-LINE, and a line a check below it; or: expect nothing */
static void do_expect(char **w, size_t n)
{
	struct peer *p;
	char *message, *first, *pattern = run.now->text;

	if (n == 2 && strcmp(w[1], "nothing") == 0) {
		expect_nothing();
		return;
	}
	p = peer_of(n > 1 ? w[1] : NULL);
	message = keep(net_receive(p));
	pattern = strstr(pattern, p->name) + strlen(p->name);
	pattern += strspn(pattern, " ");
	if (!message)
		fail("nothing came to %s, where %s was expected", p->name, pattern);
	first = keep(strndup(message, strcspn(message, "\r")));
	if (!pattern_match(pattern, first, p->name))
		fail("%s got \"%s\", not \"%s\":\n%s", p->name, first, pattern, message);
	wire_remember(p->name, message);
	for (char *line = strtok(run.now->block, "\n"); line; line = strtok(NULL, "\n"))
		check_line(p, line, message);
	free(first);
	free(message);
}

static uint64_t read_time_ms(const char *text)
{
	char *unit;
	double value = strtod(text, &unit);

	if (strcmp(unit, "ms") == 0)
		return (uint64_t)(value + 0.5);
	if (strcmp(unit, "s") != 0)
		fail("a time is 500ms or 1.5s, not %s", text);
	return (uint64_t)(value * 1000 + 0.5);
}

static void do_advance(char **w, size_t n)
{
	if (n != 2)
		fail("advance TIME");
	/* What came before must have been looked at: else nobody knows when it came. */
	expect_nothing();
	house_advance(house(), read_time_ms(w[1]));
}

static size_t count(const struct house_counts *c, const char *name)
{
	const struct {
		const char *name;
		size_t value;
	} all[] = { { "calls", c->calls },     { "dialogs", c->dialogs },
		    { "ports", c->ports },     { "clients", c->clients },
		    { "servers", c->servers }, { "slots", c->slots },
		    { "pings", c->pings },     { "subscriptions", c->subscriptions } };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		if (strcmp(all[i].name, name) == 0)
			return all[i].value;
	}
	fail("calls, dialogs, subscriptions, ports, clients, servers or slots, not %s", name);
}

static void do_queue(char **w, size_t n)
{
	if (n != 2)
		fail("queue TIME");
	net_queue(read_time_ms(w[1]));
}

static void do_count(char **w, size_t n)
{
	struct house_counts counts;

	house_count(house(), &counts);
	counts.pings = net_pings();
	for (size_t i = 1; i + 1 < n; i += 2) {
		if (count(&counts, w[i]) != strtoul(w[i + 1], NULL, 10))
			fail("%zu %s, not %s", count(&counts, w[i]), w[i], w[i + 1]);
	}
}

static void do_shutdown(char **w, size_t n)
{
	(void)w;
	(void)n;
	house_shut(house());
	settle();
}

static void do_reload(char **w, size_t n)
{
	char why[CERT_WHY_MAX];

	(void)w;
	(void)n;
	if (house_reload(house(), why))
		fail("%s", why);
	settle();
}

static void do_empty(char **w, size_t n)
{
	(void)w;
	(void)n;
	if (!house_is_empty(house()))
		fail("the shutdown is not over");
}

/* log TEXT: a line of the log has it */
static void do_log(char **w, size_t n)
{
	/* As it is written: quotes are the log's own. */
	const char *text = run.now->text + strlen("log ");

	(void)w;
	if (n < 2)
		fail("log TEXT");
	fflush(run.log_file);
	if (!strstr(run.log, text))
		fail("the log does not say %s", text);
}

static void run_file(const char *path);

static void do_include(char **w, size_t n)
{
	const struct command *was = run.now;
	char path[1024];

	if (n != 2)
		fail("include FILE");
	run_file(shared_file(w[1], path, sizeof(path)));
	run.now = was;
}

static const struct {
	const char *name;
	void (*fn)(char **w, size_t n);
} verbs[] = {
	{ "include", do_include }, { "config", do_config },      { "peer", do_peer },
	{ "inside", do_inside },   { "text", do_text },          { "set", do_set },
	{ "connect", do_connect }, { "close", do_close },        { "on-connect", do_on_connect },
	{ "send", do_send },       { "resend", do_resend },      { "expect", do_expect },
	{ "advance", do_advance }, { "count", do_count },        { "shutdown", do_shutdown },
	{ "empty", do_empty },     { "reload", do_reload },      { "log", do_log },
	{ "name", names_command }, { "named", do_named },        { "hosts", do_hosts },
	{ "stun", seen_command },  { "queue", do_queue },        { "octets", do_octets },
	{ "pong", do_pong },       { "datagrams", do_datagrams }
};

static void run_command(const struct command *c)
{
	char *copy = keep(strdup(c->text)), *words[WORDS_MAX];
	size_t n = lines_words(copy, words, WORDS_MAX);

	run.now = c;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(words[0], verbs[i].name) != 0)
			continue;
		verbs[i].fn(words, n);
		free(copy);
		return;
	}
	fail("there is no command %s", words[0]);
}

static void run_file(const char *path)
{
	struct commands *commands = keep(calloc(1, sizeof(*commands)));

	if (!lines_read(commands, path))
		fail("cannot read %s", path);
	for (size_t i = 0; i < commands->n; i++)
		run_command(&commands->list[i]);
	run.now = NULL;
	lines_free(commands);
	free(commands);
}

/* After the last line: nothing unread, no call left, and with time all else goes too, in silence.
 */
static void end(void)
{
	struct house_counts c;

	expect_nothing();
	house_advance(house(), 2);
	expect_nothing();
	house_count(run.house, &c);
	if (c.calls || c.dialogs || c.subscriptions || c.ports || c.slots)
		fail("left behind: %zu calls, %zu dialogs, %zu subscriptions, %zu ports, %zu slots",
		     c.calls, c.dialogs, c.subscriptions, c.ports, c.slots);
	house_advance(run.house, DRAIN_MS);
	expect_nothing();
	house_count(run.house, &c);
	if (c.clients || c.servers)
		fail("left behind: %zu client and %zu server transactions", c.clients, c.servers);
}

/* A peer never answers again, and we stop. */
static void end_starved(void)
{
	struct house_counts c;

	run.starve = 0;
	run.now = NULL;
	house_shut(run.house);
	house_advance(run.house, DRAIN_MS);
	house_advance(run.house, DRAIN_MS);
	house_count(run.house, &c);
	if (c.calls || c.dialogs || c.subscriptions || c.ports || c.slots || c.clients || c.servers)
		fail(
		    "left behind: %zu calls, %zu dialogs, %zu subscriptions, %zu ports, %zu slots, %zu client and %zu "
		    "server transactions",
		    c.calls, c.dialogs, c.subscriptions, c.ports, c.slots, c.clients, c.servers);
}

static void begin(const char *folder)
{
	run.folder = folder;
	clock_fake(1000000, 1800000000);
	run.log_file = open_memstream(&run.log, &run.log_size);
	log_set_level(LOG_DEBUG);
	log_capture(on_log, NULL);
	message_library_open();
	if (loop_new(&run.loop))
		abort();
	net_init(run.loop, on_complaint);
	names_begin();
	seen_begin();
	run.yaml = slurp(DEFAULT);
}

static void clean_up(void)
{
	house_close(run.house);
	net_end();
	names_end();
	seen_end();
	loop_free(&run.loop);
	vars_clear();
	log_capture(NULL, NULL);
	fclose(run.log_file);
	free(run.log);
	free(run.yaml);
}

void script_run(const char *path, const char *folder, bool verbose)
{
	begin(folder);
	run_file(path);
	end();
	if (verbose)
		show(stdout);
	clean_up();
}

bool script_starve(const char *path, const char *folder, unsigned n)
{
	bool failed;

	begin(folder);
	run.starve = n;
	if (setjmp(run.starved) == 0)
		run_file(path);
	failed = mem_has_failed();
	mem_fail_nth(0);
	if (!run.house)
		return false;
	end_starved();
	clean_up();
	return failed;
}
