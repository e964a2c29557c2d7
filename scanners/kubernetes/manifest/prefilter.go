package manifest

import (
	"bytes"
	"regexp"
	"strings"
)

var (
	kindForm = regexp.MustCompile(`^kind:[ \t]+([A-Za-z]+)[ \t]*\r?\n?$`)
	topForm  = regexp.MustCompile(`^(- |[A-Za-z][A-Za-z0-9_.-]*:([ \t\r\n]|$))`)
)

// foreign reports whether a document is surely of a kind that says nothing of
// identities, so that it need not be parsed: custom resource definitions and
// dashboards are most of the bytes of many repositories. It is sure if every line that is
// not indented is a plain key and one of them alone is "kind": a key in quotes, an
// anchor or a merge key might say otherwise. What has items may be a list under any kind.
func foreign(text []byte) bool {
	if bytes.Count(text, []byte("\r")) != bytes.Count(text, []byte("\r\n")) {
		return false // a line break of its own to YAML, and none here
	}
	kind := ""
	for line := range bytes.Lines(text) {
		switch c := line[0]; {
		case c == ' ' || c == '#' || c == '\n' || c == '\r' && len(bytes.TrimSpace(line)) == 0:
			continue
		case c == '-' && isSeparator(line) && len(bytes.TrimSpace(line)) == 3 && kind == "":
			continue
		case !topForm.Match(line):
			return false
		case bytes.HasPrefix(line, []byte("items:")), bytes.HasPrefix(line, []byte("items ")):
			return false
		case !bytes.HasPrefix(line, []byte("kind:")):
			continue
		}
		m := kindForm.FindSubmatch(line)
		if m == nil || kind != "" {
			return false
		}
		kind = string(m[1])
	}
	if kind == "" || strings.HasSuffix(kind, "List") || kind == "Template" {
		return false
	}
	return !known(kind)
}
