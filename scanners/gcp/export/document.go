package export

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
)

// A document is a file while it is read.
type document struct {
	r      *reader
	name   string
	place  string   // projects/…, folders/… or organizations/… that its path names; may be empty
	listed bool     // it is a list, or an answer that holds one
	empty  bool     // it is an answer that holds nothing
	more   bool     // an answer says that more follows
	known  bool     // something in it was understood
	told   bool     // that it holds values
	n      int      // objects
	chain  []string // of ancestors, the nearest first
	heard  map[spot]*amount
	sweeps map[string]*sweep // by content
}

// A spot is a call and what it was asked about: a project by number or id, or
// folders/…, organizations/…; empty if the content does not tell.
type spot struct{ call, where string }

// An amount counts objects, and those that could not be decoded in full.
type amount struct {
	all, bad int
	thin     bool // of a search, which tells less than the listing
}

// A sweep is what a file of Asset Inventory holds, so that it can be told what it
// would have held.
type sweep struct {
	content string          // resource, iam-policy, search or policy-search
	types   map[string]bool // asset types in it
	all     bool            // it has types that nobody asks for by name: it is of all
	common  map[string]bool // ancestors that all have
	place   string
	cut     string // why it is not whole
	name    string
}

func (r *reader) document(name string) *document {
	return &document{r: r, name: name, place: placeIn(name), heard: map[spot]*amount{}, sweeps: map[string]*sweep{}}
}

// placeIn finds projects/ID, folders/N or organizations/N in the path of a file.
func placeIn(name string) string {
	parts := strings.Split(strings.TrimSuffix(name, path.Ext(name)), "/")
	for i := len(parts) - 2; i >= 0; i-- {
		if slices.Contains([]string{"projects", "folders", "organizations"}, parts[i]) && plausible(parts[i+1]) && i+2 < len(parts) {
			return parts[i] + "/" + parts[i+1]
		}
	}
	return ""
}

// hear returns the amount of a call and what it was asked about.
func (doc *document) hear(call, where string) *amount {
	k := spot{call, where}
	if doc.heard[k] == nil {
		doc.heard[k] = &amount{}
	}
	return doc.heard[k]
}

// took counts an object of a call.
func (doc *document) took(call, where string, err error) {
	doc.known = true
	n := doc.hear(call, where)
	n.all++
	if err != nil {
		n.bad++
	}
}

// finish accounts for the calls of the file.
func (doc *document) finish(cut bool) {
	if doc.n == 0 && (doc.listed || doc.empty) && !cut {
		doc.nothing()
	}
	for _, k := range slices.SortedFunc(maps.Keys(doc.heard), func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.call, b.call), cmp.Compare(a.where, b.where))
	}) {
		doc.r.hear(doc, k, doc.heard[k], cut)
		if id, ok := strings.CutPrefix(doc.place, "projects/"); ok && isNumber(k.where) {
			doc.r.near.of(id)[k.where] = true
		}
	}
	for _, content := range slices.Sorted(maps.Keys(doc.sweeps)) {
		s := doc.sweeps[content]
		s.place, s.name = doc.place, doc.name
		if cut || doc.more {
			s.cut = doc.trouble(cut)
		}
		doc.r.sweeps = append(doc.r.sweeps, s)
	}
	if !doc.known && !cut {
		doc.r.unknown = append(doc.r.unknown, doc.name)
	}
}

func (doc *document) trouble(cut bool) string {
	if cut {
		return saved.Short(doc.name, 200) + " ends in the middle or could not be read to the end"
	}
	return saved.Short(doc.name, 200) + " is not the last page"
}

// nothing takes a file without objects for the answer of the call that it is named
// after.
func (doc *document) nothing() {
	if c := doc.r.calls.named(doc.name); c != nil {
		doc.known = true
		doc.hear(c.permission, doc.place)
		base := strings.TrimSuffix(strings.TrimSuffix(path.Base(doc.name), ".gz"), ".json")
		if name, ok := strings.CutPrefix(base, c.words()+"."); ok {
			doc.r.answered[c.permission+" "+strings.TrimPrefix(doc.place, "projects/")+" "+name] = true
		}
		return
	}
	if content, asset := assetFile(doc.name); content != "" {
		doc.known = true
		s := doc.sweep(content)
		if asset == "" {
			s.all = content == "policy-search" || content == "iam-policy"
		}
		s.types[asset] = true
	}
}

