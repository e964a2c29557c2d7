package export

import (
	"slices"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what ACM and IAM Roles Anywhere answer.
type (
	certificate struct {
		CertificateArn, DomainName, Status, Type, KeyAlgorithm, RenewalEligibility, ManagedBy string
		SubjectAlternativeNameSummaries                                                       []string
		InUse, Exported                                                                       *bool
		NotBefore, NotAfter, CreatedAt, ImportedAt                                            moment
	}
	trustAnchor struct {
		TrustAnchorArn, Name string
		Enabled              bool
		Source               struct{ SourceType string }
		CreatedAt, UpdatedAt moment
	}
	anywhereProfile struct {
		ProfileArn, Name string
		Enabled          bool
		RoleArns         []string
		SessionPolicy    text
		DurationSeconds  int64
		CreatedAt        moment
	}
	anywhereSubject struct {
		SubjectArn, X509Subject string
		Enabled                 bool
		LastSeenAt, CreatedAt   moment
		Credentials             []struct {
			SerialNumber, Issuer string
			Enabled, Failed      bool
			SeenAt               moment
		}
	}
)

func (h *handlers) certificates() {
	on(h, "CertificateSummaryList", "acm:ListCertificates", nil, func(v *certificate) string { return v.CertificateArn }, func(a *account, region string, v *certificate) {
		made := v.CreatedAt.Time
		if made.IsZero() {
			made = v.ImportedAt.Time
		}
		*a.certs.of(v.CertificateArn) = object.Certificate{
			ARN: v.CertificateArn, Domain: v.DomainName, Region: region, Names: slices.Sorted(slices.Values(v.SubjectAlternativeNameSummaries)), Type: v.Type,
			Status: v.Status, Algorithm: v.KeyAlgorithm, CreatedAt: made, NotBefore: v.NotBefore.Time, NotAfter: v.NotAfter.Time, InUse: yes(v.InUse),
			Renewal: v.RenewalEligibility, ManagedBy: v.ManagedBy, Exported: yes(v.Exported),
		}
	})
	on(h, "trustAnchors", "rolesanywhere:ListTrustAnchors", nil, func(v *trustAnchor) string { return v.TrustAnchorArn }, func(a *account, region string, v *trustAnchor) {
		*a.anchors.of(v.TrustAnchorArn) = object.Anchor{
			ARN: v.TrustAnchorArn, Name: v.Name, Region: region, Enabled: v.Enabled, Source: v.Source.SourceType, CreatedAt: v.CreatedAt.Time, UpdatedAt: v.UpdatedAt.Time,
		}
	})
	on(h, "profiles", "rolesanywhere:ListProfiles", func(v *anywhereProfile) bool { return strings.Contains(v.ProfileArn, ":rolesanywhere:") }, func(v *anywhereProfile) string { return v.ProfileArn },
		func(a *account, region string, v *anywhereProfile) {
			*a.profiles.of(v.ProfileArn) = object.AnywhereProfile{
				ARN: v.ProfileArn, Name: v.Name, Region: region, Enabled: v.Enabled, Roles: slices.Sorted(slices.Values(v.RoleArns)),
				Session: v.SessionPolicy.document(a, v.ProfileArn), Duration: seconds(v.DurationSeconds), CreatedAt: v.CreatedAt.Time,
			}
		})
	on(h, "subjects", "rolesanywhere:ListSubjects", func(v *anywhereSubject) bool { return v.SubjectArn != "" }, func(v *anywhereSubject) string { return v.SubjectArn }, (*account).subject)
	one(h, "rolesanywhere:ListSubjects", []string{"subject"}, func(v *struct{ Subject anywhereSubject }) string { return v.Subject.SubjectArn }, func(a *account, region string, v *struct{ Subject anywhereSubject }) {
		a.subject(region, &v.Subject)
	})
}

func (a *account) subject(region string, v *anywhereSubject) {
	s := a.subjects.of(v.SubjectArn)
	s.ARN, s.Subject, s.Region, s.Enabled, s.LastSeen, s.CreatedAt = v.SubjectArn, v.X509Subject, region, v.Enabled, v.LastSeenAt.Time, v.CreatedAt.Time
	for _, c := range v.Credentials {
		s.Serials = append(s.Serials, object.AnywhereSerial{Issuer: c.Issuer, Serial: c.SerialNumber, Enabled: c.Enabled, Failed: c.Failed, SeenAt: c.SeenAt.Time})
	}
}
