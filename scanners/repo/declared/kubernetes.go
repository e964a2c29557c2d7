package declared

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
)

// parseKubernetes reads manifests: service accounts, the cloud identities that
// annotations give them, roles and bindings, workloads as consumers, Secrets
// whose values lie in the repository, and plain values in environments.
//
// Attributes of kubernetes.service_account: namespace, automount, aws_role_arn,
// gcp_service_account, azure_client_id, azure_tenant_id.
func parseKubernetes(o *output) {
	if !bytes.Contains(o.file.Content, []byte("apiVersion")) || !bytes.Contains(o.file.Content, []byte("kind")) {
		return
	}
	if line := templateLine(o.file.Content); line > 0 {
		o.note(Problem{Path: o.file.Path, Line: line, Message: "unrendered template, not read: render it first (helm template, kustomize build)", Template: true})
		return
	}
	o.documents(o.file.Content, func(n node) { o.manifest(n, 0) })
}

// templateLine returns the first line with a template action where YAML would
// have a value; 0 if there is none. Braces inside quotes are data.
func templateLine(content []byte) int {
	n := 0
	for line := range bytes.Lines(content) {
		n++
		if bytes.Contains(line, []byte("{{")) && templateForm().Match(line) {
			return n
		}
	}
	return 0
}

// manifest reads one object, or the objects of a List.
func (o *output) manifest(n node, depth int) {
	kind := n.get("kind").text()
	if n.get("apiVersion").text() == "" || kind == "" {
		return
	}
	if strings.HasSuffix(kind, "List") && n.get("items").isList() && depth < 3 {
		for _, item := range n.get("items").items() {
			o.manifest(item, depth+1)
		}
		return
	}
	switch kind {
	case "ServiceAccount":
		o.serviceAccount(n)
	case "Role", "ClusterRole":
		o.role(n, kind)
	case "RoleBinding", "ClusterRoleBinding":
		o.roleBinding(n, kind)
	case "Secret":
		o.secretManifest(n)
	case "ConfigMap":
		o.configMap(n)
	case "Pod":
		o.workload(n, kind, n.get("spec"))
	case "CronJob":
		o.workload(n, kind, n.get("spec", "jobTemplate", "spec", "template", "spec"))
	case "Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "ReplicationController", "Job", "Rollout":
		o.workload(n, kind, n.get("spec", "template", "spec"))
	}
}

// meta returns the namespace and name of an object; an object without a name
// has none.
func meta(n node) (namespace, name string) {
	m := n.get("metadata")
	return clean(m.get("namespace").text()), clean(cmp.Or(m.get("name").text(), m.get("generateName").text()))
}

// tagsOf returns labels and the annotations that name owners or say what an
// object is for.
func tagsOf(n node) map[string]string {
	tags := n.get("metadata", "labels").strings()
	for key, value := range n.get("metadata", "annotations").strings() {
		if isOwnerKey(key) {
			if tags == nil {
				tags = make(map[string]string)
			}
			tags[key] = value
		}
	}
	return tags
}

func (o *output) serviceAccount(n node) {
	namespace, name := meta(n)
	if name == "" {
		return
	}
	key := namespace + "/" + name
	id := o.dirID(inventory.KindIdentity, "ServiceAccount/"+key)
	if !slices.Contains(o.cluster.accounts[key], id) {
		o.cluster.accounts[key] = append(o.cluster.accounts[key], id)
	}
	attributes := map[string]string{}
	if namespace != "" {
		attributes["namespace"] = namespace
	}
	if automount := n.get("automountServiceAccountToken").text(); automount != "" {
		attributes["automount"] = automount
	}
	annotations := n.get("metadata", "annotations")
	clouds := cloudAnnotations(annotations, attributes)
	tags := tagsOf(n)
	var public []string
	if namespace != "" {
		public = []string{"system:serviceaccount:" + namespace + ":" + name}
	}
	o.emit(inventory.Record{Identity: &inventory.Identity{
		ID: id, Type: "kubernetes.service_account", Scope: o.file.Scope, Name: strings.TrimPrefix(key, "/"), PublicIDs: public,
		Environment: environmentOf(tags), Description: clean(annotations.get("kubernetes.io/description").text()), Tags: tags, Declared: true,
		FoundAt: o.at(n.line()), Attributes: attributes,
	}})
	o.owners(id, "label", tags)
	for _, cloud := range clouds {
		o.uses(id, cloud, "service account", environmentOf(tags), annotations.line())
	}
}

