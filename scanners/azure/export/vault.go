package export

import (
	"cmp"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/azure/convert"
	"github.com/muster-nhi/muster/scanners/azure/object"
)

// A vaultObject is an object of a vault, and the subscription that the path of its
// file names.
type vaultObject struct {
	object.VaultObject
	Sub string
}

// vaultObject reads a secret, key or certificate of a vault, without its value. Its id
// is an address: https://VAULT.vault.azure.net/secrets/NAME.
func (doc *document) vaultObject(raw json.RawMessage, fields map[string]json.RawMessage) bool {
	id := cmp.Or(text(fields["id"]), text(fields["kid"]))
	if !strings.HasPrefix(id, "https://") || len(fields["attributes"]) == 0 {
		return false
	}
	u, err := url.Parse(id)
	if err != nil || !strings.Contains(u.Host, ".vault.") {
		return false
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	kinds := map[string]struct{ kind, call string }{"secrets": {"secret", callSecrets}, "keys": {"key", callKeys}, "certificates": {"certificate", callCertificates}}
	k, ok := kinds[parts[0]]
	if !ok || len(parts) < 2 {
		return false
	}
	var v struct {
		Attributes struct {
			Enabled   *bool         `json:"enabled"`
			Created   convert.Stamp `json:"created"`
			Updated   convert.Stamp `json:"updated"`
			Begins    convert.Stamp `json:"nbf"`
			Ends      convert.Stamp `json:"exp"`
			NotBefore convert.Stamp `json:"notBefore"` // as az writes them
			Expires   convert.Stamp `json:"expires"`
		} `json:"attributes"`
		ContentType string       `json:"contentType"`
		Managed     *bool        `json:"managed"`
		Thumbprint  string       `json:"x5t"`
		AzPrint     string       `json:"x509Thumbprint"`
		Tags        convert.Tags `json:"tags"`
	}
	err = json.Unmarshal(raw, &v)
	host := lower(u.Host)
	doc.took(k.call, host, err)
	doc.hear(k.call, host)
	o := object.VaultObject{
		ID: "https://" + u.Host + "/" + parts[0] + "/" + parts[1], Name: parts[1], Kind: k.kind, Enabled: convert.Tri(v.Attributes.Enabled), CreatedAt: v.Attributes.Created.Time,
		UpdatedAt: v.Attributes.Updated.Time, NotBefore: either(v.Attributes.Begins, v.Attributes.NotBefore).Time, Expiry: either(v.Attributes.Ends, v.Attributes.Expires).Time,
		ContentType: v.ContentType, Managed: inventory.TriOf(v.Managed != nil && *v.Managed), Thumbprint: convert.Thumbprint(cmp.Or(v.Thumbprint, v.AzPrint)), Tags: v.Tags,
	}
	if doc.t.objects[host] == nil {
		doc.t.objects[host] = set[vaultObject]{}
	}
	doc.t.objects[host].merge(o.Kind+" "+o.ID, vaultObject{o, doc.sub})
	return true
}

// either is the one of two times that is known.
func either(a, b convert.Stamp) convert.Stamp {
	if a.IsZero() {
		return b
	}
	return a
}
