package web

import (
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regie-live/regie/gateway/show"
)

func TestChooseLanguage(t *testing.T) {
	tests := []struct {
		name, path, cookie, accept string
		want                       lang
	}{
		{"nothing said", "/", "", "", english},
		{"the browser's", "/", "", "fr-CH, fr;q=0.9, en;q=0.8", french},
		{"by weight", "/", "", "en;q=0.5, fr;q=0.7", french},
		{"the first of equals", "/", "", "en, fr", english},
		{"one we do not speak", "/", "", "de-DE, de;q=0.9, fr;q=0.1", french},
		{"refused", "/", "", "fr;q=0", english},
		{"cookie before browser", "/", "fr", "en", french},
		{"a cookie of nonsense", "/", "xx", "fr", french},
		{"query before all", "/?lang=en", "fr", "fr", english},
		{"a query of nonsense", "/?lang=<script>", "", "", english},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			header := []string{"Accept-Language", tt.accept}
			if tt.cookie != "" {
				header = append(header, "Cookie", languageCookie+"="+tt.cookie)
			}
			page := get(t, siteOf(fakeBuild()), tt.path, header...).Body.String()
			if !strings.Contains(page, `<html lang="`+string(tt.want)+`">`) {
				t.Errorf("not in %s:\n%.200s", tt.want, page)
			}
		})
	}
}

func TestTheSwitchIsRemembered(t *testing.T) {
	h := siteOf(fakeBuild())
	cookie := get(t, h, "/?lang=fr").Header().Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "lang=fr;") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("Set-Cookie: %q", cookie)
	}
	if cookie := get(t, h, "/", "Accept-Language", "fr").Header().Get("Set-Cookie"); cookie != "" {
		t.Errorf("a guess is kept as if it were a choice: %q", cookie)
	}
}

func FuzzAcceptedLanguage(f *testing.F) {
	for _, seed := range []string{"", "fr-CH, fr;q=0.9, en;q=0.8, *;q=0.5", "fr;q=1e999", "fr;q=;;=,", ",,,", "FR-ca;Q=0.3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if l := acceptedLanguage(header); !slices.Contains(languages(), l) {
			t.Errorf("%q chose %q", header, l)
		}
	})
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// Catalogues say the same things with the same blanks, and French its spaces.
func TestCatalogues(t *testing.T) {
	en, fr := loadCatalogue(english).messages, loadCatalogue(french).messages
	keys := func(m map[string]string) (k []string) {
		for key := range m {
			k = append(k, key)
		}
		slices.Sort(k)
		return k
	}
	if diff := cmp.Diff(keys(en), keys(fr)); diff != "" {
		t.Fatalf("keys differ (-en +fr):\n%s", diff)
	}
	wrongSpace := regexp.MustCompile(`[^\x{202f}\x{00a0}][;:!?»]|«[^\x{00a0}\x{202f}]`)
	for key := range en {
		if en[key] == "" || fr[key] == "" {
			t.Errorf("%s is empty", key)
		}
		blanksEn, blanksFr := placeholder.FindAllString(en[key], -1), placeholder.FindAllString(fr[key], -1)
		slices.Sort(blanksEn)
		slices.Sort(blanksFr)
		if diff := cmp.Diff(blanksEn, blanksFr); diff != "" {
			t.Errorf("%s: blanks differ (-en +fr):\n%s", key, diff)
		}
		if lang := fr[key]; key != "nav.otherLanguage" && (wrongSpace.MatchString(lang) || strings.Contains(lang, "'")) {
			t.Errorf("%s: French wants a no-break space before ; : ! ? and a curly apostrophe: %q", key, lang)
		}
	}
}

