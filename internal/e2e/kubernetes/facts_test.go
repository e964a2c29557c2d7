//go:build e2e

package kubernetes

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/privilege/rbac"
)

// A scene is one fact of how Kubernetes judges, as docs/scanners/kubernetes.md
// and internal/privilege/rbac take it: an account of a namespace of its own that
// holds some permissions and tries something, and what the evaluator says of it.
type scene struct {
	*testing.T
	*plane
	ns   string
	mine string    // name of the actor's role and binding
	user rbac.User // the actor
}

// grant gives the actor rules across the cluster.
func (s *scene) grant(rules ...thing) {
	s.Helper()
	s.load(s.T, role("", s.mine, rules...), bind("", s.mine, "ClusterRole", s.mine, toAccount(s.ns, "actor")))
	s.known(s.T)
}

// grantHere gives the actor rules in its namespace.
func (s *scene) grantHere(rules ...thing) {
	s.Helper()
	s.load(s.T, role(s.ns, s.mine, rules...), bind(s.ns, s.mine, "Role", s.mine, toAccount(s.ns, "actor")))
	s.known(s.T)
}

// actor signs in with a token of the account.
func (s *scene) actor() *client { s.Helper(); return s.as(s.T, s.ns, "actor") }

// local is the evaluator over what the server holds now.
func (s *scene) local() *rbac.Authorizer {
	s.Helper()
	return rbac.New(s.policy(s.T))
}

// outcome checks that the server did what the fact says, and that the evaluator
// claims the same. Any status but success and 403 is a mistake of the test.
func (s *scene) outcome(what string, want bool, err error, claim rbac.Decision) {
	s.Helper()
	switch got := code(err); {
	case got != http.StatusOK && got != http.StatusForbidden:
		s.Errorf("%s: the server says neither yes nor no: %v", what, err)
	case (got == http.StatusOK) != want:
		s.Errorf("%s: the server allows it: %v, want %v (%v)", what, got == http.StatusOK, want, err)
	}
	if claim.Allowed != want {
		s.Errorf("%s: the evaluator allows it: %v, want %v (%s)", what, claim.Allowed, want, claim.Reason)
	}
}

// try is outcome of a plain request that the authorizer alone decides.
func (s *scene) try(what string, want bool, err error, r rbac.Request) {
	s.Helper()
	s.outcome(what, want, err, s.local().Allowed(s.user, r))
}

// bindTo makes a ClusterRoleBinding of the actor to a ClusterRole.
func (s *scene) bindTo(c *client, name, target string) error {
	_, err := c.post("/apis/"+rbacGroup+"/v1/clusterrolebindings", bind("", name, "ClusterRole", target, toAccount(s.ns, "actor")))
	s.Cleanup(func() { _ = s.client(loader).delete("/apis/" + rbacGroup + "/v1/clusterrolebindings/" + name) })
	return err
}

// mayBindTo is what the evaluator says of bindTo.
func (s *scene) mayBindTo(name, target string) rbac.Decision {
	s.Helper()
	return s.local().MayWriteBinding(s.user, "create", rbac.Binding{Name: name, RoleKind: rbac.KindClusterRole, RoleName: target, Subjects: []rbac.Subject{{Kind: rbac.KindServiceAccount, Namespace: s.ns, Name: "actor"}}})
}

// patchRole gives a ClusterRole rules, and says what the evaluator thinks of it.
func (s *scene) patchRole(name string, rules ...thing) (rbac.Decision, error) {
	s.Helper()
	a := s.local()
	old := a.Role(rbac.KindClusterRole, "", name)
	wanted := *old
	wanted.Rules = nil
	for _, r := range rules {
		wanted.Rules = append(wanted.Rules, ruleOf(normal(r)))
	}
	claim := a.MayWriteRole(s.user, "patch", wanted, old)
	_, err := s.actor().patch("/apis/"+rbacGroup+"/v1/clusterroles/"+name, thing{"rules": rules})
	return claim, err
}

// everything is the rule of cluster-admin.
func everything() thing { return may("*", "*", "*") }

// secretsOf lists the Secrets of a namespace, or of all.
func secretsOf(ns string) string {
	if ns == "" {
		return "/api/v1/secrets"
	}
	return "/api/v1/namespaces/" + ns + "/secrets"
}

