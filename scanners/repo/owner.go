package repo

import (
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/repo/codeowners"
	"github.com/muster-nhi/muster/scanners/repo/git"
)

// maxOwners bounds the owners named for one subject.
const maxOwners = 20

// An ownership says who answers for what was found or is declared.
type ownership struct {
	job   *job
	file  *codeowners.File // nil if there is none
	place string           // where that stands
}

// ofDeclared emits the owners of a declared identity or credential: by
// CODEOWNERS, and the author who last changed the file.
func (o *ownership) ofDeclared(r inventory.Record) error {
	var places []inventory.Location
	switch {
	case r.Identity != nil:
		places = r.Identity.FoundAt
	case r.Credential != nil:
		places = r.Credential.FoundAt
	default:
		return nil
	}
	paths := make(map[string]string, len(places))
	dated := make([]inventory.Location, len(places))
	for i, l := range places {
		path := o.job.declaredAt[l.URI]
		paths[l.URI] = path
		if l.Author == "" {
			if c := o.job.lastChange[path]; c != nil {
				l.Author, l.Date, l.Commit, l.AtHead = c.Author, c.Date, c.ID.String(), inventory.True
			}
		}
		dated[i] = l
	}
	// The file that changed last names the author.
	slices.SortStableFunc(dated, func(a, b inventory.Location) int { return a.Date.Compare(b.Date) })
	return o.of(r.ID(), dated, paths)
}

// of emits who answers for a subject: by CODEOWNERS for the paths where it is,
// and the author of the commit that brought in its last line.
func (o *ownership) of(subject string, places []inventory.Location, paths map[string]string) error {
	for _, owner := range o.owners(places, paths) {
		owner.Subject, owner.Scope = subject, o.job.scope
		if err := o.job.send(inventory.Record{Owner: owner}); err != nil {
			return err
		}
	}
	return nil
}

func (o *ownership) owners(places []inventory.Location, paths map[string]string) []*inventory.Owner {
	var out []*inventory.Owner
	add := func(n inventory.Owner) {
		if n.Owner = git.Clean(n.Owner); n.Owner == "" || len(out) >= maxOwners || slices.ContainsFunc(out, func(p *inventory.Owner) bool {
			return p.Owner == n.Owner && p.Method == n.Method
		}) {
			return
		}
		out = append(out, &n)
	}
	var last *inventory.Location
	for i := range places {
		l := &places[i]
		if o.file != nil && inTree(*l) {
			names, line := o.file.Owners(paths[l.URI])
			for _, name := range names {
				add(inventory.Owner{
					Owner: name, Kind: ownerKind(name), Method: "codeowners", Confidence: inventory.ConfidenceHigh,
					Source: o.place + ":" + strconv.Itoa(line),
				})
			}
		}
		if l.Author != "" && (last == nil || l.AtHead == inventory.True || last.AtHead != inventory.True) {
			last = l
		}
	}
	if last != nil {
		kind := "person"
		if isBot(last.Author) {
			kind = "nhi"
		}
		add(inventory.Owner{
			Owner: last.Author, Kind: kind, Method: "last_author", Confidence: inventory.ConfidenceLow,
			Source: last.URI + "@" + last.Commit,
		})
	}
	return out
}

// inTree reports whether a location is a path of the tree, and not a note, a
// message or an object without a name: CODEOWNERS speaks of paths only.
func inTree(l inventory.Location) bool {
	how, _, _ := strings.Cut(l.Via, ", decoded ")
	return how != "note" && !strings.Contains(how, "message") && how != "unreachable object"
}

func ownerKind(name string) string {
	if strings.Contains(name, "/") && strings.HasPrefix(name, "@") {
		return "team"
	}
	if isBot(name) {
		return "nhi"
	}
	return "person"
}

// isBot tells the authors that no person is: GitHub Apps bear "[bot]", and
// common automation says so in its name or address.
func isBot(author string) bool {
	words := strings.FieldsFunc(strings.ToLower(author), func(r rune) bool { return strings.ContainsRune(" <>@._-+,()", r) })
	for _, w := range words {
		switch w {
		case "bot", "robot", "dependabot", "renovate", "jenkins", "automation":
			return true
		}
		if strings.HasSuffix(w, "[bot]") {
			return true
		}
	}
	return strings.HasPrefix(author, "github-actions ") || strings.HasPrefix(author, "gitlab-ci ")
}
