package slate

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/font/opentype/tables"
	"github.com/go-text/typesetting/shaping"
)

// library is the fonts that help out. Which one does is decided by the letters and
// the style alone, not by what was drawn before.
type library struct {
	regular, bold []*typeface // the same, each in its order of preference
	known         map[wish]*typeface
	missing       func(script string)
	told          map[string]bool
	shaper        shaping.HarfbuzzShaper
}

// wish is a cluster of letters in a style.
type wish struct {
	letters string
	bold    bool
}

// wishesKept bounds library.known: a show has a few hundred different letters.
const wishesKept = 4096

func newLibrary(fonts []Font, missing func(string)) library {
	l := library{known: map[wish]*typeface{}, missing: missing, told: map[string]bool{}}
	l.shaper.SetFontCacheSize(16)
	for _, f := range fonts {
		t := &typeface{Font: f, bold: strings.Contains(f.Name, "Bold")}
		l.regular, l.bold = append(l.regular, t), append(l.bold, t)
	}
	prefer(l.regular, false)
	prefer(l.bold, true)
	return l
}

func prefer(list []*typeface, bold bool) {
	slices.SortStableFunc(list, func(a, b *typeface) int {
		return cmp.Or(cmp.Compare(rank(a.Name), rank(b.Name)), cmp.Compare(amiss(a.bold != bold), amiss(b.bold != bold)), cmp.Compare(a.Name, b.Name))
	})
}

func amiss(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rank says how well a font goes with the built-in ones, which are an upright sans
// serif: 0 is best.
func rank(name string) int {
	for _, other := range []string{"Italic", "Oblique", "Mono", "Condensed", "Light", "Thin", "Black", "Medium", "Semi", "Display", "Symbol", "Math"} {
		if strings.Contains(name, other) {
			return 4
		}
	}
	switch {
	case strings.HasPrefix(name, "NotoSans") && !strings.Contains(name, "UI"):
		return 0
	case strings.Contains(name, "Sans"), strings.Contains(name, "microhei"):
		return 1
	case strings.Contains(name, "Serif"), strings.Contains(name, "Nastaliq"):
		return 3
	}
	return 2
}

// find returns the best font that has all of a cluster's letters; nil: there is none.
func (l *library) find(cluster []rune, bold bool) *typeface {
	w := wish{string(cluster), bold}
	if t, ok := l.known[w]; ok {
		return t
	}
	list := l.regular
	if bold {
		list = l.bold
	}
	var found *typeface
	for _, t := range list {
		if t.covers(cluster) && t.open() {
			found = t
			break
		}
	}
	if len(l.known) >= wishesKept {
		clear(l.known)
	}
	l.known[w] = found
	return found
}

// lacks tells of a letter that no font has.
func (l *library) lacks(r rune) {
	script := scriptName(r)
	if l.missing == nil || script == "" || l.told[script] {
		return
	}
	l.told[script] = true
	l.missing(script)
}

// scriptName is what Unicode calls the script of r; empty for what belongs to none or
// to several.
func scriptName(r rune) string {
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return name
		}
	}
	return ""
}

// typeface is a font of the library, read as far as was needed.
type typeface struct {
	Font
	bold   bool
	loader *opentype.Loader
	cmap   font.Cmap // which letters it has
	face   *font.Face
	broken bool
}

// covers reports whether the font has all letters of a cluster.
func (t *typeface) covers(cluster []rune) bool {
	if t.cmap == nil && !t.broken {
		t.broken = guarded(t.index) != nil
	}
	if t.broken {
		return false
	}
	for _, r := range cluster {
		if _, ok := t.cmap.Lookup(r); !ok && !joins(r) {
			return false
		}
	}
	return true
}

// index reads which letters a font has, and nothing else of it. Of a collection the
// first font counts.
func (t *typeface) index() error {
	all, err := opentype.NewLoaders(bytes.NewReader(t.Data))
	if err != nil || len(all) == 0 {
		return fmt.Errorf("no font: %w", err)
	}
	t.loader = all[0]
	raw, err := t.loader.RawTable(opentype.MustNewTag("cmap"))
	if err != nil {
		return err
	}
	table, _, err := tables.ParseCmap(raw)
	if err != nil {
		return err
	}
	t.cmap, _, err = font.ProcessCmap(table, tables.FPNone)
	return err
}

// open reads a font whole, which takes up to some tens of milliseconds: once.
func (t *typeface) open() bool {
	if t.face == nil && !t.broken {
		t.broken = guarded(func() error {
			f, err := font.NewFont(t.loader)
			if err == nil {
				t.face = font.NewFace(f)
			}
			return err
		}) != nil
	}
	return !t.broken
}

// guarded keeps a font that its reader stumbles over from ending the program.
func guarded(do func() error) (err error) {
	defer func() {
		if what := recover(); what != nil {
			err = fmt.Errorf("the font is damaged: %v", what)
		}
	}()
	return do()
}
