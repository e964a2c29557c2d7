package object

import (
	"slices"
)

// A Collapser joins what a controller made to the controller: pods to their
// ReplicaSet, that to its Deployment, Jobs to their CronJob. Controllers are
// added before what they make, so that thousands of pods need not be held.
//
// Memory grows with the number of workloads that nothing else of the list made
// and with the identifiers of those that something did. It is not safe for
// concurrent use.
type Collapser struct {
	blocks [][]Workload   // full ones of workloadBlock, for a list that grows is copied again and again
	count  int            // of workloads in them
	roots  map[string]int // by uid, and by kind, namespace and name: the place among them
}

// owned returns the place of the workload that made one with these owners, if
// it was added.
func (c *Collapser) owned(namespace string, owners []OwnerReference) (int, bool) {
	for _, o := range owners {
		if !o.Controller {
			continue
		}
		if at, ok := c.roots[o.UID]; ok && o.UID != "" {
			return at, true
		}
		if at, ok := c.roots[key(o.Group, o.Kind, namespace, o.Name)]; ok && o.UID == "" {
			return at, true
		}
	}
	return 0, false
}

func key(group, kind, namespace, name string) string {
	return group + "/" + kind + "/" + namespace + "/" + name
}

// Alias notes that a workload belongs to the one that made it, without looking
// at more of it than its metadata. It returns false if that one was not added.
func (c *Collapser) Alias(uid, namespace string, owners []OwnerReference) bool {
	at, ok := c.owned(namespace, owners)
	if ok && uid != "" {
		c.roots[uid] = at
	}
	return ok
}

// Add takes a workload. One that another made is joined to that one: a pod is
// counted there if it runs, and what admission added to it (tokens, volumes,
// variables) is kept there.
func (c *Collapser) Add(w Workload) {
	if c.roots == nil {
		c.roots = map[string]int{}
	}
	at, ok := c.owned(w.Namespace, w.Owners)
	if ok {
		c.at(at).absorb(&w)
	} else {
		at = c.count
		c.append(&w)
	}
	if w.UID != "" {
		c.roots[w.UID] = at
	}
	if w.Kind != "Pod" {
		if k := key(w.Group, w.Kind, w.Namespace, w.Name); !ok || w.UID == "" {
			c.roots[k] = at
		}
	}
}

// Workloads returns what was added, once. If all pods were, a workload without a
// running one has 0.
func (c *Collapser) Workloads(allPods bool) []Workload {
	if c.count == 0 {
		return nil
	}
	out := make([]Workload, 0, c.count)
	for _, b := range c.blocks {
		out = append(out, b...)
	}
	c.blocks, c.count, c.roots = nil, 0, nil
	for i := range out {
		if w := &out[i]; allPods && w.Running < 0 {
			w.Running = 0
		}
	}
	return out
}

// workloadBlock is how many workloads are held together.
const workloadBlock = 256

func (c *Collapser) at(place int) *Workload {
	return &c.blocks[place/workloadBlock][place%workloadBlock]
}

func (c *Collapser) append(w *Workload) {
	if c.count%workloadBlock == 0 {
		c.blocks = append(c.blocks, make([]Workload, 0, workloadBlock))
	}
	last := len(c.blocks) - 1
	c.blocks[last] = append(c.blocks[last], *w)
	c.count++
}

// absorb joins what one pod or controller says to the one that made it.
func (w *Workload) absorb(made *Workload) {
	if made.LastRunAt.After(w.LastRunAt) && made.Kind != "Pod" {
		w.LastRunAt = made.LastRunAt
	}
	if made.Kind != "Pod" {
		return
	}
	if made.Running >= 0 {
		w.Running = max(w.Running, 0) + made.Running
	}
	w.Pod.absorb(&made.Pod)
}

// absorb adds what the pod has beyond its template. A pod's own pull secrets are
// those of the account, which admission copies; they are not the template's.
func (p *Pod) absorb(made *Pod) {
	p.Tokens = union(p.Tokens, made.Tokens)
	p.CSI = union(p.CSI, made.CSI)
	p.Privileged = union(p.Privileged, made.Privileged)
	for _, v := range made.Variables {
		same := func(have Variable) bool { return have.Container == v.Container && have.Name == v.Name }
		if !slices.ContainsFunc(p.Variables, same) {
			p.Variables = append(p.Variables, v)
		}
	}
	more := len(p.Secrets) + len(p.HostPaths)
	p.HostPaths = union(p.HostPaths, made.HostPaths)
	p.Secrets = union(p.Secrets, made.Secrets)
	if len(p.Secrets)+len(p.HostPaths) != more {
		p.normalize()
	}
}

// union appends what the first list does not have.
func union[T comparable](list, more []T) []T {
	for _, v := range more {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
