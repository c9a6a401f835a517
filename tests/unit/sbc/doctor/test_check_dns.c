/* The judges of DNS, each with what makes it fail and what makes it pass. */
#include "rig.h"

#include "sbc/doctor/check_dns.h"

#define SBC_SRV "_sips._tcp.sbc.lab"
#define SRV     "_sips._tcp.provider.lab"

static void wbx_03(void **state)
{
	(void)state;
	rig_judges(judge_way_in, VERDICT_FAIL, "does not answer");
	rig_srv(true, SBC_SRV, "sbc.lab", 5061);
	rig_judges(judge_way_in, VERDICT_OK, "leads to sbc.lab port 5061");
	rig.dns[0].reply.records[0].srv.port = 5099;
	rig_judges(judge_way_in, VERDICT_FAIL, "leads to port 5099");
	rig.dns[0].reply.status = DNS_SILENT;
	rig_judges(judge_way_in, VERDICT_FAIL, "does not answer");
	rig.dns[0].reply = (struct dns_reply){ .status = DNS_NO_NAME };
	rig_judges(judge_way_in, VERDICT_FAIL, "does not answer");
	rig_said(true, DNS_TYPE_A, "sbc.lab", DNS_NO_NAME);
	rig_judges(judge_way_in, VERDICT_FAIL, "nobody finds us");
}

static void wbx_03_by_address(void **state)
{
	static char numeric[] = "192.0.2.1";

	(void)state;
	rig_said(true, DNS_TYPE_SRV, SBC_SRV, DNS_NO_NAME);
	rig_a(true, "sbc.lab", "192.0.2.1");
	rig_judges(judge_way_in, VERDICT_OK, "no SRV record");
	addr_set_port(&rig.listener.addr, 5062);
	rig_judges(judge_way_in, VERDICT_FAIL, "no tls listener on that port; listen on 5061");
	rig.realm.advertise = numeric;
	rig_judges(judge_way_in, VERDICT_FAIL, "192.0.2.1 port 5061");
	addr_set_port(&rig.listener.addr, 5061);
	rig_judges(judge_way_in, VERDICT_OK, "192.0.2.1 port 5061");
	rig.realm.advertise = NULL;
	rig_judges(judge_way_in, VERDICT_OK, "192.0.2.1 port 5061");
}

static void wbx_04(void **state)
{
	(void)state;
	rig_judges(judge_addresses, VERDICT_SKIP, "no name leads anywhere");
	rig_srv(false, SRV, "sip.provider.lab", 5061);
	rig_a(false, "sip.provider.lab", "192.0.2.10");
	rig_judges(judge_addresses, VERDICT_OK, "all 1 names");
	rig_said(false, DNS_TYPE_A, "b.provider.lab", DNS_NO_RECORD);
	rig_judges(judge_addresses, VERDICT_FAIL,
	           "b.provider.lab (the provider's) has no A record");
	rig_said(true, DNS_TYPE_A, "sbc.lab", DNS_NO_NAME);
	rig_judges(judge_addresses, VERDICT_FAIL, "sbc.lab (ours) has no A record");
	assert_string_equal(rig.finding.todo, "add it");
}

/* A host whose service leads elsewhere needs none for this; for Contact it does. */
static void wbx_04_is_not_about_a_host_with_a_service(void **state)
{
	(void)state;
	rig_srv(true, SBC_SRV, "edge.sbc.lab", 5061);
	rig_a(true, "edge.sbc.lab", "192.0.2.1");
	rig_said(true, DNS_TYPE_A, "sbc.lab", DNS_NO_NAME);
	rig_judges(judge_addresses, VERDICT_OK, "all 1 names");
	rig_judges(judge_contact, VERDICT_FAIL, "has no A record");
}

static void wbx_09(void **state)
{
	(void)state;
	rig_judges(judge_reverse, VERDICT_SKIP, "no address of ours");
	rig_ptr(true, "1.2.0.192.in-addr.arpa", "SBC.lab");
	rig_judges(judge_reverse, VERDICT_OK, "leads back to SBC.lab");
	rig_said(true, DNS_TYPE_PTR, "2.2.0.192.in-addr.arpa", DNS_NO_NAME);
	rig_judges(judge_reverse, VERDICT_FAIL, "2.2.0.192.in-addr.arpa has no PTR record");
	rig.dns[1].reply.status = DNS_SILENT;
	rig_judges(judge_reverse, VERDICT_WARN, "does not answer");
	rig_ptr(true, "3.2.0.192.in-addr.arpa", "host-3.isp.lab");
	rig_judges(judge_reverse, VERDICT_FAIL, "leads back to host-3.isp.lab, not to sbc.lab");
}

