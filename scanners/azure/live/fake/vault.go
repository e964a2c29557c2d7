package fake

import (
	"net/http"
	"strings"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys"
	keys "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azkeys/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	secrets "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets/fake"
)

// vaultGate asks for a token of the cloud's vaults, and tells where to get one, as a
// vault does.
func (s *Server) vaultGate(w http.ResponseWriter, r *http.Request, in Request) {
	_, suffix, _ := strings.Cut(in.Host, ".")
	if audienceOf(r.Header.Get("Authorization")) != "https://"+suffix {
		w.Header().Set("Www-Authenticate", `Bearer authorization="https://login.microsoftonline.com/`+s.Tenant+`", resource="https://`+suffix+`"`)
		Refuse(w, http.StatusUnauthorized, "Unauthorized", "AKV10000: Request is missing a Bearer or PoP token.")
		return
	}
	in.Need = needs(r, in)
	if s.admit(w, in) {
		s.vault(w, r, in)
	}
}

// vault answers for Key Vault.
func (s *Server) vault(w http.ResponseWriter, r *http.Request, in Request) {
	kind, _, _ := strings.Cut(strings.Trim(r.URL.Path, "/"), "/")
	items := func() []Tree { return all(s.Vaults[in.Host+"/"+kind]) }
	var server transporter
	var api string
	switch kind {
	case "secrets":
		api = "Client.NewListSecretPropertiesPager"
		server = secrets.NewServerTransport(&secrets.Server{
			NewListSecretPropertiesPager: func(*azsecrets.ListSecretPropertiesOptions) azfake.PagerResponder[azsecrets.ListSecretPropertiesResponse] {
				return pages(s, r, as[azsecrets.SecretProperties](items()), func(v []*azsecrets.SecretProperties, next *string) azsecrets.ListSecretPropertiesResponse {
					return azsecrets.ListSecretPropertiesResponse{SecretPropertiesListResult: azsecrets.SecretPropertiesListResult{Value: v, NextLink: next}}
				})
			},
		})
	case "keys":
		api = "Client.NewListKeyPropertiesPager"
		server = keys.NewServerTransport(&keys.Server{
			NewListKeyPropertiesPager: func(*azkeys.ListKeyPropertiesOptions) azfake.PagerResponder[azkeys.ListKeyPropertiesResponse] {
				return pages(s, r, as[azkeys.KeyProperties](items()), func(v []*azkeys.KeyProperties, next *string) azkeys.ListKeyPropertiesResponse {
					return azkeys.ListKeyPropertiesResponse{KeyPropertiesListResult: azkeys.KeyPropertiesListResult{Value: v, NextLink: next}}
				})
			},
		})
	case "certificates":
		write(w, http.StatusOK, Tree{"value": items()})
		return
	default:
		Refuse(w, http.StatusBadRequest, "BadParameter", "this vault only lists")
		return
	}
	pass(w, r, server, api)
}
