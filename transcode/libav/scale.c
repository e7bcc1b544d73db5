// Scaling into 8 bit I420, BT.709, limited range.
#include "shim.h"
#include <math.h>
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>

// The "J" formats are how older decoders say full range.
static enum AVPixelFormat plain_format(enum AVPixelFormat f, int *full_range) {
	switch (f) {
	case AV_PIX_FMT_YUVJ420P: *full_range = 1; return AV_PIX_FMT_YUV420P;
	case AV_PIX_FMT_YUVJ422P: *full_range = 1; return AV_PIX_FMT_YUV422P;
	case AV_PIX_FMT_YUVJ444P: *full_range = 1; return AV_PIX_FMT_YUV444P;
	case AV_PIX_FMT_YUVJ440P: *full_range = 1; return AV_PIX_FMT_YUV440P;
	case AV_PIX_FMT_YUVJ411P: *full_range = 1; return AV_PIX_FMT_YUV411P;
	default: return f;
	}
}

// The weights of red and blue in a matrix, 0 when it is BT.709 or none that can
// be told. H.264 and H.265 that do not say are taken as video players take them:
// BT.601 for standard definition, BT.709 above. VP8, VP9 and AV1 come from
// browsers, which send BT.709 at every size and do not say so (VP8 cannot: what
// libav reports for it is its format's one default).
static int weights(enum AVCodecID codec, const AVFrame *f, double *kr, double *kb) {
	int says = f->colorspace != AVCOL_SPC_UNSPECIFIED;
	if (codec == AV_CODEC_ID_VP8 || (!says && (codec == AV_CODEC_ID_VP9 || codec == AV_CODEC_ID_AV1)))
		return 0;
	switch (f->colorspace) {
	case AVCOL_SPC_BT470BG:
	case AVCOL_SPC_SMPTE170M: *kr = 0.299, *kb = 0.114; return 1;
	case AVCOL_SPC_FCC: *kr = 0.30, *kb = 0.11; return 1;
	case AVCOL_SPC_SMPTE240M: *kr = 0.212, *kb = 0.087; return 1;
	case AVCOL_SPC_BT2020_NCL:
	case AVCOL_SPC_BT2020_CL: *kr = 0.2627, *kb = 0.0593; return 1;
	case AVCOL_SPC_UNSPECIFIED:
		if (f->width >= 1280 || f->height > 576)
			return 0;
		*kr = 0.299, *kb = 0.114;
		return 1;
	default: return 0;
	}
}

