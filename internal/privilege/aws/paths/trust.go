package paths

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A viewer reads who is let in by a policy that belongs to an account.
type viewer struct {
	account string                             // that the role or resource is in
	inOrg   func(account string) inventory.Tri // of the same organisation
	limit   func(*Trust)                       // what RCPs say; nil is nothing
	role    bool                               // a trust policy of a role, not the policy of a resource
	linked  bool                               // a service-linked role
}

// trusts reads all whom a document lets in, in its order.
func (v *viewer) trusts(d *policy.Document) []Trust {
	if d == nil {
		return nil
	}
	var out []Trust
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Deny || v.role && !assumes(s) {
			continue
		}
		for _, t := range v.statement(s) {
			closed(d, &t)
			if v.limit != nil {
				v.limit(&t)
			}
			out = append(out, t)
		}
	}
	return out
}

// assumeActions are those by which somebody becomes a role.
func assumeActions() []string {
	return []string{"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"}
}

// assumes reports whether a statement of a trust policy is about becoming the
// role.
func assumes(s *policy.Statement) bool {
	return slices.ContainsFunc(assumeActions(), func(a string) bool { return covers(s, a) })
}

// covers reports whether a statement is about an action.
func covers(s *policy.Statement, action string) bool {
	means := func(p string) bool { return wild(strings.ToLower(p), strings.ToLower(action)) }
	if s.NotActions != nil {
		return !slices.ContainsFunc(s.NotActions, means)
	}
	return slices.ContainsFunc(s.Actions, means)
}

// closed finds out whether a deny of the same document takes a trust back: for
// certain if it has no condition.
func closed(d *policy.Document, t *Trust) {
	for i := range d.Statements {
		s := &d.Statements[i]
		if !s.Deny || s.Principals == nil || slices.ContainsFunc(t.Actions, func(a string) bool { return !covers(s, a) }) || !names(s.Principals, t) {
			continue
		}
		t.Certain = t.Certain && len(s.Conditions) == 0
		t.Closed = t.Closed || len(s.Conditions) == 0
	}
}

// names reports whether principals take in all of a trust.
func names(p *policy.Principals, t *Trust) bool {
	switch t.Kind {
	case TrustService:
		return slices.Contains(p.Service, t.Principal)
	case TrustOIDC, TrustSAML:
		return p.Everyone || slices.Contains(p.Federated, t.Principal)
	default:
		return p.Everyone || slices.Contains(p.AWS, t.Principal)
	}
}

// statement reads one statement that allows.
func (v *viewer) statement(s *policy.Statement) []Trust {
	if s.NotPrincipal != nil {
		t := v.trust(s, TrustEveryone, "*")
		t.weak(WeakNotPrincipal, "lets in everybody but those it names, by NotPrincipal with Allow")
		return []Trust{t}
	}
	p := s.Principals
	if p == nil {
		return nil
	}
	var out []Trust
	if p.Everyone {
		out = append(out, v.trust(s, TrustEveryone, "*"))
	}
	for _, a := range p.AWS {
		out = append(out, v.trust(s, kindOf(a), a))
	}
	for _, x := range p.Service {
		out = append(out, v.trust(s, TrustService, x))
	}
	for _, f := range p.Federated {
		kind := TrustOIDC
		if strings.Contains(f, ":saml-provider/") || covers(s, assumeActions()[2]) && !covers(s, assumeActions()[1]) {
			kind = TrustSAML
		}
		out = append(out, v.trust(s, kind, f))
	}
	for _, c := range p.Canonical {
		out = append(out, v.trust(s, TrustCanonical, c))
	}
	return out
}

// kindOf tells what an AWS principal is by its form. The unique ids are those of
// the IAM User Guide, "IAM identifiers".
func kindOf(principal string) string {
	switch {
	case principal == "*":
		return TrustEveryone
	case policy.AccountOf(principal) == principal, strings.HasSuffix(principal, ":root"):
		return TrustAccount
	case !strings.HasPrefix(principal, "arn:"):
		return TrustDeleted
	default:
		return TrustPrincipal
	}
}

// trust describes one principal with the conditions of its statement.
func (v *viewer) trust(s *policy.Statement, kind, principal string) Trust {
	t := Trust{Kind: kind, Principal: principal, Sid: s.Sid, Statement: s.Index, Account: policy.AccountOf(principal), Certain: true}
	t.Actions = slices.Clone(s.Actions)
	if v.role {
		t.Actions = nil
		for _, a := range assumeActions() {
			if covers(s, a) {
				t.Actions = append(t.Actions, a)
			}
		}
	}
	t.conditions(s.Conditions)
	t.SameAccount, t.InOrg = inventory.Unknown, inventory.Unknown
	if t.Account != "" {
		t.SameAccount = inventory.TriOf(t.Account == v.account)
		t.InOrg = v.inOrg(t.Account)
	}
	switch kind {
	case TrustEveryone, TrustAccount, TrustPrincipal:
		v.outsiders(&t, s)
	case TrustService:
		v.service(&t, s)
	case TrustOIDC:
		t.federated(s)
	case TrustSAML:
		if !demands(s, func(key string) bool { return strings.HasPrefix(key, "saml:") }) {
			t.weak(WeakNoSAMLSubject, "does not check for whom the assertion was made: no condition on saml:aud")
		}
	case TrustDeleted:
		t.weak(WeakDeleted, "names a principal by its unique id, which AWS shows when the principal is gone")
	}
	return t
}

