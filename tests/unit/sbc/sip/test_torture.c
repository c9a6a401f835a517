/* The torture messages of RFC 4475 and RFC 5118 against the real stack, over UDP and TCP on the
 * loopback. What becomes of each is written in tests/torture/verdicts; after each the stack must
 * still take a plain request. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/log.h"
#include "base/mem.h"
#include "base/timer.h"
#include "sbc/sip/stack.h"

#define UNUSED(x)   ((void)(x))
#define FOLDER      SOURCE_DIR "/tests/torture/"
#define VERDICT_MAX 24
#define WAITS_MS    300 /* that long after the last octet nothing more comes of a message */

/* One row of the table. */
struct row {
	char file[64];
	char want[2][VERDICT_MAX]; /* by way */
	char section[16];
};

enum way { OVER_UDP, OVER_TCP };
static const char *const way_names[] = { "UDP", "TCP" };

/* The stack and its peer; new for each message, so that none is a copy of another. */
static struct {
	struct loop *loop;
	struct stack *stack;
	struct config_realm cfg;
	struct config_listener listeners[2];
	struct addr ours, peer;
	int fd; /* the peer's */
	struct io *io;
	struct timer patience;
	unsigned taken;  /* requests that went up */
	unsigned status; /* of the answer to the message; 0: none */
	bool probed, closed;
} rig;

static bool is_probe(const struct message *m)
{
	return strcmp(message_call_id(m), "probe") == 0;
}

static void on_request(void *arg, struct server_txn *txn, const struct message *request)
{
	UNUSED(arg);
	if (is_probe(request)) {
		rig.probed = true;
		loop_stop(rig.loop);
	} else {
		rig.taken++;
	}
	server_txn_reply(txn, 200, NULL, NULL);
}

static void on_traced(void *arg, bool sent, const struct flow *flow, const struct message *m)
{
	UNUSED(arg);
	UNUSED(flow);
	if (sent && !is_probe(m))
		rig.status = message_status(m);
}