// TestE2EFacts proves each fact twice: the server does it, and the evaluator
// says so.
func TestE2EFacts(t *testing.T) {
	p := control(t)
	for i, fact := range facts() {
		name := fmt.Sprintf("%02d_%s", i+1, fact.name)
		t.Run(name, func(t *testing.T) {
			ns := p.room(t, fmt.Sprintf("fact-%d", i+1))
			s := &scene{T: t, plane: p, ns: ns, mine: ns + "-mine", user: rbac.ServiceAccountUser(ns, "actor")}
			p.load(t, account(ns, "actor"))
			fact.prove(s)
		})
	}
}

type fact struct {
	name  string
	prove func(*scene)
}

// facts are those of the knowledge that the evaluator is built on, in the order
// in which the rbac package tests them.
func facts() []fact {
	return append(factsOfWriting(), factsOfReaching()...)
}

func factsOfWriting() []fact {
	return []fact{
		{"bind_and_create", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "bind"), may(rbacGroup, "clusterrolebindings", "create"))
			claim := s.mayBindTo("f1", "cluster-admin")
			s.outcome("bind itself to cluster-admin", true, s.bindTo(s.actor(), "f1", "cluster-admin"), claim)
			s.known(s.T)
			_, err := s.actor().get(secretsOf(""))
			s.try("list all Secrets then", true, err, rbac.Request{Verb: "list", Resource: "secrets"})
		}},
		{"bind_on_bindings", func(s *scene) {
			s.grant(may(rbacGroup, "clusterrolebindings", "bind", "create", "update", "patch"), may(rbacGroup, "rolebindings", "bind", "create", "update", "patch"))
			s.outcome("bind itself to cluster-admin", false, s.bindTo(s.actor(), "f2", "cluster-admin"), s.mayBindTo("f2", "cluster-admin"))
			_, err := s.actor().post("/apis/"+rbacGroup+"/v1/namespaces/"+s.ns+"/rolebindings", bind(s.ns, "f2", "ClusterRole", "cluster-admin", toAccount(s.ns, "actor")))
			s.outcome("in its namespace", false, err, s.local().MayWriteBinding(s.user, "create", rbac.Binding{Namespace: s.ns, Name: "f2", RoleKind: rbac.KindClusterRole, RoleName: "cluster-admin"}))
		}},
		{"bind_alone", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "bind"))
			s.outcome("bind itself to cluster-admin", false, s.bindTo(s.actor(), "f3", "cluster-admin"), s.mayBindTo("f3", "cluster-admin"))
		}},
		{"patch_role_alone", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "get", "update", "patch"))
			claim, err := s.patchRole(s.mine, everything())
			s.outcome("patch its own ClusterRole", false, err, claim)
		}},
		{"patch_role_and_escalate", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "get", "patch", "escalate"))
			claim, err := s.patchRole(s.mine, everything())
			s.outcome("patch its own ClusterRole", true, err, claim)
			s.known(s.T)
			_, err = s.actor().get(secretsOf(""))
			s.try("list all Secrets then", true, err, rbac.Request{Verb: "list", Resource: "secrets"})
		}},
		{"escalate_alone", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "escalate"))
			claim, err := s.patchRole(s.mine, everything())
			s.outcome("patch its own ClusterRole", false, err, claim)
		}},
		{"bind_what_is_held", func(s *scene) {
			held := may("", "configmaps", "get")
			s.load(s.T, role("", s.ns+"-held", held), role("", s.ns+"-more", held, may("", "secrets", "get")))
			s.grant(may(rbacGroup, "clusterrolebindings", "create"), held)
			s.outcome("pass on a role whose rules it holds", true, s.bindTo(s.actor(), "f7", s.ns+"-held"), s.mayBindTo("f7", s.ns+"-held"))
			s.outcome("pass on a role that gives more", false, s.bindTo(s.actor(), "f7-more", s.ns+"-more"), s.mayBindTo("f7-more", s.ns+"-more"))
		}},
		{"aggregation_rule", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "create"))
			claim, err := s.aggregated("f8")
			s.outcome("create an aggregated ClusterRole", false, err, claim)
			s.load(s.T, bind("", s.mine+"-admin", "ClusterRole", "cluster-admin", toAccount(s.ns, "actor")))
			s.known(s.T)
			claim, err = s.aggregated("f8-admin")
			s.outcome("create one as cluster-admin", true, err, claim)
		}},
		{"label_of_a_powerful_role", func(s *scene) {
			s.grant(may(rbacGroup, "clusterroles", "get", "patch", "update"))
			a := s.local()
			admin := a.Role(rbac.KindClusterRole, "", "cluster-admin")
			_, err := s.actor().patch("/apis/"+rbacGroup+"/v1/clusterroles/cluster-admin", thing{"metadata": thing{"labels": thing{"rbac.authorization.k8s.io/aggregate-to-view": "true"}}})
			s.outcome("label cluster-admin", false, err, a.MayWriteRole(s.user, "patch", *admin, admin))
		}},
		{"impersonate_accounts", func(s *scene) {
			s.grant(may("", "serviceaccounts", "impersonate"))
			target := rbac.User{Name: userOf("kube-system", "clusterrole-aggregation-controller")}
			write := rbac.Request{Verb: "patch", Group: rbacGroup, Resource: "clusterroles", Name: s.mine}
			_, err := s.actor().impersonate(target.Name).patch("/apis/"+rbacGroup+"/v1/clusterroles/"+s.mine, thing{"rules": []thing{everything()}})
			claim := s.local().MayImpersonate(s.user, target, write)
			s.outcome("patch a role as the controller that may escalate", true, err, claim.Decision)
			if !s.local().MayWriteRole(claim.As, "patch", rbac.Role{Name: s.mine, Rules: []rbac.Rule{ruleOf(normal(everything()))}}, nil).Allowed {
				s.Error("the evaluator does not allow it to the controller")
			}
		}},
		{"impersonate_users", func(s *scene) {
			s.grant(may("", "users", "impersonate"))
			list := rbac.Request{Verb: "list", Resource: "secrets"}
			for _, to := range []struct {
				user rbac.User
				want bool
			}{
				{rbac.User{Name: "admin", Groups: []string{rbac.Masters}}, false},
				{rbac.User{Name: userOf("kube-system", "default")}, false},
				{rbac.User{Name: "system:kube-controller-manager"}, true},
			} {
				_, err := s.actor().impersonate(to.user.Name, to.user.Groups...).get(secretsOf(""))
				claim := s.local().MayImpersonate(s.user, to.user, list)
				s.outcome("list Secrets as "+to.user.Name, to.want, err, claim.Decision)
				if to.want && !s.local().Allowed(claim.As, list).Allowed {
					s.Errorf("the evaluator does not allow it to %s", to.user.Name)
				}
			}
		}},
	}
}

