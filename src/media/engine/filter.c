/* filter.c: see filter.h. */
#include "media/engine/filter.h"

#include "base/scope.h"
#include "media/engine/colour.h"
#include "media/engine/fault.h"

#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/pixdesc.h>

#include <stdio.h>
#include <stdlib.h>

enum { CHAIN_BYTES = 1024 };

struct filter {
    const struct media_plan *plan;
    AVRational time_base;
    int threads;
    bool needed;          /* false: frames pass untouched */
    AVFilterGraph *graph; /* NULL before the first frame */
    AVFilterContext *in, *out;
    int width, height, format;
    AVFrame *passing; /* the frame that passes untouched */
    bool held;        /* `passing` holds one */
    AVFrame *next;    /* a frame waiting for the old graph to run dry */
    bool changing;
};

static void put(char chain[CHAIN_BYTES], const char *format, ...) PRINTF_LIKE(2, 3);
static void put(char chain[CHAIN_BYTES], const char *format, ...) {
    size_t len = strnlen(chain, CHAIN_BYTES);
    if (len > 0 && len + 1 < CHAIN_BYTES) chain[len++] = ',';
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(chain + len, CHAIN_BYTES - len, format, arguments);
    va_end(arguments);
}

/* zscale refuses to guess, so what the film leaves unsaid is said for it (BT.2020 for both kinds of
 * high dynamic range); it is scaled first, because mapping works on floating-point planes. */
static void put_tone_map(char chain[CHAIN_BYTES], const struct media_plan *plan,
                         const AVFrame *frame) {
    const struct media_rendition_plan *top = media_planned(plan, 0);
    bool turned = plan->rotation_degrees % 180 != 0;
    long long wide = turned ? top->height : top->width, high = turned ? top->width : top->height;
    bool hlg = frame->color_trc == AVCOL_TRC_ARIB_STD_B67;
    put(chain,
        "zscale=w=%lld:h=%lld:f=bicubic:pin=2020:min=2020_ncl:tin=%s:rin=%s:"
        "p=2020:m=2020_ncl:t=linear:npl=%d",
        wide, high, hlg ? "arib-std-b67" : "smpte2084",
        frame->color_range == AVCOL_RANGE_JPEG ? "full" : "limited", hlg ? 400 : 100);
    put(chain, "format=gbrpf32le,zscale=p=709,tonemap=tonemap=hable:desat=0");
    put(chain, "zscale=t=709:m=709:r=limited,format=yuv420p");
}

static void put_orientation(char chain[CHAIN_BYTES], const struct media_plan *plan) {
    if (plan->rotation_degrees == 90) put(chain, "transpose=clock");
    if (plan->rotation_degrees == 180) put(chain, "hflip,vflip");
    if (plan->rotation_degrees == 270) put(chain, "transpose=cclock");
    if (plan->mirrored) put(chain, "hflip");
}

static void write_chain(const struct filter *filter, const AVFrame *frame,
                        char chain[CHAIN_BYTES]) {
    const struct media_plan *plan = filter->plan;
    chain[0] = '\0';
    if (plan->deinterlace) put(chain, "bwdif=mode=send_frame:parity=auto:deint=interlaced");
    if (plan->tone_map) put_tone_map(chain, plan, frame);
    put_orientation(chain, plan);
}

static status make_ends(struct ctx *cx, struct filter *filter, const AVFrame *frame) {
    char arguments[256];
    (void)snprintf(arguments, sizeof arguments,
                   "video_size=%dx%d:pix_fmt=%d:time_base=%d/%d:pixel_aspect=1/1", frame->width,
                   frame->height, frame->format, filter->time_base.num, filter->time_base.den);
    TRY_AV(cx,
           avfilter_graph_create_filter(&filter->in, avfilter_get_by_name("buffer"), "in",
                                        arguments, NULL, filter->graph),
           "The picture's filter cannot start");
    TRY_AV(cx,
           avfilter_graph_create_filter(&filter->out, avfilter_get_by_name("buffersink"), "out",
                                        NULL, NULL, filter->graph),
           "The picture's filter cannot end");
    return OK;
}

static void pads_done(AVFilterInOut **pads) {
    avfilter_inout_free(pads);
}

