package paths

import (
	"cmp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A capability is given by any of its actions.
type capability struct {
	name    string
	actions []string
	on      string // pattern of resources; ACCOUNT stands for the account, PARTITION for its partition
	whole   bool   // on all of them, not on some
}

// Patterns of resources that are asked for.
const (
	allRoles = "arn:PARTITION:iam::ACCOUNT:role/*"
	allUsers = "arn:PARTITION:iam::ACCOUNT:user/*"
	objects  = "arn:PARTITION:s3:::*/*"
	vault    = "arn:PARTITION:secretsmanager:*:ACCOUNT:secret:*"
	settings = "arn:PARTITION:ssm:*:ACCOUNT:parameter/*"
)

// capabilities lists what single actions give.
func capabilities() []capability {
	return []capability{
		{"secrets.read_all", []string{"secretsmanager:GetSecretValue"}, vault, true},
		{"secrets.read_all", []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}, settings, true},
		{"secrets.read", []string{"secretsmanager:GetSecretValue"}, vault, false},
		{"secrets.read", []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}, settings, false},
		{"secrets.write", []string{"secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret"}, vault, false},
		{"credentials.create", []string{"iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile"}, allUsers, true},
		{"identity.write", []string{"iam:CreateUser"}, allUsers, false},
		{"identity.write", []string{"iam:CreateRole"}, allRoles, false},
		{"policy.write", []string{"iam:AttachUserPolicy", "iam:PutUserPolicy"}, allUsers, true},
		{"policy.write", []string{"iam:AttachRolePolicy", "iam:PutRolePolicy"}, allRoles, true},
		{"policy.write", []string{"iam:AttachGroupPolicy", "iam:PutGroupPolicy"}, "arn:PARTITION:iam::ACCOUNT:group/*", true},
		{"policy.write", []string{"iam:CreatePolicyVersion"}, "arn:PARTITION:iam::ACCOUNT:policy/*", true},
		{"trust.write", []string{"iam:UpdateAssumeRolePolicy"}, allRoles, true},
		{"compute.exec", []string{"lambda:UpdateFunctionCode"}, "arn:PARTITION:lambda:*:ACCOUNT:function:*", true},
		{"compute.exec", []string{"ssm:SendCommand", "ssm:StartSession", "ec2-instance-connect:SendSSHPublicKey"}, "arn:PARTITION:ec2:*:ACCOUNT:instance/*", true},
		{"compute.exec", []string{"ecs:ExecuteCommand"}, "arn:PARTITION:ecs:*:ACCOUNT:*", true},
		{"data.read_all", []string{"s3:GetObject"}, objects, true},
		{"data.write_all", []string{"s3:PutObject"}, objects, true},
		{"keys.admin", []string{"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:CreateGrant"}, "*", false},
		{"keys.use", []string{"kms:Decrypt", "kms:Sign"}, "*", false},
	}
}

// powers lists groups of actions of which an administrator has at least one of
// each on everything, beside nearly all others.
func powers() [][]string {
	return [][]string{
		{"iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:CreatePolicyVersion", "iam:AttachUserPolicy", "iam:PutUserPolicy"},
		{"s3:PutObject", "dynamodb:PutItem", "rds:ModifyDBInstance"},
		{"ec2:RunInstances", "lambda:CreateFunction", "ecs:RunTask"},
		{"secretsmanager:GetSecretValue", "ssm:GetParameter", "kms:Decrypt"},
	}
}

// guarded lists the services of which a wildcard is told.
func guarded() []string { return []string{"iam", "kms", "lambda", "secretsmanager", "ssm", "sts"} }

// fill puts account and partition into a pattern.
func (x *account) fill(pattern string) policy.Resource {
	if have, ok := x.filled[pattern]; ok {
		return have
	}
	return policy.Matching(strings.NewReplacer("PARTITION", cmp.Or(x.Partition, "aws"), "ACCOUNT", x.ID).Replace(pattern))
}

// prefill fills the patterns that are asked for often.
func (x *account) prefill(all []way) {
	patterns := []string{allRoles, allUsers}
	for _, c := range capabilities() {
		patterns = append(patterns, c.on)
	}
	for _, prefix := range guarded() {
		patterns = append(patterns, guards(prefix))
	}
	for _, r := range reachings() {
		patterns = append(patterns, r.all)
	}
	for i := range all {
		for _, n := range all[i].needs {
			patterns = append(patterns, ofService(n.action))
		}
	}
	for _, p := range patterns {
		x.filled[p] = x.fill(p)
	}
}

// ofService is the pattern of everything of an action's service.
func ofService(action string) string {
	prefix, _, _ := strings.Cut(action, ":")
	return "arn:PARTITION:" + prefix + ":*:ACCOUNT:*"
}

// capabilities of a node by its own policies, and those that it has as well if what
// cannot be told is so.
func (a *Analysis) capabilities(n *node) (has, perhaps []string) {
	for _, c := range capabilities() {
		if slices.Contains(has, c.name) {
			continue
		}
		switch a.gets(n, &c) {
		case inventory.True:
			has = append(has, c.name)
		case inventory.Unknown:
			perhaps = append(perhaps, c.name)
		case inventory.False:
		}
	}
	passed, passedPerhaps := a.passing(n)
	has, perhaps = append(has, passed...), append(perhaps, passedPerhaps...)
	if !slices.Contains(has, "credentials.create") && n.Kind == KindUser && a.managesItself(n) {
		has = append(has, "credentials.self")
	}
	slices.Sort(has)
	slices.Sort(perhaps)
	return has, slices.DeleteFunc(slices.Compact(perhaps), func(c string) bool { return slices.Contains(has, c) })
}

