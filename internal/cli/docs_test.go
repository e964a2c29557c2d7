package cli

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A shown is a command line that a page shows.
type shown struct {
	page  string
	line  int
	text  string
	named bool // in a sentence, which may name a command without what it takes
}

// shownLines returns the command lines of the program in pages: in blocks of code and
// between back quotes.
func shownLines(t *testing.T) []shown {
	t.Helper()
	root := filepath.Join("..", "..")
	pages := []string{filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"), filepath.Join(root, "SECURITY.md")}
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []shown
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, page)
		if err != nil {
			t.Fatal(err)
		}
		fenced := false
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
				continue
			}
			if !fenced && !strings.HasPrefix(line, "    ") {
				for _, m := range quotedCode().FindAllStringSubmatch(line, -1) {
					out = append(out, shown{name, i + 1, m[1], true})
				}
				continue
			}
			out = append(out, shown{name, i + 1, line, false})
		}
	}
	return out
}

// quotedCode is a command between back quotes.
func quotedCode() *regexp.Regexp { return regexp.MustCompile("`(muster [^`]*)`") }

// commands returns the arguments of each call of the program in a line of a shell.
func commands(line string) [][]string {
	var out [][]string
	var words []string
	word, in, quote := "", false, rune(0)
	end := func() {
		if in {
			words = append(words, word)
		}
		word, in = "", false
	}
	call := func() {
		end()
		for len(words) > 0 && (words[0] == "$" || words[0] == "run:" || words[0] == "-" || assignment().MatchString(words[0])) {
			words = words[1:]
		}
		if len(words) > 0 && words[0] == "muster" {
			out = append(out, words[1:])
		}
		words = nil
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, in = r, true
		case quote == 0 && r == '#' && !in:
			call()
			return out
		case quote == 0 && (r == ' ' || r == '\t'):
			end()
		case quote == 0 && strings.ContainsRune("|&;()", r):
			call()
		default:
			word, in = word+string(r), true
		}
	}
	call()
	return out
}

// assignment is a variable before a command.
func assignment() *regexp.Regexp { return regexp.MustCompile(`^[A-Z_]+=`) }

// TestCommandsOfPages: the program has every command and flag that a page shows.
func TestCommandsOfPages(t *testing.T) {
	seen := 0
	for _, x := range shownLines(t) {
		for _, args := range commands(x.text) {
			err := takes(t, args)
			if x.named && err != nil && (strings.Contains(err.Error(), " needs ") || strings.Contains(err.Error(), "needs an argument")) {
				err = nil
			}
			if err != nil {
				t.Errorf("%s:%d: muster %s: %v", x.page, x.line, strings.Join(args, " "), err)
			}
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("only %d command lines were found", seen)
	}
}

// TestTakes proves that the check can fail.
func TestTakes(t *testing.T) {
	for line, good := range map[string]bool{
		"muster scan azure --accounts 'northwind-*'      # some": true,
		"muster scan azure --subscriptions 'northwind-*'":        false,
		"A=b muster demo && muster report -o html=report.html":   true,
		"muster demo && muster reprot":                           false,
		"muster explain":                                         false,
		"muster explain NHI-EXP-001 | less":                      true,
		"muster scan . --fail-on":                                false,
	} {
		var err error
		for _, args := range commands(line) {
			if failed := takes(t, args); failed != nil {
				err = failed
			}
		}
		if (err == nil) != good {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// takes reports why the program does not take a command line; nil if it does. What
// flags and arguments mean is not looked at.
func takes(t *testing.T, args []string) error {
	t.Helper()
	args = slices.DeleteFunc(slices.Clone(args), func(a string) bool { return a == "[flags]" }) // a line of help
	if i := slices.IndexFunc(args, func(a string) bool { return strings.HasPrefix(a, ">") || strings.HasPrefix(a, "<") }); i >= 0 {
		args = args[:i] // what follows is a file
	}
	root := (&app{World: world(t, io.Discard, io.Discard)}).root()
	root.InitDefaultHelpCmd()
	root.InitDefaultHelpFlag()
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	c.InitDefaultHelpFlag()
	if err := c.ParseFlags(rest); err != nil {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}
