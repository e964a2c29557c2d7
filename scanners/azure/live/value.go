package live

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A stamp is a time that may be missing or unreadable; then it is zero.
type stamp struct{ time.Time }

// UnmarshalJSON reads RFC 3339 with any number of digits. Resource Graph leaves out
// the zone of some.
func (s *stamp) UnmarshalJSON(data []byte) error {
	var text string
	_ = json.Unmarshal(data, &text) // what is no time is unknown
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			if at.Year() > 1 {
				s.Time = at.UTC()
			}
			return nil
		}
	}
	return nil
}

// A ref is a related object, as far as its id.
type ref struct {
	ID   string `json:"id"`
	Type string `json:"@odata.type"`
}

// ids returns the ids of related objects.
func (x *run) ids(list []ref) []string {
	var out []string
	for _, r := range list {
		out = append(out, x.id(r.ID))
	}
	return out
}

// id writes a GUID as the object package has it, once in memory.
func (x *run) id(s string) string { return x.names.text(strings.ToLower(s)) }

// A password is a client secret: its hint and its text, which is null when it is
// read, are not decoded.
type password struct {
	KeyID string `json:"keyId"`
	Name  string `json:"displayName"`
	Start stamp  `json:"startDateTime"`
	End   stamp  `json:"endDateTime"`
}

// A keyCredential is a certificate: its bytes are not decoded.
type keyCredential struct {
	KeyID      string `json:"keyId"`
	Name       string `json:"displayName"`
	Type       string `json:"type"`
	Usage      string `json:"usage"`
	Identifier string `json:"customKeyIdentifier"`
	Start      stamp  `json:"startDateTime"`
	End        stamp  `json:"endDateTime"`
}

func (x *run) passwords(list []password) []object.Password {
	var out []object.Password
	for _, p := range list {
		out = append(out, object.Password{ID: strings.ToLower(p.KeyID), Name: x.names.text(p.Name), Start: p.Start.Time, End: p.End.Time})
	}
	return out
}

func (x *run) keys(list []keyCredential) []object.Certificate {
	var out []object.Certificate
	for _, k := range list {
		out = append(out, object.Certificate{
			ID: strings.ToLower(k.KeyID), Name: x.names.text(k.Name), Type: x.names.text(k.Type), Usage: x.names.text(k.Usage),
			Thumbprint: x.names.text(thumbprint(k.Identifier)), Start: k.Start.Time, End: k.End.Time,
		})
	}
	return out
}

// sha1Size is the length of a thumbprint in bytes.
const sha1Size = 20

// thumbprint reads the identifier of a key as the SHA-1 of its certificate, if it is
// one: base64 of the bytes, or of their hex, or the hex itself, as tools differ in
// what they write there. Whatever else it is, is somebody's own text and not kept.
func thumbprint(s string) string {
	if len(s) == 2*sha1Size {
		if b, err := hex.DecodeString(s); err == nil {
			return strings.ToUpper(hex.EncodeToString(b))
		}
	}
	b, err := base64.StdEncoding.DecodeString(s)
	switch {
	case err != nil:
		return ""
	case len(b) == sha1Size:
		return strings.ToUpper(hex.EncodeToString(b))
	case len(b) == 2*sha1Size:
		if inner, err := hex.DecodeString(string(b)); err == nil {
			return strings.ToUpper(hex.EncodeToString(inner))
		}
	}
	return ""
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
			ID: strings.ToLower(f.ID), Name: f.Name, Issuer: x.names.text(f.Issuer), Subject: f.Subject, Description: f.Description,
			Expression: f.Expression.Value, Audiences: x.names.texts(f.Audiences),
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
		out = append(out, object.AppRole{ID: x.id(r.ID), Value: x.names.text(r.Value), Name: x.names.text(r.Name), Enabled: r.Enabled})
	}
	for _, s := range scopes {
		out = append(out, object.AppRole{ID: x.id(s.ID), Value: x.names.text(s.Value), Name: x.names.text(s.Name), Enabled: s.Enabled, Scope: true})
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

// maxSeconds is the year 9999, which is as far as a record can tell a time.
const maxSeconds = 253402300799

// seconds reads a time as vaults tell it; zero is unknown.
func seconds(n int64) time.Time {
	if n <= 0 || n > maxSeconds {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}
