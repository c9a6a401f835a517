/* Sockets as all connections want them. Signalling thread. */
#include "sbc/sip/conn_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/mark.h"
#include "sbc/sip/stack.h"

#define DSCP_AF31         26 /* E8-08 */
#define PRIORITY          5  /* under media's; socket(7) */
#define KEEPALIVE_IDLE_S  30
#define KEEPALIVE_PROBE_S 10
#define UNACKED_MS        20000 /* octets or probes without an acknowledgement */

void socket_tune(int fd, int type, const struct addr *local, const struct sip_realm *realm)
{
	int on = 1, idle_s = KEEPALIVE_IDLE_S, probe_s = KEEPALIVE_PROBE_S;
	unsigned unacked_ms = UNACKED_MS;

	mark_socket(fd, local->sa.sa_family,
	            realm ? sip_realm_config(realm)->signalling_dscp : DSCP_AF31, PRIORITY);
	if (type != SOCK_STREAM)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* A path that swallows everything (a NAT that forgot, a provider's machine that is gone)
	 * shows within half a minute, with what we sent and without; the kernel's own patience is
	 * 15 minutes and 2 hours. */
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &probe_s, sizeof(probe_s));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacked_ms, sizeof(unacked_ms));
}

enum err socket_open(int *fd, int type, const struct addr *local, const struct sip_realm *realm,
                     struct addr *bound)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int on = 1, why;

	*fd = socket(local->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return ERR_IO;
	socket_tune(*fd, type, local, realm);
	/* A restart must not wait for connections of the one before. UDP has none: there it would
	 * let a second process steal the port. */
	if (type == SOCK_STREAM)
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (local->sa.sa_family == AF_INET6)
		setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(*fd, &local->sa, addr_len(local)) == 0 &&
	    (!bound || (getsockname(*fd, (struct sockaddr *)&ss, &len) == 0 &&
	                addr_from_sockaddr(bound, (struct sockaddr *)&ss, len) == OK)))
		return OK;
	why = errno;
	close(*fd);
	*fd = -1;
	errno = why;
	return ERR_IO;
}
