package worker

import (
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/regie-live/regie/transcode"
	"github.com/regie-live/regie/transcode/compose"
	"github.com/regie-live/regie/transcode/media"
	"github.com/regie-live/regie/transcode/wire"
)

// tinyProgram is cheap enough for unit tests.
var tinyProgram = transcode.Program{Width: 160, Height: 160, FPS: 30, Kbps: 200, GOP: 30, Part: 10, AACKbps: 64, OpusKbps: 32, MaxPixels: 1 << 20}

func setup(t *testing.T, change func(*wire.Setup)) wire.Message {
	t.Helper()
	program, err := json.Marshal(tinyProgram)
	if err != nil {
		t.Fatal(err)
	}
	s := wire.Setup{Version: wire.Version, Program: program, Epoch: wire.Monotonic()}
	if change != nil {
		change(&s)
	}
	m, err := wire.Control(wire.Configure, 0, s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// talk runs a worker in this process with the given messages on its input, lets see
// have what it says until that returns false, and returns how it ended.
func talk(t *testing.T, see func(wire.Message) bool, messages ...wire.Message) error {
	t.Helper()
	stdin, in := io.Pipe()
	out, stdout := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := Run(t.Context(), stdin, stdout, slog.New(slog.DiscardHandler), nil)
		_ = stdin.CloseWithError(io.ErrClosedPipe)
		_ = stdout.Close()
		done <- err
	}()
	go func() {
		w := wire.NewWriter(in)
		for _, m := range messages {
			if w.Write(m) != nil || w.Flush() != nil {
				return
			}
		}
		if see == nil {
			_ = in.Close()
		}
	}()
	r := wire.NewReader(out)
	for {
		m, err := r.Read()
		if err != nil {
			break
		}
		if see != nil && !see(m) {
			_ = in.Close()
			see = nil
		}
	}
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run does not end")
		return nil
	}
}

