/*
 * embed: puts a folder of built web pages into the program.
 *
 *     embed FOLDER OUT.c OUT.bin [DEPFILE]
 *     embed --or-page FOLDER OUT.c OUT.bin [DEPFILE]   a page of advice when FOLDER isn't there
 *     embed --page OUT.c OUT.bin                       the page of advice
 *
 * OUT.bin holds all bodies one after the other, OUT.c the table (net/asset.h) that points into it
 * by way of the assembler's .incbin, which takes milliseconds where a C array of some megabytes
 * takes many seconds. Bodies are compressed once, here, at the highest level: the server never
 * compresses. Source maps stay out.
 */
#include "toolkit.h"

#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

/* Compressing what is already compressed costs time for nothing; and a body must shrink by this
 * much at least to be worth a second copy in the program. */
enum { GAIN_MIN_BYTES = 64 };

static const struct type {
    const char *end;
    const char *type;
    bool compress;
} types[] = {
    {".html", "text/html; charset=utf-8", true},
    {".js", "text/javascript; charset=utf-8", true},
    {".mjs", "text/javascript; charset=utf-8", true},
    {".css", "text/css; charset=utf-8", true},
    {".svg", "image/svg+xml", true},
    {".json", "application/json", true},
    {".webmanifest", "application/manifest+json", true},
    {".txt", "text/plain; charset=utf-8", true},
    {".xml", "application/xml", true},
    {".ico", "image/x-icon", true},
    {".wasm", "application/wasm", true},
    {".ttf", "font/ttf", true},
    {".woff", "font/woff", false},
    {".woff2", "font/woff2", false},
    {".png", "image/png", false},
    {".jpg", "image/jpeg", false},
    {".jpeg", "image/jpeg", false},
    {".webp", "image/webp", false},
    {".avif", "image/avif", false},
    {".gif", "image/gif", false},
    {".mp4", "video/mp4", false},
    {".webm", "video/webm", false},
};

static const struct type unknown_type = {"", "application/octet-stream", true};

static const char page[] =
    "<!doctype html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
    "<title>Matinee</title></head>\n"
    "<body style=\"font: 1.1rem/1.6 system-ui, sans-serif; max-width: 38rem; margin: 4rem auto;"
    " padding: 0 1rem\">\n"
    "<h1>Matinee is running</h1>\n"
    "<p>This program was built without its web application. To put it in, install Node.js 18 or"
    " later and run <code>./platform.sh start</code> in the source folder, or by hand:</p>\n"
    "<pre>npm --prefix web ci\nnpm --prefix web run build\n"
    "meson configure build -Dweb=enabled\nninja -C build</pre>\n"
    "<p>The programming interface works meanwhile: see"
    " <a href=\"/api/openapi.json\">/api/openapi.json</a>.</p>\n"
    "</body></html>\n";

struct output {
    struct buffer table;
    struct buffer bodies;
    size_t count;
};

static const struct type *type_of(const char *path) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (ends_with(path, types[i].end)) return &types[i];
    return &unknown_type;
}

/* 128 bits of SHA-256: a strong validator needs no more, and it travels with every reply. */
static char *etag_of(const void *bytes, size_t size_bytes, const char *mark) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    struct buffer tag = {0};
    SHA256(bytes, size_bytes, digest);
    buffer_put(&tag, "\"", 1);
    for (size_t i = 0; i < 16; i++) buffer_format(&tag, "%02x", digest[i]);
    buffer_format(&tag, "%s\"", mark);
    return tag.bytes;
}

/* Returns the gzip body and its size, or NULL when it isn't worth keeping. */
static unsigned char *compress_body(const void *bytes, size_t size_bytes, size_t *out_size) {
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 9 };
    z_stream stream = {0};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        fail("zlib can't be set up");
    size_t bound = deflateBound(&stream, size_bytes);
    unsigned char *body = keep(bound);
    stream.next_in = (unsigned char *)bytes;
    stream.avail_in = (uInt)size_bytes;
    stream.next_out = body;
    stream.avail_out = (uInt)bound;
    int result = deflate(&stream, Z_FINISH);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    if (result != Z_STREAM_END) fail("zlib gave up with code %d", result);
    if (size + GAIN_MIN_BYTES > size_bytes) return NULL;
    *out_size = size;
    return body;
}

/* Appends a body at a 16-byte boundary and returns its offset. */
static size_t place(struct output *output, const void *bytes, size_t size_bytes) {
    static const char zeros[16];
    buffer_put(&output->bodies, zeros, (16 - output->bodies.size % 16) % 16);
    size_t offset = output->bodies.size;
    buffer_put(&output->bodies, bytes, size_bytes);
    return offset;
}