// cloudAnnotations notes the cloud identity that an account acts as, and
// returns its id where it is spelt out.
func cloudAnnotations(annotations node, attributes map[string]string) (ids []string) {
	for _, a := range []struct{ key, attribute, scanner string }{
		{"eks.amazonaws.com/role-arn", "aws_role_arn", "aws"},
		{"iam.gke.io/gcp-service-account", "gcp_service_account", "gcp"},
		{"azure.workload.identity/client-id", "azure_client_id", "azure"},
		{"azure.workload.identity/tenant-id", "azure_tenant_id", ""},
	} {
		value := clean(annotations.get(a.key).text())
		if value == "" {
			continue
		}
		attributes[a.attribute] = value
		if a.scanner != "" && !strings.ContainsAny(value, "${}<> ") {
			ids = append(ids, a.scanner+":"+value)
		}
	}
	return ids
}

// environmentOf reads the environment off the usual labels.
func environmentOf(tags map[string]string) string {
	for _, key := range []string{"environment", "env", "app.kubernetes.io/environment", "tags.datadoghq.com/env", "Environment", "Env"} {
		if v := tags[key]; v != "" {
			return environment(v)
		}
	}
	return ""
}

func (o *output) role(n node, kind string) {
	namespace, name := meta(n)
	if name == "" {
		return
	}
	key := roleKey{kind, namespace, name}
	if kind == "ClusterRole" {
		key.namespace = ""
	}
	r := role{dir: path.Dir(o.file.Path), aggregated: n.get("aggregationRule").ok()}
	for _, rule := range n.get("rules").items() {
		r.rules = append(r.rules, privilege.Rule{
			Verbs: rule.get("verbs").raw(), APIGroups: rule.get("apiGroups").raw(), Resources: rule.get("resources").raw(),
			ResourceNames: rule.get("resourceNames").raw(), NonResourceURLs: rule.get("nonResourceURLs").raw(),
		})
	}
	if list := o.cluster.roles[key]; len(list) < 100 {
		o.cluster.roles[key] = append(list, r)
	}
}

// raw returns the scalars of a list, empty ones too: the core API group is "".
func (n node) raw() []string {
	var out []string
	for _, item := range n.items() {
		out = append(out, item.text())
	}
	return out
}

func (o *output) roleBinding(n node, kind string) {
	namespace, name := meta(n)
	ref := n.get("roleRef")
	key := roleKey{ref.get("kind").text(), "", clean(ref.get("name").text())}
	if key.kind == "Role" {
		key.namespace = namespace
	}
	file := o.file
	file.Content = nil
	for _, s := range n.get("subjects").items() {
		if len(o.cluster.bindings) >= maxRecords || name == "" {
			return
		}
		o.cluster.bindings = append(o.cluster.bindings, binding{
			file: file, dir: path.Dir(o.file.Path), line: n.line(), kind: kind, namespace: namespace, name: name, ref: key,
			subject: subjectRef{s.get("kind").text(), clean(s.get("namespace").text()), clean(s.get("name").text())},
		})
	}
}

