package export

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

const gaad = "iam:GetAccountAuthorizationDetails"

// The shapes of what IAM answers (IAM API Reference). Only what is kept is named.
type (
	inlinePolicy struct {
		PolicyName     string
		PolicyDocument text
	}
	attachedPolicy struct{ PolicyName, PolicyArn string }
	boundary       struct{ PermissionsBoundaryArn string }
	userDetail     struct {
		Path, UserName, UserID, Arn string
		CreateDate                  moment
		PasswordLastUsed            moment
		UserPolicyList              []inlinePolicy
		GroupList                   []string
		AttachedManagedPolicies     []attachedPolicy
		PermissionsBoundary         boundary
		Tags                        tags
	}
	groupDetail struct {
		Path, GroupName, GroupID, Arn string
		CreateDate                    moment
		GroupPolicyList               []inlinePolicy
		AttachedManagedPolicies       []attachedPolicy
	}
	roleDetail struct {
		Path, RoleName, RoleID, Arn, Description string
		CreateDate                               moment
		AssumeRolePolicyDocument                 text
		MaxSessionDuration                       int64
		InstanceProfileList                      []struct {
			InstanceProfileName, Arn string
			CreateDate               moment
		}
		RolePolicyList          []inlinePolicy
		AttachedManagedPolicies []attachedPolicy
		PermissionsBoundary     boundary
		Tags                    tags
		RoleLastUsed            *struct {
			LastUsedDate moment
			Region       string
		}
	}
	policyDetail struct {
		PolicyName, Arn        string
		IsAttachable           *bool
		CreateDate, UpdateDate moment
		DefaultVersionID       string
		PolicyVersionList      []struct {
			Document         text
			VersionID        string
			IsDefaultVersion bool
			CreateDate       moment
		}
	}
)

func (h *handlers) identities() {
	on(h, "UserDetailList", gaad, nil, func(v *userDetail) string { return v.Arn }, func(a *account, _ string, v *userDetail) { a.user(v, true) })
	on(h, "GroupDetailList", gaad, nil, func(v *groupDetail) string { return v.Arn }, (*account).group)
	on(h, "RoleDetailList", gaad, nil, func(v *roleDetail) string { return v.Arn }, func(a *account, _ string, v *roleDetail) { a.role(v, true) })
	h.lists["Policies"] = append(h.lists["Policies"], handler{gaad, readPolicy})
	on(h, "Users", "iam:ListUsers", func(v *userDetail) bool { return strings.Contains(v.Arn, ":iam:") }, func(v *userDetail) string { return v.Arn }, func(a *account, _ string, v *userDetail) { a.user(v, false) })
	on(h, "Roles", "iam:ListRoles", func(v *roleDetail) bool { return strings.Contains(v.Arn, ":iam:") }, func(v *roleDetail) string { return v.Arn }, func(a *account, _ string, v *roleDetail) { a.role(v, false) })
	h.keys()
	h.providers()
	h.accountFacts()
}

func inline(list []inlinePolicy) []object.Policy {
	var out []object.Policy
	for _, p := range list {
		d, problem := p.PolicyDocument.parse()
		out = append(out, object.Policy{Name: p.PolicyName, Document: d, Problem: problem})
	}
	return out
}

func attached(list []attachedPolicy) []string {
	var out []string
	for _, p := range list {
		out = append(out, p.PolicyArn)
	}
	slices.Sort(out)
	return out
}

// user takes a user of the dump (full), or of list-users, which has no policies.
func (a *account) user(v *userDetail, full bool) {
	u := a.users.of(v.Arn)
	u.Name, u.ID, u.ARN, u.Path, u.CreatedAt = v.UserName, v.UserID, v.Arn, v.Path, v.CreateDate.Time
	if len(v.Tags) > 0 {
		u.Tags = v.Tags.list()
	}
	if v.PermissionsBoundary.PermissionsBoundaryArn != "" {
		u.Boundary = v.PermissionsBoundary.PermissionsBoundaryArn
	}
	if at := v.PasswordLastUsed.Time; !at.IsZero() {
		u.PasswordLastUsed, u.PasswordUse = at, inventory.True
	}
	if !full {
		return
	}
	a.detailed[v.Arn] = true
	u.Groups = slices.Sorted(slices.Values(v.GroupList))
	u.Inline, u.Attached = inline(v.UserPolicyList), attached(v.AttachedManagedPolicies)
}

