package kubernetes

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// workloadResources are the listings in which workloads stand. What other custom
// resources make, the pods of it stand for.
var workloadResources = []string{
	"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "replicationcontrollers", "jobs", "cronjobs",
}

// customWorkloads are custom resources that make pods.
var customWorkloads = []string{"rollouts", "cronworkflows", "workflows", "pipelineruns", "taskruns"}

// The ways in which a Secret is used, one bit each.
type way uint8

const (
	wayCSI way = 1 << iota
	wayEnv
	wayEnvFrom
	wayPull
	wayVolume
)

func wayOf(how string) way {
	switch how {
	case "env":
		return wayEnv
	case "envFrom":
		return wayEnvFrom
	case "csi":
		return wayCSI
	default:
		return wayVolume
	}
}

// names lists the ways in alphabetical order.
func (w way) names() string {
	var out []string
	for i, name := range []string{"csi", "env", "envFrom", "imagePull", "volume"} {
		if w&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, ",")
}

// indexWorkloads finds out which accounts and Secrets workloads use.
func (m *mapper) indexWorkloads() {
	for i := range m.c.Workloads {
		w := &m.c.Workloads[i]
		a := m.accountOf(w)
		a.workloads++
		switch m.mounts(w, a) {
		case inventory.True:
			a.mounting++
			a.exposed |= exposureOf(&w.Pod)
		case inventory.Unknown:
			a.perhaps++
		case inventory.False:
		}
		for _, other := range m.tokensIn(w) {
			if other != a.name {
				x := m.account(key{w.Namespace, other})
				x.mounting++
				x.exposed |= exposureOf(&w.Pod)
			}
		}
		a.eksPod = a.eksPod || hasEKSPodIdentity(&w.Pod)
		for _, u := range secretsOf(w) {
			m.secretUsed(key{w.Namespace, u.name}, u.how)
		}
	}
}

// accountOf returns the account that a workload runs as.
func (m *mapper) accountOf(w *object.Workload) *account {
	return m.account(key{w.Namespace, cmp.Or(w.Pod.ServiceAccount, "default")})
}

// mounts tells whether the pods of a workload have the token of their account:
// the pod's word stands over the account's, and without either the default is
// yes (kubernetes.io, "Opt out of API credential automounting"). A token that is
// projected for the API server is one too, and so is one in a Secret.
func (m *mapper) mounts(w *object.Workload, a *account) inventory.Tri {
	for i := range w.Pod.Tokens {
		if t := &w.Pod.Tokens[i]; t.Default || forServer(t.Audience) {
			return inventory.True
		}
	}
	if slices.Contains(m.tokensIn(w), a.name) {
		return inventory.True
	}
	if w.Pod.Automount != inventory.Unknown {
		return w.Pod.Automount
	}
	switch {
	case a.object == nil:
		return inventory.Unknown
	case a.object.Automount != inventory.Unknown:
		return a.object.Automount
	default:
		return inventory.True
	}
}

// forServer reports whether an audience is the API server: none is, and so are the
// names that it has within the cluster, which are its audiences unless it is set
// otherwise (kube-apiserver, --api-audiences and --service-account-issuer).
func forServer(audience string) bool {
	_, host, ok := strings.Cut(audience, "://")
	if !ok {
		host = audience
	}
	return host == "" || host == "kubernetes.default" || strings.HasPrefix(host, "kubernetes.default.svc")
}

