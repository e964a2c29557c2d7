package export

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what IAM Identity Center answers.
type (
	centerInstance struct {
		InstanceArn, IdentityStoreID, Name string
		CreatedDate                        moment
	}
	permissionSet struct {
		PermissionSet struct {
			Name, PermissionSetArn, Description, SessionDuration string
			CreatedDate                                          moment
		}
	}
	setPolicies struct {
		PermissionSetArn        string
		AttachedManagedPolicies []struct{ Arn string }
	}
	setInline struct {
		PermissionSetArn string
		InlinePolicy     text
	}
	assignment  struct{ AccountID, PermissionSetArn, PrincipalType, PrincipalID string }
	application struct {
		ApplicationArn, ApplicationProviderArn, Name, InstanceArn, Status string
		CreatedDate                                                       moment
	}
	issuer      struct{ TrustedTokenIssuerArn, Name string }
	storedGroup struct{ GroupID, DisplayName, IdentityStoreID string }
)

func (h *handlers) center() {
	on(h, "Instances", "sso:ListInstances", func(v *centerInstance) bool { return strings.Contains(v.InstanceArn, ":sso:") }, func(v *centerInstance) string { return v.InstanceArn }, func(a *account, region string, v *centerInstance) {
		c := a.center(v.InstanceArn)
		c.Store, c.Name, c.Region, c.CreatedAt = v.IdentityStoreID, v.Name, region, v.CreatedDate.Time
	})
	one(h, "sso:DescribePermissionSet", []string{"PermissionSet"}, func(v *permissionSet) string { return v.PermissionSet.PermissionSetArn }, func(a *account, _ string, v *permissionSet) {
		x := &v.PermissionSet
		s := a.permits.of(x.PermissionSetArn)
		s.ARN, s.Name, s.Description, s.CreatedAt, s.Session = x.PermissionSetArn, x.Name, x.Description, x.CreatedDate.Time, iso8601(x.SessionDuration)
	})
	one(h, "sso:ListManagedPoliciesInPermissionSet", []string{"PermissionSetArn", "AttachedManagedPolicies"}, func(v *setPolicies) string { return v.PermissionSetArn }, func(a *account, _ string, v *setPolicies) {
		s := a.permits.of(v.PermissionSetArn)
		s.ARN = v.PermissionSetArn
		for _, p := range v.AttachedManagedPolicies {
			s.Attached = append(s.Attached, p.Arn)
		}
		slices.Sort(s.Attached)
		s.Attached = slices.Compact(s.Attached)
	})
	one(h, "sso:GetInlinePolicyForPermissionSet", []string{"PermissionSetArn", "InlinePolicy"}, func(v *setInline) string { return v.PermissionSetArn }, func(a *account, _ string, v *setInline) {
		s := a.permits.of(v.PermissionSetArn)
		s.ARN, s.Inline = v.PermissionSetArn, v.InlinePolicy.document(a, v.PermissionSetArn)
	})
	on(h, "AccountAssignments", "sso:ListAccountAssignments", func(v *assignment) bool { return v.PermissionSetArn != "" }, noARN, func(a *account, _ string, v *assignment) {
		x := object.Assignment{Set: v.PermissionSetArn, Account: v.AccountID, PrincipalType: v.PrincipalType, PrincipalID: v.PrincipalID}
		if !a.isAssigned[x] {
			a.isAssigned[x] = true
			a.assigned = append(a.assigned, x)
		}
	})
	on(h, "Applications", "sso:ListApplications", func(v *application) bool { return strings.Contains(v.ApplicationArn, ":sso:") }, func(v *application) string { return v.ApplicationArn }, func(a *account, _ string, v *application) {
		c := a.center(v.InstanceArn)
		c.Applications = append(c.Applications, object.Application{ARN: v.ApplicationArn, Name: v.Name, Provider: v.ApplicationProviderArn, Status: v.Status, CreatedAt: v.CreatedDate.Time})
	})
	on(h, "TrustedTokenIssuers", "sso:ListTrustedTokenIssuers", func(v *issuer) bool { return v.TrustedTokenIssuerArn != "" }, func(v *issuer) string { return v.TrustedTokenIssuerArn }, func(a *account, _ string, v *issuer) {
		c := a.center("arn:aws:sso:::instance/" + instanceOf(v.TrustedTokenIssuerArn))
		c.Issuers = append(c.Issuers, object.TokenIssuer{ARN: v.TrustedTokenIssuerArn, Name: v.Name})
	})
	h.store()
}

// store takes the names of groups from identity stores. What they say of people is
// not kept.
func (h *handlers) store() {
	on(h, "Groups", "identitystore:ListGroups", func(v *storedGroup) bool { return v.IdentityStoreID != "" }, noARN, func(a *account, _ string, v *storedGroup) { a.groupNames[v.GroupID] = v.DisplayName })
	h.lists["Users"] = append(h.lists["Users"], handler{"identitystore:ListUsers", func(_ *document, raw json.RawMessage) bool {
		var v struct{ IdentityStoreID, UserID string }
		return json.Unmarshal(raw, &v) == nil && v.IdentityStoreID != ""
	}})
}

// instanceOf finds the id of an instance of Identity Center in an ARN.
func instanceOf(arn string) string { return instanceForm.FindString(arn) }

// instanceForm matches the id of an instance of Identity Center.
var instanceForm = regexp.MustCompile(`ssoins-[0-9a-z]+`)

// center returns the instance of an ARN.
func (a *account) center(arn string) *object.IdentityCenter {
	c := a.centers.of(instanceOf(arn))
	c.ARN = cmp.Or(c.ARN, arn)
	return c
}

// iso8601 reads a duration as Identity Center writes it: PT8H, PT1H30M.
func iso8601(text string) time.Duration {
	m := regexp.MustCompile(`^PT(?:(\d{1,3})H)?(?:(\d{1,4})M)?(?:(\d{1,6})S)?$`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	var d time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, err := strconv.Atoi(m[i+1])
		if err == nil {
			d += time.Duration(n) * unit
		}
	}
	return d
}

// finishCenters puts permission sets and assignments into their instances.
func (a *account) finishCenters() {
	for _, arn := range sortedKeys(a.permits) {
		c := a.center("arn:" + cmp.Or(a.Partition, "aws") + ":sso:::instance/" + instanceOf(arn))
		c.Sets = append(c.Sets, *a.permits[arn])
	}
	for _, x := range a.assigned {
		if x.PrincipalType == "GROUP" {
			x.PrincipalName = a.groupNames[x.PrincipalID]
		}
		c := a.center("arn:" + cmp.Or(a.Partition, "aws") + ":sso:::instance/" + instanceOf(x.Set))
		c.Assignments = append(c.Assignments, x)
	}
	for _, c := range a.centers {
		slices.SortFunc(c.Assignments, func(x, y object.Assignment) int {
			return cmp.Or(cmp.Compare(x.Set, y.Set), cmp.Compare(x.Account, y.Account), cmp.Compare(x.PrincipalID, y.PrincipalID))
		})
	}
	a.Instances = a.centers.sorted()
}