static AVFilterInOut *pad(const char *name, AVFilterContext *context) {
    AVFilterInOut *pads = avfilter_inout_alloc();
    if (!pads) return NULL;
    pads->name = av_strdup(name);
    pads->filter_ctx = context;
    return pads;
}

static status configure(struct ctx *cx, struct filter *filter, const AVFrame *frame) {
    char chain[CHAIN_BYTES];
    write_chain(filter, frame, chain);
    avfilter_graph_free(&filter->graph);
    filter->graph = avfilter_graph_alloc();
    TRY_NEW(cx, filter->graph);
    filter->graph->nb_threads = filter->threads;
    TRY(make_ends(cx, filter, frame));
    scoped(pads_done) AVFilterInOut *outputs = pad("in", filter->in);
    scoped(pads_done) AVFilterInOut *inputs = pad("out", filter->out);
    if (!outputs || !inputs) return ctx_no_memory(cx);
    TRY_AV(cx, avfilter_graph_parse_ptr(filter->graph, chain, &inputs, &outputs, NULL),
           "The picture's filters cannot be put together");
    TRY_AV(cx, avfilter_graph_config(filter->graph, NULL),
           "The picture's filters do not fit the film");
    filter->width = frame->width;
    filter->height = frame->height;
    filter->format = frame->format;
    return OK;
}

void filter_close(struct filter *filter) {
    if (!filter) return;
    avfilter_graph_free(&filter->graph);
    av_frame_free(&filter->passing);
    av_frame_free(&filter->next);
    free(filter);
}

void filter_done(struct filter **filter) {
    filter_close(*filter);
    *filter = NULL;
}

status filter_open(struct ctx *cx, const struct media_plan *plan, AVRational time_base, int threads,
                   struct filter **out) {
    scoped(filter_done) struct filter *filter = calloc(1, sizeof *filter);
    TRY_NEW(cx, filter);
    filter->plan = plan;
    filter->time_base = time_base;
    filter->threads = threads;
    filter->needed =
        plan->deinterlace || plan->tone_map || plan->mirrored || plan->rotation_degrees != 0;
    filter->passing = av_frame_alloc();
    filter->next = av_frame_alloc();
    if (!filter->passing || !filter->next) return ctx_no_memory(cx);
    *out = move(&filter);
    return OK;
}

static status feed(struct ctx *cx, struct filter *filter, AVFrame *frame) {
    if (frame) frame->sample_aspect_ratio = (AVRational){1, 1}; /* shapes are the plan's business */
    int pushed = av_buffersrc_add_frame(filter->in, frame);
    if (pushed == AVERROR_EOF) return OK;
    if (pushed < 0) return fault_av(cx, pushed, "A picture cannot be filtered");
    return OK;
}

status filter_send(struct ctx *cx, struct filter *filter, AVFrame *frame) {
    if (!filter->needed) {
        filter->held = frame != NULL;
        if (frame) av_frame_move_ref(filter->passing, frame);
        return OK;
    }
    if (!frame) return filter->graph ? feed(cx, filter, NULL) : OK;
    bool same = frame->width == filter->width && frame->height == filter->height &&
                frame->format == filter->format;
    if (filter->graph && !same) { /* let the old graph run dry first */
        av_frame_unref(filter->next);
        av_frame_move_ref(filter->next, frame);
        filter->changing = true;
        return feed(cx, filter, NULL);
    }
    if (!filter->graph) TRY(configure(cx, filter, frame));
    return feed(cx, filter, frame);
}

status filter_take(struct ctx *cx, struct filter *filter, AVFrame *frame, bool *out_there) {
    *out_there = filter->held;
    if (filter->held) av_frame_move_ref(frame, filter->passing);
    filter->held = false;
    if (!filter->needed || !filter->graph) return OK;
    while (true) {
        int got = av_buffersink_get_frame(filter->out, frame);
        *out_there = got >= 0;
        if (got >= 0 || got == AVERROR(EAGAIN)) return OK;
        if (got != AVERROR_EOF) return fault_av(cx, got, "A picture cannot be filtered");
        if (!filter->changing) return OK;
        filter->changing = false;
        TRY(configure(cx, filter, filter->next));
        TRY(feed(cx, filter, filter->next));
    }
}

AVRational filter_time_base(const struct filter *filter) {
    return filter->needed && filter->out ? av_buffersink_get_time_base(filter->out)
                                         : filter->time_base;
}