// tokensIn returns the accounts whose tokens a workload uses out of Secrets, sorted.
// Where Secrets were not listed they are known by the accounts that list them.
func (m *mapper) tokensIn(w *object.Workload) []string {
	var out []string
	for i := range w.Pod.Secrets {
		u := &w.Pod.Secrets[i]
		if u.Key != "" && u.Key != "token" {
			continue
		}
		if s := m.secrets[key{w.Namespace, u.Name}]; s != nil && s.object != nil {
			if s.object.Type == typeToken && s.object.ServiceAccount != "" {
				out = append(out, s.object.ServiceAccount)
			}
		} else if a := m.accounts[key{w.Namespace, cmp.Or(w.Pod.ServiceAccount, "default")}]; a != nil && a.legacy[u.Name] {
			out = append(out, a.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func exposureOf(p *object.Pod) (e exposure) {
	if len(p.Privileged) > 0 {
		e |= exposedPrivileged
	}
	if len(p.HostPaths) > 0 {
		e |= exposedHostPath
	}
	if p.HostNetwork {
		e |= exposedHostNetwork
	}
	if p.HostPID {
		e |= exposedHostPID
	}
	if p.HostIPC {
		e |= exposedHostIPC
	}
	return e
}

// A secretUse is all that one workload does with one Secret.
type secretUse struct {
	name     string
	how      way
	keys     []string // empty if it uses all of them in some way
	optional bool     // in all its uses
}

// secretsOf gathers the uses of a workload by Secret, by name.
func secretsOf(w *object.Workload) []secretUse {
	n := len(w.Pod.Secrets) + len(w.Pod.PullSecrets)
	if n == 0 {
		return nil
	}
	out := make([]secretUse, 0, n)
	find := func(name string) *secretUse {
		for i := range out {
			if out[i].name == name {
				return &out[i]
			}
		}
		out = append(out, secretUse{name: name, optional: true})
		return &out[len(out)-1]
	}
	for i := range w.Pod.Secrets {
		u := &w.Pod.Secrets[i]
		x := find(u.Name)
		switch {
		case u.Key == "":
			x.keys = nil
		case x.how == 0 || len(x.keys) > 0:
			x.keys = append(x.keys, u.Key)
		}
		x.how |= wayOf(u.How)
		x.optional = x.optional && u.Optional
	}
	for _, name := range w.Pod.PullSecrets {
		x := find(name)
		x.how |= wayPull
		x.keys = nil
		x.optional = false
	}
	for i := range out {
		slices.Sort(out[i].keys)
		out[i].keys = slices.Compact(out[i].keys)
	}
	slices.SortFunc(out, func(a, b secretUse) int { return cmp.Compare(a.name, b.name) })
	return out
}

// plural returns the resource of a kind, as it stands in ids. Kinds of groups
// that are not Kubernetes' own are told apart by the group.
func plural(kind, group string) string {
	name := strings.ToLower(kind)
	switch {
	case strings.HasSuffix(name, "s") || strings.HasSuffix(name, "x"):
		name += "es"
	case strings.HasSuffix(name, "y"):
		name = name[:len(name)-1] + "ies"
	default:
		name += "s"
	}
	switch group {
	case "", "apps", "batch":
		return part(name)
	default:
		return part(name + "." + group)
	}
}

// native returns the id of a workload without the scanner's name.
func (m *mapper) native(o *object.Meta) string {
	return m.cluster + "/" + plural(o.Kind, o.Group) + "/" + part(o.Namespace) + "/" + part(o.Name)
}

// putConsumers emits what runs as which account and uses which Secret.
func (m *mapper) putConsumers() {
	var made slab[inventory.Consumer]
	var last string
	for i := range m.c.Workloads {
		if m.err != nil {
			return
		}
		w := &m.c.Workloads[i]
		id := m.native(&w.Meta)
		if id == last {
			continue
		}
		last = id
		x := made.next()
		m.fillConsumer(x, w, id)
		m.put(inventory.Record{Consumer: x}, inventory.KindConsumer)
		for _, u := range secretsOf(w) {
			m.putSecretUse(&made, x, w, u)
		}
	}
}

func (m *mapper) fillConsumer(x *inventory.Consumer, w *object.Workload, native string) {
	a := m.accountOf(w)
	attr := cloud.Attributes(make(map[string]string, 8))
	attr.Set("namespace", w.Namespace)
	attr.Set("name", w.Name)
	attr.Tri("automount", m.mounts(w, a))
	attr.Yes("default_account", a.name == "default")
	attr.Set("privileged", list(w.Pod.Privileged))
	attr.Set("host_paths", list(w.Pod.HostPaths))
	attr.Yes("host_network", w.Pod.HostNetwork)
	attr.Yes("host_pid", w.Pod.HostPID)
	attr.Yes("host_ipc", w.Pod.HostIPC)
	attr.Set("audiences", list(audiences(&w.Pod)))
	attr.Yes("suspended", w.Suspended)
	attr.Set("image_pull_secrets", list(w.Pod.PullSecrets))
	if w.Replicas >= 0 {
		attr["replicas"] = strconv.Itoa(w.Replicas)
	}
	if w.Running >= 0 {
		attr["running"] = strconv.Itoa(w.Running)
	}
	if n := literals(&w.Pod); n > 0 {
		attr["literal_secrets"] = strconv.Itoa(n)
	}
	*x = inventory.Consumer{
		ID: m.scanner + ":" + native, Subject: a.id, Scope: m.scope, Workload: native, Kind: word(strings.ToLower(cmp.Or(w.Kind, "workload"))),
		Location: inventory.Clip(w.Namespace, maxName), Environment: m.environment(&w.Meta), FoundAt: m.found(&w.Meta), Attributes: attr,
	}
}

func literals(p *object.Pod) (n int) {
	for i := range p.Variables {
		if p.Variables[i].Literal {
			n++
		}
	}
	return n
}

// audiences lists the audiences of projected tokens that are not for the API
// server.
func audiences(p *object.Pod) []string {
	var out []string
	for i := range p.Tokens {
		if t := &p.Tokens[i]; !forServer(t.Audience) {
			out = append(out, t.Audience)
		}
	}
	if len(out) < 2 {
		return out
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// putSecretUse emits the use of a Secret: of each of its values that the
// workload sees, where the values are told apart.
func (m *mapper) putSecretUse(made *slab[inventory.Consumer], of *inventory.Consumer, w *object.Workload, u secretUse) {
	s := m.secrets[key{w.Namespace, u.name}]
	attr := cloud.Attributes(make(map[string]string, 4))
	attr.Set("how", u.how.names())
	attr.Set("secret", w.Namespace+"/"+u.name)
	attr.Set("keys", list(u.keys))
	attr.Yes("optional", u.optional)
	attr.Yes("missing", (s == nil || s.object == nil) && m.seen("secrets"))
	base := made.next()
	*base = inventory.Consumer{
		ID: of.ID + "/secrets/" + part(u.name), Subject: m.secretID(w.Namespace, u.name), Scope: m.scope, Workload: of.Workload, Kind: of.Kind,
		Location: of.Location, Environment: of.Environment, FoundAt: of.FoundAt, Attributes: attr,
	}
	if s == nil || len(s.parts) == 0 {
		m.put(inventory.Record{Consumer: base}, inventory.KindConsumer)
		return
	}
	for _, k := range s.parts {
		if len(u.keys) > 0 && !slices.Contains(u.keys, k) {
			continue
		}
		x := *base
		x.ID += "/" + part(k)
		x.Subject += "/" + part(k)
		m.put(inventory.Record{Consumer: &x}, inventory.KindConsumer)
	}
}

// putLiterals emits the credentials that stand in pod specs and ConfigMaps.
func (m *mapper) putLiterals() {
	for i := range m.c.Workloads {
		w := &m.c.Workloads[i]
		if literals(&w.Pod) == 0 {
			continue
		}
		id := m.scanner + ":" + m.native(&w.Meta)
		var last string
		for _, v := range sortedVariables(w) {
			x := &inventory.Credential{
				ID: id + "/env/" + part(v.Container) + "/" + part(v.Name), Type: "generic.secret", Scope: m.scope,
				Name: inventory.Clip(w.Namespace+"/"+w.Name+" "+v.Name, maxText), SecretHash: v.Hash, Store: "pod specification", Exposure: "environment",
				Environment: m.environment(&w.Meta), FoundAt: m.found(&w.Meta), Tags: tagsOf(w.Labels, w.Annotations),
			}
			if x.ID == last {
				continue
			}
			last = x.ID
			attr := cloud.Attributes(make(map[string]string, 4))
			attr.Set("namespace", w.Namespace)
			attr.Set("variable", v.Name)
			attr.Set("container", v.Container)
			attr.Set("workload", strings.ToLower(w.Kind)+" "+w.Namespace+"/"+w.Name)
			x.Attributes = attr
			m.put(inventory.Record{Credential: x}, inventory.KindCredential)
			m.putOwners(x.ID, w.Namespace, &w.Meta)
		}
	}
	m.putConfigMaps()
}

// sortedVariables returns the variables with literal credentials by container
// and name.
func sortedVariables(w *object.Workload) []*object.Variable {
	var out []*object.Variable
	for i := range w.Pod.Variables {
		if v := &w.Pod.Variables[i]; v.Literal {
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(a, b *object.Variable) int {
		return cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Name, b.Name))
	})
	return out
}

func (m *mapper) putConfigMaps() {
	for i := range m.c.ConfigMaps {
		o := &m.c.ConfigMaps[i]
		for _, k := range o.Keys {
			x := &inventory.Credential{
				ID: m.prefix + "configmaps/" + part(o.Namespace) + "/" + part(o.Name) + "/" + part(k), Type: "generic.secret", Scope: m.scope,
				Name: inventory.Clip(o.Namespace+"/"+o.Name+" "+k, maxText), Store: "kubernetes configmap", Exposure: "config_map",
				Environment: m.environment(&o.Meta), CreatedAt: inventory.Time(o.CreatedAt), FoundAt: m.found(&o.Meta), Tags: tagsOf(o.Labels, o.Annotations),
			}
			attr := cloud.Attributes(make(map[string]string, 2))
			attr.Set("namespace", o.Namespace)
			attr.Set("key", k)
			x.Attributes = attr
			m.put(inventory.Record{Credential: x}, inventory.KindCredential)
			m.putOwners(x.ID, o.Namespace, &o.Meta)
		}
	}
}
