/* `trunkgate lab`. What the commands have in common: their log is for trouble alone, what happens
 * they say on stdout. */
#include "sbc/lab/lab.h"

#include <stdio.h>
#include <string.h>
#include "base/log.h"
#include "sbc/lab/phone.h"
#include "sbc/lab/provider.h"

static const char usage[] =
    "The lab: a provider and a phone, for a first call and for trying things out.\n"
    "\n"
    "  trunkgate lab provider        a provider: DNS, SIP over mutual TLS, SRTP; it answers every\n"
    "                                call and sends back what it hears, until it is stopped\n"
    "      --identity FILE           its key, certificate and chain (PEM)\n"
    "      --trust FILE              the roots of the caller's certificate (PEM)\n"
    "      --peer-name NAME          that must be in the caller's certificate (default sbc.lab)\n"
    "      --domain NAME             that it is the provider of (default provider.lab)\n"
    "      --listen ADDRESS:PORT     for TLS (default 127.0.0.3:5061)\n"
    "      --dns ADDRESS:PORT        for DNS (default 127.0.0.3:5300)\n"
    "      --media-ports LOW-HIGH    for SRTP (default 42000-42999)\n"
    "\n"
    "  trunkgate lab call NUMBER     a phone: calls over UDP, plays a tone, listens, hangs up;\n"
    "                                exit status 0 when it heard its tone come back\n"
    "      --via ADDRESS:PORT        whom to call (default 127.0.0.1:5060)\n"
    "      --listen ADDRESS[:PORT]   its own (default 127.0.0.1)\n"
    "      --from NAME               who calls (default lab)\n"
    "      --seconds N               how long the tone is (default 3)\n"
    "      --media-ports LOW-HIGH    for RTP (default 43000-43999)\n"
    "      --json                    print the result as JSON\n";

int lab_main(int argc, char **argv)
{
	log_set_level(LOG_WARN);
	/* Whoever reads along in a file reads whole lines. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 2 && strcmp(argv[2], "provider") == 0)
		return provider_main(argc, argv);
	if (argc > 2 && strcmp(argv[2], "call") == 0)
		return phone_main(argc, argv);
	if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "help") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	fputs("trunkgate lab: provider or call? `trunkgate lab --help` shows what they take.\n",
	      stderr);
	return 2;
}
