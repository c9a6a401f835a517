/* The rules between options: phones and trunks. */
#include "config/check.h"

#include <string.h>
#include <strings.h>
#include "base/mem.h"
#include "base/table.h"

static bool in_networks(const struct addr *addr, const struct addr_net *nets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (addr_in_net(addr, &nets[i]))
			return true;
	}
	return false;
}

/* Who a phone is must be told from its password or its address, and from one of them alone. */
static void check_credentials(const struct check *ck, size_t i)
{
	bool password = check_written(ck, SECTION_PHONES, i, "password");
	bool file = check_written(ck, SECTION_PHONES, i, "password-file");
	bool address = check_written(ck, SECTION_PHONES, i, "address");

	if (password && file)
		check_problem(ck, SECTION_PHONES, i, "password-file",
		              "has a password and a password-file; write one of them");
	if (address && (password || file))
		check_problem(ck, SECTION_PHONES, i, "address",
		              "is known by its address or by its password, not by both; remove "
		              "one");
	if (!address && !password && !file)
		check_problem(ck, SECTION_PHONES, i, NULL,
		              "anybody could say to be it; write password-file: FILE, or address: "
		              "ADDRESS");
}

static void check_address(const struct check *ck, size_t i)
{
	const struct config_phone *phone = &ck->cfg->phones[i];
	const struct config_realm *realm = phone->realm;
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(&phone->address) || !realm)
		return;
	addr_text(&phone->address, text, sizeof(text));
	if (realm->nnetworks && !in_networks(&phone->address, realm->networks, realm->nnetworks))
		check_problem(ck, SECTION_PHONES, i, "address",
		              "%s is in none of the networks of realm '%s', so it is never heard; "
		              "add it there",
		              text, realm->name);
}

/* Two phones of one realm with one address could not be told apart. *key gets
 * what owners borrow. */
static void claim_address(const struct check *ck, struct table *owners, size_t i, char **key)
{
	struct config_phone *phone = &ck->cfg->phones[i];
	const struct config_phone *owner;
	char text[ADDR_TEXT_MAX];

	if (!addr_is_set(&phone->address) || !phone->realm)
		return;
	addr_text(&phone->address, text, sizeof(text));
	*key = mem_printf("%s %s", phone->realm->name, text);
	if (!*key) {
		ck->problems->nomem = true;
		return;
	}
	owner = table_get(owners, *key);
	if (owner)
		check_problem(ck, SECTION_PHONES, i, "address",
		              "%s is phone '%s' already; one phone an address, with all numbers",
		              text, owner->name);
	else if (table_put(owners, *key, phone) != OK)
		ck->problems->nomem = true;
}

static void check_same_addresses(const struct check *ck)
{
	size_t n = ck->cfg->nphones;
	char **keys = mem_zalloc(n * sizeof(*keys));
	struct table *owners = NULL;

	if (!keys || table_new(&owners, n + 1) != OK) {
		ck->problems->nomem = true;
		mem_free(keys);
		return;
	}
	for (size_t i = 0; i < n; i++)
		claim_address(ck, owners, i, &keys[i]);
	table_free(&owners);
	for (size_t i = 0; i < n; i++)
		mem_free(keys[i]);
	mem_free(keys);
}

static void claim(const struct check *ck, struct table *owners, size_t i, const char *number)
{
	struct config_phone *phone = &ck->cfg->phones[i];
	const struct config_phone *owner = table_get(owners, number);

	if (!owner) {
		if (table_put(owners, number, phone) != OK)
			ck->problems->nomem = true;
	} else if (owner == phone) {
		check_problem(ck, SECTION_PHONES, i, "numbers",
		              "%s rings it already; remove it from numbers", number);
	} else {
		check_problem(ck, SECTION_PHONES, i, "numbers",
		              "%s rings phone '%s'; a number belongs to one phone", number,
		              owner->name);
	}
}

/* Names first: a number must not take another phone's name. */
static void check_numbers(const struct check *ck)
{
	struct table *owners;
	size_t limit = 1;

	for (size_t i = 0; i < ck->cfg->nphones; i++)
		limit += 1 + ck->cfg->phones[i].nnumbers;
	if (table_new(&owners, limit) != OK) {
		ck->problems->nomem = true;
		return;
	}
	for (size_t i = 0; i < ck->cfg->nphones; i++)
		claim(ck, owners, i, ck->cfg->phones[i].name);
	for (size_t i = 0; i < ck->cfg->nphones; i++) {
		for (size_t k = 0; k < ck->cfg->phones[i].nnumbers; k++)
			claim(ck, owners, i, ck->cfg->phones[i].numbers[k]);
	}
	table_free(&owners);
}

