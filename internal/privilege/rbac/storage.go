package rbac

import "strings"

// The checks of this file are those that the server makes when roles and
// bindings are written, beyond asking whether the user may write them: nobody
// gives away more than he holds, unless he may escalate or bind.

// fullAuthority is what it takes to write an aggregated ClusterRole.
func fullAuthority() []Rule {
	return []Rule{
		{Verbs: []string{all}, APIGroups: []string{all}, Resources: []string{all}},
		{Verbs: []string{all}, NonResourceURLs: []string{all}},
	}
}

// Lacks returns which of some rules a user does not hold in a namespace, or
// cluster-wide if it is empty, in the form of Covers. A member of system:masters
// lacks nothing.
func (a *Authorizer) Lacks(u User, namespace string, rules []Rule) []Rule {
	if u.IsMaster() {
		return nil
	}
	missing, _ := Covers(a.Rules(u, namespace), rules)
	return missing
}

// MayWriteRole answers whether a user may create a role, or update or patch one
// (verb; old is the role as it stands, nil for create) so that it becomes this.
// Beyond the verb it takes escalate on the role, or to hold all its rules where
// it applies already, those that stay the same too. To make or change an
// aggregated ClusterRole takes everything.
//
// At creation the role has no name yet as far as the server's question goes:
// escalate on named roles does not help there.
func (a *Authorizer) MayWriteRole(u User, verb string, role Role, old *Role) Decision {
	request := Request{Verb: verb, Group: Group, Resource: "roles", Namespace: role.Namespace, Name: role.Name}
	if role.Namespace == "" {
		request.Resource = "clusterroles"
	}
	if verb == "create" {
		request.Name = ""
	}
	write := a.Allowed(u, request)
	if !write.Allowed || u.IsMaster() {
		return write
	}
	request.Verb = "escalate"
	if escalate := a.Allowed(u, request); escalate.Allowed {
		return escalate
	}
	held := a.Rules(u, role.Namespace)
	if missing, ok := Covers(held, role.Rules); !ok {
		return refused(missing)
	}
	if role.Namespace == "" && (len(role.Aggregate) > 0 || old != nil && len(old.Aggregate) > 0) {
		if _, ok := Covers(held, fullAuthority()); !ok {
			return Decision{Reason: "an aggregated ClusterRole takes escalate or every permission there is"}
		}
	}
	write.Reason += "; holds all its rules"
	return write
}

// MayWriteBinding answers whether a user may create, update or patch (verb) a
// binding as it is given: the verb on the binding, and what MayBind says.
func (a *Authorizer) MayWriteBinding(u User, verb string, b Binding) Decision {
	request := Request{Verb: verb, Group: Group, Resource: "rolebindings", Namespace: b.Namespace, Name: b.Name}
	if b.Namespace == "" {
		request.Resource = "clusterrolebindings"
	}
	if verb == "create" {
		request.Name = ""
	}
	write := a.Allowed(u, request)
	if !write.Allowed || u.IsMaster() {
		return write
	}
	return a.MayBind(u, b.RoleKind, b.RoleName, b.Namespace)
}

// MayBind answers whether a user who may write bindings in a namespace, or
// ClusterRoleBindings if it is empty, may make one to a role: bind on the role,
// or to hold all its rules there. Without bind a role that does not exist cannot
// be bound.
func (a *Authorizer) MayBind(u User, kind, role, namespace string) Decision {
	if u.IsMaster() {
		return Decision{Allowed: true, Reason: "member of " + Masters}
	}
	request := Request{Verb: "bind", Group: Group, Namespace: namespace, Name: role}
	switch kind {
	case KindRole:
		request.Resource = "roles"
	case KindClusterRole:
		request.Resource = "clusterroles"
	default:
		return Decision{Reason: "a binding refers to a Role or a ClusterRole"}
	}
	if bind := a.Allowed(u, request); bind.Allowed {
		return bind
	}
	r := a.Role(kind, namespace, role)
	if r == nil {
		return Decision{Reason: "there is no " + kind + " " + role + " and bind is not allowed"}
	}
	if missing := a.Lacks(u, namespace, r.Rules); len(missing) > 0 {
		return refused(missing)
	}
	return Decision{Allowed: true, Role: r, Reason: "holds all rules of " + r.String()}
}

// refused words what is lacking.
func refused(missing []Rule) Decision {
	shown := missing[:min(len(missing), 3)]
	parts := make([]string, 0, len(shown)+1)
	for i := range shown {
		parts = append(parts, ruleString(&shown[i]))
	}
	if len(missing) > len(shown) {
		parts = append(parts, "and more")
	}
	return Decision{Reason: "does not hold " + strings.Join(parts, "; ")}
}

// MaySigner answers whether a user has a verb (approve, sign or attest) on a
// signer of certificates: on its name, or on its domain followed by "/*". These
// are permissions beyond the one to write certificatesigningrequests/approval or
// /status.
func (a *Authorizer) MaySigner(u User, verb, signer string) Decision {
	request := Request{Verb: verb, Group: "certificates.k8s.io", Resource: "signers", Name: signer}
	if d := a.Allowed(u, request); d.Allowed {
		return d
	}
	domain, _, _ := strings.Cut(signer, "/")
	request.Name = domain + "/*"
	return a.Allowed(u, request)
}

// MayApprove answers whether a user may approve a CertificateSigningRequest of a
// name (empty for any) with a signer.
func (a *Authorizer) MayApprove(u User, name, signer string) Decision {
	return a.mayCertify(u, "approval", name, "approve", signer)
}

// MaySign answers whether a user may put a certificate of his own making into a
// CertificateSigningRequest of a name (empty for any) with a signer. Only who
// has the signer's key gets something out of it.
func (a *Authorizer) MaySign(u User, name, signer string) Decision {
	return a.mayCertify(u, "status", name, "sign", signer)
}

// mayCertify asks for writing a part of a CertificateSigningRequest and for the
// verb on the signer.
func (a *Authorizer) mayCertify(u User, part, name, verb, signer string) Decision {
	var write Decision
	for _, v := range []string{"update", "patch"} {
		write = a.Allowed(u, Request{Verb: v, Group: "certificates.k8s.io", Resource: "certificatesigningrequests", Subresource: part, Name: name})
		if write.Allowed {
			return a.MaySigner(u, verb, signer)
		}
	}
	return write
}
