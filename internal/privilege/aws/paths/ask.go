package paths

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A question is one request with what is known around it.
type question struct {
	action   string
	resource policy.Resource
	purpose  string         // attach, or the service that a role is passed to; empty otherwise
	target   *node          // whose tags and boundary count; may be nil
	on       *policy.Policy // of the resource; may be nil
	account  *account       // of the resource, if it is not the caller's
	more     *policy.Policy // a further identity policy; may be nil
	only     *policy.Policy // in place of all identity policies and the boundary; may be nil
}

// Purposes beside the services that a role is passed to.
const (
	attach     = "attach"      // giving somebody a policy
	viaService = "via service" // using a key by way of the service that it encrypts for
	profiled   = "profile"     // before the ARN of the instance profile that an instance is started with
	byService  = "by service " // before another purpose: a service asks on the caller's behalf
)

// ask answers a question. The caller picks the region: the best answer counts.
func (a *Analysis) ask(n *node, q *question) policy.Decision {
	request, layers := a.prepare(n, q)
	var best policy.Decision
	for i, region := range a.keys.regions {
		if i > 0 && strings.HasPrefix(q.action, "iam:") {
			break
		}
		request.Context = a.context(q, region)
		d := policy.Decide(&request, &layers)
		if i == 0 || d.Some > best.Some || d.Some == best.Some && d.Allowed > best.Allowed {
			best = d
		}
		if d.Allowed == inventory.True || d.Some == inventory.False && d.Lacks == policy.IdentityLayer {
			break
		}
	}
	if best.Some == inventory.Unknown && slices.Contains(best.Unknown, "aws:multifactorauthpresent") {
		request.Context = a.context(q, a.keys.regions[0]).Clone().Absent("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
		if d := policy.Decide(&request, &layers); d.Some == inventory.True { // as by access key
			best = d
		}
	}
	if n.via && best.Some < inventory.Unknown && q.purpose != viaService {
		by := *q
		by.purpose = byService + q.purpose
		request.Context = a.context(&by, a.keys.regions[0])
		if d := policy.Decide(&request, &layers); d.Some > best.Some { // what the service does for it is not known
			best = d
			best.Allowed, best.Some = min(d.Allowed, inventory.Unknown), inventory.Unknown
		}
	}
	return best
}

// prepare makes a question ready for package policy, but for its context.
func (a *Analysis) prepare(n *node, q *question) (policy.Request, policy.Layers) {
	act, ok := a.actions[q.action]
	if !ok {
		act = policy.NewAction(q.action)
	}
	request, layers := policy.Request{Principal: n.asker, Action: act, Resource: q.resource, Memo: a.memo, Budget: n.budget}, n.layers
	if q.more != nil {
		layers.Identity = append(slices.Clip(layers.Identity), q.more)
	}
	if q.only != nil {
		layers.Identity, layers.Boundary = []*policy.Policy{q.only}, nil
	}
	layers.Resource = q.on
	if q.account != nil {
		request.Account, layers.RCPs = q.account.ID, q.account.rcps
	}
	return request, layers
}

// throughService reports whether a statement allows what a service does on
// somebody's behalf, and not what they do themselves.
func throughService(c clause) bool {
	return !c.Deny && slices.ContainsFunc(c.Conditions, func(x policy.Condition) bool {
		return strings.HasPrefix(x.Key, "aws:calledvia") || x.Key == "aws:viaawsservice"
	})
}

// some is ask where an answer about one of the resources that a pattern means is
// enough. A question about a single one is quicker, so that comes first.
func (a *Analysis) some(n *node, q *question) policy.Decision {
	one := *q
	one.resource = example(q.resource)
	if d := a.ask(n, &one); d.Some == inventory.True {
		return d
	}
	return a.ask(n, q)
}

// whole is ask where nothing less than all resources that a pattern means will
// do.
func (a *Analysis) whole(n *node, q *question) policy.Decision {
	one := *q
	one.resource = example(q.resource)
	if d := a.ask(n, &one); d.Allowed == inventory.False {
		return d
	}
	return a.ask(n, q)
}

// example is one resource that a pattern means.
func example(r policy.Resource) policy.Resource {
	return policy.One(meant(r.String(), "example", "e"))
}

// A contextKey names what a context depends on.
type contextKey struct {
	region, purpose, boundary, target string
}

// context returns what is known beside the policies.
func (a *Analysis) context(q *question, region string) *policy.Context {
	key := contextKey{region: region, purpose: q.purpose}
	if q.target != nil {
		key.boundary, key.target = a.boundaryOf(q.target), q.target.tagged
		if key.target == "" {
			key.target = a.tagsOf(q.target)
		}
	}
	if have, ok := a.contexts.Load(key); ok {
		if c, ok := have.(*policy.Context); ok {
			return c
		}
	}
	c := policy.Direct()
	purpose, indirect := strings.CutPrefix(q.purpose, byService)
	if q.purpose == viaService || indirect {
		c = policy.NewContext().Set("aws:SecureTransport", "true")
	}
	c.Set("aws:RequestedRegion", region)
	if t := a.estate.AsOf; !t.IsZero() {
		now := t.UTC().Format(time.RFC3339)
		c.Set("aws:CurrentTime", now).Set("aws:EpochTime", strconv.FormatInt(t.Unix(), 10))
		c.Set("aws:TokenIssueTime", now) // who wants a fresh session gets one
	}
	verb, arn, _ := strings.Cut(purpose, " ")
	switch {
	case purpose == "", purpose == viaService:
	case verb == profiled:
		c.Set("ec2:InstanceProfile", arn)
	case verb == attach && arn == "":
		c.Set("iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess")
	case verb == attach:
		c.Set("iam:PolicyARN", arn)
	default:
		c.Set("iam:PassedToService", purpose)
	}
	switch key.boundary {
	case "":
	case "none":
		c.Absent("iam:PermissionsBoundary")
	default:
		c.Set("iam:PermissionsBoundary", key.boundary)
	}
	if key.target != "" {
		a.tagContext(c, q.target)
	}
	a.contexts.Store(key, c)
	return c
}

// tagContext says which tags a target has and which it has not.
func (a *Analysis) tagContext(c *policy.Context, target *node) {
	for _, k := range a.keys.tags {
		switch v, there := target.tag(k); there {
		case inventory.True:
			c.Set(k, v)
		case inventory.False:
			c.Absent(k)
		case inventory.Unknown:
		}
	}
}

// evidence points at the statement that decides.
func (a *Analysis) evidence(action, resource string, d *policy.Decision) Evidence {
	e := Evidence{Permission: action, Resource: resource, Statement: -1}
	for i := range d.Because {
		r := &d.Because[i]
		if r.Statement == nil || r.Statement.Deny || r.Layer != policy.IdentityLayer && r.Layer != policy.ResourceLayer {
			continue
		}
		e.Policy, e.Sid, e.Statement = r.Policy.Name, r.Statement.Sid, r.Statement.Index
		if p := a.profiles.owner[r.Policy]; p != nil {
			e.PolicyARN = p.ARN
		}
		if r.Holds == inventory.True {
			break
		}
	}
	if d.Some == inventory.Unknown && len(d.Unknown) > 0 {
		e.Note = "depends on " + strings.Join(d.Unknown[:min(3, len(d.Unknown))], ", ")
	}
	return e
}
