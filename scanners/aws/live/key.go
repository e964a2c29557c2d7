package live

import (
	"context"
	"errors"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// keys lists the keys that the account made, and asks about each. Those that AWS
// made for its services (aliases alias/aws/…) are AWS's to rotate, and nobody can
// change who may use them: they are left out.
func (s *session) keys(ctx context.Context, region string) {
	type keyPage struct {
		wire.Page
		Keys []struct{ KeyID, KeyArn string }
	}
	names, own := map[string]string{}, map[string]bool{}
	type aliasPage struct {
		wire.Page
		Aliases []struct{ AliasName, TargetKeyID string }
	}
	list(ctx, s, "kms:ListAliases", region, nil, func(p *aliasPage) int {
		for _, x := range p.Aliases {
			if strings.HasPrefix(x.AliasName, "alias/aws/") {
				own[x.TargetKeyID] = true
			} else if x.TargetKeyID != "" && (names[x.TargetKeyID] == "" || x.AliasName < names[x.TargetKeyID]) {
				names[x.TargetKeyID] = x.AliasName
			}
		}
		return len(p.Aliases)
	})
	var found []object.Key
	list(ctx, s, "kms:ListKeys", region, nil, func(p *keyPage) int {
		for _, x := range p.Keys {
			if !own[x.KeyID] {
				found = append(found, object.Key{ARN: x.KeyArn, ID: x.KeyID, Region: region, Alias: names[x.KeyID]})
			}
		}
		return len(p.Keys)
	})
	s.describeKeys(ctx, region, found)
	s.keep(func(a *object.Account) { a.Keys = append(a.Keys, found...) })
}

type keyMetadata struct {
	KeyMetadata struct {
		Description, KeyUsage, KeyState, Origin, KeyManager, KeySpec string
		CreationDate, DeletionDate, ValidTo                          wire.Time
	}
}

func (s *session) describeKeys(ctx context.Context, region string, keys []object.Key) {
	about := func(k *object.Key) wire.Values { return wire.Values{"KeyId": k.ARN} }
	details(ctx, s, "kms:DescribeKey", region, keys, func(ctx context.Context, k *object.Key) error {
		var out keyMetadata
		err := s.ask(ctx, "kms:DescribeKey", region, about(k), &out)
		if m := out.KeyMetadata; err == nil {
			k.Description, k.Manager, k.State, k.Spec, k.Usage, k.Origin = m.Description, m.KeyManager, m.KeyState, m.KeySpec, m.KeyUsage, m.Origin
			k.CreatedAt, k.DeletesAt, k.ValidTo = m.CreationDate.Time, m.DeletionDate.Time, m.ValidTo.Time
		}
		return err
	})
	var customer []*object.Key
	for i := range keys {
		if keys[i].Manager != "AWS" {
			customer = append(customer, &keys[i])
		}
	}
	s.rotation(ctx, region, customer)
	s.keyAccess(ctx, region, customer)
	s.keyUsage(ctx, region, customer)
}

// rotation asks whether keys rotate. Only symmetric keys whose material AWS made
// can (KMS Developer Guide, "Rotating AWS KMS keys").
func (s *session) rotation(ctx context.Context, region string, keys []*object.Key) {
	type answer struct {
		KeyRotationEnabled   bool
		RotationPeriodInDays int
		NextRotationDate     wire.Time
	}
	var able []*object.Key
	for _, k := range keys {
		if k.Spec == "SYMMETRIC_DEFAULT" && k.Origin == "AWS_KMS" && k.State != "PendingDeletion" {
			able = append(able, k)
		}
	}
	details(ctx, s, "kms:GetKeyRotationStatus", region, able, func(ctx context.Context, at **object.Key) error {
		var out answer
		err := s.ask(ctx, "kms:GetKeyRotationStatus", region, wire.Values{"KeyId": (*at).ARN}, &out)
		if err == nil {
			k := *at
			k.Rotation, k.RotationDays, k.RotatesAt = inventory.TriOf(out.KeyRotationEnabled), out.RotationPeriodInDays, out.NextRotationDate.Time
		}
		return err
	})
}

type grantPage struct {
	wire.Page
	Grants []struct {
		GrantID, Name, GranteePrincipal, RetiringPrincipal, IssuingAccount wire.Text
		CreationDate                                                       wire.Time
		Operations                                                         []string
		Constraints                                                        map[string]wire.Dropped
	}
}

// keyAccess asks who may use keys.
func (s *session) keyAccess(ctx context.Context, region string, keys []*object.Key) {
	type answer struct{ Policy string }
	details(ctx, s, "kms:GetKeyPolicy", region, keys, func(ctx context.Context, at **object.Key) error {
		var out answer
		err := s.ask(ctx, "kms:GetKeyPolicy", region, wire.Values{"KeyId": (*at).ARN, "PolicyName": "default"}, &out)
		if err == nil {
			k := *at
			k.Policy = s.document(out.Policy, k.ARN)
			k.PolicyKnown = k.Policy != nil
		}
		return err
	})
	details(ctx, s, "kms:ListGrants", region, keys, func(ctx context.Context, at **object.Key) error {
		k := *at
		_, err := wire.Pages(ctx, s.client, s.op("kms:ListGrants"), region, wire.Values{"KeyId": k.ARN}, func(p *grantPage) int {
			for _, g := range p.Grants {
				k.Grants = append(k.Grants, object.KeyGrant{
					ID: string(g.GrantID), Name: string(g.Name), Grantee: string(g.GranteePrincipal), Retiring: string(g.RetiringPrincipal),
					Issuer: string(g.IssuingAccount), Operations: g.Operations, Constrained: len(g.Constraints) > 0, CreatedAt: g.CreationDate.Time,
				})
			}
			return len(p.Grants)
		})
		k.GrantsKnown = err == nil
		return err
	})
}

// keyUsage asks when keys were last used, which AWS tells since 2026 and not
// everywhere.
func (s *session) keyUsage(ctx context.Context, region string, keys []*object.Key) {
	type answer struct {
		KeyLastUsage      struct{ Timestamp wire.Time }
		TrackingStartDate wire.Time
	}
	details(ctx, s, "kms:GetKeyLastUsage", region, keys, func(ctx context.Context, at **object.Key) error {
		var out answer
		err := s.ask(ctx, "kms:GetKeyLastUsage", region, wire.Values{"KeyId": (*at).ARN}, &out)
		if errors.Is(err, context.Canceled) {
			return err
		}
		if err == nil {
			(*at).LastUsed, (*at).UsageKnown = out.KeyLastUsage.Timestamp.Time, !out.TrackingStartDate.IsZero()
		}
		return err
	})
}
