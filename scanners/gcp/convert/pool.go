package convert

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"strings"
	"time"

	"github.com/muster-nhi/muster/scanners/gcp/object"
)

// cutLast splits a name at the last of a separator; all of it comes first if there
// is none.
func cutLast(name, separator string) (before, after string) {
	if i := strings.LastIndex(name, separator); i >= 0 {
		return name[:i], name[i+len(separator):]
	}
	return name, ""
}

// Pool converts a WorkloadIdentityPool or a WorkforcePool of IAM; project is empty
// for the latter.
func Pool(raw []byte) (p object.Pool, project string, err error) {
	var v struct {
		Name, DisplayName, Description, State, Mode, Parent string
		Disabled                                            bool
		SessionDuration                                     span
	}
	err = read(raw, &v)
	return object.Pool{
		Name: v.Name, DisplayName: v.DisplayName, Description: v.Description, State: v.State, Mode: v.Mode, Disabled: disabled(v.Disabled),
		Session: time.Duration(v.SessionDuration),
	}, known(Part(v.Name, "projects")), err
}

// Provider converts a provider of a workload identity pool or a workforce pool, and
// returns the name of the pool.
func Provider(raw []byte) (p object.Provider, pool string, err error) {
	var v struct {
		Name, DisplayName, State, AttributeCondition string
		Disabled                                     bool
		ExpireTime                                   Moment
		AttributeMapping                             labels
		Oidc                                         *struct {
			IssuerURI, ClientID string
			AllowedAudiences    []string
			JwksJSON            json.RawMessage
		}
		Aws  *struct{ AccountID string }
		Saml *struct{ IdpMetadataXML string }
		X509 json.RawMessage
	}
	err = read(raw, &v)
	p = object.Provider{
		Name: v.Name, DisplayName: v.DisplayName, State: v.State, Disabled: disabled(v.Disabled), Condition: v.AttributeCondition,
		Mapping: v.AttributeMapping, ExpiresAt: v.ExpireTime.Time,
	}
	switch {
	case v.Oidc != nil:
		p.Kind, p.Issuer, p.Audiences, p.Client = "oidc", v.Oidc.IssuerURI, v.Oidc.AllowedAudiences, v.Oidc.ClientID
		p.KeysUploaded = present(v.Oidc.JwksJSON) && string(v.Oidc.JwksJSON) != `""`
	case v.Aws != nil:
		p.Kind, p.Issuer = "aws", v.Aws.AccountID
	case v.Saml != nil:
		p.Kind, p.Issuer, p.KeysUploaded = "saml", entity(v.Saml.IdpMetadataXML), v.Saml.IdpMetadataXML != ""
	case present(v.X509):
		p.Kind, p.KeysUploaded = "x509", true
	}
	pool, _ = cutLast(v.Name, "/providers/")
	return p, pool, err
}

// entity is the id of the identity provider in SAML metadata (OASIS SAML 2.0
// metadata, EntityDescriptor); empty if it cannot be read.
func entity(metadata string) string {
	d := xml.NewDecoder(strings.NewReader(metadata))
	for range 100 { // it is the first element
		tok, err := d.RawToken()
		if err != nil {
			return ""
		}
		if e, ok := tok.(xml.StartElement); ok {
			for _, a := range e.Attr {
				if e.Name.Local == "EntityDescriptor" && a.Name.Local == "entityID" {
					return a.Value
				}
			}
			return ""
		}
	}
	return ""
}

// ManagedIdentity converts a WorkloadIdentityPoolManagedIdentity and returns the
// name of its pool.
func ManagedIdentity(raw []byte) (m object.ManagedIdentity, pool string, err error) {
	var v struct {
		Name, State string
		Disabled    bool
	}
	err = read(raw, &v)
	pool, _ = cutLast(v.Name, "/namespaces/")
	return object.ManagedIdentity{Name: v.Name, State: v.State, Disabled: disabled(v.Disabled)}, pool, err
}

// OAuthClient converts an OauthClient of IAM and returns the project that it is in.
func OAuthClient(raw []byte) (c object.OAuthClient, project string, err error) {
	var v struct {
		Name, ClientID, DisplayName, ClientType, State        string
		Disabled                                              bool
		AllowedScopes, AllowedGrantTypes, AllowedRedirectUris []string
		ExpireTime                                            Moment
	}
	err = read(raw, &v)
	return object.OAuthClient{
		Name: v.Name, ID: v.ClientID, DisplayName: v.DisplayName, Type: v.ClientType, State: v.State, Disabled: disabled(v.Disabled),
		Scopes: v.AllowedScopes, Grants: v.AllowedGrantTypes, Redirects: v.AllowedRedirectUris, ExpiresAt: v.ExpireTime.Time,
	}, known(Part(v.Name, "projects")), err
}

