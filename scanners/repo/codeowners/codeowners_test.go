package codeowners_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/scanners/repo/codeowners"
)

// github is the example of GitHub's documentation in rules of our own, one for
// each of its statements.
const github = `# comment
*                 @global1 @global2
*.js              @js-owner # inline comment
*.go              docs@example.com
*.txt             @northwind/writers
/build/logs/      @doctocat
docs/*            star@example.com
apps/             @octocat
/docs/            @doctocat
/scripts/         @doctocat @octocat
**/logs           @logs
/apps/            @octocat
/apps/github
/a\ b/c           @blank
`

func TestGitHub(t *testing.T) {
	file, err := codeowners.Parse(strings.NewReader(github))
	if err != nil || file.Dialect != codeowners.GitHub || len(file.Problems) > 0 {
		t.Fatalf("%v %s %v", err, file.Dialect, file.Problems)
	}
	tests := []struct {
		path   string
		owners []string
		line   int
	}{
		{"readme", []string{"@global1", "@global2"}, 2},
		{"src/a.js", []string{"@js-owner"}, 3},
		{"a.go", []string{"docs@example.com"}, 4},
		{"x/y/note.txt", []string{"@northwind/writers"}, 5},
		{"other/build/logs/a.js", []string{"@logs"}, 11},
		{"build/logs/deep/a.js", []string{"@logs"}, 11},
		{"docs/a.md", []string{"@doctocat"}, 9},
		{"sub/docs/a.md", []string{"@global1", "@global2"}, 2},
		{"docs/build-app/x.md", []string{"@doctocat"}, 9},
		{"other/apps/x", []string{"@octocat"}, 8},
		{"scripts/run", []string{"@doctocat", "@octocat"}, 10},
		{"apps/web/x", []string{"@octocat"}, 12},
		{"apps/github", nil, 13},
		{"apps/github/workflow", nil, 13},
		{"a b/c", []string{"@blank"}, 14},
		{"/readme", []string{"@global1", "@global2"}, 2},
	}
	for _, tt := range tests {
		owners, line := file.Owners(tt.path)
		if diff := cmp.Diff(tt.owners, owners); diff != "" || line != tt.line {
			t.Errorf("%s: line %d, want %d (-want +got)\n%s", tt.path, line, tt.line, diff)
		}
	}
}

// TestStar tells "docs/*" from "docs/": the first is for files directly in docs.
func TestStar(t *testing.T) {
	file, err := codeowners.Parse(strings.NewReader("docs/* @direct\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := file.Owners("docs/a.md"); len(got) != 1 {
		t.Error("docs/a.md has no owner")
	}
	if got, line := file.Owners("docs/deep/a.md"); len(got) != 0 || line != 0 {
		t.Errorf("docs/deep/a.md is owned by %q", got)
	}
}

const gitlab = `* @default
[Documentation] @docs-team
docs/
README.md @writer

^[Database][2] @dba
model/db/ @db1 @group/sub
*.sql

[DOCUMENTATION] @second
guides/
!docs/generated/

[Empty]
only/
`

func TestGitLab(t *testing.T) {
	file, err := codeowners.Parse(strings.NewReader(gitlab))
	if err != nil || file.Dialect != codeowners.GitLab || len(file.Problems) > 0 {
		t.Fatalf("%v %s %v", err, file.Dialect, file.Problems)
	}
	tests := []struct {
		path   string
		owners []string
	}{
		{"main.go", []string{"@default"}},
		{"docs/a/b.md", []string{"@default", "@docs-team"}},
		{"sub/docs/a.md", []string{"@default", "@docs-team"}},
		{"docs/README.md", []string{"@default", "@writer"}},
		{"model/db/x.go", []string{"@default", "@db1", "@group/sub"}},
		{"model/db/x.sql", []string{"@default", "@dba"}},
		{"guides/x", []string{"@default", "@second"}},
		{"docs/generated/x", []string{"@default"}},
		{"only/x", []string{"@default"}},
	}
	for _, tt := range tests {
		owners, _ := file.Owners(tt.path)
		if diff := cmp.Diff(tt.owners, owners); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.path, diff)
		}
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name, content string
		dialect       codeowners.Dialect
		lines         []int
	}{
		{"not an owner", "a @x\nb nobody\n", codeowners.GitHub, []int{2}},
		{"range on GitHub", "*.[ch] @x\n", codeowners.GitHub, []int{1}},
		{"negation on GitHub", "!a @x\n", codeowners.GitHub, []int{1}},
		{"backslash at the end", "a\\\n", codeowners.GitHub, []int{1}},
		{"lone slash", "/ @x\n", codeowners.GitHub, []int{1}},
		{"bad owner on GitLab", "[S]\na nobody @x\n", codeowners.GitLab, []int{2}},
		{"byte order mark and CRLF", "\xef\xbb\xbf# c\r\na @x\r\n", codeowners.GitHub, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file, err := codeowners.ParseAs(strings.NewReader(tt.content), tt.dialect)
			if err != nil {
				t.Fatal(err)
			}
			var lines []int
			for _, p := range file.Problems {
				lines = append(lines, p.Line)
			}
			if diff := cmp.Diff(tt.lines, lines); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	_, err := codeowners.Parse(strings.NewReader(strings.Repeat("a @x\n", codeowners.MaxSize/5+1)))
	if !errors.Is(err, codeowners.ErrTooLarge) {
		t.Errorf("%v, want ErrTooLarge", err)
	}
}

// TestHostilePatterns would run for ages with a matcher that backtracks.
func TestHostilePatterns(t *testing.T) {
	content := strings.Repeat("*a", 200) + "b @x\n" + strings.Repeat("**/", 200) + "b @x\n"
	file, err := codeowners.Parse(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if got, _ := file.Owners(strings.Repeat("a", 4000) + strings.Repeat("/a", 300)); len(got) != 0 {
		t.Errorf("owned by %q", got)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

// FuzzParse looks for panics, and for owners or lines that the file does not
// hold.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{github, gitlab, "[a]b", "^[", "\\ @x", "[x][9] @y\n!z"} {
		f.Add([]byte(seed), "docs/a b/c.js")
	}
	f.Fuzz(func(t *testing.T, content []byte, path string) {
		file, err := codeowners.Parse(strings.NewReader(string(content)))
		if err != nil {
			return
		}
		owners, line := file.Owners(path)
		if line < 0 || line > 1+strings.Count(string(content), "\n") || len(owners) > 0 && line == 0 {
			t.Errorf("owners %q by line %d", owners, line)
		}
		for _, o := range owners {
			if !strings.Contains(string(content), o) {
				t.Errorf("owner %q is not in the file", o)
			}
		}
	})
}
