package fake

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// Token returns a token of the reader for a scope, such as
// https://graph.microsoft.com/.default.
func (s *Server) Token(scope string) string {
	claims, err := json.Marshal(Tree{
		"aud": strings.TrimSuffix(scope, "/.default"), "tid": s.Tenant, "oid": "00000000-aaaa-bbbb-cccc-000000000002", "appid": s.App, "app_displayname": "muster",
	})
	if err != nil {
		return ""
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte("unsigned"))
}

// token is the token endpoint, and what leads there.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	base := "https://" + r.Host + "/" + s.Tenant
	switch {
	case strings.HasSuffix(r.URL.Path, "/discovery/instance"):
		write(w, http.StatusOK, Tree{"tenant_discovery_endpoint": base + "/v2.0/.well-known/openid-configuration", "api-version": "1.1", "metadata": []any{
			Tree{"preferred_network": r.Host, "preferred_cache": r.Host, "aliases": []string{r.Host}},
		}})
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		write(w, http.StatusOK, Tree{"token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize", "issuer": base + "/v2.0"})
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		s.issue(w, r)
	default:
		Refuse(w, http.StatusNotFound, "NotFound", "nothing is here")
	}
}

// issue issues a token to who proves to be the reader.
func (s *Server) issue(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		write(w, http.StatusBadRequest, Tree{"error": "invalid_request", "error_description": "AADSTS900144: the body cannot be read"})
		return
	}
	f := r.PostForm
	assertion := f.Get("client_assertion")
	switch {
	case f.Get("grant_type") != "client_credentials":
		write(w, http.StatusBadRequest, Tree{"error": "unsupported_grant_type", "error_description": "AADSTS70003: the grant type is not supported"})
	case f.Get("client_id") != s.App:
		write(w, http.StatusBadRequest, Tree{"error": "unauthorized_client", "error_description": "AADSTS700016: Application with identifier '" + f.Get("client_id") + "' was not found in the directory"})
	case assertion == "" && (s.Secret == "" || f.Get("client_secret") != s.Secret):
		write(w, http.StatusUnauthorized, Tree{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 0"})
	case assertion != "" && strings.Count(assertion, ".") != 2:
		write(w, http.StatusUnauthorized, Tree{"error": "invalid_client", "error_description": "AADSTS50027: JWT token is invalid or malformed."})
	default:
		scope, _, _ := strings.Cut(f.Get("scope"), " ")
		write(w, http.StatusOK, Tree{"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": s.Token(scope)})
	}
}