// OAuthCredential converts an OauthClientCredential of IAM, whose answers carry the
// client secret, without it; and returns the name of its client.
func OAuthCredential(raw []byte) (c object.OAuthCredential, client string, err error) {
	var v struct {
		Name, DisplayName string
		Disabled          bool
	}
	err = read(raw, &v)
	client, _ = cutLast(v.Name, "/credentials/")
	return object.OAuthCredential{Name: v.Name, DisplayName: v.DisplayName, Disabled: disabled(v.Disabled)}, client, err
}

// Project converts a Project of Resource Manager, version 3 or 1.
func Project(raw []byte) (object.Project, error) {
	var v struct {
		Name, ProjectID, DisplayName, State, LifecycleState string
		ProjectNumber                                       json.Number
		CreateTime                                          Moment
		Labels                                              labels
		Parent                                              parent
	}
	err := read(raw, &v)
	p := object.Project{
		ID: v.ProjectID, Number: string(v.ProjectNumber), Name: cmp.Or(v.DisplayName, v.Name), Parent: string(v.Parent),
		State: cmp.Or(v.State, v.LifecycleState), CreatedAt: v.CreateTime.Time, Labels: v.Labels,
	}
	if number, ok := strings.CutPrefix(v.Name, "projects/"); ok && digits(number) {
		p.Number, p.Name = number, v.DisplayName
	}
	return p, err
}

// A parent is organizations/… or folders/…: the name itself, or the object that
// version 1 has.
type parent string

// UnmarshalJSON reads either.
func (p *parent) UnmarshalJSON(b []byte) error {
	var text string
	if read(b, &text) == nil {
		*p = parent(Resource(text))
		return nil
	}
	var v struct{ Type, ID string }
	_ = read(b, &v) // what is neither is unknown
	if v.ID != "" && (v.Type == "folder" || v.Type == "organization") {
		*p = parent(v.Type + "s/" + v.ID)
	}
	return nil
}

// Folder converts a Folder of Resource Manager, version 3 or 2.
func Folder(raw []byte) (object.Folder, error) {
	var v struct {
		Name, DisplayName, State, LifecycleState string
		CreateTime                               Moment
		Parent                                   parent
	}
	err := read(raw, &v)
	return object.Folder{Name: v.Name, DisplayName: v.DisplayName, Parent: string(v.Parent), State: cmp.Or(v.State, v.LifecycleState), CreatedAt: v.CreateTime.Time}, err
}

// Organization converts an Organization of Resource Manager, version 3 or 1.
func Organization(raw []byte) (object.Organization, error) {
	var v struct {
		Name, DisplayName, DirectoryCustomerID, State, LifecycleState string
		CreateTime, CreationTime                                      Moment
		Owner                                                         struct{ DirectoryCustomerID string }
	}
	err := read(raw, &v)
	o := object.Organization{
		Name: v.Name, DisplayName: v.DisplayName, Customer: cmp.Or(v.DirectoryCustomerID, v.Owner.DirectoryCustomerID), State: cmp.Or(v.State, v.LifecycleState),
		CreatedAt: v.CreateTime.Time,
	}
	if o.CreatedAt.IsZero() {
		o.CreatedAt = v.CreationTime.Time
	}
	return o, err
}

// Contact converts a Contact of Essential Contacts and returns the resource that it
// is of: projects/…, folders/… or organizations/….
func Contact(raw []byte) (c object.Contact, of string, err error) {
	var v struct {
		Name, Email                       string
		NotificationCategorySubscriptions []string
	}
	err = read(raw, &v)
	of, _ = cutLast(v.Name, "/contacts/")
	return object.Contact{Email: v.Email, Categories: v.NotificationCategorySubscriptions}, of, err
}

// Service converts a Service of Service Usage: its name, whether it is enabled, and
// the number or id of its project.
func Service(raw []byte) (name string, enabled bool, project string, err error) {
	var v struct {
		Name, State string
		Config      struct{ Name string }
	}
	err = read(raw, &v)
	return cmp.Or(v.Config.Name, Part(v.Name, "services"), Last(v.Name)), v.State == "ENABLED", known(Part(v.Name, "projects")), err
}
