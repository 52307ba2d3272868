/* fault.h: the parts of the kill test: programs that die, clients that don't give up, and the look
 * into database and store afterwards.
 *
 * Owns: nothing between runs. Threads: programs belong to the main thread; each client to its own.
 */
#ifndef TESTS_FAULT_FAULT_H
#define TESTS_FAULT_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Prints a sentence and ends the test with code 1; programs it started die with it. */
_Noreturn void fault_give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Prints a line of the test's report. */
void fault_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* fault_program.c: starting, finding and killing. */

/** Where everything of one run lies. */
struct fault_place {
    char program[512];  /**< Path of matinee. */
    char home[256];     /**< MATINEE_HOME. */
    char storage[300];  /**< STORAGE_PATH. */
    char database[400]; /**< DATABASE_URL. */
    char film[300];     /**< The film that is uploaded. */
    char base[64];      /**< "http://127.0.0.1:PORT". */
    int port;
};

/** Makes the folder and the film, and chooses a port. `database` NULL: embedded. */
void fault_place_make(struct fault_place *place, const char *program, const char *database);

/** Removes the folder. */
void fault_place_remove(const struct fault_place *place);

/** Starts `matinee COMMAND [OPTION]`; its output goes to files in the home. */
pid_t fault_start(const struct fault_place *place, const char *command, const char *option);

/** Kills the process with SIGKILL and waits for its end. */
void fault_kill(pid_t process);

/** Runs a program to its end; false when that isn't code 0. */
bool fault_run(const struct fault_place *place, const char *program, const char *first,
               const char *second);

/** Asks it to end with SIGTERM; true when it does with code 0 within 40 s. */
bool fault_stop(pid_t process);

/** A child of the process whose name begins with these letters, or -1. */
pid_t fault_child(pid_t parent, const char *name);

/** Whether the process is there and no zombie. */
bool fault_is_alive(pid_t process);

/* fault_client.c: a person with a film. */

/** What the client knows of an upload. */
enum fault_outcome {
    FAULT_UNKNOWN,      /**< No answer: it may exist or not. */
    FAULT_ACKNOWLEDGED, /**< The server said that it has the film. */
    FAULT_REFUSED,      /**< The server said no. */
};

/** A signed-in person; one thread's. */
struct fault_client {
    const struct fault_place *place;
    char token[3000];
    char words[400]; /**< Why the last upload was refused. */
};

/** Waits until the server answers /health. */
void fault_await_server(const struct fault_place *place);

/** Makes an account and signs in. */
void fault_register(struct fault_client *client, const struct fault_place *place, int number);

/** Uploads the film as a multipart form. On acknowledgement `out_id` has the video's id. */
enum fault_outcome fault_upload_form(struct fault_client *client, const char *title,
                                     char out_id[16]);

/** Uploads it by tus, continuing after every break until the server has all of it. */
enum fault_outcome fault_upload_tus(struct fault_client *client, const char *title,
                                    char out_id[16]);

/** The video's status, and its error if it has one. False: no answer now. */
bool fault_video_status(struct fault_client *client, const char *id, char out_status[32],
                        char out_error[400]);

/** Whether the playlist of every rendition, its head and its first segment can be had. */
bool fault_plays(struct fault_client *client, const char *id);

/* fault_check.c: what is left. */

/** Highest attempt among running jobs: those near their last are spared. */
int64_t fault_most_attempts(const struct fault_place *place);

/** Lets the time-outs of abandoned uploads and runs pass at once. */
void fault_age(const struct fault_place *place);

/** An upload of the test, for the comparison with the rows. */
struct fault_upload {
    char title[64];
    char id[16];
    enum fault_outcome outcome;
};

/** Holds rows, objects, stages and files against each other and against the uploads; the number of
 *  things wrong, each told when `loud`. */
int fault_check(const struct fault_place *place, const struct fault_upload *uploads, size_t count,
                bool loud);

#endif
