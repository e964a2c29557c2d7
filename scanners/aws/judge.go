package aws

import (
	"cmp"
	"runtime"
	"slices"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/paths"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A judge says what principals can really do and who may become them.
type judge struct {
	analysis *paths.Analysis
	managed  map[string]*paths.Policy         // by account and ARN; those of AWS by ARN only
	inline   map[*object.Policy]*paths.Policy // of users, roles and groups
}

// newJudge hands package paths what there is of the accounts.
func newJudge(e *estate, o *object.Estate) *judge {
	j := &judge{managed: map[string]*paths.Policy{}, inline: map[*object.Policy]*paths.Policy{}}
	in := &paths.Estate{Accounts: make([]paths.Account, 0, len(o.Accounts)), AsOf: e.now}
	if e.organization != nil {
		in.Organization = e.organization.ID
		if e.listed() {
			in.Members = e.members
		}
	}
	limits := newLimits(e)
	for _, a := range o.Accounts {
		x := j.account(a)
		x.Member = e.member(a.ID)
		limits.of(a, &x)
		e.unlimited[a.ID] = !x.LimitsKnown
		in.Accounts = append(in.Accounts, x)
	}
	j.analysis = paths.Analyze(in, runtime.GOMAXPROCS(0))
	return j
}

// account converts an account.
func (j *judge) account(a *object.Account) paths.Account {
	x := paths.Account{ID: a.ID, Partition: a.Partition, Read: readOf(a)}
	for i := range a.Policies {
		x.Policies = append(x.Policies, j.keep(a, &a.Policies[i]))
	}
	for i := range a.Groups {
		g := &a.Groups[i]
		x.Groups = append(x.Groups, paths.Group{Name: g.Name, ARN: g.ARN, Policies: j.all(a, g.Inline, g.Attached)})
	}
	x.Principals = make([]paths.Principal, 0, len(a.Users)+len(a.Roles))
	for i := range a.Users {
		x.Principals = append(x.Principals, j.user(a, &a.Users[i]))
	}
	for i := range a.Roles {
		x.Principals = append(x.Principals, j.role(a, &a.Roles[i]))
	}
	x.Resources = resources(a)
	for i := range a.Consumers {
		c := &a.Consumers[i]
		x.Consumers = append(x.Consumers, paths.Consumer{ARN: c.ARN, Name: c.Name, Type: c.Type, Role: c.Role, Tags: cloud.TagsOf(c.Tags)})
	}
	for i := range a.Listings {
		if l := &a.Listings[i]; l.Call == callDetails && !cloud.Complete(l.Status) {
			x.Unread = append(x.Unread, inventory.Clip(l.Call+": "+l.Reason, cloud.MaxText))
		}
	}
	return x
}

func (j *judge) user(a *object.Account, u *object.User) paths.Principal {
	p := paths.Principal{
		ARN: u.ARN, Kind: paths.KindUser, ID: u.ID, Policies: j.all(a, u.Inline, u.Attached), Groups: u.Groups, Boundary: j.boundary(a, u.Boundary),
		Tags: cloud.TagsOf(u.Tags), AccessKeys: -1, Password: u.Password,
	}
	if u.KeysKnown {
		p.AccessKeys = len(u.Keys)
	}
	if u.PoliciesUnread {
		p.Policies = append(p.Policies, notRead())
	}
	return p
}

func (j *judge) role(a *object.Account, r *object.Role) paths.Principal {
	p := paths.Principal{
		ARN: r.ARN, Kind: paths.KindRole, ID: r.ID, Policies: j.all(a, r.Inline, r.Attached), Boundary: j.boundary(a, r.Boundary), Tags: cloud.TagsOf(r.Tags),
		Trust: r.Trust, ServiceRole: serviceLinked(r) != "",
	}
	for i := range r.InstanceProfiles {
		p.Profiles = append(p.Profiles, r.InstanceProfiles[i].ARN)
	}
	if r.PoliciesUnread {
		p.Policies = append(p.Policies, notRead())
	}
	return p
}

// notRead stands for policies that nobody has read.
func notRead() *paths.Policy { return &paths.Policy{Name: "policies that were not read"} }

// all returns the policies of a principal or group, managed ones shared.
func (j *judge) all(a *object.Account, inline []object.Policy, attached []string) []*paths.Policy {
	out := make([]*paths.Policy, 0, len(inline)+len(attached))
	for i := range inline {
		p := &paths.Policy{Name: inline[i].Name, Document: inline[i].Document}
		j.inline[&inline[i]] = p
		out = append(out, p)
	}
	for _, p := range attached {
		out = append(out, j.policy(a, p))
	}
	return out
}

// managedKey returns under what a managed policy is kept.
func managedKey(account, policy string) string {
	if object.ParseARN(policy).Account == byAWS {
		return policy
	}
	return account + " " + policy
}

// policy returns a managed policy. One whose document was not read says what
// nobody knows.
func (j *judge) policy(a *object.Account, policy string) *paths.Policy {
	k := managedKey(a.ID, policy)
	if p := j.managed[k]; p != nil {
		return p
	}
	p := &paths.Policy{Name: lastPart(policy), ARN: policy, ByAWS: object.ParseARN(policy).Account == byAWS}
	j.managed[k] = p
	return p
}

// keep takes in a managed policy that was read.
func (j *judge) keep(a *object.Account, o *object.Policy) *paths.Policy {
	p := j.policy(a, o.ARN)
	if p.Document == nil {
		p.Document, p.Name = o.Document, cmp.Or(o.Name, p.Name)
	}
	p.Versions = max(p.Versions, o.Versions)
	p.ByAWS = p.ByAWS || o.ManagedBy == byAWS
	return p
}

func (j *judge) boundary(a *object.Account, policy string) *paths.Policy {
	if policy == "" {
		return nil
	}
	return j.policy(a, policy)
}

// resources lists what holds secrets or data, or has a policy.
func resources(a *object.Account) []paths.Resource {
	var out []paths.Resource
	for i := range a.Secrets {
		s := &a.Secrets[i]
		out = append(out, paths.Resource{ARN: s.ARN, Name: s.Name, Kind: paths.ResourceSecret, Policy: s.Policy, KMS: s.KMS, Tags: cloud.TagsOf(s.Tags)})
	}
	for i := range a.Parameters {
		if p := &a.Parameters[i]; p.Type == "SecureString" {
			out = append(out, paths.Resource{ARN: p.ARN, Name: p.Name, Kind: paths.ResourceParameter, KMS: p.KMS, Tags: cloud.TagsOf(p.Tags)})
		}
	}
	for i := range a.Keys {
		k := &a.Keys[i]
		out = append(out, paths.Resource{ARN: k.ARN, Name: cmp.Or(k.Alias, k.ID), Kind: paths.ResourceKey, Policy: k.Policy, Tags: cloud.TagsOf(k.Tags)})
	}
	for i := range a.ResourceAccess {
		r := &a.ResourceAccess[i]
		kind := paths.ResourceOther
		switch r.Service {
		case "s3":
			kind = paths.ResourceBucket
		case "lambda":
			kind = paths.ResourceFunction
		}
		out = append(out, paths.Resource{ARN: r.ARN, Name: lastPart(r.ARN), Kind: kind, Policy: r.Document})
	}
	return out
}

// readOf says of what an account was read completely, by the calls that list it.
func readOf(a *object.Account) map[string]bool {
	out := map[string]bool{}
	whole := newListings(a, nil)
	for call, kind := range map[string]string{
		"lambda:ListFunctions": "lambda.function", "ec2:DescribeInstances": "ec2.instance", "ecs:ListTaskDefinitions": "ecs.task_definition",
		"ecs:ListServices": "ecs.service", "ecs:ListClusters": "ecs.cluster", "ecs:ListTasks": "ecs.task", "codebuild:ListProjects": "codebuild.project", "states:ListStateMachines": "states.machine",
		"bedrock:ListAgents": "bedrock.agent", "secretsmanager:ListSecrets": paths.ResourceSecret, "ssm:DescribeParameters": paths.ResourceParameter,
		"kms:ListKeys": paths.ResourceKey, "s3:ListAllMyBuckets": paths.ResourceBucket,
	} {
		if whole.whole(call) {
			out[kind] = true
		}
	}
	return out
}

// limits finds the policies of the organisation that hold in an account.
type limits struct {
	known    bool
	alone    bool // the account is in no organisation
	manager  string
	units    map[string]*object.Unit
	policies map[string]*paths.Policy
}

func newLimits(e *estate) *limits {
	o, l := e.organization, &limits{units: map[string]*object.Unit{}, policies: map[string]*paths.Policy{}}
	if o == nil {
		return l
	}
	l.known, l.alone, l.manager = o.PoliciesKnown, e.alone(), o.ManagementAccount
	for i := range o.Units {
		l.units[o.Units[i].ID] = &o.Units[i]
	}
	for i := range o.Policies {
		p := &o.Policies[i]
		l.policies[p.ARN] = &paths.Policy{Name: p.Name, ARN: p.ARN, Document: p.Document, ByAWS: p.ManagedBy == byAWS}
	}
	return l
}

// maxUnits bounds the way from an account to the root; AWS nests units five deep.
const maxUnits = 32

// of sets the layers of an account, from the root down.
func (l *limits) of(a *object.Account, x *paths.Account) {
	x.Management = l.manager != "" && l.manager == a.ID
	x.LimitsKnown = l.alone || l.known && (a.Parent != "" || x.Management)
	x.SCPs, x.RCPs = l.layer(x.SCPs, a.ID, a.SCPs), l.layer(x.RCPs, a.ID, a.RCPs)
	at := a.Parent
	for range maxUnits {
		u := l.units[at]
		if u == nil {
			x.LimitsKnown = x.LimitsKnown && (at == "" || x.Management || l.alone)
			break
		}
		x.SCPs, x.RCPs = l.layer(x.SCPs, u.ID, u.SCPs), l.layer(x.RCPs, u.ID, u.RCPs)
		at = u.Parent
	}
	slices.Reverse(x.SCPs)
	slices.Reverse(x.RCPs)
}

// layer adds the policies of one level. A level always has one where a type of
// policy is in use, so one without has none of that type.
func (l *limits) layer(layers []paths.Layer, id string, attached []string) []paths.Layer {
	if len(attached) == 0 {
		return layers
	}
	x := paths.Layer{ID: id}
	for _, p := range attached {
		found := l.policies[p]
		if found == nil {
			found = &paths.Policy{Name: lastPart(p), ARN: p}
			l.policies[p] = found
		}
		x.Policies = append(x.Policies, found)
	}
	return append(layers, x)
}

// effective says what a principal may do through all that it has, or nil.
func (j *judge) effective(principal string) *paths.Result {
	r, ok := j.analysis.Of(principal)
	if !ok {
		return nil
	}
	return r
}

// resourceTrusts says whom the policy of a resource lets in.
func (j *judge) resourceTrusts(resource string) []paths.Trust {
	return j.analysis.ResourceTrusts(resource)
}
