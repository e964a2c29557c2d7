package live

import (
	"context"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func (s *session) providers(ctx context.Context) {
	type listed struct {
		ARNs []string `xml:"OpenIDConnectProviderList>member>Arn"`
	}
	var found []object.OIDCProvider
	one(ctx, s, "iam:ListOpenIDConnectProviders", "", nil, func(out *listed) int {
		for _, arn := range out.ARNs {
			found = append(found, object.OIDCProvider{ARN: arn})
		}
		return len(out.ARNs)
	})
	type provider struct {
		URL         string `xml:"Url"`
		CreateDate  wire.Time
		Clients     []string    `xml:"ClientIDList>member"`
		Thumbprints []string    `xml:"ThumbprintList>member"`
		Tags        []tagDetail `xml:"Tags>member"`
	}
	details(ctx, s, "iam:GetOpenIDConnectProvider", "", found, func(ctx context.Context, p *object.OIDCProvider) error {
		var out provider
		err := s.ask(ctx, "iam:GetOpenIDConnectProvider", "", wire.Values{"OpenIDConnectProviderArn": p.ARN}, &out)
		if err == nil {
			p.URL, p.Clients, p.CreatedAt = out.URL, out.Clients, out.CreateDate.Time
			p.Thumbprints, p.Tags = len(out.Thumbprints), tags(out.Tags)
		}
		return err
	})
	s.keep(func(a *object.Account) { a.OIDC = found })
}

func (s *session) samlProviders(ctx context.Context) {
	type listed struct {
		List []struct {
			Arn        string
			ValidUntil wire.Time
			CreateDate wire.Time
		} `xml:"SAMLProviderList>member"`
	}
	var found []object.SAMLProvider
	one(ctx, s, "iam:ListSAMLProviders", "", nil, func(out *listed) int {
		for _, p := range out.List {
			found = append(found, object.SAMLProvider{ARN: p.Arn, CreatedAt: p.CreateDate.Time, ValidUntil: p.ValidUntil.Time})
		}
		return len(out.List)
	})
	type provider struct {
		Tags []tagDetail `xml:"Tags>member"`
		Keys []struct {
			KeyID     string `xml:"KeyId"`
			Timestamp wire.Time
		} `xml:"PrivateKeyList>member"`
	}
	details(ctx, s, "iam:GetSAMLProvider", "", found, func(ctx context.Context, p *object.SAMLProvider) error {
		var out provider
		err := s.ask(ctx, "iam:GetSAMLProvider", "", wire.Values{"SAMLProviderArn": p.ARN}, &out)
		if err != nil {
			return err
		}
		p.Tags = tags(out.Tags)
		for _, k := range out.Keys {
			p.Keys = append(p.Keys, object.SigningCertificate{ID: k.KeyID, Active: true, UploadedAt: k.Timestamp.Time})
		}
		return nil
	})
	s.keep(func(a *object.Account) { a.SAML = found })
}

func (s *session) outbound(ctx context.Context) {
	type info struct {
		IssuerIdentifier  string
		JwtVendingEnabled bool
	}
	var out info
	err := s.ask(ctx, "iam:GetOutboundWebIdentityFederationInfo", "", nil, &out)
	switch code := wire.Code(err); {
	case err == nil:
		s.keep(func(a *object.Account) {
			a.Outbound = &object.Outbound{Enabled: out.JwtVendingEnabled, Issuer: out.IssuerIdentifier}
		})
	case code == "FeatureDisabled" || code == "FeatureDisabledException":
		err = nil
		s.keep(func(a *object.Account) { a.Outbound = &object.Outbound{} })
	}
	s.note("iam:GetOutboundWebIdentityFederationInfo", "", 0, err)
}

func (s *session) delegations(ctx context.Context) {
	type page struct {
		wire.Page
		Requests []struct {
			ID             string `xml:"DelegationRequestId"`
			OwnerAccountID string `xml:"OwnerAccountId"`
			OwnerID        string `xml:"OwnerId"`
			ApproverID     string `xml:"ApproverId"`
			RequestorID    string `xml:"RequestorId"`
			RequestorName  string
			Description    string
			State          string
			ExpirationTime wire.Time
			CreateDate     wire.Time
			UpdatedTime    wire.Time
		} `xml:"DelegationRequests>member"`
	}
	list(ctx, s, "iam:ListDelegationRequests", "", nil, func(p *page) int {
		s.keep(func(a *object.Account) {
			for _, r := range p.Requests {
				requestor := r.RequestorName
				if requestor == "" {
					requestor = r.RequestorID
				}
				a.Delegations = append(a.Delegations, object.Delegation{
					ID: r.ID, State: r.State, Requestor: requestor, OwnerAccount: r.OwnerAccountID, Owner: r.OwnerID,
					Approver: r.ApproverID, Description: r.Description,
					CreatedAt: r.CreateDate.Time, ExpiresAt: r.ExpirationTime.Time, UpdatedAt: r.UpdatedTime.Time,
				})
			}
		})
		return len(p.Requests)
	})
}

func (s *session) serverCertificates(ctx context.Context) {
	type page struct {
		wire.Page
		List []struct {
			Arn                   string
			ServerCertificateName string
			UploadDate            wire.Time
			Expiration            wire.Time
		} `xml:"ServerCertificateMetadataList>member"`
	}
	list(ctx, s, "iam:ListServerCertificates", "", nil, func(p *page) int {
		s.keep(func(a *object.Account) {
			for _, c := range p.List {
				a.Certificates = append(a.Certificates, object.Certificate{
					ARN: c.Arn, Domain: c.ServerCertificateName, Type: "IAM", CreatedAt: c.UploadDate.Time, NotAfter: c.Expiration.Time,
				})
			}
		})
		return len(p.List)
	})
}
