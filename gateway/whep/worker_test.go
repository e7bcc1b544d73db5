package whep

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtp"

	"github.com/regie-live/regie/gateway/rtc"
	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/media"
)

// TestJoin: who comes shortly after a keyframe is given all since, in order and
// with timestamps that end in the present; who comes later waits.
func TestJoin(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	fd := NewFeed(Options{Net: n, BasePath: "/live/a/", RequestKeyframe: func() { asked++ }})
	defer func() {
		fd.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	k := newWorker(fd)
	var f feedOf
	at := time.Unix(1000, 0)
	write := func(key bool) *frame {
		fr := f.next(key)
		fr.at = at
		at = at.Add(33 * time.Millisecond)
		k.send(fr)
		return fr
	}
	enter := func() *wire {
		s, w := bound(t, media.Video)
		v := newViewer(fd, "x", -1)
		v.video = s
		k.add(v)
		return w
	}
	packets := func(w *wire) (list []rtp.Packet) {
		for i := w.last - uint16(w.n) + 1; len(list) < w.n; i++ {
			var p rtp.Packet
			if err := p.Unmarshal(w.sent[i]); err != nil {
				t.Fatal(err)
			}
			list = append(list, p)
		}
		return list
	}
	write(true)
	write(false)
	early := enter()
	live := write(false)
	got := packets(early)
	if want := int(live.first) + len(live.payloads); len(got) != want {
		t.Fatalf("the joiner got %d packets, want %d", len(got), want)
	}
	for i, p := range got[1:] {
		if step := int32(p.Timestamp - got[i].Timestamp); step < 0 || step > catchUp {
			t.Errorf("a step of %d in the timestamps", step)
		}
	}
	if last := got[len(got)-1]; last.Timestamp != live.time || !last.Marker {
		t.Errorf("the live picture is at %d, want %d", last.Timestamp, live.time)
	}
	next := write(false)
	if got := packets(early); got[len(got)-1].Timestamp != next.time {
		t.Error("the next picture is not at its own time")
	}
	for range 20 {
		write(false)
	}
	late := enter()
	write(false)
	if late.n != 0 || asked != 1 {
		t.Errorf("the latecomer got %d packets, asked %d times for a keyframe", late.n, asked)
	}
	write(true)
	if late.n == 0 {
		t.Error("the latecomer did not get the keyframe")
	}
}

// TestOverload: a worker that is held up loses pictures, begins again at a
// keyframe, and holds up nobody.
func TestOverload(t *testing.T) {
	n, err := rtc.Listen(rtc.Config{Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	f := NewFeed(Options{Net: n, BasePath: "/live/a/", RequestKeyframe: func() { asked++ }})
	defer func() {
		f.Close()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	s, w := bound(t, media.Video)
	v := newViewer(f, "x", -1)
	v.video, v.worker = s, newWorker(f) // a worker that does not run
	v.worker.add(v)
	f.workers = append(f.workers, v.worker)

	write := func(key bool) {
		f.Write(transcode.Packet{Track: transcode.Video, PTS: int64(f.packets.rungs[0].number) * 3000, Key: key, Data: []byte{0, 0, 0, 1, 0x41, 1, 2, 3}})
	}
	write(true)
	for range maxQueue + 9 {
		write(false)
	}
	for range maxQueue {
		v.worker.send(<-v.worker.queue)
	}
	if w.n != maxQueue {
		t.Fatalf("%d packets sent, want %d", w.n, maxQueue)
	}
	write(false)
	v.worker.send(<-v.worker.queue)
	if w.n != maxQueue || asked != 1 {
		t.Errorf("after the gap: %d packets more, asked %d times for a keyframe", w.n-maxQueue, asked)
	}
	write(true)
	v.worker.send(<-v.worker.queue)
	if w.n != maxQueue+1 {
		t.Error("the keyframe did not go out")
	}
}

func TestPacketizer(t *testing.T) {
	z := newPacketizer(newClock(), 1)
	key := bytes.Join([][]byte{{0, 0, 0, 1, 9, 0xf0}, {0, 0, 0, 1, 0x67, 1, 2, 3}, {0, 0, 0, 1, 0x68, 4}, append([]byte{0, 0, 0, 1, 0x65}, make([]byte, 5000)...)}, nil)
	f := z.frame(transcode.Packet{Track: transcode.Video, PTS: 0, Key: true, Data: key})
	if len(f.payloads) < 5 || f.payloads[0][0]&31 != 24 {
		t.Fatalf("%d packets, the first of kind %d; want the parameter sets first", len(f.payloads), f.payloads[0][0]&31)
	}
	for _, p := range f.payloads {
		if len(p) > maxPayload {
			t.Errorf("a payload of %d bytes", len(p))
		}
	}
	next := z.frame(transcode.Packet{Track: transcode.Video, PTS: 3000, Data: []byte{0, 0, 0, 1, 0x41, 1}})
	if next.first != uint64(len(f.payloads)) || next.number != 1 || next.time-f.time != 3000 || next.key {
		t.Errorf("the next picture is %+v", next)
	}
	sound := z.frame(transcode.Packet{Track: transcode.Opus, PTS: 960, Key: true, Data: []byte{1}})
	if sound.kind != media.Audio || len(sound.payloads) != 1 {
		t.Errorf("sound %+v", sound)
	}
	for _, p := range []transcode.Packet{{Track: transcode.AAC, Data: []byte{1}}, {Track: transcode.Opus}, {Track: transcode.Video}} {
		if f := z.frame(p); f != nil {
			t.Errorf("%+v became %+v", p, f)
		}
	}
}
