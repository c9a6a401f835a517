/* Identities: what is put in order, what is refused, and with which words. */
#include "tests/unit/certs/lab.h"

static int setup(void **state)
{
	UNUSED(state);
	if (lab_open())
		return -1;
	return lab_shell(
	    "$LAB . good --cn sbc.lab --san DNS:sbc.lab && $LAB . other &&"
	    "$LAB . server --usage server && $LAB . client --usage client &&"
	    "$LAB . rsa --rsa && $LAB . weak --weak && $LAB . old --expired &&"
	    "$LAB . early --not-yet &&"
	    "$LAB . noroot --no-root && $LAB . leaf --leaf-only &&"
	    "$LAB . self --self-signed && openssl x509 -in good.pem -out good.crt &&"
	    "openssl pkey -in good.pem -out good.key && openssl pkey -in other.pem -out other.key");
}

static int teardown(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

static enum err load_cfg(const struct identity_cfg *cfg)
{
	struct identity *id = NULL;
	enum err err;

	lab.why[0] = '\0';
	err = identity_load(&id, cfg, lab.why);
	if (err)
		assert_null(id);
	else
		identity_free(&id);
	assert_int_equal(ERR_peek_error(), 0);
	return err;
}

static enum err load(const char *certificate, const char *key)
{
	const struct identity_cfg cfg = { .name = "test",
		                          .certificate = lab_path(certificate),
		                          .key = key ? lab_path(key) : NULL };

	return load_cfg(&cfg);
}

/* The subjects of what ctx would send, ">" between. */
static void assert_id_sends(const struct identity *id, bool with_root, const char *wanted)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	STACK_OF(X509) *rest = NULL;
	char text[512] = "";

	assert_int_equal(identity_apply(id, ctx, with_root), OK);
	assert_int_equal(SSL_CTX_check_private_key(ctx), 1);
	X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_CTX_get0_certificate(ctx)),
	                          NID_commonName, text, 100);
	SSL_CTX_get0_chain_certs(ctx, &rest);
	for (int i = 0; i < sk_X509_num(rest); i++) {
		strcat(text, ">");
		X509_NAME_get_text_by_NID(X509_get_subject_name(sk_X509_value(rest, i)),
		                          NID_commonName, text + strlen(text), 100);
	}
	assert_string_equal(text, wanted);
	SSL_CTX_free(ctx);
}

static void assert_sends(const char *file, const char *wanted)
{
	struct identity *id = lab_identity(file);

	assert_id_sends(id, false, wanted);
	identity_free(&id);
}

static void one_file_loads_and_tells_about_itself(void **state)
{
	struct identity *id = lab_identity("good.pem");

	UNUSED(state);
	assert_string_equal(identity_name(id), "test");
	assert_string_equal(identity_subject(id), "CN=sbc.lab");
	assert_true(identity_not_after_s(id) > clock_wall_s() + 364 * 86400);
	assert_true(identity_not_after_s(id) < clock_wall_s() + 366 * 86400);
	identity_free(&id);
	assert_null(id);
	identity_free(&id);
}

static void key_in_a_file_of_its_own(void **state)
{
	UNUSED(state);
	assert_int_equal(load("good.pem", "good.key"), OK);
	assert_int_equal(load("good.crt", "good.key"), OK);
}

