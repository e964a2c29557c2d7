package manifest

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

type tree = object.Tree

// A place is where an object stands.
type place struct {
	path     string
	from, to int
}

// A builder collects the objects of all files.
type builder struct {
	opts     Options
	problems problems
	cluster  object.Cluster
	layout   layout

	seen      map[string]int // index in its list by kind, group, namespace and name
	workloads []object.Workload
	counts    map[string]int // objects by group/kind
	objects   int
	moved     map[[2]string]string // accounts that a kustomization moved: new namespace by old one and name
}

func newBuilder(opts Options) *builder {
	return &builder{
		opts: opts, problems: problems{most: opts.MaxProblems}, cluster: object.Cluster{Name: opts.Name},
		seen: map[string]int{}, counts: map[string]int{}, moved: map[[2]string]string{},
	}
}

// isObject reports whether a tree says that it is a Kubernetes object.
func isObject(t tree) bool { return textOf(t, "apiVersion") != "" && textOf(t, "kind") != "" }

func isList(t tree) bool { return strings.HasSuffix(textOf(t, "kind"), "List") }

func textOf(t tree, key string) string {
	s, _ := t[key].(string)
	return s
}

// object takes one object. Kinds that say nothing of identities are passed over.
func (b *builder) object(at place, t tree, src *source) {
	group, _, ok := strings.Cut(textOf(t, "apiVersion"), "/")
	if !ok {
		group = ""
	}
	kind := textOf(t, "kind")
	if kind == "Template" && group == "template.openshift.io" {
		b.problems.lost(at.path, at.from, "unrendered OpenShift template, not read: render it first (oc process -f FILE -o yaml)")
		return
	}
	if _, ok := t["sops"].(tree); ok && isEncrypted(kind) {
		b.problems.lost(at.path, at.from, "encrypted as a whole by SOPS, not read: decrypt it first, or encrypt values only (--encrypted-regex '^(data|stringData)$')")
		return
	}
	info, ok := lookup(group, kind)
	if !ok {
		if isAuthority(kind) && (group == "" || strings.HasPrefix(group, "authorization.")) {
			b.problems.lost(at.path, at.from, fmt.Sprintf("a %s of %q was not read: only those of %s are", kind, short(textOf(t, "apiVersion")), object.GroupRBAC))
		}
		return
	}
	if b.objects >= b.opts.MaxObjects {
		if b.objects == b.opts.MaxObjects {
			b.problems.lost(at.path, at.from, fmt.Sprintf("more than %d objects: from here on none was read; scan the directories one by one", b.opts.MaxObjects))
			b.objects++
		}
		return
	}
	if left := maxObject; !fits(t, &left) {
		b.problems.lost(at.path, at.from, fmt.Sprintf("this %s holds more than %d values and was not read: no API server takes it (1.5 MiB)", kind, maxObject))
		return
	}
	o := &item{builder: b, place: at, tree: t, source: src, group: group, kind: kind, cluster: info.cluster}
	if !o.metadata() {
		return
	}
	if info.read(o) {
		b.objects++
	}
}

// maxObject is how many values an object may hold: more do not fit into what etcd
// takes by default (--max-request-bytes), and some lists of an object are looked
// through once for each member.
const maxObject = 100_000

// fits reports whether a tree has no more values than are left.
func fits(v any, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch v := v.(type) {
	case tree:
		for _, item := range v {
			if !fits(item, left) {
				return false
			}
		}
	case []any:
		for _, item := range v {
			if !fits(item, left) {
				return false
			}
		}
	}
	return true
}

// An item is an object that is being read.
type item struct {
	*builder
	place
	tree        tree
	source      *source
	group, kind string
	cluster     bool
}

func (o *item) lost(line int, message string) {
	o.problems.lost(o.path, cmp.Or(line, o.from), message)
}

func (o *item) note(line int, message string) {
	o.problems.note(o.path, cmp.Or(line, o.from), message)
}

// metadata checks the name and fills in the namespace; false if there is no
// object here.
func (o *item) metadata() bool {
	m, ok := o.tree["metadata"].(tree)
	if !ok {
		o.lost(0, fmt.Sprintf("this %s has no metadata and was not read", o.kind))
		return false
	}
	if annotations, ok := m["annotations"].(tree); ok && annotations[object.LastApplied] != nil {
		annotations[object.LastApplied] = "" // repeats the object, values of a Secret included
	}
	name, field := textOf(m, "name"), "name"
	if generated := textOf(m, "generateName"); name == "" && generated != "" {
		name, field = generated+"*", "generateName"
	}
	namespace := textOf(m, "namespace")
	for _, text := range []struct{ field, value string }{{field, name}, {"namespace", namespace}} {
		if hasPlaceholder(text.value) {
			o.lost(o.source.line([]string{"metadata", text.field}, "string"), fmt.Sprintf("the %s of this %s is an unrendered placeholder, not read: render it first (helm template, kustomize build, envsubst)", text.field, o.kind))
			return false
		}
	}
	if why := badName(name); why != "" {
		o.lost(o.source.line([]string{"metadata"}, "object"), fmt.Sprintf("the name of this %s %s: the API server refuses it, and it was not read", o.kind, why))
		return false
	}
	if field == "generateName" {
		name = o.another(name, namespace)
	}
	m["name"] = name
	o.namespace(m, namespace, name)
	return true
}

