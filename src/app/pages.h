/* pages.h: the web application out of the program's own memory. Owns nothing. Threads: any. */
#ifndef APP_PAGES_H
#define APP_PAGES_H

#include "api/api.h"

/** api_page: a file of web/dist, or index.html for the application's own routes. False: no such
 * file (a path whose last part has a dot is a file's). */
bool pages_answer(void *argument, struct http_exchange *exchange);

#endif