/* An issuer that ends before the leaf ends the whole chain. */
static void wbx05_the_first_end_counts(void **state)
{
	struct identity *id = lab_identity("good.pem");
	int64_t leaf_end_s = identity_not_after_s(id);
	char why[CERT_WHY_MAX];

	UNUSED(state);
	assert_ptr_equal(identity_first_to_end(id), identity_leaf(id));
	identity_free(&id);
	assert_int_equal(
	    lab_shell(
	        "printf 'basicConstraints=critical,CA:TRUE\\nsubjectKeyIdentifier=hash\\n' >ca.ext &&"
	        "openssl req -new -key issuing.key -subj '/CN=Lab Issuing CA' -out short.csr &&"
	        "openssl x509 -req -in short.csr -CA root.pem -CAkey root.key -set_serial 7 -days 20 "
	        "-extfile ca.ext -out short.crt && { openssl pkey -in good.pem && "
	        "openssl x509 -in good.pem && cat short.crt root.pem ; } >short.pem && "
	        "chmod 600 short.pem"),
	    0);
	id = lab_identity("short.pem");
	assert_true(identity_not_after_s(id) < leaf_end_s - 300 * DAY_S);
	assert_ptr_not_equal(identity_first_to_end(id), identity_leaf(id));
	assert_true(identity_is_valid_at(id, identity_not_after_s(id), why));
	assert_false(identity_is_valid_at(id, identity_not_after_s(id) + 1, why));
	assert_has(why, "the certificate of CN=Lab Issuing CA is valid until");
	identity_free(&id);
}

static void wbx06_the_name_it_is_for(void **state)
{
	struct identity *id = lab_identity("good.pem");

	UNUSED(state);
	assert_true(identity_is_for(id, "SBC.lab"));
	assert_false(identity_is_for(id, "other.lab"));
	identity_free(&id);
}

static void wbx07_whole_chain_is_sent_with_the_root(void **state)
{
	UNUSED(state);
	assert_sends("good.pem", "sbc.lab>Lab Issuing CA>Lab Root");
	assert_sends("noroot.pem", "noroot>Lab Issuing CA");
	assert_sends("leaf.pem", "leaf");
	assert_sends("self.pem", "self");
}

static void wbx07_chain_is_put_in_order(void **state)
{
	UNUSED(state);
	assert_int_equal(
	    lab_shell("cat root.pem good.key good.crt issuing.pem root.pem good.crt >mixed.pem &&"
	              "chmod 600 mixed.pem"),
	    0);
	assert_sends("mixed.pem", "sbc.lab>Lab Issuing CA>Lab Root");
}

/* A root that is cross-signed has two certificates with one key; peers may need either. */
static void wbx07_cross_signed_root_is_sent_both_ways(void **state)
{
	UNUSED(state);
	assert_int_equal(
	    lab_shell(
	        "openssl req -new -key root.key -subj '/CN=Lab Root' -out cross.csr &&"
	        "printf 'basicConstraints=critical,CA:TRUE\\n' >cross.ext &&"
	        "openssl x509 -req -in cross.csr -CA evil/root.pem -CAkey evil/root.key -days 9 "
	        "-extfile cross.ext -set_serial 7 -out cross.crt &&"
	        "cat good.key good.crt issuing.pem root.pem cross.crt >cross.pem && chmod 600 cross.pem"),
	    0);
	assert_sends("cross.pem", "sbc.lab>Lab Issuing CA>Lab Root>Lab Root");
}

static void wbx08_where_the_chain_ends(void **state)
{
	static const struct {
		const char *file, *end;
		bool has_root;
	} cases[] = {
		{ "good.pem", "CN=Lab Root", true },
		{ "noroot.pem", "CN=Lab Root", false },
		{ "leaf.pem", "CN=Lab Issuing CA", false },
		{ "self.pem", "CN=self", true },
	};

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct identity *id = lab_identity(cases[i].file);

		assert_string_equal(identity_chain_end(id), cases[i].end);
		assert_int_equal(identity_has_root(id), cases[i].has_root);
		identity_free(&id);
	}
}

static void wbx14_usages_are_told(void **state)
{
	static const struct {
		const char *file;
		bool server, client;
	} cases[] = { { "good.pem", true, true },
		      { "server.pem", true, false },
		      { "client.pem", false, true } };

	UNUSED(state);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct identity *id = lab_identity(cases[i].file);

		assert_int_equal(identity_serves_as_server(id), cases[i].server);
		assert_int_equal(identity_serves_as_client(id), cases[i].client);
		identity_free(&id);
	}
}

