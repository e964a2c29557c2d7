package live

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The answer of iam:GetAccountAuthorizationDetails.
type (
	detailPage struct {
		wire.Page
		Users    []userDetail   `xml:"UserDetailList>member"`
		Groups   []groupDetail  `xml:"GroupDetailList>member"`
		Roles    []roleDetail   `xml:"RoleDetailList>member"`
		Policies []policyDetail `xml:"Policies>member"`
	}
	userDetail struct {
		Path       string
		UserName   string
		UserID     string `xml:"UserId"`
		Arn        string
		CreateDate wire.Time
		Inline     []inlineDetail `xml:"UserPolicyList>member"`
		Groups     []string       `xml:"GroupList>member"`
		Attached   []string       `xml:"AttachedManagedPolicies>member>PolicyArn"`
		Boundary   string         `xml:"PermissionsBoundary>PermissionsBoundaryArn"`
		Tags       []tagDetail    `xml:"Tags>member"`
	}
	groupDetail struct {
		Path       string
		GroupName  string
		GroupID    string `xml:"GroupId"`
		Arn        string
		CreateDate wire.Time
		Inline     []inlineDetail `xml:"GroupPolicyList>member"`
		Attached   []string       `xml:"AttachedManagedPolicies>member>PolicyArn"`
	}
	roleDetail struct {
		Path                     string
		RoleName                 string
		RoleID                   string `xml:"RoleId"`
		Arn                      string
		CreateDate               wire.Time
		AssumeRolePolicyDocument string
		Profiles                 []profileDetail `xml:"InstanceProfileList>member"`
		Inline                   []inlineDetail  `xml:"RolePolicyList>member"`
		Attached                 []string        `xml:"AttachedManagedPolicies>member>PolicyArn"`
		Boundary                 string          `xml:"PermissionsBoundary>PermissionsBoundaryArn"`
		Tags                     []tagDetail     `xml:"Tags>member"`
		LastUsed                 *struct {
			LastUsedDate wire.Time
			Region       string
		} `xml:"RoleLastUsed"`
	}
	profileDetail struct {
		InstanceProfileName string
		Arn                 string
		CreateDate          wire.Time
	}
	inlineDetail struct {
		PolicyName     string
		PolicyDocument string
	}
	policyDetail struct {
		PolicyName   string
		Arn          string
		IsAttachable bool
		CreateDate   wire.Time
		UpdateDate   wire.Time
		Versions     []versionDetail `xml:"PolicyVersionList>member"`
	}
	versionDetail struct {
		Document         string
		IsDefaultVersion bool
	}
	tagDetail struct{ Key, Value string }
)

// principals reads users, groups, roles and policies. It returns whether all of them
// were seen.
func (s *session) principals(ctx context.Context) bool {
	return list(ctx, s, "iam:GetAccountAuthorizationDetails", "", nil, func(p *detailPage) int {
		var users []object.User
		for _, u := range p.Users {
			users = append(users, s.user(u))
		}
		var groups []object.Group
		for _, g := range p.Groups {
			groups = append(groups, object.Group{
				Name: g.GroupName, ID: g.GroupID, ARN: g.Arn, Path: g.Path, CreatedAt: g.CreateDate.Time,
				Inline: s.inline(g.Inline), Attached: g.Attached,
			})
		}
		var roles []object.Role
		for _, r := range p.Roles {
			roles = append(roles, s.role(r))
		}
		var policies []object.Policy
		for _, d := range p.Policies {
			policies = append(policies, s.managedPolicy(d))
		}
		s.keep(func(a *object.Account) {
			a.Users = append(a.Users, users...)
			a.Groups = append(a.Groups, groups...)
			a.Roles = append(a.Roles, roles...)
			a.Policies = append(a.Policies, policies...)
		})
		return len(p.Users) + len(p.Groups) + len(p.Roles) + len(p.Policies)
	})
}

func (s *session) user(u userDetail) object.User {
	return object.User{
		Name: u.UserName, ID: u.UserID, ARN: u.Arn, Path: u.Path, CreatedAt: u.CreateDate.Time,
		Tags: tags(u.Tags), Groups: u.Groups, Inline: s.inline(u.Inline), Attached: u.Attached, Boundary: u.Boundary,
	}
}

// role takes over a role. An empty element of last use says that it was not used in
// the 400 days that AWS tracks (IAM User Guide, "Refine permissions using last
// accessed information").
func (s *session) role(r roleDetail) object.Role {
	out := object.Role{
		Name: r.RoleName, ID: r.RoleID, ARN: r.Arn, Path: r.Path, CreatedAt: r.CreateDate.Time,
		Tags: tags(r.Tags), Inline: s.inline(r.Inline), Attached: r.Attached, Boundary: r.Boundary,
		Trust: s.document(r.AssumeRolePolicyDocument, r.Arn),
	}
	for _, p := range r.Profiles {
		out.InstanceProfiles = append(out.InstanceProfiles, object.InstanceProfile{
			Name: p.InstanceProfileName, ARN: p.Arn, CreatedAt: p.CreateDate.Time,
		})
	}
	switch {
	case r.LastUsed == nil:
	case r.LastUsed.LastUsedDate.IsZero():
		out.Used = inventory.False
	default:
		out.LastUsed, out.LastRegion, out.Used = r.LastUsed.LastUsedDate.Time, r.LastUsed.Region, inventory.True
	}
	return out
}

