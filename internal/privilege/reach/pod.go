package reach

import (
	"maps"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// changeable reports whether the pods of a workload can be changed through it:
// not those of a Job, and a pod by itself keeps its account.
func changeable(w *Workload) bool { return w.Kind != "Pod" && w.Kind != "Job" }

// changes adds the edges of changing workloads: there has to be one to change.
func (a *Analysis) changes(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	names, every := v.names(a.table, h, 0)
	add := func(k setKind, ns, via string, sure bool, note string) {
		if s := a.sets[setKey{kind: k, namespace: ns}]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure, note: note, via: via})
		}
	}
	if every {
		add(accountsBeside, h.namespace, "", true, "")
	}
	for _, name := range names {
		for _, p := range a.byName[name] {
			if w := &a.mounts[p.namespace][p.at]; changeable(w) && (h.namespace == "" || h.namespace == p.namespace) {
				add(accountsThere, p.namespace, w.Kind+" "+p.namespace+"/"+w.Name, true, "")
			}
		}
	}
	if a.unseen.Accounts != "" {
		add(accountsNamed, h.namespace, "", false, a.accountsNote())
	}
	if a.unseen.Workloads != "" {
		add(a.possible(), h.namespace, "", false, "if there is such a workload: workloads were not listed ("+a.unseen.Workloads+")")
	}
	return out
}

// entries adds the edges of entering pods that run.
func (a *Analysis) entries(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	note := ""
	if a.table.permissions[h.permission].ID == "exec-get" {
		note = a.versionNote()
	}
	names, all := v.names(a.table, h, 0)
	if !all {
		return a.namedPods(out, i, h, names, note)
	}
	return a.openPods(out, i, h, note)
}

// openPods adds the edges into all pods of a namespace or of the cluster.
func (a *Analysis) openPods(out []edge, i int, h *hit, note string) []edge {
	to := func(k setKind, sure bool, note string) {
		if s := a.sets[setKey{kind: k, namespace: h.namespace}]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure, note: note})
		}
	}
	to(mounted, note == "", note)
	to(mountedMaybe, false, joinNotes(note, "if its token is mounted: the pod does not say"))
	if a.unseen.Workloads != "" {
		to(a.possible(), false, joinNotes(note, a.workloadsNote()))
	}
	return out
}

// versionNote says on what get on pods/exec depends.
func (a *Analysis) versionNote() string {
	if a.minor == 0 {
		return "if the API server is older than 1.35: its version is not known"
	}
	return ""
}

// namedPods adds the edges into pods that a rule names. The names of pods that a
// controller makes are not known; they begin with the controller's.
func (a *Analysis) namedPods(out []edge, i int, h *hit, names []string, note string) []edge {
	for _, name := range names {
		for _, w := range a.podsNamed(h.namespace, name) {
			n, ok := a.index[Principal{rbac.KindServiceAccount, w.Namespace, accountName(w.Account)}]
			if !ok || w.MountsToken == inventory.False {
				continue
			}
			sure := note == "" && w.MountsToken == inventory.True && w.Kind == "Pod"
			why := note
			if !sure {
				why = joinNotes(note, "if a pod of that name runs")
			}
			out = append(out, edge{hit: i, to: a.single(n), sure: sure, note: why, via: w.Kind + " " + w.Namespace + "/" + w.Name})
		}
	}
	if s := a.sets[setKey{kind: a.possible(), namespace: h.namespace}]; s != nil && a.unseen.Workloads != "" {
		out = append(out, edge{hit: i, to: s, note: joinNotes(note, a.workloadsNote())})
	}
	return out
}

// podsNamed returns the workloads of which a pod may have a name: a pod of that
// name, or a controller whose name it begins with.
func (a *Analysis) podsNamed(namespace, name string) []*Workload {
	var out []*Workload
	add := func(prefix string, pod bool) {
		for _, p := range a.byName[prefix] {
			if w := &a.mounts[p.namespace][p.at]; (w.Kind == "Pod") == pod && (namespace == "" || namespace == p.namespace) {
				out = append(out, w)
			}
		}
	}
	add(name, true)
	for i := range name {
		if name[i] == '-' {
			add(name[:i], false)
		}
	}
	return out
}

