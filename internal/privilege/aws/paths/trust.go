package paths

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A viewer reads who is let in by a policy that belongs to an account.
type viewer struct {
	account string                             // that the role or resource is in
	inOrg   func(account string) inventory.Tri // of the same organisation
	isOrg   func(id string) inventory.Tri      // that organisation; nil knows of none
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
	t.Bounded = slices.ContainsFunc(s.Conditions, func(c policy.Condition) bool { return shuts(&c) })
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
	demanded, within := v.demanded(s, t.Kind == TrustEveryone)
	if t.Kind == TrustEveryone {
		t.InOrg = demanded
		if !t.Bounded {
			t.weak(WeakPublic, "lets in anybody")
		}
		return
	}
	if t.SameAccount == inventory.True {
		return
	}
	if t.InOrg == inventory.Unknown && within {
		t.InOrg = demanded
	}
	within = within && demanded != inventory.False
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

// demanded tells whether conditions leave only principals of the organisation,
// and whether any asks for that: of all conditions, one that does is enough.
// Those on accounts count where a principal itself names none.
func (v *viewer) demanded(s *policy.Statement, accounts bool) (in inventory.Tri, asked bool) {
	in = inventory.False
	for i := range s.Conditions {
		c := &s.Conditions[i]
		if !c.Demands() || !shuts(c) {
			continue
		}
		of := v.condition(c.Key)
		if of == nil || !accounts && !strings.HasPrefix(c.Key, "aws:principalorg") {
			continue
		}
		least := inventory.True
		for _, value := range c.Values {
			least = min(least, of(value))
		}
		in, asked = max(in, least), true
	}
	return in, asked
}

// condition returns what tells whether a value that is demanded of a key is that
// of somebody of the organisation; nil if the key does not tell.
func (v *viewer) condition(key string) func(value string) inventory.Tri {
	switch key {
	case "aws:principalorgid", "aws:principalorgpaths":
		return func(value string) inventory.Tri {
			id, _, _ := strings.Cut(value, "/")
			switch {
			case strings.EqualFold(id, "${aws:ResourceOrgID}"):
				return inventory.True
			case v.isOrg == nil || strings.Contains(id, "$"):
				return inventory.Unknown
			default:
				return v.isOrg(id)
			}
		}
	case "aws:principalaccount", "aws:principalarn":
		return func(value string) inventory.Tri {
			switch id := policy.AccountOf(value); {
			case strings.EqualFold(value, "${aws:ResourceAccount}"):
				return inventory.True
			case id == "":
				return inventory.Unknown
			default:
				return v.inOrg(id)
			}
		}
	default:
		return nil
	}
}

// shuts reports whether a condition keeps strangers out: it demands values that a
// stranger cannot have. Tags of a principal are no such values, everybody puts
// them on principals of its own, and an external id is no secret to AWS.
func shuts(c *policy.Condition) bool {
	if c.Key == "aws:sourceip" {
		return c.Operator == "IpAddress" && !c.IfExists && c.Qualifier != "ForAllValues" && !slices.ContainsFunc(c.Values, wideNetwork)
	}
	return c.Demands() && bounds(c.Key) && len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(value string) bool {
		fixed := value
		if strings.HasSuffix(c.Operator, "Like") || strings.HasPrefix(c.Operator, "Arn") {
			fixed, _, _ = strings.Cut(strings.ReplaceAll(value, "?", "*"), "*")
		}
		return !pins(c.Key, value, fixed)
	})
}

// pins reports whether a value says whom it is about, by what stands before its
// first wildcard.
func pins(key, value, fixed string) bool {
	switch key {
	case "aws:principalarn", "aws:sourcearn":
		parts := strings.SplitN(fixed, ":", 6)
		return len(parts) == 6 && (parts[4] != "" || parts[5] != "")
	case "aws:principalorgpaths", "aws:sourceorgpaths":
		return strings.Contains(fixed, "/")
	case "aws:userid":
		return len(fixed) >= len("AIDA")+minUnique
	case "lambda:functionurlauthtype":
		return strings.EqualFold(value, "AWS_IAM")
	default:
		return value == fixed && !strings.HasPrefix(key, "aws:principaltag/")
	}
}

// minUnique is how much of a unique id behind its prefix names one principal; the
// ids of AWS have 21 characters in all.
const minUnique = 12

// wideNetwork reports whether a network is so wide that it keeps nobody out: wider
// than /8, of IPv6 than /32 (S3 User Guide, "The meaning of public").
func wideNetwork(network string) bool {
	const widest4, widest6 = 8, 32
	p, err := netip.ParsePrefix(network)
	if err != nil {
		_, err = netip.ParseAddr(network)
		return err != nil
	}
	if p.Addr().Is4() {
		return p.Bits() < widest4
	}
	return p.Bits() < widest6
}

// bounds reports whether a key says who somebody is or from where, so that a
// demanded value of it can keep strangers out.
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
