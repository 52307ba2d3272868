/* colour.h: which colours a film has when it says so only in part, and what the renditions are.
 *
 * Players guess unsaid colours from the picture's size, so that one film would change its colours
 * with the quality: renditions always say theirs. Pure functions over libav's enums. */
#ifndef MEDIA_ENGINE_COLOUR_H
#define MEDIA_ENGINE_COLOUR_H

#include <libavutil/frame.h>

/** Code points of ITU-T H.273, as libav's enums number them. */
struct colour {
    enum AVColorPrimaries primaries;
    enum AVColorTransferCharacteristic transfer;
    enum AVColorSpace matrix;
};

/** The film's own colours; what is unsaid follows the size of the picture (BT.709 from 720 lines
 *  on, BT.601 below), as broadcasters do. RGB becomes BT.709. */
struct colour colour_of(const AVFrame *frame);

/** BT.709 throughout: what tone mapping makes. */
struct colour colour_standard(void);

#endif
