/* jdoc.c: JSON by hand. Owns nothing; see jdoc.h. */
#include "api/jdoc.h"

#include "base/record.h"

static void separate(struct jdoc *doc) {
    if (doc->comma) build_byte(&doc->build, ',');
    doc->comma = true;
}

void jdoc_open(struct jdoc *doc, char bracket) {
    separate(doc);
    build_byte(&doc->build, bracket);
    doc->comma = false;
}

void jdoc_close(struct jdoc *doc, char bracket) {
    build_byte(&doc->build, bracket);
    doc->comma = true;
}

void jdoc_key(struct jdoc *doc, const char *name) {
    separate(doc);
    json_write_text(&doc->build, text_of(name));
    build_byte(&doc->build, ':');
    doc->comma = false;
}

void jdoc_text(struct jdoc *doc, text value) {
    separate(doc);
    json_write_text(&doc->build, value);
}

void jdoc_c(struct jdoc *doc, const char *value) {
    jdoc_text(doc, text_of(value));
}

void jdoc_int(struct jdoc *doc, int64_t value) {
    separate(doc);
    build_format(&doc->build, "%lld", (long long)value);
}

void jdoc_bool(struct jdoc *doc, bool value) {
    separate(doc);
    build_c(&doc->build, value ? "true" : "false");
}

void jdoc_null(struct jdoc *doc) {
    separate(doc);
    build_c(&doc->build, "null");
}

void jdoc_member_c(struct jdoc *doc, const char *name, const char *value) {
    jdoc_key(doc, name);
    jdoc_c(doc, value);
}

void jdoc_member_int(struct jdoc *doc, const char *name, int64_t value) {
    jdoc_key(doc, name);
    jdoc_int(doc, value);
}

void jdoc_member_bool(struct jdoc *doc, const char *name, bool value) {
    jdoc_key(doc, name);
    jdoc_bool(doc, value);
}

void jdoc_member_open(struct jdoc *doc, const char *name, char bracket) {
    jdoc_key(doc, name);
    jdoc_open(doc, bracket);
}
