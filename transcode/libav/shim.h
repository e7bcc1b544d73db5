// The C side: one struct for each of the five jobs, with the calls that would
// be clumsy or wrong from Go (padding, layouts, colour tables, cached scalers).
// Functions that return int follow libav: negative is an AVERROR code.
#ifndef REGIE_SHIM_H
#define REGIE_SHIM_H

#include <stdint.h>
#include <string.h>
#include <libavcodec/avcodec.h>
#include <libavutil/error.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

// Keeps libav from writing to stderr, and notes losses in VDec.missing. It sets
// the same process-wide values every time, so every open calls it.
void shim_quiet(void);

// What decides how a picture is scaled; libswscale's tables are kept while it is
// the same.
typedef struct {
	int w, h, fmt, range, dw, dh;
} ScaleKey;

typedef struct {
	struct SwsContext *sws;
	ScaleKey key;
	uint8_t *tmp[4]; // aligned picture for sizes whose rows vector stores would overrun
	int tmp_stride[4], tmp_w, tmp_h;
} Scaler; // all zero is ready for use

// Scales 8 bit I420, BT.709, limited range into planes that the caller owns.
int scaler_run(Scaler *s, const uint8_t *y, const uint8_t *u, const uint8_t *v, int sy, int sc, int w, int h,
	uint8_t *dy, uint8_t *du, uint8_t *dv, int dsy, int dsc, int dw, int dh);
void scaler_free(Scaler *s);

typedef struct {
	AVCodecContext *c;
	AVPacket *pkt;
	AVFrame *frame;
	int64_t max_pixels;
	int missing; // a reference was missing since the last picture came out
	int running; // a picture came out since opening or flushing
	Scaler scaler[2]; // for two sizes at once
	int used;         // the one that was used last
} VDec;

typedef struct {
	int64_t pts;
	int w, h, corrupt, missing;
} VInfo;

VDec *vdec_open(const char *name, const uint8_t *extra, int nextra, int64_t max_pixels, int *err);
int vdec_send(VDec *d, const uint8_t *data, int n, int64_t pts);
int vdec_receive(VDec *d, VInfo *info); // 1: a frame, 0: no more, < 0: error, call again
// Scales a part of the frame into planes that the caller owns.
int vdec_scale(VDec *d, int x, int y, int w, int h, uint8_t *dy, uint8_t *du, uint8_t *dv, int sy, int sc, int dw,
	int dh);
void vdec_flush(VDec *d);
void vdec_close(VDec *d);

typedef struct {
	AVCodecContext *c;
	AVPacket *pkt;
	AVFrame *frame;
} VEnc;

VEnc *venc_open(const char *name, int w, int h, int fps, int kbps, int gop, const char *options, int *err);
int venc_begin(VEnc *e); // makes frame writable, keeping its content
int venc_encode(VEnc *e, int64_t pts, int key); // 1: pkt is filled, 0: the encoder still fills
void venc_close(VEnc *e);

typedef struct {
	AVCodecContext *c;
	AVPacket *pkt;
	AVFrame *frame;
	SwrContext *swr;
	int rate, fmt;
	AVChannelLayout layout;
	float *out; // interleaved stereo
	int cap, n; // in sample pairs
	int delay;  // pairs that came before out and were still in the resampler
} ADec;

ADec *adec_open(const char *name, int rate, int channels, const uint8_t *extra, int nextra, int *err);
int adec_decode(ADec *d, const uint8_t *data, int n); // fills out and n
void adec_flush(ADec *d);
void adec_close(ADec *d);

typedef struct {
	AVCodecContext *c;
	AVPacket *pkt;
	AVFrame *frame;
} AEnc;

AEnc *aenc_open(const char *name, int rate, int channels, int samples, int kbps, const char *options, int *err);
int aenc_encode(AEnc *e, const float *stereo); // 1: pkt is filled, 0: the encoder still fills
void aenc_close(AEnc *e);

#endif