func (s *session) inline(list []inlineDetail) []object.Policy {
	var out []object.Policy
	for _, p := range list {
		o := object.Policy{Name: p.PolicyName}
		o.Document, o.Problem = s.texts.parse(p.PolicyDocument)
		out = append(out, o)
	}
	return out
}

func (s *session) managedPolicy(d policyDetail) object.Policy {
	out := object.Policy{
		Name: d.PolicyName, ARN: d.Arn, CreatedAt: d.CreateDate.Time, UpdatedAt: d.UpdateDate.Time,
		Attachable: d.IsAttachable, Versions: len(d.Versions), ManagedBy: "customer", Problem: "AWS sent no default version of it",
	}
	if strings.Contains(d.Arn, ":iam::aws:policy/") {
		out.ManagedBy = "aws"
	}
	for _, v := range d.Versions {
		if v.IsDefaultVersion {
			out.Document, out.Problem = s.texts.parse(v.Document)
		}
	}
	return out
}

func tags(list []tagDetail) []object.Tag {
	var out []object.Tag
	for _, t := range list {
		out = append(out, object.Tag(t))
	}
	return out
}

// iam reads principals and the credential report, joins them, and asks about single
// users where neither tells all.
func (s *session) iam(ctx context.Context) {
	made := make(chan madeReport, 1)
	if s.reader.options.SideBySide > 1 {
		go func() { made <- s.report(ctx) }() // AWS takes some seconds to make it
	} else {
		made <- s.report(ctx)
	}
	complete := s.principals(ctx)
	listed := s.now()
	report := <-made
	var missing []string
	if report.report != nil {
		s.keep(func(a *object.Account) {
			merged := a.Merge(report.report, object.MergeOptions{MadeAt: report.at, ListedAt: listed, Complete: complete})
			missing = merged.Missing
		})
	}
	s.users(ctx, report.report != nil, missing)
}

// now is the time by AWS's clock, as far as it is known to differ.
func (s *session) now() time.Time { return s.reader.options.Now().Add(s.client.Skew()) }

// A madeReport is the credential report and when it was made.
type madeReport struct {
	report *object.Report
	at     time.Time
}

// reportWaits are how long one waits for AWS to make the credential report, which
// takes it some seconds.
func reportWaits() []time.Duration {
	return []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second}
}

// report has AWS make the credential report and reads it. Where making it is denied,
// one that exists is read. One that was made in the last four hours is what AWS
// gives back (IAM User Guide, "Generate credential reports").
func (s *session) report(ctx context.Context) madeReport {
	var state struct{ State string }
	err := s.ask(ctx, "iam:GenerateCredentialReport", "", nil, &state)
	waits := reportWaits()
	for i := 0; err == nil && state.State != "COMPLETE" && i < len(waits); i++ {
		if s.reader.options.Sleep(ctx, waits[i]) != nil {
			break
		}
		err = s.ask(ctx, "iam:GenerateCredentialReport", "", nil, &state)
	}
	if err != nil {
		s.note("iam:GenerateCredentialReport", "", 0, err)
	}
	var got struct {
		Content       string
		GeneratedTime wire.Time
	}
	err = s.ask(ctx, "iam:GetCredentialReport", "", nil, &got)
	for i := 0; err != nil && wire.Code(err) == "ReportInProgress" && i < len(waits); i++ {
		if s.reader.options.Sleep(ctx, waits[i]) != nil {
			break
		}
		err = s.ask(ctx, "iam:GetCredentialReport", "", nil, &got)
	}
	if err != nil {
		s.noReport(err)
		return madeReport{}
	}
	return s.readReport(got.Content, got.GeneratedTime.Time)
}

// noReport says why there is no credential report.
func (s *session) noReport(err error) {
	l := listing(s.op("iam:GetCredentialReport"), "", 0, err)
	switch wire.Code(err) {
	case "ReportInProgress":
		l.Reason = "AWS is still making the credential report; scan again in some minutes"
	case "ReportNotPresent", "CredentialReportNotPresentException":
		l.Reason = "there is no credential report, and it may not be made: allow iam:GenerateCredentialReport"
	case "ReportExpired", "CredentialReportExpiredException":
		l.Reason = "the credential report is older than four hours, and a new one may not be made: allow iam:GenerateCredentialReport"
	}
	s.keep(func(a *object.Account) { a.Listings = append(a.Listings, l) })
}

