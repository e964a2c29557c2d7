package rbac

import (
	"slices"
	"testing"
)

// The roles and bindings of a test are written short: rule("get list", "pods
// secrets").

func words(s string) []string {
	var out []string
	start := 0
	for i := range len(s) + 1 {
		if i == len(s) || s[i] == ' ' {
			if w := s[start:i]; w == "core" {
				out = append(out, "")
			} else if w != "" {
				out = append(out, w)
			}
			start = i + 1
		}
	}
	return out
}

func rule(verbs, groups, resources string, names ...string) Rule {
	return Rule{Verbs: words(verbs), APIGroups: words(groups), Resources: words(resources), ResourceNames: names}
}

var admin = []Rule{rule("*", "*", "*"), {Verbs: []string{"*"}, NonResourceURLs: []string{"*"}}}

// with makes an Authorizer in which the account x/bot holds rules cluster-wide,
// beside the roles that matter to the facts.
func with(rules ...Rule) *Authorizer { return New(policyOf("", rules...)) }

// within is with for rules of a RoleBinding in a namespace.
func within(namespace string, rules ...Rule) *Authorizer { return New(policyOf(namespace, rules...)) }

func policyOf(namespace string, rules ...Rule) Policy {
	view := rule("get list watch", "core apps", "pods configmaps serviceaccounts deployments namespaces")
	return Policy{
		Roles: []Role{
			{Name: "cluster-admin", Rules: admin},
			{Name: "view", Rules: []Rule{view}, Filled: true, Aggregate: []Selector{{Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"}}}},
			{Name: "bot", Rules: rules},
			{Name: "aggregation-controller", Rules: []Rule{rule("escalate get list patch update watch", Group, "clusterroles")}},
			{Name: "kcm", Rules: []Rule{rule("get", "core", "secrets")}},
		},
		Bindings: []Binding{
			{Name: "cluster-admin", RoleKind: KindClusterRole, RoleName: "cluster-admin", Subjects: []Subject{{Kind: KindGroup, Name: Masters}}},
			{Name: "aggregation-controller", RoleKind: KindClusterRole, RoleName: "aggregation-controller", Subjects: []Subject{{Kind: KindServiceAccount, Namespace: "kube-system", Name: "clusterrole-aggregation-controller"}}},
			{Name: "kcm", RoleKind: KindClusterRole, RoleName: "kcm", Subjects: []Subject{{Kind: KindUser, Name: "system:kube-controller-manager"}}},
			{Namespace: namespace, Name: "bot", RoleKind: KindClusterRole, RoleName: "bot", Subjects: []Subject{{Kind: KindServiceAccount, Namespace: "x", Name: "bot"}}},
		},
	}
}

var bot = ServiceAccountUser("x", "bot")

func want(t *testing.T, what string, got Decision, allowed bool) {
	t.Helper()
	if got.Allowed != allowed {
		t.Errorf("%s: got %v (%s), want %v", what, got.Allowed, got.Reason, allowed)
	}
	if got.Reason == "" {
		t.Errorf("%s: no reason", what)
	}
}

// toAdmin is the binding that makes an account the administrator.
func toAdmin(namespace string) Binding {
	return Binding{
		Namespace: namespace, Name: "mine", RoleKind: KindClusterRole, RoleName: "cluster-admin",
		Subjects: []Subject{{Kind: KindServiceAccount, Namespace: "x", Name: "bot"}},
	}
}

// TestFacts holds what a Kubernetes 1.36.3 API server was seen to do.
func TestFacts(t *testing.T) {
	bindings := "clusterrolebindings rolebindings"
	t.Run("01_bind_and_create", func(t *testing.T) {
		a := with(rule("bind", Group, "clusterroles"), rule("create", Group, "clusterrolebindings"))
		want(t, "bind itself to cluster-admin", a.MayWriteBinding(bot, "create", toAdmin("")), true)
		want(t, "in one namespace without create there", a.MayWriteBinding(bot, "create", toAdmin("x")), false)
	})
	t.Run("02_bind_on_bindings", func(t *testing.T) {
		a := with(rule("bind create update", Group, bindings))
		want(t, "create", a.MayWriteBinding(bot, "create", toAdmin("")), false)
		want(t, "update", a.MayWriteBinding(bot, "update", toAdmin("x")), false)
	})
	t.Run("03_bind_alone", func(t *testing.T) {
		a := with(rule("bind", Group, "clusterroles"))
		want(t, "bind the role", a.MayBind(bot, KindClusterRole, "cluster-admin", ""), true)
		want(t, "write the binding", a.MayWriteBinding(bot, "create", toAdmin("")), false)
	})
	t.Run("04_patch_without_escalate", func(t *testing.T) {
		a := with(rule("update patch get", Group, "clusterroles"))
		wider := Role{Name: "bot", Rules: admin}
		want(t, "update", a.MayWriteRole(bot, "update", wider, a.Role(KindClusterRole, "", "bot")), false)
		want(t, "patch", a.MayWriteRole(bot, "patch", wider, a.Role(KindClusterRole, "", "bot")), false)
		want(t, "what it holds", a.MayWriteRole(bot, "patch", Role{Name: "bot", Rules: []Rule{rule("get", Group, "clusterroles", "n")}}, nil), true)
	})
	t.Run("05_escalate_and_patch", func(t *testing.T) {
		a := with(rule("escalate patch", Group, "clusterroles"))
		want(t, "patch", a.MayWriteRole(bot, "patch", Role{Name: "bot", Rules: admin}, nil), true)
		want(t, "update", a.MayWriteRole(bot, "update", Role{Name: "bot", Rules: admin}, nil), false)
		named := with(rule("escalate create patch", Group, "clusterroles", "bot"), rule("create", Group, "clusterroles"))
		want(t, "patch the one named", named.MayWriteRole(bot, "patch", Role{Name: "bot", Rules: admin}, nil), true)
		want(t, "patch another", named.MayWriteRole(bot, "patch", Role{Name: "view", Rules: admin}, nil), false)
		want(t, "create: it has no name yet", named.MayWriteRole(bot, "create", Role{Name: "bot", Rules: admin}, nil), false)
	})
	t.Run("06_escalate_alone", func(t *testing.T) {
		a := with(rule("escalate", Group, "clusterroles"))
		want(t, "patch", a.MayWriteRole(bot, "patch", Role{Name: "bot", Rules: admin}, nil), false)
	})
	t.Run("07_bindings_to_what_it_holds", func(t *testing.T) {
		a := with(rule("create", Group, bindings), rule("get list watch", "core apps", "*"))
		b := toAdmin("y")
		want(t, "cluster-admin", a.MayWriteBinding(bot, "create", b), false)
		b.RoleName = "view"
		want(t, "view", a.MayWriteBinding(bot, "create", b), true)
	})
	t.Run("08_aggregation_rule", func(t *testing.T) {
		sum := Role{Name: "sum", Aggregate: []Selector{{Labels: map[string]string{"a": "b"}}}}
		a := with(rule("create update", Group, "clusterroles"))
		want(t, "create", a.MayWriteRole(bot, "create", sum, nil), false)
		want(t, "take the rule away", a.MayWriteRole(bot, "update", Role{Name: "sum"}, &sum), false)
		want(t, "without one", a.MayWriteRole(bot, "create", Role{Name: "sum"}, nil), true)
		want(t, "all resources but no URLs", with(rule("*", "*", "*", "n"), rule("create", "*", "*")).MayWriteRole(bot, "create", sum, nil), false)
		want(t, "everything", with(admin...).MayWriteRole(bot, "create", sum, nil), true)
		want(t, "escalate", with(rule("escalate create", Group, "clusterroles")).MayWriteRole(bot, "create", sum, nil), true)
	})
	t.Run("09_label_of_a_powerful_role", func(t *testing.T) {
		a := with(rule("patch", Group, "clusterroles"))
		role := *a.Role(KindClusterRole, "", "cluster-admin")
		role.Labels = map[string]string{"rbac.authorization.k8s.io/aggregate-to-view": "true"}
		want(t, "patch", a.MayWriteRole(bot, "patch", role, a.Role(KindClusterRole, "", "cluster-admin")), false)
	})
	t.Run("10_impersonate_accounts", func(t *testing.T) {
		a := with(rule("impersonate", "core", "serviceaccounts"))
		patch := Request{Verb: "patch", Group: Group, Resource: "clusterroles", Name: "bot"}
		got := a.MayImpersonate(bot, User{Name: "system:serviceaccount:kube-system:clusterrole-aggregation-controller"}, patch)
		want(t, "impersonate", got.Decision, true)
		want(t, "patch as the controller", a.Allowed(got.As, patch), true)
		want(t, "escalate as the controller", a.MayWriteRole(got.As, "patch", Role{Name: "bot", Rules: admin}, nil), true)
	})
	t.Run("11_impersonate_users", func(t *testing.T) {
		a := with(rule("impersonate", "core", "users"))
		get := Request{Verb: "get", Resource: "secrets", Namespace: "y", Name: "s"}
		want(t, "a member of system:masters", a.MayImpersonate(bot, User{Name: "ann", Groups: []string{Masters}}, get).Decision, false)
		want(t, "an account", a.MayImpersonate(bot, User{Name: "system:serviceaccount:x:one"}, get).Decision, false)
		got := a.MayImpersonate(bot, User{Name: "system:kube-controller-manager"}, get)
		want(t, "the controller manager", got.Decision, true)
		want(t, "get secrets as it", a.Allowed(got.As, get), true)
		groups := with(rule("impersonate", "core", "users groups"))
		want(t, "users and groups", groups.MayImpersonate(bot, User{Name: "ann", Groups: []string{Masters}}, get).Decision, true)
	})
	t.Run("12_constrained_impersonation", testConstrained)
	t.Run("13_token_requests", func(t *testing.T) {
		token := Request{Verb: "create", Resource: "serviceaccounts", Subresource: "token", Namespace: "kube-system", Name: "any"}
		want(t, "serviceaccounts/token", with(rule("create", "core", "serviceaccounts/token")).Allowed(bot, token), true)
		want(t, "*/token", with(rule("create", "core", "*/token")).Allowed(bot, token), true)
		want(t, "*", with(rule("create", "core", "*")).Allowed(bot, token), true)
		want(t, "serviceaccounts/*", with(rule("create", "core", "serviceaccounts/*")).Allowed(bot, token), false)
		want(t, "serviceaccounts", with(rule("create", "core", "serviceaccounts")).Allowed(bot, token), false)
		exec := Request{Verb: "create", Resource: "pods", Subresource: "exec", Namespace: "x", Name: "p"}
		want(t, "pods/* for pods/exec", with(rule("create", "core", "pods/*")).Allowed(bot, exec), false)
		want(t, "*/exec for pods/exec", with(rule("create", "core", "*/exec")).Allowed(bot, exec), true)
	})
	t.Run("14_create_secrets", func(t *testing.T) {
		a := with(rule("create", "core", "secrets"))
		want(t, "create", a.Allowed(bot, Request{Verb: "create", Resource: "secrets", Namespace: "x"}), true)
		want(t, "read what was minted", a.Allowed(bot, Request{Verb: "get", Resource: "secrets", Namespace: "x", Name: "minted"}), false)
	})
	t.Run("15_list_without_get", func(t *testing.T) {
		a := with(rule("list", "core", "secrets"))
		want(t, "list", a.Allowed(bot, Request{Verb: "list", Resource: "secrets"}), true)
		want(t, "get", a.Allowed(bot, Request{Verb: "get", Resource: "secrets", Namespace: "x", Name: "s"}), false)
	})
	t.Run("16_names_and_list", func(t *testing.T) {
		a := with(rule("list watch deletecollection", "core", "secrets", "s"))
		list := Request{Verb: "list", Resource: "secrets", Namespace: "x"}
		want(t, "plain list", a.Allowed(bot, list), false)
		list.FieldName = "s"
		want(t, "list of the one", a.Allowed(bot, list), true)
		list.Verb = "watch"
		want(t, "watch of the one", a.Allowed(bot, list), true)
		list.Verb = "deletecollection"
		want(t, "deletecollection of the one", a.Allowed(bot, list), false)
		list.Verb, list.FieldName = "list", "other"
		want(t, "list of another", a.Allowed(bot, list), false)
	})
	t.Run("17_signing_requests", func(t *testing.T) {
		csr := rule("create get", "certificates.k8s.io", "certificatesigningrequests")
		approval := rule("update", "certificates.k8s.io", "certificatesigningrequests/approval")
		const client = "kubernetes.io/kube-apiserver-client"
		want(t, "without approve", with(csr, approval).MayApprove(bot, "r", client), false)
		want(t, "approve alone", with(csr, rule("approve", "certificates.k8s.io", "signers", client)).MayApprove(bot, "r", client), false)
		want(t, "the signer by name", with(csr, approval, rule("approve", "certificates.k8s.io", "signers", client)).MayApprove(bot, "r", client), true)
		want(t, "the signer by domain", with(csr, approval, rule("approve", "certificates.k8s.io", "signers", "kubernetes.io/*")).MayApprove(bot, "r", client), true)
		want(t, "another signer", with(csr, approval, rule("approve", "certificates.k8s.io", "signers", "example.com/*")).MayApprove(bot, "r", client), false)
		status := rule("patch", "certificates.k8s.io", "certificatesigningrequests/status")
		want(t, "sign", with(status, rule("sign", "certificates.k8s.io", "signers", client)).MaySign(bot, "r", client), true)
		want(t, "approve does not sign", with(status, rule("approve", "certificates.k8s.io", "signers", client)).MaySign(bot, "r", client), false)
	})
	t.Run("18_accounts_as_users_and_groups", func(t *testing.T) {
		for _, s := range []Subject{
			{Kind: KindUser, Name: "system:serviceaccount:x:bot"},
			{Kind: KindGroup, Name: AllAccounts},
			{Kind: KindGroup, Name: AllAccounts + ":x"},
			{Kind: KindGroup, Name: Authenticated},
			{Kind: KindServiceAccount, Namespace: "x", Name: "bot"},
		} {
			p := policyOf("", rule("get", "core", "nodes"))
			p.Bindings[3].Subjects = []Subject{s}
			want(t, s.Kind+" "+s.Name, New(p).Allowed(bot, Request{Verb: "get", Resource: "nodes", Name: "n"}), true)
		}
		p := policyOf("", rule("get", "core", "nodes"))
		p.Bindings[3].Subjects = []Subject{{Kind: KindGroup, Name: AllAccounts + ":y"}, {Kind: KindServiceAccount, Name: "bot"}, {Kind: KindGroup, Name: Unauthenticated}}
		want(t, "accounts of another namespace", New(p).Allowed(bot, Request{Verb: "get", Resource: "nodes", Name: "n"}), false)
	})
	t.Run("19_cluster_admin_in_a_namespace", func(t *testing.T) {
		a := within("x", admin...)
		want(t, "its secrets", a.Allowed(bot, Request{Verb: "get", Resource: "secrets", Namespace: "x", Name: "s"}), true)
		want(t, "other secrets", a.Allowed(bot, Request{Verb: "get", Resource: "secrets", Namespace: "y", Name: "s"}), false)
		want(t, "all secrets", a.Allowed(bot, Request{Verb: "list", Resource: "secrets"}), false)
		want(t, "nodes", a.Allowed(bot, Request{Verb: "list", Resource: "nodes"}), false)
		want(t, "URLs", a.Allowed(bot, Request{Verb: "get", Path: "/metrics", Namespace: "x"}), false)
		want(t, "its Namespace object", a.Allowed(bot, NamespaceObject("patch", "x")), true)
		want(t, "asked without the namespace", a.Allowed(bot, Request{Verb: "patch", Resource: "namespaces", Name: "x"}), false)
		want(t, "another Namespace object", a.Allowed(bot, NamespaceObject("patch", "y")), false)
	})
	t.Run("20_dangling", testDangling)
	t.Run("21_names_of_bind", func(t *testing.T) {
		a := with(rule("bind", Group, "clusterroles", "view"))
		want(t, "view", a.MayBind(bot, KindClusterRole, "view", ""), true)
		want(t, "cluster-admin", a.MayBind(bot, KindClusterRole, "cluster-admin", ""), false)
		star := with(rule("bind", Group, "clusterroles", "*"))
		want(t, "the star is a name", star.MayBind(bot, KindClusterRole, "view", ""), false)
	})
	t.Run("22_view", func(t *testing.T) {
		p := policyOf("")
		p.Bindings[3].RoleName = "view"
		a := New(p)
		want(t, "pods", a.Allowed(bot, Request{Verb: "list", Resource: "pods"}), true)
		for _, r := range []Request{
			{Verb: "list", Resource: "secrets"},
			{Verb: "list", Group: Group, Resource: "rolebindings"},
			{Verb: "list", Group: "certificates.k8s.io", Resource: "certificatesigningrequests"},
			{Verb: "list", Resource: "nodes"},
		} {
			want(t, r.String(), a.Allowed(bot, r), false)
		}
	})
}

func testConstrained(t *testing.T) {
	const group = "authentication.k8s.io"
	list := Request{Verb: "list", Resource: "secrets"}
	one := User{Name: "system:serviceaccount:y:one"}
	act := rule("impersonate:serviceaccount", group, "serviceaccounts")
	on := rule("impersonate-on:serviceaccount:list", "core", "secrets")
	got := with(act, on).MayImpersonate(bot, one, list)
	want(t, "an account", got.Decision, true)
	if got.Mode != ModeServiceAccount || len(got.As.Groups) != 3 {
		t.Errorf("mode %q as %v", got.Mode, got.As)
	}
	want(t, "without the second verb", with(act).MayImpersonate(bot, one, list).Decision, false)
	want(t, "without the first verb", with(on).MayImpersonate(bot, one, list).Decision, false)
	want(t, "for another verb", with(act, on).MayImpersonate(bot, one, Request{Verb: "get", Resource: "secrets", Namespace: "y", Name: "s"}).Decision, false)
	want(t, "in the core group", with(rule("impersonate:serviceaccount", "core", "serviceaccounts"), on).MayImpersonate(bot, one, list).Decision, false)
	want(t, "with groups", with(act, on).MayImpersonate(bot, User{Name: one.Name, Groups: []string{"g"}}, list).Decision, false)
	want(t, "a user", with(act, on).MayImpersonate(bot, User{Name: "ann"}, list).Decision, false)

	info := []Rule{rule("impersonate:user-info", group, "users groups uids userextras/a.b/c"), rule("impersonate-on:user-info:list", "core", "secrets")}
	want(t, "user-info", with(info...).MayImpersonate(bot, User{Name: "ann", UID: "1", Groups: []string{"a", "b", "c", "d"}, Extra: map[string][]string{"a.b/c": {"v"}}}, list).Decision, true)
	want(t, "user-info with masters", with(info...).MayImpersonate(bot, User{Name: "ann", Groups: []string{Masters}}, list).Decision, false)
	capital := append(slices.Clone(info), rule("impersonate:user-info", group, "userextras/a.b/C"))
	want(t, "user-info with a key in capitals", with(capital...).MayImpersonate(bot, User{Name: "ann", Extra: map[string][]string{"a.b/C": {"v"}}}, list).Decision, false)
	want(t, "user-info of an account", with(info...).MayImpersonate(bot, one, list).Decision, false)
	stars := []Rule{rule("impersonate:user-info", group, "users"), rule("impersonate:user-info", group, "groups", "*"), info[1]}
	want(t, "four groups under the name *", with(stars...).MayImpersonate(bot, User{Name: "ann", Groups: []string{"a", "b", "c", "d"}}, list).Decision, true)
	want(t, "three groups under the name *", with(stars...).MayImpersonate(bot, User{Name: "ann", Groups: []string{"a", "b", "c"}}, list).Decision, false)

	old := []Rule{rule("impersonate", "core", "users"), rule("impersonate", "core", "groups", "*")}
	want(t, "the old verb asks for each group", with(old...).MayImpersonate(bot, User{Name: "ann", Groups: []string{"a", "b", "c", "d"}}, list).Decision, false)

	node := User{Name: "system:node:n1"}
	arbitrary := []Rule{rule("impersonate:arbitrary-node", group, "nodes", "n1"), rule("impersonate-on:arbitrary-node:list", "core", "secrets")}
	got = with(arbitrary...).MayImpersonate(bot, node, list)
	want(t, "a node", got.Decision, true)
	if len(got.As.Groups) != 2 || got.As.Groups[0] != Nodes {
		t.Errorf("a node with the groups %q", got.As.Groups)
	}
	want(t, "another node", with(arbitrary...).MayImpersonate(bot, User{Name: "system:node:n2"}, list).Decision, false)

	associated := []Rule{rule("impersonate:associated-node", group, "nodes", "*"), rule("impersonate-on:associated-node:list", "core", "secrets")}
	want(t, "its node, not said to be on it", with(associated...).MayImpersonate(bot, node, list).Decision, false)
	on1 := bot
	on1.Extra = map[string][]string{"authentication.kubernetes.io/node-name": {"n1"}}
	got = with(associated...).MayImpersonate(on1, node, list)
	want(t, "its node", got.Decision, true)
	if got.Mode != ModeAssociatedNode {
		t.Errorf("mode %q", got.Mode)
	}
	want(t, "another's node", with(associated...).MayImpersonate(on1, User{Name: "system:node:n2"}, list).Decision, false)
}

func testDangling(t *testing.T) {
	p := policyOf("", rule("create", Group, "rolebindings"))
	p.Bindings = append(p.Bindings, Binding{
		Namespace: "y", Name: "latent", RoleKind: KindRole, RoleName: "gone",
		Subjects: []Subject{{Kind: KindServiceAccount, Name: "nobody"}, {Kind: KindServiceAccount, Namespace: "x", Name: "bot"}},
	})
	a := New(p)
	want(t, "a missing role", a.Allowed(bot, Request{Verb: "get", Resource: "pods", Namespace: "y", Name: "p"}), false)
	if d := a.Dangling(); len(d) != 1 || d[0].Name != "latent" {
		t.Errorf("dangling: %v", d)
	}
	held := a.Effective(bot)
	if len(held) != 2 || held[1].Role != nil || held[1].Text != -1 || held[1].Namespace != "y" {
		t.Errorf("held: %+v", held)
	}
	want(t, "bind a missing role", a.MayBind(bot, KindRole, "gone", "y"), false)
	want(t, "bind a missing role with bind", with(rule("bind", Group, "roles")).MayBind(bot, KindRole, "gone", "y"), true)
	p.Roles = append(p.Roles, Role{Namespace: "y", Name: "gone", Rules: []Rule{rule("get", "core", "pods")}})
	want(t, "once the role is made", New(p).Allowed(bot, Request{Verb: "get", Resource: "pods", Namespace: "y", Name: "p"}), true)
}