void check_phones(const struct check *ck)
{
	for (size_t i = 0; i < ck->cfg->nphones; i++) {
		check_credentials(ck, i);
		check_address(ck, i);
	}
	check_same_addresses(ck);
	check_numbers(ck);
}

static bool has_tls(const struct config_realm *realm)
{
	for (size_t i = 0; i < realm->nlisteners; i++) {
		if (realm->listeners[i].transport == TRANSPORT_TLS)
			return true;
	}
	return realm->nlisteners == 0; /* it was written wrongly */
}

static bool has_trunk(const struct config_party *parties, size_t n,
                      const struct config_trunk *trunk)
{
	for (size_t i = 0; i < n; i++) {
		if (parties[i].kind == PARTY_TRUNK && parties[i].trunk == trunk)
			return true;
	}
	return false;
}

/* A route whose parties could not be understood: it may be anybody's. */
static bool is_unclear(const struct config_route *route)
{
	return route->nfrom == 0 || route->nto == 0;
}

static void check_trunk_routes(const struct check *ck, size_t i)
{
	const struct config_trunk *trunk = &ck->cfg->trunks[i];
	bool from = false, to = false;

	for (size_t k = 0; k < ck->cfg->nroutes; k++) {
		const struct config_route *route = &ck->cfg->routes[k];

		if (is_unclear(route))
			return;
		from = from || has_trunk(route->from, route->nfrom, trunk);
		to = to || has_trunk(route->to, route->nto, trunk);
	}
	if (!from && !to)
		check_problem(ck, SECTION_TRUNKS, i, NULL,
		              "no route begins or ends at it; add one under routes:, or remove it");
}

static void check_trunk_networks(const struct check *ck, size_t i)
{
	const struct config_trunk *trunk = &ck->cfg->trunks[i];
	const struct config_realm *realm = trunk->realm;
	char text[ADDR_TEXT_MAX];

	if (!realm || !realm->nnetworks)
		return;
	for (size_t k = 0; k < trunk->nnetworks; k++) {
		const struct addr *base = &trunk->networks[k].base;

		if (!in_networks(base, realm->networks, realm->nnetworks))
			check_problem(ck, SECTION_TRUNKS, i, "networks",
			              "%s is in none of the networks of realm '%s', so it is never "
			              "heard; add it there",
			              addr_text(base, text, sizeof(text)), realm->name);
	}
}

/* Whether one certificate with a wildcard would be both. */
static bool share_wildcard(const struct config_trunk *a, const char *x,
                           const struct config_trunk *b, const char *y)
{
	const char *x_parent = strchr(x, '.'), *y_parent = strchr(y, '.');

	return a->wildcards == YES && b->wildcards == YES && x_parent && y_parent &&
	       strcasecmp(x_parent, y_parent) == 0;
}

/* The name that both trunks accept; NULL: none. */
static const char *shared_name(const struct config_trunk *a, const struct config_trunk *b)
{
	for (size_t i = 0; i < a->nverify_names; i++) {
		for (size_t k = 0; k < b->nverify_names; k++) {
			if (strcasecmp(a->verify_names[i], b->verify_names[k]) == 0 ||
			    share_wildcard(a, a->verify_names[i], b, b->verify_names[k]))
				return a->verify_names[i];
		}
	}
	return NULL;
}

/* A connection's trunk is the one whose name its certificate proves: no two may share one. */
static void check_trunk_names(const struct check *ck, size_t i)
{
	const struct config_trunk *trunk = &ck->cfg->trunks[i];

	for (size_t k = 0; k < i; k++) {
		const struct config_trunk *other = &ck->cfg->trunks[k];
		const char *name = other->realm == trunk->realm ? shared_name(trunk, other) : NULL;

		if (!name)
			continue;
		check_problem(
		    ck, SECTION_TRUNKS, i, "realm",
		    "trunk '%s' has the same realm and accepts the same certificate, that of "
		    "'%s', so that their calls cannot be told apart; give it a realm of its "
		    "own",
		    other->name, name);
		return;
	}
}