// assetFile tells of which content and asset type a file is by its name, as the
// collecting script writes it: asset-list.resource.iam.googleapis.com_Role.json.
func assetFile(name string) (content, asset string) {
	base := strings.TrimSuffix(strings.TrimSuffix(path.Base(name), ".gz"), ".json")
	for prefix, content := range map[string]string{
		"asset-list.resource": "resource", "asset-list.iam-policy": "iam-policy", "asset-search-all-resources": "search", "asset-search-all-iam-policies": "policy-search",
	} {
		if rest, ok := strings.CutPrefix(base, prefix); ok {
			return content, strings.Replace(strings.TrimPrefix(rest, "."), "_", "/", 1)
		}
	}
	return "", ""
}

func (doc *document) sweep(content string) *sweep {
	if doc.sweeps[content] == nil {
		doc.sweeps[content] = &sweep{content: content, types: map[string]bool{}}
	}
	return doc.sweeps[content]
}

// saw takes an asset into a sweep.
func (s *sweep) saw(asset string, ancestors []string, asked map[string]bool) {
	s.types[asset] = true
	s.all = s.all || !asked[asset]
	if s.common == nil {
		s.common = map[string]bool{}
		for _, a := range ancestors {
			s.common[a] = true
		}
		return
	}
	for a := range s.common {
		if !slices.Contains(ancestors, a) {
			delete(s.common, a)
		}
	}
}

// held are the fields under which a value of a secret is saved, by what it is.
func held(fields map[string]json.RawMessage) string {
	has := func(keys ...string) bool {
		for _, k := range keys {
			if v := string(fields[k]); v == "" || v == "null" || v == `""` {
				return false
			}
		}
		return true
	}
	switch {
	case has("private_key") || has("privateKeyData"):
		return "the private key of a service account"
	case has("keyString"):
		return "the string of an API key"
	case has("clientSecret") || has("client_secret"):
		return "a client secret"
	case has("secret", "metadata"):
		return "the secret of an HMAC key"
	case has("access_token") || has("accessToken") || has("refresh_token") || has("token") || has("id_token"):
		return "a token"
	case has("payload") && strings.Contains(string(fields["payload"]), `"data"`):
		return "the value of a secret"
	}
	return ""
}

// element reads one object.
func (doc *document) element(raw json.RawMessage, fields map[string]json.RawMessage) {
	doc.n++
	if len(fields) == 0 {
		doc.empty = true
		doc.n--
		return
	}
	if what := held(fields); what != "" {
		doc.values(what)
		if !strings.Contains(text(fields["name"]), "/oauthClients/") && text(fields["name"]) == "" {
			doc.known = true
			return
		}
	}
	for _, read := range []func(*document, json.RawMessage, map[string]json.RawMessage) bool{
		(*document).asset, (*document).foundPolicy, (*document).ancestor, (*document).failure, (*document).workload, (*document).resource, (*document).policy,
	} {
		if read(doc, raw, fields) {
			doc.known = true
			return
		}
	}
}

// values says that a file holds the value of a secret.
func (doc *document) values(what string) {
	if doc.told {
		return
	}
	doc.told = true
	doc.r.problems.Held(doc.name, fmt.Sprintf("holds %s, which was passed over. Delete the file, and rotate what it is for if others could read it", what))
}

// text is the text of a field; empty if it is none.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// first non-empty text of some fields.
func either(fields map[string]json.RawMessage, keys ...string) string {
	for _, k := range keys {
		if s := text(fields[k]); s != "" {
			return s
		}
	}
	return ""
}

// projectOf is the project in the name of a resource, by id or number; or the
// folders/… or organizations/… that it is in.
func projectOf(name string) string {
	if p := convert.Part(name, "projects"); p != "" && p != "-" {
		return p
	}
	for _, c := range []string{"folders", "organizations"} {
		if n := convert.Part(name, c); n != "" {
			return c + "/" + n
		}
	}
	return ""
}