// gets tells whether a node has a capability by any of its actions.
func (a *Analysis) gets(n *node, c *capability) inventory.Tri {
	best, resource := inventory.False, n.account.fill(c.on)
	for _, action := range c.actions {
		if !a.mayDo(n, action) {
			continue
		}
		q := question{action: action, resource: resource}
		var answer inventory.Tri
		if c.whole {
			answer = a.whole(n, &q).Allowed
			if action == sendCommand && answer != inventory.False {
				answer = min(answer, a.document(n).Some)
			}
		} else {
			answer = a.some(n, &q).Some
		}
		if best = max(best, answer); best == inventory.True {
			break
		}
	}
	return best
}

// passing tells whether a node hands any role to a service, and starts
// something there.
func (a *Analysis) passing(n *node) (has, perhaps []string) {
	if !a.mayDo(n, "iam:PassRole") {
		return nil, nil
	}
	roles := n.account.fill(allRoles)
	passes := func(service string) inventory.Tri {
		return a.whole(n, &question{action: "iam:PassRole", resource: roles, purpose: service}).Allowed
	}
	best := inventory.False
	for i := range a.ways {
		w := &a.ways[i]
		if w.how != passNew || !a.mayAll(n, w) {
			continue
		}
		all := passes(w.service)
		for _, need := range w.needs[1:] {
			if all > best {
				all = min(all, a.anything(n, need.action, "").Some)
			}
		}
		if best = max(best, all); best == inventory.True {
			return []string{"compute.create", "pass_role"}, nil
		}
	}
	if best == inventory.Unknown {
		perhaps = []string{"compute.create", "pass_role"}
	}
	switch passes("") {
	case inventory.True:
		has = []string{"pass_role"}
	case inventory.Unknown:
		perhaps = append(perhaps, "pass_role")
	case inventory.False:
	}
	return has, perhaps
}

// anything asks for an action on something of its own service that the caller
// picks, with tags of its choice if it is new.
func (a *Analysis) anything(n *node, action, purpose string) policy.Decision {
	q := question{action: action, resource: n.account.fill(ofService(action)), purpose: purpose}
	return a.chosen(n, &q, a.some(n, &q), tagging)
}

// mayAll reports whether all permissions of a way may be allowed by identity
// policies.
func (a *Analysis) mayAll(n *node, w *way) bool {
	for i := range w.needs {
		if w.needs[i].on != onTrust && !a.mayDo(n, w.needs[i].action) {
			return false
		}
	}
	return true
}

// managesItself reports whether a user may make or change credentials of its
// own.
func (a *Analysis) managesItself(n *node) bool {
	return slices.ContainsFunc([]string{"iam:CreateAccessKey", "iam:UpdateLoginProfile", "iam:ChangePassword"}, func(action string) bool {
		if !a.mayDo(n, action) {
			return false
		}
		d := a.ask(n, &question{action: action, resource: n.self, target: n})
		return d.Allowed == inventory.True
	})
}

// wildcards lists the services of which policies allow everything, for certain and
// on everything of the account.
func (a *Analysis) wildcards(n *node, policies []*profile, s *span, c *ceiling) []string {
	var out []string
	for _, prefix := range guarded() {
		set := a.table.match(prefix + ":*")
		if !set.any() || !set.within(s.some) {
			continue
		}
		on := policy.Matching("*")
		if !set.within(s.all) {
			on = n.account.fill(guards(prefix))
			if !set.within(a.throughout(policies, c, on.String())) {
				continue
			}
		}
		sample := ""
		set.each(func(i int) bool { // what a trust policy decides too is no example
			sample = a.table.name(i)
			return strings.HasPrefix(sample, "sts:assumerole")
		})
		if d := a.whole(n, &question{action: sample, resource: on, on: a.policyOf(n, sample, on)}); d.Allowed == inventory.True {
			out = append(out, prefix)
		}
	}
	return out
}

// guards is the pattern of what a service guards: who may do everything with all
// secrets or keys lacks nothing by their aliases.
func guards(prefix string) string {
	switch prefix {
	case "secretsmanager":
		return vault
	case "kms":
		return "arn:PARTITION:kms:*:ACCOUNT:key/*"
	case "iam":
		return "arn:PARTITION:iam::ACCOUNT:*"
	default:
		return ofService(prefix)
	}
}

// throughout is the actions that policies allow without a condition on all that a
// pattern means.
func (a *Analysis) throughout(policies []*profile, c *ceiling, on string) bits {
	out := newBits(a.table.total)
	for _, p := range policies {
		for i := range p.clauses {
			x := &p.clauses[i]
			if x.Deny || x.conditional || x.width != onAll && !slices.ContainsFunc(x.Resources, func(r string) bool { return wild(r, on) }) {
				continue
			}
			out.or(x.bits)
		}
	}
	out.and(c.certain)
	return out
}