static void add(struct output *output, const char *path, const void *bytes, size_t size_bytes) {
    const struct type *type = type_of(path);
    size_t gzip_size = 0;
    const unsigned char *gzip =
        type->compress ? compress_body(bytes, size_bytes, &gzip_size) : NULL;
    buffer_format(&output->table, "    {\n        .path = ");
    buffer_literal(&output->table, path);
    buffer_format(&output->table, ",\n        .type = ");
    buffer_literal(&output->table, type->type);
    buffer_format(&output->table, ",\n        .etag = ");
    buffer_literal(&output->table, etag_of(bytes, size_bytes, ""));
    buffer_format(&output->table, ",\n        .etag_gzip = ");
    buffer_literal(&output->table, etag_of(bytes, size_bytes, "-gz"));
    buffer_format(&output->table, ",\n        .bytes = bodies + %zu,\n        .size = %zu,\n",
                  place(output, bytes, size_bytes), size_bytes);
    if (gzip)
        buffer_format(&output->table, "        .gzip = bodies + %zu,\n        .gzip_size = %zu,\n",
                      place(output, gzip, gzip_size), gzip_size);
    buffer_format(&output->table, "    },\n");
    output->count++;
}

/* Adds every file of the folder and tells the build what was read; false without an index.html. */
static bool add_folder(struct output *output, const char *folder, struct buffer *depends) {
    struct strings files = {0};
    bool has_index = false;
    if (!folder_walk(folder, &files)) return false;
    buffer_format(depends, " %s", folder);
    for (size_t i = 0; i < files.count; i++) {
        if (ends_with(files.items[i], ".map")) continue;
        const char *path = keep_format("%s/%s", folder, files.items[i]);
        size_t size = 0;
        const char *bytes = file_read(path, &size);
        add(output, keep_format("/%s", files.items[i]), bytes, size);
        buffer_format(depends, " %s", path);
        has_index = has_index || strcmp(files.items[i], "index.html") == 0;
    }
    return has_index;
}

static void write_all(const struct output *output, const char *out_c, const char *out_bin) {
    struct buffer source = {0};
    buffer_format(&source,
                  "/* Made by tools/embed. */\n#include \"net/asset.h\"\n\n"
                  "__asm__(\".pushsection .rodata\\n\"\n"
                  "        \".balign 16\\n\"\n"
                  "        \"matinee_asset_bodies:\\n\"\n"
                  "        \".incbin \\\"%s\\\"\\n\"\n"
                  "        \".byte 0\\n\"\n"
                  "        \".popsection\\n\");\n\n"
                  "extern const unsigned char bodies[] __asm__(\"matinee_asset_bodies\")\n"
                  "    __attribute__((visibility(\"hidden\")));\n\n"
                  "const struct asset asset_all[] = {\n%s};\n\nconst size_t asset_count = %zu;\n",
                  out_bin, output->table.bytes, output->count);
    file_write(out_bin, &output->bodies);
    file_write(out_c, &source);
}

/* The folder above `folder`: its change tells that `folder` came into being. */
static char *parent_of(const char *folder) {
    const char *slash = strrchr(folder, '/');
    return slash ? keep_text(folder, (size_t)(slash - folder)) : keep_text(".", 1);
}

int main(int argc, char **argv) {
    struct output output = {0};
    struct buffer depends = {0};
    bool or_page = argc > 1 && strcmp(argv[1], "--or-page") == 0;
    if (argc == 4 && strcmp(argv[1], "--page") == 0) {
        add(&output, "/index.html", page, sizeof page - 1);
        write_all(&output, argv[2], argv[3]);
        return 0;
    }
    argv += or_page;
    argc -= or_page;
    if (argc < 4 || argc > 5 || argv[1][0] == '-')
        fail("usage: embed [--or-page] FOLDER OUT.c OUT.bin [DEPFILE] | embed --page OUT.c "
             "OUT.bin");
    buffer_format(&depends, "%s:", argv[2]);
    if (!add_folder(&output, argv[1], &depends)) {
        if (!or_page)
            fail("%s holds no built pages (no index.html): run `npm run build` in web/ first",
                 argv[1]);
        struct stat about;
        const char *parent = parent_of(argv[1]);
        if (stat(parent, &about) == 0) buffer_format(&depends, " %s", parent);
        output = (struct output){0};
        add(&output, "/index.html", page, sizeof page - 1);
    }
    buffer_put(&depends, "\n", 1);
    write_all(&output, argv[2], argv[3]);
    if (argc == 5) file_write(argv[4], &depends);
    return 0;
}
