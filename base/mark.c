/* DSCP and SO_PRIORITY. Any thread. */
#include "base/mark.h"

#include <netinet/in.h>
#include <sys/socket.h>

void mark_socket(int fd, int family, unsigned dscp, int priority)
{
	const int tos = (int)dscp << 2;

	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else
		setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	/* After IP_TOS, which sets one of its own. */
	setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
}
