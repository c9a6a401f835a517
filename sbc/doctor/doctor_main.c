/* `trunkgate doctor`, from the command line to the exit status. */
#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "base/mem.h"
#include "sbc/doctor/doctor.h"
#include "sbc/doctor/doctor_args.h"
#include "sbc/sip/message.h"

#define FAILED 2

static const char usage[] =
    "Says what would fail between us and a provider, before the first call does.\n"
    "\n"
    "  trunkgate doctor [TRUNK…]        one trunk, some, or all of the configuration\n"
    "      --config FILE                the configuration (default %s)\n"
    "      --date YYYY-MM-DD            what fails on that day\n"
    "      --without-client-auth        what fails once public authorities issue certificates\n"
    "                                   without the clientAuth usage\n"
    "      --json                       for programs\n"
    "  trunkgate doctor --server NAME[:PORT]   a peer that is not configured\n"
    "\n"
    "One line for each demand of the provider's: ok, warn, fail or skip, the demand's ID, what was\n"
    "found and what to do. Exit status: 0, 1 with a warning, 2 with a failure. It may run beside\n"
    "`trunkgate run`, and without it.\n";

static void on_log(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static const struct config_trunk *find_trunk(const struct config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->ntrunks; i++) {
		if (strcmp(cfg->trunks[i].name, name) == 0)
			return &cfg->trunks[i];
	}
	return NULL;
}

/* The trunks that are asked for, into an array of at least DOCTOR_TRUNKS_MAX; their number, 0 when
 * one of them is none. */
static size_t choose(const struct config *cfg, const struct doctor_args *args,
                     const struct config_trunk **out)
{
	size_t n = 0;

	if (cfg->ntrunks == 0)
		fprintf(stderr, "trunkgate doctor: %s has no trunk: add one under trunks:\n",
		        cfg->file);
	for (; args->ntrunks == 0 && n < cfg->ntrunks && n < DOCTOR_TRUNKS_MAX; n++)
		out[n] = &cfg->trunks[n];
	for (; n < args->ntrunks; n++) {
		out[n] = find_trunk(cfg, args->trunks[n]);
		if (out[n])
			continue;
		fprintf(stderr, "trunkgate doctor: there is no trunk '%s' in %s\n", args->trunks[n],
		        cfg->file);
		return 0;
	}
	return n;
}

static int examine(const struct config *cfg, const struct config_trunk *const *trunks, size_t n,
                   const struct doctor_args *args)
{
	const struct examination exam = { .when_s = args->when_s,
		                          .without_client_auth = args->without_client_auth };
	struct report *reports = mem_zalloc(n * sizeof(*reports));
	int status = FAILED;
	enum err err = reports ? OK : ERR_NOMEM;

	message_library_open();
	log_capture(on_log, NULL); /* what the layers below log is said better here */
	if (!err)
		err = doctor_examine(cfg, trunks, n, &exam, reports);
	if (!err)
		err = args->json ? reports_print_json(stdout, reports, n)
		                 : reports_print(stdout, reports, n);
	if (!err)
		status = reports_status(reports, n);
	else
		fprintf(stderr, "trunkgate doctor: %s\n", err_text(err));
	if (reports)
		doctor_free_reports(reports, n);
	mem_free(reports);
	log_capture(NULL, NULL);
	return status;
}

static int examine_config(const struct doctor_args *args)
{
	const struct config_trunk *trunks[DOCTOR_TRUNKS_MAX];
	struct config *cfg;
	int status = FAILED;
	size_t n;

	if (config_load(&cfg, args->config, stderr))
		return FAILED;
	n = choose(cfg, args, trunks);
	if (n > 0)
		status = examine(cfg, trunks, n, args);
	config_free(&cfg);
	return status;
}

/* A peer that nobody configured, as a trunk with what holds for any. */
static int examine_server(struct doctor_args *args)
{
	static char name[] = "server", system[] = "system";
	static char ids[][8] = { "WBX-04", "WBX-10", "WBX-11", "WBX-13", "WBX-15", "WBX-16" };
	char *names[] = { args->server }, *demands[ARRAY_LEN(ids)];
	struct config_realm realm = { .name = name };
	struct config_trunk trunk = { .name = name,
		                      .realm = &realm,
		                      .domain = args->server,
		                      .port = args->server_port,
		                      .verify_names = names,
		                      .nverify_names = 1,
		                      .demands = demands,
		                      .ndemands = ARRAY_LEN(ids),
		                      .trust = system,
		                      .provider_roots = system,
		                      .ask_options = YES,
		                      .connect_timeout_ms = 5000 };
	const struct config_trunk *one = &trunk;
	struct config cfg = { .realms = &realm, .nrealms = 1, .trunks = &trunk, .ntrunks = 1 };

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		demands[i] = ids[i];
	return examine(&cfg, &one, 1, args);
}

int doctor_main(int argc, char **argv, const char *config_file)
{
	struct doctor_args args;

	if (doctor_args_read(&args, argc, argv, config_file, stderr))
		return FAILED;
	if (args.help) {
		printf(usage, config_file);
		return 0;
	}
	return args.server[0] ? examine_server(&args) : examine_config(&args);
}