static void check_trunk_resolvers(const struct check *ck, size_t i)
{
	if (check_written(ck, SECTION_TRUNKS, i, "resolver-domains") &&
	    !check_written(ck, SECTION_TRUNKS, i, "resolvers"))
		check_problem(ck, SECTION_TRUNKS, i, "resolver-domains",
		              "says which names the trunk's own servers are asked for, and it has "
		              "none; write resolvers:, or remove it");
}

/* A user without a password, or a password without its user, proves nothing. */
static void check_trunk_credentials(const struct check *ck, size_t i)
{
	bool user = check_written(ck, SECTION_TRUNKS, i, "username");
	bool password = check_written(ck, SECTION_TRUNKS, i, "password-file");

	if (user && !password)
		check_problem(ck, SECTION_TRUNKS, i, "username",
		              "has a username and no password; write password-file: FILE");
	if (password && !user)
		check_problem(ck, SECTION_TRUNKS, i, "password-file",
		              "has a password and no user; write username: NAME");
}

void check_forms(const struct check *ck, enum section_id section, size_t i,
                 const struct form_option *forms, size_t n)
{
	if (check_written(ck, section, i, "country"))
		return;
	for (size_t k = 0; k < n; k++) {
		if (forms[k].form == NUMBERS_AS_IS || forms[k].form == NUMBERS_SAME)
			continue;
		check_problem(ck, section, i, forms[k].key,
		              "without a country nobody can tell what a number stands for; write "
		              "country: \"49\" or the like");
		return;
	}
}

static void check_trunk_numbers(const struct check *ck, size_t i)
{
	const struct config_trunk *trunk = &ck->cfg->trunks[i];
	const struct form_option forms[] = { { "numbers-out", trunk->numbers_out },
		                             { "numbers-in", trunk->numbers_in },
		                             { "calling-out", trunk->calling_out },
		                             { "calling-in", trunk->calling_in } };

	check_forms(ck, SECTION_TRUNKS, i, forms, ARRAY_LEN(forms));
}

/* What a list of revoked certificates says counts by its issuer's signature. */
static void check_trunk_pins(const struct check *ck, size_t i)
{
	if (check_written(ck, SECTION_TRUNKS, i, "pins") &&
	    check_written(ck, SECTION_TRUNKS, i, "crls"))
		check_problem(ck, SECTION_TRUNKS, i, "crls",
		              "a pinned key is trusted without an issuer, so there is nobody whose "
		              "list could be believed; remove crls, and take out the pin of a key "
		              "that is no good any more");
}

static void check_trunk_codecs(const struct check *ck, size_t i)
{
	const struct config_trunk *trunk = &ck->cfg->trunks[i];

	for (size_t k = 0; k < trunk->ncodecs; k++) {
		for (size_t j = 0; j < k; j++) {
			if (strcasecmp(trunk->codecs[j], trunk->codecs[k]) == 0)
				check_problem(ck, SECTION_TRUNKS, i, "codecs",
				              "codecs name %s twice; write each once",
				              trunk->codecs[k]);
		}
	}
}

void check_trunks(const struct check *ck)
{
	for (size_t i = 0; i < ck->cfg->ntrunks; i++) {
		const struct config_trunk *trunk = &ck->cfg->trunks[i];
		const struct mark *srtp = marks_at(ck->marks, SECTION_TRUNKS, i, "srtp");
		struct addr addr;

		if (trunk->realm && !has_tls(trunk->realm))
			check_problem(ck, SECTION_TRUNKS, i, "realm",
			              "realm '%s' has no tls listener, and a trunk is SIPS; add "
			              "\"tls:ADDRESS:5061\" there",
			              trunk->realm->name);
		if (trunk->srtp != SRTP_REQUIRED && strcmp(srtp->file, ck->file) != 0)
			check_problem(ck, SECTION_TRUNKS, i, "srtp",
			              "a profile cannot turn srtp off, or only offer it; write it "
			              "at the trunk");
		if (trunk->domain && addr_parse(&addr, trunk->domain) == OK &&
		    !check_written(ck, SECTION_TRUNKS, i, "verify-names"))
			check_problem(ck, SECTION_TRUNKS, i, "domain",
			              "a certificate is checked by name, and %s is an address; "
			              "write verify-names: [ NAME ]",
			              trunk->domain);
		check_trunk_numbers(ck, i);
		check_trunk_credentials(ck, i);
		check_trunk_names(ck, i);
		check_trunk_resolvers(ck, i);
		check_trunk_routes(ck, i);
		check_trunk_networks(ck, i);
		check_trunk_codecs(ck, i);
		check_trunk_pins(ck, i);
	}
}
