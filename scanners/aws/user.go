package aws

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// byAWS marks what AWS made and runs.
const byAWS = "aws"

// The types of identities and credentials of IAM.
const (
	typeUser = "aws.iam_user"
	typeRole = "aws.iam_role"
	typeRoot = "aws.root"
	typeKey  = "aws.access_key"
)

// keysTrackedSince is when IAM began to note the last use of access keys, and
// passwordsTrackedSince that of passwords (IAM User Guide, "Getting credential
// reports": access_key_1_last_used_date and password_last_used).
func keysTrackedSince() time.Time { return time.Date(2015, 4, 22, 0, 0, 0, 0, time.UTC) }

func passwordsTrackedSince() time.Time { return time.Date(2014, 10, 20, 0, 0, 0, 0, time.UTC) }

// putUsers emits the IAM users with their credentials, grants and use.
func (m *mapper) putUsers() {
	var unknown, nameless int
	for i := range m.a.Users {
		if m.err != nil {
			return
		}
		u := &m.a.Users[i]
		m.putUser(u)
		if !u.KeysKnown {
			unknown++
		}
		for k := range u.Keys {
			if u.Keys[k].ID == "" {
				nameless++
			}
		}
	}
	if unknown > 0 {
		why := "they are in no credential report that was read, and they were not listed one by one"
		if m.listings.whole("iam:GetCredentialReport") {
			why = "the credential report does not have these users yet, and they were not listed one by one"
		}
		text := "the access keys of " + strconv.Itoa(unknown) + " users are not known: " + why
		m.lose(inventory.KindCredential, text)
		m.lose(inventory.KindUsage, text)
	}
	m.putSought()
	if nameless > 0 {
		m.note(inventory.KindCredential, strconv.Itoa(nameless)+" access keys are known from the credential report only, which does not tell their ids: "+m.nameless())
	}
}

func (m *mapper) putUser(u *object.User) {
	id := m.id(u.ARN)
	human, person, machine := humanOf(u)
	attr := make(cloud.Attributes, 12)
	attr.Set("path", u.Path)
	attr.Set("unique_id", u.ID)
	attr.Set("groups", cloud.List(u.Groups))
	attr.Set("permissions_boundary", u.Boundary)
	attr.Tri("console", u.Password)
	attr.Tri("mfa", u.MFA)
	attr.Time("password_changed", u.PasswordChanged)
	attr.Set("human_reason", strings.Join(person, "; "))
	attr.Set("machine_reason", strings.Join(machine, "; "))
	active := 0
	for k := range u.Keys {
		if u.Keys[k].Active != inventory.False {
			active++
		}
	}
	attr.Count("access_keys", active, u.KeysKnown)
	m.judged(attr, u.ARN)
	m.unused(attr, u.ARN, u.Access)
	m.putIdentity(inventory.Identity{
		ID: id, Type: typeUser, Name: u.Name, PublicIDs: []string{u.ARN, u.ID}, CreatedAt: u.CreatedAt,
		Disabled: switchedOff(u.Attached), Human: human,
	}, u.Tags, attr)
	m.putUserCredentials(u, id, human)
	m.putUserUsage(u, id)
	m.putGrants(u.ARN, held{inline: u.Inline, attached: u.Attached, groups: u.Groups})
}