/* The peer's socket: answers are read and forgotten, the connection's end is noticed. */
static void on_readable(void *arg, int events)
{
	char data[4096];

	UNUSED(arg);
	UNUSED(events);
	if (recv(rig.fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		return;
	rig.closed = true;
	loop_stop(rig.loop);
}

static void on_patience_ends(void *arg)
{
	loop_stop(arg);
}

static void open_peer(enum way way)
{
	rig.closed = false;
	rig.fd = socket(AF_INET, way == OVER_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
	assert_true(rig.fd >= 0);
	assert_int_equal(bind(rig.fd, &rig.peer.sa, addr_len(&rig.peer)), 0);
	assert_int_equal(connect(rig.fd, &rig.ours.sa, addr_len(&rig.ours)), 0);
	assert_int_equal(io_new(&rig.io, rig.loop, rig.fd, IO_READ, on_readable, NULL), OK);
}

static void close_peer(void)
{
	io_free(&rig.io);
	close(rig.fd);
}

/* Addresses of the loopback that no other run of this test has. */
static void choose_addresses(void)
{
	char text[ADDR_TEXT_MAX];
	unsigned high = (unsigned)getpid() / 250 % 250, low = (unsigned)getpid() % 250 + 1;

	snprintf(text, sizeof(text), "127.44.%u.%u:5060", high, low);
	assert_int_equal(addr_parse(&rig.ours, text), OK);
	snprintf(text, sizeof(text), "127.75.%u.%u:0", high, low);
	assert_int_equal(addr_parse(&rig.peer, text), OK);
}

static void open_rig(enum way way)
{
	static char name[] = "torture";
	const struct stack_limits limits = { .transactions = 10, .connections = 4 };
	const struct stack_handler handler = { .on_request = on_request };
	struct sip_realm *realm;
	char why[CERT_WHY_MAX] = "";

	memset(&rig, 0, sizeof(rig));
	choose_addresses();
	rig.listeners[0] = (struct config_listener){ .transport = TRANSPORT_UDP, .addr = rig.ours };
	rig.listeners[1] = (struct config_listener){ .transport = TRANSPORT_TCP, .addr = rig.ours };
	rig.cfg = (struct config_realm){ .name = name,
		                         .listeners = rig.listeners,
		                         .nlisteners = ARRAY_LEN(rig.listeners) };
	assert_int_equal(loop_new(&rig.loop), OK);
	assert_int_equal(stack_new(&rig.stack, rig.loop, loop_timers(rig.loop), &limits), OK);
	stack_set_handler(rig.stack, &handler);
	stack_set_tracer(rig.stack, on_traced, NULL);
	if (stack_add_realm(rig.stack, &rig.cfg, NULL, &realm, why))
		fail_msg("%s", why);
	open_peer(way);
}

static void close_rig(void)
{
	timer_stop(&rig.patience);
	close_peer();
	stack_free(&rig.stack);
	loop_free(&rig.loop);
}

static void say(const char *data, size_t len)
{
	assert_int_equal(send(rig.fd, data, len, MSG_NOSIGNAL), len);
}

static void say_probe(void)
{
	static const char probe[] = "OPTIONS sip:probe@192.0.2.1 SIP/2.0\r\n"
	                            "Via: SIP/2.0/TCP 192.0.2.2;branch=z9hG4bKprobe\r\n"
	                            "From: <sip:probe@192.0.2.2>;tag=1\r\n"
	                            "To: <sip:probe@192.0.2.1>\r\n"
	                            "Call-ID: probe\r\n"
	                            "CSeq: 1 OPTIONS\r\n"
	                            "Content-Length: 0\r\n\r\n";

	say(probe, sizeof(probe) - 1);
}

static void run_loop(void)
{
	timer_start(loop_timers(rig.loop), &rig.patience, WAITS_MS, on_patience_ends, rig.loop);
	loop_run(rig.loop);
}

/* Reads a file; the caller frees it. */
static char *slurp(const char *file, size_t *len)
{
	char path[512], *data = mem_zalloc(MESSAGE_MAX);
	FILE *in;

	snprintf(path, sizeof(path), FOLDER "%s", file);
	in = fopen(path, "rb");
	assert_non_null(in);
	assert_non_null(data);
	*len = fread(data, 1, MESSAGE_MAX, in);
	fclose(in);
	assert_true(*len > 0);
	return data;
}

static bool is_sound_answer(const char *data, size_t len)
{
	struct message *m;
	bool sound;

	if (message_parse(&m, data, len) != OK)
		return false;
	sound = !message_is_request(m) && message_problem(m, NULL) == 0;
	message_free(&m);
	return sound;
}

/* What became of it, in the table's words. */
static void judge(const char *data, size_t len, char *verdict)
{
	if (rig.taken == 1)
		snprintf(verdict, VERDICT_MAX, "taken");
	else if (rig.taken > 1)
		snprintf(verdict, VERDICT_MAX, "%u-taken", rig.taken);
	else if (rig.status)
		snprintf(verdict, VERDICT_MAX, "%u", rig.status);
	else if (rig.closed)
		snprintf(verdict, VERDICT_MAX, "closed");
	else if (!rig.probed)
		snprintf(verdict, VERDICT_MAX, "waits");
	else
		snprintf(verdict, VERDICT_MAX, is_sound_answer(data, len) ? "answer" : "dropped");
}

static void torture(const struct row *row, enum way way, char *verdict)
{
	size_t len;
	char *data = slurp(row->file, &len);

	open_rig(way);
	say(data, len);
	say_probe();
	run_loop();
	judge(data, len, verdict);
	/* Where this way ended or waits, another connection is served as ever. */
	if (!rig.probed) {
		close_peer();
		open_peer(way);
		say_probe();
		run_loop();
	}
	if (!rig.probed)
		fail_msg("%s over %s: nothing works any more", row->file, way_names[way]);
	close_rig();
	mem_free(data);
}

/* The next row; false: the table is over. */
static bool read_row(FILE *table, struct row *row)
{
	char line[512];

	while (fgets(line, sizeof(line), table)) {
		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (sscanf(line, "%63s %15s %15s %15s", row->file, row->want[OVER_UDP],
		           row->want[OVER_TCP], row->section) != 4)
			fail_msg("the table has a line that is no row: %s", line);
		return true;
	}
	return false;
}

static unsigned check_row(const struct row *row)
{
	char verdict[VERDICT_MAX];
	unsigned wrong = 0;

	for (enum way way = OVER_UDP; way <= OVER_TCP; way++) {
		torture(row, way, verdict);
		if (strcmp(verdict, row->want[way]) == 0)
			continue;
		print_error("%s (%s) over %s: %s, not %s\n", row->file, row->section,
		            way_names[way], verdict, row->want[way]);
		wrong++;
	}
	return wrong;
}

static void test_verdicts(void **state)
{
	FILE *table = fopen(FOLDER "verdicts", "r");
	unsigned wrong = 0;
	struct row row;

	UNUSED(state);
	assert_non_null(table);
	while (read_row(table, &row))
		wrong += check_row(&row);
	fclose(table);
	assert_int_equal(wrong, 0);
}

static int is_message(const struct dirent *entry)
{
	return strstr(entry->d_name, ".dat") != NULL;
}

static unsigned count_rows(const char *folder)
{
	FILE *table = fopen(FOLDER "verdicts", "r");
	unsigned rows = 0;
	struct row row;

	assert_non_null(table);
	while (read_row(table, &row))
		rows += strncmp(row.file, folder, strlen(folder)) == 0;
	fclose(table);
	return rows;
}

/* Each message has its row: 49 of RFC 4475, 12 of RFC 5118, and ours. */
static void test_all_are_there(void **state)
{
	static const struct {
		const char *folder;
		int messages;
	} rfcs[] = { { "rfc4475", 49 }, { "rfc5118", 12 }, { "own", 2 } };

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(rfcs); i++) {
		struct dirent **files = NULL;
		char path[512];
		int n;

		snprintf(path, sizeof(path), FOLDER "%s", rfcs[i].folder);
		n = scandir(path, &files, is_message, NULL);
		for (int k = 0; k < n; k++)
			free(files[k]);
		free(files);
		assert_int_equal(n, rfcs[i].messages);
		assert_int_equal(count_rows(rfcs[i].folder), rfcs[i].messages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_all_are_there),
	};

	message_library_open();
	log_set_level(LOG_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
