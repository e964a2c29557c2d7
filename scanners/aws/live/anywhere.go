package live

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// anchors lists whose certificates may become roles.
func (s *session) anchors(ctx context.Context, region string) {
	type page struct {
		wire.Page
		TrustAnchors []struct {
			TrustAnchorArn, Name wire.Text
			Enabled              bool
			CreatedAt, UpdatedAt wire.Time
			Source               struct {
				SourceType wire.Text
				SourceData struct{ X509CertificateData string }
			}
		}
	}
	list(ctx, s, "rolesanywhere:ListTrustAnchors", region, nil, func(p *page) int {
		var found []object.Anchor
		for _, x := range p.TrustAnchors {
			found = append(found, object.Anchor{
				ARN: string(x.TrustAnchorArn), Name: string(x.Name), Region: region, Enabled: x.Enabled, Source: string(x.Source.SourceType),
				CreatedAt: x.CreatedAt.Time, UpdatedAt: x.UpdatedAt.Time, Certificates: bundle(x.Source.SourceData.X509CertificateData),
			})
		}
		s.keep(func(a *object.Account) { a.Anchors = append(a.Anchors, found...) })
		return len(p.TrustAnchors)
	})
}

// bundle reads the certificates of a bundle; those that cannot be read are left
// out.
func bundle(text string) []object.Certificate {
	var out []object.Certificate
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			out = append(out, object.Certificate{
				Domain: c.Subject.String(), Type: "CA", Algorithm: c.PublicKeyAlgorithm.String(), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			})
		}
	}
}

func (s *session) profiles(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Profiles []struct {
			ProfileArn, Name wire.Text
			Enabled          bool
			RoleArns         []string
			SessionPolicy    string
			DurationSeconds  int
			CreatedAt        wire.Time
		}
	}
	list(ctx, s, "rolesanywhere:ListProfiles", region, nil, func(p *page) int {
		var found []object.AnywhereProfile
		for _, x := range p.Profiles {
			found = append(found, object.AnywhereProfile{
				ARN: string(x.ProfileArn), Name: string(x.Name), Region: region, Enabled: x.Enabled, Roles: x.RoleArns,
				Session: s.document(x.SessionPolicy, string(x.ProfileArn)), Duration: time.Duration(x.DurationSeconds) * time.Second, CreatedAt: x.CreatedAt.Time,
			})
		}
		s.keep(func(a *object.Account) { a.Profiles = append(a.Profiles, found...) })
		return len(p.Profiles)
	})
}

func (s *session) subjects(ctx context.Context, region string) {
	type page struct {
		wire.Page
		Subjects []struct {
			SubjectArn, SubjectID wire.Text
			X509Subject           wire.Text
			Enabled               bool
			LastSeenAt, CreatedAt wire.Time
		}
	}
	type subject struct {
		object.AnywhereSubject
		id string
	}
	var found []subject
	list(ctx, s, "rolesanywhere:ListSubjects", region, nil, func(p *page) int {
		for _, x := range p.Subjects {
			found = append(found, subject{object.AnywhereSubject{
				ARN: string(x.SubjectArn), Subject: string(x.X509Subject), Region: region, Enabled: x.Enabled,
				LastSeen: x.LastSeenAt.Time, CreatedAt: x.CreatedAt.Time,
			}, string(x.SubjectID)})
		}
		return len(p.Subjects)
	})
	type answer struct {
		Subject struct {
			Credentials []struct {
				SeenAt               wire.Time
				SerialNumber, Issuer wire.Text
				Enabled, Failed      bool
			}
		}
	}
	details(ctx, s, "rolesanywhere:GetSubject", region, found, func(ctx context.Context, x *subject) error {
		var out answer
		err := s.ask(ctx, "rolesanywhere:GetSubject", region, wire.Values{"subjectId": x.id}, &out)
		for _, c := range out.Subject.Credentials {
			x.Serials = append(x.Serials, object.AnywhereSerial{
				Issuer: string(c.Issuer), Serial: string(c.SerialNumber), Enabled: c.Enabled, Failed: c.Failed, SeenAt: c.SeenAt.Time,
			})
		}
		return err
	})
	s.keep(func(a *object.Account) {
		for _, x := range found {
			a.Subjects = append(a.Subjects, x.AnywhereSubject)
		}
	})
}
