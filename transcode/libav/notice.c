// What libav only says in its log. Some losses leave no other trace: a picture
// predicted from one that never came is decoded without an error and without a
// flag. The texts are libav's own since 2011 (H.264) and 2012 (H.265); should
// one change, a loss goes unnoticed as it would without this.
#include "shim.h"

static const char *const losses[] = {
	"Frame num gap",               // H.264: frame_num jumps
	"Could not find ref with POC", // H.265: a reference is missing
};

// Called for every message of every context, whatever the log level. Encoders
// and scalers have no VDec and are passed over.
static void notice(void *context, int level, const char *format, va_list args) {
	(void)level;
	(void)args;
	if (!context || *(const AVClass **)context != avcodec_get_class())
		return;
	VDec *d = ((AVCodecContext *)context)->opaque;
	if (!d)
		return;
	for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
		if (!strncmp(format, losses[i], strlen(losses[i])))
			d->missing = 1;
}

void shim_quiet(void) {
	av_log_set_level(AV_LOG_QUIET); // libraries behind libav ask for it
	av_log_set_callback(notice);
}
