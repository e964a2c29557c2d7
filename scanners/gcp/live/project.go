package live

import (
	"context"
	"encoding/json"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/convert"
	"github.com/muster-nhi/muster/scanners/gcp/live/wire"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// services lists the APIs that are enabled, so that the others are not asked for.
func (s *site) services(ctx context.Context) {
	const id = "serviceusage.services.list"
	if s.told[s.run.name(id)] {
		return
	}
	s.p.ServicesKnown = s.list(ctx, id, wire.Values{"parent": "projects/" + s.p.ID, "filter": "state:ENABLED"}, func(raw json.RawMessage) error {
		return s.keepService(assetOf(raw))
	})
}

// assetOf makes an asset of what a listing of an API tells, so that both are kept
// alike.
func assetOf(raw json.RawMessage) asset {
	var a asset
	a.Resource.Data = raw
	return a
}

// accounts lists accounts, their keys, and who may become them.
func (s *site) accounts(ctx context.Context) {
	s.list(ctx, "iam.projects.serviceAccounts.list", wire.Values{"name": "projects/" + s.p.ID}, func(raw json.RawMessage) error {
		return s.keepAccount(assetOf(raw))
	})
	const keys = "iam.projects.serviceAccounts.keys.list"
	details(ctx, s, keys, true, s.p.Accounts, func(ctx context.Context, a *object.Account) error {
		_, err := s.run.list(ctx, keys, wire.Values{"name": "projects/" + s.p.ID + "/serviceAccounts/" + a.Email}, func(raw json.RawMessage) error {
			k, _, _, err := convert.AccountKey(raw)
			a.Keys = append(a.Keys, s.run.texts.key(k))
			return err
		})
		a.KeysKnown = err == nil
		return err
	})
	s.accountPolicies(ctx)
}

// keys lists API keys, deleted ones too, which can come back for 30 days.
func (s *site) keys(ctx context.Context) {
	s.list(ctx, "apikeys.projects.locations.keys.list", wire.Values{"parent": "projects/" + s.p.ID + "/locations/global", "showDeleted": "true"}, func(raw json.RawMessage) error {
		return s.keepAPIKey(assetOf(raw))
	})
}

// secrets lists secrets, their versions, and who may read them.
func (s *site) secrets(ctx context.Context) {
	const id, versions = "secretmanager.projects.secrets.list", "secretmanager.projects.secrets.versions.list"
	told := s.told[s.run.name(id)]
	s.list(ctx, id, wire.Values{"parent": "projects/" + s.p.ID}, func(raw json.RawMessage) error {
		return s.keepSecret(assetOf(raw))
	})
	if !told && len(s.p.Secrets) > 0 {
		s.p.Notes = append(s.p.Notes, "secrets that are kept in one region only are seen through Asset Inventory, and not here")
	}
	details(ctx, s, versions, false, s.p.Secrets, func(ctx context.Context, x *object.Secret) error {
		_, err := s.run.list(ctx, versions, wire.Values{"parent": x.Name}, func(raw json.RawMessage) error {
			v, _, err := convert.SecretVersion(raw)
			x.Versions = append(x.Versions, v)
			return err
		})
		x.VersionsKnown = err == nil
		return err
	})
	s.secretPolicies(ctx)
}

// cryptoKeys lists the keys of Cloud KMS, location by location and ring by ring,
// which is all that its API has.
func (s *site) cryptoKeys(ctx context.Context) {
	const places, rings, keys = "cloudkms.projects.locations.list", "cloudkms.projects.locations.keyRings.list", "cloudkms.projects.locations.keyRings.cryptoKeys.list"
	if s.told[s.run.name(keys)] {
		return
	}
	if l, off := s.without(keys); off {
		l.Call = s.run.name(keys)
		s.note(l)
		return
	}
	type place struct {
		name  string
		rings []string
	}
	var where []place
	ok := s.list(ctx, places, wire.Values{"name": "projects/" + s.p.ID}, func(raw json.RawMessage) error {
		var l struct{ LocationID string }
		if json.Unmarshal(raw, &l) != nil || l.LocationID == "" {
			return wire.ErrMalformed
		}
		where = append(where, place{name: "projects/" + s.p.ID + "/locations/" + l.LocationID})
		return nil
	})
	if !ok {
		s.note(object.Listing{Call: s.run.name(keys), Status: inventory.StatusDenied, Reason: "locations could not be listed (cloudkms.locations.list)"})
		return
	}
	details(ctx, s, rings, true, where, func(ctx context.Context, at *place) error {
		_, err := s.run.list(ctx, rings, wire.Values{"parent": at.name}, func(raw json.RawMessage) error {
			var r struct{ Name string }
			if json.Unmarshal(raw, &r) != nil || r.Name == "" {
				return wire.ErrMalformed
			}
			at.rings = append(at.rings, r.Name)
			return nil
		})
		return err
	})
	var names []string
	for _, at := range where {
		names = append(names, at.rings...)
	}
	s.ringKeys(ctx, keys, names)
}

// ringKeys lists the keys of rings.
func (s *site) ringKeys(ctx context.Context, id string, rings []string) {
	type ring struct {
		name string
		keys []object.Key
	}
	var all []ring
	for _, name := range rings {
		all = append(all, ring{name: name})
	}
	if len(all) == 0 {
		s.note(object.Listing{Call: s.run.name(id), Status: inventory.StatusComplete})
	}
	details(ctx, s, id, true, all, func(ctx context.Context, at *ring) error {
		_, err := s.run.list(ctx, id, wire.Values{"parent": at.name}, func(raw json.RawMessage) error {
			k, _, err := convert.CryptoKey(raw)
			at.keys = append(at.keys, k)
			return err
		})
		return err
	})
	for _, r := range all {
		s.p.KMS = append(s.p.KMS, r.keys...)
	}
}

// clients lists OAuth clients and their secrets, without values.
func (s *site) clients(ctx context.Context) {
	const id, secrets = "iam.projects.locations.oauthClients.list", "iam.projects.locations.oauthClients.credentials.list"
	s.list(ctx, id, wire.Values{"parent": "projects/" + s.p.ID + "/locations/global", "showDeleted": "true"}, func(raw json.RawMessage) error {
		c, _, err := convert.OAuthClient(raw)
		s.p.Clients = append(s.p.Clients, c)
		return err
	})
	details(ctx, s, secrets, true, s.p.Clients, func(ctx context.Context, c *object.OAuthClient) error {
		_, err := s.run.list(ctx, secrets, wire.Values{"parent": c.Name}, func(raw json.RawMessage) error {
			x, _, err := convert.OAuthCredential(raw)
			c.Credentials = append(c.Credentials, x)
			return err
		})
		c.CredentialsKnown = err == nil
		return err
	})
}

// hmac lists HMAC keys of Cloud Storage.
func (s *site) hmac(ctx context.Context) {
	s.list(ctx, "storage.projects.hmacKeys.list", wire.Values{"projectId": s.p.ID}, func(raw json.RawMessage) error {
		k, _, err := convert.HMACKey(raw)
		s.p.HMAC = append(s.p.HMAC, k)
		return err
	})
}

// roles lists custom roles.
func (s *site) roles(ctx context.Context) {
	s.list(ctx, "iam.projects.roles.list", wire.Values{"parent": "projects/" + s.p.ID, "view": "FULL", "showDeleted": "true"}, func(raw json.RawMessage) error {
		return s.keepRole(assetOf(raw))
	})
}

// contacts lists who answers for the project.
func (s *site) contacts(ctx context.Context) {
	s.list(ctx, "essentialcontacts.projects.contacts.list", wire.Values{"parent": "projects/" + s.p.ID}, func(raw json.RawMessage) error {
		c, _, err := convert.Contact(raw)
		s.p.Contacts = append(s.p.Contacts, c)
		return err
	})
}