// A message that nobody shows is a burden on translators, and a key without a
// message is shown as it is. Keys that are put together are listed by pattern.
func TestEveryMessageIsUsedAndEveryKeyExists(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"templates/*.html", "src/*.tsx", "src/*/*.ts", "src/*/*.tsx", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s matches nothing (%v)", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				source.Write(text)
			}
		}
	}
	put := regexp.MustCompile(`^(phase|role|watching|fellBack|advice|refusal|protocol|audit|health|users|office|` +
		`trouble|check|place|camera\.(state|trouble)|layout|audience\.(badge|do|question|react|reading|report|tab)|bar\.shareAs|desk\.(act|quality|slate|tab)|mod\.(act|badge|lever|why)|words\.list|webhooks\.(event|outcome|reason)|guest\.(place|hint))\.`)
	messages := loadCatalogue(english).messages
	for key := range messages {
		shown := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other") // which count adds
		if !put.MatchString(key) && !strings.Contains(source.String(), `"`+shown+`"`) && !strings.Contains(source.String(), `'`+shown+`'`) {
			t.Errorf("nothing shows %s", key)
		}
	}
	for _, m := range regexp.MustCompile(`\bt "([\w.]+)"|\.text\("([\w.]+)"`).FindAllStringSubmatch(source.String(), -1) {
		if key := m[1] + m[2]; messages[key] == "" && !strings.HasSuffix(key, ".") {
			t.Errorf("there is no message for %s", key)
		}
	}
}

func TestCountAndNumber(t *testing.T) {
	tests := []struct {
		lang lang
		n    int
		want string
	}{
		{english, 0, "0 watching"},
		{english, 1284, "1,284 watching"},
		{english, 1234567, "1,234,567 watching"},
		{french, 0, "0 personne regarde"},
		{french, 1, "1 personne regarde"},
		{french, 2, "2 personnes regardent"},
		{french, 1284, "1\u202f284 personnes regardent"},
	}
	for _, tt := range tests {
		if got := loadCatalogue(tt.lang).count("watching", tt.n); got != tt.want {
			t.Errorf("%s: %d gives %q, want %q", tt.lang, tt.n, got, tt.want)
		}
	}
}

func TestPeople(t *testing.T) {
	tests := []struct {
		names []string
		want  string
	}{
		{nil, ""},
		{[]string{"Ana"}, "Ana"},
		{[]string{"Ana", "Théo"}, "Ana with Théo"},
		{[]string{"Ana", "Théo", "Mei", "Lou"}, "Ana with Théo, Mei and Lou"},
	}
	for _, tt := range tests {
		if got := loadCatalogue(english).people(session("s", "", show.Live, tt.names...)); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.names, got, tt.want)
		}
	}
	if got := initial("élodie"); got != "É" {
		t.Errorf("initial of élodie is %q", got)
	}
}

func TestLanguageSwitchKeepsThePage(t *testing.T) {
	page := get(t, siteOf(fakeBuild(), onAir), "/s/studio").Body.String()
	if !strings.Contains(page, `href="/s/studio?lang=fr"`) {
		t.Error("the switch to French leads elsewhere")
	}
	if w := get(t, siteOf(fakeBuild(), onAir), "/s/studio?lang=fr"); w.Code != http.StatusOK {
		t.Errorf("the page in French gave %d", w.Code)
	}
}

// A page carries the messages that its script shows, by group: one that is
// missing would be shown as its key.
func TestPagesCarryTheirWords(t *testing.T) {
	messages := loadCatalogue(english).messages
	for _, p := range allPages() {
		if p.script == "" {
			continue
		}
		for file := range scriptsOf(t, "src/"+p.script) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range regexp.MustCompile("['`\"](\\w+)\\.[\\w$]").FindAllStringSubmatch(string(text), -1) {
				isGroup := slices.ContainsFunc(slices.Collect(maps.Keys(messages)), func(k string) bool { return strings.HasPrefix(k, m[1]+".") })
				withRoom := p.later == "room.css" && (m[1] == "audience" || m[1] == "shop") // which the room brings itself
				if isGroup && !withRoom && !slices.Contains(p.words, m[1]) {
					t.Errorf("%s shows messages of %q, which the page %s does not carry", file, m[1], p.template)
				}
			}
		}
	}
}

// scriptsOf is a source file and every one of ours that it imports for more than
// its types, which the build leaves out.
func scriptsOf(t *testing.T, entry string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	var visit func(string)
	visit = func(file string) {
		if found[file] {
			return
		}
		found[file] = true
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts := regexp.MustCompile(`import type [^;]+;`).ReplaceAllString(string(text), "")
		for _, m := range regexp.MustCompile(`(?:from |import |import\()'(\.[^']+)'`).FindAllStringSubmatch(scripts, -1) {
			at := filepath.Join(filepath.Dir(file), m[1])
			for _, end := range []string{".ts", ".tsx", "/index.ts"} {
				if _, err := os.Stat(at + end); err == nil {
					visit(at + end)
				}
			}
		}
	}
	visit(entry)
	return found
}