func (a *account) group(_ string, v *groupDetail) {
	*a.groups.of(v.Arn) = object.Group{
		Name: v.GroupName, ID: v.GroupID, ARN: v.Arn, Path: v.Path, CreatedAt: v.CreateDate.Time,
		Inline: inline(v.GroupPolicyList), Attached: attached(v.AttachedManagedPolicies),
	}
}

// role takes a role of the dump (full), or of list-roles, which has no policies but
// the description and the length of sessions.
func (a *account) role(v *roleDetail, full bool) {
	r := a.roles.of(v.Arn)
	r.Name, r.ID, r.ARN, r.Path, r.CreatedAt = v.RoleName, v.RoleID, v.Arn, v.Path, v.CreateDate.Time
	r.Description = cmp.Or(v.Description, r.Description)
	if v.MaxSessionDuration > 0 {
		r.MaxSession = seconds(v.MaxSessionDuration)
	}
	if d, problem := v.AssumeRolePolicyDocument.parse(); d != nil {
		r.Trust = d
	} else if full {
		a.Notes = append(a.Notes, saved.Short(v.Arn, 200)+": who may take the role cannot be read: "+problem)
	}
	if len(v.Tags) > 0 {
		r.Tags = v.Tags.list()
	}
	if v.PermissionsBoundary.PermissionsBoundaryArn != "" {
		r.Boundary = v.PermissionsBoundary.PermissionsBoundaryArn
	}
	if v.RoleLastUsed != nil {
		r.LastUsed, r.LastRegion = v.RoleLastUsed.LastUsedDate.Time, v.RoleLastUsed.Region
		r.Used = inventory.TriOf(!r.LastUsed.IsZero())
	}
	if !full {
		return
	}
	a.detailed[v.Arn] = true
	r.Inline, r.Attached = inline(v.RolePolicyList), attached(v.AttachedManagedPolicies)
	r.InstanceProfiles = nil
	for _, p := range v.InstanceProfileList {
		r.InstanceProfiles = append(r.InstanceProfiles, object.InstanceProfile{Name: p.InstanceProfileName, ARN: p.Arn, CreatedAt: p.CreateDate.Time})
	}
}

// readPolicy takes a managed policy. Those of AWS are the same for all accounts.
func readPolicy(doc *document, raw json.RawMessage) bool {
	var v policyDetail
	err := json.Unmarshal(raw, &v)
	if len(v.PolicyVersionList) == 0 {
		return false
	}
	p := v.policy()
	if p.ManagedBy == "aws" {
		*doc.r.managed.of(v.Arn) = p
		return true
	}
	doc.take(gaad, v.Arn, err, func(a *account, _ string) { *a.policies.of(v.Arn) = p })
	return true
}

func (v *policyDetail) policy() object.Policy {
	p := object.Policy{
		Name: v.PolicyName, ARN: v.Arn, ManagedBy: "customer", CreatedAt: v.CreateDate.Time, UpdatedAt: v.UpdateDate.Time,
		Attachable: v.IsAttachable == nil || *v.IsAttachable, Versions: len(v.PolicyVersionList), Problem: "its default version is not in the dump",
	}
	if strings.Contains(v.Arn, ":iam::aws:") {
		p.ManagedBy = "aws"
	}
	for _, version := range v.PolicyVersionList {
		if version.IsDefaultVersion || version.VersionID == v.DefaultVersionID {
			p.Document, p.Problem = version.Document.parse()
		}
	}
	return p
}

// finishPolicies gives an account the policies of AWS that it attaches.
func (a *account) finishPolicies(managed set[object.Policy]) {
	add := func(arns ...string) {
		for _, arn := range arns {
			if p := managed[arn]; p != nil {
				a.policies[arn] = p
			}
		}
	}
	for _, u := range a.users {
		add(append(slices.Clone(u.Attached), u.Boundary)...)
	}
	for _, g := range a.groups {
		add(g.Attached...)
	}
	for _, r := range a.roles {
		add(append(slices.Clone(r.Attached), r.Boundary)...)
	}
	for _, s := range a.permits {
		add(append(slices.Clone(s.Attached), s.Boundary)...)
	}
}
