//go:build e2e

package kubernetes

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/cli"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege"
	"github.com/muster-nhi/muster/internal/privilege/rbac"
	"github.com/muster-nhi/muster/scanners/kubernetes/live"
	"github.com/muster-nhi/muster/scanners/kubernetes/object"
)

// A shell runs command lines as an administrator of the cluster types them.
type shell struct{ env []string }

func (p *plane) shell(t testing.TB) shell {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := p.pki.kubeconfig(file, p.url, loader); err != nil {
		t.Fatal(err)
	}
	return shell{[]string{"PATH=" + p.programs + ":" + os.Getenv("PATH"), "KUBECONFIG=" + file, "HOME=" + t.TempDir()}}
}

// run runs a line with input; the error of one that fails has its message.
func (s shell) run(t testing.TB, input, line string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", line)
	var out, message bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.env, strings.NewReader(input), &out, &message
	if err := cmd.Run(); err != nil {
		return out.String(), errors.Join(err, errors.New(line+": "+message.String()))
	}
	return out.String(), nil
}

// must is run of a line that has to succeed.
func (s shell) must(t testing.TB, input, line string) string {
	t.Helper()
	out, err := s.run(t, input, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestE2EKubectl compares what a scan says with what kubectl says, and does with
// kubectl what muster prints to be done with it.
func TestE2EKubectl(t *testing.T) {
	p := control(t)
	p.define(t)
	ns := p.room(t, "kubectl")
	p.everyKind(t, ns)
	accounts := p.loadLabelled(t, ns)
	p.load(t, grantRules(ns, "scanner", live.Permissions(false))...)
	p.known(t)
	s := p.shell(t)
	c := read(t, p.options(t, ns, "scanner"))
	t.Run("lists", func(t *testing.T) { sameLists(t, s, ns, c) })
	t.Run("may", func(t *testing.T) { sameAnswers(t, s, ns, c, accounts) })
	t.Run("permissions", func(t *testing.T) { p.printed(t, s) })
	t.Run("fixes", func(t *testing.T) { fixes(t, s, ns) })
}

// loadLabelled makes a dozen accounts of different rights.
func (p *plane) loadLabelled(t *testing.T, ns string) []string {
	t.Helper()
	all := labelledAccounts()
	var names []string
	for i := 0; i < len(all); i += 3 {
		a := all[i]
		full := ns + "-" + a.name
		p.load(t, account(ns, a.name), role("", full, a.rules...))
		to := ""
		if i%2 == 1 {
			to = ns
		}
		p.load(t, bind(to, full, "ClusterRole", full, toAccount(ns, a.name)))
		names = append(names, a.name)
	}
	return append(names, "runner")
}

// listed are the kinds that are scanned, as kubectl is asked for them, and what was
// read of them.
func listed(c *object.Cluster) map[string][]string {
	out := map[string][]string{
		"namespaces":      metas(c.Namespaces, func(o *object.Namespace) *object.Meta { return &o.Meta }),
		"serviceaccounts": metas(c.ServiceAccounts, func(o *object.ServiceAccount) *object.Meta { return &o.Meta }),
		"secrets":         metas(c.Secrets, func(o *object.Secret) *object.Meta { return &o.Meta }),
		"certificatesigningrequests.certificates.k8s.io":   metas(c.Requests, func(o *object.SigningRequest) *object.Meta { return &o.Meta }),
		"certificates.cert-manager.io":                     metas(c.Certificates, func(o *object.Certificate) *object.Meta { return &o.Meta }),
		"sealedsecrets.bitnami.com":                        metas(c.SealedSecrets, func(o *object.SealedSecret) *object.Meta { return &o.Meta }),
		"secretproviderclasses.secrets-store.csi.x-k8s.io": metas(c.SecretClasses, func(o *object.SecretClass) *object.Meta { return &o.Meta }),
		"roles.rbac.authorization.k8s.io":                  nil,
		"clusterroles.rbac.authorization.k8s.io":           nil,
		"rolebindings.rbac.authorization.k8s.io":           nil,
		"clusterrolebindings.rbac.authorization.k8s.io":    nil,
		"issuers.cert-manager.io":                          nil,
		"clusterissuers.cert-manager.io":                   nil,
		"secretstores.external-secrets.io":                 nil,
		"clustersecretstores.external-secrets.io":          nil,
		"externalsecrets.external-secrets.io":              nil,
		"clusterexternalsecrets.external-secrets.io":       nil,
		"pushsecrets.external-secrets.io":                  nil,
		"pods":                                             nil, "replicationcontrollers": nil, "deployments.apps": nil, "daemonsets.apps": nil, "statefulsets.apps": nil, "replicasets.apps": nil,
		"jobs.batch": nil, "cronjobs.batch": nil, "rollouts.argoproj.io": nil, "workflows.argoproj.io": nil, "cronworkflows.argoproj.io": nil,
		"pipelineruns.tekton.dev": nil, "taskruns.tekton.dev": nil,
	}
	add := func(m *object.Meta) {
		resource := plural(m.Kind)
		if m.Group != "" {
			resource += "." + m.Group
		}
		out[resource] = append(out[resource], m.Namespace+"/"+m.Name)
	}
	for i := range c.Roles {
		add(&c.Roles[i].Meta)
	}
	for i := range c.Bindings {
		add(&c.Bindings[i].Meta)
	}
	for i := range c.Issuers {
		add(&c.Issuers[i].Meta)
	}
	for i := range c.SecretStores {
		add(&c.SecretStores[i].Meta)
	}
	for i := range c.ExternalSecrets {
		add(&c.ExternalSecrets[i].Meta)
	}
	for i := range c.Workloads {
		add(&c.Workloads[i].Meta)
	}
	return out
}

// sameLists compares the names of all objects with `kubectl get -A`.
func sameLists(t *testing.T, s shell, ns string, c *object.Cluster) {
	t.Helper()
	mine := listed(c)
	var resources []string
	for r := range mine {
		resources = append(resources, r)
	}
	slices.Sort(resources)
	var answer struct {
		Items []struct {
			APIVersion, Kind string
			Metadata         struct{ Namespace, Name string }
		}
	}
	if err := json.Unmarshal([]byte(s.must(t, "", "kubectl get --all-namespaces -o json "+strings.Join(resources, ","))), &answer); err != nil {
		t.Fatal(err)
	}
	theirs := map[string][]string{}
	for _, o := range answer.Items {
		resource := plural(o.Kind)
		if group, _, ok := strings.Cut(o.APIVersion, "/"); ok {
			resource += "." + group
		}
		theirs[resource] = append(theirs[resource], o.Metadata.Namespace+"/"+o.Metadata.Name)
	}
	// Of objects of the cluster and other namespaces, those of tests that are over
	// are being taken away meanwhile.
	of := func(list []string) []string {
		list = slices.DeleteFunc(slices.Clone(list), func(name string) bool {
			space, object, _ := strings.Cut(name, "/")
			return space != ns && !strings.HasPrefix(space, "kube-") && space != "default" && (space != "" || !strings.HasPrefix(object, ns) && !strings.HasPrefix(object, "system:"))
		})
		slices.Sort(list)
		return list
	}
	for _, r := range resources {
		got, want := of(mine[r]), of(theirs[r])
		if !slices.Equal(got, want) {
			t.Errorf("%s: only muster has %q, only kubectl %q", r, without(got, want), without(want, got))
		}
		if len(theirs[r]) == 0 {
			t.Errorf("%s: kubectl lists none: the comparison tells nothing", r)
		}
	}
}

// evaluator is made of what the scan has read.
func evaluator(c *object.Cluster) *rbac.Authorizer {
	var p rbac.Policy
	for i := range c.Roles {
		r := &c.Roles[i]
		p.Roles = append(p.Roles, rbac.Role{Namespace: r.Namespace, Name: r.Name, Labels: r.Labels, Rules: r.Rules})
	}
	for i := range c.Bindings {
		b := &c.Bindings[i]
		out := rbac.Binding{Namespace: b.Namespace, Name: b.Name, RoleKind: b.RoleKind, RoleName: b.RoleName}
		for _, x := range b.Subjects {
			out.Subjects = append(out.Subjects, rbac.Subject{Kind: x.Kind, Namespace: x.Namespace, Name: x.Name})
		}
		p.Bindings = append(p.Bindings, out)
	}
	return rbac.New(p)
}

// sameAnswers compares what accounts may do with `kubectl auth can-i`.
func sameAnswers(t *testing.T, s shell, ns string, c *object.Cluster, accounts []string) {
	t.Helper()
	a := evaluator(c)
	questions := []struct {
		words string
		rbac.Request
	}{
		{"list secrets -n " + ns, rbac.Request{Verb: "list", Resource: "secrets", Namespace: ns}},
		{"get secrets --all-namespaces", rbac.Request{Verb: "get", Resource: "secrets"}},
		{"create pods --subresource=exec -n " + ns, rbac.Request{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: ns}},
		{"create deployments.apps -n kube-system", rbac.Request{Verb: "create", Group: "apps", Resource: "deployments", Namespace: "kube-system"}},
		{"impersonate serviceaccounts -n " + ns, rbac.Request{Verb: "impersonate", Resource: "serviceaccounts", Namespace: ns}},
		{"get /metrics", rbac.Request{Verb: "get", Path: "/metrics"}},
	}
	yes, no := 0, 0
	for _, name := range accounts {
		as := " --as=" + userOf(ns, name)
		user := rbac.ServiceAccountUser(ns, name)
		want := atomsOf(t, s.must(t, "", "kubectl auth can-i --list -n "+ns+as))
		if diff := cmp.Diff(want, atoms(a.Rules(user, ns))); diff != "" {
			t.Errorf("%s may, -kubectl +muster:\n%s", name, diff)
		}
		for _, q := range questions {
			answer, err := s.run(t, "", "kubectl auth can-i "+q.words+as)
			answer = strings.TrimSpace(answer)
			if answer != "yes" && (answer != "no" || err == nil) {
				t.Fatalf("%s: can-i %s is answered %q: %v", name, q.words, answer, err)
			}
			if got := a.Allowed(user, q.Request).Allowed; got != (answer == "yes") {
				t.Errorf("%s: can-i %s: kubectl says %s, muster %v", name, q.words, answer, got)
			}
			if answer == "yes" {
				yes++
			} else {
				no++
			}
		}
	}
	if yes < 5 || no < 5 {
		t.Errorf("%d answers are yes and %d no: they tell too little", yes, no)
	}
}

// atoms are the single permissions of rules: a verb on a resource or path each.
func atoms(rules []privilege.Rule) []string {
	var out []string
	for _, r := range rules {
		names := r.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, verb := range r.Verbs {
			for _, path := range r.NonResourceURLs {
				out = append(out, verb+" "+path)
			}
			for _, group := range r.APIGroups {
				for _, resource := range r.Resources {
					for _, name := range names {
						out = append(out, verb+" "+resource+"."+group+" "+name)
					}
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// atomsOf are the single permissions of a table of can-i --list.
func atomsOf(t *testing.T, table string) []string {
	t.Helper()
	listRow := regexp.MustCompile(`^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]\s*$`)
	var rules []privilege.Rule
	for i, line := range strings.Split(strings.TrimSpace(table), "\n") {
		m := listRow.FindStringSubmatch(line)
		switch {
		case i == 0:
			continue
		case m == nil:
			t.Fatalf("a row of can-i --list is %q", line)
		}
		r := privilege.Rule{Verbs: strings.Fields(m[4]), NonResourceURLs: strings.Fields(m[2]), ResourceNames: strings.Fields(m[3])}
		if m[1] != "" {
			// The subresource comes last: certificatesigningrequests.certificates.k8s.io/approval.
			whole, sub, is := strings.Cut(m[1], "/")
			resource, group, _ := strings.Cut(whole, ".")
			if is {
				resource += "/" + sub
			}
			r.Resources, r.APIGroups = []string{resource}, []string{group}
		}
		rules = append(rules, r)
	}
	return atoms(rules)
}

// printed applies what `muster permissions kubernetes` prints, in both forms, and
// reads it back.
func (p *plane) printed(t *testing.T, s shell) {
	t.Helper()
	p.room(t, "muster") // a dry run makes no namespace for the account to be in
	for _, form := range []struct {
		args           []string
		withoutSecrets bool
	}{{[]string{"--without-secrets"}, true}, {nil, false}, {[]string{"-o", "json"}, false}} {
		var out, message bytes.Buffer
		if code := cli.Main(append([]string{"permissions", "kubernetes"}, form.args...), strings.NewReader(""), &out, &message); code != 0 {
			t.Fatalf("muster permissions %v: %d: %s", form.args, code, message.String())
		}
		if dry := s.must(t, out.String(), "kubectl apply --dry-run=server -f -"); strings.Count(dry, "(server dry run)") != 4 {
			t.Errorf("%v: a dry run says %q", form.args, dry)
		}
		s.must(t, out.String(), "kubectl apply -f -")
		var role struct{ Rules []privilege.Rule }
		if err := json.Unmarshal([]byte(s.must(t, "", "kubectl get clusterrole muster-read -o json")), &role); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(atoms(live.Permissions(form.withoutSecrets)), atoms(role.Rules)); diff != "" {
			t.Errorf("%v: the role, -printed +read back:\n%s", form.args, diff)
		}
		p.known(t)
		answer, _ := s.run(t, "", "kubectl auth can-i list secrets --all-namespaces --as="+userOf("muster", "muster"))
		if strings.TrimSpace(answer) != map[bool]string{true: "no", false: "yes"}[form.withoutSecrets] {
			t.Errorf("%v: may the account list Secrets: %q", form.args, answer)
		}
	}
	p.readAs(t, s)
	s.must(t, "", "kubectl delete clusterrole/muster-read clusterrolebinding/muster-read")
}

// readAs reads the cluster with the token that the printed comment says how to get.
func (p *plane) readAs(t *testing.T, s shell) {
	t.Helper()
	token := strings.TrimSpace(s.must(t, "", "kubectl --namespace muster create token muster --duration 1h"))
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := p.pki.tokenKubeconfig(file, p.url, token); err != nil {
		t.Fatal(err)
	}
	for _, l := range read(t, live.Options{Kubeconfig: file, UserAgent: "muster-e2e", Now: time.Now}).Listings {
		if l.Status != inventory.StatusComplete {
			t.Errorf("%s: %s: %s", l.Resource, l.Status, l.Reason)
		}
	}
}

// fixes runs lines that rules print, each as it stands there but for the words in
// capitals, on the server and without effect.
func fixes(t *testing.T, s shell, ns string) {
	t.Helper()
	text := rulesText(t)
	for _, tt := range []struct{ line, words string }{
		{`kubectl -n NAMESPACE patch serviceaccount default -p '{"automountServiceAccountToken": false}'`, ""},
		{`kubectl -n NAMESPACE patch serviceaccount NAME -p '{"automountServiceAccountToken": false}'`, "NAME=runner"},
		{`kubectl -n NAMESPACE delete serviceaccount NAME`, "NAME=runner"},
		{`kubectl -n NAMESPACE create serviceaccount APP`, "APP=app"},
		{`kubectl -n NAMESPACE set serviceaccount deployment/APP APP`, "APP=shop"},
		{`kubectl -n NAMESPACE annotate serviceaccount APP eks.amazonaws.com/role-arn-`, "APP=runner"},
		{`kubectl -n NAMESPACE delete secret NAME`, "NAME=legacy-token"},
		{`kubectl -n NAMESPACE annotate secret NAME kubectl.kubernetes.io/last-applied-configuration-`, "NAME=applied"},
		{`kubectl -n NAMESPACE patch externalsecret NAME --type=merge -p '{"spec": {"refreshPolicy": "Periodic", "refreshInterval": "1h"}}'`, "NAME=db"},
		{`kubectl -n kube-system delete secret bootstrap-token-TOKEN_ID`, "TOKEN_ID=" + bootstrapID(ns)},
		{`kubectl -n BINDING_NAMESPACE delete BINDING`, "BINDING_NAMESPACE=" + ns + " BINDING=rolebinding/shop"},
		{`kubectl create rolebinding NAME --clusterrole=view --user=PERSON -n NAMESPACE`, "NAME=readers PERSON=alice"},
		{`kubectl create clusterrolebinding platform-admins --clusterrole=cluster-admin --group=platform-admins`, ""},
		{`kubectl label --overwrite namespace NAMESPACE pod-security.kubernetes.io/enforce=baseline`, ""},
		{`kubectl -n NAMESPACE create token SERVICE_ACCOUNT --duration=1h`, "SERVICE_ACCOUNT=runner"},
		{`kubectl -n NAMESPACE get pods --field-selector spec.serviceAccountName=NAME`, "NAME=runner"},
		{`kubectl -n NAMESPACE get serviceaccount NAME -o yaml --show-managed-fields`, "NAME=runner"},
		{`kubectl get clusterrolebindings,rolebindings -A -o wide | grep ROLE`, "ROLE=" + ns},
	} {
		if !strings.Contains(text, tt.line) {
			t.Errorf("no rule prints %s", tt.line)
			continue
		}
		line := tt.line
		for _, w := range append(strings.Fields(tt.words), "NAMESPACE="+ns) {
			name, value, _ := strings.Cut(w, "=")
			line = regexp.MustCompile(`\b`+name+`\b`).ReplaceAllString(strings.ReplaceAll(line, "-"+name, "-"+value), value)
		}
		if !strings.Contains(line, " get ") && !strings.Contains(line, " create token ") {
			line += " --dry-run=server"
		}
		out, err := s.run(t, "", line)
		if err != nil || out == "" {
			t.Errorf("%s says %q: %v", line, out, err)
		}
	}
	if out := s.must(t, "", "kubectl -n "+ns+" get serviceaccount runner -o name"); out != "serviceaccount/runner\n" {
		t.Errorf("the dry runs had an effect: %q", out)
	}
}

// rulesText is that of all rules.
func rulesText(t *testing.T) string {
	t.Helper()
	root := os.DirFS(filepath.Join("..", "..", "..", "rules"))
	var text strings.Builder
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		b, err := fs.ReadFile(root, name)
		text.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}