func accountName(name string) string {
	if name == "" {
		return "default"
	}
	return name
}

// nodeEdges adds the edges through kubelets.
func (a *Analysis) nodeEdges(out []edge, v *view, i int) []edge {
	names, all := v.names(a.table, &v.hits[i], 0)
	add := func(k setKey, sure bool, note string) {
		if s := a.sets[k]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure, note: note})
		}
	}
	if all {
		add(setKey{kind: mounted}, true, "")
		add(setKey{kind: mountedMaybe}, false, "if its token is mounted: the pod does not say")
	} else {
		for _, n := range names {
			add(setKey{kind: mountedNode, namespace: n}, true, "")
		}
		add(setKey{kind: mounted}, false, "if a pod of it runs on node "+list(names))
	}
	if a.unseen.Workloads != "" {
		add(setKey{kind: a.possible()}, false, a.workloadsNote())
	}
	return out
}

// tokenEdges adds the edges to accounts whose token a Secret holds.
func (a *Analysis) tokenEdges(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	names, all := v.names(a.table, h, 0)
	if !all {
		return a.namedTokens(out, i, h, names)
	}
	if s := a.sets[setKey{kind: inSecret, namespace: h.namespace}]; s != nil {
		out = append(out, edge{hit: i, to: s, sure: true})
	}
	if s := a.sets[setKey{kind: a.possible(), namespace: h.namespace}]; s != nil && a.unseen.Tokens != "" {
		out = append(out, edge{hit: i, to: s, note: "if a Secret holds a token of it: Secrets were not listed (" + a.unseen.Tokens + ")"})
	}
	return out
}

// namedTokens adds those to the accounts of named Secrets.
func (a *Analysis) namedTokens(out []edge, i int, h *hit, names []string) []edge {
	for _, name := range names {
		for _, t := range a.tokens[name] {
			if h.namespace != "" && t.Namespace != h.namespace {
				continue
			}
			if n, ok := a.index[Principal{rbac.KindServiceAccount, t.Namespace, t.Account}]; ok {
				out = append(out, edge{hit: i, to: a.single(n), sure: true, via: "Secret " + t.Namespace + "/" + t.Name})
			}
		}
	}
	if s := a.sets[setKey{kind: a.possible(), namespace: h.namespace}]; s != nil && a.unseen.Tokens != "" {
		out = append(out, edge{hit: i, to: s, note: "if such a Secret holds a token of it: Secrets were not listed (" + a.unseen.Tokens + ")"})
	}
	return out
}

// refills adds the edges of changing token Secrets that are there: to all accounts
// beside them.
func (a *Analysis) refills(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	change, changeAll := v.names(a.table, h, 0)
	look, lookAll := v.names(a.table, h, 1)
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(a.tokens)) {
		if !changeAll && !slices.Contains(change, name) || !lookAll && !slices.Contains(look, name) {
			continue
		}
		for _, t := range a.tokens[name] {
			if h.namespace != "" && t.Namespace != h.namespace || seen[t.Namespace] {
				continue
			}
			seen[t.Namespace] = true
			if s := a.sets[setKey{kind: accountsThere, namespace: t.Namespace}]; s != nil {
				out = append(out, edge{hit: i, to: s, sure: true, via: "Secret " + t.Namespace + "/" + t.Name})
			}
		}
	}
	if s := a.sets[setKey{kind: a.possible(), namespace: h.namespace}]; s != nil && a.unseen.Tokens != "" {
		out = append(out, edge{hit: i, to: s, note: "if there is a token Secret to change: Secrets were not listed (" + a.unseen.Tokens + ")"})
	}
	return out
}

// joinNotes joins what an edge depends on.
func joinNotes(notes ...string) string {
	out := ""
	for _, n := range notes {
		if n != "" && out != "" {
			out += "; "
		}
		out += n
	}
	return out
}
