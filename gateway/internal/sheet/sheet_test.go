package sheet

import (
	"fmt"
	"testing"
)

func TestReader(t *testing.T) {
	for _, file := range []string{"a,b\n1,\"2;\n3\"\n", "\ufeffa;b\r\n1;\"2;\n3\"\r\n", "a\tb\n1\t\"2;\n3\"", "a,b\n1,\"2;\n3\",\n"} {
		rows, err := Reader([]byte(file)).ReadAll()
		if err != nil || len(rows) != 2 || fmt.Sprintf("%q", rows[0]) != `["a" "b"]` || rows[1][0] != "1" || rows[1][1] != "2;\n3" {
			t.Errorf("%q: %q, %v", file, rows, err)
		}
	}
}

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"", "=1+1", "'=1", "''", "'", "-", "cup", "\tcup"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := Guard(s)
		if Unguard(g) != s {
			t.Errorf("%q becomes %q and then %q", s, g, Unguard(g))
		}
		if g != "" && (g[0] == '=' || g[0] == '+' || g[0] == '-' || g[0] == '@') {
			t.Errorf("%q would be run", g)
		}
	})
}
