package gateway_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// The three gates: who may import whom, that every package says what it
// guarantees, and that files and functions stay small.

const module = "github.com/regie-live/regie/"

// An importRule says that packages matching Of may not import packages
// matching Not, unless they match But. Patterns are path.Match patterns of
// import paths; our own are written without the module.
type importRule struct {
	of, not, but []string
	why          string
}

var importRules = []importRule{
	{
		of: []string{"transcode/media", "gateway/show", "config"}, not: []string{"cmd/*", "gateway", "gateway/*", "gateway/*/*", "transcode", "transcode/*", "config"},
		why: "everything meets through these leaves, so they know nothing of anyone",
	},
	{
		of: []string{"gateway/show", "transcode/media", "transcode/compose", "transcode/mix", "transcode/clock", "transcode/slate"}, not: []string{"net", "net/*", "os", "os/*", "C"},
		why: "these are pure: their results depend on their inputs alone, which makes them easy to test",
	},
	{
		of: []string{"*", "*/*", "*/*/*"}, not: []string{"C"}, but: []string{"transcode/libav"},
		why: "one package speaks to C, so that one package can be wrong about memory",
	},
	{
		of: []string{"*", "*/*", "*/*/*"}, not: []string{"transcode/libav"}, but: []string{"transcode/worker", "transcode/testcard"},
		why: "codecs run in child processes only: a crash in one must not end the gateway",
	},
	{
		of: []string{"gateway", "gateway/*", "gateway/*/*"}, not: []string{"transcode/worker", "transcode/testcard", "transcode/compose", "transcode/mix", "transcode/slate", "transcode/fonts"}, but: []string{"gateway/e2e", "gateway/demo"},
		why: "the gateway never decodes",
	},
	{
		of: []string{"*", "*/*", "*/*/*"}, not: []string{"github.com/pion/*", "github.com/pion/*/*", "github.com/pion/*/*/*"},
		but: []string{"gateway/rtc", "gateway/whep", "gateway/returns", "gateway/turn", "gateway/ingest/*", "gateway/demo", "gateway/internal/*", "cmd/regie-load", "cmd/regie-load/audience"},
		why: "WebRTC stays behind rtc, whip and whep (RTP packets also come over RTSP)",
	},
	{
		of:  []string{"gateway/ingest/rtmp", "gateway/ingest/rtsp", "gateway/ingest/whip", "gateway/hls", "gateway/whep", "gateway/stage", "gateway/web", "gateway/api", "gateway/viewers", "gateway/people", "gateway/store", "gateway/auth", "gateway/returns", "gateway/events", "gateway/audience", "gateway/schedule", "gateway/shop", "gateway/webhooks"},
		not: []string{"gateway/ingest/rtmp", "gateway/ingest/rtsp", "gateway/ingest/whip", "gateway/hls", "gateway/whep", "gateway/stage", "gateway/web", "gateway/api", "gateway/viewers", "gateway/people", "gateway/store", "gateway/returns", "gateway/events", "gateway/audience", "gateway/schedule", "gateway/shop", "gateway/webhooks"},
		why: "siblings never meet: gateway/wire.go joins them",
	},
	{
		of: []string{"gateway", "gateway/*", "gateway/*/*"}, not: []string{"gateway/auth"}, but: []string{"gateway/people"},
		why: "one package decides who may do what; the others ask it",
	},
	{
		of: []string{"*", "*/*", "*/*/*"}, not: []string{"github.com/go-webauthn/*", "github.com/go-webauthn/*/*"}, but: []string{"gateway/auth"},
		why: "passkeys are proved where passwords are",
	},
	{
		of: []string{"*", "*/*", "*/*/*"}, not: []string{"github.com/centrifugal/*"}, but: []string{"gateway/events"},
		why: "centrifuge has no version 1 yet: what it breaks is mended in one place",
	},
	{
		of: []string{"gateway/*", "gateway/*/*", "transcode", "transcode/*"}, not: []string{"config", "gateway"}, but: []string{"gateway/e2e"},
		why: "only the wiring reads the configuration; packages get small structs",
	},
	{
		of: []string{"gateway", "gateway/*", "gateway/*/*", "transcode", "transcode/*", "config"}, not: []string{"cmd/*"},
		why: "imports point down",
	},
}

func TestImports(t *testing.T) {
	for pkg, imports := range packages(t) {
		for _, rule := range importRules {
			if !matches(rule.of, pkg) || matches(rule.but, pkg) {
				continue
			}
			for _, imported := range imports {
				if imported = strings.TrimPrefix(imported, module); imported != pkg && matches(rule.not, imported) {
					t.Errorf("%s imports %s: %s", pkg, imported, rule.why)
				}
			}
		}
	}
}

func matches(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

// packages lists our packages with what they import outside of tests.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module)] = p.Imports
	}
	if len(all) < 15 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

// TestPackageDocs: a package says what it is for in more than a line.
func TestPackageDocs(t *testing.T) {
	const words = 20
	docs := map[string]int{}
	eachGoFile(t, func(name string, f *ast.File, _ *token.FileSet) {
		if strings.HasSuffix(name, "_test.go") && !strings.HasPrefix(name, "gateway/e2e/") {
			return
		}
		dir := path.Dir(name)
		docs[dir] += 0
		if f.Doc != nil {
			docs[dir] += len(strings.Fields(f.Doc.Text()))
		}
	})
	for dir, n := range docs {
		if n < words {
			t.Errorf("%s: the package comment has %d words; say what it does and guarantees", dir, n)
		}
	}
}

// Longer than the rule, each for its reason.
var (
	longFiles     = map[string]string{}
	longFunctions = map[string]string{
		"config/problem_test.go:TestProblems": "one table: every mistake with the words that answer it",
	}
)

// TestSizes: files under 400 lines, functions under 100.
func TestSizes(t *testing.T) {
	seen := map[string]bool{}
	eachGoFile(t, func(name string, f *ast.File, fset *token.FileSet) {
		if n := fset.File(f.Pos()).LineCount(); n > 400 {
			seen[name] = true
			if longFiles[name] == "" {
				t.Errorf("%s has %d lines; split it by what its parts are for", name, n)
			}
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			n := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
			if key := name + ":" + fn.Name.Name; n > 100 {
				seen[key] = true
				if longFunctions[key] == "" {
					t.Errorf("%s has %d lines", key, n)
				}
			}
		}
	})
	for _, list := range []map[string]string{longFiles, longFunctions} {
		for key := range list {
			if !seen[key] {
				t.Errorf("%s is short now: take it off the list", key)
			}
		}
	}
}

func eachGoFile(t *testing.T, visit func(name string, f *ast.File, fset *token.FileSet)) {
	t.Helper()
	err := filepath.WalkDir("..", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if base := d.Name(); d.IsDir() && (base == "node_modules" || base == "dist" || base == "data" || base != ".." && strings.HasPrefix(base, ".")) {
			return filepath.SkipDir
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, file, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(strings.TrimPrefix(file, ".."+string(filepath.Separator))), f, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
