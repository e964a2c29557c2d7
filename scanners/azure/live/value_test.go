package live

import (
	"encoding/json"
	"testing"

	"github.com/muster-nhi/muster/scanners/azure/convert"
)

// FuzzPages reads whatever is sent in place of applications and principals.
func FuzzPages(f *testing.F) {
	f.Add(`{"id":"A","passwordCredentials":[{"keyId":"K","hint":"abc","secretText":"x"}],"owners":[{"id":"O"}]}`)
	f.Add(`{"id":"A","appRoles":null,"web":null,"federatedIdentityCredentials":[{}]}`)
	f.Fuzz(func(t *testing.T, s string) {
		x := &run{names: convert.NewNames()}
		var a application
		if json.Unmarshal([]byte(s), &a) == nil {
			if out := x.application(&a); out.ID != x.names.ID(a.ID) || len(out.Owners) != len(a.Owners) || len(out.Passwords) != len(a.Passwords) {
				t.Errorf("%q became %+v", s, out)
			}
		}
		var p principal
		if json.Unmarshal([]byte(s), &p) == nil {
			x.principal(&p)
		}
	})
}
