package reach

import (
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
)

// authority lists the permissions over permissions themselves.
func authority() []Permission {
	return []Permission{
		{
			ID: "everything", Capability: "admin.all", Tier: 1, means: ownAll,
			Needs: []Need{need([]string{"*"}, "*", "*")},
			Wide:  inventory.LevelAdmin, Local: inventory.LevelAdmin, Leads: clusterAdmin,
			Why:     "every verb on every resource of it",
			Sources: []string{"CIS 5.1.1", "CIS 5.1.3", practices + "#least-privilege", verified},
		},
		{
			ID: "bind-cluster", Capability: "rbac.bind", Tier: 1, means: takeover,
			Needs: []Need{
				need([]string{"bind"}, rbacGroup, "clusterroles"),
				need(change(), rbacGroup, "clusterrolebindings"),
			},
			Wide: levelEscalate, Named: levelWrite, Leads: clusterAdmin,
			Why:     "can bind itself to cluster-admin",
			Sources: []string{"CIS 5.1.8", practices + "#bind-verb", verified},
		},
		{
			ID: "bind", Capability: "rbac.bind", Tier: 1, means: ownAll,
			Needs: []Need{
				need([]string{"bind"}, rbacGroup, "clusterroles"),
				need(change(), rbacGroup, "rolebindings"),
			},
			Wide: levelEscalate, Local: levelEscalate, Named: levelWrite, Leads: clusterAdmin,
			Why:     "can bind itself to cluster-admin within the namespace",
			Sources: []string{"CIS 5.1.8", practices + "#bind-verb", verified},
		},
		{
			ID: "bind-roles", Capability: "rbac.bind", Tier: 1, means: bindRoles,
			Needs: []Need{
				need([]string{"bind"}, rbacGroup, "roles"),
				need(change(), rbacGroup, "rolebindings"),
			},
			Wide: levelEscalate, Local: levelWrite, Named: levelWrite, Leads: "every Role of the cluster",
			Why:     "can bind itself to any Role of the namespace",
			Sources: []string{"CIS 5.1.8", practices + "#bind-verb", verified},
		},
		{
			ID: "escalate-cluster", Capability: "rbac.escalate", Tier: 1, means: takeover,
			Needs: []Need{
				need([]string{"escalate"}, rbacGroup, "clusterroles"),
				need(alter(), rbacGroup, "clusterroles"),
			},
			Wide: levelEscalate, Leads: clusterAdmin,
			Why:     "can add any permission to a ClusterRole that it holds",
			Sources: []string{"CIS 5.1.8", practices + "#escalate-verb", verified},
		},
		{
			ID: "escalate-aggregate", Capability: "rbac.escalate", Tier: 1, means: takeover,
			Needs: []Need{
				need([]string{"escalate"}, rbacGroup, "clusterroles"),
				need([]string{"create"}, rbacGroup, "clusterroles"),
			},
			Wide: levelEscalate, Leads: clusterAdmin,
			Why:     "can make a ClusterRole with any permission, labelled so that an aggregated one that it holds takes it in",
			Sources: []string{"CIS 5.1.8", practices + "#escalate-verb"},
		},
		{
			ID: "escalate", Capability: "rbac.escalate", Tier: 1, means: ownAll,
			Needs: []Need{
				need([]string{"escalate"}, rbacGroup, "roles"),
				need(alter(), rbacGroup, "roles"),
			},
			Wide: levelEscalate, Local: levelEscalate, Leads: "every namespace in which it holds a Role",
			Why:     "can add any permission to a Role that it holds",
			Sources: []string{"CIS 5.1.8", practices + "#escalate-verb", verified},
		},
	}
}

// identities lists the permissions that make one identity another.
func identities() []Permission {
	csr := need([]string{"create"}, certificatesGroup, "certificatesigningrequests")
	approval := need(alter(), certificatesGroup, "certificatesigningrequests/approval")
	approval.Some = true // who makes a request names it
	signer := need([]string{"approve"}, certificatesGroup, "signers")
	signer.Names = []string{"kubernetes.io/kube-apiserver-client", "kubernetes.io/*"}
	kubelet := need([]string{"approve"}, certificatesGroup, "signers")
	kubelet.Names = []string{"kubernetes.io/kube-apiserver-client-kubelet", "kubernetes.io/*"}
	somebody := need([]string{"impersonate"}, "", "users", "serviceaccounts")
	somebody.Some = true
	groups := need([]string{"impersonate"}, "", "groups")
	groups.Names = []string{"system:masters"}
	return slices.Concat([]Permission{
		{
			ID: "impersonate-groups", Capability: "identity.impersonate", Tier: 1, means: asGroup,
			Needs: []Need{groups, somebody},
			Wide:  levelEscalate, Local: levelEscalate, Named: levelWrite, NamedCapability: "identity.impersonate", Leads: clusterAdmin,
			Why:     "can act as a member of any group, system:masters among them",
			Sources: []string{"CIS 5.1.8", practices + "#impersonate-verb", verified},
		},
		{
			ID: "impersonate-users", Capability: "identity.impersonate", Tier: 1, means: asUser,
			Needs: []Need{need([]string{"impersonate"}, "", "users")},
			Wide:  levelEscalate, Named: levelWrite, NamedCapability: "identity.impersonate", Leads: "every user, the control plane's among them",
			Why:     "can act as any user, system:kube-controller-manager among them",
			Sources: []string{"CIS 5.1.8", practices + "#impersonate-verb", verified},
		},
		{
			ID: "impersonate-accounts", Capability: "identity.impersonate", Tier: 1, means: become,
			Needs: []Need{need([]string{"impersonate"}, "", "serviceaccounts")},
			Wide:  levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "identity.impersonate", Leads: "every service account",
			Why:     "can act as any service account",
			Sources: []string{"CIS 5.1.8", practices + "#impersonate-verb", verified},
		},
	}, tokens(), []Permission{
		{
			ID: "certificates", Capability: "certificates.approve", Tier: 1, means: asSubject,
			Needs: []Need{csr, approval, signer},
			Wide:  levelEscalate, Leads: "every user, the control plane's among them",
			Why:     "can ask for and approve a client certificate of any user but a member of system:masters",
			Sources: []string{"CIS 5.1.11", practices + "#csrs-and-certificate-issuing", verified},
		},
		{
			ID: "certificates-kubelet", Capability: "certificates.approve", Tier: 1, means: takeover,
			Needs: []Need{csr, approval, kubelet},
			Wide:  levelEscalate, Leads: "every node, and the tokens and secrets of its pods",
			Why:     "can ask for and approve a client certificate of any node",
			Sources: []string{"CIS 5.1.11", practices + "#csrs-and-certificate-issuing"},
		},
	}, constrainedModes())
}

