/* One worker does what blocks: look up the responder, connect, send, read. It sees a job's texts
 * and octets, and nothing of OpenSSL; who waits, certificates and what is remembered are the
 * signalling thread's. A worker that hangs in a look-up outlives the rest, even until the process
 * ends, and lets go of the desk itself. */
#include "certs/ocsp_ask.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <openssl/http.h>
#include <openssl/sha.h>
#include "base/clock.h"
#include "base/mem.h"
#include "certs/cert_text.h"
#include "certs/ocsp_http.h"

#define JOBS_MAX  64
#define KNOWN_MAX 256

struct ocsp_job {
	TAILQ_ENTRY(ocsp_job) link;
	unsigned char key[SHA256_DIGEST_LENGTH]; /* of the leaf */
	char *host, *port, *path;
	unsigned char *question, *answer;
	size_t question_len, answer_len;
	char why[CERT_WHY_MAX / 2]; /* there is no answer */
	/* The signalling thread's: */
	X509 *leaf, *issuer;
	TAILQ_HEAD(, ocsp_waiter) waiters;
};

TAILQ_HEAD(jobs, ocsp_job);

/* Where both threads meet. */
struct desk {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct jobs todo, done;
	struct ocsp_job *busy; /* the worker's */
	unsigned users;        /* 2: both threads */
	bool is_closed;
	int event_fd; /* something is done */
	int stop_fd;  /* the worker is to stop */
};

struct known {
	unsigned char key[SHA256_DIGEST_LENGTH];
	struct ocsp_result result; /* until_s 0: empty */
};

struct ocsp {
	struct desk *desk;
	struct io *io;
	struct known *known;
	unsigned njobs;
};

/* The certificates go with the signalling thread. */
static void job_forget(struct ocsp_job *job)
{
	X509_free(job->leaf);
	X509_free(job->issuer);
	job->leaf = job->issuer = NULL;
}

static void job_free(struct ocsp_job *job)
{
	mem_free(job->host);
	mem_free(job->port);
	mem_free(job->path);
	OPENSSL_free(job->question);
	mem_free(job->answer);
	mem_free(job);
}

static void free_jobs(struct jobs *jobs)
{
	struct ocsp_job *job;

	while ((job = TAILQ_FIRST(jobs))) {
		TAILQ_REMOVE(jobs, job, link);
		job_free(job);
	}
}

/* With the lock, which it gives back. */
static void leave_desk(struct desk *d)
{
	bool last = --d->users == 0;

	pthread_mutex_unlock(&d->lock);
	if (!last)
		return;
	free_jobs(&d->todo);
	free_jobs(&d->done);
	pthread_mutex_destroy(&d->lock);
	pthread_cond_destroy(&d->wake);
	close(d->event_fd);
	close(d->stop_fd);
	mem_free(d);
}

/* ---- the worker ---- */

static void do_job(const struct desk *d, struct ocsp_job *job)
{
	const struct ocsp_http ask = { .host = job->host,
		                       .port = job->port,
		                       .path = job->path,
		                       .question = job->question,
		                       .question_len = job->question_len,
		                       .stop_fd = d->stop_fd };
	char why[100] = "";

	if (ocsp_http_post(&job->answer, &job->answer_len, &ask, why, sizeof(why)))
		snprintf(job->why, sizeof(job->why),
		         "its OCSP responder %.60s does not answer (%s)", job->host, why);
}

static void *work(void *arg)
{
	const uint64_t one = 1;
	struct desk *d = arg;

	pthread_mutex_lock(&d->lock);
	while (!d->is_closed) {
		d->busy = TAILQ_FIRST(&d->todo);
		if (!d->busy) {
			pthread_cond_wait(&d->wake, &d->lock);
			continue;
		}
		TAILQ_REMOVE(&d->todo, d->busy, link);
		pthread_mutex_unlock(&d->lock);
		do_job(d, d->busy);
		pthread_mutex_lock(&d->lock);
		TAILQ_INSERT_TAIL(&d->done, d->busy, link);
		d->busy = NULL;
		if (write(d->event_fd, &one, sizeof(one)) < 0)
			continue; /* the counter is full: it is readable all the same */
	}
	leave_desk(d);
	return NULL;
}

/* ---- the signalling thread ---- */

static struct known *find_known(const struct ocsp *o, const unsigned char *key)
{
	for (size_t i = 0; i < KNOWN_MAX; i++) {
		if (o->known[i].result.until_s &&
		    memcmp(o->known[i].key, key, sizeof(o->known[i].key)) == 0)
			return &o->known[i];
	}
	return NULL;
}

