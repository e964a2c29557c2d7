// Package file reads the files that hold credentials by their nature, and whose
// format must be known to see them: passwords there are words like any other.
//
// What is no password of somebody is left out: placeholders, variables,
// examples. A file that is not in its format gives nothing; none is an error.
// Time and memory grow with the size of a file, which is bounded by MaxSize; a
// document of JSON, XML or YAML is a tree while it is read.
package file

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

// MaxSize is the largest file that is read, in bytes.
const MaxSize = 8 << 20

// maxFound is the most that one file gives, and maxHashes the most hashes of
// people's passwords among that: what a table of users holds is theirs, and
// said once.
const (
	maxFound  = 1000
	maxHashes = 20
)

// How a value lies in a file.
const (
	Plain   = ""
	Encoded = "encoded"   // anybody can undo it: an encoding, or a key that the program's makers published
	Hashed  = "hashed"    // it has to be guessed
	Locked  = "encrypted" // with a key that is not in the file
)

// A Found is one secret in a file. The caller clears nothing: strings cannot be.
type Found struct {
	Value   string
	Line    int               // from 1
	User    string            // whose it is; empty is unknown
	Host    string            // where it opens something; empty is unknown
	Type    string            // of the credential, where it is not that of the format
	Name    string            // what the file calls it: a section, a resource, a setting
	Form    string            // how it lies there; Value is what it comes to where it is Encoded
	Hash    string            // of a hashed one, the kind of hash
	Expires time.Time         // zero is unknown
	Facts   map[string]string // what else is public; nil if there is nothing
}

// A format is one kind of file.
type format struct {
	rule  string                       // which findings in it are told under
	typ   string                       // of the credential
	names string                       // base names in lower case, between blanks
	where func(dir, base string) bool  // other places, in lower case; dir is the directory's last part; nil if there are none
	parse func(content string) []Found // nil if it is a store that is not opened
	raw   bool                         // not text
}

// Formats are the formats that are known, to be asked by path. They do not
// change, and are safe for concurrent use.
type Formats struct {
	named  map[string]*format
	placed []*format
	ruled  map[string]*format
}

// New returns the formats that are known.
func New() *Formats {
	f := &Formats{named: map[string]*format{}, ruled: map[string]*format{}}
	for _, list := range [][]format{logins(), transfers(), registries(), databases(), servers(), services(), infrastructure(), stores()} {
		for i := range list {
			one := &list[i]
			f.ruled[one.rule] = one
			for name := range strings.FieldsSeq(one.names) {
				f.named[name] = one
			}
			if one.where != nil {
				f.placed = append(f.placed, one)
			}
		}
	}
	return f
}

// Of returns the format of a file at a path, with slashes, or "". It is the name
// of the rule which findings in the file are told under.
func (f *Formats) Of(name string) string {
	base := strings.ToLower(path.Base(name))
	if one := f.named[base]; one != nil {
		return one.rule
	}
	dir := strings.ToLower(path.Base(path.Dir(name)))
	for _, one := range f.placed {
		if one.where(dir, base) {
			return one.rule
		}
	}
	return ""
}

// Is reports whether a name is that of a format.
func (f *Formats) Is(name string) bool { return f.ruled[name] != nil }

// Closed reports whether files of a format are stores that a passphrase locks:
// they are not opened.
func (f *Formats) Closed(name string) bool { return f.ruled[name] != nil && f.ruled[name].parse == nil }

// Parse returns the secrets of a file of a format, in order of their lines. It
// keeps nothing of the content.
func (f *Formats) Parse(name string, content []byte) []Found {
	one := f.ruled[name]
	if one == nil || one.parse == nil || len(content) > MaxSize || !one.raw && bytes.IndexByte(content, 0) >= 0 {
		return nil
	}
	text := string(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")))
	if !one.raw {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	var out []Found
	hashes := 0
	for _, found := range one.parse(text) {
		if found.Form == Hashed {
			hashes++
		}
		if !found.tells() || hashes > maxHashes && found.Form == Hashed || len(out) >= maxFound {
			continue
		}
		if found.Type == "" {
			found.Type = one.typ
		}
		out = append(out, found)
	}
	slices.SortStableFunc(out, func(a, b Found) int { return a.Line - b.Line })
	return out
}

// tells reports whether it can be somebody's.
func (f *Found) tells() bool {
	switch f.Form {
	case Hashed, Locked:
		return len(f.Value) >= 8 && len(f.Value) <= 1<<16
	default:
		return IsPlain(f.Value)
	}
}

//nolint:gochecknoglobals // functions, which nothing sets
var (
	variable = lazy.Regexp(`\$\{|\$\(|\{\{|%\(|<%|^\$[A-Za-z_]|^%[A-Za-z_]+%$|^<.*>$|^__.*__$|^@.*@$|^#\{.*\}#?$`)
	same     = lazy.Regexp(`^(?:x+|X+|\*+|\.+|-+|0+|#+|\?+|•+)$`)
)

// IsPlain reports whether a value can be somebody's password: at least four
// bytes, no variable, and none of the words that stand in for one. A private
// key may be longer than a password.
func IsPlain(value string) bool {
	most := 4096
	if strings.HasPrefix(value, "-----BEGIN ") {
		most = 1 << 16
	}
	if len(value) < 4 || len(value) > most || variable().MatchString(value) || same().MatchString(value) {
		return false
	}
	lower := strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(value))
	switch lower {
	case "password", "passwd", "pass", "secret", "mypassword", "mysecret", "token", "mytoken", "test", "none", "null", "empty", "todo", "redacted", "hidden", "anonymous", "username", "true", "false":
		return false
	}
	for _, word := range []string{"example", "changeme", "changethis", "placeholder", "passwordhere", "tokenhere", "secrethere", "replaceme", "yourpass", "yoursecret", "yourtoken", "yourkey", "putyour", "insertyour"} {
		if strings.Contains(lower, word) {
			return false
		}
	}
	return true
}

// lineAt returns the line of a position, from 1.
func lineAt(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

// endsWith returns what tells paths by the ends of their base names.
func endsWith(ends ...string) func(dir, base string) bool {
	return func(_, base string) bool {
		for _, end := range ends {
			if strings.HasSuffix(base, end) {
				return true
			}
		}
		return false
	}
}

// within returns what tells paths by directory and base name: "dir/base" each.
func within(places ...string) func(dir, base string) bool {
	return func(dir, base string) bool {
		for _, place := range places {
			if d, b, _ := strings.Cut(place, "/"); d == dir && b == base {
				return true
			}
		}
		return false
	}
}

// either joins two of those.
func either(a, b func(dir, base string) bool) func(dir, base string) bool {
	return func(dir, base string) bool { return a(dir, base) || b(dir, base) }
}
