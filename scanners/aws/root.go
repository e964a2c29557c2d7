package aws

import (
	"strconv"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// putRoot emits the root user, of which only the credential report tells.
func (m *mapper) putRoot() {
	r := m.a.Root
	if r == nil {
		return
	}
	root := m.rootARN()
	id := m.id(root)
	attr := make(cloud.Attributes, 8)
	attr.Tri("mfa", r.MFA)
	attr.Tri("console", r.PasswordEnabled)
	attr.Tri("centrally_managed", r.CentrallyManaged)
	attr.Count("access_keys", r.AccessKeys, r.AccessKeys >= 0)
	attr.Count("certificates", r.Certificates, false)
	attr.Set("account_name", m.a.Name)
	attr.Set("account_alias", m.a.Alias)
	attr.Set("account_state", m.a.State)
	if o := m.a.Outbound; o != nil {
		attr["outbound_federation"] = inventory.TriOf(o.Enabled).String()
		if o.Enabled {
			attr.Set("outbound_issuer", o.Issuer)
		}
	}
	m.putIdentity(inventory.Identity{
		ID: id, Type: typeRoot, Name: "root of " + m.title(), PublicIDs: []string{root}, Disabled: inventory.False, Human: inventory.True,
	}, nil, attr)
	m.putOwner(id, owning{m.a.Email, "", "account_contact", "e-mail address of the account", inventory.ConfidenceMedium})
	for i := range r.Keys {
		k := &r.Keys[i]
		m.putAccessKey(root, "root", id, k, inventory.Unknown, inventory.Unknown, false)
	}
	for i := len(r.Keys); i < r.AccessKeys; i++ { // the account summary counts them only
		m.putAccessKey(root, "root", id, &object.AccessKey{Slot: i + 1, Active: inventory.True}, inventory.Unknown, inventory.Unknown, false)
	}
	for i := range r.Certificates {
		m.putCredential(inventory.Credential{
			ID: m.part(root, "certificate/"+strconv.Itoa(i+1)), Type: "aws.signing_certificate", Name: "root", Identity: id, Store: "iam", Disabled: inventory.False,
		}, nil, nil)
	}
	if !r.PasswordLastUsed.IsZero() {
		m.putUsage(inventory.Usage{
			Subject: id, LastUsedAt: r.PasswordLastUsed, TrackedSince: passwordsTrackedSince(), Service: "console", Interactive: inventory.True, Source: "password last used",
		})
	}
}

func (m *mapper) rootARN() string { return "arn:" + m.partition() + ":iam::" + m.a.ID + ":root" }