/* What the file has not may be known to a trust; a chain that nobody can end is refused. */
static void wbx07_a_chain_is_completed_from_what_is_trusted(void **state)
{
	static const struct {
		const char *file, *trusted, *sends, *sends_with_root, *why;
	} cases[] = {
		{ "leaf.pem", "all.pem", "leaf>Lab Issuing CA", "leaf>Lab Issuing CA>Lab Root",
		  NULL },
		{ "noroot.pem", "root.pem", "noroot>Lab Issuing CA",
		  "noroot>Lab Issuing CA>Lab Root", NULL },
		{ "good.pem", "evil/root.pem", "sbc.lab>Lab Issuing CA>Lab Root",
		  "sbc.lab>Lab Issuing CA>Lab Root", NULL },
		{ "gap.pem", "all.pem", "sbc.lab>Lab Issuing CA>Lab Root",
		  "sbc.lab>Lab Issuing CA>Lab Root", NULL },
		{ "self.pem", "root.pem", "self", "self", NULL },
		{ "leaf.pem", "root.pem", NULL, NULL,
		  "leaf.pem: the chain has an open end: the certificate of CN=Lab Issuing CA, which "
		  "signed CN=leaf, is neither in the file nor among those that are trusted here" },
		{ "noroot.pem", "evil/root.pem", NULL, NULL,
		  "the certificate of CN=Lab Root, which signed CN=Lab Issuing CA, is neither" },
		{ "noroot.pem", "again/root.pem", NULL, NULL, /* another of the same name */
		  "the certificate of CN=Lab Root, which signed CN=Lab Issuing CA, is neither" },
	};

	UNUSED(state);
	assert_int_equal(lab_shell("$LAB again && cat root.pem issuing.pem >all.pem &&"
	                           "cat good.key good.crt root.pem >gap.pem && chmod 600 gap.pem"),
	                 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct trust *stores[] = { lab_trust("evil/root.pem"),
			                   lab_trust(cases[i].trusted) };
		const struct identity_cfg cfg = { .name = "test",
			                          .certificate = lab_path(cases[i].file),
			                          .stores = stores,
			                          .nstores = 2 };
		struct identity *id = NULL;

		assert_int_equal(identity_load(&id, &cfg, lab.why),
		                 cases[i].why ? ERR_REFUSED : OK);
		if (cases[i].why) {
			assert_has(lab.why, cases[i].why);
		} else {
			assert_id_sends(id, false, cases[i].sends);
			assert_id_sends(id, true, cases[i].sends_with_root);
		}
		identity_free(&id);
		trust_free(&stores[0]);
		trust_free(&stores[1]);
	}
}

static void wbx07_a_root_that_nobody_knows_cannot_be_sent(void **state)
{
	struct identity *id = lab_identity("noroot.pem");
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());

	UNUSED(state);
	assert_int_equal(identity_apply(id, ctx, true), ERR_REFUSED);
	SSL_CTX_free(ctx);
	identity_free(&id);
}

static void two_types_of_key_stand_side_by_side(void **state)
{
	struct identity *ec = lab_identity("good.pem"), *rsa = lab_identity("rsa.pem");
	struct identity *other = lab_identity("other.pem");
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	STACK_OF(X509) *rest = NULL;

	UNUSED(state);
	assert_true(identity_same_type(ec, other));
	assert_false(identity_same_type(ec, rsa));
	assert_int_equal(identity_apply(ec, ctx, false), OK);
	assert_int_equal(identity_apply(rsa, ctx, false), OK);
	for (long n = SSL_CERT_SET_FIRST; n <= SSL_CERT_SET_NEXT; n++) {
		assert_int_equal(SSL_CTX_set_current_cert(ctx, n), 1);
		SSL_CTX_get0_chain_certs(ctx, &rest);
		assert_int_equal(sk_X509_num(rest), 2); /* each has its own chain */
	}
	assert_int_equal(SSL_CTX_set_current_cert(ctx, SSL_CERT_SET_NEXT), 0);
	SSL_CTX_free(ctx);
	identity_free(&ec);
	identity_free(&rsa);
	identity_free(&other);
}