func control(t *testing.T, kind wire.Type, index uint16, v any) wire.Message {
	t.Helper()
	m, err := wire.Control(kind, index, v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRun: a worker alone makes a steady program from nothing, on the grid from
// where it was told to go on, and leaves no goroutine behind.
func TestRun(t *testing.T) {
	const start = 10 * time.Second // the worker before ended two seconds ago
	var video, opus []int64
	keys := map[int64]bool{}
	beats := 0
	err := talk(t, func(m wire.Message) bool {
		switch {
		case m.Type == wire.Heartbeat:
			beats++
		case m.Type == wire.Packet && transcode.Track(m.Kind) == transcode.Video:
			n := tinyProgram.FrameOf(m.PTS)
			video = append(video, n)
			keys[n] = m.Flags&wire.Key != 0
		case m.Type == wire.Packet && transcode.Track(m.Kind) == transcode.Opus:
			opus = append(opus, m.PTS)
		}
		return beats < 4
	},
		setup(t, func(s *wire.Setup) {
			s.Epoch -= int64(start)
			s.VideoNext = 8*30 + 1
			s.AACNext, s.OpusNext = 8*48000/1024*1024, 8*48000
		}),
		control(t, wire.Source, 1, transcode.Source{ID: "a", Name: "Ana", Gain: 1}),
		control(t, wire.Tracks, 1, []media.Track{{Codec: media.H264}, {Codec: media.PCMA}, {Codec: media.AAC}}),
		control(t, wire.Scene, 0, transcode.Scene{Cells: []transcode.Cell{{Source: "a", Rect: transcode.Rect{W: 160, H: 160}, Caption: "Ana"}}}),
		wire.Message{Type: wire.AccessUnit, Source: 1, Payload: []byte{1}},
		wire.Message{Type: wire.AccessUnit, Source: 9, Payload: []byte{1}},
		wire.Message{Type: wire.Keyframe},
	)
	if err != nil {
		t.Errorf("Run: %v", err)
	}
	want := []int64{250, 260, 270, 280, 290}
	for i, n := range want {
		if len(video) <= i || video[i] != n {
			t.Fatalf("frames %v, want first those on the borders of parts that were missed: %v", video, want)
		}
	}
	for _, n := range video {
		if (n == 250 || n%30 == 0) && !keys[n] {
			t.Errorf("frame %d is no keyframe", n)
		}
	}
	if len(opus) < 100 || opus[0] != 8*48000 {
		t.Fatalf("%d Opus packets from %v, want all since second 8", len(opus), opus[:min(1, len(opus))])
	}
	for i := 1; i < len(opus); i++ {
		if opus[i] != opus[i-1]+960 {
			t.Fatalf("Opus packet at %d after %d", opus[i], opus[i-1])
		}
	}
}

func TestRunRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		says string
		ms   []wire.Message
	}{
		{"nothing", "no configuration came", nil},
		{"something else first", "came before the configuration", []wire.Message{{Type: wire.Keyframe}}},
		{"another version", "version", []wire.Message{setup(t, func(s *wire.Setup) { s.Version++ })}},
		{"no program", "configure", []wire.Message{setup(t, func(s *wire.Setup) { s.Program = []byte(`"x"`) })}},
		{"a bad program", "width", []wire.Message{setup(t, func(s *wire.Setup) { s.Program = []byte(`{"width":1}`) })}},
		{"a message for the gateway", "not for a worker", []wire.Message{setup(t, nil), {Type: wire.Heartbeat}}},
		{"a scene that is none", "scene", []wire.Message{setup(t, nil), {Type: wire.Scene, Payload: []byte("[")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := talk(t, nil, c.ms...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q", err, c.says)
			}
		})
	}
}

// show puts a picture of one luma on show for a source.
func show(s *source, w, h int, luma byte, now time.Duration) {
	tl := s.tiles.blank(shape{w, h, transcode.Contain})
	tl.pic.Fill(luma, 128, 128)
	tl.at, tl.due = now, now
	s.tiles.put(tl, now)
}

// TestPaint: what changed is drawn, what lies above it too, and a source without a
// picture has its name card.
func TestPaint(t *testing.T) {
	now := 10 * time.Second
	e := &engine{program: tinyProgram, clock: func() time.Duration { return now }}
	e.stage.init()
	e.scenes = newScenes(e)
	a, b := newSource(e, 1, transcode.Source{ID: "a"}), newSource(e, 2, transcode.Source{ID: "b"})
	e.stage.add(a)
	e.stage.add(b)
	full := transcode.Cell{Source: "a", Rect: transcode.Rect{W: 160, H: 160}}
	inset := transcode.Cell{Source: "b", Rect: transcode.Rect{X: 80, Y: 80, W: 64, H: 64}}
	e.scenes.ready.Store(e.scenes.draw(transcode.Scene{Cells: []transcode.Cell{full, inset, {Source: "nobody", Rect: transcode.Rect{X: 9000}}}}))
	canvas := compose.NewPicture(160, 160)
	p := painter{e: e}
	at := func(x, y int) byte { return canvas.Y[y*canvas.YStride+x] }
	check := func(what string, under, above byte) {
		t.Helper()
		p.paint(canvas, now, now, false)
		if at(4, 4) != under || at(90, 90) != above {
			t.Errorf("%s: %d and %d, want %d and %d", what, at(4, 4), at(90, 90), under, above)
		}
		now += 33 * time.Millisecond
	}
	show(a, 160, 160, 50, now)
	show(b, 64, 64, 200, now)
	check("both", 50, 200)
	show(a, 160, 160, 60, now)
	check("below changed", 60, 200)
	show(b, 64, 64, 210, now)
	check("above changed", 60, 210)
	canvas.Fill(1, 1, 1)
	check("nothing changed, nothing drawn", 1, 1)
	show(a, 320, 180, 70, now) // of another size: stretched until the next
	p.paint(canvas, now, now, false)
	if at(4, 80) != 70 || at(90, 90) != 210 {
		t.Errorf("stretched: %d and %d", at(4, 80), at(90, 90))
	}
	now += holdPicture + time.Second
	p.paint(canvas, now, now, false)
	if card := at(4, 4); card == 70 || card == 1 || card == 16 {
		t.Errorf("no name card: %d", card)
	}
	e.scenes.ready.Store(e.scenes.draw(transcode.Scene{Slate: &transcode.Slate{Title: "Soon"}}))
	p.paint(canvas, now, now, false)
	before := at(4, 4)
	show(a, 160, 160, 90, now)
	p.paint(canvas, now, now, false)
	if at(4, 4) != before {
		t.Error("a picture over the slate")
	}
}

// TestPlace: a source's next picture is scaled for its cell from the moment the
// scene is set, before anything of the scene is drawn; and who has no cell is not
// heard.
func TestPlace(t *testing.T) {
	e := &engine{program: tinyProgram, clock: func() time.Duration { return 0 }}
	e.stage.init()
	e.scenes = newScenes(e)
	a, b := newSource(e, 1, transcode.Source{ID: "a", Gain: 1}), newSource(e, 2, transcode.Source{ID: "b", Gain: 1})
	e.stage.add(a)
	e.stage.add(b)
	is := func(what string, s *source, want *shape) {
		t.Helper()
		got := s.shape.Load()
		if (got == nil) != (want == nil) || got != nil && *got != *want || s.heard != (want != nil) {
			t.Errorf("%s: %s has shape %v and is heard: %v, want shape %v", what, s.id, got, s.heard, want)
		}
	}
	e.scenes.set(transcode.Scene{Cells: []transcode.Cell{
		{Source: "a", Rect: transcode.Rect{W: 80, H: 160}},
		{Source: "a", Rect: transcode.Rect{X: 80, W: 32, H: 32}, Fit: transcode.Cover},
	}})
	is("two cells", a, &shape{80, 160, transcode.Auto})
	is("none", b, nil)
	e.scenes.set(transcode.Scene{Cells: []transcode.Cell{{Source: "b", Rect: transcode.Rect{X: 60, W: 900, H: 160}, Fit: transcode.Cover}}})
	is("gone", a, nil)
	is("beyond the program", b, &shape{100, 160, transcode.Cover})
	e.scenes.set(transcode.Scene{Slate: &transcode.Slate{Title: "Soon"}, Cells: []transcode.Cell{{Source: "b", Rect: transcode.Rect{W: 160, H: 160}}}})
	is("slate", b, nil)
}
