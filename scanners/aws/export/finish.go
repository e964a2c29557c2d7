package export

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// maxUnknown bounds the files without meaning that are named.
const maxUnknown = 10

// finish puts together what all files said.
func (r *reader) finish() *object.Estate {
	r.settle()
	e := &object.Estate{Organization: r.finishOrganization()}
	for _, id := range sortedKeys(r.accounts) {
		a := r.accounts[id]
		a.Partition = cmp.Or(a.Partition, "aws")
		a.finishPolicies(r.managed)
		a.finishUsers()
		a.finishReports(r)
		a.finishLists()
		a.finishListings(r)
		account := a.Account
		e.Accounts = append(e.Accounts, &account)
	}
	if e.Organization == nil && len(e.Accounts) > 0 {
		e.Notes = append(e.Notes, "no file of Organizations: whether service control policies limit these accounts is not known; run in the management account: aws organizations list-accounts, list-roots, list-policies --filter SERVICE_CONTROL_POLICY, and describe-policy and list-targets-for-policy for each policy")
	}
	if len(e.Accounts) == 0 {
		r.lost("", "there is no file here that AWS's command line saved; docs/scanners/aws-export.md lists the commands")
	}
	if n := len(r.unknown); n > 0 {
		slices.Sort(r.unknown)
		list := strings.Join(r.unknown[:min(n, maxUnknown)], ", ")
		if n > maxUnknown {
			list += fmt.Sprintf(" and %d more", n-maxUnknown)
		}
		r.note("", "not understood and passed over: "+saved.Short(list, 1000))
	}
	return e
}

// finishUsers gives users what was listed of their credentials.
func (a *account) finishUsers() {
	for _, arn := range sortedKeys(a.users) {
		u := a.users[arn]
		u.PoliciesUnread = !a.detailed[arn]
		if keys, ok := a.service[u.Name]; ok {
			u.KeysKnown = true
			for _, id := range sortedKeys(keys) {
				k := keys[id]
				if use, ok := a.uses[id]; ok {
					k.LastUsed, k.Used, k.LastRegion, k.LastCause = use.LastUsed, use.Used, use.LastRegion, use.LastCause
				}
				u.Keys = append(u.Keys, k)
			}
		}
		u.Services, u.SSH, u.Signing = a.specific[u.Name], a.ssh[u.Name], a.signing[u.Name]
		slices.SortFunc(u.Services, func(x, y object.ServiceCredential) int { return cmp.Compare(x.ID, y.ID) })
		slices.SortFunc(u.SSH, func(x, y object.SSHKey) int { return cmp.Compare(x.ID, y.ID) })
		slices.SortFunc(u.Signing, func(x, y object.SigningCertificate) int { return cmp.Compare(x.ID, y.ID) })
		u.Services, u.SSH, u.Signing = slices.Compact(u.Services), slices.Compact(u.SSH), slices.Compact(u.Signing)
	}
	for _, arn := range sortedKeys(a.roles) {
		a.roles[arn].PoliciesUnread = !a.detailed[arn]
	}
	a.Users = a.users.sorted()
}

// finishReports merges the newest credential report with the users.
func (a *account) finishReports(r *reader) {
	if len(a.reports) == 0 {
		return
	}
	age := func(s *savedReport) time.Time {
		if s.made.IsZero() {
			return s.Newest
		}
		return s.made
	}
	slices.SortStableFunc(a.reports, func(x, y *savedReport) int {
		return cmp.Or(age(y).Compare(age(x)), cmp.Compare(y.made.Unix(), x.made.Unix()), cmp.Compare(x.name, y.name))
	})
	for _, old := range a.reports[1:] {
		r.note(old.name, "is another credential report of account "+a.ID+"; the newer one counts: "+saved.Short(a.reports[0].name, 200))
	}
	l := a.listings[listingKey{gaad, ""}]
	a.Merge(a.reports[0].Report, object.MergeOptions{MadeAt: a.reports[0].made, Complete: l != nil && l.status() == inventory.StatusComplete})
	for i := range a.Users {
		if a.users[a.Users[i].ARN] == nil {
			a.Users[i].PoliciesUnread = true
		}
	}
	slices.SortFunc(a.Users, func(x, y object.User) int { return cmp.Compare(x.ARN, y.ARN) })
}

// finishLists puts the objects in order.
func (a *account) finishLists() {
	a.Groups, a.Roles, a.Policies = a.groups.sorted(), a.roles.sorted(), a.policies.sorted()
	a.OIDC, a.SAML, a.Certificates = a.oidc.sorted(), a.saml.sorted(), a.certs.sorted()
	a.Anchors, a.Profiles, a.Subjects, a.Delegations = a.anchors.sorted(), a.profiles.sorted(), a.subjects.sorted(), a.requests.sorted()
	a.Secrets, a.Parameters, a.Keys = a.secrets.sorted(), a.params.sorted(), a.keys.sorted()
	a.Consumers, a.PodIdentities, a.AccessEntries, a.Clusters = a.consumers.sorted(), a.pods.sorted(), a.entries.sorted(), a.clusters.sorted()
	a.Connections, a.Workloads, a.KeyPairs = a.links.sorted(), a.workloads.sorted(), a.pairs.sorted()
	a.ResourceAccess, a.Unused = a.resources.sorted(), a.unused.sorted()
	a.finishCenters()
	for i := range a.Keys {
		slices.SortFunc(a.Keys[i].Grants, func(x, y object.KeyGrant) int { return cmp.Compare(x.ID, y.ID) })
	}
	slices.SortFunc(a.Creators, func(x, y object.Creator) int {
		return cmp.Or(cmp.Compare(x.Resource, y.Resource), x.At.Compare(y.At))
	})
	a.Creators = slices.Compact(a.Creators)
	slices.SortFunc(a.Contacts, func(x, y object.Contact) int {
		return cmp.Or(cmp.Compare(x.Type, y.Type), cmp.Compare(x.Email, y.Email))
	})
	a.Contacts = slices.Compact(a.Contacts)
}