static inline uint8_t clip8(int16_t v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

// The high half of a product: what 16 bit vector units have an instruction for.
static inline int16_t high(int16_t a, int16_t b) { return ((int)a * b) >> 16; }

enum { strip = 256 }; // chroma samples handled at once; their differences stay in the cache

// Turns limited-range samples of another matrix into BT.709 in place. libswscale
// would go through RGB, at several times the cost. In terms of the differences
// cb, cr the change is linear: luma gains a·cb + b·cr, and both chroma become
// mixes of each other. Differences are held as 8.8 and factors as 2.14 fixed
// point, so that a product's high half is 10.6; loops are kept plain enough for
// the compiler to vectorise.
static void to_bt709(double kr, double kb, uint8_t *y, uint8_t *u, uint8_t *v, int sy, int sc, int w, int h) {
	const double kr7 = 0.2126, kb7 = 0.0722, kg7 = 1 - kr7 - kb7, kg = 1 - kr - kb;
	const double cl = 219.0 / 224; // chroma steps to luma steps
	// R−Y, B−Y and G−Y per unit of chroma difference, in the source's matrix
	const double rcr = 2 * (1 - kr), bcb = 2 * (1 - kb), gcb = -kb * bcb / kg, gcr = -kr * rcr / kg;
	const double lcb = kg7 * gcb + kb7 * bcb, lcr = kr7 * rcr + kg7 * gcr; // Y709−Y
	const int one = 1 << 14;
	const int16_t ycb = lrint(lcb * cl * one), ycr = lrint(lcr * cl * one);
	const int16_t ucb = lrint((bcb - lcb) / (2 * (1 - kb7)) * one), ucr = lrint(-lcr / (2 * (1 - kb7)) * one);
	const int16_t vcb = lrint(-lcb / (2 * (1 - kr7)) * one), vcr = lrint((rcr - lcr) / (2 * (1 - kr7)) * one);
	int16_t dy[2 * strip];
	for (int j = 0; j < h / 2; j++)
		for (int x = 0; x < w / 2; x += strip) {
			const int n = FFMIN(strip, w / 2 - x);
			uint8_t *restrict pu = u + j * sc + x, *restrict pv = v + j * sc + x;
			for (int i = 0; i < n; i++) {
				const int16_t cb = (pu[i] - 128) * 256, cr = (pv[i] - 128) * 256;
				const int16_t d = (int16_t)(high(cb, ycb) + high(cr, ycr) + 32) >> 6;
				dy[2 * i] = dy[2 * i + 1] = d;
				pu[i] = clip8(128 + ((int16_t)(high(cb, ucb) + high(cr, ucr) + 32) >> 6));
				pv[i] = clip8(128 + ((int16_t)(high(cb, vcb) + high(cr, vcr) + 32) >> 6));
			}
			for (int row = 0; row < 2; row++) {
				uint8_t *restrict py = y + (2 * j + row) * sy + 2 * x;
				for (int i = 0; i < 2 * n; i++)
					py[i] = clip8(py[i] + dy[i]);
			}
		}
}

static void copy_plane(uint8_t *d, int ds, const uint8_t *s, int ss, int w, int h) {
	for (int i = 0; i < h; i++)
		memcpy(d + (ptrdiff_t)i * ds, s + (ptrdiff_t)i * ss, w);
}

// Compiles a function for wider vectors too, and has the loader choose.
#if defined(__x86_64__) && defined(__GLIBC__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

// Scales to half the width and height by averaging two by two samples, which is
// what SWS_AREA does for this ratio, in an eighth of the time: a 720p source in
// one of four cells of a 720p program. A pair of bytes is added as one 16 bit
// word so that the compiler finds vector instructions for it.
WIDE static void halve_plane(uint8_t *d, int ds, const uint8_t *s, int ss, int w, int h) {
	for (int j = 0; j < h; j++) {
		const uint8_t *restrict a = s + (ptrdiff_t)2 * j * ss, *restrict b = a + ss;
		uint8_t *restrict o = d + (ptrdiff_t)j * ds;
		for (int i = 0; i < w; i++) {
			uint16_t p, q;
			memcpy(&p, a + 2 * i, 2);
			memcpy(&q, b + 2 * i, 2);
			o[i] = (uint16_t)((p & 255) + (p >> 8) + (q & 255) + (q >> 8) + 2) >> 2;
		}
	}
}

// A ninth of a sum of nine samples, in a multiplication that 16 bit vector units have.
static inline uint8_t ninth(uint16_t sum) { return (uint16_t)(sum + 4) * 7282u >> 16; }

// The same for a third: 1080p in one of four cells of a 720p program.
WIDE static void third_plane(uint8_t *d, int ds, const uint8_t *s, int ss, int w, int h) {
	uint16_t sum[3 * strip];
	for (int j = 0; j < h; j++)
		for (int x = 0; x < w; x += strip) {
			const int n = FFMIN(strip, w - x);
			const uint8_t *restrict a = s + (ptrdiff_t)3 * j * ss + 3 * x, *restrict b = a + ss, *restrict c = b + ss;
			uint8_t *restrict o = d + (ptrdiff_t)j * ds + x;
			for (int i = 0; i < 3 * n; i++)
				sum[i] = a[i] + b[i] + c[i];
			for (int i = 0; i < n; i++)
				o[i] = ninth(sum[3 * i] + sum[3 * i + 1] + sum[3 * i + 2]);
		}
}

// And for two thirds: 1080p to 720p. Three by three samples become two by two; w and
// h are even.
WIDE static void two_thirds_plane(uint8_t *d, int ds, const uint8_t *s, int ss, int w, int h) {
	uint16_t sum[2][3 * strip];
	for (int j = 0; j < h / 2; j++)
		for (int x = 0; x < w / 2; x += strip) {
			const int n = FFMIN(strip, w / 2 - x);
			const uint8_t *restrict a = s + (ptrdiff_t)3 * j * ss + 3 * x, *restrict b = a + ss, *restrict c = b + ss;
			for (int i = 0; i < 3 * n; i++) {
				sum[0][i] = 2 * a[i] + b[i];
				sum[1][i] = b[i] + 2 * c[i];
			}
			for (int row = 0; row < 2; row++) {
				uint8_t *restrict o = d + (ptrdiff_t)(2 * j + row) * ds + 2 * x;
				const uint16_t *restrict q = sum[row];
				for (int i = 0; i < n; i++) {
					o[2 * i] = ninth(2 * q[3 * i] + q[3 * i + 1]);
					o[2 * i + 1] = ninth(q[3 * i + 1] + 2 * q[3 * i + 2]);
				}
			}
		}
}

static int ensure_sws(Scaler *s, ScaleKey key) {
	if (s->sws && !memcmp(&key, &s->key, sizeof key))
		return 0;
	sws_freeContext(s->sws);
	if (!(s->sws = sws_alloc_context()))
		return AVERROR(ENOMEM);
	// Ranges are set before the scaler chooses its converters: changing them
	// afterwards, as sws_setColorspaceDetails would, leaves some of them alone.
	const struct {
		const char *name;
		int64_t value;
	} options[] = {
		{"srcw", key.w}, {"srch", key.h}, {"src_format", key.fmt}, {"src_range", key.range},
		{"dstw", key.dw}, {"dsth", key.dh}, {"dst_format", AV_PIX_FMT_YUV420P}, {"dst_range", 0},
		{"sws_flags", SWS_AREA},
	};
	int r = 0;
	for (size_t i = 0; i < FF_ARRAY_ELEMS(options) && r >= 0; i++)
		r = av_opt_set_int(s->sws, options[i].name, options[i].value, 0);
	if (r < 0 || (r = sws_init_context(s->sws, NULL, NULL)) < 0) {
		sws_freeContext(s->sws);
		s->sws = NULL;
		return r;
	}
	s->key = key;
	// The same matrix on both sides: to_bt709 changes it where that is needed.
	// RGB sources have none and become BT.709.
	const int *m = sws_getCoefficients(SWS_CS_ITU709);
	sws_setColorspaceDetails(s->sws, m, key.range, m, 0, 0, 1 << 16, 1 << 16);
	return 0;
}

static int ensure_tmp(Scaler *s, int w, int h) {
	if (s->tmp[0] && s->tmp_w == w && s->tmp_h == h)
		return 0;
	av_freep(&s->tmp[0]);
	// 64 columns more than asked for, because vector stores round rows up.
	int r = av_image_alloc(s->tmp, s->tmp_stride, FFALIGN(w, 64) + 64, h, AV_PIX_FMT_YUV420P, 64);
	if (r < 0)
		return r;
	s->tmp_w = w;
	s->tmp_h = h;
	return 0;
}

// Scales the whole of src to the whole of dst, without a change of matrix.
static int scale(Scaler *s, ScaleKey key, const uint8_t *const src[], const int from[], uint8_t *const dst[3],
	const int to[3]) {
	const int w = key.dw, h = key.dh, plain = key.fmt == AV_PIX_FMT_YUV420P && !key.range;
	void (*plane)(uint8_t *, int, const uint8_t *, int, int, int) = NULL;
	if (key.w == w && key.h == h)
		plane = copy_plane;
	else if (key.w == 2 * w && key.h == 2 * h)
		plane = halve_plane;
	else if (key.w == 3 * w && key.h == 3 * h)
		plane = third_plane;
	else if (2 * key.w == 3 * w && 2 * key.h == 3 * h && w % 4 == 0 && h % 4 == 0)
		plane = two_thirds_plane;
	if (plain && plane) {
		for (int p = 0; p < 3; p++)
			plane(dst[p], to[p], src[p], from[p], w >> !!p, h >> !!p);
		return 0;
	}
	int r = ensure_sws(s, key);
	if (r < 0)
		return r;
	// Vector stores run past the end of a row that is not a multiple of
	// their width, and the copying converters write whole strides: both
	// would hit the neighbours of a cell inside a larger picture.
	if (w % 64 == 0 && (key.w != w || key.h != h)) {
		uint8_t *const out[4] = {dst[0], dst[1], dst[2]};
		const int stride[4] = {to[0], to[1], to[2]};
		r = sws_scale(s->sws, src, from, 0, key.h, out, stride);
		return r < 0 ? r : 0;
	}
	if ((r = ensure_tmp(s, w, h)) < 0 || (r = sws_scale(s->sws, src, from, 0, key.h, s->tmp, s->tmp_stride)) < 0)
		return r;
	for (int p = 0; p < 3; p++)
		copy_plane(dst[p], to[p], s->tmp[p], s->tmp_stride[p], w >> !!p, h >> !!p);
	return 0;
}

int scaler_run(Scaler *s, const uint8_t *y, const uint8_t *u, const uint8_t *v, int sy, int sc, int w, int h,
	uint8_t *dy, uint8_t *du, uint8_t *dv, int dsy, int dsc, int dw, int dh) {
	const uint8_t *const src[4] = {y, u, v};
	const int from[4] = {sy, sc, sc}, to[3] = {dsy, dsc, dsc};
	uint8_t *const dst[3] = {dy, du, dv};
	return scale(s, (ScaleKey){w, h, AV_PIX_FMT_YUV420P, 0, dw, dh}, src, from, dst, to);
}

void scaler_free(Scaler *s) {
	sws_freeContext(s->sws);
	av_freep(&s->tmp[0]);
	*s = (Scaler){0};
}

// Moves the start of every plane to the pixel x, y. Both are multiples of the
// chroma subsampling.
static void crop_to(const AVFrame *f, const AVPixFmtDescriptor *desc, int x, int y, const uint8_t *data[4]) {
	int step[4];
	av_image_fill_max_pixsteps(step, NULL, desc);
	for (int p = 0; p < 4; p++) {
		const int chroma = p == 1 || p == 2;
		const int px = chroma ? x >> desc->log2_chroma_w : x, py = chroma ? y >> desc->log2_chroma_h : y;
		data[p] = f->data[p] ? f->data[p] + (ptrdiff_t)py * f->linesize[p] + (ptrdiff_t)px * step[p] : NULL;
	}
}

// The scaler that has the tables for key, or the one to replace.
static Scaler *scaler_for(VDec *d, ScaleKey key) {
	const Scaler *last = &d->scaler[d->used];
	if (!last->sws || memcmp(&key, &last->key, sizeof key))
		d->used = !d->used;
	return &d->scaler[d->used];
}

int vdec_scale(VDec *d, int x, int y, int w, int h, uint8_t *dy, uint8_t *du, uint8_t *dv, int sy, int sc, int dw,
	int dh) {
	AVFrame *f = d->frame;
	if (!f->data[0])
		return AVERROR(EINVAL);
	int full = f->color_range == AVCOL_RANGE_JPEG;
	const enum AVPixelFormat fmt = plain_format(f->format, &full);
	const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(fmt);
	if (!desc || (desc->flags & (AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM)))
		return AVERROR(ENOSYS);
	x &= ~((1 << desc->log2_chroma_w) - 1);
	y &= ~((1 << desc->log2_chroma_h) - 1);
	if (x < 0 || y < 0 || w <= 0 || h <= 0 || x + w > f->width || y + h > f->height)
		return AVERROR(EINVAL);
	const uint8_t *src[4];
	crop_to(f, desc, x, y, src);

	uint8_t *const dst[3] = {dy, du, dv};
	const int to[3] = {sy, sc, sc};
	const ScaleKey key = {w, h, fmt, full, dw, dh};
	int r = scale(scaler_for(d, key), key, src, f->linesize, dst, to);
	if (r < 0)
		return r;
	double kr, kb;
	if (!(desc->flags & AV_PIX_FMT_FLAG_RGB) && desc->nb_components >= 3 && weights(d->c->codec_id, f, &kr, &kb))
		to_bt709(kr, kb, dy, du, dv, sy, sc, dw, dh);
	return 0;
}
