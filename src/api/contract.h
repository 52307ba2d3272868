/* contract.h: the contract log: every reply, held against what its route promises. Development
 * only.
 *
 * Owns: the log file. One JSON object a line: route, method, status, and `breach`, which is null or
 * a sentence: a status the route doesn't declare, or a reply that its own schema refuses. A test
 * run then fails on any breach, and on any operation of the OpenAPI document that no line names.
 * Threads: any; each line is one write(2), so several servers can share the file. */
#ifndef API_CONTRACT_H
#define API_CONTRACT_H

#include "api/inner.h"

struct contract;

/** Opens the file for appending. IO, DENIED, NOT_FOUND: it can't be. */
status contract_open(struct ctx *cx, const char *path, struct contract **out) CHECKED;
void contract_close(struct contract *contract); /**< NULL is fine. */

/** Notes a finished reply. */
void contract_note(struct contract *contract, const struct api_call *c);

/** The HTTP statuses that a route may answer, as OpenAPI lists them: success first, then problems
 * in rising order. Returns how many were written, at most `room`. */
size_t contract_codes(const struct route *route, int *out, size_t room);

#endif
