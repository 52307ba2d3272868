/* sanitizer.h: whether this build is watched by a sanitizer, for either compiler.
 *
 * Sanitizers reserve terabytes of addresses, report on stderr and look at themselves through /proc,
 * for which the media child must make room. Owns nothing. */
#ifndef MEDIA_SANITIZER_H
#define MEDIA_SANITIZER_H

/** 1 with the address or thread sanitizer, else 0. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER_ON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZER_ON 1
#else
#define SANITIZER_ON 0
#endif
#else
#define SANITIZER_ON 0
#endif

#endif
