/* cage.c: see cage.h.
 *
 * The order matters: limits and priority first, then no new privileges, Landlock, and the filter
 * last, because it forbids the calls that set up the others. */
#include "media/engine/cage.h"

#include "base/scope.h"
#include "media/sanitizer.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

status cage_follow_parent(struct ctx *cx, int parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return ctx_fail_errno(cx, "Following", "the parent");
    if (getppid() != parent) return ctx_fail(cx, GONE, "The parent has gone already.");
    return OK;
}

/* The hard limit lies `over` the soft one where the kernel would else kill without saying why. */
static status limit(struct ctx *cx, int what, int64_t most, int64_t over) {
    struct rlimit both = {.rlim_cur = (rlim_t)most, .rlim_max = (rlim_t)(most + over)};
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < both.rlim_max) {
        both.rlim_max = now.rlim_max; /* the system's own limit is lower */
        if (both.rlim_cur > both.rlim_max) both.rlim_cur = both.rlim_max;
    }
    if (setrlimit((__rlimit_resource_t)what, &both) == 0) return OK;
    return ctx_fail_errno(cx, "Limiting", "the media process");
}

/* The number of processes isn't limited here, as that counts the user's other ones; the filter lets
 * this one make threads only. */
static status set_limits(struct ctx *cx, const struct cage_limits *limits) {
    TRY(limit(cx, RLIMIT_CORE, 0, 0));
    TRY(limit(cx, RLIMIT_CPU, limits->processor_s, 5));
    TRY(limit(cx, RLIMIT_FSIZE, limits->file_bytes, 0));
    TRY(limit(cx, RLIMIT_NOFILE, limits->last_fd + 1, 0));
    TRY(limit(cx, RLIMIT_MEMLOCK, 0, 0));
    if (SANITIZER_ON) return OK; /* it reserves far more than is ever used */
    TRY(limit(cx, RLIMIT_DATA, limits->memory_bytes, 0));
    return limit(cx, RLIMIT_AS, 2 * limits->memory_bytes + (INT64_C(1) << 30), 0);
}

/* The site comes first: what fails here makes it slower, not unsafe. */
static void lower_priority(const struct cage_limits *limits) {
    enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_IDLE = 3 << 13 };
    if (limits->nice <= 0) return;
    (void)setpriority(PRIO_PROCESS, 0, limits->nice);
    struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

/* Landlock's newest structure; a kernel reads as much as it knows, by the size given. */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scopes;
};

static int landlock_version(void) {
    return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);
}

/* All rights that the kernel knows are handled and none is granted. */
static status lock_land(struct ctx *cx) {
    static const int file_rights[] = {0, 13, 14, 15, 15, 16}; /* how many, by version */
    int version = landlock_version();
    if (version < 1) return OK;
    int known = version < (int)COUNT_OF(file_rights) ? version : (int)COUNT_OF(file_rights) - 1;
    struct ruleset rules = {.files = (UINT64_C(1) << file_rights[known]) - 1};
    size_t size = sizeof rules.files;
    if (version >= 4) {
        rules.network = 3; /* bind and connect */
        size += sizeof rules.network;
    }
    if (version >= 6) {
        rules.scopes = 3; /* abstract sockets and signals */
        size += sizeof rules.scopes;
    }
    scoped(scope_close) int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0U);
    if (fd < 0) return ctx_fail_errno(cx, "Making", "the Landlock rules");
    if (syscall(SYS_landlock_restrict_self, fd, 0U) == 0) return OK;
    return ctx_fail_errno(cx, "Setting", "the Landlock rules");
}

/* Calls that decoding, encoding and the C library need whatever the film. */
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(close),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(membarrier),
    SCMP_SYS(getrusage),
};

/* Calls that libraries try and can do without: they get an error. */
static const int refused[] = {
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(creat),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fstat),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(ioctl),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(fcntl),
    SCMP_SYS(getcwd),
    SCMP_SYS(sched_setaffinity),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(mbind),
    SCMP_SYS(set_mempolicy),
    SCMP_SYS(get_mempolicy),
};

static int add_rules(scmp_filter_ctx filter) {
    int failed = 0;
    for (size_t i = 0; i < COUNT_OF(allowed) && !failed; i++) {
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    for (size_t i = 0; i < COUNT_OF(refused) && !failed; i++) {
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0);
    }
    return failed;
}

/* Calls whose arguments decide. clone3 hides its flags in memory, so glibc is sent back to
 * clone. */
static int add_conditions(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp no_exec = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    const struct scmp_arg_cmp is_thread = SCMP_A0(
        SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET,
        CLONE_THREAD | CLONE_VM);
    const struct scmp_arg_cmp is_self = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
    const struct scmp_arg_cmp is_name = SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME);
    const struct scmp_arg_cmp no_address = SCMP_A4(SCMP_CMP_EQ, 0);
    const struct scmp_arg_cmp reads_limit = SCMP_A2(SCMP_CMP_EQ, 0);
    int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (!failed) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, is_thread);
    if (!failed) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_exec);
    if (!failed) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, no_exec);
    if (!failed) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, is_self);
    if (!failed) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, is_name);
    if (!failed) failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, no_address);
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, reads_limit);
    return failed;
}

static void filter_done(scmp_filter_ctx *filter) {
    if (*filter) seccomp_release(*filter);
}

static status load_filter(struct ctx *cx) {
    scoped(filter_done) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    TRY_NEW(cx, filter);
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!failed) failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!failed) failed = add_rules(filter);
    if (!failed) failed = add_conditions(filter);
    if (!failed) failed = seccomp_load(filter);
    if (!failed) return OK;
    errno = -failed;
    return ctx_fail_errno(cx, "Loading", "the system call filter");
}

status cage_enter(struct ctx *cx, const struct cage_limits *limits) {
    if (close_range((unsigned)limits->last_fd + 1, ~0U, 0) != 0) {
        return ctx_fail_errno(cx, "Closing", "inherited descriptors");
    }
    lower_priority(limits);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return ctx_fail_errno(cx, "Giving up", "new privileges");
    }
    (void)prctl(PR_SET_DUMPABLE, 0);
    TRY(lock_land(cx));
    TRY(set_limits(cx, limits));
    return load_filter(cx);
}
