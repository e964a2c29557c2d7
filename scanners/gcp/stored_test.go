package gcp

import (
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// TestWhoMayReadWhatIsStored tells whether everybody may use a key or read a secret,
// and where the policies were not read, that nobody can tell.
func TestWhoMayReadWhatIsStored(t *testing.T) {
	const ring, secret = "projects/" + prod + "/locations/europe-west3/keyRings/main", "projects/" + prodNumber + "/secrets/db"
	const key = ring + "/cryptoKeys/data"
	open := func(resource string) func(e *object.Estate) {
		return func(e *object.Estate) {
			e.Policies = []object.Policy{{Resource: resource, Project: prod, Bindings: []object.Binding{{Role: "roles/cloudkms.cryptoKeyDecrypter", Members: []string{"allUsers"}}}}}
		}
	}
	for _, c := range []struct {
		name           string
		change         func(e *object.Estate)
		exposed        string // of the key
		key, secretToo bool   // whether policies are said to be unread
	}{
		{"nobody", func(*object.Estate) {}, "", false, false},
		{"the key is open", open("cloudkms.googleapis.com/" + key), "public", false, false},
		{"its ring is open", open("cloudkms.googleapis.com/" + ring), "public", false, false},
		{"another ring is open", open("cloudkms.googleapis.com/" + ring + "2"), "", false, false},
		{"policies could not be searched", func(e *object.Estate) { deny(e.Projects[0], callPolicies) }, "", true, true},
		{"only those of secrets were read", func(e *object.Estate) {
			deny(e.Projects[0], callPolicies)
			e.Projects[0].Listings = append(e.Projects[0].Listings, listed("secretmanager.secrets.getIamPolicy")...)
		}, "", true, false},
		{"they could not be searched, and what was seen is open", func(e *object.Estate) {
			deny(e.Projects[0], callPolicies)
			open("cloudkms.googleapis.com/" + key)(e)
		}, "public", false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := project(func(p *object.Project) {
				p.KMS = []object.Key{{Name: key, Purpose: "ENCRYPT_DECRYPT", State: "ENABLED"}}
				p.Secrets = []object.Secret{{Name: secret, VersionsKnown: true}}
			})
			c.change(e)
			f := find(t, e)
			k, s := f.credentials["gcp:"+key], f.credentials["gcp:"+secret]
			for _, x := range []struct {
				of     *inventory.Credential
				unread bool
			}{{k, c.key}, {s, c.secretToo}} {
				if _, unread := x.of.Attributes["policy_unread"]; unread != x.unread {
					t.Errorf("%s: policy_unread is %v, want %v", x.of.ID, unread, x.unread)
				}
			}
			if k.Exposure != c.exposed {
				t.Errorf("exposure of the key is %q, want %q", k.Exposure, c.exposed)
			}
		})
	}
}