// users asks about single users: ids of keys of those that have some, and all
// about those that the report does not have.
func (s *session) users(ctx context.Context, reported bool, missing []string) {
	fresh := map[string]bool{}
	for _, name := range missing {
		fresh[name] = true
	}
	var keys, certificates, all []*object.User
	for i := range s.account.Users { // nobody else changes users now
		u := &s.account.Users[i]
		all = append(all, u)
		if !reported || fresh[u.Name] || len(u.Keys) > 0 {
			keys = append(keys, u)
		}
		if !reported || fresh[u.Name] || len(u.Signing) > 0 {
			certificates = append(certificates, u)
		}
	}
	s.accessKeys(ctx, keys)
	s.keyUses(ctx, all)
	s.serviceCredentials(ctx)
	s.signing(ctx, certificates)
	s.sshKeys(ctx, all)
}

// active reads the status of a credential.
func active(status string) bool { return strings.EqualFold(status, "Active") }

func (s *session) accessKeys(ctx context.Context, users []*object.User) {
	details(ctx, s, "iam:ListAccessKeys", "", users, func(ctx context.Context, at **object.User) error { return s.listKeys(ctx, *at) })
}

// listKeys lists the keys of a user, in place of those of the report.
func (s *session) listKeys(ctx context.Context, u *object.User) error {
	type page struct {
		wire.Page
		Keys []struct {
			AccessKeyID string `xml:"AccessKeyId"`
			Status      string
			CreateDate  wire.Time
		} `xml:"AccessKeyMetadata>member"`
	}
	var keys []object.AccessKey
	_, err := wire.Pages(ctx, s.client, s.op("iam:ListAccessKeys"), "", wire.Values{"UserName": u.Name}, func(p *page) int {
		for _, k := range p.Keys {
			keys = append(keys, object.AccessKey{ID: k.AccessKeyID, Active: inventory.TriOf(active(k.Status)), CreatedAt: k.CreateDate.Time})
		}
		return len(p.Keys)
	})
	if err != nil {
		return err
	}
	object.JoinKeys(keys, u.Keys)
	u.Keys, u.KeysKnown = keys, true
	return nil
}

// keyUses asks when keys were last used that the report does not know.
func (s *session) keyUses(ctx context.Context, users []*object.User) {
	var keys []*object.AccessKey
	for _, u := range users {
		for i := range u.Keys {
			if k := &u.Keys[i]; k.ID != "" && k.Used == inventory.Unknown {
				keys = append(keys, k)
			}
		}
	}
	details(ctx, s, "iam:GetAccessKeyLastUsed", "", keys, func(ctx context.Context, at **object.AccessKey) error {
		var out lastUse
		if err := s.ask(ctx, "iam:GetAccessKeyLastUsed", "", wire.Values{"AccessKeyId": (*at).ID}, &out); err != nil {
			return err
		}
		out.into(*at)
		return nil
	})
}

// A lastUse is the answer of iam:GetAccessKeyLastUsed.
type lastUse struct {
	UserName string
	Use      struct {
		LastUsedDate wire.Time
		ServiceName  string
		Region       string
	} `xml:"AccessKeyLastUsed"`
}

// into takes it over.
func (l *lastUse) into(k *object.AccessKey) {
	k.Used = inventory.TriOf(!l.Use.LastUsedDate.IsZero())
	k.LastUsed = l.Use.LastUsedDate.Time
	if k.Used == inventory.True {
		k.LastRegion, k.LastCause = said(l.Use.Region), said(l.Use.ServiceName)
	}
}

// said drops N/A, which IAM writes for nothing.
func said(s string) string {
	if s == "N/A" {
		return ""
	}
	return s
}

type servicePage struct {
	wire.Page
	Credentials []struct {
		UserName               string
		Status                 string
		ServiceUserName        string
		ServiceCredentialAlias string
		CreateDate             wire.Time
		ExpirationDate         wire.Time
		ID                     string `xml:"ServiceSpecificCredentialId"`
		ServiceName            string
	} `xml:"ServiceSpecificCredentials>member"`
}

// serviceCredentials reads those of all users at once.
func (s *session) serviceCredentials(ctx context.Context) {
	by := map[string][]object.ServiceCredential{}
	list(ctx, s, "iam:ListServiceSpecificCredentials", "", wire.Values{"AllUsers": true}, func(p *servicePage) int {
		for _, c := range p.Credentials {
			by[c.UserName] = append(by[c.UserName], object.ServiceCredential{
				ID: c.ID, Service: c.ServiceName, UserName: cmp.Or(c.ServiceUserName, c.ServiceCredentialAlias), Active: active(c.Status),
				CreatedAt: c.CreateDate.Time, ExpiresAt: c.ExpirationDate.Time,
			})
		}
		return len(p.Credentials)
	})
	for i := range s.account.Users {
		u := &s.account.Users[i]
		u.Services = by[u.Name]
	}
}