/* In place of what ends first. */
static void remember(struct ocsp *o, const unsigned char *key, const struct ocsp_result *result)
{
	struct known *place = find_known(o, key);

	for (size_t i = 0; !place && i < KNOWN_MAX; i++) {
		if (!o->known[i].result.until_s)
			place = &o->known[i];
	}
	if (!place) {
		place = &o->known[0];
		for (size_t i = 1; i < KNOWN_MAX; i++) {
			if (o->known[i].result.until_s < place->result.until_s)
				place = &o->known[i];
		}
	}
	memcpy(place->key, key, sizeof(place->key));
	place->result = *result;
}

static void finish(struct ocsp *o, struct ocsp_job *job)
{
	struct ocsp_result result;
	struct ocsp_waiter *w;

	if (job->answer)
		ocsp_read(&result, job->leaf, job->issuer, job->answer, job->answer_len,
		          clock_wall_s());
	else
		ocsp_unknown(&result, job->leaf, clock_wall_s(), job->why);
	remember(o, job->key, &result);
	while ((w = TAILQ_FIRST(&job->waiters))) {
		TAILQ_REMOVE(&job->waiters, w, link);
		w->job = NULL;
		w->fn(w->arg, &result);
	}
	o->njobs--;
	job_forget(job);
	job_free(job);
}

static void on_done(void *arg, int events)
{
	struct ocsp *o = arg;
	struct jobs done = TAILQ_HEAD_INITIALIZER(done);
	struct ocsp_job *job;
	uint64_t count;

	(void)events;
	if (read(o->desk->event_fd, &count, sizeof(count)) < 0)
		return;
	pthread_mutex_lock(&o->desk->lock);
	TAILQ_CONCAT(&done, &o->desk->done, link);
	pthread_mutex_unlock(&o->desk->lock);
	while ((job = TAILQ_FIRST(&done))) {
		TAILQ_REMOVE(&done, job, link);
		finish(o, job);
	}
}

/* Of all jobs that are not done; NULL: nobody has asked. */
static struct ocsp_job *find_job(struct desk *d, const unsigned char *key)
{
	struct ocsp_job *job;

	if (d->busy && memcmp(d->busy->key, key, sizeof(d->busy->key)) == 0)
		return d->busy;
	TAILQ_FOREACH (job, &d->todo, link) {
		if (memcmp(job->key, key, sizeof(job->key)) == 0)
			return job;
	}
	TAILQ_FOREACH (job, &d->done, link) {
		if (memcmp(job->key, key, sizeof(job->key)) == 0)
			return job;
	}
	return NULL;
}

/* What may stand in a request's head. */
static char *copy_printable(const char *text)
{
	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c >= 0x7f)
			return NULL;
	}
	return mem_strdup(text);
}

/* What is wrong with a responder's address; NULL: it is the job's. */
static const char *take_address(struct ocsp_job *job, const char *url)
{
	char *host = NULL, *port = NULL, *path = NULL;
	const char *why = NULL;
	int tls = 0;

	if (!OSSL_HTTP_parse_url(url, &tls, NULL, &host, &port, NULL, &path, NULL, NULL))
		return "the address of its OCSP responder makes no sense";
	if (tls) {
		why = "its OCSP responder wants HTTPS";
	} else {
		job->host = copy_printable(host);
		job->port = copy_printable(port);
		job->path = copy_printable(path);
		if (!job->host || !job->port || !job->path)
			why = "the address of its OCSP responder makes no sense";
	}
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	return why;
}

/* The first that leaf names and that can be asked; else why none. */
static const char *find_responder(struct ocsp_job *job)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(job->leaf);
	const char *why = "it names no OCSP responder";

	for (int i = 0; i < sk_OPENSSL_STRING_num(urls); i++) {
		why = take_address(job, sk_OPENSSL_STRING_value(urls, i));
		if (!why)
			break;
		mem_free(job->host);
		mem_free(job->port);
		mem_free(job->path);
		job->host = job->port = job->path = NULL;
	}
	X509_email_free(urls);
	return why;
}

/* What is in the way; NULL: *out is a job to be done. */
static const char *make_job(struct ocsp_job **out, X509 *leaf, X509 *issuer,
                            const unsigned char *key)
{
	struct ocsp_job *job = mem_zalloc(sizeof(*job));
	const char *why;

	if (!job)
		return "there is no memory to ask";
	TAILQ_INIT(&job->waiters);
	memcpy(job->key, key, sizeof(job->key));
	X509_up_ref(leaf);
	X509_up_ref(issuer);
	job->leaf = leaf;
	job->issuer = issuer;
	ERR_set_mark();
	why = find_responder(job);
	if (!why && ocsp_question(&job->question, &job->question_len, job->leaf, job->issuer))
		why = "there is no memory to ask";
	ERR_pop_to_mark();
	if (why) {
		job_forget(job);
		job_free(job);
	} else {
		*out = job;
	}
	return why;
}

