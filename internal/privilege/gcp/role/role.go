// Package role says what roles of Google Cloud allow: which of the permissions
// that decide about privilege they have, and whether they write or only read.
//
// What a role holds is taken from its permissions if they were read. The table of
// predefined roles (roles.txt) stands in where a role could not be read: it has for each
// the level, and those of its permissions that are watched, as Google published them in
// August 2026 (cloud.google.com/iam/docs/roles-permissions). It is a digest of the
// answers of roles.list with view=FULL. Whoever has an account makes it anew with
//
//	curl -H "Authorization: Bearer $(gcloud auth print-access-token)" \
//	    'https://iam.googleapis.com/v1/roles?view=FULL&pageSize=1000'  # each page
//	ROLES="$PWD/page*.json" go test -run TestDigest ./internal/privilege/gcp/role
//
// Everything here is pure.
package role

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Profile is what a role gives.
type Profile struct {
	Name string
	// Set is the watched permissions.
	Set Set
	// Level is read, write or none, by the permissions alone: what they lead to is
	// not in it. It is unknown if the permissions are.
	Level inventory.Level
	// Known is false if the permissions are not known. Of a role that is neither
	// read nor in the table, nothing is.
	Known bool
	// Total is the number of permissions; 0 if the table stands in.
	Total int
}

//go:embed roles.txt
var rolesText string

// A table is the predefined roles.
type table struct {
	roles   map[string]Profile
	reading map[string]bool // permissions of roles/viewer whose verb does not tell that they read
	err     error           // of a broken file, which the tests find
}

// predefined reads the table at its first use.
//
//nolint:gochecknoglobals // a function, made once: the table that it makes never changes
var predefined = sync.OnceValue(func() *table { return newTable(rolesText) })

// newTable parses the table of roles. Lines are "NAME LEVEL PERMISSION…" with n, r or w
// for the level; "= PERMISSION" is one that reads although its verb does not tell.
func newTable(text string) *table {
	t := &table{roles: map[string]Profile{}, reading: map[string]bool{}}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "=":
			t.reading[words[1]] = true
		case len(words) < 2 || words[0] == "=":
			t.err = fmt.Errorf("line %q of the table of roles", strings.TrimSpace(line))
		default:
			t.add(words)
		}
	}
	return t
}

// add puts the role of one line into the table.
func (t *table) add(words []string) {
	p := Profile{Name: "roles/" + words[0], Set: SetOf(words[2:]...), Known: true}
	switch words[1] {
	case "n":
		p.Level = inventory.LevelNone
	case "r":
		p.Level = inventory.LevelRead
	case "w":
		p.Level = inventory.LevelWrite
	default:
		t.err = fmt.Errorf("role %q of the table has the level %q", words[0], words[1])
	}
	t.roles[p.Name] = p
}

// Predefined returns what a predefined role ("roles/editor") gives by the table.
// It reports false for a custom role and for one that the table does not have.
func Predefined(name string) (Profile, bool) {
	p, ok := predefined().roles[name]
	return p, ok
}

// Of returns what a role gives. If its permissions are not known the table stands
// in; for what is not in the table either, Known is false and Level is unknown.
func Of(name string, permissions []string, known bool) Profile {
	if !known {
		if p, ok := Predefined(name); ok {
			return p
		}
		return Profile{Name: name, Level: inventory.LevelUnknown}
	}
	p := Profile{Name: name, Level: inventory.LevelNone, Known: true, Total: len(permissions)}
	for _, permission := range permissions {
		if n, ok := Number(permission); ok {
			p.Set.Add(n)
		}
		if p.Level != inventory.LevelWrite && !idle(permission) {
			if Reads(permission) {
				p.Level = inventory.LevelRead
			} else {
				p.Level = inventory.LevelWrite
			}
		}
	}
	return p
}

// idle reports whether a permission does nothing by itself: acting as an account
// counts by what the account may do.
func idle(permission string) bool {
	switch permission {
	case "iam.serviceAccounts.actAs", "iam.serviceAccounts.getAccessToken", "iam.serviceAccounts.getOpenIdToken",
		"iam.serviceAccounts.signBlob", "iam.serviceAccounts.signJwt", "iam.serviceAccounts.implicitDelegation":
		return true
	}
	return false
}

// readingVerb matches verbs that read.
var readingVerb = regexp.MustCompile(`^(get|list|search|query|fetch|lookup|read|view|check|validate|verify|test|calculate|aggregate|` +
	`resolve|report|analyze|describe|access|download|export|count|estimate|compare|detect|show|watch|wait|useReadOnly|find|diff|preview|` +
	`parse|render|poll|trace|browse|inspect|monitor|peek|audit)([^a-z]|$)`)

// Reads reports whether a permission reads and changes nothing: by its verb, or
// because roles/viewer has it.
func Reads(permission string) bool {
	verb := permission[strings.LastIndexByte(permission, '.')+1:]
	return readingVerb.MatchString(verb) || predefined().reading[permission]
}