static void a_hole_in_the_chain_is_refused(void **state)
{
	UNUSED(state);
	lab_shell("cat good.key good.crt root.pem >hole.pem; chmod 600 hole.pem");
	assert_int_equal(load("hole.pem", NULL), ERR_REFUSED);
	assert_has(lab.why, "hole.pem: the chain has a hole: the certificate of CN=Lab Issuing CA, "
	                    "which signed CN=sbc.lab, is missing");
}

static void a_foreign_certificate_is_refused(void **state)
{
	UNUSED(state);
	lab_shell("openssl x509 -in other.pem >other.crt;"
	          "cat good.pem other.crt >foreign.pem; chmod 600 foreign.pem");
	assert_int_equal(load("foreign.pem", NULL), ERR_REFUSED);
	assert_has(lab.why, "foreign.pem: the certificate of CN=other is not part of the chain of "
	                    "CN=sbc.lab: take it out");
}

/* The name alone makes no issuer: the key must have signed. */
static void an_issuer_of_the_same_name_is_refused(void **state)
{
	UNUSED(state);
	lab_shell("$LAB again; cat good.key good.crt again/issuing.pem again/root.pem >again.pem;"
	          "chmod 600 again.pem");
	assert_int_equal(load("again.pem", NULL), ERR_REFUSED);
	assert_has(lab.why, "the chain has a hole");
}

static void key_and_certificate_must_belong_together(void **state)
{
	UNUSED(state);
	assert_int_equal(load("good.crt", "other.key"), ERR_REFUSED);
	assert_has(lab.why, "good.crt: no certificate in it belongs to the private key in ");
	assert_has(lab.why, "other.key");
}

static void a_key_for_everybody_is_refused(void **state)
{
	UNUSED(state);
	lab_shell("cp good.key open.key; chmod 644 open.key");
	assert_int_equal(load("good.crt", "open.key"), ERR_REFUSED);
	assert_has(lab.why, "everybody on this machine can read the private key: chmod 600 ");
	lab_shell("chmod 602 open.key");
	assert_int_equal(load("good.crt", "open.key"), ERR_REFUSED);
	assert_has(lab.why, "can write the private key");
	lab_shell("chmod 640 open.key"); /* Debian's ssl-cert group */
	assert_int_equal(load("good.crt", "open.key"), OK);
	lab_shell("chmod 644 good.crt"); /* certificates are public */
	assert_int_equal(load("good.crt", "good.key"), OK);
}

static void a_weak_key_is_refused(void **state)
{
	UNUSED(state);
	assert_int_equal(load("weak.pem", NULL), ERR_REFUSED);
	assert_has(lab.why, "the key is too weak (RSA with 1024 bits)");
	assert_int_equal(load("rsa.pem", NULL), OK);
}

static void a_passphrase_is_refused_not_asked_for(void **state)
{
	UNUSED(state);
	lab_shell(
	    "openssl pkey -in good.key -aes256 -passout pass:secret -out locked.key; chmod 600 locked.key");
	assert_int_equal(load("good.crt", "locked.key"), ERR_REFUSED);
	assert_has(lab.why, "locked.key: the private key has a passphrase: write passphrase-file");
}

