#include "shim.h"
#include <libavutil/imgutils.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>

// What a peer's stream asks for must never reach a graphics driver.
static enum AVPixelFormat software_format(AVCodecContext *c, const enum AVPixelFormat *f) {
	for (; *f != AV_PIX_FMT_NONE; f++) {
		const AVPixFmtDescriptor *desc = av_pix_fmt_desc_get(*f);
		if (desc && !(desc->flags & AV_PIX_FMT_FLAG_HWACCEL))
			return *f;
	}
	return AV_PIX_FMT_NONE;
}

VDec *vdec_open(const char *name, const uint8_t *extra, int nextra, int64_t max_pixels, int *err) {
	shim_quiet();
	const AVCodec *codec = avcodec_find_decoder_by_name(name);
	if (!codec) {
		*err = AVERROR_DECODER_NOT_FOUND;
		return NULL;
	}
	VDec *d = av_mallocz(sizeof *d);
	*err = AVERROR(ENOMEM);
	if (!d)
		return NULL;
	d->c = avcodec_alloc_context3(codec);
	d->pkt = av_packet_alloc();
	d->frame = av_frame_alloc();
	if (!d->c || !d->pkt || !d->frame)
		goto fail;
	d->max_pixels = d->c->max_pixels = max_pixels;
	d->c->thread_count = 1;
	d->c->flags |= AV_CODEC_FLAG_LOW_DELAY;
	d->c->pkt_timebase = (AVRational){1, 1000000000};
	d->c->get_format = software_format;
	d->c->opaque = d;
	if (nextra > 0) {
		d->c->extradata = av_mallocz(nextra + AV_INPUT_BUFFER_PADDING_SIZE);
		if (!d->c->extradata)
			goto fail;
		memcpy(d->c->extradata, extra, nextra);
		d->c->extradata_size = nextra;
	}
	*err = avcodec_open2(d->c, codec, NULL);
	if (*err >= 0)
		return d;
fail:
	vdec_close(d);
	return NULL;
}

int vdec_send(VDec *d, const uint8_t *data, int n, int64_t pts) {
	int r = av_new_packet(d->pkt, n); // unlike a bare malloc it adds the padding that bit readers need
	if (r < 0)
		return r;
	memcpy(d->pkt->data, data, n);
	d->pkt->pts = pts;
	r = avcodec_send_packet(d->c, d->pkt);
	av_packet_unref(d->pkt);
	return r;
}

int vdec_receive(VDec *d, VInfo *info) {
	int r = avcodec_receive_frame(d->c, d->frame);
	if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
		return 0;
	if (r < 0)
		return r;
	AVFrame *f = d->frame;
	if (f->width <= 0 || f->height <= 0 || (int64_t)f->width * f->height > d->max_pixels) {
		av_frame_unref(f);
		return AVERROR_INVALIDDATA;
	}
	info->pts = f->pts != AV_NOPTS_VALUE ? f->pts : f->best_effort_timestamp;
	info->w = f->width;
	info->h = f->height;
	info->corrupt = f->decode_error_flags != 0 || (f->flags & AV_FRAME_FLAG_CORRUPT) != 0;
	// Before the first picture everything is missing, and what needed it was not
	// put out: leading pictures of an open group, for one.
	info->missing = d->missing && d->running;
	d->missing = 0;
	d->running = 1;
	return 1;
}

void vdec_flush(VDec *d) {
	d->missing = d->running = 0;
	av_frame_unref(d->frame);
	avcodec_flush_buffers(d->c);
}

void vdec_close(VDec *d) {
	if (!d)
		return;
	avcodec_free_context(&d->c);
	av_packet_free(&d->pkt);
	av_frame_free(&d->frame);
	scaler_free(&d->scaler[0]);
	scaler_free(&d->scaler[1]);
	av_free(d);
}
