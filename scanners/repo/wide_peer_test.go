package repo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/detect"
)

// Files in UTF-16 and UTF-32, with a mark and without, hold what gitleaks finds in
// the same text when it is written in UTF-8, at the same lines.
func TestWideAsGitleaks(t *testing.T) {
	m := &maker{t: t, rng: rand.New(rand.NewPCG(17, 18))}
	b := newBuilder(t)
	texts, writes := map[string]string{}, map[string]func(string) string{
		"16le":      asUTF16,
		"16be":      func(s string) string { return swap(asUTF16(s), 2) },
		"16le-mark": func(s string) string { return asUTF16("\uFEFF" + s) },
		"16be-mark": func(s string) string { return swap(asUTF16("\uFEFF"+s), 2) },
		"32le-mark": func(s string) string { return asUTF32("\uFEFF" + s) },
		"32be-mark": func(s string) string { return swap(asUTF32("\uFEFF"+s), 4) },
	}
	for _, name := range sortedKeys(writes) {
		for n := range 5 {
			var text strings.Builder
			for range 6 {
				text.WriteString(strings.Repeat("größe = x\r\n", m.rng.IntN(3)) + "value: " + m.secret() + "\r\n")
			}
			path := fmt.Sprintf("%s-%d.txt", name, n)
			texts[path] = text.String()
			b.write(path, writes[name](text.String()))
		}
	}
	det, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	det.MaxDecodeDepth = 5
	want, got := map[string]bool{}, map[string]bool{}
	for path, text := range texts {
		for _, f := range det.Detect(detect.Fragment{Raw: text, FilePath: path, StartLine: 1}) { //nolint:staticcheck // Detect takes no other type yet
			want[fmt.Sprintf("%s:%d %s", path, f.StartLine, hashOf(f.Secret))] = true
		}
	}
	for _, x := range scan(t, map[string]any{"path": b.dir}).records {
		if x.Credential == nil {
			continue
		}
		for _, l := range x.Credential.FoundAt {
			got[fmt.Sprintf("%s:%d %s", l.URI, l.Line, x.Credential.SecretHash)] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 100 {
		t.Errorf("%d findings; gitleaks (-) and muster (+) differ:\n%s", len(want), diff)
	}
}
