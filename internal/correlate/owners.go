package correlate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The methods by which this package finds owners; scanners bring others.
const (
	MethodMapping   = "mapping_file" // a pattern of the mapping file
	MethodTag       = "tag"          // a tag, label or annotation
	MethodInherited = "inherited"    // that of the identity it opens, of its declaration, or of its consumer
)

// maxInherited bounds the owners that one record takes over from another.
const maxInherited = 5

// owners collects owner records by subject.
type owners struct {
	bySubject map[string][]*inventory.Owner
	order     []string // subjects as first met
}

// add keeps an owner unless the subject has it by the same method and source.
func (o *owners) add(x inventory.Owner) {
	list, met := o.bySubject[x.Subject]
	for _, y := range list {
		if y.Owner == x.Owner && y.Method == x.Method && bareSource(y.Source) == bareSource(x.Source) {
			return
		}
	}
	if !met {
		o.order = append(o.order, x.Subject)
	}
	o.bySubject[x.Subject] = append(list, &x)
}

// best returns the owners of the best confidence, without those that are
// themselves taken over: ownership is inherited once, not in chains.
func (o *owners) best(subject string) []*inventory.Owner {
	return top(slices.DeleteFunc(slices.Clone(o.bySubject[subject]), func(x *inventory.Owner) bool {
		return x.Method == MethodInherited
	}))
}

// top returns the owners of the best confidence among some, at most
// maxInherited, in an order that does not depend on theirs.
func top(list []*inventory.Owner) []*inventory.Owner {
	var out []*inventory.Owner
	top := inventory.Confidence("")
	for _, x := range list {
		switch c := cmp.Compare(x.Confidence.Rank(), top.Rank()); {
		case c > 0:
			top, out = x.Confidence, []*inventory.Owner{x}
		case c == 0:
			out = append(out, x)
		}
	}
	slices.SortFunc(out, compareOwners)
	return out[:min(len(out), maxInherited)]
}

func resolveOwners(ix *index, rels []*inventory.Relation, opts Options) []*inventory.Owner {
	o := &owners{bySubject: make(map[string][]*inventory.Owner, len(ix.inv.Owners))}
	for _, x := range ix.inv.Owners {
		o.add(*x)
	}
	keys := opts.OwnerTags
	if keys == nil {
		keys = DefaultOwnerTags()
	}
	tagOwners(ix, o, keys)
	mappedOwners(ix, o, opts.Mapping)
	inherit(ix, o, rels)
	var list []*inventory.Owner
	for _, subject := range o.order {
		list = append(list, o.bySubject[subject]...)
	}
	if opts.People != nil {
		for _, x := range list {
			opts.People.judge(x, opts.AsOf)
		}
	}
	slices.SortFunc(list, compareOwners)
	return list
}

func compareOwners(a, b *inventory.Owner) int {
	return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Method, b.Method),
		cmp.Compare(a.Owner, b.Owner), cmp.Compare(bareSource(a.Source), bareSource(b.Source)))
}

// tagOwners reads the owners that tags name.
func tagOwners(ix *index, o *owners, keys []string) {
	wanted := make(map[string]bool, len(keys))
	for _, k := range keys {
		wanted[strings.ToLower(k)] = true
	}
	each(ix, func(s subject) {
		for _, key := range sortedKeys(s.tags) {
			if !wanted[strings.ToLower(key)] {
				continue
			}
			for _, name := range names(s.tags[key]) {
				o.add(inventory.Owner{
					Subject: s.id, Scope: s.scope, Owner: name, Kind: kindOf(key, name), Method: MethodTag,
					Confidence: inventory.ConfidenceHigh, Source: key,
				})
			}
		}
	})
}

// names reads the value of an owner tag: one name or several, with commas or
// semicolons between. A value that says that nobody knows names nobody.
func names(value string) []string {
	var out []string
	for part := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ';' }) {
		part = strings.TrimPrefix(strings.TrimSpace(part), "mailto:")
		if part == "" || len(part) > maxField || placeholder[strings.ToLower(part)] || !printable(part) {
			continue
		}
		if !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	return out[:min(len(out), maxInherited)]
}

// placeholder lists what people write into an owner field to get past it.
var placeholder = map[string]bool{
	"n/a": true, "na": true, "none": true, "null": true, "nil": true, "unknown": true, "unowned": true, "nobody": true,
	"tbd": true, "todo": true, "tba": true, "-": true, "--": true, "?": true, "???": true, "x": true, "xxx": true,
	"changeme": true, "fixme": true, "owner": true, "test": true, "false": true, "no": true, "undefined": true,
}

// kindOf guesses whether an owner is a person or a team, from the key that
// named it and its form; empty is unknown.
func kindOf(key, name string) string {
	switch {
	case strings.HasPrefix(name, "@") && strings.Contains(name, "/"):
		return "team" // GitHub's @org/team
	case strings.Contains(strings.ToLower(key), "team"):
		return "team"
	default:
		return ""
	}
}

// mappedOwners applies the mapping file.
func mappedOwners(ix *index, o *owners, m *Mapping) {
	if m == nil {
		return
	}
	each(ix, func(s subject) {
		e := m.match(s)
		if e == nil {
			return
		}
		o.add(inventory.Owner{
			Subject: s.id, Scope: s.scope, Owner: e.Owner, Kind: e.Kind, Method: MethodMapping,
			Confidence: inventory.ConfidenceHigh, Source: e.source(m.name),
		})
	})
}

// A subject is what owners are looked for: an identity or a credential.
type subject struct {
	id, native, scope, name, kind string // native is the id without its scanner
	tags                          map[string]string
	places                        []inventory.Location
}

// each calls f for every identity and credential, by id.
func each(ix *index, f func(subject)) {
	for _, i := range ix.inv.Identities {
		_, native, _ := strings.Cut(i.ID, ":")
		f(subject{i.ID, native, i.Scope, i.Name, i.Type, i.Tags, i.FoundAt})
	}
	for _, c := range ix.inv.Credentials {
		_, native, _ := strings.Cut(c.ID, ":")
		f(subject{c.ID, native, c.Scope, c.Name, c.Type, c.Tags, c.FoundAt})
	}
}

func sortedKeys(m map[string]string) []string {
	if len(m) == 0 {
		return nil
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
