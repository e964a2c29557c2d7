package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// describeJWT tells what a JSON web token claims (RFC 7519). The signature is
// neither checked nor kept, so a claim is a hint and no proof.
func describeJWT(info *Info, s subject) bool {
	token := s.value
	if s.rule == "jwt-base64" || bytes.HasPrefix(token, []byte("ZXlK")) {
		if decoded, ok := decodeBase64(token); ok && bytes.HasPrefix(decoded, []byte("eyJ")) {
			token = decoded
		}
	}
	parts := strings.Split(string(token), ".")
	if !bytes.HasPrefix(token, []byte("eyJ")) || len(parts) < 2 {
		return false
	}
	var header struct {
		Alg string `json:"alg"`
		Kid string `json:"kid"`
		Enc string `json:"enc"`
	}
	if !decodeSegment(parts[0], &header) {
		return false
	}
	if info.Type == "generic.secret" || info.Type == "http.authorization" {
		info.Type = "jwt"
	}
	info.Hint = hint("eyJ", len(s.value))
	info.Algorithm = clean(header.Alg)
	info.set("kid", header.Kid)
	if len(parts) == 5 || header.Enc != "" {
		info.Encrypted = inventory.True
		return true
	}
	var claims map[string]json.RawMessage
	if decodeSegment(parts[1], &claims) {
		describeClaims(info, claims)
	}
	return true
}

// describeClaims takes the registered claims and those of Kubernetes tokens.
func describeClaims(info *Info, claims map[string]json.RawMessage) {
	issuer, subject := claimText(claims["iss"]), claimText(claims["sub"])
	info.set("issuer", issuer)
	info.set("subject", subject)
	info.set("audience", claimText(claims["aud"]))
	info.set("client_id", claimText(claims["client_id"]))
	info.PublicID = clean(strings.TrimSpace(issuer + " " + subject))
	info.CreatedAt = claimTime(claims["iat"])
	info.ExpiresAt = claimTime(claims["exp"])
	if _, ok := claims["exp"]; !ok {
		info.NeverExpires = true
	}
	name, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	if !ok {
		return
	}
	if namespace, account, ok := strings.Cut(name, ":"); ok {
		info.Type = "kubernetes.token"
		info.set("namespace", namespace)
		info.set("service_account", account)
	}
}

// claimText returns a claim that is a string, or a list of them joined.
func claimText(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return strings.Join(many, " ")
	}
	return ""
}

// claimTime returns a NumericDate (RFC 7519 section 2); zero if it is none, or
// outside the years that JSON times can hold.
func claimTime(raw json.RawMessage) time.Time {
	var seconds float64
	const year10000 = 253402300800
	if raw == nil || json.Unmarshal(raw, &seconds) != nil || seconds <= 0 || seconds >= year10000 || math.IsNaN(seconds) {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

// decodeSegment reads one base64url part of a token as JSON.
func decodeSegment(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	return err == nil && json.Unmarshal(raw, into) == nil
}

// decodeBase64 reads base64 in either alphabet, padded or not.
func decodeBase64(text []byte) ([]byte, bool) {
	plain := strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(strings.TrimRight(string(text), "= \n\r"))
	out, err := base64.RawStdEncoding.DecodeString(plain)
	return out, err == nil
}
