package paths

import (
	"slices"
	"sort"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// Kinds of place.
type placeKind int8

const (
	placeOther placeKind = iota
	placeAccount
	placeProject
	placeFolder
	placeOrganization
)

// maxDepth is how deep a tree of folders is followed. Google allows ten folders
// beneath each other.
const maxDepth = 40

// A place is a resource in the hierarchy.
type place struct {
	name    string
	kind    placeKind
	parent  int32 // -1 if there is none
	project int32 // the place of its project; -1 above projects
	node    *Node // nil if it was not read
	account *Account
	// in and out enclose the numbers of what is in it: in <= x.in < out.
	in, out int32
	uses    map[string]bool // enabled APIs of a project; nil is unknown
}

// container reports whether it is an organisation, a folder or a project.
func (p *place) container() bool { return p.kind >= placeProject }

// A tree is the hierarchy of resources.
type tree struct {
	places []place
	index  map[string]int32
	order  []int32 // places by their number
	cut    bool    // folders deeper than maxDepth, or in a circle
	// organization is the only one that was read; -1 if there are more or none. Pools
	// of people do not tell of which they are.
	organization int32
}

// canonical is the name under which a resource is kept.
func canonical(name string) string {
	name = strings.TrimPrefix(name, "//")
	return strings.TrimPrefix(name, "cloudresourcemanager.googleapis.com/")
}

// kindOf tells the kind of a canonical name.
func kindOf(name string) placeKind {
	head, rest, _ := strings.Cut(name, "/")
	if strings.Contains(rest, "/") {
		if strings.HasPrefix(name, "iam.googleapis.com/projects/") && strings.Contains(name, "/serviceAccounts/") && strings.Count(name, "/") == 4 {
			return placeAccount
		}
		return placeOther
	}
	switch head {
	case "organizations":
		return placeOrganization
	case "folders":
		return placeFolder
	case "projects":
		return placeProject
	default:
		return placeOther
	}
}

// accountName is the name of an account's place.
func accountName(project, email string) string {
	return "iam.googleapis.com/projects/" + project + "/serviceAccounts/" + email
}

// newTree puts up the hierarchy of an estate.
func newTree(e *Estate) *tree {
	t := &tree{index: map[string]int32{}, organization: -1}
	nodes := slices.Clone(e.Nodes)
	sort.SliceStable(nodes, func(i, j int) bool { return nodes[i].Name < nodes[j].Name })
	for i := range nodes {
		t.addNode(&nodes[i])
	}
	for i := range nodes {
		if at := t.index[canonical(nodes[i].Name)]; nodes[i].Parent != "" && t.places[at].node == &nodes[i] {
			parent := t.add(canonical(nodes[i].Parent), -1)
			t.places[at].parent = parent
		}
	}
	for i := range e.Accounts {
		t.addAccount(&e.Accounts[i])
	}
	t.addResources(e)
	t.number()
	seen := 0
	for i := range t.places {
		if t.places[i].kind == placeOrganization {
			t.organization = int32(i)
			seen++
		}
	}
	if seen != 1 {
		t.organization = -1
	}
	return t
}

// add returns the place of a name, and makes it beneath a parent if it is new.
func (t *tree) add(name string, parent int32) int32 {
	if at, ok := t.index[name]; ok {
		return at
	}
	at := int32(len(t.places))
	t.places = append(t.places, place{name: name, kind: kindOf(name), parent: parent, project: -1})
	t.index[name] = at
	return at
}

// addNode puts an organisation, folder or project into the tree; a project by its
// number too.
func (t *tree) addNode(n *Node) {
	name := canonical(n.Name)
	at := t.add(name, -1)
	p := &t.places[at]
	if p.node != nil {
		return
	}
	p.node = n
	if n.Number != "" {
		if alias := "projects/" + n.Number; t.index[alias] == 0 && alias != t.places[0].name {
			t.index[alias] = at
		}
	}
	if n.ServicesKnown {
		p.uses = map[string]bool{}
		for _, s := range n.Services {
			p.uses[s] = true
		}
	}
}

// addAccount puts a service account into its project, by its e-mail address and its
// unique id.
func (t *tree) addAccount(a *Account) {
	project := t.add(canonical("projects/"+a.Project), -1)
	email := strings.ToLower(a.Email)
	at := t.add(accountName(a.Project, email), project)
	if t.places[at].account == nil {
		t.places[at].account = a
	}
	names := []string{a.UniqueID, email}
	for _, id := range names {
		for _, p := range []string{"-", a.Project, t.numberOf(project)} {
			if id == "" || p == "" {
				continue
			}
			if alias := accountName(p, id); t.index[alias] == 0 {
				t.index[alias] = at
			}
		}
	}
}

// numberOf is the number of a project, empty if it is not known.
func (t *tree) numberOf(at int32) string {
	if n := t.places[at].node; n != nil {
		return n.Number
	}
	return ""
}

// addResources puts everything else that has a policy or runs into its project, or
// beneath the resource that its name begins with.
func (t *tree) addResources(e *Estate) {
	type named struct{ name, project string }
	var all []named
	for i := range e.Policies {
		all = append(all, named{canonical(e.Policies[i].Resource), e.Policies[i].Project})
	}
	for i := range e.Denies {
		all = append(all, named{canonical(e.Denies[i].Resource), ""})
	}
	for i := range e.Resources {
		all = append(all, named{canonical(e.Resources[i].Name), e.Resources[i].Project})
	}
	for i := range e.Workloads {
		all = append(all, named{canonical(e.Workloads[i].Name), e.Workloads[i].Project})
	}
	slices.SortStableFunc(all, func(x, y named) int { return strings.Compare(x.name, y.name) })
	for _, r := range all {
		if _, ok := t.index[r.name]; ok {
			continue
		}
		parent := int32(-1)
		if kindOf(r.name) < placeProject {
			parent = t.above(r.name, r.project)
		}
		t.add(r.name, parent)
	}
}

// above finds what a resource is in.
func (t *tree) above(name, project string) int32 {
	rest := name
	for range maxDepth {
		cut := strings.LastIndexByte(rest, '/')
		if cut <= 0 {
			break
		}
		rest = rest[:cut]
		if at, ok := t.index[rest]; ok && t.places[at].kind == placeOther {
			return at
		}
	}
	if project == "" {
		if _, tail, ok := strings.Cut(name, "/projects/"); ok {
			project, _, _ = strings.Cut(tail, "/")
		}
	}
	if project == "" || project == "_" {
		return -1
	}
	if at, ok := t.index["projects/"+project]; ok {
		return at
	}
	return t.add("projects/"+project, -1)
}

// number walks the tree and numbers its places, so that what is in what can be told
// by two comparisons. Circles are cut.
func (t *tree) number() {
	children := make([][]int32, len(t.places))
	var roots []int32
	for i := range t.places {
		if p := t.places[i].parent; p >= 0 && p != int32(i) {
			children[p] = append(children[p], int32(i))
		} else {
			t.places[i].parent = -1
			roots = append(roots, int32(i))
		}
	}
	byName := func(x, y int32) int { return strings.Compare(t.places[x].name, t.places[y].name) }
	slices.SortFunc(roots, byName)
	for i := range children {
		slices.SortFunc(children[i], byName)
	}
	seen := make([]bool, len(t.places))
	next := int32(0)
	for _, r := range roots {
		next = t.walk(r, children, seen, next)
	}
	var rest []int32 // what is in a circle has no root
	for i := range t.places {
		if !seen[i] {
			rest = append(rest, int32(i))
		}
	}
	slices.SortFunc(rest, byName)
	for _, i := range rest {
		if !seen[i] {
			t.cut = true
			t.places[i].parent = -1
			next = t.walk(i, children, seen, next)
		}
	}
	t.order = make([]int32, len(t.places))
	for i := range t.places {
		t.order[t.places[i].in] = int32(i)
	}
}

// walk numbers one root and all in it, without recursion.
func (t *tree) walk(root int32, children [][]int32, seen []bool, next int32) int32 {
	type frame struct {
		at, child int32
	}
	enter := func(at int32) {
		seen[at] = true
		p := &t.places[at]
		p.in = next
		next++
		switch {
		case p.kind == placeProject:
			p.project = at
		case p.parent >= 0:
			p.project = t.places[p.parent].project
		}
	}
	stack := []frame{{root, 0}}
	enter(root)
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if int(top.child) == len(children[top.at]) {
			t.places[top.at].out = next
			stack = stack[:len(stack)-1]
			continue
		}
		c := children[top.at][top.child]
		top.child++
		switch {
		case seen[c]:
		case len(stack) >= maxDepth:
			t.cut = true
			t.places[c].parent = -1
		default:
			enter(c)
			stack = append(stack, frame{c, 0})
		}
	}
	return next
}

// within reports whether a place is another, or in it.
func (t *tree) within(at, in int32) bool {
	x, y := &t.places[at], &t.places[in]
	return y.in <= x.in && x.in < y.out
}

// extent compares how far places reach: an organisation before a folder before a
// project.

// disabled says of the account of a place whether it is disabled.
func (p *place) disabled() inventory.Tri {
	if p.account == nil {
		return inventory.Unknown
	}
	return p.account.Disabled
}