static void a_passphrase_comes_from_a_file(void **state)
{
	struct identity_cfg cfg = { .name = "test",
		                    .certificate = lab_path("good.crt"),
		                    .key = lab_path("locked.key"),
		                    .passphrase = lab_path("phrase") };

	UNUSED(state);
	lab_shell(
	    "openssl pkey -in good.key -aes256 -passout pass:secret -out locked.key; chmod 600 locked.key");
	lab_write("phrase", "secret\r\nsecond line\n");
	chmod(lab_path("phrase"), 0600);
	assert_int_equal(load_cfg(&cfg), OK);
	lab_write("phrase", "secrets\n");
	assert_int_equal(load_cfg(&cfg), ERR_REFUSED);
	assert_has(lab.why, "locked.key: the passphrase that is given for it does not open");
	assert_has_not(lab.why, "secrets");
	lab_write("phrase", "");
	assert_int_equal(load_cfg(&cfg), ERR_REFUSED);
	chmod(lab_path("phrase"), 0644);
	assert_int_equal(load_cfg(&cfg), ERR_REFUSED);
	assert_has(lab.why, "everybody on this machine can read the passphrase: chmod 600 ");
	unlink(lab_path("phrase"));
	assert_int_equal(load_cfg(&cfg), ERR_IO);
	assert_has(lab.why, "phrase: cannot be opened");
}

static void what_cannot_be_read_is_said(void **state)
{
	UNUSED(state);
	assert_int_equal(load("nowhere.pem", NULL), ERR_IO);
	assert_has(lab.why, "nowhere.pem: cannot be opened: No such file or directory");
	assert_int_equal(load("evil", NULL), ERR_IO);
	assert_has(lab.why, "evil: is not a file");
	lab_write("empty.pem", "");
	lab_shell("chmod 600 empty.pem; (grep -v END good.key; cat good.crt) >torn.pem;"
	          "sed 's/^M/!/' good.crt >bad.crt; chmod 600 torn.pem;"
	          "truncate -s 5M big.pem; chmod 600 big.pem; mkfifo -m 600 pipe.pem");
	assert_int_equal(load("empty.pem", NULL), ERR_NOT_FOUND);
	assert_has(lab.why, "empty.pem: there is no private key in it");
	assert_int_equal(load("good.crt", "good.crt"), ERR_REFUSED); /* 644 */
	assert_int_equal(load("empty.pem", "good.key"), ERR_NOT_FOUND);
	assert_has(lab.why, "empty.pem: there is no certificate in it");
	assert_int_equal(load("bad.crt", "good.key"), ERR_SYNTAX);
	assert_has(lab.why, "bad.crt: certificate 1 in it is damaged");
	assert_int_equal(load("torn.pem", NULL), ERR_SYNTAX);
	assert_has(lab.why, "torn.pem: the private key in it is damaged");
	assert_int_equal(load("big.pem", NULL), ERR_SYNTAX);
	assert_has(lab.why, "larger than 4 MiB");
	assert_int_equal(load("pipe.pem", NULL), ERR_IO);
}

/* What the doctor asks: the leaf has a year, its issuers ten. */
static void validity_is_that_of_the_whole_chain(void **state)
{
	struct identity *id = lab_identity("good.pem");
	int64_t now_s = clock_wall_s();

	UNUSED(state);
	assert_true(identity_is_valid_at(id, now_s, lab.why));
	assert_false(identity_is_valid_at(id, now_s + INT64_C(400) * 86400, lab.why));
	assert_has(lab.why, "is valid until");
	assert_false(identity_is_valid_at(id, now_s - INT64_C(4000) * 86400, lab.why));
	assert_has(lab.why, "is valid only from");
	identity_free(&id);
}

static void the_chain_ends_at_a_root_or_does_not(void **state)
{
	struct identity *id = lab_identity("good.pem");
	struct trust *root = lab_trust("root.pem"), *evil = lab_trust("evil/root.pem");

	UNUSED(state);
	assert_true(identity_ends_at(id, root));
	assert_false(identity_ends_at(id, evil));
	trust_free(&root);
	trust_free(&evil);
	identity_free(&id);
}

