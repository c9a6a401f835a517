/* Trust: files, directories, the machine's own store. */
#include "tests/unit/certs/lab.h"

static int setup(void **state)
{
	UNUSED(state);
	if (lab_open())
		return -1;
	return lab_shell(
	    "mkdir both none && cp root.pem both/lab.pem && cp evil/root.pem both/evil.crt &&"
	    "cp root.pem both/again.cer && echo notes >both/README && cp root.pem both/.hidden.pem");
}

static int teardown(void **state)
{
	UNUSED(state);
	lab_close();
	return 0;
}

static enum err load_at(const char *where)
{
	const struct trust_cfg cfg = { .roots = where };
	struct trust *t = NULL;
	enum err err;

	lab.why[0] = '\0';
	err = trust_load(&t, &cfg, lab.why);
	if (err)
		assert_null(t);
	else
		assert_non_null(trust_store(t));
	trust_free(&t);
	assert_null(t);
	assert_int_equal(ERR_peek_error(), 0);
	return err;
}

static int roots_in(const char *where)
{
	struct trust *t = lab_trust(where);
	int n = sk_X509_OBJECT_num(X509_STORE_get0_objects(trust_store(t)));

	trust_free(&t);
	return n;
}

static void a_file_with_one_or_many(void **state)
{
	UNUSED(state);
	assert_int_equal(roots_in("root.pem"), 1);
	lab_shell("cat root.pem evil/root.pem issuing.pem >three.pem");
	assert_int_equal(roots_in("three.pem"), 3);
}

static void a_directory(void **state)
{
	UNUSED(state);
	assert_int_equal(roots_in("both"), 2);
}

static void the_machines_own_store(void **state)
{
	UNUSED(state);
	setenv("SSL_CERT_FILE", lab_path("root.pem"), 1);
	assert_int_equal(load_at("system"), OK);
	setenv("SSL_CERT_FILE", "/nowhere/a", 1);
	setenv("SSL_CERT_DIR", "/nowhere/b", 1);
	assert_int_equal(load_at("system"), ERR_NOT_FOUND);
	assert_has(lab.why, "neither /nowhere/a nor /nowhere/b is there");
	unsetenv("SSL_CERT_FILE");
	unsetenv("SSL_CERT_DIR");
}

static void what_cannot_be_used_is_said(void **state)
{
	UNUSED(state);
	assert_int_equal(load_at(lab_path("nowhere")), ERR_IO);
	assert_has(lab.why, "nowhere: cannot be opened: No such file or directory");
	assert_int_equal(load_at(lab_path("none")), ERR_NOT_FOUND);
	assert_has(lab.why, "none: there is no certificate in it");
	lab_write("empty.pem", "");
	assert_int_equal(load_at(lab_path("empty.pem")), ERR_NOT_FOUND);
	assert_int_equal(load_at(lab_path("issuing.pem")), ERR_NOT_FOUND);
	assert_has(lab.why, "there is no root in it, only certificates that others signed (1)");
	lab_shell("mkdir bad; sed 's/^M/!/' root.pem >bad/torn.pem");
	assert_int_equal(load_at(lab_path("bad")), ERR_SYNTAX);
	assert_has(lab.why, "bad/torn.pem: certificate 1 in it is damaged");
}

/* By name alone nobody is an issuer, though the certificate says no more. */
static void an_issuer_is_found_by_its_key(void **state)
{
	struct trust *t;
	STACK_OF(X509) * certs;
	X509 *issuer;

	UNUSED(state);
	assert_int_equal(
	    lab_shell(
	        "openssl req -x509 -key root.key -subj /CN=Twin -days 9 -out twin-a.pem &&"
	        "openssl req -x509 -key issuing.key -subj /CN=Twin -days 9 -out twin-b.pem &&"
	        "openssl req -new -key root.key -subj /CN=x -out x.csr && openssl x509 -req -in x.csr "
	        "-CA twin-b.pem -CAkey issuing.key -set_serial 3 -days 9 -out x.pem"),
	    0);
	certs = lab_certificates("x.pem");
	t = lab_trust("twin-a.pem");
	assert_null(trust_find_issuer(t, sk_X509_value(certs, 0)));
	trust_free(&t);
	t = lab_trust("twin-b.pem");
	issuer = trust_find_issuer(t, sk_X509_value(certs, 0));
	assert_non_null(issuer);
	X509_free(issuer);
	trust_free(&t);
	lab_free_certificates(certs);
}

static void the_machine_is_read_when_it_is_asked(void **state)
{
	const struct trust_cfg cfg = { .roots = "system", .late = true };
	STACK_OF(X509) *certs = lab_certificates("issuing.pem");
	struct trust *t = NULL;
	X509 *issuer;

	UNUSED(state);
	setenv("SSL_CERT_FILE", lab_path("root.pem"), 1);
	assert_int_equal(trust_load(&t, &cfg, lab.why), OK);
	assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(trust_store(t))), 0);
	issuer = trust_find_issuer(t, sk_X509_value(certs, 0));
	assert_non_null(issuer);
	assert_true(sk_X509_OBJECT_num(X509_STORE_get0_objects(trust_store(t))) > 0);
	unsetenv("SSL_CERT_FILE");
	X509_free(issuer);
	trust_free(&t);
	lab_free_certificates(certs);
}

static void load_with_failing_memory(void *arg)
{
	const struct trust_cfg cfg = { .roots = arg };
	struct trust *t = NULL;
	enum err err = trust_load(&t, &cfg, lab.why);

	if (err) {
		assert_int_equal(err, ERR_NOMEM);
		assert_has(lab.why, "no memory");
	}
	trust_free(&t);
}

static void every_allocation_may_fail(void **state)
{
	char path[128];

	UNUSED(state);
	snprintf(path, sizeof(path), "%s", lab_path("both"));
	assert_true(each_allocation_fails(load_with_failing_memory, path) > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_with_one_or_many),
		cmocka_unit_test(a_directory),
		cmocka_unit_test(the_machines_own_store),
		cmocka_unit_test(what_cannot_be_used_is_said),
		cmocka_unit_test(an_issuer_is_found_by_its_key),
		cmocka_unit_test(the_machine_is_read_when_it_is_asked),
		cmocka_unit_test(every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