static void wbx_09_by_the_service(void **state)
{
	(void)state;
	rig_srv(true, SBC_SRV, "edge.sbc.lab", 5061);
	rig_ptr(true, "1.2.0.192.in-addr.arpa", "edge.sbc.lab");
	rig_judges(judge_reverse, VERDICT_OK, "leads back to edge.sbc.lab");
}

static void wbx_10(void **state)
{
	static char numeric[] = "192.0.2.10";

	(void)state;
	rig_judges(judge_way_out, VERDICT_FAIL, "does not answer");
	rig_srv(false, SRV, "sip.provider.lab", 5061);
	rig_judges(judge_way_out, VERDICT_OK, "leads to sip.provider.lab port 5061");
	/* Whose address it is, is told; that is no matter of ours (WBX-09). */
	rig_ptr(false, "10.2.0.192.in-addr.arpa", "edge.carrier.lab");
	rig_judges(judge_way_out, VERDICT_OK,
	           "10.2.0.192.in-addr.arpa leads back to edge.carrier.lab");
	rig_judges(judge_reverse, VERDICT_SKIP, "none can lead back");
	rig.patient.ndns = 1;
	rig.dns[0].reply = (struct dns_reply){ .status = DNS_NO_NAME };
	rig_said(false, DNS_TYPE_A, "provider.lab", DNS_NO_NAME);
	rig_judges(judge_way_out, VERDICT_FAIL, "neither an SRV record");
	rig.patient.found.naddrs = 1;
	rig_judges(judge_way_out, VERDICT_WARN, "stands in /etc/hosts");
	rig.patient.found.naddrs = 0;
	rig.patient.ndns = 1;
	rig_a(false, "provider.lab", "192.0.2.10");
	rig_judges(judge_way_out, VERDICT_WARN, "calls go to its A record 192.0.2.10");
	rig.trunk.port = 5062;
	rig_judges(judge_way_out, VERDICT_OK, "since port is 5062");
	rig.trunk.domain = numeric;
	rig_judges(judge_way_out, VERDICT_SKIP, "is an address");
}

static void wbx_12(void **state)
{
	static char numeric[] = "192.0.2.1";

	(void)state;
	rig_judges(judge_contact, VERDICT_FAIL, "does not answer");
	rig_said(true, DNS_TYPE_A, "sbc.lab", DNS_NO_RECORD);
	rig_judges(judge_contact, VERDICT_FAIL, "has no A record");
	rig.patient.ndns = 0;
	rig_a(true, "sbc.lab", "192.0.2.1");
	rig_judges(judge_contact, VERDICT_OK, "sbc.lab in our Contact is 192.0.2.1");
	rig.dns[0].reply.records[0].addr = rig_addr("10.1.2.3");
	rig_judges(judge_contact, VERDICT_WARN, "an inner address");
	rig_a(false, "provider.lab", "10.9.9.9");
	rig_judges(judge_contact, VERDICT_OK, "10.1.2.3");
	rig.realm.advertise = numeric;
	rig_judges(judge_contact, VERDICT_OK, "no name");
}

/* The same name, another answer for the trunk's resolvers. */
static void wbx_12_split(void **state)
{
	struct dns_reply *here, *there;

	(void)state;
	rig_a(true, "sbc.lab", "10.1.2.3");
	rig_a(true, "sbc.lab", "198.51.100.7");
	rig.dns[1].over_there = true;
	here = &rig.dns[0].reply;
	there = &rig.dns[1].reply;
	rig_judges(judge_contact, VERDICT_OK,
	           "is 198.51.100.7 for the trunk's resolvers, and 10.1.2.3 for the system's");
	rig_judges(judge_addresses, VERDICT_OK, "all 1 names");
	here->records[0].addr = rig_addr("203.0.113.9");
	rig_judges(judge_contact, VERDICT_WARN, "which of them the provider is told");
	there->records[0].addr = rig_addr("10.7.7.7");
	rig_judges(judge_contact, VERDICT_WARN, "is 10.7.7.7 for the trunk's resolvers");
	there->records[there->nrecords++].addr = rig_addr("203.0.113.9");
	rig_judges(judge_contact, VERDICT_OK, "sbc.lab in our Contact is 203.0.113.9");
	there->nrecords = 0; /* it knows names of its own alone */
	there->status = DNS_REFUSED;
	rig_judges(judge_contact, VERDICT_OK, "sbc.lab in our Contact is 203.0.113.9");
}