static const char *begin(struct ocsp *o, struct ocsp_job **out, X509 *leaf, X509 *issuer,
                         const unsigned char *key)
{
	const char *why = o->njobs < JOBS_MAX ? make_job(out, leaf, issuer, key)
	                                      : "too many are asked for at the same time";

	if (why)
		return why;
	o->njobs++;
	TAILQ_INSERT_TAIL(&o->desk->todo, *out, link);
	pthread_cond_signal(&o->desk->wake);
	return NULL;
}

bool ocsp_ask(struct ocsp *o, X509 *leaf, X509 *issuer, struct ocsp_result *out,
              struct ocsp_waiter *w)
{
	unsigned char key[SHA256_DIGEST_LENGTH];
	const struct known *known;
	const char *why = NULL;
	unsigned len = 0;

	if (X509_digest(leaf, EVP_sha256(), key, &len) != 1) {
		ocsp_unknown(out, leaf, clock_wall_s(), "there is no memory to ask");
		return true;
	}
	known = find_known(o, key);
	if (known && known->result.until_s > clock_wall_s()) {
		*out = known->result;
		return true;
	}
	pthread_mutex_lock(&o->desk->lock);
	w->job = find_job(o->desk, key);
	if (!w->job)
		why = begin(o, &w->job, leaf, issuer, key);
	pthread_mutex_unlock(&o->desk->lock);
	if (why) {
		ocsp_unknown(out, leaf, clock_wall_s(), why);
		return true;
	}
	TAILQ_INSERT_TAIL(&w->job->waiters, w, link);
	return false;
}

void ocsp_forget(struct ocsp_waiter *w)
{
	if (w->job)
		TAILQ_REMOVE(&w->job->waiters, w, link);
	w->job = NULL;
}

/* The worker gets no signals: they are the loop's. */
static enum err start_worker(struct desk *d)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	d->users++;
	error = pthread_create(&thread, &attr, work, d);
	if (error)
		d->users--;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error ? ERR_LIMIT : OK;
}

static enum err desk_new(struct desk **out)
{
	struct desk *d = mem_zalloc(sizeof(*d));

	if (!d)
		return ERR_NOMEM;
	d->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	d->stop_fd = d->event_fd < 0 ? -1 : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (d->stop_fd < 0) {
		if (d->event_fd >= 0)
			close(d->event_fd);
		mem_free(d);
		return ERR_LIMIT;
	}
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->wake, NULL);
	TAILQ_INIT(&d->todo);
	TAILQ_INIT(&d->done);
	d->users = 1;
	*out = d;
	return OK;
}

enum err ocsp_open(struct ocsp **out, struct loop *loop)
{
	struct ocsp *o = mem_zalloc(sizeof(*o));
	enum err err;

	if (!o)
		return ERR_NOMEM;
	o->known = mem_zalloc(KNOWN_MAX * sizeof(*o->known));
	err = o->known ? desk_new(&o->desk) : ERR_NOMEM;
	if (!err)
		err = io_new(&o->io, loop, o->desk->event_fd, IO_READ, on_done, o);
	if (!err)
		err = start_worker(o->desk);
	if (err) {
		ocsp_close(&o);
		return err;
	}
	*out = o;
	return OK;
}

static void close_desk(struct desk *d)
{
	const uint64_t one = 1;
	struct ocsp_job *job;

	pthread_mutex_lock(&d->lock);
	d->is_closed = true;
	TAILQ_FOREACH (job, &d->todo, link)
		job_forget(job);
	TAILQ_FOREACH (job, &d->done, link)
		job_forget(job);
	if (d->busy)
		job_forget(d->busy);
	pthread_cond_signal(&d->wake);
	if (write(d->stop_fd, &one, sizeof(one)) < 0)
		d->is_closed = true; /* it is all the same, a little later */
	leave_desk(d);
}

void ocsp_close(struct ocsp **op)
{
	struct ocsp *o = *op;

	*op = NULL;
	if (!o)
		return;
	io_free(&o->io);
	if (o->desk)
		close_desk(o->desk);
	mem_free(o->known);
	mem_free(o);
}
