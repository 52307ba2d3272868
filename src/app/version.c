/* version.c: the one place that the build tells the version to. Owns nothing. Threads: any. */
#include "app/program.h"

const char program_version[] = PROGRAM_VERSION;