// tokens lists the permissions that make or read tokens of service accounts.
func tokens() []Permission {
	return []Permission{
		{
			ID: "token-request", Capability: "tokens.create", Tier: 1, means: mint,
			Needs: []Need{need([]string{"create"}, "", "serviceaccounts/token")},
			Wide:  levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "tokens.create", Leads: "every service account",
			Why:     "can have tokens made for service accounts, valid for years unless the API server limits them",
			Sources: []string{"CIS 5.1.13", practices + "#token-request", verified},
		},
		{
			ID: "token-secret", Capability: "tokens.create", Tier: 1, means: mint,
			Needs: []Need{need([]string{"create"}, "", "secrets"), need(read(), "", "secrets")},
			Wide:  levelEscalate, Local: levelWrite, Leads: "every service account",
			Why:     "can have a Secret filled with a token of any service account that never ends, and read it",
			Sources: []string{practices + "#listing-secrets", verified},
		},
		{
			ID: "token-secret-again", Capability: "tokens.create", Tier: 1, means: mint,
			Needs: []Need{need([]string{"create"}, "", "secrets"), some(need(read(), "", "secrets")), some(need([]string{"delete"}, "", "secrets"))},
			Wide:  levelEscalate, Local: levelWrite, Leads: "every service account",
			Why:     "can put a Secret with a token of any service account in the place of one that it may read",
			Sources: []string{practices + "#listing-secrets"},
		},
		{
			// The token controller fills a token Secret whose token is gone, for the account that
			// its annotation names then (pkg/controller/serviceaccount/tokens_controller.go).
			ID: "token-secret-change", Capability: "secrets.write", Tier: 1, means: refill,
			Needs: []Need{need(alter(), "", "secrets"), need(read(), "", "secrets")},
			Wide:  levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "secrets.write", Leads: "every service account beside a token Secret",
			Why:     "can have a token Secret that is there filled anew for another service account of its namespace, and read it",
			Sources: []string{practices + "#listing-secrets"},
		},
		{
			ID: "secrets-read", Capability: "secrets.read_all", Tier: 1, means: readTokens,
			Needs: []Need{need(read(), "", "secrets")},
			Wide:  levelEscalate, Local: levelRead, Named: levelRead, NamedCapability: "secrets.read", Leads: "secrets of every namespace",
			Why:     "reads the values of secrets; list and watch show them as get does",
			Sources: []string{"CIS 5.1.2", practices + "#listing-secrets", verified},
		},
	}
}

// constrainedModes lists the constrained forms of impersonation (KEP-5284, on
// since Kubernetes 1.36). Their levels are bounds: what impersonate-on allows
// decides.
func constrainedModes() []Permission {
	var out []Permission
	for _, m := range []struct {
		mode, why string
		resources []string
	}{
		{"serviceaccount", "can act as a service account", []string{"serviceaccounts"}},
		{"user-info", "can act as a user that is neither a service account nor a node", []string{"users"}},
		{"arbitrary-node", "can act as any node", []string{"nodes"}},
		{"associated-node", "can act as the node on which it runs", []string{"nodes"}},
	} {
		who := need([]string{"impersonate:" + m.mode}, authenticationGroup, m.resources...)
		out = append(out, Permission{
			ID: "constrained-" + m.mode, Capability: "identity.impersonate", Tier: 1, means: constrained,
			Needs: []Need{who, need([]string{onVerb + m.mode}, onVerb, onVerb+m.mode)},
			Wide:  levelEscalate, Local: levelWrite, Named: levelWrite, NamedCapability: "identity.impersonate",
			Leads: "what impersonate-on:" + m.mode + " names, as another",
			Why:   m.why + " for what its impersonate-on verbs name", Sources: []string{"KEP-5284", verified},
		})
	}
	return out
}
