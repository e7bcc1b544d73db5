package web

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"
)

// realBuild is the folder that `make web` fills.
func realBuild(t *testing.T) fs.FS {
	t.Helper()
	folder, err := fs.Sub(dist, "dist")
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func built(t *testing.T) *assets {
	t.Helper()
	a, err := loadAssets(realBuild(t))
	if err != nil {
		t.Fatalf("%v; run `make web` first", err)
	}
	return a
}

// transferred is what goes over the wire for a file, with brotli.
func (a *assets) transferred(file string) int {
	s := a.manifest.Files[path.Base(file)]
	if s.Brotli > 0 {
		return s.Brotli
	}
	return s.Raw
}

// A page must be light: each part has its limit in bytes, brotli, as it goes
// over the wire. Raising one is a decision, so it is written here.
func TestBudget(t *testing.T) {
	a := built(t)
	// What the player brings, beside what every page has.
	ofPlayer := append(a.preload("index.ts"), a.url("index.ts"))
	ofPlayer = slices.DeleteFunc(ofPlayer, func(file string) bool { return slices.Contains(a.preload("home.tsx"), file) })
	scripts := func(source string) (own, player int) {
		own = a.transferred(a.url(source))
		for _, file := range a.preload(source) {
			if slices.Contains(ofPlayer, file) {
				player += a.transferred(file)
			} else {
				own += a.transferred(file)
			}
		}
		return own, player
	}
	home, homePlayer := scripts("home.tsx")
	live, livePlayer := scripts("live.tsx")
	socket, picture := a.transferred(a.url("events.ts")), a.transferred(a.url("picture.ts"))
	for _, file := range a.preload("events.ts") {
		socket += a.transferred(file)
	}
	embed, _ := scripts("embed.tsx")
	follow, _ := scripts("follow.tsx")
	watch, player := scripts("watch.tsx")
	// What the room brings when the page is idle, beside what the page has.
	room := a.transferred(a.url("watching.tsx")) + a.transferred(a.url("room.css")) + a.transferred(a.url("words:fr"))
	for _, file := range a.preload("watching.tsx") {
		if !slices.Contains(a.preload("watch.tsx"), file) {
			room += a.transferred(file)
		}
	}
	admin, adminPlayer := scripts("admin.tsx")
	encoders, encodersPlayer := scripts("obs.tsx")
	studio, _ := scripts("studio.tsx")
	guest, _ := scripts("guest.tsx")
	moderation, _ := scripts("mod.tsx")
	fonts := a.transferred(a.url("instrument-sans-latin-wght-normal.woff2")) + a.transferred(a.url("bricolage-grotesque-latin-wght-normal.woff2"))
	css := a.transferred(a.url("app.css"))
	page := get(t, siteOf(realBuild(t), onAir), "/s/studio").Body.Len()

	for _, part := range []struct {
		name        string
		size, limit int
	}{
		{"styles and page", css + page, 20_000},
		{"home: scripts", home, 25_000},
		{"home: player", homePlayer, 0},
		{"live: scripts", live, 25_000},
		{"live: to interactive, with what comes when idle", live + socket + picture, 60_000},
		{"live: player, before the page is ready", livePlayer, 0},
		{"live: styles", a.transferred(a.url("live.css")), 5_000},
		{"follow: scripts", follow, 25_000},
		{"embed: scripts", embed, 25_000},
		{"watch: scripts", watch, 25_000},
		{"watch: player", player, 195_000},
		{"watch: the room, when idle", room, 40_000},
		{"admin: scripts", admin, 25_000},
		{"encoders: scripts", encoders, 25_000},
		{"admin, encoders: player", adminPlayer + encodersPlayer, 0},
		{"admin, encoders: styles", a.transferred(a.url("office.css")), 10_000},
		{"studio: scripts and styles", studio + a.transferred(a.url("studio.css")), 150_000},
		{"guest: scripts and styles", guest + a.transferred(a.url("studio.css")), 150_000},
		{"moderation: scripts and styles", moderation + a.transferred(a.url("mod.css")), 60_000},
		{"fonts", fonts, 75_000},
		{"to the first frame, before media", css + page + watch + player, 280_000},
	} {
		t.Logf("%-34s %7d of %7d bytes", part.name, part.size, part.limit)
		if part.size > part.limit || part.size == 0 && part.limit > 0 {
			t.Errorf("%s: %d bytes, the limit is %d", part.name, part.size, part.limit)
		}
	}
}

// Whatever is in the bundle, its licence is in the file that the pages link to.
func TestLicences(t *testing.T) {
	a := built(t)
	text := string(a.files[path.Base(a.url("licences.txt"))].raw)
	for _, name := range []string{"hls.js", "media-chrome", "preact", "@preact/signals", "@fontsource-variable/instrument-sans", "@fontsource-variable/bricolage-grotesque", "SIL OPEN FONT LICENSE"} {
		if !strings.Contains(text, name) {
			t.Errorf("licences.txt lacks %s", name)
		}
	}
}

// No page may lead a visitor's browser to another host.
func TestNothingComesFromElsewhere(t *testing.T) {
	for name, f := range built(t).files {
		if path.Ext(name) != ".css" {
			continue
		}
		if strings.Contains(string(f.raw), "http") || strings.Contains(string(f.raw), "//") {
			t.Errorf("%s names another host", name)
		}
	}
}
