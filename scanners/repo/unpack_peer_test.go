package repo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/sources"
)

// A made archive is made of random files, as gitleaks knows them by name.
type maker struct {
	t   *testing.T
	rng *rand.Rand
	n   int
}

// secret returns a made-up secret in a line that a rule of gitleaks finds.
func (m *maker) secret() string {
	m.n++
	sum := sha256.Sum256(fmt.Appendf(nil, "peer %d", m.n))
	digest := hex.EncodeToString(sum[:])
	upper := strings.ToUpper(strings.NewReplacer("0", "A", "1", "B", "8", "C", "9", "D").Replace(digest))
	switch m.rng.IntN(6) {
	case 0:
		return "token: " + canary(digest)
	case 1:
		return "id = AK" + "IA" + upper[:16]
	case 2:
		return "slack=xo" + "xb-" + fmt.Sprintf("%012d-%012d-", m.rng.Int64N(1e12), m.rng.Int64N(1e12)) + digest[:24]
	case 3:
		return "stripe: sk_" + "live_" + digest[:30]
	case 4:
		return "gitlab: gl" + "pat-" + digest[:20]
	default:
		return "-----BEGIN " + "PRIVATE KEY-----\n" + strings.Repeat(digest, 4) + "\n-----END " + "PRIVATE KEY-----"
	}
}

func (m *maker) file() (name, content string) {
	var b strings.Builder
	for range m.rng.IntN(4) {
		b.WriteString(strings.Repeat("x = y\n", m.rng.IntN(20)))
		b.WriteString(m.secret() + "\n")
	}
	b.WriteString("end\n")
	names := []string{"app.env", "dir/app.yaml", "main.go", "logo.png", "node_modules/x/index.js", "go.sum", "a/package-lock.json", "vendor/modules.txt", "x.pem"}
	return names[m.rng.IntN(len(names))], b.String()
}

func (m *maker) archive(depth int) (name, content string) {
	var files []string
	seen := map[string]bool{}
	for range 1 + m.rng.IntN(4) {
		name, content := m.file()
		if depth > 1 && m.rng.IntN(2) == 0 {
			name, content = m.archive(depth - 1)
		}
		if name = fmt.Sprintf("%d/%s", m.rng.IntN(3), name); !seen[name] {
			seen[name] = true
			files = append(files, name, content)
		}
	}
	m.n++
	name = fmt.Sprintf("f%d", m.n)
	switch m.rng.IntN(7) {
	case 0, 1:
		return name + ".zip", zipOf(m.t, files...)
	case 2:
		return name + ".tar", tarOf(m.t, files...)
	case 3:
		return name + ".tar.gz", compress(m.t, "gz", tarOf(m.t, files...))
	case 4:
		return name + ".tar.xz", compress(m.t, "xz", tarOf(m.t, files...))
	case 5:
		return name + ".tar.zst", compress(m.t, "zst", tarOf(m.t, files...))
	default:
		_, content := m.file()
		return name + ".env.gz", compress(m.t, "gz", content)
	}
}

// TestArchivesAsGitleaks makes archives in archives and compares what gitleaks'
// own archive scan finds in them: path, rule and secret.
func TestArchivesAsGitleaks(t *testing.T) {
	detector, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		t.Fatal(err)
	}
	detector.MaxDecodeDepth = 5
	m := &maker{t: t, rng: rand.New(rand.NewPCG(4, 4))}
	dir := t.TempDir()
	var want []string
	for range 120 {
		name, content := m.archive(3)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		file := &sources.File{Content: strings.NewReader(content), Path: name, MaxArchiveDepth: defaultArchives, Config: &detector.Config}
		err := file.Fragments(context.Background(), func(f sources.Fragment, err error) error {
			for _, found := range detector.Detect(detect.Fragment(f)) { //nolint:staticcheck // Detect takes no other type yet
				want = append(want, fmt.Sprintf("%s %s %s", f.FilePath, found.RuleID, hashOf(found.Secret)))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	r := scan(t, map[string]any{"path": dir})
	if r.err != nil {
		t.Fatal(r.err)
	}
	var got []string
	for _, x := range r.records {
		if c := x.Credential; c != nil {
			for _, l := range c.FoundAt {
				got = append(got, fmt.Sprintf("%s %s %s", l.URI, strings.TrimPrefix(c.Detector, "gitleaks:"), c.SecretHash))
			}
		}
	}
	if len(want) < 300 {
		t.Errorf("gitleaks finds only %d", len(want))
	}
	if diff := cmp.Diff(unique(want), unique(got)); diff != "" {
		t.Error(diff)
	}
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