// another makes the names of objects whose names the API server makes differ.
func (o *item) another(name, namespace string) string {
	key := "name/" + o.kind + "/" + namespace + "/" + name
	o.counts[key]++
	if n := o.counts[key]; n > 1 {
		return fmt.Sprintf("%s%d", name, n)
	}
	return name
}

// namespace decides in which namespace an object is.
func (o *item) namespace(m tree, namespace, name string) {
	if o.cluster {
		delete(m, "namespace")
		return
	}
	forced := o.layout.namespaces[o.path]
	if forced != "" && o.kind == "ServiceAccount" {
		o.moved[[2]string{namespace, name}] = forced
	}
	m["namespace"] = cmp.Or(forced, namespace, o.opts.DefaultNamespace)
}

// badName says why a name cannot be one (k8s.io/apimachinery, pkg/api/validation/path:
// the rule of those that may be anything, as roles and bindings may).
func badName(name string) string {
	switch {
	case name == "":
		return "is missing"
	case name == "." || name == ".." || strings.ContainsAny(name, "/%"):
		return "holds a character that names must not hold"
	case len(name) > 1024:
		return "is longer than 1,024 bytes"
	case !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsControl) >= 0:
		return "holds a character that cannot be printed"
	}
	return ""
}

// hasPlaceholder reports whether a name is to be filled in by another tool.
func hasPlaceholder(text string) bool {
	for _, mark := range []string{"{{", "${", "$(", "<%", "{%", "((", "<<"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// found is the place as records have it.
func (p place) found() *inventory.Location {
	at := &inventory.Location{URI: inventory.Printable(p.path), Line: p.from}
	if p.to > p.from {
		at.EndLine = p.to
	}
	return at
}

// put adds an object to its list, in place of one with the same name.
func put[T any](o *item, into list[T], v T) bool {
	all, meta := into.of(o.builder), into.meta
	m := meta(&v)
	m.Found = o.found()
	o.counts[m.Group+"/"+m.Kind]++
	key := strings.Join([]string{m.Kind, m.Group, m.Namespace, m.Name}, "\x00")
	i, twice := o.seen[key]
	if !twice {
		o.seen[key] = len(*all)
		*all = append(*all, v)
		return true
	}
	o.counts[m.Group+"/"+m.Kind]--
	old := (*all)[i]
	(*all)[i] = v
	before := *meta(&old).Found
	*meta(&old) = withoutFound(*meta(&old))
	now := v
	*meta(&now) = withoutFound(*m)
	if uid := meta(&old).UID; (m.UID == "" || m.UID != uid) && !reflect.DeepEqual(old, now) {
		o.twice(m, &before)
	}
	return false
}

// twice tells of an object that was declared before, and differently. In another file
// it may be for another cluster or stage: then what is declared is not known in full.
func (o *item) twice(m *object.Meta, before *inventory.Location) {
	text := fmt.Sprintf("%s %q is declared at %s:%d too, and differently: this one counts, as it comes last", o.kind, short(strings.TrimPrefix(m.Namespace+"/"+m.Name, "/")), before.URI, before.Line)
	if before.URI == inventory.Printable(o.path) {
		o.note(0, text)
		return
	}
	o.lost(0, text+"; if they are for different clusters, scan their directories one by one")
}

func withoutFound(m object.Meta) object.Meta {
	m.Found = nil
	return m
}

// finish puts the objects together.
func (b *builder) finish() *object.Cluster {
	b.moveSubjects()
	b.collapse()
	b.aggregate()
	b.listings()
	if b.objects == 0 {
		b.problems.note(".", 0, "no Kubernetes object that says anything of identities was found here")
	}
	b.cluster.Sort()
	return &b.cluster
}

// collapse joins what controllers made, which a dump of a cluster holds too, to
// the controllers.
func (b *builder) collapse() {
	rank := func(w object.Workload) int {
		switch w.Kind {
		case "Pod":
			return 3
		case "Job", "TaskRun", "Workflow":
			return 2
		case "ReplicaSet", "ReplicationController":
			return 1
		}
		return 0
	}
	slices.SortStableFunc(b.workloads, func(x, y object.Workload) int { return cmp.Compare(rank(x), rank(y)) })
	var c object.Collapser
	for _, w := range b.workloads {
		c.Add(w)
	}
	b.cluster.Workloads = c.Workloads(false)
}

// moveSubjects lets bindings follow the accounts that a kustomization moved.
func (b *builder) moveSubjects() {
	for i := range b.cluster.Bindings {
		x := &b.cluster.Bindings[i]
		if b.layout.namespaces[x.Found.URI] == "" {
			continue
		}
		for k := range x.Subjects {
			s := &x.Subjects[k]
			if to, ok := b.moved[[2]string{s.Namespace, s.Name}]; ok && s.Kind == "ServiceAccount" {
				s.Namespace = to
			}
		}
	}
}

// listings says for each kind how many objects there were.
func (b *builder) listings() {
	status, why := inventory.StatusComplete, ""
	if n := b.problems.anyLost; n > 0 {
		status = inventory.StatusPartial
		why = fmt.Sprintf("%s (%d problems like this in all)", b.problems.firstOne, n)
	}
	for _, k := range kinds {
		b.cluster.Listings = append(b.cluster.Listings, object.Listing{
			Group: k.group, Resource: k.resource, Status: status, Reason: why, Count: b.counts[k.group+"/"+k.kind],
		})
	}
}
