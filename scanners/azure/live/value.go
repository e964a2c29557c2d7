package live

import (
	"strings"

	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A password is a client secret: its hint and its text, which is null when it is
// read, are not decoded.
type password struct {
	KeyID string        `json:"keyId"`
	Name  string        `json:"displayName"`
	Start convert.Stamp `json:"startDateTime"`
	End   convert.Stamp `json:"endDateTime"`
}

// A keyCredential is a certificate: its bytes are not decoded.
type keyCredential struct {
	KeyID      string        `json:"keyId"`
	Name       string        `json:"displayName"`
	Type       string        `json:"type"`
	Usage      string        `json:"usage"`
	Identifier string        `json:"customKeyIdentifier"`
	Start      convert.Stamp `json:"startDateTime"`
	End        convert.Stamp `json:"endDateTime"`
}

func (x *run) passwords(list []password) []object.Password {
	var out []object.Password
	for _, p := range list {
		out = append(out, object.Password{ID: strings.ToLower(p.KeyID), Name: x.names.Text(p.Name), Start: p.Start.Time, End: p.End.Time})
	}
	return out
}

func (x *run) keys(list []keyCredential) []object.Certificate {
	var out []object.Certificate
	for _, k := range list {
		out = append(out, object.Certificate{
			ID: strings.ToLower(k.KeyID), Name: x.names.Text(k.Name), Type: x.names.Text(k.Type), Usage: x.names.Text(k.Usage),
			Thumbprint: x.names.Text(convert.Thumbprint(k.Identifier)), Start: k.Start.Time, End: k.End.Time,
		})
	}
	return out
}

// A federated credential.
type federated struct {
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

func (x *run) federated(list []federated) []object.Federated {
	var out []object.Federated
	for _, f := range list {
		out = append(out, object.Federated{
			ID: strings.ToLower(f.ID), Name: f.Name, Issuer: x.names.Text(f.Issuer), Subject: f.Subject, Description: f.Description,
			Expression: f.Expression.Value, Audiences: x.names.Texts(f.Audiences),
		})
	}
	return out
}

// A role that an application defines. Its description is not decoded.
type appRole struct {
	ID      string   `json:"id"`
	Value   string   `json:"value"`
	Name    string   `json:"displayName"`
	Enabled bool     `json:"isEnabled"`
	Members []string `json:"allowedMemberTypes"`
}

// A scope is a delegated permission that an application defines.
type scope struct {
	ID      string `json:"id"`
	Value   string `json:"value"`
	Name    string `json:"adminConsentDisplayName"`
	Enabled bool   `json:"isEnabled"`
}

func (x *run) roles(roles []appRole, scopes []scope) []object.AppRole {
	var out []object.AppRole
	for _, r := range roles {
		out = append(out, object.AppRole{ID: x.names.ID(r.ID), Value: x.names.Text(r.Value), Name: x.names.Text(r.Name), Enabled: r.Enabled})
	}
	for _, s := range scopes {
		out = append(out, object.AppRole{ID: x.names.ID(s.ID), Value: x.names.Text(s.Value), Name: x.names.Text(s.Name), Enabled: s.Enabled, Scope: true})
	}
	return out
}

// query writes a path with its query. Values are used as they are: Graph reads
// $select and $expand with commas and parentheses.
func query(path string, parts ...string) string {
	if len(parts) == 0 {
		return path
	}
	return path + "?" + strings.ReplaceAll(strings.Join(parts, "&"), " ", "%20")
}