// putUserCredentials emits what a user can sign in with.
func (m *mapper) putUserCredentials(u *object.User, id string, human inventory.Tri) {
	limited := m.networkLimited(u)
	quarantined := slices.ContainsFunc(u.Attached, isQuarantine)
	for i := range u.Keys {
		m.putAccessKey(u.ARN, u.Name, id, &u.Keys[i], human, limited, quarantined)
	}
	if u.Password == inventory.True {
		attr := cloud.Attributes{}
		attr.Tri("mfa", u.MFA)
		m.putCredential(inventory.Credential{
			ID: m.part(u.ARN, "password"), Type: "aws.console_password", Name: u.Name, Identity: id, Store: "iam",
			RotatedAt: u.PasswordChanged, Disabled: inventory.False, Personal: human,
		}, nil, attr)
	}
	for i := range u.Services {
		m.putServiceCredential(u, id, &u.Services[i])
	}
	for i := range u.SSH {
		k := &u.SSH[i]
		m.putCredential(inventory.Credential{
			ID: m.part(u.ARN, "ssh/"+k.ID), Type: "aws.ssh_public_key", Name: u.Name, Identity: id, PublicID: k.ID, Store: "iam",
			CreatedAt: k.UploadedAt, Disabled: inventory.TriOf(!k.Active), NeverExpires: true,
		}, nil, nil)
	}
	for i := range u.Signing {
		c := &u.Signing[i]
		m.putCredential(inventory.Credential{
			ID: m.part(u.ARN, "certificate/"+named(c.ID, i)), Type: "aws.signing_certificate", Name: u.Name, Identity: id, PublicID: c.ID, Store: "iam",
			CreatedAt: c.UploadedAt, ExpiresAt: c.ExpiresAt, Disabled: inventory.TriOf(!c.Active),
		}, nil, nil)
	}
}

// named returns an id, or a number where there is none.
func named(id string, i int) string {
	if id != "" {
		return id
	}
	return strconv.Itoa(i + 1)
}

// isQuarantine reports whether a policy is one that AWS attaches to a user whose
// key it found in public (AWSCompromisedKeyQuarantine, …V2, …V3).
func isQuarantine(policy string) bool {
	return strings.HasPrefix(lastPart(policy), "AWSCompromisedKeyQuarantine")
}

// keyID returns the id of an access key: by its own public id, or by its slot
// where only the credential report told of it.
func (m *mapper) keyID(owner string, k *object.AccessKey) string {
	if k.ID != "" {
		return m.id("access-key/" + k.ID)
	}
	return m.part(owner, "key/"+strconv.Itoa(k.Slot))
}

func (m *mapper) putAccessKey(owner, name, id string, k *object.AccessKey, human, limited inventory.Tri, quarantined bool) {
	key := m.keyID(owner, k)
	attr := make(cloud.Attributes, 3)
	attr.Set("user", name)
	if k.Slot > 0 {
		attr["slot"] = strconv.Itoa(k.Slot)
	}
	x := inventory.Credential{
		ID: key, Type: typeKey, Name: name, Identity: id, PublicID: k.ID, Store: "iam", CreatedAt: k.CreatedAt, RotatedAt: k.CreatedAt,
		NeverExpires: true, Personal: human, NetworkLimited: limited,
	}
	if active, known := k.Active.Bool(); known {
		x.Disabled, x.Validity = inventory.TriOf(!active), validity(active)
		attr.Yes("quarantined", quarantined)
		if quarantined && !active {
			x.DisabledReason = "COMPROMISED_KEY_QUARANTINE"
		}
	}
	m.putCredential(x, nil, attr)
	u := inventory.Usage{Subject: key, LastUsedAt: k.LastUsed, Service: k.LastCause, Resource: k.LastRegion, Source: "last use of access keys"}
	if !u.LastUsedAt.IsZero() || k.Used == inventory.False {
		u.TrackedSince = later(k.CreatedAt, keysTrackedSince())
	}
	m.putUsage(u)
	if c := m.creators[k.ID]; k.ID != "" && c != nil {
		m.putOwner(key, creatorOwner(c))
	}
}

