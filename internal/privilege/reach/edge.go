package reach

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A setKind says what the members of a set have in common.
type setKind int

const (
	accountsThere  setKind = iota // accounts that exist
	accountsNamed                 // accounts that exist or that a binding names
	accountsBeside                // accounts that exist where there is a workload to change
	mounted                       // accounts whose token a pod has
	mountedMaybe                  // accounts whose token a pod may have
	mountedNode                   // accounts whose token a pod of a node has
	inSecret                      // accounts with a token in a Secret
	users                         // users that bindings name
	subjects                      // users and groups that bindings name, but system:masters
	single                        // one node
)

// A setKey names a set: of the cluster if namespace is empty. For mountedNode
// the namespace is the node, for single the number of the node.
type setKey struct {
	kind      setKind
	namespace string
	node      int32
}

// A set is nodes that one edge leads to. Readers of it are the classes with such
// an edge.
type set struct {
	key   setKey
	id    int // from 1, of those that an edge leads to
	nodes []int32
	round int32 // the last walk that came by
}

// An edge leads from whoever has a hit to all members of a set.
type edge struct {
	hit  int // of the view
	to   *set
	sure bool
	note string // what it depends on where it is not sure
	via  string // what it goes through: a workload, a Secret
}

// join makes a node a member of a set.
func (a *Analysis) join(n int32, k setKey) {
	s := a.set(k)
	if !slices.Contains(a.nodes[n].sets, s) {
		a.nodes[n].sets = append(a.nodes[n].sets, s)
		s.nodes = append(s.nodes, n)
	}
}

func (a *Analysis) set(k setKey) *set {
	s := a.sets[k]
	if s == nil {
		s = &set{key: k}
		a.sets[k] = s
	}
	return s
}

// addMembers fills the sets.
func (a *Analysis) addMembers(e *Estate) {
	beside := map[string]bool{}
	for i := range e.Workloads {
		if changeable(&e.Workloads[i]) {
			beside[e.Workloads[i].Namespace] = true
		}
	}
	for i := range a.nodes {
		n, p := int32(i), &a.nodes[i].principal
		switch p.Kind {
		case rbac.KindServiceAccount:
			for _, ns := range []string{"", p.Namespace} {
				a.join(n, setKey{kind: accountsNamed, namespace: ns})
				if a.nodes[i].exists {
					a.join(n, setKey{kind: accountsThere, namespace: ns})
					if beside[p.Namespace] {
						a.join(n, setKey{kind: accountsBeside, namespace: ns})
					}
				}
			}
		case rbac.KindUser:
			a.join(n, setKey{kind: users})
			a.join(n, setKey{kind: subjects})
		default:
			if p.Name != rbac.Masters {
				a.join(n, setKey{kind: subjects})
			}
		}
	}
	for i := range e.Workloads {
		a.addWorkload(&e.Workloads[i])
	}
	for _, t := range e.Tokens {
		a.tokens[t.Name] = append(a.tokens[t.Name], t)
		if n, ok := a.index[Principal{rbac.KindServiceAccount, t.Namespace, t.Account}]; ok {
			a.join(n, setKey{kind: inSecret})
			a.join(n, setKey{kind: inSecret, namespace: t.Namespace})
		}
	}
}

// addWorkload notes whose token a workload has.
func (a *Analysis) addWorkload(w *Workload) {
	a.byName[w.Name] = append(a.byName[w.Name], place{w.Namespace, len(a.mounts[w.Namespace])})
	a.mounts[w.Namespace] = append(a.mounts[w.Namespace], *w)
	n, ok := a.index[Principal{rbac.KindServiceAccount, w.Namespace, accountName(w.Account)}]
	if !ok || w.MountsToken == inventory.False {
		return
	}
	kind := mounted
	if w.MountsToken == inventory.Unknown {
		kind = mountedMaybe
	}
	for _, ns := range []string{"", w.Namespace} {
		a.join(n, setKey{kind: kind, namespace: ns})
	}
	if w.Node != "" && kind == mounted {
		a.join(n, setKey{kind: mountedNode, namespace: w.Node})
	}
}

// edges makes the edges of a view.
func (a *Analysis) edges(v *view) []edge {
	if v.everything(a.table) {
		return nil
	}
	var out []edge
	for i := range v.hits {
		out = a.edgesOf(out, v, i)
	}
	return out
}

// edgesOf adds those of one hit.
func (a *Analysis) edgesOf(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	p := &a.table.permissions[h.permission]
	to := func(k setKind, sure bool, note string) {
		if s := a.sets[setKey{kind: k, namespace: h.namespace}]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure, note: note})
		}
	}
	there := func() {
		to(accountsThere, true, "")
		if a.unseen.Accounts != "" {
			to(accountsNamed, false, a.accountsNote())
		}
	}
	if h.note != "" {
		return out
	}
	switch p.means {
	case plain, constrained, asGroup, takeover:
		if p.means == asGroup && h.named {
			return a.namedSubjects(out, v, i)
		}
		if h.named && p.ID == "bind-cluster" {
			return a.namedRoles(out, v, i)
		}
	case ownAll:
		if h.named {
			return a.namedRoles(out, v, i)
		}
		if h.namespace != "" && p.ID == "bind" && !v.allows("create", rbacGroup, "rolebindings", h.namespace) {
			return a.namedRoles(out, v, i)
		}
		if h.namespace != "" && p.ID != "everything" {
			out = append(out, edge{hit: i, to: a.single(a.take(a.admin.Role, h.namespace)), sure: true})
		}
		if p.ID == "everything" {
			there()
		}
	case bindRoles:
		return a.namedRoles(out, v, i)
	case runAs:
		there()
	case changeAs:
		return a.changes(out, v, i)
	case become:
		if h.named {
			return a.namedAccounts(out, v, i, accountsNamed)
		}
		to(accountsNamed, true, "")
	case mint:
		if h.named {
			return a.namedAccounts(out, v, i, accountsThere)
		}
		there()
	case refill:
		return a.refills(out, v, i)
	case enter:
		return a.entries(out, v, i)
	case onNode:
		return a.nodeEdges(out, v, i)
	case readTokens:
		return a.tokenEdges(out, v, i)
	case asUser:
		if h.named {
			return a.namedSubjects(out, v, i)
		}
		to(users, true, "")
	case asSubject:
		to(subjects, true, "")
	}
	return out
}

// possible is the kind of accounts that an edge may lead to where it is not known
// which.
func (a *Analysis) possible() setKind {
	if a.unseen.Accounts != "" {
		return accountsNamed
	}
	return accountsThere
}

// accountsNote says what an edge to accounts depends on.
func (a *Analysis) accountsNote() string {
	if a.unseen.Accounts == "" {
		return ""
	}
	return "if the account exists: accounts were not listed (" + a.unseen.Accounts + ")"
}

// workloadsNote is the same for pods.
func (a *Analysis) workloadsNote() string {
	return "if a pod has its token mounted: workloads were not listed (" + a.unseen.Workloads + ")"
}
