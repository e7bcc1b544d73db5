package worker

import (
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/libav"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/mix"
)

// audio is the loop that makes sound. Everything in it belongs to its goroutine.
type audio struct {
	e       *engine
	limiter *mix.Limiter
	tracks  []*audioTrack
	sources []*source
	block   [2 * mix.Block]float32
	pos     int64 // position in the program of the next block, in samples
}

type audioTrack struct {
	track  transcode.Track
	enc    *libav.AudioEncoder
	packer *mix.Packer
}

func (e *engine) audioLoop() error {
	a := &audio{e: e, limiter: mix.NewLimiter()}
	defer a.close()
	if err := a.open(transcode.AAC, media.AAC, e.program.AACKbps, e.setup.AACNext); err != nil {
		return err
	}
	if err := a.open(transcode.Opus, media.Opus, e.program.OpusKbps, e.setup.OpusNext); err != nil {
		return err
	}
	// Where the worker before left off; what is missing since comes out as silence,
	// because no source has sound for it.
	a.pos = min(a.tracks[0].packer.Start(), a.tracks[1].packer.Start())
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		n := a.blocks()
		timer.Reset(mix.Duration(float64(a.pos+n*mix.Block)) - e.now())
		select {
		case <-e.ctx.Done():
			return nil
		case <-timer.C:
		}
		for range n {
			if err := a.tick(); err != nil {
				return err
			}
		}
		e.played.Store(int64(e.now()))
	}
}

// blocks is how many to make at the next waking: two, which halves the wakings,
// unless one completes a packet of Opus. That is two blocks long and the one that
// must not wait.
func (a *audio) blocks() int64 {
	opus := a.tracks[1]
	size := int64(opus.enc.FrameSize())
	past := (a.pos + mix.Block - opus.packer.Start()) % size // of the block's end, from a packet's
	if (past+size)%size < mix.Block {
		return 1
	}
	return 2
}

func (a *audio) open(track transcode.Track, codec media.Codec, kbps int, next int64) error {
	enc, err := libav.OpenAudioEncoder(codec, kbps)
	if err != nil {
		return err
	}
	a.tracks = append(a.tracks, &audioTrack{track, enc, mix.NewPacker(enc.FrameSize(), enc.Delay(), next)})
	return nil
}

func (a *audio) close() {
	for _, t := range a.tracks {
		t.enc.Close()
	}
}

// tick makes one block. The limiter looks ahead, so it is fed with what belongs
// to a little later.
func (a *audio) tick() error {
	clear(a.block[:])
	a.sources = a.e.stage.all(a.sources[:0])
	for _, s := range a.sources {
		s.input.Mix(a.block[:], a.pos+mix.Lookahead)
	}
	a.limiter.Process(a.block[:])
	for _, t := range a.tracks {
		err := t.packer.Write(a.block[:], a.pos, t.enc.Encode, func(pts int64, data []byte) error {
			return a.e.out.packets(transcode.Packet{Track: t.track, PTS: pts, Key: true, Data: data})
		})
		if err != nil {
			return err
		}
	}
	a.pos += mix.Block
	return nil
}