// putServiceCredential emits a credential for one service. Those for Bedrock are
// API keys of a language model.
func (m *mapper) putServiceCredential(u *object.User, id string, c *object.ServiceCredential) {
	typ := "aws.service_specific_credential"
	if strings.HasPrefix(c.Service, "bedrock") {
		typ = "aws.bedrock_api_key"
	}
	key := m.part(u.ARN, "service/"+c.ID)
	m.putCredential(inventory.Credential{
		ID: key, Type: typ, Name: cmp.Or(c.UserName, u.Name), Identity: id, PublicID: c.ID, Store: "iam", CreatedAt: c.CreatedAt, RotatedAt: c.CreatedAt,
		ExpiresAt: c.ExpiresAt, NeverExpires: c.ExpiresAt.IsZero(), Disabled: inventory.TriOf(!c.Active), Validity: validity(c.Active),
	}, nil, cloud.Attributes{"service": inventory.Clip(c.Service, cloud.MaxText), "user": inventory.Clip(u.Name, cloud.MaxText)})
}

func validity(active bool) string {
	if active {
		return "active"
	}
	return "inactive"
}

// putUserUsage emits when a user was last used through any of its access keys,
// and when a person last signed in to the console as it. It was never used if
// that is known of every key.
func (m *mapper) putUserUsage(u *object.User, id string) {
	x := inventory.Usage{Subject: id, Source: "last use of access keys"}
	never := u.KeysKnown
	for i := range u.Keys {
		k := &u.Keys[i]
		if k.LastUsed.After(x.LastUsedAt) {
			x.LastUsedAt, x.Service, x.Resource = k.LastUsed, k.LastCause, k.LastRegion
		}
		never = never && k.Used == inventory.False
	}
	if never || !x.LastUsedAt.IsZero() {
		x.TrackedSince = later(u.CreatedAt, keysTrackedSince())
	}
	console := inventory.Usage{Subject: id, LastUsedAt: u.PasswordLastUsed, Service: "console", Interactive: inventory.True, Source: "password last used"}
	switch {
	case !u.PasswordLastUsed.IsZero():
		console.TrackedSince = later(u.CreatedAt, passwordsTrackedSince())
		m.putUsage(console)
		console.Subject = m.part(u.ARN, "password")
		if u.Password == inventory.True {
			m.putUsage(console)
		}
	case u.Password == inventory.True && u.PasswordUse == inventory.False:
		m.putUsage(inventory.Usage{
			Subject: m.part(u.ARN, "password"), TrackedSince: later(cloud.Latest(u.CreatedAt, u.PasswordChanged), passwordsTrackedSince()), Source: console.Source,
		})
	case u.Password != inventory.False && never && x.LastUsedAt.IsZero():
		return // nobody knows whether it was used in the console
	}
	if never && x.LastUsedAt.IsZero() && len(u.Services)+len(u.SSH)+len(u.Signing) > 0 {
		return // of those credentials no use is told
	}
	m.putUsage(x)
}

// later returns the later of a creation, which may be unknown, and the time from
// which use is recorded.
func later(created, tracked time.Time) time.Time {
	if created = inventory.Time(created); created.After(tracked) {
		return created
	}
	return tracked
}

// skew is how far the clock of this machine and the days of AWS may be apart.
const skew = 24 * time.Hour

// putUsage emits a use unless nothing is known of it.
func (m *mapper) putUsage(u inventory.Usage) {
	u.LastUsedAt, u.TrackedSince = inventory.Time(u.LastUsedAt), inventory.Time(u.TrackedSince)
	if !m.now.IsZero() && u.LastUsedAt.After(m.now.Add(skew)) {
		m.note(inventory.KindUsage, "a date of last use lies in the future and was left out: the clocks disagree")
		return
	}
	if u.LastUsedAt.IsZero() && u.TrackedSince.IsZero() {
		return
	}
	if !u.LastUsedAt.IsZero() && u.LastUsedAt.Before(u.TrackedSince) {
		u.TrackedSince = u.LastUsedAt
	}
	u.Scope, u.Service, u.Resource = m.scope, inventory.Clip(u.Service, cloud.MaxName), inventory.Clip(u.Resource, cloud.MaxName)
	m.put(inventory.Record{Usage: &u}, inventory.KindUsage)
}
