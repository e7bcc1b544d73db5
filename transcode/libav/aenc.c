#include "shim.h"
#include <math.h>
#include <libavutil/channel_layout.h>
#include <libavutil/dict.h>
#include <libavutil/mem.h>

AEnc *aenc_open(const char *name, int rate, int channels, int samples, int kbps, const char *options, int *err) {
	shim_quiet();
	const AVCodec *codec = avcodec_find_encoder_by_name(name);
	if (!codec) {
		*err = AVERROR_ENCODER_NOT_FOUND;
		return NULL;
	}
	AEnc *e = av_mallocz(sizeof *e);
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
	const int pcm = av_get_exact_bits_per_sample(codec->id) > 0;
	c->sample_rate = rate;
	c->sample_fmt = pcm ? AV_SAMPLE_FMT_S16 : codec->id == AV_CODEC_ID_OPUS ? AV_SAMPLE_FMT_FLT : AV_SAMPLE_FMT_FLTP;
	c->bit_rate = (int64_t)kbps * 1000;
	c->time_base = (AVRational){1, rate};
	c->thread_count = 1;
	c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
	av_channel_layout_default(&c->ch_layout, channels);
	if ((*err = av_dict_parse_string(&dict, options, "=", " ", 0)) < 0 || (*err = avcodec_open2(c, codec, &dict)) < 0)
		goto fail;
	if (av_dict_count(dict)) {
		*err = AVERROR_OPTION_NOT_FOUND;
		goto fail;
	}
	av_dict_free(&dict);
	e->frame->format = c->sample_fmt;
	e->frame->nb_samples = c->frame_size ? c->frame_size : samples;
	e->frame->sample_rate = rate;
	if ((*err = av_channel_layout_copy(&e->frame->ch_layout, &c->ch_layout)) >= 0
		&& (*err = av_frame_get_buffer(e->frame, 0)) >= 0) {
		e->frame->pts = 0;
		return e;
	}
fail:
	av_dict_free(&dict);
	aenc_close(e);
	return NULL;
}

static inline int16_t to_s16(float v) {
	v *= 32768;
	return v >= 32767 ? 32767 : v <= -32768 ? -32768 : (int16_t)lrintf(v);
}

// A mono encoder gets the mean of both sides.
static void fill(AEnc *e, const float *in) {
	AVFrame *f = e->frame;
	const int n = f->nb_samples, ch = f->ch_layout.nb_channels;
	for (int c = 0; c < ch; c++) {
		const float l = ch == 1 ? 0.5f : c == 0, r = ch == 1 ? 0.5f : c == 1;
		if (f->format == AV_SAMPLE_FMT_FLTP) {
			float *out = (float *)f->data[c];
			for (int i = 0; i < n; i++)
				out[i] = l * in[2 * i] + r * in[2 * i + 1];
		} else if (f->format == AV_SAMPLE_FMT_FLT) {
			float *out = (float *)f->data[0] + c;
			for (int i = 0; i < n; i++)
				out[ch * i] = l * in[2 * i] + r * in[2 * i + 1];
		} else {
			int16_t *out = (int16_t *)f->data[0] + c;
			for (int i = 0; i < n; i++)
				out[ch * i] = to_s16(l * in[2 * i] + r * in[2 * i + 1]);
		}
	}
}

int aenc_encode(AEnc *e, const float *stereo) {
	int r = av_frame_make_writable(e->frame);
	if (r < 0)
		return r;
	fill(e, stereo);
	av_packet_unref(e->pkt);
	if ((r = avcodec_send_frame(e->c, e->frame)) < 0)
		return r;
	e->frame->pts += e->frame->nb_samples;
	r = avcodec_receive_packet(e->c, e->pkt);
	if (r == AVERROR(EAGAIN))
		return 0;
	return r < 0 ? r : 1;
}

void aenc_close(AEnc *e) {
	if (!e)
		return;
	avcodec_free_context(&e->c);
	av_packet_free(&e->pkt);
	av_frame_free(&e->frame);
	av_free(e);
}
