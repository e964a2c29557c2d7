package convert

import (
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Expanded is how many related objects $expand returns at most for directory
// objects, without a word about more (docs of Microsoft Graph, $expand).
const Expanded = 20

// A password is a client secret: its hint and its text, which is null when it is read
// and which az prints where one was just made, are not decoded.
type password struct {
	KeyID string `json:"keyId"`
	Name  string `json:"displayName"`
	Start Stamp  `json:"startDateTime"`
	End   Stamp  `json:"endDateTime"`
}

// A keyCredential is a certificate: its bytes are not decoded.
type keyCredential struct {
	KeyID      string `json:"keyId"`
	Name       string `json:"displayName"`
	Type       string `json:"type"`
	Usage      string `json:"usage"`
	Identifier string `json:"customKeyIdentifier"`
	Start      Stamp  `json:"startDateTime"`
	End        Stamp  `json:"endDateTime"`
}

func (n *Names) passwords(list []password) []object.Password {
	var out []object.Password
	for _, p := range list {
		out = append(out, object.Password{ID: strings.ToLower(p.KeyID), Name: n.Text(p.Name), Start: p.Start.Time, End: p.End.Time})
	}
	return out
}

func (n *Names) keys(list []keyCredential) []object.Certificate {
	var out []object.Certificate
	for _, k := range list {
		out = append(out, object.Certificate{
			ID: strings.ToLower(k.KeyID), Name: n.Text(k.Name), Type: n.Text(k.Type), Usage: n.Text(k.Usage),
			Thumbprint: n.Text(Thumbprint(k.Identifier)), Start: k.Start.Time, End: k.End.Time,
		})
	}
	return out
}

// A role that an application defines, or a delegated permission. Descriptions are not
// decoded.
type role struct {
	ID      string `json:"id"`
	Value   string `json:"value"`
	Name    string `json:"displayName"`
	Consent string `json:"adminConsentDisplayName"`
	Enabled bool   `json:"isEnabled"`
}

func (n *Names) roles(roles, scopes []role) []object.AppRole {
	var out []object.AppRole
	for _, r := range roles {
		out = append(out, object.AppRole{ID: n.ID(r.ID), Value: n.Text(r.Value), Name: n.Text(r.Name), Enabled: r.Enabled})
	}
	for _, s := range scopes {
		out = append(out, object.AppRole{ID: n.ID(s.ID), Value: n.Text(s.Value), Name: n.Text(s.Consent), Enabled: s.Enabled, Scope: true})
	}
	return out
}

// displayed is an object of which the display name is kept.
type displayed struct {
	Name string `json:"displayName"`
}

// disabled returns why Microsoft disabled something; empty if it did not.
func disabled(status string) string {
	if status == "NotDisabled" {
		return ""
	}
	return status
}

// An Application is an application of Microsoft Graph, without what is related to it.
type Application struct {
	ID          string    `json:"id"`
	AppID       string    `json:"appId"`
	Name        string    `json:"displayName"`
	Description string    `json:"description"`
	Created     Stamp     `json:"createdDateTime"`
	Audience    string    `json:"signInAudience"`
	Domain      string    `json:"publisherDomain"`
	Publisher   displayed `json:"verifiedPublisher"`
	Reference   string    `json:"serviceManagementReference"`
	Notes       string    `json:"notes"`
	Tags        []string  `json:"tags"`
	Disabled    string    `json:"disabledByMicrosoftStatus"`
	Lock        *struct {
		Enabled bool `json:"isEnabled"`
		All     bool `json:"allProperties"`
		Verify  bool `json:"credentialsWithUsageVerify"`
	} `json:"servicePrincipalLockConfiguration"`
	Passwords []password      `json:"passwordCredentials"`
	Keys      []keyCredential `json:"keyCredentials"`
	Required  []struct {
		App    string `json:"resourceAppId"`
		Access []struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"resourceAccess"`
	} `json:"requiredResourceAccess"`
	Roles []role `json:"appRoles"`
	API   struct {
		Scopes []role `json:"oauth2PermissionScopes"`
	} `json:"api"`
	Fallback *bool `json:"isFallbackPublicClient"`
	Web      struct {
		Redirects []string `json:"redirectUris"`
		Implicit  struct {
			Access *bool `json:"enableAccessTokenIssuance"`
			ID     *bool `json:"enableIdTokenIssuance"`
		} `json:"implicitGrantSettings"`
	} `json:"web"`
	Single struct {
		Redirects []string `json:"redirectUris"`
	} `json:"spa"`
	Public struct {
		Redirects []string `json:"redirectUris"`
	} `json:"publicClient"`
}

// Object makes an application of what is told of it. What is null is none; what is not
// told is not known.
func (a *Application) Object(n *Names, told Told) object.Application {
	out := object.Application{
		ID: n.ID(a.ID), AppID: n.ID(a.AppID), Name: a.Name, Description: a.Description, CreatedAt: a.Created.Time,
		Audience: n.Text(a.Audience), PublisherDomain: n.Text(a.Domain), VerifiedPublisher: n.Text(a.Publisher.Name),
		PublisherKnown:    told.of("verifiedPublisher"),
		ServiceManagement: n.Text(a.Reference), Notes: a.Notes, Tags: n.Texts(a.Tags), DisabledByMicrosoft: disabled(a.Disabled),
		Passwords: n.passwords(a.Passwords), Keys: n.keys(a.Keys), Roles: n.roles(a.Roles, a.API.Scopes),
	}
	for _, list := range [][]string{a.Web.Redirects, a.Single.Redirects, a.Public.Redirects} {
		out.RedirectURIs = append(out.RedirectURIs, n.Texts(list)...)
	}
	if told.of("isFallbackPublicClient") {
		out.PublicClient = inventory.TriOf(a.Fallback != nil && *a.Fallback)
	}
	if a.Lock != nil {
		out.Lock = &object.Lock{Enabled: a.Lock.Enabled, All: a.Lock.All, Credentials: a.Lock.Verify}
	} else if told.of("servicePrincipalLockConfiguration") {
		out.Lock = &object.Lock{}
	}
	if access, id := a.Web.Implicit.Access, a.Web.Implicit.ID; access != nil || id != nil {
		out.ImplicitGrant = inventory.TriOf(access != nil && *access || id != nil && *id)
	}
	for _, r := range a.Required {
		need := object.Required{Resource: n.ID(r.App)}
		for _, one := range r.Access {
			if one.Type == "Role" {
				need.Roles = append(need.Roles, n.ID(one.ID))
			} else {
				need.Scopes = append(need.Scopes, n.ID(one.ID))
			}
		}
		out.Required = append(out.Required, need)
	}
	return out
}

// A Federated is a federated credential, of an application or a managed identity.
type Federated struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Issuer      string   `json:"issuer"`
	Subject     string   `json:"subject"`
	Description string   `json:"description"`
	Audiences   []string `json:"audiences"`
	Expression  struct {
		Value string `json:"value"`
	} `json:"claimsMatchingExpression"`
}

// Object makes a federated credential of what is told of it.
func (f *Federated) Object(n *Names) object.Federated {
	return object.Federated{
		ID: strings.ToLower(f.ID), Name: f.Name, Issuer: n.Text(f.Issuer), Subject: f.Subject, Description: f.Description,
		Expression: f.Expression.Value, Audiences: n.Texts(f.Audiences),
	}
}