// aggregated creates an aggregated ClusterRole as the actor.
func (s *scene) aggregated(name string) (rbac.Decision, error) {
	s.Helper()
	selector := thing{"matchLabels": thing{"nobody": "has"}}
	claim := s.local().MayWriteRole(s.user, "create", rbac.Role{Name: name, Aggregate: []rbac.Selector{selectorOf(normal(selector))}}, nil)
	o := with(role("", name), thing{"rules": nil, "aggregationRule": thing{"clusterRoleSelectors": []thing{selector}}})
	_, err := s.actor().post("/apis/"+rbacGroup+"/v1/clusterroles", o)
	s.Cleanup(func() { _ = s.client(loader).delete(at(o)) })
	return claim, err
}

func factsOfReaching() []fact {
	return []fact{
		{"constrained_impersonation", (*scene).constrainedImpersonation},
		{"token_request", (*scene).tokenRequest},
		{"token_secret", (*scene).tokenSecret},
		{"list_shows_values", (*scene).listShowsValues},
		{"resource_names_and_list", (*scene).namedList},
		{"signing_requests", (*scene).signingRequests},
		{"accounts_by_other_names", (*scene).otherNames},
		{"cluster_admin_of_a_namespace", (*scene).namespaceAdmin},
		{"dangling_bindings", (*scene).dangling},
		{"bind_of_names", (*scene).bindOfNames},
		{"view_does_not_see", (*scene).view},
	}
}

func (s *scene) constrainedImpersonation() {
	target := rbac.User{Name: userOf(s.ns, "target")}
	list := rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns}
	s.load(s.T, account(s.ns, "target"), role(s.ns, "reader", may("", "secrets", "list")), bind(s.ns, "reader", "Role", "reader", toAccount(s.ns, "target")))
	s.grant(may("authentication.k8s.io", "serviceaccounts", "impersonate:serviceaccount"))
	try := func(what string, want bool) {
		s.Helper()
		_, err := s.actor().impersonate(target.Name).get(secretsOf(s.ns))
		s.outcome(what, want, err, s.local().MayImpersonate(s.user, target, list).Decision)
	}
	try("list Secrets as another account, with half of what it takes", false)
	s.load(s.T, role("", s.mine+"-on", may("", "secrets", "impersonate-on:serviceaccount:list")), bind("", s.mine+"-on", "ClusterRole", s.mine+"-on", toAccount(s.ns, "actor")))
	s.known(s.T)
	try("list Secrets as another account", true)
	_, err := s.actor().impersonate(target.Name).get("/api/v1/namespaces/" + s.ns + "/configmaps")
	s.outcome("list ConfigMaps as the other", false, err, s.local().MayImpersonate(s.user, target, rbac.Request{Verb: "list", Resource: "configmaps", Namespace: s.ns}).Decision)
}

