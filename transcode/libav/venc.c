#include "shim.h"
#include <libavutil/dict.h>
#include <libavutil/mem.h>

VEnc *venc_open(const char *name, int w, int h, int fps, int kbps, int gop, const char *options, int *err) {
	shim_quiet();
	const AVCodec *codec = avcodec_find_encoder_by_name(name);
	if (!codec) {
		*err = AVERROR_ENCODER_NOT_FOUND;
		return NULL;
	}
	VEnc *e = av_mallocz(sizeof *e);
	*err = AVERROR(ENOMEM);
	if (!e)
		return NULL;
	AVDictionary *dict = NULL;
	e->c = avcodec_alloc_context3(codec);
	e->pkt = av_packet_alloc();
	e->frame = av_frame_alloc();
	if (!e->c || !e->pkt || !e->frame)
		goto fail;
	AVCodecContext *c = e->c;
	c->width = w;
	c->height = h;
	c->pix_fmt = AV_PIX_FMT_YUV420P;
	c->time_base = (AVRational){1, fps};
	c->framerate = (AVRational){fps, 1};
	c->bit_rate = c->rc_max_rate = (int64_t)kbps * 1000;
	c->rc_buffer_size = kbps * 1000; // one second
	c->gop_size = gop;
	c->max_b_frames = 0;
	c->thread_count = 1;
	c->color_range = AVCOL_RANGE_MPEG;
	c->colorspace = AVCOL_SPC_BT709;
	c->color_primaries = AVCOL_PRI_BT709;
	c->color_trc = AVCOL_TRC_BT709;
	c->chroma_sample_location = AVCHROMA_LOC_LEFT;
	if ((*err = av_dict_parse_string(&dict, options, "=", " ", 0)) < 0 || (*err = avcodec_open2(c, codec, &dict)) < 0)
		goto fail;
	if (av_dict_count(dict)) { // left over: the encoder does not know it
		*err = AVERROR_OPTION_NOT_FOUND;
		goto fail;
	}
	av_dict_free(&dict);
	e->frame->format = c->pix_fmt;
	e->frame->width = w;
	e->frame->height = h;
	e->frame->color_range = c->color_range;
	e->frame->colorspace = c->colorspace;
	e->frame->color_primaries = c->color_primaries;
	e->frame->color_trc = c->color_trc;
	if ((*err = av_frame_get_buffer(e->frame, 0)) >= 0)
		return e;
fail:
	av_dict_free(&dict);
	venc_close(e);
	return NULL;
}

int venc_begin(VEnc *e) { return av_frame_make_writable(e->frame); }

int venc_encode(VEnc *e, int64_t pts, int key) {
	e->frame->pts = pts;
	e->frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
	av_packet_unref(e->pkt);
	int r = avcodec_send_frame(e->c, e->frame);
	if (r < 0)
		return r;
	r = avcodec_receive_packet(e->c, e->pkt);
	if (r == AVERROR(EAGAIN))
		return 0;
	return r < 0 ? r : 1;
}

void venc_close(VEnc *e) {
	if (!e)
		return;
	avcodec_free_context(&e->c);
	av_packet_free(&e->pkt);
	av_frame_free(&e->frame);
	av_free(e);
}
