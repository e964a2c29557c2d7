package live

import (
	"cmp"
	"slices"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// finish puts the estate in order.
func (x *run) finish() {
	x.clear()
	for _, a := range x.estate.Accounts {
		order(a)
	}
	slices.Sort(x.estate.Notes)
}

// by sorts by a text.
func by[T any](list []T, key func(*T) string) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
}

// order sorts all lists of an account, so that two readings are the same whatever
// came back first.
func order(a *object.Account) {
	by(a.Contacts, func(x *object.Contact) string { return x.Type })
	by(a.Users, func(x *object.User) string { return x.ARN })
	by(a.Groups, func(x *object.Group) string { return x.ARN })
	by(a.Roles, func(x *object.Role) string { return x.ARN })
	by(a.Policies, func(x *object.Policy) string { return x.ARN })
	by(a.OIDC, func(x *object.OIDCProvider) string { return x.ARN })
	by(a.SAML, func(x *object.SAMLProvider) string { return x.ARN })
	by(a.Certificates, func(x *object.Certificate) string { return x.ARN })
	by(a.Anchors, func(x *object.Anchor) string { return x.ARN })
	by(a.Profiles, func(x *object.AnywhereProfile) string { return x.ARN })
	by(a.Subjects, func(x *object.AnywhereSubject) string { return x.ARN })
	by(a.Delegations, func(x *object.Delegation) string { return x.ID })
	by(a.Instances, func(x *object.IdentityCenter) string { return x.ARN })
	by(a.Secrets, func(x *object.Secret) string { return x.ARN })
	by(a.Parameters, func(x *object.Parameter) string { return x.ARN })
	by(a.Keys, func(x *object.Key) string { return x.ARN })
	by(a.Consumers, func(x *object.Consumer) string { return x.ARN + " " + x.Use + " " + x.Role })
	by(a.PodIdentities, func(x *object.PodIdentity) string { return x.ARN })
	by(a.AccessEntries, func(x *object.AccessEntry) string { return x.ARN })
	by(a.Clusters, func(x *object.Cluster) string { return x.ARN })
	by(a.Connections, func(x *object.Connection) string { return x.Type + " " + x.ARN + " " + x.Name })
	by(a.Workloads, func(x *object.WorkloadIdentity) string { return x.ARN })
	by(a.KeyPairs, func(x *object.KeyPair) string { return x.Region + " " + x.ID })
	by(a.ResourceAccess, func(x *object.ResourcePolicy) string { return x.ARN })
	by(a.Unused, func(x *object.Unused) string { return x.Analyzer + " " + x.ID })
	by(a.Creators, func(x *object.Creator) string { return x.Resource + " " + x.Event })
	by(a.Listings, func(x *object.Listing) string { return x.Call + " " + x.Region })
	slices.Sort(a.Notes)
	a.Notes = slices.Compact(a.Notes)
}

// root adds what IAM's summary says of the root user to what the report does.
func (s *session) root() {
	a := s.account
	if a.Root != nil {
		a.Root.CentrallyManaged = s.managed
	}
	if s.account.Summary == nil {
		return
	}
	if a.Root == nil {
		a.Root = &object.Root{AccessKeys: -1, CentrallyManaged: s.managed, Certificates: s.account.Summary["AccountSigningCertificatesPresent"]}
	}
	if a.Root.MFA == inventory.Unknown {
		a.Root.MFA = s.count("AccountMFAEnabled")
	}
	if a.Root.PasswordEnabled == inventory.Unknown {
		a.Root.PasswordEnabled = s.count("AccountPasswordPresent")
	}
	if a.Root.AccessKeys < 0 && s.count("AccountAccessKeysPresent") == inventory.False {
		a.Root.AccessKeys = 0
	}
}

// count reads one figure of IAM's summary as yes or no.
func (s *session) count(key string) inventory.Tri {
	n, ok := s.account.Summary[key]
	if !ok {
		return inventory.Unknown
	}
	return inventory.TriOf(n > 0)
}
