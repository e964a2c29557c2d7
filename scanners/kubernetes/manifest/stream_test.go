package manifest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// big makes items that add up to more than splitAt, with padding that looks like
// the next item inside a text.
func bigItems(n int, item func(i int, padding string) string) string {
	padding := strings.Repeat("        - apiVersion: v1\n", 50)
	var b strings.Builder
	for i := range n {
		b.WriteString(item(i, padding))
	}
	return b.String()
}

func TestParts(t *testing.T) {
	const n = 3000
	yamlItem := func(indent string) func(int, string) string {
		return func(i int, padding string) string {
			text := fmt.Sprintf("- apiVersion: v1\n  kind: ServiceAccount\n  metadata:\n    name: a%05d\n    annotations:\n      note: |\n%s\n  # end\n", i, padding)
			var b strings.Builder
			for line := range strings.Lines(text) {
				if strings.TrimSpace(line) != "" {
					b.WriteString(indent)
				}
				b.WriteString(line)
			}
			return b.String()
		}
	}
	jsonItem := func(i int, padding string) string {
		comma := ","
		if i == n-1 {
			comma = ""
		}
		return fmt.Sprintf("{\n \"apiVersion\": \"v1\", \"kind\": \"ServiceAccount\", \"metadata\": {\"name\": \"a%05d\", \"annotations\": {\"x\": %q}}\n}%s\n", i, padding, comma)
	}
	const rest = "---\n" + account + "zlast\n"
	for _, c := range []struct {
		name, file, text string
		last             bool
		line             int // of the last item
	}{
		{"documents", "x.yaml", bigItems(n, func(i int, padding string) string {
			return fmt.Sprintf("---\n%sa%05d\n  annotations:\n    note: |\n%s", account, i, padding)
		}) + rest, true, (n-1)*57 + 1 + 1},
		{"List of YAML", "x.yaml", "apiVersion: v1\nitems:\n" + bigItems(n, yamlItem("")) + "kind: List\nmetadata:\n  resourceVersion: \"\"\n" + rest, true, (n-1)*58 + 3},
		{"indented List of YAML", "x.yaml", "---\nkind: List\nitems:\n" + bigItems(n, yamlItem("  ")) + "apiVersion: v1\n" + rest, true, (n-1)*58 + 4},
		{"List of JSON", "x.json", "{\n\"apiVersion\": \"v1\",\n\"items\": [\n" + bigItems(n, jsonItem) + "],\n\"kind\": \"List\"}\n", false, (n-1)*3 + 4},
		{"List of JSON under another name", "x.yaml", "{\n\"apiVersion\": \"v1\",\n\"items\": [\n" + bigItems(n, jsonItem) + "],\n\"kind\": \"List\"}\n", false, (n-1)*3 + 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			if len(c.text) <= splitAt {
				t.Fatalf("%d bytes are too few", len(c.text))
			}
			cluster, problems := scan(t, write(t, map[string]string{c.file: c.text}), Options{})
			if len(problems) > 0 {
				t.Fatalf("%d problems: %s", len(problems), problems[0])
			}
			want := n
			if c.last {
				want++
			}
			if got := len(cluster.ServiceAccounts); got != want {
				t.Fatalf("%d accounts, want %d", got, want)
			}
			for _, i := range []int{0, n / 2, n - 1} {
				a := cluster.ServiceAccounts[i]
				if a.Name != fmt.Sprintf("a%05d", i) || a.Annotations != nil {
					t.Errorf("account %d: %+v", i, a)
				}
			}
			if line := cluster.ServiceAccounts[n-1].Found.Line; line != c.line {
				t.Errorf("the last item is on line %d, want %d", line, c.line)
			}
			if c.last && cluster.ServiceAccounts[n].Found.Line != strings.Count(c.text, "\n")-3 {
				t.Errorf("the document after it is on line %d of %d", cluster.ServiceAccounts[n].Found.Line, strings.Count(c.text, "\n"))
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	long := account + "long\n  annotations:\n    x: "
	for _, c := range []struct {
		name, file, text string
		want             string
		accounts         []string
	}{
		{"document of many lines", "x.yaml", account + "first\n---\n" + long + strings.Repeat("y\n\n      ", 2000) + "\n---\n" + account + "after\n", "LOST x.yaml:5: this document is longer", []string{"default/after", "default/first"}},
		{"one line", "x.yaml", long + strings.Repeat("y---", 100_000) + "\n  labels: {a: b}\n---\n" + account + "after\n", "LOST x.yaml:1: this document is longer", []string{"default/after"}},
		{"data of something else", "x.yaml", "a kind of: text\nx: " + strings.Repeat("y\n\n  ", 2000) + "\n---\n" + account + "after\n", "", []string{"default/after"}},
		{"JSON of something else", "x.json", "[{\"a\":\"" + strings.Repeat("y", 200_000) + "\"}]", "", nil},
		{"JSON", "x.json", "[{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":\"first\"}},\n{\"a\":\"" + strings.Repeat("y", 200_000) + "\"}]", "LOST x.json:1: this object is longer", []string{"default/first"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cluster, problems := scan(t, write(t, map[string]string{c.file: c.text}), Options{MaxDocument: 4096})
			problems = slices.DeleteFunc(problems, func(p string) bool { return strings.Contains(p, "no Kubernetes object") })
			if c.want == "" && len(problems) > 0 || c.want != "" && (len(problems) != 1 || !strings.HasPrefix(problems[0], c.want)) {
				t.Errorf("%d problems: %.300s", len(problems), strings.Join(problems, "\n"))
			}
			if diff := cmp.Diff(c.accounts, accountNames(cluster)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A file of many documents is read with the memory of one.
func TestMemory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big.yaml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(f)
	padding := "data:\n  text: |\n" + strings.Repeat("    "+strings.Repeat("x", 1000)+"\n", 500)
	for i := range 8 {
		fmt.Fprintf(out, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c%d\n%s", i, padding)
	}
	if err := out.Flush(); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c, problems, err := Read(context.Background(), path, Options{})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(problems) != 1 { // none of them says anything
		t.Fatal(err, problems)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d bytes are held after a file of 4 MB without objects", grown)
	}
	runtime.KeepAlive(c)
}

func TestObjectsAreBounded(t *testing.T) {
	text := strings.Repeat("---\n", 1) + account + "a\n---\n" + account + "b\n---\n" + account + "c\n"
	c, problems := scan(t, write(t, map[string]string{"x.yaml": text}), Options{MaxObjects: 2})
	if len(c.ServiceAccounts) != 2 || len(problems) != 1 || !strings.HasPrefix(problems[0], "LOST x.yaml:12: more than 2 objects") {
		t.Errorf("%d %q", len(c.ServiceAccounts), problems)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	_, problems := scan(t, write(t, map[string]string{"x.yaml": strings.Repeat("---\nkind: [\n", 50)}), Options{MaxProblems: 3})
	if len(problems) != 4 || problems[3] != "LOST x.yaml: 48 problems more, here and in later files" {
		t.Errorf("%q", problems)
	}
}

func TestWalk(t *testing.T) {
	outside := write(t, map[string]string{"secret.yaml": account + "outside\n"})
	dir := write(t, map[string]string{
		"dir.yaml/a.YAML":  account + "in-a-directory\n",
		".git/x.yaml":      account + "in-git\n",
		"..data/real.yaml": account + "real\n",
		"template.tpl":     account + "through-a-link\n",
	})
	for name, target := range map[string]string{
		"out.yaml": filepath.Join(outside, "secret.yaml"), "up.yaml": "../" + filepath.Base(outside) + "/secret.yaml", "outdir": outside,
		"in.yaml": "..data/real.yaml", "loop.yaml": "loop.yaml", "gone.yaml": "nowhere.yaml", "tpl.yaml": "template.tpl", "indir": "dir.yaml",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := scan(t, dir, Options{})
	if diff := cmp.Diff([]string{"default/in-a-directory", "default/real", "default/through-a-link"}, accountNames(c)); diff != "" {
		t.Error(diff)
	}
	want := []string{
		"LOST gone.yaml: symbolic link not followed: no such file or directory",
		"LOST loop.yaml: symbolic link not followed: it leads in circles",
		"LOST out.yaml: symbolic link not followed: it leads out of the directory",
		"pipe.yaml: is no regular file and was not opened",
		"LOST up.yaml: symbolic link not followed: it leads out of the directory",
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if c.Name != filepath.Base(dir) {
		t.Errorf("the cluster is called %q", c.Name)
	}
}

func TestOneFile(t *testing.T) {
	dir := write(t, map[string]string{"rendered.txt": account + "one\n", "other.yaml": account + "other\n"})
	c, problems := scan(t, filepath.Join(dir, "rendered.txt"), Options{Name: "prod"})
	if len(problems) > 0 || len(c.ServiceAccounts) != 1 || c.Name != "prod" || c.ServiceAccounts[0].Found.URI != "rendered.txt" {
		t.Errorf("%q %+v", problems, c.ServiceAccounts)
	}
	if _, _, err := Read(context.Background(), filepath.Join(dir, "nowhere"), Options{}); err == nil {
		t.Error("a path that does not exist is no error")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Read(ctx, dir, Options{}); err == nil {
		t.Error("a context that ended is no error")
	}
	if _, problems := scan(t, t.TempDir(), Options{}); len(problems) != 1 || !strings.Contains(problems[0], "no Kubernetes object") {
		t.Errorf("an empty directory: %q", problems)
	}
}