// conditions keeps all conditions and finds those that demand an external id
// or MFA.
func (t *Trust) conditions(all []policy.Condition) {
	for i := range all {
		c := &all[i]
		t.Conditions = append(t.Conditions, conditionText(c))
		demanded := c.Demands()
		switch {
		case c.Key == "sts:externalid" && demanded:
			t.ExternalID = inventory.True
		case c.Key == "aws:multifactorauthpresent" && c.Operator == "Bool" && !c.IfExists && slices.Equal(c.Values, []string{"true"}):
			t.MFA = inventory.True
		case c.Key == "aws:multifactorauthage" && !c.IfExists:
			t.MFA = inventory.True
		}
	}
	slices.Sort(t.Conditions)
}

// conditionText writes a condition in one line. External ids are left out: some
// take them for secrets.
func conditionText(c *policy.Condition) string {
	if c.Key == "sts:externalid" {
		return c.Test() + " " + c.Key + " = (set)"
	}
	return c.Test() + " " + c.Key + " = " + strings.Join(c.Values, ", ")
}

// demands reports whether a condition of a statement demands one of the values
// that it lists, other than anything, of a key.
func demands(s *policy.Statement, key func(string) bool) bool {
	return slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool {
		return c.Demands() && key(c.Key) && !slices.ContainsFunc(c.Values, func(v string) bool {
			return strings.Trim(v, "*") == "" && strings.HasSuffix(c.Operator, "Like")
		})
	})
}

func (t *Trust) weak(code, text string) { t.Weak = append(t.Weak, Weakness{code, text}) }

// outsiders judges a trust in everybody, an account or a principal.
func (v *viewer) outsiders(t *Trust, s *policy.Statement) {
	t.Certain = !slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return !bounds(c.Key) })
	if t.ExternalID == inventory.Unknown {
		t.ExternalID = inventory.False
	}
	if t.MFA == inventory.Unknown {
		t.MFA = inventory.False
	}
	if t.Kind == TrustEveryone {
		if !demands(s, bounds) {
			t.weak(WeakPublic, "lets in anybody")
		}
		return
	}
	if t.SameAccount == inventory.True {
		return
	}
	within := demands(s, func(k string) bool { return k == "aws:principalorgid" || k == "aws:principalorgpaths" })
	switch {
	case t.InOrg == inventory.True || within:
	case t.InOrg == inventory.False:
		t.weak(WeakCrossAccount, "lets in account "+t.Account+", which is outside the organisation")
	default:
		t.weak(WeakCrossAccount, "lets in account "+t.Account+"; whether it is of the same organisation is not known")
	}
	if t.InOrg != inventory.True && !within && v.role && t.ExternalID != inventory.True {
		t.weak(WeakNoExternalID, "lets in account "+t.Account+" without an external id")
	}
}

// bounds reports whether a key, if a value is demanded of it, keeps strangers
// out.
func bounds(key string) bool {
	switch key {
	case "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:sourceaccount", "aws:sourcearn",
		"aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:userid", "aws:sourcevpc", "aws:sourcevpce", "s3:dataaccesspointaccount",
		"kms:calleraccount", "aws:vpcesourceaccount", "aws:vpcesourceorgid", "lambda:functionurlauthtype":
		return true
	}
	return strings.HasPrefix(key, "aws:principaltag/")
}

// service judges a trust in a service.
func (v *viewer) service(t *Trust, s *policy.Statement) {
	t.Service = t.Principal
	t.SourceBound = inventory.TriOf(demands(s, func(k string) bool {
		switch k {
		case "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner":
			return true
		}
		return false
	}))
	name, _, _ := strings.Cut(t.Service, ".amazonaws.com")
	switch {
	case v.linked:
	case name == "rolesanywhere":
		if t.SourceBound != inventory.True && !demands(s, func(k string) bool { return strings.HasPrefix(k, "aws:principaltag/x509") }) {
			t.weak(WeakNoAnchor, "any certificate of any trust anchor of the account that a profile maps may become it: no condition on aws:SourceArn or the certificate")
		}
	case name == "pods.eks":
		t.podIdentity(s)
	case t.SourceBound != inventory.True && (!v.role || !unsourced(name)):
		t.weak(WeakDeputy, t.Service+" may act for anybody: no condition on aws:SourceArn, aws:SourceAccount or aws:SourceOrgID")
	}
}

// unsourced lists services that take up a role only for resources of the role's
// own account and send no source when they do: a condition would shut them out.
func unsourced(name string) bool {
	return slices.Contains([]string{"ec2", "lambda", "edgelambda", "autoscaling", "elasticbeanstalk", "opsworks", "datapipeline"}, name)
}

// podIdentity reads namespace and account of an EKS Pod Identity trust, which
// come as session tags (EKS User Guide, "EKS Pod Identity session tags").
func (t *Trust) podIdentity(s *policy.Statement) {
	t.Platform = "eks"
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !c.Demands() || len(c.Values) != 1 || strings.ContainsAny(c.Values[0], "*?$") {
			continue
		}
		switch c.Key {
		case "aws:requesttag/kubernetes-namespace":
			t.Namespace = c.Values[0]
		case "aws:requesttag/kubernetes-service-account":
			t.ServiceAccount = c.Values[0]
		}
	}
}
