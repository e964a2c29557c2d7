package export

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// The shapes of what IAM, STS and Account Management answer of the account itself.
type (
	oidcProvider struct {
		URL            string
		ClientIDList   []string
		ThumbprintList []string
		CreateDate     moment
		Tags           tags
	}
	samlProvider struct {
		Arn                    string
		ValidUntil, CreateDate moment
	}
	serverCertificate struct {
		Arn, ServerCertificateName string
		UploadDate, Expiration     moment
	}
	delegation struct {
		DelegationRequestID, OwnerAccountID, Description, OwnerID, ApproverID, State, RequestorID, RequestorName string
		ExpirationTime, CreateDate, UpdatedTime                                                                  moment
	}
	summary struct {
		SummaryMap map[string]int
	}
	caller  struct{ Account, Arn string }
	contact struct {
		AlternateContact struct{ Name, EmailAddress, AlternateContactType string }
	}
	savedCredentialReport struct {
		Content       string
		GeneratedTime moment
	}
)

func (h *handlers) providers() {
	on(h, "OpenIDConnectProviderList", "iam:ListOpenIDConnectProviders", nil, func(v *struct{ Arn string }) string { return v.Arn }, func(a *account, _ string, v *struct{ Arn string }) {
		p := a.oidc.of(v.Arn)
		p.ARN = v.Arn
		if _, url, ok := strings.Cut(v.Arn, ":oidc-provider/"); ok && p.URL == "" {
			p.URL = url
		}
	})
	one(h, "iam:GetOpenIDConnectProvider", []string{"Url", "ClientIDList"}, noARN, func(a *account, _ string, v *oidcProvider) {
		url := strings.TrimPrefix(v.URL, "https://")
		arn := "arn:" + cmp.Or(a.Partition, "aws") + ":iam::" + a.ID + ":oidc-provider/" + url
		*a.oidc.of(arn) = object.OIDCProvider{
			ARN: arn, URL: url, Clients: slices.Sorted(slices.Values(v.ClientIDList)), CreatedAt: v.CreateDate.Time, Tags: v.Tags.list(), Thumbprints: len(v.ThumbprintList),
		}
	})
	on(h, "SAMLProviderList", "iam:ListSAMLProviders", nil, func(v *samlProvider) string { return v.Arn }, func(a *account, _ string, v *samlProvider) {
		*a.saml.of(v.Arn) = object.SAMLProvider{ARN: v.Arn, CreatedAt: v.CreateDate.Time, ValidUntil: v.ValidUntil.Time}
	})
	on(h, "ServerCertificateMetadataList", "iam:ListServerCertificates", nil, func(v *serverCertificate) string { return v.Arn }, func(a *account, _ string, v *serverCertificate) {
		*a.certs.of(v.Arn) = object.Certificate{ARN: v.Arn, Domain: v.ServerCertificateName, Type: "IAM", CreatedAt: v.UploadDate.Time, NotAfter: v.Expiration.Time}
	})
	on(h, "DelegationRequests", "iam:ListDelegationRequests", nil, noARN, func(a *account, _ string, v *delegation) {
		*a.requests.of(v.DelegationRequestID) = object.Delegation{
			ID: v.DelegationRequestID, State: v.State, Requestor: cmp.Or(v.RequestorName, v.RequestorID), OwnerAccount: v.OwnerAccountID, Owner: v.OwnerID,
			Approver: v.ApproverID, Description: v.Description, CreatedAt: v.CreateDate.Time, ExpiresAt: v.ExpirationTime.Time, UpdatedAt: v.UpdatedTime.Time,
		}
	})
	one(h, "iam:GetOutboundWebIdentityFederationInfo", []string{"JwtVendingEnabled"}, noARN, func(a *account, _ string, v *struct {
		IssuerIdentifier  string
		JwtVendingEnabled bool
	},
	) {
		a.Outbound = &object.Outbound{Enabled: v.JwtVendingEnabled, Issuer: v.IssuerIdentifier}
	})
}

func (h *handlers) accountFacts() {
	one(h, "sts:GetCallerIdentity", []string{"UserId", "Account", "Arn"}, callerARN, func(a *account, _ string, v *caller) { a.Reader = v.Arn })
	one(h, "iam:GetAccountSummary", []string{"SummaryMap"}, noARN, (*account).summary)
	h.lists["AccountAliases"] = append(h.lists["AccountAliases"], handler{"iam:ListAccountAliases", func(doc *document, raw json.RawMessage) bool {
		var name string
		err := json.Unmarshal(raw, &name)
		doc.take("iam:ListAccountAliases", "", err, func(a *account, _ string) { a.Alias = name })
		return true
	}})
	one(h, "account:GetAlternateContact", []string{"AlternateContact"}, noARN, func(a *account, _ string, v *contact) {
		c := v.AlternateContact
		a.Contacts = append(a.Contacts, object.Contact{Type: c.AlternateContactType, Name: c.Name, Email: c.EmailAddress})
	})
	on(h, "Regions", "ec2:DescribeRegions", func(v *region) bool { return v.RegionName != "" }, noARN, func(a *account, _ string, v *region) {
		switch v.OptInStatus + v.RegionOptStatus {
		case "not-opted-in", "DISABLED", "DISABLING":
			a.regions[v.RegionName] = false
		default:
			a.regions[v.RegionName] = true
		}
	})
	h.answers = append(h.answers,
		answer{"iam:GetCredentialReport", []string{"Content", "GeneratedTime"}, readReport},
		answer{"iam:GetCredentialReport", []string{"State", "Description"}, unfinishedReport})
}

type region struct{ RegionName, OptInStatus, RegionOptStatus string }

func callerARN(v *caller) string {
	if object.IsAccount(v.Account) {
		return v.Arn
	}
	return ""
}

// summary takes what the summary of the account says of the root user.
func (a *account) summary(_ string, v *summary) {
	if a.Root == nil {
		a.Root = &object.Root{AccessKeys: -1}
	}
	if n, ok := v.SummaryMap["AccountMFAEnabled"]; ok {
		a.Root.MFA = inventory.TriOf(n > 0)
	}
	if n, ok := v.SummaryMap["AccountAccessKeysPresent"]; ok && n == 0 {
		a.Root.AccessKeys = 0 // it says that there is one, not how many or whether it is active
	}
	if n, ok := v.SummaryMap["AccountPasswordPresent"]; ok {
		a.Root.PasswordEnabled = inventory.TriOf(n > 0)
	}
}

// readReport reads a credential report in the shape in which the API returns it.
func readReport(doc *document, raw json.RawMessage) bool {
	var v savedCredentialReport
	if json.Unmarshal(raw, &v) != nil {
		return false
	}
	data, err := base64.StdEncoding.DecodeString(v.Content)
	if err != nil && len(data) == 0 {
		data = []byte(v.Content) // some tools decode it before they write it
	}
	doc.r.report(doc.name, data, v.GeneratedTime.Time)
	return true
}

// unfinishedReport reads the answer to the request to make a report.
func unfinishedReport(doc *document, raw json.RawMessage) bool {
	var v struct{ State string }
	if json.Unmarshal(raw, &v) != nil || !slices.Contains([]string{"STARTED", "INPROGRESS", "COMPLETE"}, v.State) {
		return false
	}
	if v.State != "COMPLETE" {
		doc.r.note(doc.name, "says that the credential report was still being made; it is fetched by aws iam get-credential-report some seconds later")
	}
	return true
}