static void e8_07(void **state)
{
	static char other[] = "8x8.com", mine[] = "lab";
	char *domains[] = { other };

	(void)state;
	rig_judges(judge_own_resolver, VERDICT_SKIP, "not asked");
	rig_server("192.0.2.53", false, OK);
	rig_server("192.0.2.53", true, ERR_TIMEOUT);
	rig_judges(judge_own_resolver, VERDICT_OK, "the system's resolvers");
	rig.servers[0].status = DNS_REFUSED;
	rig_judges(judge_own_resolver, VERDICT_FAIL, "does not answer for provider.lab");
	rig_server("192.0.2.54", false, OK);
	rig_judges(judge_own_resolver, VERDICT_WARN, "192.0.2.53 does not answer");
	rig.servers[2].server = rig_addr("8.8.8.8");
	rig_judges(judge_own_resolver, VERDICT_FAIL, "8.8.8.8 is a resolver for everybody");
	rig.servers[0].status = DNS_FOUND;
	rig.patient.nservers = 1;
	rig.trunk.resolver_domains = domains;
	rig.trunk.nresolver_domains = 1;
	rig.patient.nservers = 1;
	memset(&rig.finding, 0, sizeof(rig.finding));
	judge_own_resolver(&rig.patient, &rig.finding);
	assert_int_equal(rig.finding.verdict, VERDICT_WARN);
	domains[0] = mine;
	rig_judges(judge_own_resolver, VERDICT_OK, "provider.lab");
}

static void clo_06(void **state)
{
	(void)state;
	rig_judges(judge_resolvers, VERDICT_SKIP, "not asked");
	rig_server("192.0.2.53:53", false, OK);
	rig_server("192.0.2.53:53", true, ERR_IO);
	rig_judges(judge_resolvers, VERDICT_FAIL, "192.0.2.53:53 does not answer over TCP");
	rig.servers[1].err = OK;
	rig_judges(judge_resolvers, VERDICT_OK, "1 resolver answers over UDP and TCP");
	rig_server("192.0.2.54:53", false, ERR_TIMEOUT);
	rig_judges(judge_resolvers, VERDICT_WARN, "192.0.2.54:53 does not answer over UDP");
	rig.servers[2].err = OK;
	rig.servers[0].status = DNS_FAILED;
	rig_judges(judge_resolvers, VERDICT_WARN, "the DNS server failed");
}

static void names_that_are_asked(void **state)
{
	char buf[DNS_TEXT_MAX], lng[DNS_TEXT_MAX];
	struct addr v4 = rig_addr("192.0.2.17"), v6 = rig_addr("2001:db8::1f");

	(void)state;
	assert_string_equal(dns_reverse_name(&v4, buf), "17.2.0.192.in-addr.arpa");
	assert_string_equal(
	    dns_reverse_name(&v6, buf),
	    "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
	assert_string_equal(dns_service_name("sbc.lab", buf), SBC_SRV);
	memset(lng, 'a', sizeof(lng) - 1);
	lng[sizeof(lng) - 1] = '\0';
	assert_string_equal(dns_service_name(lng, buf), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wbx_03, rig_begin),
		cmocka_unit_test_setup(wbx_03_by_address, rig_begin),
		cmocka_unit_test_setup(wbx_04, rig_begin),
		cmocka_unit_test_setup(wbx_04_is_not_about_a_host_with_a_service, rig_begin),
		cmocka_unit_test_setup(wbx_09, rig_begin),
		cmocka_unit_test_setup(wbx_09_by_the_service, rig_begin),
		cmocka_unit_test_setup(wbx_10, rig_begin),
		cmocka_unit_test_setup(wbx_12, rig_begin),
		cmocka_unit_test_setup(wbx_12_split, rig_begin),
		cmocka_unit_test_setup(e8_07, rig_begin),
		cmocka_unit_test_setup(clo_06, rig_begin),
		cmocka_unit_test(names_that_are_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