// tenYears is as long as a token may live, in seconds.
const tenYears = 87600 * 3600

func (s *scene) tokenRequest() {
	s.load(s.T, account(s.ns, "target"), pod(s.ns, "runner", "target"))
	request := with(made("authentication.k8s.io/v1", "TokenRequest", "", ""), thing{"spec": thing{"expirationSeconds": tenYears}})
	tokenPath := "/api/v1/namespaces/" + s.ns + "/serviceaccounts/target/token"
	create := rbac.Request{Verb: "create", Resource: "serviceaccounts", Subresource: "token", Namespace: s.ns, Name: "target"}
	execRequest := rbac.Request{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: s.ns, Name: "runner"}
	for i, c := range []struct {
		resource    string
		token, exec bool
	}{
		{"serviceaccounts/token", true, false},
		{"*/token", true, false},
		{"serviceaccounts", false, false},
		{"pods/exec", false, true},
		{"*/exec", false, true},
		{"pods/*", false, false},
		{"pods", false, false},
		{"*", true, true},
	} {
		name := fmt.Sprintf("%s-%d", s.mine, i)
		who := rbac.ServiceAccountUser(s.ns, name)
		s.load(s.T, account(s.ns, name), role(s.ns, name, may("", c.resource, "create")), bind(s.ns, name, "Role", name, toAccount(s.ns, name)))
		s.known(s.T)
		out, err := s.as(s.T, s.ns, name).post(tokenPath, request)
		s.outcome("create a token by "+c.resource, c.token, err, s.local().Allowed(who, create))
		if err == nil {
			if seconds, _ := out["spec"].(thing)["expirationSeconds"].(float64); seconds != tenYears {
				s.Errorf("the token lives %v seconds, want ten years", seconds)
			}
		}
		_, err = s.as(s.T, s.ns, name).post("/api/v1/namespaces/"+s.ns+"/pods/runner/exec?command=id", nil)
		if code(err) == http.StatusBadRequest { // past the authorizer: the pod runs nowhere
			err = nil
		}
		s.outcome("exec by "+c.resource, c.exec, err, s.local().Allowed(who, execRequest))
	}
	short := with(made("authentication.k8s.io/v1", "TokenRequest", "", ""), thing{"spec": thing{"expirationSeconds": 599}})
	if _, err := s.client(administrator).post(tokenPath, short); code(err) != http.StatusUnprocessableEntity {
		s.Errorf("a token of less than ten minutes is not refused: %v", err)
	}
}

// tokenOf is a Secret that asks for a token of an account.
func tokenOf(ns, name, account string) thing {
	return with(made("v1", "Secret", ns, name), thing{
		"type": "kubernetes.io/service-account-token", "annotations": thing{"kubernetes.io/service-account.name": account},
	})
}

func (s *scene) tokenSecret() {
	s.load(s.T, account(s.ns, "target"))
	s.grantHere(may("", "secrets", "create"))
	path := secretsOf(s.ns) + "/minted"
	_, err := s.actor().post(secretsOf(s.ns), tokenOf(s.ns, "minted", "target"))
	s.try("create a token Secret of another account", true, err, rbac.Request{Verb: "create", Resource: "secrets", Namespace: s.ns})
	_, err = s.actor().get(path)
	s.try("read it without get", false, err, rbac.Request{Verb: "get", Resource: "secrets", Namespace: s.ns, Name: "minted"})
	s.load(s.T, role(s.ns, "get", may("", "secrets", "get")), bind(s.ns, "get", "Role", "get", toAccount(s.ns, "actor")))
	s.known(s.T)
	var token string
	eventually(s.T, "the controller to fill the token", func() error {
		o, err := s.actor().get(path)
		if err != nil {
			return err
		}
		raw, err := base64.StdEncoding.DecodeString(field(o, "data", "token"))
		if token = string(raw); token == "" {
			return fmt.Errorf("no token yet: %w", err)
		}
		return nil
	})
	if got := s.whoIs(token); got != userOf(s.ns, "target") {
		s.Errorf("the minted token is one of %q", got)
	}
}

