/* limit.c: rate limits over the cache's token buckets. Owns nothing; see limit.h. */
#include "api/limit.h"

#include "base/clock.h"
#include "store/cache/cache.h"

const struct limit limit_exempt = {.name = "exempt"};

static const struct limit limit_tokens = {.name = "bad_tokens", .per_minute = 60, .burst = 30};

status limit_take(struct api_call *c, const struct limit *limit, const char *endpoint, text who) {
    const struct api_options *options = &c->api->options;
    if (options->limits_off || !options->cache || limit->per_minute <= 0) return OK;
    struct ctx *cx = &c->call.cx;
    text key = NO_TEXT;
    if (text_format(cx->arena, &key, "ratelimit:%.*s:%s", TEXT_ARG(who), endpoint) != OK)
        return ctx_no_memory(cx);
    int64_t retry_ms = 0;
    status taken = cache_limit(options->cache, key, limit->per_minute, limit->burst, &retry_ms);
    if (taken == OK) return OK;
    if (taken != QUOTA) return ctx_fail(cx, taken, "The limits can't be counted.");
    c->retry_ms = retry_ms > 0 ? retry_ms : 1;
    return ctx_fail(cx, QUOTA, "Too many requests; wait %lld s and try again.",
                    (long long)((c->retry_ms + 999) / 1000));
}

static text who_calls(const struct api_call *c) {
    return c->call.actor.user_id.at ? c->call.actor.user_id : c->call.exchange->peer;
}

status limit_admit(struct api_call *c) {
    const struct limit *limit = c->route->limit;
    if (limit) return limit_take(c, limit, limit->name, who_calls(c));
    return limit_take(c, &c->api->options.default_limit, c->route->name, who_calls(c));
}

status limit_refused(struct api_call *c) {
    return limit_take(c, &limit_tokens, limit_tokens.name, c->call.exchange->peer);
}

status call_limited(struct call *call, const struct limit *limit, text key) {
    if (!call->api) return OK;
    return limit_take((struct api_call *)call, limit, limit->name, key);
}

status call_tries(struct call *call, text key, int64_t by, int64_t most, int64_t window_ms) {
    const struct api *api = call->api;
    if (!api || api->options.limits_off || !api->options.cache) return OK;
    int64_t sum = 0, ends_ticks_ms = 0;
    status counted = cache_count(api->options.cache, key, by, window_ms, &sum, &ends_ticks_ms);
    if (counted != OK) return ctx_fail(&call->cx, counted, "The tries can't be counted.");
    if (sum <= most) return OK;
    struct api_call *c = (struct api_call *)call;
    int64_t left_ms = ends_ticks_ms - clock_ticks_ms();
    c->retry_ms = left_ms > 0 ? left_ms : 1;
    return ctx_fail(&call->cx, QUOTA, "Too many failed tries; wait %lld s.",
                    (long long)((c->retry_ms + 999) / 1000));
}
