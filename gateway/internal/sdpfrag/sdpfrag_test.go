package sdpfrag

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const pwd = "aaaaaaaaaaaaaaaaaaaaaa"

func TestParse(t *testing.T) {
	chrome := "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n" +
		"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a0\r\n" +
		"a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1\r\n" +
		"a=candidate:3471623853 1 udp 2122194687 198.51.100.2 61765 typ host\r\n" +
		"a=end-of-candidates\r\n"
	got, err := Parse(chrome)
	if err != nil {
		t.Fatal(err)
	}
	want := Fragment{
		Ufrag: "EsAw", Pwd: "P2uYro0UCOQ4zxjKXaWCBui1", MID: "a0", End: true,
		Candidates: []string{
			"1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0 ufrag EsAw network-id 1",
			"3471623853 1 udp 2122194687 198.51.100.2 61765 typ host",
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	again, err := Parse(got.String())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(got, again); d != "" {
		t.Fatal(d)
	}
}

func TestParseRefuses(t *testing.T) {
	creds := "a=ice-ufrag:abcd\na=ice-pwd:" + pwd + "\n"
	for name, body := range map[string]string{
		"empty":             "",
		"no password":       "a=ice-ufrag:abcd\n",
		"short ufrag":       "a=ice-ufrag:abc\na=ice-pwd:" + pwd,
		"short password":    "a=ice-ufrag:abcd\na=ice-pwd:abc",
		"odd character":     "a=ice-ufrag:ab\rd\na=ice-pwd:" + pwd,
		"two passwords":     creds + "a=ice-pwd:" + strings.Repeat("b", 22),
		"long ufrag":        "a=ice-ufrag:" + strings.Repeat("a", 257) + "\na=ice-pwd:" + pwd,
		"control character": creds + "a=candidate:1 1 udp\x00",
		"many candidates":   creds + strings.Repeat("a=candidate:x\n", maxCandidates+1),
	} {
		if f, err := Parse(body); err == nil {
			t.Errorf("%s: got %+v, want an error", name, f)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a=ice-ufrag:abcd\r\na=ice-pwd:" + pwd + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 1 typ host\r\na=end-of-candidates\r\n")
	f.Add("a=ice-ufrag:abcd\na=ice-pwd:" + pwd)
	f.Add("a=ice-ufrag:ab\ra=candidate:\x00\na=mid:a b")
	f.Fuzz(func(t *testing.T, body string) {
		frag, err := Parse(body)
		if err != nil {
			return
		}
		again, err := Parse(frag.String())
		if err != nil {
			t.Fatalf("%q → %q: %v", body, frag, err)
		}
		if d := cmp.Diff(frag, again); d != "" {
			t.Fatal(d)
		}
	})
}