// whoIs asks the server whom it takes the holder of a token for. It learns of a
// token that a Secret was given by watching Secrets, so it may refuse it at first.
func (s *scene) whoIs(token string) string {
	s.Helper()
	var out thing
	eventually(s.T, "the server to know the token", func() (err error) {
		out, err = s.pki.bearer(s.url, token).post("/apis/authentication.k8s.io/v1/selfsubjectreviews", made("authentication.k8s.io/v1", "SelfSubjectReview", "", ""))
		if err != nil && code(err) != http.StatusUnauthorized {
			s.Fatal(err)
		}
		return err
	})
	return field(out, "status", "userInfo", "username")
}

func (s *scene) listShowsValues() {
	canary := "muster" + "canary"
	s.load(s.T, with(made("v1", "Secret", s.ns, "note"), thing{"stringData": thing{"word": canary}}))
	s.grantHere(may("", "secrets", "list"))
	_, err := s.actor().get(secretsOf(s.ns) + "/note")
	s.try("get", false, err, rbac.Request{Verb: "get", Resource: "secrets", Namespace: s.ns, Name: "note"})
	out, err := s.actor().get(secretsOf(s.ns))
	s.try("list", true, err, rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns})
	if want := base64.StdEncoding.EncodeToString([]byte(canary)); !strings.Contains(fmt.Sprint(out), want) {
		s.Error("list does not show the value")
	}
	s.load(s.T, account(s.ns, "watcher"), role(s.ns, "watch", may("", "secrets", "watch")), bind(s.ns, "watch", "Role", "watch", toAccount(s.ns, "watcher")))
	s.known(s.T)
	watcher := s.as(s.T, s.ns, "watcher")
	_, err = watcher.get(secretsOf(s.ns) + "?watch=1&timeoutSeconds=1")
	s.outcome("watch", true, err, s.local().Allowed(rbac.ServiceAccountUser(s.ns, "watcher"), rbac.Request{Verb: "watch", Resource: "secrets", Namespace: s.ns}))
	eventually(s.T, "a watch to show the value", func() error { // a second may pass before a busy server sends anything
		out, err := watcher.get(secretsOf(s.ns) + "?watch=1&timeoutSeconds=1")
		if err != nil {
			return err
		}
		if want := base64.StdEncoding.EncodeToString([]byte(canary)); !strings.Contains(fmt.Sprint(out), want) {
			return fmt.Errorf("it does not")
		}
		return nil
	})
}

func (s *scene) namedList() {
	s.load(s.T, with(made("v1", "Secret", s.ns, "mine"), thing{"stringData": thing{"a": "b"}}))
	s.grantHere(rule([]string{"list"}, []string{""}, []string{"secrets"}, "mine"))
	_, err := s.actor().get(secretsOf(s.ns))
	s.try("list all", false, err, rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns})
	for name, want := range map[string]bool{"mine": true, "other": false} {
		_, err = s.actor().get(secretsOf(s.ns) + "?fieldSelector=metadata.name%3D" + name)
		s.try("list only "+name, want, err, rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns, FieldName: name})
	}
}

func (s *scene) otherNames() {
	s.load(s.T, role(s.ns, "reader", may("", "secrets", "list")))
	for name, subject := range map[string]thing{
		"user":          toUser(userOf(s.ns, "actor")),
		"of-namespace":  toGroup("system:serviceaccounts:" + s.ns),
		"all-accounts":  toGroup("system:serviceaccounts"),
		"authenticated": toGroup("system:authenticated"),
	} {
		_, err := s.actor().get(secretsOf(s.ns))
		list := rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns}
		s.try("before "+name, false, err, list)
		b := bind(s.ns, name, "Role", "reader", subject)
		s.load(s.T, b)
		s.known(s.T)
		_, err = s.actor().get(secretsOf(s.ns))
		s.try("as "+name, true, err, list)
		if err := s.client(loader).delete(at(b)); err != nil {
			s.Fatal(err)
		}
		s.known(s.T)
		eventually(s.T, "the binding to be forgotten", func() error {
			if s.ask(s.T, s.user, list) {
				return fmt.Errorf("it still counts")
			}
			return nil
		})
	}
}