// secretManifest emits a Secret whose values stand in the manifest. It names
// the keys; of the values it keeps nothing.
func (o *output) secretManifest(n node) {
	namespace, name := meta(n)
	var keys []string
	encrypted := inventory.Unknown
	for _, field := range []string{"data", "stringData"} {
		for _, p := range n.get(field).pairs() {
			if v := p.value.text(); v != "" && !isReference(v) && !strings.HasPrefix(v, "<") {
				keys = append(keys, clean(p.key))
				if strings.HasPrefix(v, "ENC[") {
					encrypted = inventory.True
				}
			}
		}
	}
	if len(keys) == 0 || name == "" {
		return
	}
	// SOPS leaves the manifest readable and puts ENC[…] in place of each value.
	exposure := "repository"
	if encrypted == inventory.True {
		exposure = ""
	}
	slices.Sort(keys)
	tags := tagsOf(n)
	id := o.dirID(inventory.KindCredential, "Secret/"+namespace+"/"+name)
	o.emit(inventory.Record{Credential: &inventory.Credential{
		ID: id, Type: "kubernetes.secret", Scope: o.file.Scope, Name: strings.TrimPrefix(namespace+"/"+name, "/"), Store: "kubernetes secret",
		Exposure: exposure, Encrypted: encrypted, Environment: environmentOf(tags), AtHead: inventory.True, Detector: "declared:kubernetes-secret", FoundAt: o.at(n.line()), Tags: tags,
		Attributes: map[string]string{"keys": clip(strings.Join(slices.Compact(keys), ","), 1000), "secret_type": cmp.Or(clean(n.get("type").text()), "Opaque")},
	}})
	o.owners(id, "label", tags)
	if account := n.get("metadata", "annotations", "kubernetes.io/service-account.name").text(); account != "" {
		o.uses(o.dirID(inventory.KindIdentity, "ServiceAccount/"+namespace+"/"+clean(account)), id, "service account", "", n.line())
	}
}

// configMap emits plain values under the names of secrets.
func (o *output) configMap(n node) {
	namespace, name := meta(n)
	for _, p := range n.get("data").pairs() {
		if v := p.value.text(); isSecretName(p.key) && isPlainSecret(v) && !strings.Contains(v, "\n") {
			o.plainSecret("ConfigMap/"+namespace+"/"+name+"/"+p.key, v, "config_map", "kubernetes configmap", p.line)
		}
	}
}

// workload emits what a workload uses: its service account, Secrets by
// reference, and plain values in its environment.
func (o *output) workload(n node, kind string, spec node) {
	namespace, name := meta(n)
	if name == "" || !spec.isMap() {
		return
	}
	id := o.dirID(inventory.KindIdentity, kind+"/"+namespace+"/"+name)
	env := environmentOf(tagsOf(n))
	account := clean(cmp.Or(spec.get("serviceAccountName").text(), spec.get("serviceAccount").text()))
	if account != "" && !strings.ContainsAny(account, "${}") {
		subject := o.dirID(inventory.KindIdentity, "ServiceAccount/"+namespace+"/"+account)
		consumer := &inventory.Consumer{
			ID: o.dirID(inventory.KindConsumer, kind+"/"+namespace+"/"+name), Subject: subject, Scope: o.file.Scope,
			Workload: id, Kind: strings.ToLower(kind), Location: cmp.Or(namespace, "default"), Environment: env, FoundAt: o.at(spec.line()),
		}
		o.emit(inventory.Record{Consumer: consumer})
		o.cluster.consumers = append(o.cluster.consumers, accountUse{consumer, path.Dir(o.file.Path), namespace, account})
	}
	for _, list := range []string{"containers", "initContainers"} {
		for _, container := range spec.get(list).items() {
			for _, e := range container.get("env").items() {
				key, value := e.get("name").text(), e.get("value").text()
				if isSecretName(key) && isPlainSecret(value) {
					cred := o.plainSecret(kind+"/"+namespace+"/"+name+"/"+key, value, "environment", "kubernetes manifest", e.line())
					o.uses(id, cred, strings.ToLower(kind), env, e.line())
				}
			}
		}
	}
}
