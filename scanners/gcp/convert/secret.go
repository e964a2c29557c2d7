package convert

import (
	"slices"
	"time"

	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// Secret converts a Secret of Secret Manager, which has no value, and returns the
// number or id of its project.
func Secret(raw []byte) (s object.Secret, project string, err error) {
	type encryption struct{ KmsKeyName string }
	var v struct {
		Name, SecretType       string
		CreateTime, ExpireTime Moment
		Labels, Annotations    labels
		Topics                 []struct{ Name string }
		Rotation               struct {
			NextRotationTime      Moment
			RotationPeriod        span
			ManagedRotationStatus managed
		}
		CustomerManagedEncryption encryption
		Replication               struct {
			Automatic *struct {
				CustomerManagedEncryption encryption
			}
			UserManaged struct {
				Replicas []struct {
					Location                  string
					CustomerManagedEncryption encryption
				}
			}
		}
	}
	err = read(raw, &v)
	s = object.Secret{
		Name: v.Name, Location: Part(v.Name, "locations"), CreatedAt: v.CreateTime.Time, ExpiresAt: v.ExpireTime.Time, NextRotation: v.Rotation.NextRotationTime.Time,
		RotationPeriod: time.Duration(v.Rotation.RotationPeriod), ManagedRotation: string(v.Rotation.ManagedRotationStatus), Type: v.SecretType,
		Labels: slices.Concat(v.Labels, v.Annotations),
	}
	for _, t := range v.Topics {
		s.Topics = append(s.Topics, t.Name)
	}
	key := func(e encryption) {
		if e.KmsKeyName != "" {
			s.KMS = append(s.KMS, e.KmsKeyName)
		}
	}
	key(v.CustomerManagedEncryption)
	if v.Replication.Automatic != nil {
		s.Replication = []string{"automatic"}
		key(v.Replication.Automatic.CustomerManagedEncryption)
	}
	for _, r := range v.Replication.UserManaged.Replicas {
		s.Replication = append(s.Replication, r.Location)
		key(r.CustomerManagedEncryption)
	}
	return s, known(Part(v.Name, "projects")), err
}

// A managed status is that of a rotation which Google does: a word, or an object
// with it.
type managed string

// UnmarshalJSON reads either.
func (m *managed) UnmarshalJSON(b []byte) error {
	var text string
	if read(b, &text) == nil {
		*m = managed(text)
		return nil
	}
	var v struct{ State string }
	_ = read(b, &v) // what is neither is unknown
	*m = managed(v.State)
	return nil
}

// SecretVersion converts a SecretVersion of Secret Manager and returns the name of
// its secret.
func SecretVersion(raw []byte) (v object.SecretVersion, secret string, err error) {
	var x struct {
		Name, State             string
		CreateTime, DestroyTime Moment
	}
	err = read(raw, &x)
	secret, id := cutLast(x.Name, "/versions/")
	return object.SecretVersion{ID: id, State: x.State, CreatedAt: x.CreateTime.Time, DestroyedAt: x.DestroyTime.Time}, secret, err
}

// CryptoKey converts a CryptoKey of Cloud KMS and returns the project that it is in.
func CryptoKey(raw []byte) (k object.Key, project string, err error) {
	var v struct {
		Name, Purpose                string
		CreateTime, NextRotationTime Moment
		RotationPeriod               span
		ImportOnly                   bool
		Labels                       labels
		Primary                      struct {
			State, Algorithm, ProtectionLevel string
			CreateTime, GenerateTime          Moment
		}
		VersionTemplate struct{ Algorithm, ProtectionLevel string }
	}
	err = read(raw, &v)
	k = object.Key{
		Name: v.Name, Purpose: v.Purpose, Algorithm: v.VersionTemplate.Algorithm, Protection: v.VersionTemplate.ProtectionLevel, State: v.Primary.State,
		CreatedAt: v.CreateTime.Time, NextRotation: v.NextRotationTime.Time, PrimaryAt: v.Primary.CreateTime.Time,
		RotationPeriod: time.Duration(v.RotationPeriod), ImportOnly: v.ImportOnly, Labels: v.Labels,
	}
	if k.Algorithm == "" {
		k.Algorithm, k.Protection = v.Primary.Algorithm, v.Primary.ProtectionLevel
	}
	return k, known(Part(v.Name, "projects")), err
}