func (s *scene) namespaceAdmin() {
	s.load(s.T, bind(s.ns, "admin", "ClusterRole", "cluster-admin", toAccount(s.ns, "actor")))
	s.known(s.T)
	_, err := s.actor().get(secretsOf(s.ns))
	s.try("list Secrets of its namespace", true, err, rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns})
	_, err = s.actor().get(secretsOf("kube-system"))
	s.try("list Secrets of another", false, err, rbac.Request{Verb: "list", Resource: "secrets", Namespace: "kube-system"})
	_, err = s.actor().get("/api/v1/nodes")
	s.try("list nodes", false, err, rbac.Request{Verb: "list", Resource: "nodes"})
	_, err = s.actor().patch("/api/v1/namespaces/"+s.ns, thing{"metadata": thing{"labels": thing{"pod-security.kubernetes.io/enforce": "privileged"}}})
	s.try("patch the label of its Namespace", true, err, rbac.NamespaceObject("patch", s.ns))
	_, err = s.actor().patch("/api/v1/namespaces/kube-system", thing{"metadata": thing{"labels": thing{"pod-security.kubernetes.io/enforce": "privileged"}}})
	s.try("patch another Namespace", false, err, rbac.NamespaceObject("patch", "kube-system"))
}

func (s *scene) dangling() {
	missing := []thing{
		bind(s.ns, "no-role", "Role", "comes-later", toAccount(s.ns, "actor")),
		bind(s.ns, "no-account", "ClusterRole", "view", toAccount(s.ns, "comes-later")),
	}
	for _, b := range missing {
		if _, err := s.client(administrator).post(collection(b), b); err != nil {
			s.Errorf("a dangling binding is refused: %v", err)
		}
	}
	s.known(s.T)
	found := false
	for _, b := range s.local().Dangling() {
		found = found || b.Namespace == s.ns && b.Name == "no-role"
	}
	if !found {
		s.Error("the evaluator does not list the binding as dangling")
	}
	list := rbac.Request{Verb: "list", Resource: "secrets", Namespace: s.ns}
	_, err := s.actor().get(secretsOf(s.ns))
	s.try("list Secrets while there is no role", false, err, list)
	s.load(s.T, role(s.ns, "comes-later", may("", "secrets", "list")))
	s.known(s.T)
	_, err = s.actor().get(secretsOf(s.ns))
	s.try("list Secrets once somebody made the role", true, err, list)
}

func (s *scene) bindOfNames() {
	s.grant(rule([]string{"bind"}, []string{rbacGroup}, []string{"clusterroles"}, "view"), may(rbacGroup, "clusterrolebindings", "create"))
	s.outcome("bind itself to view", true, s.bindTo(s.actor(), "f21-view", "view"), s.mayBindTo("f21-view", "view"))
	s.outcome("bind itself to edit", false, s.bindTo(s.actor(), "f21-edit", "edit"), s.mayBindTo("f21-edit", "edit"))
	star := s.ns + "-star"
	s.load(s.T, account(s.ns, "star"), role("", star, rule([]string{"bind"}, []string{rbacGroup}, []string{"clusterroles"}, "*"), may(rbacGroup, "clusterrolebindings", "create")), bind("", star, "ClusterRole", star, toAccount(s.ns, "star")))
	s.known(s.T)
	s.user = rbac.ServiceAccountUser(s.ns, "star")
	s.outcome("bind by the name *", false, s.bindTo(s.as(s.T, s.ns, "star"), "f21-star", "view"), s.mayBindTo("f21-star", "view"))
}

func (s *scene) view() {
	s.load(s.T, bind("", s.mine, "ClusterRole", "view", toAccount(s.ns, "actor")))
	s.known(s.T)
	for path, r := range map[string]struct {
		want bool
		rbac.Request
	}{
		"/api/v1/pods":                              {true, rbac.Request{Resource: "pods"}},
		"/api/v1/serviceaccounts":                   {true, rbac.Request{Resource: "serviceaccounts"}},
		"/api/v1/secrets":                           {false, rbac.Request{Resource: "secrets"}},
		"/api/v1/nodes":                             {false, rbac.Request{Resource: "nodes"}},
		"/apis/" + rbacGroup + "/v1/clusterroles":   {false, rbac.Request{Group: rbacGroup, Resource: "clusterroles"}},
		"/apis/" + rbacGroup + "/v1/rolebindings":   {false, rbac.Request{Group: rbacGroup, Resource: "rolebindings"}},
		"/apis/" + certificates + "/v1/" + requests: {false, rbac.Request{Group: certificates, Resource: requests}},
	} {
		r.Verb = "list"
		_, err := s.actor().get(path)
		s.try("list "+path, r.want, err, r.Request)
	}
}
