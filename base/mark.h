/* How packets of a socket are marked for the way. Any thread. */
#ifndef BASE_MARK_H
#define BASE_MARK_H

/* dscp: 0-63 (RFC 2474); priority: of the machine's own queues, 0-6 without privileges (socket(7)).
 * Marks are wishes: what the system refuses is left out. */
void mark_socket(int fd, int family, unsigned dscp, int priority);

#endif
