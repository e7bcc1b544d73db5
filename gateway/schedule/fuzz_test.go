package schedule

import (
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/internal/sheet"
	"github.com/regie-live/regie/gateway/show"
)

// FuzzRead: no file, however broken, ends the appliance; what is wrong has a line
// of the file or none.
func FuzzRead(f *testing.F) {
	f.Add([]byte("event: {name: A, days: [{date: 2026-01-01}]}\nsessions:\n  - title: |-\n      x\n"), false)
	f.Add([]byte("kind,title,links\ncreator,Ana,\"Site https://a.example\"\n"), true)
	f.Add([]byte("creators: [[{}]]\nevent: - - ? x"), false)
	f.Fuzz(func(t *testing.T, text []byte, isCSV bool) {
		read := readYAML
		if isCSV {
			read = readCSV
		}
		file, wrong := read(text)
		if wrong.error() == nil {
			wrong = draftOf(file)
		}
		for _, p := range wrong.list {
			if p.line < 0 || p.line > strings.Count(string(text), "\n")+strings.Count(string(text), "\r")+2 || p.text == "" {
				t.Errorf("%+v of %q", p, text)
			}
		}
	})
}

// FuzzText: what is written is read again, in both kinds of file.
func FuzzText(f *testing.F) {
	for _, s := range []string{"yes", "a: b", "- x", "x\n  y\n", "=1", "'=", "é # c", "|", "\u2028", "1.0", "~", " lead", "a\n\n\nb", "\"", "a\\nb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := show.Markdown("A text", text)
		if err != nil || at == "" {
			return
		}
		w := &yamlWriter{}
		w.pair("", "event", at)
		v, wrong := readYAML(w.Bytes())
		if strings.Count(at, "[")+strings.Count(at, "{") > maxRecords {
			return
		}
		if wrong.error() != nil || v.keys["event"].text != at {
			t.Errorf("%q is written %q and read %q (%v)", at, w.String(), v.keys["event"].text, wrong.error())
		}
		if got := sheet.Unguard(sheet.Guard(at)); got != at {
			t.Errorf("%q comes out of a cell as %q", at, got)
		}
	})
}
