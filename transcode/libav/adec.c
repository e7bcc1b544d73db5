#include "shim.h"
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>

enum { out_rate = 48000, max_samples = 192000 };

ADec *adec_open(const char *name, int rate, int channels, const uint8_t *extra, int nextra, int *err) {
	shim_quiet();
	const AVCodec *codec = avcodec_find_decoder_by_name(name);
	if (!codec) {
		*err = AVERROR_DECODER_NOT_FOUND;
		return NULL;
	}
	ADec *d = av_mallocz(sizeof *d);
	*err = AVERROR(ENOMEM);
	if (!d)
		return NULL;
	d->c = avcodec_alloc_context3(codec);
	d->pkt = av_packet_alloc();
	d->frame = av_frame_alloc();
	if (!d->c || !d->pkt || !d->frame)
		goto fail;
	d->c->sample_rate = rate;
	av_channel_layout_default(&d->c->ch_layout, channels);
	d->c->request_sample_fmt = AV_SAMPLE_FMT_FLT;
	d->c->pkt_timebase = (AVRational){1, rate};
	d->c->max_samples = max_samples;
	d->c->thread_count = 1;
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
	adec_close(d);
	return NULL;
}

// The resampler follows whatever the decoder puts out, which may change from
// one packet to the next (AAC signalling SBR late, Opus never).
static int ensure_resampler(ADec *d) {
	AVFrame *f = d->frame;
	if (d->swr && d->rate == f->sample_rate && d->fmt == f->format && !av_channel_layout_compare(&d->layout, &f->ch_layout))
		return 0;
	swr_free(&d->swr);
	av_channel_layout_uninit(&d->layout);
	if (f->sample_rate <= 0 || f->ch_layout.nb_channels <= 0)
		return AVERROR_INVALIDDATA;
	AVChannelLayout in = {0}, stereo = AV_CHANNEL_LAYOUT_STEREO;
	if (f->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC)
		av_channel_layout_default(&in, f->ch_layout.nb_channels);
	else
		av_channel_layout_copy(&in, &f->ch_layout);
	int r = swr_alloc_set_opts2(&d->swr, &stereo, AV_SAMPLE_FMT_FLT, out_rate, &in, f->format, f->sample_rate, 0, NULL);
	if (r >= 0 && in.nb_channels == 1) {
		// A lone voice keeps its level on both sides; the default takes 3 dB off.
		const double both[2] = {1, 1};
		r = swr_set_matrix(d->swr, both, 1);
	}
	av_channel_layout_uninit(&in);
	if (r >= 0)
		r = swr_init(d->swr);
	if (r >= 0)
		r = av_channel_layout_copy(&d->layout, &f->ch_layout);
	if (r < 0) {
		swr_free(&d->swr);
		return r;
	}
	d->rate = f->sample_rate;
	d->fmt = f->format;
	return 0;
}

static int convert(ADec *d) {
	int r = ensure_resampler(d);
	if (r < 0)
		return r;
	if (d->n == 0)
		d->delay = swr_get_delay(d->swr, out_rate);
	int room = swr_get_out_samples(d->swr, d->frame->nb_samples);
	if (room < 0)
		return room;
	if (d->n + room > d->cap) {
		float *grown = av_realloc_array(d->out, d->n + room, 2 * sizeof *grown);
		if (!grown)
			return AVERROR(ENOMEM);
		d->out = grown;
		d->cap = d->n + room;
	}
	uint8_t *out[1] = {(uint8_t *)(d->out + 2 * d->n)};
	r = swr_convert(d->swr, out, d->cap - d->n, (const uint8_t **)d->frame->extended_data, d->frame->nb_samples);
	if (r > 0)
		d->n += r;
	return r;
}

int adec_decode(ADec *d, const uint8_t *data, int n) {
	d->n = 0;
	int r = av_new_packet(d->pkt, n);
	if (r < 0)
		return r;
	memcpy(d->pkt->data, data, n);
	int err = avcodec_send_packet(d->c, d->pkt);
	av_packet_unref(d->pkt);
	for (int tries = 0; tries < 64; tries++) {
		r = avcodec_receive_frame(d->c, d->frame);
		if (r == AVERROR(EAGAIN) || r == AVERROR_EOF)
			break;
		if (r >= 0) {
			r = convert(d);
			av_frame_unref(d->frame);
		}
		if (r < 0)
			err = r;
	}
	return err < 0 ? err : 0;
}

void adec_flush(ADec *d) {
	d->n = 0;
	avcodec_flush_buffers(d->c);
	swr_free(&d->swr);
}

void adec_close(ADec *d) {
	if (!d)
		return;
	avcodec_free_context(&d->c);
	av_packet_free(&d->pkt);
	av_frame_free(&d->frame);
	swr_free(&d->swr);
	av_channel_layout_uninit(&d->layout);
	av_free(d->out);
	av_free(d);
}
