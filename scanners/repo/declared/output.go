package declared

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// The bounds on what is kept.
const (
	maxFileRecords = 50_000
	maxRecords     = 500_000
	maxProblems    = 10_000
)

// An output collects the records and problems of a repository, file by file,
// and what waits for other files.
type output struct {
	file     File
	records  []inventory.Record
	problems []Problem
	index    map[string]int // id to its place in records
	ofFile   int            // records of the current file
	cut      bool           // the bound of the current file was reached

	values map[inventory.SecretHash]string // of the current file, to the id of their credential

	cluster   cluster
	terraform map[string]*module // by directory
}

func newOutput() *output {
	return &output{
		index:     make(map[string]int),
		cluster:   newCluster(),
		terraform: make(map[string]*module),
	}
}

// open begins a file.
func (o *output) open(file File) {
	o.file, o.ofFile, o.cut = file, 0, false
	o.values = make(map[inventory.SecretHash]string)
}

// finish draws what could not be known before all files were read.
func (o *output) finish() {
	finishTerraform(o)
	finishKubernetes(o)
}

// lost notes something that could not be read and may have declared things.
func (o *output) lost(line int, message string) {
	o.note(Problem{Path: o.file.Path, Line: line, Message: message, Partial: o.file.meant()})
}

func (o *output) note(p Problem) {
	if len(o.problems) < maxProblems {
		o.problems = append(o.problems, p)
	}
}

// full reports whether a bound on records is reached, and says so once a file.
func (o *output) full() bool {
	if o.ofFile < maxFileRecords && len(o.records) < maxRecords {
		o.ofFile++
		return false
	}
	if !o.cut {
		o.cut = true
		o.lost(0, "declares too much; the rest was left out")
	}
	return true
}

// emit takes a record. One whose id was taken before is the same thing declared
// again: its locations are added.
func (o *output) emit(r inventory.Record) {
	id := r.ID()
	if at, ok := o.index[id]; ok && id != "" {
		if old, more := places(o.records[at]), places(r); old != nil && more != nil {
			addPlaces(old, *more)
		}
		return
	}
	if r.Validate() != nil {
		o.lost(0, "a declaration has no record that holds it; left out")
		return
	}
	if o.full() {
		return
	}
	if id != "" {
		o.index[id] = len(o.records)
	}
	o.records = append(o.records, r)
}

// addPlaces adds locations that are not there yet, up to a cap.
func addPlaces(list *[]inventory.Location, more []inventory.Location) {
	const most = 1000
	for _, l := range more {
		if len(*list) < most && !slices.Contains(*list, l) {
			*list = append(*list, l)
		}
	}
}

// places returns the locations of a record; nil for kinds that have none.
func places(r inventory.Record) *[]inventory.Location {
	switch {
	case r.Identity != nil:
		return &r.Identity.FoundAt
	case r.Credential != nil:
		return &r.Credential.FoundAt
	case r.Trust != nil:
		return &r.Trust.FoundAt
	case r.Consumer != nil:
		return &r.Consumer.FoundAt
	default:
		return nil
	}
}

// id returns the id of a thing of this file.
func (o *output) id(kind inventory.Kind, name string) string {
	return o.idIn(kind, o.file.Path, name)
}

// dirID returns the id of a thing that is named per directory.
func (o *output) dirID(kind inventory.Kind, name string) string {
	return o.idIn(kind, dirOf(o.file.Path), name)
}

// idIn returns the id of a thing at a place.
func (o *output) idIn(kind inventory.Kind, place, name string) string {
	return o.file.Prefix + ":" + o.file.Scope + "/" + string(kind) + "/" + place + "#" + clean(name)
}

// dirOf is the directory of a path; "." is the root.
func dirOf(filePath string) string { return path.Dir(filePath) }

// at returns the one location of a thing.
func (o *output) at(line int) []inventory.Location {
	return []inventory.Location{{URI: o.file.Path, Repo: o.file.Scope, Line: max(line, 0)}}
}

// hash returns the keyed hash of a secret value.
func (o *output) hash(value string) inventory.SecretHash {
	if o.file.Hash == nil || value == "" {
		return ""
	}
	return o.file.Hash([]byte(value))
}

// owners emits an Owner for each tag, label or annotation that names one.
func (o *output) owners(subject, method string, tags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if !isOwnerKey(key) || tags[key] == "" {
			continue
		}
		kind := ""
		switch {
		case strings.Contains(strings.ToLower(key), "team"):
			kind = "team"
		case strings.Contains(tags[key], "@") && !strings.HasPrefix(tags[key], "@"):
			kind = "person"
		}
		o.emit(inventory.Record{Owner: &inventory.Owner{
			Subject: subject, Scope: o.file.Scope, Owner: tags[key], Kind: kind,
			Method: method, Confidence: inventory.ConfidenceHigh, Source: method + " " + key,
		}})
	}
}

// isOwnerKey reports whether a tag, label or annotation names an owner.
func isOwnerKey(key string) bool {
	switch strings.ToLower(strings.ReplaceAll(key, "_", "-")) {
	case "owner", "owners", "team", "contact", "owner-email", "owner-team", "team-name", "owned-by",
		"app.kubernetes.io/owner", "a8r.io/owner", "backstage.io/owner":
		return true
	default:
		return false
	}
}

// environment maps the usual names of an environment to one spelling and
// leaves others as they are. An expression is unknown.
func environment(name string) string {
	name = clean(name)
	if strings.Contains(name, "${") || strings.HasPrefix(name, "$") {
		return ""
	}
	lower := strings.ToLower(name)
	head, _, _ := strings.Cut(lower, "/")
	switch head {
	case "prod", "production", "prd", "live":
		return "production"
	case "stage", "staging", "stg", "preprod":
		return "staging"
	case "dev", "development":
		return "development"
	case "test", "testing", "qa", "ci":
		return "test"
	default:
		return lower
	}
}

// clean makes foreign text fit for one line of a record: printable, at most 300
// bytes.
func clean(s string) string {
	const most = 300
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return strings.TrimSpace(s)
}
