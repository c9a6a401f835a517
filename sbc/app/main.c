/* The command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "base/mem.h"
#include "config/config.h"
#include "sbc/admin/ctl.h"
#include "sbc/admin/explain_route.h"
#include "sbc/app/server.h"
#include "sbc/b2bua/call.h"
#include "sbc/doctor/doctor.h"
#include "sbc/lab/lab.h"

#define DEFAULT_CONFIG "/etc/trunkgate/trunkgate.yaml"
#define DEFAULT_SOCKET "/run/trunkgate/control"

static const char usage[] =
    "Trunkgate " TRUNKGATE_VERSION
    ": a session border controller between your phones and a provider's\n"
    "SIPS trunk.\n"
    "\n"
    "  trunkgate run [FILE]          run with this configuration (default " DEFAULT_CONFIG ")\n"
    "  trunkgate check [FILE]        say what is wrong with a configuration, and stop\n"
    "  trunkgate config --full       print every option with its default and what it does\n"
    "  trunkgate config --schema     print the same as JSON Schema, for editors\n"
    "  trunkgate show WHAT [--json]  ask the running one; WHAT is calls, trunks, phones, certs,\n"
    "                                status, or ladder [CALL] for the messages of a call\n"
    "  trunkgate reload              have it read certificates, keys, trust and CRLs anew\n"
    "      --socket PATH             of the one to ask (default " DEFAULT_SOCKET ")\n"
    "  trunkgate doctor [TRUNK…]     say what would fail between us and a provider, before a call\n"
    "                                does: see trunkgate doctor --help\n"
    "  trunkgate explain-route --from PHONE|TRUNK --to NUMBER [--caller NUMBER] [--at TIME]\n"
    "      [--method METHOD] [--handed-on] [--config FILE]\n"
    "                                say which route a call takes, and why not the others\n"
    "  trunkgate docs call-states    print what a call does in each state at each event\n"
    "  trunkgate lab provider …      be a provider, to try things out: see trunkgate lab --help\n"
    "  trunkgate lab call NUMBER …   be a phone that calls, plays a tone and listens\n"
    "  trunkgate --version\n";

static int bad_usage(const char *what)
{
	fprintf(stderr, "trunkgate: %s. `trunkgate --help` shows what can be asked.\n", what);
	return 2;
}

static const char *config_file(int argc, char **argv)
{
	return argc > 2 ? argv[2] : DEFAULT_CONFIG;
}

static int cmd_run(int argc, char **argv)
{
	struct config *cfg;
	enum err err;

	if (argc > 3)
		return bad_usage("run takes one configuration file");
	if (config_load(&cfg, config_file(argc, argv), stderr))
		return 1;
	err = server_run(cfg);
	config_free(&cfg);
	return err ? 1 : 0;
}

static int cmd_check(int argc, char **argv)
{
	struct config *cfg;

	if (argc > 3)
		return bad_usage("check takes one configuration file");
	if (config_load(&cfg, config_file(argc, argv), stderr))
		return 1;
	config_print_hints(cfg, stdout);
	printf("%s: well\n", config_file(argc, argv));
	config_free(&cfg);
	return 0;
}

static int cmd_config(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[2], "--full") == 0)
		return config_print_full(stdout) ? 1 : 0;
	if (argc == 3 && strcmp(argv[2], "--schema") == 0)
		return config_print_schema(stdout) ? 1 : 0;
	return bad_usage("config takes --full or --schema");
}

static int cmd_show(int argc, char **argv)
{
	const char *socket = DEFAULT_SOCKET, *what = NULL, *which = NULL;
	int json = 0;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = 1;
		else if (strcmp(argv[i], "--socket") == 0 && i + 1 < argc)
			socket = argv[++i];
		else if (argv[i][0] == '-')
			return bad_usage("show takes --json and --socket PATH");
		else if (!what)
			what = argv[i];
		else if (!which)
			which = argv[i];
		else
			return bad_usage("show takes one thing to show");
	}
	if (!what)
		return bad_usage("show what? calls, trunks, phones, certs, status or ladder");
	return ctl_show(socket, what, which, json);
}

static int cmd_doctor(int argc, char **argv)
{
	return doctor_main(argc, argv, DEFAULT_CONFIG);
}

static int cmd_explain_route(int argc, char **argv)
{
	return explain_route_main(argc, argv, DEFAULT_CONFIG);
}

static int cmd_reload(int argc, char **argv)
{
	if (argc == 2)
		return ctl_reload(DEFAULT_SOCKET);
	if (argc == 4 && strcmp(argv[2], "--socket") == 0)
		return ctl_reload(argv[3]);
	return bad_usage("reload takes --socket PATH");
}

static int cmd_docs(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[2], "call-states") != 0)
		return bad_usage("docs takes call-states");
	call_print_states(stdout);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*fn)(int argc, char **argv);
	} commands[] = { { "run", cmd_run },
		         { "check", cmd_check },
		         { "config", cmd_config },
		         { "show", cmd_show },
		         { "reload", cmd_reload },
		         { "doctor", cmd_doctor },
		         { "explain-route", cmd_explain_route },
		         { "docs", cmd_docs },
		         { "lab", lab_main } };

	if (argc < 2)
		return bad_usage("what is to be done?");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("trunkgate " TRUNKGATE_VERSION);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].fn(argc, argv);
	}
	return bad_usage("there is no such command");
}
