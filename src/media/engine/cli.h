/* cli.h: matinee-media for people: probe, plan and run a film from the command line.
 *
 * It is a parent like the server: the film is opened here and parsed only by a caged child. Owns
 * nothing after returning. Threads: one. */
#ifndef MEDIA_ENGINE_CLI_H
#define MEDIA_ENGINE_CLI_H

/** Runs the command line and gives the exit code: 0 done, 1 failed (the reason is on stderr), 2
 *  misused. */
int cli_main(int argc, char **argv);

#endif
