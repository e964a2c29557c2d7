package reach

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// changes adds the edges of changing workloads: there has to be one to change.
func (a *Analysis) changes(out []edge, v *view, i int) []edge {
	h := &v.hits[i]
	names, all := v.names(a.table, h, 0)
	add := func(ns, via string, sure bool, note string) {
		if s := a.sets[setKey{kind: accountsThere, namespace: ns}]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure && a.unseen.Accounts == "", note: joinNotes(note, a.accountsNote()), via: via})
		}
	}
	for _, ns := range a.namespacesOf(h) {
		list := a.mounts[ns]
		k := slices.IndexFunc(list, func(w Workload) bool {
			return w.Kind != "Pod" && w.Kind != "Job" && (all || slices.Contains(names, w.Name))
		})
		switch {
		case k >= 0:
			add(ns, list[k].Kind+" "+ns+"/"+list[k].Name, true, "")
		case a.unseen.Workloads != "":
			add(ns, "", false, "if there is such a workload: workloads were not listed ("+a.unseen.Workloads+")")
		}
	}
	return out
}

// namespacesOf returns the namespace of a hit, or those with workloads; where
// these were not listed, the cluster as a whole.
func (a *Analysis) namespacesOf(h *hit) []string {
	if h.namespace != "" {
		return []string{h.namespace}
	}
	if a.unseen.Workloads != "" {
		return []string{""}
	}
	out := make([]string, 0, len(a.mounts))
	for ns := range a.mounts {
		out = append(out, ns)
	}
	slices.Sort(out)
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
	to := func(k setKind, sure bool, note string) {
		if s := a.sets[setKey{kind: k, namespace: h.namespace}]; s != nil {
			out = append(out, edge{hit: i, to: s, sure: sure, note: note})
		}
	}
	to(mounted, note == "", note)
	to(mountedMaybe, false, joinNotes(note, "if its token is mounted: the pod does not say"))
	if a.unseen.Workloads != "" {
		to(accountsThere, false, joinNotes(note, a.workloadsNote()))
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
	for _, ns := range a.namespacesOf(h) {
		for _, w := range a.mounts[ns] {
			n, ok := a.index[Principal{rbac.KindServiceAccount, ns, accountName(w.Account)}]
			if !ok || w.MountsToken == inventory.False || !slices.ContainsFunc(names, func(s string) bool { return podOf(&w, s) }) {
				continue
			}
			sure := note == "" && w.MountsToken == inventory.True && w.Kind == "Pod"
			why := note
			if !sure {
				why = joinNotes(note, "if a pod of that name runs")
			}
			out = append(out, edge{hit: i, to: a.single(n), sure: sure, note: why, via: w.Kind + " " + ns + "/" + w.Name})
		}
		if a.unseen.Workloads != "" {
			if s := a.sets[setKey{kind: accountsThere, namespace: ns}]; s != nil {
				out = append(out, edge{hit: i, to: s, note: joinNotes(note, a.workloadsNote())})
			}
		}
	}
	return out
}

// podOf reports whether a pod of a workload may have a name.
func podOf(w *Workload, pod string) bool {
	if w.Kind == "Pod" {
		return w.Name == pod
	}
	return len(pod) > len(w.Name)+1 && pod[:len(w.Name)] == w.Name && pod[len(w.Name)] == '-'
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
		add(setKey{kind: accountsThere}, false, a.workloadsNote())
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
	if s := a.sets[setKey{kind: accountsThere, namespace: h.namespace}]; s != nil && a.unseen.Tokens != "" {
		out = append(out, edge{hit: i, to: s, note: "if a Secret holds a token of it: Secrets were not listed (" + a.unseen.Tokens + ")"})
	}
	return out
}

// namedTokens adds those to the accounts of named Secrets.
func (a *Analysis) namedTokens(out []edge, i int, h *hit, names []string) []edge {
	for _, t := range a.tokens {
		if h.namespace != "" && t.Namespace != h.namespace || !slices.Contains(names, t.Name) {
			continue
		}
		if n, ok := a.index[Principal{rbac.KindServiceAccount, t.Namespace, t.Account}]; ok {
			out = append(out, edge{hit: i, to: a.single(n), sure: true, via: "Secret " + t.Namespace + "/" + t.Name})
		}
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