static void a_hostile_subject_is_made_printable(void **state)
{
	struct identity *id;

	UNUSED(state);
	assert_int_equal(
	    lab_shell(
	        "$LAB . odd --san DNS:odd.lab --cn \"$(printf 'a\\033[2Jb\\nlevel=error \"x')\""),
	    0);
	id = lab_identity("odd.pem");
	for (const char *c = identity_subject(id); *c; c++)
		assert_true(*c >= 0x20 && *c < 0x7f);
	assert_has_not(identity_subject(id), "\"");
	identity_free(&id);
}

static void load_with_failing_memory(void *arg)
{
	struct identity *id = NULL;
	enum err err = identity_load(&id, arg, lab.why);

	if (err) {
		assert_int_equal(err, ERR_NOMEM);
		assert_null(id);
		assert_has(lab.why, "no memory");
	}
	identity_free(&id);
}

static void every_allocation_may_fail(void **state)
{
	struct trust *store = lab_trust("root.pem");
	struct identity_cfg cfg = { .name = "test",
		                    .certificate = lab_path("noroot.pem"),
		                    .key = lab_path("locked.key"),
		                    .passphrase = lab_path("phrase"),
		                    .stores = &store,
		                    .nstores = 1 };

	UNUSED(state);
	lab_write("phrase", "secret");
	chmod(lab_path("phrase"), 0600);
	lab_shell("openssl pkey -in noroot.pem -aes256 -passout pass:secret -out locked.key;"
	          "chmod 600 locked.key");
	assert_true(each_allocation_fails(load_with_failing_memory, &cfg) > 6);
	trust_free(&store);
}

static void no_key_material_in_log_or_words(void **state)
{
	char line[128], *c;
	FILE *f = fopen(lab_path("good.key"), "r");

	UNUSED(state);
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	c = strchr(line, '\n');
	if (c)
		*c = '\0';
	lab_log_clear();
	log_set_level(LOG_DEBUG);
	assert_int_equal(load("good.crt", "good.key"), OK);
	assert_int_equal(load("good.crt", "other.key"), ERR_REFUSED);
	log_set_level(LOG_INFO);
	assert_has_not(lab.log, line);
	assert_has_not(lab.why, line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_file_loads_and_tells_about_itself),
		cmocka_unit_test(key_in_a_file_of_its_own),
		cmocka_unit_test(wbx05_the_first_end_counts),
		cmocka_unit_test(wbx06_the_name_it_is_for),
		cmocka_unit_test(wbx07_whole_chain_is_sent_with_the_root),
		cmocka_unit_test(wbx07_chain_is_put_in_order),
		cmocka_unit_test(wbx07_cross_signed_root_is_sent_both_ways),
		cmocka_unit_test(wbx08_where_the_chain_ends),
		cmocka_unit_test(wbx14_usages_are_told),
		cmocka_unit_test(wbx07_a_chain_is_completed_from_what_is_trusted),
		cmocka_unit_test(wbx07_a_root_that_nobody_knows_cannot_be_sent),
		cmocka_unit_test(two_types_of_key_stand_side_by_side),
		cmocka_unit_test(a_hole_in_the_chain_is_refused),
		cmocka_unit_test(a_foreign_certificate_is_refused),
		cmocka_unit_test(an_issuer_of_the_same_name_is_refused),
		cmocka_unit_test(key_and_certificate_must_belong_together),
		cmocka_unit_test(a_key_for_everybody_is_refused),
		cmocka_unit_test(a_weak_key_is_refused),
		cmocka_unit_test(a_passphrase_is_refused_not_asked_for),
		cmocka_unit_test(a_passphrase_comes_from_a_file),
		cmocka_unit_test(what_cannot_be_read_is_said),
		cmocka_unit_test(validity_is_that_of_the_whole_chain),
		cmocka_unit_test(the_chain_ends_at_a_root_or_does_not),
		cmocka_unit_test(a_hostile_subject_is_made_printable),
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(no_key_material_in_log_or_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
